"""Who consents for somebody under 20 (PDPA s.20), from the request to its end."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, ByValue, Sealed, primary_key
from models.learner import AgeBand


class GuardianshipState(StrEnum):
    PENDING = "pending"  # the code waits for the guardian; it dies after seven days
    OPENED = "opened"  # the guardian is reading and deciding
    AGREED = "agreed"
    REFUSED = "refused"
    EXPIRED = "expired"
    ENDED = "ended"  # withdrawn by the guardian, replaced by a newer request, or grown up


WAITING = frozenset({GuardianshipState.PENDING, GuardianshipState.OPENED})
OPEN_OR_AGREED = WAITING | {GuardianshipState.AGREED}


class Relation(StrEnum):
    PARENT = "parent"
    GUARDIAN = "guardian"
    OTHER = "other"


class Guardianship(Base):
    """One request of a child's chat, and the guardian's chat that answered it.

    Both ids are conversations, which are also the subjects of the consent ledger. Until the
    guardian agrees this row is all that is kept of the child: a first name or nickname for the
    guardian to recognise, and the way to tell the child how it ended.
    """

    __tablename__ = "guardianship"

    id: Mapped[str] = primary_key()
    child_id: Mapped[str] = mapped_column(String(32), index=True)
    guardian_id: Mapped[str | None] = mapped_column(String(32), index=True)
    age_band: Mapped[AgeBand] = mapped_column(ByValue(AgeBand))
    state: Mapped[GuardianshipState] = mapped_column(ByValue(GuardianshipState))
    relation: Mapped[Relation | None] = mapped_column(ByValue(Relation))
    code_digest: Mapped[str] = mapped_column(String(64), unique=True)
    code_sealed: Mapped[bytes | None]  # while it waits, so that it can be shown again
    nickname_sealed: Mapped[bytes | None]
    child_line_sealed: Mapped[bytes | None]  # LINE userIds, for the two notices
    guardian_line_sealed: Mapped[bytes | None]
    guardian_called_sealed: Mapped[bytes | None]  # full name, as the guardian wrote it
    # LINE's id of the message that is the nickname, which can be taken back.
    nickname_source: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    code = Sealed("code_sealed")
    nickname = Sealed("nickname_sealed")
    child_line = Sealed("child_line_sealed")
    guardian_line = Sealed("guardian_line_sealed")
    guardian_called = Sealed("guardian_called_sealed")
