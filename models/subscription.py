"""Which news a person chose, by topic and channel; whether it may be sent, the ledger decides."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, ByValue, primary_key


class Channel(StrEnum):
    LINE = "line"
    EMAIL = "email"


class Subscription(Base):
    """A chosen topic on one channel; no row is a no. `subject_id` is the ledger's pseudonym."""

    __tablename__ = "subscription"

    id: Mapped[str] = primary_key()
    subject_id: Mapped[str] = mapped_column(String(32))
    channel: Mapped[Channel] = mapped_column(ByValue(Channel))
    topic: Mapped[str] = mapped_column(String(40))
    chosen_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("subject_id", "channel", "topic"),)
