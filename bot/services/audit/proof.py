"""What is signed in the audit trail: entries, links and the chain's beginning, byte by byte."""

import hashlib
import hmac
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any


def mac(key: bytes, entry: Any, kind: str = "entry") -> str:
    """Proof that whoever wrote the entry had the key.

    `kind` is "legacy" for entries from before the chain, which were adopted as they stood. The
    number that the database gives it is not known yet; the link binds that. The entry's own name,
    which those of earlier versions do not have, makes two acts that are alike differ.
    """
    name = () if entry.uid is None else (entry.uid,)
    act = (entry.at, entry.action, entry.actor, entry.subject, entry.data)
    return _signed(key, kind, *name, *act)


def link_hash(
    key: bytes, position: int, previous: str, entry_seq: int, at: datetime, entry_mac: str
) -> str:
    """One link: its place, its entry, and through the one before it everything before."""
    return _signed(key, "link", position, previous, entry_seq, at, entry_mac)


def beginning_mac(key: bytes, chain: Any) -> str:
    """Proof that a purge of ours, and nobody else, took what stood before.

    `named_since` is signed as well; a chain of an earlier version does not have it yet.
    """
    known = (chain.purged_to, chain.purged_hash, chain.purged_before, chain.holes)
    since = () if chain.named_since is None else (chain.named_since,)
    return _signed(key, "beginning", *known, *since)


def anchor_mac(key: bytes, what: str, position: int, hash: str, at: str) -> str:
    """Proof that a copy of an anchor outside the database is ours."""
    return _signed(key, "anchor", what, position, hash, at)


def which_key(keys: Sequence[bytes], found: str, sign: Callable[[bytes], str]) -> int | None:
    """The number of the key under which `sign(key)` gives what was found, newest first."""
    for number, key in enumerate(keys):
        if hmac.compare_digest(sign(key), found):
            return number
    return None


def _signed(key: bytes, *values: Any) -> str:
    return hmac.new(key, canonical(values), hashlib.sha256).hexdigest()


def canonical(values: Any) -> bytes:
    """JSON in one form only: sorted, without spaces, ASCII; times in UTC to the microsecond."""
    return json.dumps(
        values, sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=_plain
    ).encode()


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    raise TypeError(f"{type(value).__name__} cannot be signed")
