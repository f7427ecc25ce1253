"""The erasures outside the database: what a restore has to apply again (PDPA s.33).

A file of lines, each with pseudonyms only and a keyed check: whoever can write to the disk cannot
have somebody erased. It is only ever added to; lines under an older key are signed anew.
"""

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.crypto import Keyring
from models.database import Database
from models.privacy import Erasure

NAME = "erasures.jsonl"
INDEX = "erasure.line"


@dataclass(frozen=True)
class ListedErasure:
    """One erasure as the list has it."""

    id: str
    subject_id: str
    learner_id: str | None
    erased_at: datetime

    def text(self) -> str:
        """What the check covers."""
        at = self.erased_at.astimezone(UTC).isoformat()
        return f"{self.id}|{self.subject_id}|{self.learner_id or ''}|{at}"

    def line(self, keyring: Keyring) -> str:
        return json.dumps(
            {
                "id": self.id,
                "subject": self.subject_id,
                "learner": self.learner_id,
                "at": self.erased_at.astimezone(UTC).isoformat(),
                "check": keyring.blind(INDEX, self.text()),
            }
        )

    def row(self) -> Erasure:
        """The same as a row, for the restored database."""
        return Erasure(
            id=self.id,
            subject_id=self.subject_id,
            learner_id=self.learner_id,
            erased_at=self.erased_at,
        )


@dataclass(frozen=True)
class ErasureList:
    """What the file says, and how many of its lines cannot be believed."""

    erased: tuple[ListedErasure, ...]
    doubtful: int
    is_stale: bool  # some lines are under an older key


def read(directory: Path, keyring: Keyring) -> ErasureList:
    """Read the list; a line that was forged, damaged or cut off is counted and left out."""
    path = directory / NAME
    if not path.exists():
        return ErasureList((), 0, False)
    found: list[ListedErasure] = []
    doubtful, is_stale = 0, False
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        if not line.strip():
            continue
        erased, check = _parsed(line)
        if erased is None or check not in keyring.blinds(INDEX, erased.text()):
            doubtful += 1
            continue
        is_stale |= check != keyring.blind(INDEX, erased.text())
        found.append(erased)
    return ErasureList(tuple(found), doubtful, is_stale)


def _parsed(line: str) -> tuple[ListedErasure | None, str]:
    try:
        raw = json.loads(line)
        erased = ListedErasure(
            raw["id"], raw["subject"], raw["learner"], datetime.fromisoformat(raw["at"])
        )
        return erased, raw["check"]
    except (ValueError, TypeError, KeyError):
        return None, ""


def in_database(session: Session) -> list[ListedErasure]:
    """The erasures of a database, oldest first."""
    rows = session.scalars(select(Erasure).order_by(Erasure.id))
    return [ListedErasure(row.id, row.subject_id, row.learner_id, row.erased_at) for row in rows]


def update(database: Database, keyring: Keyring, directory: Path) -> int:
    """Add the database's erasures that the list does not have yet; returns how many."""
    return add(directory, keyring, database.read(in_database))


def add(directory: Path, keyring: Keyring, erasures: Iterable[ListedErasure]) -> int:
    """Append lines durably; where older keys are in use, the whole file is signed anew."""
    listed = read(directory, keyring)
    known = {erased.id for erased in listed.erased}
    new = [erased for erased in erasures if erased.id not in known]
    if not new and not listed.is_stale:
        return 0
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = directory / NAME
    if listed.is_stale and not listed.doubtful:
        _replace(path, [erased.line(keyring) for erased in (*listed.erased, *new)])
        return len(new)
    with path.open("a", encoding="utf-8") as file:
        path.chmod(0o600)
        # After a line that a crash cut off, ours must begin on a line of its own.
        file.write("".join(f"\n{erased.line(keyring)}" for erased in new) + "\n")
        file.flush()
        os.fsync(file.fileno())
    return len(new)


def _replace(path: Path, lines: list[str]) -> None:
    fresh = path.with_suffix(".new")
    with fresh.open("w", encoding="utf-8") as file:
        fresh.chmod(0o600)
        file.write("".join(f"{line}\n" for line in lines))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
