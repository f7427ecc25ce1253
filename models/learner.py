"""A learner: exactly the four details of the policy, and what must be known about them."""

import re
from datetime import datetime
from enum import StrEnum
from typing import cast

from sqlalchemy import ColumnElement, ForeignKey, String, and_, inspect, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from bot.crypto import Keyring
from models.base import Base, ByValue, Sealed, keyring_of, primary_key, session_keyring
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


_TITLE = re.compile(
    r"(?:นางสาว|นาง|นาย|น\.?ส\.|ด\.?ช\.|ด\.?ญ\.|เด็กชาย|เด็กหญิง|คุณ|ครู|(?:mrs|mr|ms|miss|dr)(?:\.|$))",
    re.IGNORECASE,
)
_WITHIN = re.compile(r"[-–—/.,’'@]+")


def _bare(word: str) -> str:
    """A word of a name without the title that Thai writes together with it."""
    return word[found.end() :] if (found := _TITLE.match(word)) else word


class NameWord(Base):
    """A keyed digest of one word of a learner's name: exact look-up, and nothing to read."""

    __tablename__ = "learner_name_word"

    learner_id: Mapped[str] = mapped_column(
        ForeignKey("learner.id", ondelete="CASCADE"), primary_key=True
    )
    word_index: Mapped[str] = mapped_column(String(64), primary_key=True, index=True)


class SealedName(Sealed):
    """A sealed name that is found by its words, in any order and in any letters' case.

    Whoever writes the name writes its words, so that no way of changing it leaves old ones.
    """

    @property
    def is_searched(self) -> bool:
        """Its words are looked up."""
        return True

    def __set__(self, row: Base, value: str | None) -> None:
        super().__set__(row, value)
        if inspect(row).deleted:
            return  # erased while somebody still held it: nothing of it reaches a table
        learner, new = cast("Learner", row), self.digests(keyring_of(row), value or "")
        kept = [word for word in learner.name_words if word.word_index in new]
        known = {word.word_index for word in kept}
        learner.name_words = kept + [NameWord(word_index=index) for index in sorted(new - known)]

    @staticmethod
    def digests(keyring: Keyring, name: str) -> set[str]:
        """What is stored to find a name by, under the current key."""
        return {keyring.blind(_WORD, word) for word in name_words(name)}

    def matches(self, session: Session, value: str) -> ColumnElement[bool]:
        """Every word of the value is one of the name's, whatever their order; titles aside."""
        words = [word for word in value.split() if _bare(word)] or value.split()
        joined = "".join(words)
        return or_(
            and_(*(self._has(session, {word, _bare(word) or word}) for word in words)),
            self._has(session, {joined, _bare(joined) or joined}),
        )

    def _has(self, session: Session, words: set[str]) -> ColumnElement[bool]:
        keyring = session_keyring(session)
        indexes = [index for word in sorted(words) for index in keyring.blinds(_WORD, word)]
        of_word = select(NameWord.learner_id).where(NameWord.word_index.in_(indexes))
        return Learner.id.in_(of_word)


_WORD = "learner_name_word.word_index"


def name_words(name: str) -> set[str]:
    """What a name is found by: its words, each without a title, parts of double names, the whole.

    The whole without spaces, as Thai is often typed: สมชายใจดี finds สมชาย ใจดี.
    """
    found = set(name.split()) | {"".join(name.split())}
    found |= {_bare(word) for word in found}
    found |= {part for word in found for part in _WITHIN.split(word) if len(part) > 1}
    return {word for word in found if any(char.isalpha() for char in word)}


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
    name_words: Mapped[list[NameWord]] = relationship(cascade="all, delete-orphan")
    name = SealedName("name_sealed")
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
