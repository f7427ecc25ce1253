"""The team: who is in it, with which roles, and who may change that.

Nobody changes their own roles, and nobody can take the last administrator away, by command neither:
a school would be locked out of its own console. Every change of
rights ends the sessions of the one whom it is about (OWASP ASVS 5.0, 7.4.2, 8.3.2).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.errors import InputError
from bot.services.audit import audit
from bot.services.audit.audit import Action
from bot.services.auth import passwords, tokens
from bot.services.auth.sign_in import normal_username
from bot.services.auth.tokens import StaffPurpose
from bot.services.staff import chats, enrolment, factors, sessions
from bot.services.staff.sessions import Found
from bot.unicode import trimmed
from models.base import new_id
from models.conversation import Language
from models.database import Database
from models.staff import Role, Staff

LEAST_USERNAME, LONGEST_USERNAME = 3, 32
USERNAME = re.compile(rf"[a-z][a-z0-9._-]{{{LEAST_USERNAME - 1},{LONGEST_USERNAME - 1}}}")
MAX_NAME_LENGTH = 80
OPERATOR = "operator"  # whoever runs a command on the machine


@dataclass(frozen=True)
class Profile:
    """One member as the team's pages show them."""

    id: str
    name: str
    username: str
    roles: frozenset[Role]
    is_settled: bool
    created_at: datetime
    disabled_at: datetime | None
    signed_in_at: datetime | None


def add(
    session: Session,
    name: str,
    username: str,
    roles: Iterable[Role],
    actor: str,
    now: datetime,
    language: Language = Language.THAI,
) -> tuple[str, str]:
    """Add a member; returns their id and the token of their one-time link.

    Raises InputError: name_needed, username_form, username_taken, roles_needed, not_allowed.
    """
    if actor != OPERATOR:
        _administrators(session, actor)
    name, username, wanted = (
        " ".join(trimmed(name).split()),
        normal_username(username),
        frozenset(roles),
    )
    if not name or len(name) > MAX_NAME_LENGTH:
        raise InputError("name_needed")
    if not USERNAME.fullmatch(username):
        raise InputError("username_form")
    if not wanted:
        raise InputError("roles_needed")
    if session.scalars(select(Staff.id).where(Staff.username == username)).first():
        raise InputError("username_taken")
    staff = Staff(id=new_id(), username=username, language=language, created_at=now)
    staff.roles = wanted
    with session.no_autoflush:
        session.add(staff)
        staff.name = name
    session.flush()
    audit.record(
        session, Action.STAFF_ADDED, actor=actor, subject=staff.id, now=now, roles=staff.held_roles
    )
    return staff.id, enrolment.issue(session, staff, actor, now)


def change_roles(
    session: Session, staff_id: str, roles: Iterable[Role], actor: str, now: datetime
) -> None:
    """Give a member other roles; raises InputError: not_oneself, roles_needed, last_admin."""
    staff = _changeable(session, staff_id, actor)
    wanted = frozenset(roles)
    if not wanted:
        raise InputError("roles_needed")
    if wanted == staff.roles:
        return
    if Role.ADMIN not in wanted:
        _leave_an_administrator(session, staff)
    before = staff.held_roles
    staff.roles = wanted
    sessions.end_all(session, staff.id, now)
    audit.record(
        session,
        Action.STAFF_ROLES_CHANGED,
        actor=actor,
        subject=staff.id,
        now=now,
        before=before,
        after=staff.held_roles,
    )


def new_link(session: Session, staff_id: str, actor: str, now: datetime) -> str:
    """A link for somebody who lost password or factor; both stay until it is used.

    Raises InputError: not_oneself, disabled.
    """
    staff = _changeable(session, staff_id, actor)
    if staff.disabled_at is not None:
        raise InputError("disabled")
    # A lost phone has the chat too; it is linked again from the console.
    chats.unlink(session, staff.id, actor, chats.NEW_LINK, now)
    return enrolment.issue(session, staff, actor, now)


def disable(session: Session, staff_id: str, actor: str, now: datetime) -> None:
    """Shut a member out at once; their factors are forgotten, their name stays for the audit.

    Raises InputError: not_oneself, last_admin.
    """
    staff = _changeable(session, staff_id, actor)
    if staff.disabled_at is not None:
        return
    _leave_an_administrator(session, staff)
    staff.disabled_at = now
    enrolment.forget_factors(session, staff, now)
    tokens.end(session, staff.id, (StaffPurpose.LINK,), now)
    chats.unlink(session, staff.id, actor, chats.DISABLED, now)
    audit.record(session, Action.STAFF_DISABLED, actor=actor, subject=staff.id, now=now)


def enable(session: Session, staff_id: str, actor: str, now: datetime) -> str:
    """Let a member in again, by a new link."""
    staff = _changeable(session, staff_id, actor)
    if staff.disabled_at is not None:
        staff.disabled_at = None
        audit.record(session, Action.STAFF_ENABLED, actor=actor, subject=staff.id, now=now)
    return enrolment.issue(session, staff, actor, now)


def end_sessions(
    session: Session, staff_id: str, actor: str, now: datetime, *, but: str | None = None
) -> int:
    """End a member's sessions: an administrator somebody's, anybody their own others."""
    if actor != sessions.actor(staff_id):
        _changeable(session, staff_id, actor)
        chats.unlink(session, staff_id, actor, chats.SESSIONS_ENDED, now)
    ended = sessions.end_all(session, staff_id, now, but=but)
    audit.record(
        session, Action.STAFF_SESSIONS_ENDED, actor=actor, subject=staff_id, now=now, sessions=ended
    )
    return ended


def new_codes(database: Database, found: Found, now: datetime) -> list[str]:
    """New recovery codes, shown this once; the older ones are dead, other sessions end."""
    codes, kept = factors.draw_codes()

    def store(session: Session) -> None:
        factors.replace_codes(session, found.member.id, kept, now)
        sessions.change_factor(session, found, "recovery", now)

    database.write(store)
    return codes


def change_password(
    database: Database,
    found: Found,
    known: str,
    chosen: str,
    now: datetime,
    context: tuple[str, ...] = (),
) -> None:
    """Store a member's new password, if the old hash is still the known one; others end.

    Raises InputError: password_* of passwords.check_own, current_wrong.
    """
    passwords.check_own(chosen, username=found.member.username, context=context)
    made = passwords.hash_password(passwords.kept_form(chosen))

    def store(session: Session) -> None:
        staff = session.get_one(Staff, found.member.id, with_for_update=True)
        if staff.password_hash != known:
            raise InputError("current_wrong")
        staff.password_hash = made
        sessions.change_factor(session, found, "password", now)

    database.write(store)


def speak(session: Session, staff_id: str, language: Language) -> None:
    """Remember in which language a member wants to be spoken to."""
    session.get_one(Staff, staff_id).language = language


def team(session: Session) -> list[Profile]:
    """Everybody, by username; those who may not enter last."""
    rows = session.scalars(select(Staff)).all()
    return sorted(
        (_profile(row) for row in rows), key=lambda one: (one.disabled_at is not None, one.username)
    )


def profile(session: Session, staff_id: str) -> Profile | None:
    """One member."""
    row = session.get(Staff, staff_id)
    return _profile(row) if row else None


def find(session: Session, username: str) -> str | None:
    """The id behind a username."""
    name = normal_username(username)
    return session.scalars(select(Staff.id).where(Staff.username == name)).one_or_none()


def _profile(row: Staff) -> Profile:
    return Profile(
        row.id,
        row.name or "",
        row.username,
        row.roles,
        row.is_settled,
        row.created_at,
        row.disabled_at,
        row.signed_in_at,
    )


def _administrators(session: Session, actor: str) -> None:
    """Lock the team and see that whoever acts is an administrator still, at this moment.

    With everybody locked in one order, two administrators who take the role from each other at
    once cannot both succeed; so one is always left.
    """
    if actor not in {sessions.actor(admin_id) for admin_id in _locked_administrators(session)}:
        raise InputError("not_allowed")


def _locked_administrators(session: Session) -> set[str]:
    """Who may administer at this moment; the whole team is locked until the transaction ends."""
    rows = session.scalars(
        select(Staff).order_by(Staff.id).with_for_update().execution_options(populate_existing=True)
    ).all()
    return {row.id for row in rows if row.disabled_at is None and Role.ADMIN in row.roles}


def _leave_an_administrator(session: Session, staff: Staff) -> None:
    """Refuse what would leave nobody to let others in; raises InputError: last_admin."""
    if _locked_administrators(session) == {staff.id}:
        raise InputError("last_admin")


def _changeable(session: Session, staff_id: str, actor: str) -> Staff:
    """A member whom the actor may change: somebody else; the machine's operator may always."""
    if actor != OPERATOR:
        _administrators(session, actor)
        if actor == sessions.actor(staff_id):
            raise InputError("not_oneself")
    staff = session.get(Staff, staff_id)
    if staff is None:
        raise InputError("unknown")
    return staff
