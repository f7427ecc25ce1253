"""Short-lived proofs other than passwords: e-mail links, codes, the link to one's own data."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, ByValue, Sealed, primary_key


class TokenPurpose(StrEnum):
    EMAIL_CONFIRM = "email_confirm"  # the holder reads mail at the address in `value`
    EMAIL_CODE = "email_code"  # six digits to the verified address: proof for a new LINE account
    RELINK_CODE = "relink_code"  # shown in the portal, typed in the new LINE account's chat
    ARCHIVE = "archive"  # opens the download of everything that is kept


class OneTimeToken(Base):
    """One proof for one purpose: only a digest of it is kept, and it counts once.

    `subject_id` is the conversation (ledger pseudonym) that it is about. `value` is what it
    proves, e.g. the new address, sealed.
    """

    __tablename__ = "one_time_token"

    id: Mapped[str] = primary_key()
    purpose: Mapped[TokenPurpose] = mapped_column(ByValue(TokenPurpose))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    subject_id: Mapped[str] = mapped_column(String(32))
    value_sealed: Mapped[bytes | None]
    tries: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    replaced_at: Mapped[datetime | None]

    value = Sealed("value_sealed")

    __table_args__ = (Index("ix_one_time_token_subject", "subject_id", "purpose"),)
