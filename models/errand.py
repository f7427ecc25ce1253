"""What is done after an answer, because its time would tell what its words keep to themselves."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, ByValue, Sealed, primary_key


class ErrandKind(StrEnum):
    RELINK_MAIL = "relink_mail"  # codes to the accounts of an address, if there are any
    SAME_DETAILS = "same_details"  # note for staff who else gave what a learner gave


class Errand(Base):
    """One errand of one chat: written alike for everybody, and gone when it is done.

    `value` is what was given, e.g. the address; `item` the field that it was given for.
    """

    __tablename__ = "errand"

    id: Mapped[str] = primary_key()
    kind: Mapped[ErrandKind] = mapped_column(ByValue(ErrandKind))
    subject_id: Mapped[str] = mapped_column(String(32), index=True)  # a conversation
    item: Mapped[str | None] = mapped_column(String(16))
    value_sealed: Mapped[bytes | None]
    asked_at: Mapped[datetime]

    value = Sealed("value_sealed")
