"""Staff: who may enter the console, with which roles, factors and sessions."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, ByValue, Sealed, primary_key
from models.conversation import Language


class Role(StrEnum):
    """What somebody is there for; what each may do: bot/services/staff/permissions.py."""

    AUTHOR = "author"
    APPROVER = "approver"
    SUPPORT = "support"
    PRIVACY = "privacy"
    ADMIN = "admin"


class Stage(StrEnum):
    """How far a browser has come through the console's door."""

    START = "start"  # came by a one-time link and chose a password; a second factor is to be set up
    CODE = "code"  # the password was right; the second factor is awaited
    IN = "in"  # signed in


class Staff(Base):
    """A member of staff. Nobody gets in before both factors are set up by a one-time link.

    `totp_step` is the last time step whose code was used, so that no code counts twice.
    """

    __tablename__ = "staff"

    id: Mapped[str] = primary_key()
    username: Mapped[str] = mapped_column(String(32), unique=True)
    name_sealed: Mapped[bytes | None]
    held_roles: Mapped[str] = mapped_column(String(80))  # sorted, with a comma between them
    language: Mapped[Language] = mapped_column(ByValue(Language))
    password_hash: Mapped[str | None] = mapped_column(String(160))
    totp_sealed: Mapped[bytes | None]
    totp_step: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]
    signed_in_at: Mapped[datetime | None]  # last, with both factors

    name = Sealed("name_sealed")
    totp = Sealed("totp_sealed")

    @property
    def roles(self) -> frozenset[Role]:
        """What they are there for."""
        return frozenset(Role(name) for name in self.held_roles.split(",") if name)

    @roles.setter
    def roles(self, roles: Iterable[Role]) -> None:
        self.held_roles = ",".join(sorted(set(roles)))

    @property
    def is_settled(self) -> bool:
        """Whether both factors are set up."""
        return self.password_hash is not None and self.totp_sealed is not None


class StaffSession(Base):
    """A browser at the console's door or behind it; an ended one is kept until it is purged.

    `proved_at` is when a second factor was last shown. `data` is what a stage must remember, e.g.
    the secret of an authenticator that is not confirmed yet.
    """

    __tablename__ = "staff_session"

    id: Mapped[str] = primary_key()
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"), index=True)
    stage: Mapped[Stage] = mapped_column(ByValue(Stage))
    started_at: Mapped[datetime]
    proved_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    data_sealed: Mapped[bytes | None]

    data = Sealed("data_sealed")


class KeptForm(Base):
    """What a member typed into a form that could not be taken yet, for minutes.

    `content` is the form's address and its fields; only its writer gets it back.
    """

    __tablename__ = "kept_form"

    id: Mapped[str] = primary_key()
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"), index=True)
    expires_at: Mapped[datetime]
    content_sealed: Mapped[bytes | None]

    content = Sealed("content_sealed")


class StaffLink(Base):
    """A one-time link by which somebody sets up their password and second factor."""

    __tablename__ = "staff_link"

    id: Mapped[str] = primary_key()
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    replaced_at: Mapped[datetime | None]


class StaffRecoveryCode(Base):
    """A code that stands in for a lost second factor, once.

    `selector` is the code's first group and finds the row; the rest is hashed as a password is.
    """

    __tablename__ = "staff_recovery_code"

    id: Mapped[str] = primary_key()
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"))
    selector: Mapped[str] = mapped_column(String(8))
    code_hash: Mapped[str] = mapped_column(String(160))
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("staff_id", "selector"),)


class StaffPasskey(Base):
    """A passkey as a second factor: the public half of a key that stays in a device."""

    __tablename__ = "staff_passkey"

    id: Mapped[str] = primary_key()
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"), index=True)
    credential_id: Mapped[str] = mapped_column(String(400), unique=True)  # base64url
    public_key: Mapped[bytes]
    sign_count: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    name_sealed: Mapped[bytes | None]  # what its owner calls the device

    name = Sealed("name_sealed")
