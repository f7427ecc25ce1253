"""The audit trail: what was done, by whom, to whom, in pseudonyms; append-only."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class AuditEntry(Base):
    """One act. Ids only, so that erasing a person leaves the trail whole.

    UPDATE and DELETE are refused by triggers.
    """

    __tablename__ = "audit_entry"

    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    at: Mapped[datetime]
    action: Mapped[str] = mapped_column(String(48))
    actor: Mapped[str] = mapped_column(String(48))
    subject: Mapped[str | None] = mapped_column(String(48))
    data: Mapped[dict[str, Any]] = mapped_column(JSON)

    __table_args__ = (Index("ix_audit_entry_subject", "subject", "at"),)
