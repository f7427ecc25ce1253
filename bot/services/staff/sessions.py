"""The console's sessions: a browser at its door or behind it, and the limits of each stage.

The cookie is a random reference and the time of the last request, sealed together, as the
portal's is: a GET writes nothing. The row knows the reference's digest, the stage, and when a
second factor was last shown. Roles are read with each request, so that a change counts at once.
Sources: OWASP Session Management Cheat Sheet; OWASP ASVS 5.0, chapter 7.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.crypto import digest
from bot.services.audit import audit
from bot.services.audit.audit import Action
from bot.services.auth.sessions import SessionCookie
from bot.services.staff import permissions
from bot.services.staff.permissions import Permission
from models.base import new_id
from models.staff import Role, Staff, StaffSession, Stage

ABSOLUTE = timedelta(hours=8)  # the idle limit, 30 minutes, is the ticket's
LIMITS = {Stage.START: timedelta(minutes=30), Stage.CODE: timedelta(minutes=10), Stage.IN: ABSOLUTE}
FRESH = timedelta(minutes=10)  # how long a shown factor is good for changing factors and roles
KEPT = timedelta(days=30)  # an ended session, so that its owner can see it in the list


@dataclass(frozen=True)
class Member:
    """A signed-in member of staff, as plain values."""

    id: str
    name: str
    roles: frozenset[Role]
    language: str
    username: str = ""

    @property
    def permissions(self) -> frozenset[Permission]:
        return permissions.of_roles(self.roles)

    @property
    def actor(self) -> str:
        """How the audit trail calls them."""
        return actor(self.id)

    def may(self, permission: Permission) -> bool:
        """Whether one of their roles allows it."""
        return permission in self.permissions


@dataclass(frozen=True)
class Found:
    """A live session: whose it is, and how far it has come."""

    session_id: str
    stage: Stage
    member: Member
    proved_at: datetime | None
    data: str | None

    def is_fresh(self, now: datetime) -> bool:
        """Whether a second factor was shown a short while ago."""
        return self.proved_at is not None and now - self.proved_at < FRESH


@dataclass(frozen=True)
class ListedSession:
    """One line of the list of sessions."""

    id: str
    started_at: datetime
    is_own: bool


def actor(staff_id: str) -> str:
    """How the audit trail calls a member of staff."""
    return f"staff:{staff_id}"


def open_session(
    session: Session, staff_id: str, stage: Stage, now: datetime, data: str | None = None
) -> SessionCookie:
    """Begin a session under a reference that nobody has seen yet."""
    ticket = SessionCookie.new(now, signed_in=True)
    row = StaffSession(
        id=new_id(),
        digest=_digest(ticket),
        staff_id=staff_id,
        stage=stage,
        started_at=now,
        proved_at=now if stage is Stage.IN else None,
    )
    with session.no_autoflush:
        session.add(row)
        row.data = data
    session.flush()
    if stage is Stage.IN:
        session.execute(update(Staff).where(Staff.id == staff_id).values(signed_in_at=now))
    return ticket


def find(session: Session, ticket: SessionCookie, now: datetime) -> Found | None:
    """The live session of a ticket: not ended, within its limits, of a member who may enter."""
    if not ticket.signed_in or not ticket.is_live(now):
        return None
    found = session.execute(
        select(StaffSession, Staff)
        .join(Staff, Staff.id == StaffSession.staff_id)
        .where(
            StaffSession.digest == _digest(ticket),
            StaffSession.ended_at.is_(None),
            Staff.disabled_at.is_(None),
        )
    ).one_or_none()
    if found is None:
        return None
    row, staff = found
    if now - row.started_at >= LIMITS[row.stage]:
        return None
    return Found(row.id, row.stage, member_of(staff), row.proved_at, row.data)


def member_of(staff: Staff) -> Member:
    """The plain values of a row."""
    return Member(staff.id, staff.name or "", staff.roles, str(staff.language), staff.username)


def prove(session: Session, found: Found, now: datetime) -> SessionCookie | None:
    """Note that the second factor was shown once more; the session gets a new reference."""
    ticket = SessionCookie.new(now, signed_in=True)
    done = session.execute(
        update(StaffSession)
        .where(StaffSession.id == found.session_id, StaffSession.ended_at.is_(None))
        .values(proved_at=now, digest=_digest(ticket))
        .returning(StaffSession.id)
    )
    return ticket if done.one_or_none() else None


def remember(session: Session, session_id: str, data: str) -> None:
    """Keep something with a session until it ends."""
    session.get_one(StaffSession, session_id).data = data


def end(session: Session, session_id: str, now: datetime) -> bool:
    """End one session; tells whether it was still open."""
    done = session.execute(
        update(StaffSession)
        .where(StaffSession.id == session_id, StaffSession.ended_at.is_(None))
        .values(ended_at=now, data_sealed=None)
        .returning(StaffSession.id)
    )
    return done.one_or_none() is not None


def end_all(session: Session, staff_id: str, now: datetime, *, but: str | None = None) -> int:
    """End every session of a member, or every other one; returns how many were open."""
    wanted = update(StaffSession).where(
        StaffSession.staff_id == staff_id, StaffSession.ended_at.is_(None)
    )
    if but is not None:
        wanted = wanted.where(StaffSession.id != but)
    done = session.execute(
        wanted.values(ended_at=now, data_sealed=None).returning(
            StaffSession.id, StaffSession.started_at
        )
    )
    return sum(row.started_at > now - ABSOLUTE for row in done)


def end_everybodys(session: Session, now: datetime) -> int:
    """End every session of every member; returns how many could still be used."""
    done = session.execute(
        update(StaffSession)
        .where(StaffSession.ended_at.is_(None))
        .values(ended_at=now, data_sealed=None)
        .returning(StaffSession.started_at)
    )
    return sum(row.started_at > now - ABSOLUTE for row in done)


def listed(
    session: Session, staff_id: str, now: datetime, own: str | None = None
) -> Sequence[ListedSession]:
    """The sessions that a member could still use, newest first."""
    rows = session.scalars(
        select(StaffSession)
        .where(
            StaffSession.staff_id == staff_id,
            StaffSession.stage == Stage.IN,
            StaffSession.ended_at.is_(None),
            StaffSession.started_at > now - ABSOLUTE,
        )
        .order_by(StaffSession.id.desc())
    )
    return [ListedSession(row.id, row.started_at, row.id == own) for row in rows]


def _digest(ticket: SessionCookie) -> str:
    return digest(ticket.reference.hex())


def change_factor(session: Session, found: Found, factor: str, now: datetime) -> None:
    """Note that somebody changed how they prove themselves; their other sessions end."""
    end_all(session, found.member.id, now, but=found.session_id)
    record(session, Action.STAFF_FACTOR_CHANGED, found.member.id, now, factor=factor)


def record(
    session: Session, action: Action, staff_id: str, now: datetime, **data: str | int
) -> None:
    """Write into the audit trail what a member did with their own access."""
    audit.record(session, action, actor=actor(staff_id), subject=staff_id, now=now, **data)
