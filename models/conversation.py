"""Where a person stands in the chat: pseudonymous until they consent."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, ByValue, Sealed, primary_key


class Language(StrEnum):
    THAI = "th"
    ENGLISH = "en"


HAS_BLOCKED = text("blocked_at IS NOT NULL")  # in the words of the partial index


class Conversation(Base):
    """One person's chat, found by a keyed pseudonym of their LINE userId.

    Nothing in this row says who they are. `draft` holds what an open step has collected so far;
    it is erased when the step's time runs out.
    """

    __tablename__ = "conversation"

    id: Mapped[str] = primary_key()
    person: Mapped[str] = mapped_column(String(64), unique=True)
    language: Mapped[Language] = mapped_column(ByValue(Language))
    language_chosen: Mapped[bool] = mapped_column(default=False)  # by its button, not by profile
    flow: Mapped[str | None] = mapped_column(String(40))
    step: Mapped[str | None] = mapped_column(String(40))
    # Who registered here; no foreign key, because the learner's row points back to this one.
    learner_id: Mapped[str | None] = mapped_column(String(32))
    draft_sealed: Mapped[bytes | None]
    expires_at: Mapped[datetime | None]
    blocked_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(index=True)
    menu: Mapped[str | None] = mapped_column(String(64))  # LINE's id of the rich menu last linked
    # A mail about the account that did not arrive, until they are told with an answer.
    undelivered: Mapped[str | None] = mapped_column(String(32))
    seen_at: Mapped[datetime]  # to the day: enough for the purge, and no write a message

    draft_json = Sealed("draft_sealed")

    __table_args__ = (
        Index(
            "ix_conversation_blocked_at",
            "blocked_at",
            sqlite_where=HAS_BLOCKED,
            postgresql_where=HAS_BLOCKED,
        ),
    )
