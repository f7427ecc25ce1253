"""Every event that LINE delivered: stored before it is acknowledged, emptied once answered."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, ByValue, Sealed


class EventState(StrEnum):
    RECEIVED = "received"  # stored, not handled
    ANSWERING = "answering"  # handled and committed; the answer has not been acknowledged by LINE
    DONE = "done"
    FAILED = "failed"  # given up after several tries; the person was told


MOVES = {
    EventState.RECEIVED: {EventState.ANSWERING, EventState.DONE, EventState.FAILED},
    EventState.ANSWERING: {EventState.DONE, EventState.FAILED},
    EventState.DONE: set[EventState](),
    EventState.FAILED: set[EventState](),
}
FINISHED = frozenset({EventState.DONE, EventState.FAILED})
# Written out, because a partial index is used only where the planner sees the same words.
IS_OPEN = text("state IN ('received', 'answering')")


class WebhookEvent(Base):
    """One event of a webhook.

    The primary key is LINE's webhookEventId, so that a redelivery cannot become a second row
    (LINE signs no timestamp: this is the only guard against replay). `person` is a keyed
    pseudonym of the userId. The payload and the answer are erased when the event is done.
    """

    __tablename__ = "webhook_event"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    person: Mapped[str | None] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(32))
    happened_at: Mapped[datetime]
    received_at: Mapped[datetime]
    payload_sealed: Mapped[bytes | None]
    answer_sealed: Mapped[bytes | None]
    state: Mapped[EventState] = mapped_column(ByValue(EventState))
    attempts: Mapped[int] = mapped_column(default=0)
    worker: Mapped[str | None] = mapped_column(String(40))
    lease_until: Mapped[datetime | None]

    payload = Sealed("payload_sealed")
    answer = Sealed("answer_sealed")

    __table_args__ = (
        # Small by construction: only what is not finished stands in it.
        Index(
            "ix_webhook_event_open",
            "person",
            "happened_at",
            sqlite_where=IS_OPEN,
            postgresql_where=IS_OPEN,
        ),
        Index("ix_webhook_event_received_at", "received_at"),
    )


class GreetedGroup(Base):
    """That a group or room was told, once, that the bot serves one-to-one chats.

    Holds a keyed digest of the group's id and nothing else.
    """

    __tablename__ = "greeted_group"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    told_at: Mapped[datetime]
