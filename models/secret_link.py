"""One-time links: only their digest is kept."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, ByValue, primary_key


class LinkPurpose(StrEnum):
    INITIAL_PASSWORD = "initial_password"  # noqa: S105 - a name
    PASSWORD_RESET = "password_reset"  # noqa: S105 - asks for a second proof before it opens
    LESSONS = "lessons"  # opens lessons and progress, and nothing else


class SecretLink(Base):
    """A link for one learner, one account and one purpose, which opens once within its time."""

    __tablename__ = "secret_link"

    id: Mapped[str] = primary_key()
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), index=True)
    purpose: Mapped[LinkPurpose] = mapped_column(ByValue(LinkPurpose))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    replaced_at: Mapped[datetime | None]  # a newer link was asked for
    tries: Mapped[int] = mapped_column(default=0, server_default="0")  # wrong second proofs
