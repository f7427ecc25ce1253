"""What staff do with learners: the words of tags, looks at details, merges."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, ByValue, Sealed, primary_key


class Tag(Base):
    """A word that learners may be tagged with: the catalogue, so that nobody invents spellings."""

    __tablename__ = "tag"

    word: Mapped[str] = mapped_column(String(40), primary_key=True)
    made_by: Mapped[str] = mapped_column(String(32))  # a member of staff
    made_at: Mapped[datetime]


class Look(StrEnum):
    """Why a member of staff read somebody's details in full."""

    ASKED = "asked"  # the person asked for help
    CHECK = "check"  # is it the same person, is a detail right
    RIGHTS = "rights"  # a request under the PDPA
    ORDER = "order"  # a court or an authority
    OTHER = "other"


class Unmasking(Base):
    """One look at one learner's details in full, and why."""

    __tablename__ = "unmasking"

    id: Mapped[str] = primary_key()
    learner_id: Mapped[str] = mapped_column(ForeignKey("learner.id"), index=True)
    member_id: Mapped[str] = mapped_column(String(32))
    category: Mapped[Look] = mapped_column(ByValue(Look))
    reason_sealed: Mapped[bytes | None]
    at: Mapped[datetime]

    reason = Sealed("reason_sealed")

    __table_args__ = (Index("ix_unmasking_member", "member_id", "at"),)  # so many a day


class Merge(Base):
    """Two rows of one person made one: the other is closed, and for a day that can be undone.

    `memory` says how everything stood before. It goes when the day is over (`settled_at`) or the
    merge was undone (`undone_at`).
    """

    __tablename__ = "learner_merge"

    id: Mapped[str] = primary_key()
    kept_id: Mapped[str] = mapped_column(ForeignKey("learner.id"), index=True)
    closed_id: Mapped[str] = mapped_column(ForeignKey("learner.id"), index=True)
    member_id: Mapped[str] = mapped_column(String(32))
    merged_at: Mapped[datetime]
    undo_until: Mapped[datetime]
    undone_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    memory_sealed: Mapped[bytes | None]

    memory = Sealed("memory_sealed")
