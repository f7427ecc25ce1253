"""A learner's account in an e-learning system, as the bot knows it: never a password."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, ByValue, primary_key


class AccountState(StrEnum):
    PENDING = "pending"  # asked of the provider, which has not confirmed yet
    ACTIVE = "active"
    FROZEN = "frozen"  # its owner says that somebody else was at it; nobody gets in
    CLOSED = "closed"


# In the words of the partial indexes.
IS_DUE = text("due_at IS NOT NULL")
IS_FROZEN = text("state = 'frozen'")


class Account(Base):
    """One account a learner and system; its id is the idempotency key towards the provider."""

    __tablename__ = "account"

    id: Mapped[str] = primary_key()
    learner_id: Mapped[str] = mapped_column(ForeignKey("learner.id"))
    provider: Mapped[str] = mapped_column(String(16))
    username: Mapped[str] = mapped_column(String(32), unique=True)
    state: Mapped[AccountState] = mapped_column(ByValue(AccountState), default=AccountState.PENDING)
    created_at: Mapped[datetime]
    issued_at: Mapped[datetime | None]  # when a password was last revealed
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime | None]  # when to tell the provider (again) of our state
    reason: Mapped[str | None] = mapped_column(String(80))  # why the last try failed
    unfrozen_at: Mapped[datetime | None]  # freezing buttons from before it count no more

    __table_args__ = (
        # A repeat, a redelivery or a crash must not make a second account.
        UniqueConstraint("learner_id", "provider"),
        Index(
            "ix_account_due",
            "due_at",
            sqlite_where=IS_DUE,
            postgresql_where=IS_DUE,
        ),
        # Who gets no news because of it: few, and looked for in every list.
        Index(
            "ix_account_frozen",
            "learner_id",
            sqlite_where=IS_FROZEN,
            postgresql_where=IS_FROZEN,
        ),
    )
