"""Rights and duties of the PDPA as rows: requests, legal holds, erasures, disclosures."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, ByValue, Sealed, primary_key


class RequestKind(StrEnum):
    ACCESS = "access"  # s.30, s.31: see and take along
    CORRECT = "correct"  # s.35, s.36
    OBJECT = "object"  # s.32
    RESTRICT = "restrict"  # s.34
    UNRESTRICT = "unrestrict"
    WITHDRAW = "withdraw"  # s.19
    ERASE = "erase"  # s.33


class RequestState(StrEnum):
    RECEIVED = "received"
    ACKNOWLEDGED = "acknowledged"
    HELD = "held"  # a legal hold stands against it
    DONE = "done"
    REFUSED = "refused"


OPEN_REQUESTS = frozenset({RequestState.RECEIVED, RequestState.ACKNOWLEDGED, RequestState.HELD})
# The same in the words of the index.
IS_OPEN = text("state IN ('received', 'acknowledged', 'held')")


class PrivacyRequest(Base):
    """One exercised right, with the clocks that the law starts.

    What a guardian asks for a child is about the child and is the guardian's. No foreign key: the
    row outlives the person's data, because refusals and answers have to be shown to the authority
    (s.39). `subject_id` is the ledger's pseudonym.
    """

    __tablename__ = "privacy_request"

    id: Mapped[str] = primary_key()
    subject_id: Mapped[str] = mapped_column(String(32), index=True)
    learner_id: Mapped[str | None] = mapped_column(String(32), index=True)
    kind: Mapped[RequestKind] = mapped_column(ByValue(RequestKind))
    state: Mapped[RequestState] = mapped_column(ByValue(RequestState))
    asked_by: Mapped[str] = mapped_column(String(16))  # self or guardian
    guardian_id: Mapped[str | None] = mapped_column(String(32), index=True)  # their conversation
    channel: Mapped[str] = mapped_column(String(16))
    opened_at: Mapped[datetime]
    acknowledge_by: Mapped[datetime]
    due_at: Mapped[datetime]
    acknowledged_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    detail_sealed: Mapped[bytes | None]  # what the person wrote about it
    # Which message each note came in, and how long it is: taken back, it takes the note along.
    sources: Mapped[list[Any] | None] = mapped_column(JSON(none_as_null=True))
    reason_sealed: Mapped[bytes | None]  # why it was refused, as the person is told

    detail = Sealed("detail_sealed")
    reason = Sealed("reason_sealed")

    __table_args__ = (
        # What waits is counted with every page of the console.
        Index("ix_privacy_request_open", "kind", sqlite_where=IS_OPEN, postgresql_where=IS_OPEN),
    )


class LegalHold(Base):
    """A court's or authority's order that a person's data be kept; purge and erasure stop at it."""

    __tablename__ = "legal_hold"

    id: Mapped[str] = primary_key()
    learner_id: Mapped[str] = mapped_column(String(32), index=True)
    reason_sealed: Mapped[bytes | None]
    may_tell: Mapped[bool]  # whether the person may be told of the order itself
    placed_at: Mapped[datetime]
    released_at: Mapped[datetime | None]

    reason = Sealed("reason_sealed")


class Erasure(Base):
    """That somebody was erased: pseudonyms only, applied again after any restore."""

    __tablename__ = "erasure"

    id: Mapped[str] = primary_key()
    subject_id: Mapped[str] = mapped_column(String(32), index=True)
    learner_id: Mapped[str | None] = mapped_column(String(32), index=True)
    erased_at: Mapped[datetime]


class PendingErasure(Base):
    """An account that its e-learning system has yet to erase; its id is the account's.

    It names nobody, and goes when the system has confirmed.
    """

    __tablename__ = "pending_erasure"

    id: Mapped[str] = primary_key()
    provider: Mapped[str] = mapped_column(String(16))
    asked_at: Mapped[datetime]
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str | None] = mapped_column(String(80))


class Ground(StrEnum):
    """The only three grounds of the policy for giving data to a third party."""

    CONSENT = "consent"
    SERVICE = "service"
    LAW = "law"


class Disclosure(Base):
    """What was given to whom, on which ground; shown to the person on request."""

    __tablename__ = "disclosure"

    id: Mapped[str] = primary_key()
    learner_id: Mapped[str] = mapped_column(String(32), index=True)
    ground: Mapped[Ground] = mapped_column(ByValue(Ground))
    reference: Mapped[str] = mapped_column(String(80))  # consent event, processor or order number
    recipient: Mapped[str] = mapped_column(String(80))
    items: Mapped[list[Any]] = mapped_column(JSON)
    approved_by: Mapped[list[Any]] = mapped_column(JSON)
    at: Mapped[datetime]
