"""What a restore makes safe: whatever was used, ended or sent since the backup would count anew.

Sessions, one-time links, recovery codes and files for taking end, members of staff are unknown in
the chat, and nothing goes out before a person lets it (bot/services/backups/restored_sending.py).
"""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from bot.services.audit import audit
from bot.services.audit.audit import Action
from bot.services.auth import sessions
from bot.services.backups import restored_sending
from bot.services.backups.restored_sending import RESTORED, HeldSendings
from bot.services.learners import exports as csv_exports
from bot.services.staff import chats as staff_chats
from bot.services.staff import sessions as staff_sessions
from bot.services.staff import staff
from bot.services.staff.staff import OPERATOR, Profile
from models.one_time_token import OneTimeToken
from models.secret_link import SecretLink
from models.staff import StaffLink, StaffRecoveryCode
from models.staff_chat import StaffChat, StaffChatCode


class RestoreSettled(NamedTuple):
    """How many sessions, links, chats of staff, recovery codes and exports ended; what is held.

    team: everybody as the backup knew them, because who was dismissed since is back.
    """

    sessions: int
    links: int
    chats: int
    codes: int
    exports: int
    held: HeldSendings
    team: tuple[Profile, ...]


def settle(session: Session, made_at: datetime, now: datetime) -> RestoreSettled:
    """In the restore's own transaction, before anybody can see the data."""
    ended = staff_sessions.end_everybodys(session, now) + sessions.close_everybodys(session, now)
    return RestoreSettled(
        ended,
        _end_links(session, now),
        _unlink_staff(session, now),
        _end_recovery_codes(session, now),
        csv_exports.end_open(session, now),
        restored_sending.hold(session, made_at, now),
        tuple(staff.team(session)),
    )


def _end_links(session: Session, now: datetime) -> int:
    """One that was used since would open a second time."""
    ended = 0
    for table in (SecretLink, OneTimeToken, StaffLink, StaffChatCode):
        done = session.execute(
            update(table)
            .where(table.expires_at > now)
            .values(expires_at=now)
            .execution_options(synchronize_session=False)
        )
        ended += done.rowcount  # type: ignore[attr-defined]
    return ended


def _unlink_staff(session: Session, now: datetime) -> int:
    """In the chat nobody signs in: a member who was dismissed since would go on there at once."""
    linked = session.scalars(select(StaffChat.staff_id).order_by(StaffChat.staff_id)).all()
    for staff_id in linked:
        staff_chats.unlink(session, staff_id, OPERATOR, RESTORED, now)
    return len(linked)


def _end_recovery_codes(session: Session, now: datetime) -> int:
    """One that was burnt since would open again; a member draws a new set after signing in."""
    unused = select(StaffRecoveryCode.staff_id).where(StaffRecoveryCode.used_at.is_(None))
    owners = session.scalars(unused.order_by(StaffRecoveryCode.staff_id)).all()
    session.execute(delete(StaffRecoveryCode).execution_options(synchronize_session=False))
    for staff_id in sorted(set(owners)):
        audit.record(
            session,
            Action.STAFF_FACTOR_CHANGED,
            actor=OPERATOR,
            subject=staff_id,
            now=now,
            factor="recovery",
        )
    return len(owners)
