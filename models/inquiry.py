"""That somebody needs a person: what they were doing, never what they typed."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, primary_key


class Inquiry(Base):
    """A wish for a human, with the step at which it arose."""

    __tablename__ = "inquiry"

    id: Mapped[str] = primary_key()
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id"), index=True)
    topic: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
