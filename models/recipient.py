"""The frozen list of a campaign: everybody looked at, by which channel, or why not."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, ByValue
from models.campaign import RolloutStage
from models.conversation import Language
from models.subscription import Channel


class ExclusionReason(StrEnum):
    """Why somebody does not get a piece of news: by the frozen list, or when it was to be sent.

    `campaigns/audience/eligibility.py` counts the list by it, `subscriptions/news.py` is asked for
    each sending, and what people read stands in `bot/presentation/campaign_words.py`.
    """

    CLOSED = "closed"  # no account in use, or it is frozen
    OBJECTED = "objected"  # PDPA s.32
    RESTRICTED = "restricted"  # PDPA s.34
    PAUSED = "paused"
    NOT_CHOSEN = "topic not chosen"
    NO_CONSENT = "no consent"
    GUARDIAN = "guardian"  # their own yes is there, the guardian's is not
    BLOCKED = "blocked"
    NO_ADDRESS = "address not confirmed"
    SUPPRESSED = "suppressed"  # mail to the address came back
    ENOUGH = "enough this month"  # the frequency cap
    # What only the moment of sending can find.
    GONE = "gone"  # erased, or no longer a learner
    MOVED = "address changed"
    ANSWERED = "answered"  # the question whether a consent that ran out is to be given again
    TOPIC_GONE = "topic gone"
    UNREADABLE = "cannot be read"
    NO_CHAT = "no chat"  # imported, and has not joined yet
    HAS_STAFF_COPY = "staff copy"  # belongs to the staff, who get it first
    REFUSED_BY_LINE = "refused by LINE"
    UNNAMED = "no subject"  # news that does not say whose consent it counts on
    STOPPED = "campaign stopped"

    @classmethod
    def _missing_(cls, value: object) -> "ExclusionReason | None":
        """Lists that were frozen earlier name four of these otherwise."""
        older = {
            "not_chosen": cls.NOT_CHOSEN,
            "no_consent": cls.NO_CONSENT,
            "no_address": cls.NO_ADDRESS,
            "enough": cls.ENOUGH,
        }
        return older.get(str(value))


# In the words of the partial indexes.
IS_SENT_TO = text("batch IS NOT NULL")
WAS_DROPPED = text("dropped IS NOT NULL")


class Recipient(Base):
    """One person on one frozen list; written once, then only `dropped` is ever set.

    `channel` None: left out, and `left_out` says why. `revision` is the learner's at that moment:
    where it has moved since, everything is asked again before sending. `until` is when the
    consent that was counted runs out. `dropped`: why this person is not sent it after all.
    """

    __tablename__ = "recipient"

    campaign_id: Mapped[str] = mapped_column(ForeignKey("campaign.id"), primary_key=True)
    subject_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    learner_id: Mapped[str] = mapped_column(String(32))
    language: Mapped[Language] = mapped_column(ByValue(Language))  # in which it is said to them
    channel: Mapped[Channel | None] = mapped_column(ByValue(Channel))
    left_out: Mapped[ExclusionReason | None] = mapped_column(ByValue(ExclusionReason))
    wave: Mapped[RolloutStage | None] = mapped_column(ByValue(RolloutStage))
    batch: Mapped[int | None]
    revision: Mapped[int]
    until: Mapped[datetime | None]
    dropped: Mapped[ExclusionReason | None] = mapped_column(ByValue(ExclusionReason, 40))

    __table_args__ = (
        Index(
            "ix_recipient_batch",
            "campaign_id",
            "batch",
            sqlite_where=IS_SENT_TO,
            postgresql_where=IS_SENT_TO,
        ),
        Index(
            "ix_recipient_dropped",
            "campaign_id",
            "dropped",
            sqlite_where=WAS_DROPPED,
            postgresql_where=WAS_DROPPED,
        ),
    )


class BatchState(StrEnum):
    QUEUED = "queued"
    SENT = "sent"  # LINE accepted it, or the mails lie in the mail queue
    ACCEPTED_BEFORE = "accepted_before"  # 409: an earlier try had been accepted
    REFUSED = "refused"
    UNKNOWN = "unknown"  # no answer within the retry key's 24 hours; a person decides
    EMPTY = "empty"  # nobody was left
    STOPPED = "stopped"  # the campaign was stopped before this went out


ACCEPTED = (BatchState.SENT, BatchState.ACCEPTED_BEFORE)
LOST = (BatchState.REFUSED, BatchState.UNKNOWN)
IS_QUEUED = text("state = 'queued'")  # in the words of the partial index


class Batch(Base):
    """Up to 500 people who are told the same words by the same request.

    The row and its retry key stand before the first call. `tried_at` is the first try whose
    outcome is not known: from then on the request is repeated byte by byte (`body_digest`) for as
    long as LINE keeps the key. A try that LINE certainly did not carry out clears it again.
    """

    __tablename__ = "batch"

    campaign_id: Mapped[str] = mapped_column(ForeignKey("campaign.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    wave: Mapped[RolloutStage] = mapped_column(ByValue(RolloutStage))
    channel: Mapped[Channel] = mapped_column(ByValue(Channel))
    language: Mapped[Language] = mapped_column(ByValue(Language))
    size: Mapped[int]  # on the frozen list
    reached: Mapped[int | None]  # how many the request named
    state: Mapped[BatchState] = mapped_column(ByValue(BatchState), default=BatchState.QUEUED)
    retry_key: Mapped[str] = mapped_column(String(36))
    body_digest: Mapped[str | None] = mapped_column(String(64))
    tried_at: Mapped[datetime | None]
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    worker: Mapped[str | None] = mapped_column(String(40))
    lease_until: Mapped[datetime | None]
    reason: Mapped[str | None] = mapped_column(String(80))
    request_id: Mapped[str | None] = mapped_column(String(64))
    settled_at: Mapped[datetime | None]

    __table_args__ = (
        Index(
            "ix_batch_queued",
            "campaign_id",
            "wave",
            "due_at",
            sqlite_where=IS_QUEUED,
            postgresql_where=IS_QUEUED,
        ),
    )
