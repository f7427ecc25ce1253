"""Every paid message: a row with its retry key before the first call."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, ByValue, Sealed, primary_key
from models.consent import Purpose


class PushState(StrEnum):
    QUEUED = "queued"
    SENT = "sent"  # LINE accepted it; that is not the same as read
    FAILED = "failed"  # refused for good
    DROPPED = "dropped"  # not sent: the person said no, blocked us or asked for a pause meanwhile
    UNKNOWN = "unknown"  # the retry key's 24 hours passed without an answer; a person decides


# In the words of the partial indexes.
IS_QUEUED = text("state = 'queued'")
WAS_SENT = text("sent_at IS NOT NULL")


class Push(Base):
    """One push to one person.

    `cause` is unique: the webhook event (or whatever else asked for it), so that a repeat of the
    cause is not a second push. `retry_key` goes out with every try as X-Line-Retry-Key.
    """

    __tablename__ = "push"

    id: Mapped[str] = primary_key()
    cause: Mapped[str] = mapped_column(String(80), unique=True)
    person: Mapped[str] = mapped_column(String(64))
    to_sealed: Mapped[bytes | None]
    messages_sealed: Mapped[bytes | None]
    retry_key: Mapped[str] = mapped_column(String(36))
    state: Mapped[PushState] = mapped_column(ByValue(PushState), default=PushState.QUEUED)
    created_at: Mapped[datetime]
    first_tried_at: Mapped[datetime | None]
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    # Of these, those that a limit of LINE's kept from being anything: refused, or not even made.
    held: Mapped[int] = mapped_column(default=0, server_default="0")
    worker: Mapped[str | None] = mapped_column(String(40))
    lease_until: Mapped[datetime | None]
    reason: Mapped[str | None] = mapped_column(String(80))
    request_id: Mapped[str | None] = mapped_column(String(64))
    # News carries its purpose, topic and ledger subject: they are asked again before each call.
    purpose: Mapped[Purpose | None] = mapped_column(ByValue(Purpose))
    topic: Mapped[str | None] = mapped_column(String(40))
    subject_id: Mapped[str | None] = mapped_column(String(32), index=True)
    sent_at: Mapped[datetime | None]

    to = Sealed("to_sealed")
    messages = Sealed("messages_sealed")

    __table_args__ = (
        Index(
            "ix_push_queued",
            "due_at",
            "id",
            sqlite_where=IS_QUEUED,
            postgresql_where=IS_QUEUED,
        ),
        Index("ix_push_sent", "sent_at", sqlite_where=WAS_SENT, postgresql_where=WAS_SENT),
    )
