"""The consent ledger: append-only events, whose fold is the state of a consent."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, ByValue, primary_key
from models.conversation import Language


class Purpose(StrEnum):
    """One consent each (PDPA s.19, s.21)."""

    ENROLMENT = "enrolment"
    LINE_NEWS = "line_news"
    EMAIL_NEWS = "email_news"


class ConsentState(StrEnum):
    """Event states of ISO/IEC TS 27560:2023 that we use; only GIVEN permits processing."""

    GIVEN = "given"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    INVALIDATED = "invalidated"  # given by somebody who may not, e.g. a minor alone


SAID_NO = frozenset({ConsentState.WITHDRAWN, ConsentState.REFUSED})
WAS_TAKEN_BACK = text("state = 'withdrawn'")  # in the words of the partial index


class ConsentEvent(Base):
    """What one person said to one purpose at one moment, with the text that they saw.

    `subject_id` is the conversation's id, a pseudonym; nothing here names the person, so the
    proof can outlive the data (K5). `record` holds the header, processing and party sections of
    ISO/IEC TS 27560 as they stood at that moment. UPDATE and DELETE are refused by triggers.
    """

    __tablename__ = "consent_event"

    id: Mapped[str] = primary_key()
    subject_id: Mapped[str] = mapped_column(String(32))
    purpose: Mapped[Purpose] = mapped_column(ByValue(Purpose))
    state: Mapped[ConsentState] = mapped_column(ByValue(ConsentState))
    at: Mapped[datetime]
    valid_until: Mapped[datetime | None]
    notice_version: Mapped[str] = mapped_column(String(16))
    notice_hash: Mapped[str] = mapped_column(String(64))
    text: Mapped[str] = mapped_column(Text)
    language: Mapped[Language] = mapped_column(ByValue(Language))
    channel: Mapped[str] = mapped_column(String(16))
    actor: Mapped[str] = mapped_column(String(16))
    webhook_event_id: Mapped[str | None] = mapped_column(String(64))
    record: Mapped[dict[str, Any]] = mapped_column(JSON)

    __table_args__ = (
        Index("ix_consent_event_subject", "subject_id", "purpose", "at"),
        Index("ix_consent_event_valid_until", "valid_until"),  # for those that run out
        Index(
            "ix_consent_event_withdrawn",
            "at",
            sqlite_where=WAS_TAKEN_BACK,
            postgresql_where=WAS_TAKEN_BACK,
        ),
    )
