"""Links the entries of the audit trail into a chain, and keeps it whole when old ones are purged.

An act's transaction only adds its entry, with a MAC of its own: a chain that every transaction had
to extend would make all of them wait for each other. A job links what has been committed, every few
seconds and before every check, under one lock and in the order of the numbers that the database
gave. So this is what the chain can prove: from the moment of linking an entry cannot be changed,
removed, moved or cut off unseen. Before that, for the few seconds between the act and the job, an
entry cannot be changed or invented (its MAC), but somebody who writes to the database could remove
it without a trace. That no later tail was cut off, only an anchor shows that lies elsewhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, delete, exists, func, select
from sqlalchemy.orm import Session

from bot.services.audit import proof
from models import inserts
from models.audit import CHAIN, AuditChain, AuditEntry, AuditLink
from models.base import session_keyring
from models.database import database_of

BATCH = 200  # on SQLite everybody waits while a batch is linked
# A unit of work lives for milliseconds: a number that did not show up for so long never will
# (and if it does, the next check links it).
SETTLED = timedelta(minutes=2)


@dataclass(frozen=True)
class Head:
    """The last link: its position, its hash, and the entry it holds."""

    position: int
    hash: str
    entry_seq: int = 0

    @property
    def said(self) -> str:
        """How an anchor is written in a mail."""
        return f"{self.position}:{self.hash}"


@dataclass(frozen=True)
class SealedEntry:
    """What one batch did: how many links it made, and how far it has looked."""

    links: int
    looked_to: int
    has_more: bool


def is_due(session: Session, now: datetime) -> bool:
    """Whether there is something to do; asked first, so that an idle tick writes nothing."""
    chain = session.get(AuditChain, CHAIN)
    floor = 0 if chain is None else chain.floor
    if chain is not None and chain.noted_at is not None and now - chain.noted_at >= SETTLED:
        head = head_of(session, chain)
        if head.entry_seq > floor:
            return True  # the floor can rise, so that the next tick need not look so far
    return session.execute(_unlinked(AuditEntry.seq, floor).limit(1)).first() is not None


def seal(
    session: Session, now: datetime, after: int | None = None, *, is_adopting: bool = False
) -> SealedEntry:
    """Link a batch of entries; `after` 0 looks at all of them, None where new ones can be.

    Entries without a MAC are from before the chain, or invented by somebody who has the database:
    nothing here can tell them apart, so they are linked only where the operator says so. A copy of
    an entry that is linked, or was once, is none of ours either.
    """
    chain = _locked(session)
    keys = session_keyring(session).audit_keys
    if chain.named_since is None:
        _name(session, chain, keys, now)
    head = head_of(session, chain)
    floor = chain.floor if after is None else after
    query = _unlinked(AuditEntry, floor).order_by(AuditEntry.seq).limit(BATCH)
    found = session.scalars(query).all()
    links: list[dict[str, Any]] = []
    known = _linked(session, found)
    for entry in found:
        mac = _proven(keys, entry, is_adopting)
        if mac is None or entry.mac in known or is_late(chain, entry):
            continue  # nobody who has our key wrote it now: the check will name it
        if entry.mac is not None:
            known.add(mac)
        position = head.position + 1
        sealed = proof.link_hash(keys[0], position, head.hash, entry.seq, entry.at, mac)
        head = Head(position, sealed, entry.seq)
        links.append(
            {
                "position": position,
                "entry_seq": entry.seq,
                "at": entry.at,
                "mac": mac,
                "hash": sealed,
            }
        )
    if links:
        session.execute(AuditLink.__table__.insert(), links)  # type: ignore[attr-defined]
    if after is None:
        _raise_floor(session, chain, head.entry_seq, now)
    looked_to = found[-1].seq if found else floor
    return SealedEntry(len(links), looked_to, len(found) == BATCH)


def _unlinked(what: Any, floor: int) -> Select[Any]:
    is_linked = exists().where(AuditLink.entry_seq == AuditEntry.seq)
    return select(what).where(AuditEntry.seq > floor, ~is_linked)


def unsigned(session: Session) -> int:
    """How many entries have neither a MAC nor a link."""
    query = _unlinked(func.count(), 0).where(AuditEntry.mac.is_(None))
    found: int = session.execute(query).scalar_one()
    return found


def is_late(chain: AuditChain, entry: AuditEntry) -> bool:
    """Whether the entry is too old to come now: taken from an old copy of the database.

    Older than what the purge took, or without a name long after every entry got one.
    """
    if entry.mac is None:
        return False  # from before the chain: the operator decides
    if chain.purged_before is not None and entry.at < chain.purged_before:
        return True
    return entry.uid is None and chain.named_since is not None and entry.at < chain.named_since


def _linked(session: Session, entries: Sequence[AuditEntry]) -> set[str]:
    """Which of the entries' MACs stand in a link already."""
    macs = [entry.mac for entry in entries if entry.mac is not None]
    return set(session.scalars(select(AuditLink.mac).where(AuditLink.mac.in_(macs))))


def _name(session: Session, chain: AuditChain, keys: tuple[bytes, ...], now: datetime) -> None:
    """Sign from when on every entry has a name: once, after the upgrade that brought names.

    A chain in which named entries are linked is past that: somebody put an old row there. Those
    of the earlier version that wait for their link are let in.
    """
    named = select(AuditEntry.seq).join(AuditLink, AuditLink.entry_seq == AuditEntry.seq)
    is_past = session.execute(named.where(AuditEntry.uid.is_not(None)).limit(1)).first()
    was = proof.which_key(keys, chain.mac, lambda key: proof.beginning_mac(key, chain))
    if is_past is not None or was is None:
        return
    waiting = session.scalars(_unlinked(AuditEntry, 0).where(AuditEntry.uid.is_(None))).all()
    linked = _linked(session, waiting)
    ours = [each.at for each in waiting if _proven(keys, each, False) and each.mac not in linked]
    chain.named_since = min([now, *ours])
    chain.mac = proof.beginning_mac(keys[0], chain)


def _proven(keys: tuple[bytes, ...], entry: AuditEntry, is_adopting: bool) -> str | None:
    if entry.mac is None:
        return proof.mac(keys[0], entry, "legacy") if is_adopting else None
    key = proof.which_key(keys, entry.mac, lambda key: proof.mac(key, entry))
    return None if key is None else entry.mac


def _locked(session: Session) -> AuditChain:
    """The chain's row, which one sealer or purge at a time holds."""
    found = session.get(AuditChain, CHAIN, with_for_update=True, populate_existing=True)
    if found is not None:
        return found
    [key, *_] = session_keyring(session).audit_keys
    row = {
        "id": CHAIN,
        "purged_to": 0,
        "purged_hash": "",
        "purged_before": None,
        "holes": 0,
        "named_since": None,
        "floor": 0,
        "noted": 0,
        "noted_at": None,
    }
    row["mac"] = proof.beginning_mac(key, AuditChain(**row))
    return inserts.locked(session, AuditChain, row)


def head_of(session: Session, chain: AuditChain | None) -> Head:
    """The last link, or where a purge left the chain empty, the one that it took last."""
    last = session.scalars(select(AuditLink).order_by(AuditLink.position.desc()).limit(1)).first()
    if last is not None:
        return Head(last.position, last.hash, last.entry_seq)
    return Head(0, "") if chain is None else Head(chain.purged_to, chain.purged_hash)


def _raise_floor(session: Session, chain: AuditChain, sealed_to: int, now: datetime) -> None:
    """Nothing below the floor is looked at again.

    SQLite has one writer: numbers come in order of commit. PostgreSQL has many, and a low number
    may be committed after a higher one.
    """
    if database_of(session).is_sqlite:
        chain.floor = max(chain.floor, sealed_to)
    elif chain.noted_at is None or now - chain.noted_at >= SETTLED:
        chain.floor, chain.noted, chain.noted_at = chain.noted, max(chain.noted, sealed_to), now


def last_linked() -> Any:
    """The entry at the head of the chain, which stays: SQLite would give its number to the next."""
    last = select(AuditLink.entry_seq).order_by(AuditLink.position.desc()).limit(1)
    return func.coalesce(last.scalar_subquery(), 0)


def purge(session: Session, seqs: list[int], before: datetime) -> int:
    """Delete entries that have served their time; the chain can be checked as before."""
    chain = _locked(session)
    linked = select(func.count()).where(AuditLink.entry_seq.in_(seqs))
    chain.holes += session.execute(linked).scalar_one()
    session.execute(
        delete(AuditEntry)
        .where(AuditEntry.seq.in_(seqs))
        .execution_options(synchronize_session=False)
    )
    chain.purged_before = max(filter(None, (chain.purged_before, before)))
    _shorten(session, chain)
    chain.mac = proof.beginning_mac(session_keyring(session).audit_keys[0], chain)
    return len(seqs)


def _shorten(session: Session, chain: AuditChain) -> None:
    """Let go of the links before the first entry that is left, all but the last one's hash.

    More of them than the purge made holes: somebody else removed entries, and that is to be seen.
    """
    is_there = exists().where(AuditEntry.seq == AuditLink.entry_seq)
    first = session.scalars(
        select(AuditLink.position)
        .where(is_there | (AuditLink.at >= chain.purged_before))
        .order_by(AuditLink.position)
        .limit(1)
    ).first()
    gone = select(AuditLink.position, AuditLink.hash).order_by(AuditLink.position.desc())
    if first is not None:
        gone = gone.where(AuditLink.position < first)
    last = session.execute(gone.limit(1)).first()
    if last is None or last.position - chain.purged_to > chain.holes:
        return
    taken = delete(AuditLink).where(AuditLink.position <= last.position)
    session.execute(taken.execution_options(synchronize_session=False))
    chain.holes -= last.position - chain.purged_to
    chain.purged_to, chain.purged_hash = last.position, last.hash
