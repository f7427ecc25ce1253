"""Copies of the anchors outside the database, in the backups' directory.

Whoever can rewrite the database alone cannot rewrite these. Each line is signed, so that nobody
without the audit key can add one; that the whole file was taken away, only a mailed anchor shows.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.services.audit import proof
from bot.services.audit.chain import Head

NAME = "audit-anchors.jsonl"
ANCHORED, RESTORED = "anchored", "restored"
FIELDS = ("what", "position", "hash", "at")


@dataclass(frozen=True)
class KeptAnchors:
    """The anchors that still hold, oldest first, and how many lines are not ours."""

    heads: tuple[Head, ...]
    doubtful: int


def add(directory: Path, key: bytes, head: Head, now: datetime, what: str = ANCHORED) -> None:
    """Append the head of the chain as it is now; raises OSError.

    RESTORED says that the chain went back to there: anchors beyond it do not hold any more.
    """
    directory.mkdir(parents=True, exist_ok=True)
    said: tuple[str, int, str, str] = (what, head.position, head.hash, now.isoformat())
    check = proof.anchor_mac(key, *said)
    line = json.dumps(dict(zip((*FIELDS, "check"), (*said, check), strict=True)))
    path = directory / NAME
    new = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(new, "a", encoding="utf-8") as file:
        if path.stat().st_size and not path.read_bytes().endswith(b"\n"):
            file.write("\n")  # a line that a crash cut off stays alone
        file.write(f"{line}\n")
        file.flush()
        os.fsync(file.fileno())


def read(directory: Path, keys: Sequence[bytes]) -> KeptAnchors:
    """What the file says; nothing where there is none. Raises OSError where it cannot be read."""
    heads: list[Head] = []
    doubtful = 0
    try:
        lines = (directory / NAME).read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return KeptAnchors((), 0)
    for line in filter(None, lines):
        found = _parsed(line, keys)
        if found is None:
            doubtful += 1
            continue
        what, head = found
        if what == RESTORED:
            heads = [earlier for earlier in heads if earlier.position <= head.position]
        elif head.position:
            heads.append(head)
    return KeptAnchors(tuple(heads), doubtful)


def _parsed(line: str, keys: Sequence[bytes]) -> tuple[str, Head] | None:
    try:
        values: dict[str, Any] = json.loads(line)
        said = [values[name] for name in FIELDS]
        check = values["check"]
        key = proof.which_key(keys, check, lambda key: proof.anchor_mac(key, *said))
        what, position, found, _ = said
        head = Head(int(position), str(found))
    except (ValueError, TypeError, KeyError):
        return None
    return None if key is None else (str(what), head)
