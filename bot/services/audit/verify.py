"""Checks the chain of the audit trail from its first link to its last, and names the first bad one.

It looks at one state of all tables, so that it need not stop anybody.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from bot.crypto import Keyring
from bot.services.audit import proof
from bot.services.audit.chain import BATCH, Head, is_late
from models.audit import CHAIN, AuditAnchor, AuditChain, AuditEntry, AuditLink
from models.base import session_keyring
from models.database import Database

STREAM = 2000  # rows in memory


class Flaw(StrEnum):
    """What can be wrong with a trail, in words for the operator."""

    BEGINNING = "the chain's beginning was altered: its signature is wrong"
    LINK_MISSING = "the link at this position is missing"
    LINK_ALTERED = "the link at this position was altered or moved"
    ENTRY_ALTERED = "the entry is not the one that was written: edited or exchanged"
    ENTRY_MISSING = "the entry was deleted"
    TOO_MANY_MISSING = "more old entries are missing than the purge took; this is the first"
    NOT_OURS = "the entry was not written by this system"
    UNSIGNED = "the entry has no signature"
    TWICE = "the entry is a copy of one that stands in the trail already"
    LATE = "the entry is older than what can still come: it was put back"
    TAIL_CUT = "the chain ends before the anchor: its tail was cut off"
    REWRITTEN = "not the chain that the anchor saw: it was rewritten at or before this position"


@dataclass(frozen=True)
class ChainProblem:
    """The first thing that is wrong: where in the chain, and which entry where that is known."""

    flaw: Flaw
    position: int
    entry_seq: int | None = None


@dataclass(frozen=True)
class ChainReport:
    """What a check found. `waiting`: entries that came while it ran and have no link yet."""

    head: Head
    checked: int
    purged: int
    waiting: int
    problem: ChainProblem | None


@dataclass(frozen=True)
class Anchor:
    """The head of the chain at some earlier moment, known from outside."""

    position: int
    hash: str

    @classmethod
    def parse(cls, text: str) -> "Anchor":
        """Read `POSITION:HASH`, as the mail says it; raises ValueError."""
        position, _, found = text.strip().partition(":")
        if not (position.isascii() and position.isdigit()) or len(found) != 64:
            raise ValueError("an anchor reads POSITION:HASH")
        int(found, 16)
        return cls(int(position), found.lower())


def verify(database: Database, keyring: Keyring, given: Sequence[Anchor] = ()) -> ChainReport:
    """Check everything; anchors from elsewhere are checked beside those the database knows."""
    if database.is_sqlite:
        return database.read(lambda session: _verify(session, given))
    options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with database.engine.connect().execution_options(**options) as connection:
        info = {"keyring": keyring, "database": database}
        with Session(connection, info=info) as session:
            return _verify(session, given)


def _verify(session: Session, given: Sequence[Anchor]) -> ChainReport:
    keys = session_keyring(session).audit_keys
    chain = session.get(AuditChain, CHAIN)
    walk = _Walk(keys, chain)
    problem = walk.beginning()
    if problem is None:
        known = session.execute(select(AuditAnchor.position, AuditAnchor.hash))
        anchors = [*given, *(Anchor(position, found) for position, found in known)]
        problem = _first([walk.through(session, anchors), _beyond(walk, anchors), _twice(session)])
    waiting, flaw, stranger = _unlinked(session, keys, chain)
    if problem is None and flaw is not None:
        problem = ChainProblem(flaw, walk.head.position, stranger)
    return ChainReport(walk.head, walk.checked, walk.purged, waiting, problem)


def _first(problems: Sequence[ChainProblem | None]) -> ChainProblem | None:
    return next((problem for problem in problems if problem is not None), None)


def _beyond(walk: "_Walk", anchors: list[Anchor]) -> ChainProblem | None:
    """An anchor that the chain does not reach."""
    if any(anchor.position > walk.head.position for anchor in anchors):
        return ChainProblem(Flaw.TAIL_CUT, walk.head.position + 1)
    return None


def _twice(session: Session) -> ChainProblem | None:
    """The later of two links to one entry, which are farther apart than one act's entries.

    Entries of earlier versions have no name: one act may have written two that are alike.
    """
    last = func.max(AuditLink.position)
    query = (
        select(last)
        .group_by(AuditLink.mac)
        .having(last - func.min(AuditLink.position) > BATCH)
        .order_by(last)
    )
    found = session.execute(query.limit(1)).first()
    return None if found is None else ChainProblem(Flaw.TWICE, found[0])


class _Walk:
    """One way along the chain."""

    def __init__(self, keys: Sequence[bytes], chain: AuditChain | None) -> None:
        self.all_keys = tuple(keys)
        self.keys = list(keys)  # those that a link may still be signed with
        self.chain = chain
        self.purged = 0 if chain is None else chain.purged_to
        self.head = Head(0, "") if chain is None else Head(chain.purged_to, chain.purged_hash)
        self.checked = 0
        self.holes: list[Any] = []

    def beginning(self) -> ChainProblem | None:
        chain = self.chain
        if chain is None:
            return None
        key = proof.which_key(self.all_keys, chain.mac, lambda key: proof.beginning_mac(key, chain))
        return ChainProblem(Flaw.BEGINNING, self.head.position) if key is None else None

    def through(self, session: Session, anchors: list[Anchor]) -> ChainProblem | None:
        """Every link with its entry; stops at the first that is wrong."""
        expected: dict[int, set[str]] = {}
        for anchor in anchors:
            expected.setdefault(anchor.position, set()).add(anchor.hash)
        problem = self._anchored(expected)
        if problem is not None:
            return problem
        query = (
            select(AuditLink, AuditEntry)
            .outerjoin(AuditEntry, AuditEntry.seq == AuditLink.entry_seq)
            .order_by(AuditLink.position)
            .execution_options(yield_per=STREAM)
        )
        with session.execute(query) as links:  # a cursor that must be closed, however we leave
            for link, entry in links:
                problem = self._step(link, entry) or self._anchored(expected)
                if problem is not None:
                    return problem
        taken = 0 if self.chain is None else self.chain.holes
        if len(self.holes) > taken:
            return ChainProblem(Flaw.TOO_MANY_MISSING, *self.holes[0])
        return None

    def _anchored(self, expected: dict[int, set[str]]) -> ChainProblem | None:
        if expected.get(self.head.position, {self.head.hash}) - {self.head.hash}:
            return ChainProblem(Flaw.REWRITTEN, self.head.position, self.head.entry_seq or None)
        return None

    def _step(self, link: AuditLink, entry: AuditEntry | None) -> ChainProblem | None:
        position = self.head.position + 1
        if link.position != position:
            return ChainProblem(Flaw.LINK_MISSING, position)
        bound = (position, self.head.hash, link.entry_seq, link.at, link.mac)
        key = proof.which_key(self.keys, link.hash, lambda key: proof.link_hash(key, *bound))
        if key is None:
            return ChainProblem(Flaw.LINK_ALTERED, position, link.entry_seq)
        del self.keys[key + 1 :]  # an older key counts no more once a newer one has signed
        if entry is None:
            return self._missing(link)
        if entry.uid is not None and (self.chain is None or self.chain.named_since is None):
            return ChainProblem(Flaw.BEGINNING, position, entry.seq)  # an old row was put there
        if not self._is_what_was_written(link, entry):
            return ChainProblem(Flaw.ENTRY_ALTERED, position, entry.seq)
        self._go(link)
        return None

    def _go(self, link: AuditLink) -> None:
        self.head = Head(link.position, link.hash, link.entry_seq)
        self.checked += 1

    def _missing(self, link: AuditLink) -> ChainProblem | None:
        before: datetime | None = None if self.chain is None else self.chain.purged_before
        if before is None or link.at >= before:
            return ChainProblem(Flaw.ENTRY_MISSING, link.position, link.entry_seq)
        self.holes.append((link.position, link.entry_seq))
        self._go(link)
        return None

    def _is_what_was_written(self, link: AuditLink, entry: AuditEntry) -> bool:
        kind = "legacy" if entry.mac is None else "entry"
        if entry.mac not in {None, link.mac}:
            return False
        return entry.at == link.at and self._is_signed(link, entry, kind)

    def _is_signed(self, link: AuditLink, entry: AuditEntry, kind: str) -> bool:
        def sign(key: bytes) -> str:
            return proof.mac(key, entry, kind)

        return proof.which_key(self.all_keys, link.mac, sign) is not None


def _unlinked(
    session: Session, keys: Sequence[bytes], chain: AuditChain | None
) -> tuple[int, Flaw | None, int | None]:
    """Entries without a link: how many wait for theirs, and what is wrong with the first other."""
    is_linked = exists().where(AuditLink.entry_seq == AuditEntry.seq)
    is_copy = exists().where(AuditLink.mac == AuditEntry.mac)
    query = select(AuditEntry, is_copy).where(~is_linked).order_by(AuditEntry.seq)
    waiting = 0
    with session.execute(query.execution_options(yield_per=STREAM)) as found:
        for entry, copied in found:
            flaw = _flaw(entry, keys, chain, copied)
            if flaw is not None:
                return waiting, flaw, entry.seq
            waiting += 1
    return waiting, None, None


def _flaw(
    entry: AuditEntry, keys: Sequence[bytes], chain: AuditChain | None, is_copy: bool
) -> Flaw | None:
    if entry.mac is None:
        return Flaw.UNSIGNED
    if not _is_ours(entry, keys):
        return Flaw.NOT_OURS
    if is_copy:
        return Flaw.TWICE
    return Flaw.LATE if chain is not None and is_late(chain, entry) else None


def _is_ours(entry: AuditEntry, keys: Sequence[bytes]) -> bool:
    def sign(key: bytes) -> str:
        return proof.mac(key, entry)

    return proof.which_key(keys, entry.mac or "", sign) is not None
