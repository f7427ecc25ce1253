"""Members of staff in the chat: their LINE account is tied to them by a code of the console.

Whoever is disabled is untied at once, and is asked for again with every message besides.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import bindparam, delete, select
from sqlalchemy.orm import Session

from bot.errors import InputError
from bot.services.audit import audit
from bot.services.audit.audit import Action
from bot.services.auth import tokens
from bot.services.auth.tokens import StaffPurpose
from bot.services.people import people, subjects
from bot.services.people.subjects import Subject
from bot.services.shared import codes, throttles
from bot.services.shared.throttles import Limit
from bot.services.staff import permission_recheck
from bot.services.staff.permission_recheck import PermissionRevokedError
from bot.services.staff.permissions import Permission
from bot.services.staff.sessions import Member, actor
from bot.services.staff.sessions import member_of as plain
from models.base import new_id, session_keyring
from models.conversation import Language
from models.prepared import Prepared
from models.staff import Staff
from models.staff_chat import StaffChat

DRAWN = Limit("staff code", 10, timedelta(hours=1))
GUESSED = Limit("staff chat", 5, timedelta(minutes=15))
# Who or what untied it.
CHAT, CONSOLE, DISABLED, ERASED = "chat", "console", "disabled", "erased"
NEW_LINK, SESSIONS_ENDED = "new_link", "sessions_ended"


_COLUMNS: Any = StaffChat.__table__.c
_WHOSE = Prepared(select(_COLUMNS.staff_id).where(_COLUMNS.user_index == bindparam("of_user")))


class Linked(NamedTuple):
    """One member and their LINE account."""

    member_id: str
    person: str  # the pseudonym under which pushes stand
    user_id: str
    language: Language


def issue(session: Session, staff_id: str, now: datetime) -> str:
    """A new code for a member; every older one of theirs is dead. Raises InputError: too_often."""
    if throttles.take(session, [(DRAWN, staff_id)], now) > throttles.NOW:
        raise InputError("too_often")
    code = codes.STAFF.draw()
    return tokens.issue(
        session, StaffPurpose.CHAT, staff_id, now, drawn=code, actor=actor(staff_id)
    )


def link(session: Session, code: str, user_id: str, now: datetime) -> Member:
    """Tie a LINE account to the member whose code it sent.

    Raises InputError: too_often, unknown (used, replaced, run out, of somebody disabled), taken
    (the LINE account is another member's).
    """
    if throttles.take(session, [(GUESSED, user_id)], now) > throttles.NOW:
        raise InputError("too_often")
    spent = tokens.claim(session, StaffPurpose.CHAT, code, now)
    staff = session.get(Staff, spent.subject_id, with_for_update=True) if spent else None
    if staff is None or staff.disabled_at is not None:
        raise InputError("unknown")
    held = _row(session, user_id)
    if held is not None and held.staff_id != staff.id:
        raise InputError("taken")
    row = (
        held
        or session.scalars(select(StaffChat).where(StaffChat.staff_id == staff.id)).one_or_none()
    )
    if row is None:
        row = StaffChat(id=new_id(), staff_id=staff.id)
    with session.no_autoflush:
        session.add(row)
        row.user_id, row.linked_at = user_id, now
    session.flush()
    audit.record(
        session, Action.STAFF_CHAT_LINKED, actor=actor(staff.id), subject=staff.id, now=now
    )
    return plain(staff)


def unlink(session: Session, staff_id: str, by: str, cause: str, now: datetime) -> bool:
    """Untie a member's LINE account and kill their codes; tells whether there was one."""
    tokens.end(session, staff_id, (StaffPurpose.CHAT,), now)
    gone = session.execute(
        delete(StaffChat).where(StaffChat.staff_id == staff_id).returning(StaffChat.id)
    ).one_or_none()
    if gone is None:
        return False
    audit.record(
        session, Action.STAFF_CHAT_UNLINKED, actor=by, subject=staff_id, now=now, cause=cause
    )
    return True


def member_of(session: Session, user_id: str) -> Member | None:
    """The member of staff who writes from a LINE account, with the roles of this moment.

    Nearly everybody who writes is none, and a look through the ORM costs ten times this one.
    """
    session.flush()
    asked = StaffChat.user_id.lookups(session, user_id)  # one, two while keys are rotated
    rows = [row for index in asked for row in _WHOSE.rows(session, {"of_user": index})]
    staff = session.get(Staff, rows[0][0], populate_existing=True) if rows else None
    return plain(staff) if staff is not None and staff.disabled_at is None else None


def confirm(session: Session, member_id: str, permission: Permission) -> Member:
    """The member as they are now, for a unit that acts on what they wrote in the chat.

    Raises PermissionRevokedError: shut out, of another role, or untied meanwhile.
    """
    member = permission_recheck.confirm(session, member_id, permission)
    if linked_at(session, member_id) is None:
        raise PermissionRevokedError
    return member


def linked_at(session: Session, member_id: str) -> datetime | None:
    """Since when a member's LINE account is tied to them."""
    query = select(StaffChat.linked_at).where(StaffChat.staff_id == member_id)
    return session.scalars(query).one_or_none()


def linked(session: Session, *, may: Permission | None = None) -> list[Linked]:
    """Everybody who may be written to, at most those who may do something."""
    rows = session.execute(
        select(StaffChat, Staff)
        .join(Staff, Staff.id == StaffChat.staff_id)
        .where(Staff.disabled_at.is_(None))
        .order_by(Staff.id)
    )
    keyring = session_keyring(session)
    return [
        Linked(staff.id, people.pseudonym(keyring, user_id), user_id, staff.language)
        for row, staff in rows
        if (may is None or plain(staff).may(may)) and (user_id := row.user_id)
    ]


def of_person(session: Session, person: str) -> Sequence[StaffChat]:
    """The rows that are about the holder of a pseudonym: few members, each is looked at."""
    keyring = session_keyring(session)
    return [
        row
        for row in session.scalars(select(StaffChat))
        if person in keyring.blinds(people.PERSON_INDEX, row.user_id or "")
    ]


def rows(session: Session, subject: Subject) -> list[dict[str, str | int | None]]:
    """For the export of somebody who is a learner or guardian too."""
    person = subjects.person(session, subject)
    return [
        {"created_at": row.linked_at.isoformat(timespec="seconds")}
        for row in (of_person(session, person) if person else ())
    ]


def _row(session: Session, user_id: str) -> StaffChat | None:
    found = StaffChat.user_id.lookups(session, user_id)
    return session.scalars(select(StaffChat).where(StaffChat.user_index.in_(found))).first()
