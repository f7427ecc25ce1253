"""The embedded e-learning system's own tables: sign-ins, sessions and progress."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, ByValue, primary_key


class PortalAccount(Base):
    """A sign-in of the embedded system: what a separate product would keep of a learner.

    `external_key` is the caller's idempotency key. No password exists until the first one-time
    link is opened; `initial_until` is set while the password is the system's and not the
    learner's own.
    """

    __tablename__ = "portal_account"

    id: Mapped[str] = primary_key()
    external_key: Mapped[str] = mapped_column(String(32), unique=True)
    username: Mapped[str] = mapped_column(String(32), unique=True)
    password_hash: Mapped[str | None] = mapped_column(String(160))
    initial_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    suspended_at: Mapped[datetime | None]  # frozen: nobody gets in until it is resumed
    closed_at: Mapped[datetime | None]

    @property
    def is_open(self) -> bool:
        """Whether anybody may get in at all."""
        return self.closed_at is None and self.suspended_at is None


class Device(StrEnum):
    """What kind of phone or computer somebody uses: enough to know one's own, and no more."""

    IPHONE = "iphone"
    IPAD = "ipad"
    ANDROID = "android"
    WINDOWS = "windows"
    MAC = "mac"
    OTHER = "other_device"


class PortalStay(Base):
    """A browser that its owner asked to stay signed in; the row is deleted when that ends.

    The cookie's reference changes with every use: `digest` is of the present one, `before` of the
    one that it replaced.
    """

    __tablename__ = "portal_stay"

    id: Mapped[str] = primary_key()
    digest: Mapped[str] = mapped_column(String(64))
    before: Mapped[str | None] = mapped_column(String(64))
    account_id: Mapped[str] = mapped_column(ForeignKey("portal_account.id"), index=True)
    device: Mapped[Device] = mapped_column(ByValue(Device))
    created_at: Mapped[datetime]
    used_at: Mapped[datetime]  # when the reference changed last


class PortalSession(Base):
    """A signed-in browser; the row is deleted at log-out, so that the cookie means nothing.

    It ends with its stay. is_limited: it began without a password, so it opens lessons only.
    """

    __tablename__ = "portal_session"

    id: Mapped[str] = primary_key()
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("portal_account.id"), index=True)
    created_at: Mapped[datetime]  # of the absolute limit; the idle one stands in the sealed cookie
    stay_id: Mapped[str | None] = mapped_column(
        ForeignKey("portal_stay.id", ondelete="CASCADE"), index=True
    )
    is_limited: Mapped[bool] = mapped_column(default=False, server_default=false())


class LessonProgress(Base):
    """That a learner marked a lesson as done."""

    __tablename__ = "lesson_progress"

    id: Mapped[str] = primary_key()
    account_id: Mapped[str] = mapped_column(ForeignKey("portal_account.id"))
    course: Mapped[str] = mapped_column(String(64))
    lesson: Mapped[str] = mapped_column(String(64))
    done_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("account_id", "course", "lesson"),)


class Throttle(Base):
    """One rate-limited key: the theoretical arrival time of its GCRA, or when the next try may be.

    tries: how many there were, where the waits grow.
    """

    __tablename__ = "throttle"

    key: Mapped[str] = mapped_column(String(80), primary_key=True)
    at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(server_default="0")


class KnownNetwork(Base):
    """A network from which somebody signed in: only a keyed hash of it and of who it was.

    owner_id: of an account of the embedded system, or of a member of staff.
    """

    __tablename__ = "known_network"

    id: Mapped[str] = primary_key()
    key: Mapped[str] = mapped_column(String(64), unique=True)
    owner_id: Mapped[str] = mapped_column(String(32), index=True)
    seen_at: Mapped[datetime]
