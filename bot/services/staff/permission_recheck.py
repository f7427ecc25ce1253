"""Whether a member of staff is still here and still may do it, asked in the unit that does it."""

from sqlalchemy.orm import Session

from bot.errors import BotError
from bot.services.staff import sessions
from bot.services.staff.permissions import Permission
from bot.services.staff.sessions import Member
from models.staff import Staff


class PermissionRevokedError(BotError):
    """Shut out meanwhile, or of another role by now."""


def confirm(session: Session, member_id: str, permission: Permission) -> Member:
    """The member as they are at this moment; raises PermissionRevokedError.

    Asked after the lock that the unit may have waited for. Their row is held until the unit ends,
    so that an act and the end of its permission come one after the other.
    """
    staff = session.get(Staff, member_id, with_for_update={"read": True}, populate_existing=True)
    if staff is None or staff.disabled_at is not None:
        raise PermissionRevokedError
    member = sessions.member_of(staff)
    if not member.may(permission):
        raise PermissionRevokedError
    return member
