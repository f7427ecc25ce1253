"""The audit trail: what was done, by whom, to whom, in pseudonyms; append-only and chained."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base

CHAIN = 1  # the one row of AuditChain


class AuditEntry(Base):
    """One act. Ids only, so that erasing a person leaves the trail whole.

    `mac` proves that the bot wrote the entry; those from before the chain have none. `uid` makes
    each entry another one, so that a copy of one is known: entries of earlier versions have none.
    UPDATE and DELETE are refused by triggers.
    """

    __tablename__ = "audit_entry"

    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    at: Mapped[datetime]
    action: Mapped[str] = mapped_column(String(48))
    actor: Mapped[str] = mapped_column(String(48))
    subject: Mapped[str | None] = mapped_column(String(48))
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    mac: Mapped[str | None] = mapped_column(String(64))
    uid: Mapped[str | None] = mapped_column(String(32))

    __table_args__ = (
        Index("ix_audit_entry_subject", "subject", "at"),
        # One for each way to search, newest first.
        Index("ix_audit_entry_at", "at"),
        Index("ix_audit_entry_action", "action", "at"),
        Index("ix_audit_entry_actor", "actor", "at"),
        Index("ix_audit_entry_actor_action", "actor", "action", "at"),
    )


class AuditLink(Base):
    """One link of the chain: which entry stands at this position, bound to all before it.

    It outlives its entry where the purge took that one out of the middle (a legal hold keeps its
    neighbours). UPDATE and DELETE are refused by triggers, as for the entries.
    """

    __tablename__ = "audit_link"

    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    entry_seq: Mapped[int] = mapped_column(unique=True)
    at: Mapped[datetime]  # the entry's
    mac: Mapped[str] = mapped_column(String(64))  # the entry's
    hash: Mapped[str] = mapped_column(String(64))

    __table_args__ = (Index("ix_audit_link_mac", "mac"),)


class AuditChain(Base):
    """Where the chain begins since the last purge, and where the sealer looks for new entries.

    One row, which is also the lock under which links are made. The first half is signed: without
    the key nobody can make a deletion look like a purge. The second half is a hint for speed.
    """

    __tablename__ = "audit_chain"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    purged_to: Mapped[int]  # the last position without a link
    purged_hash: Mapped[str] = mapped_column(String(64))
    purged_before: Mapped[datetime | None]  # the purge took nothing younger
    holes: Mapped[int]  # links behind `purged_to` whose entries the purge took
    named_since: Mapped[datetime | None]  # an entry without a uid that comes later is no act
    mac: Mapped[str] = mapped_column(String(64))
    floor: Mapped[int]  # every entry up to it is linked
    noted: Mapped[int]  # the next floor
    noted_at: Mapped[datetime | None]


class AuditAnchor(Base):
    """The head of the chain on one day, as it was mailed to the owner."""

    __tablename__ = "audit_anchor"

    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    hash: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime]
