"""A learner: exactly the four details of the policy, and what must be known about them."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, ByValue, Sealed, primary_key
from models.conversation import Language

# Years of PDPA s.20: up to the first a guardian decides alone; from the second on, nobody else.
CHILD_UP_TO, ADULT_FROM = 10, 20


class AgeBand(StrEnum):
    """Bands of PDPA s.20; the birth date is never asked."""

    UP_TO_10 = "up_to_10"
    FROM_11_TO_19 = "from_11_to_19"
    FROM_20 = "from_20"


class LearnerState(StrEnum):
    ACTIVE = "active"
    CLOSED = "closed"  # closed the account; the details are kept as long as the notice says
    WITHDRAWN = "withdrawn"  # took back the consent to the enrolment data; erasure is under way


class Learner(Base):
    """Name, phone, e-mail and LINE ID of somebody who consented.

    The LINE ID is what the person typed (LINE gives it to nobody); the userId is the Messaging
    API's name for the chat. They are different data and stand apart.
    """

    __tablename__ = "learner"

    id: Mapped[str] = primary_key()
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id"), unique=True)
    state: Mapped[LearnerState] = mapped_column(ByValue(LearnerState), default=LearnerState.ACTIVE)
    age_band: Mapped[AgeBand] = mapped_column(ByValue(AgeBand))
    language: Mapped[Language] = mapped_column(ByValue(Language))
    line_user_id_sealed: Mapped[bytes]
    name_sealed: Mapped[bytes]
    phone_sealed: Mapped[bytes]
    phone_index: Mapped[str] = mapped_column(String(64), index=True)
    email_sealed: Mapped[bytes]
    email_index: Mapped[str] = mapped_column(String(64), index=True)
    line_id_sealed: Mapped[bytes | None]
    line_id_index: Mapped[str | None] = mapped_column(String(64), index=True)
    created_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]  # last sign-in to E-Learning, to the day
    closed_at: Mapped[datetime | None]
    email_verified_at: Mapped[datetime | None]  # the present address, by the link sent to it
    news_paused_until: Mapped[datetime | None]
    objected_at: Mapped[datetime | None]  # to all news (PDPA s.32): nothing asks them again
    restricted_at: Mapped[datetime | None]  # PDPA s.34: kept, but not used
    # Moved by triggers with everything that news depend on: what stood on a frozen list counts as
    # long as this has not moved.
    revision: Mapped[int] = mapped_column(server_default="0")

    line_user_id = Sealed("line_user_id_sealed")
    name = Sealed("name_sealed")
    phone = Sealed("phone_sealed", blind="phone_index")
    email = Sealed("email_sealed", blind="email_index")
    line_id = Sealed("line_id_sealed", blind="line_id_index")


class PossibleDuplicate(Base):
    """Two learners who gave the same phone, e-mail or LINE ID: for staff, never told in chat."""

    __tablename__ = "possible_duplicate"

    id: Mapped[str] = primary_key()
    learner_id: Mapped[str] = mapped_column(ForeignKey("learner.id"), index=True)
    other_id: Mapped[str] = mapped_column(ForeignKey("learner.id"), index=True)
    matched: Mapped[str] = mapped_column(String(16))
    found_at: Mapped[datetime]
