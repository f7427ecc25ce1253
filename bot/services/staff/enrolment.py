"""How a member of staff gets in for the first time: a one-time link, a password, an authenticator.

The link lives a day and only its digest is kept; a GET does not spend it. The password is checked
before the link is spent, the authenticator's secret waits sealed in the session until a code of
it was shown, and the recovery codes are shown once.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot.errors import InputError
from bot.services.audit.audit import Action
from bot.services.auth import passwords, tokens
from bot.services.auth.sessions import SessionCookie
from bot.services.auth.tokens import StaffPurpose
from bot.services.shared import throttles
from bot.services.staff import factors, sessions
from bot.services.staff.sessions import Found
from models.database import Database
from models.staff import Staff, StaffLink, StaffPasskey, StaffRecoveryCode, Stage

PATH = "/console/start/"


@dataclass(frozen=True)
class EnrolledSession:
    """A signed-in session, and the recovery codes that are shown this once."""

    ticket: SessionCookie
    codes: list[str]


def issue(session: Session, staff: Staff, actor: str, now: datetime) -> str:
    """Make a link and return its token; every older one of the member is dead."""
    session.execute(select(Staff.id).where(Staff.id == staff.id).with_for_update())
    return tokens.issue(session, StaffPurpose.LINK, staff.id, now, actor=actor)


def url(origin: str, drawn: str, language: str) -> str:
    """The address of a link."""
    return f"{origin}{PATH}{drawn}?lang={language}"


def holder(session: Session, drawn: str, now: datetime) -> str | None:
    """The username that a live link is for; reading spends nothing."""
    live = tokens.live_ones(session, StaffPurpose.LINK, now, secret=drawn)
    query = select(Staff.username).join(StaffLink, StaffLink.staff_id == Staff.id)
    return session.scalars(query.where(*live, Staff.disabled_at.is_(None))).one_or_none()


def begin(
    database: Database, drawn: str, chosen: str, now: datetime, context: tuple[str, ...] = ()
) -> SessionCookie | None:
    """Spend a link for a password; the ticket is good for setting up the second factor only.

    None for a link that is used, expired, replaced or unknown. Of any number of callers one
    succeeds. Raises InputError with the codes of passwords.check_own; the link then lives on.
    """
    username = database.read(lambda session: holder(session, drawn, now))
    if username is None:
        return None
    passwords.check_own(chosen, username=username, context=context)
    made = passwords.hash_password(passwords.kept_form(chosen))

    def spend(session: Session) -> SessionCookie | None:
        link = tokens.claim(session, StaffPurpose.LINK, drawn, now)
        if link is None:
            return None
        staff = session.get_one(Staff, link.subject_id, with_for_update=True)
        if staff.disabled_at is not None:
            return None
        forget_factors(session, staff, now)
        staff.password_hash = made
        sessions.record(session, Action.STAFF_STARTED, staff.id, now, link_id=link.token_id)
        secret = factors.draw_secret()
        return sessions.open_session(session, staff.id, Stage.START, now, secret)

    return database.write(spend)


def finish(database: Database, found: Found, typed: str, ip: str, now: datetime) -> EnrolledSession:
    """Confirm a new authenticator by a code of it; whoever came by a link is then signed in.

    Also for a member who changes theirs: every other session ends, and the old recovery codes
    are dead. Raises InputError: code_wrong, or stale where there is nothing to confirm any more.
    """
    secret = found.data
    if secret is None:
        raise InputError("stale")
    step = factors.step_of(secret, typed, now)
    if step is None:
        raise InputError("code_wrong")
    codes, kept = factors.draw_codes()
    staff_id = found.member.id

    def settle(session: Session) -> SessionCookie:
        staff = session.get_one(Staff, staff_id, with_for_update=True)
        if staff.disabled_at is not None or not sessions.end(session, found.session_id, now):
            raise InputError("stale")
        with session.no_autoflush:
            staff.totp, staff.totp_step = secret, step
        session.flush()
        factors.replace_codes(session, staff_id, kept, now)
        sessions.end_all(session, staff_id, now)
        sessions.record(session, Action.STAFF_FACTOR_CHANGED, staff_id, now, factor="totp")
        if found.stage is Stage.START:
            sessions.record(session, Action.STAFF_SIGNED_IN, staff_id, now, factor="totp")
        throttles.remember_network(session, staff_id, ip, now)
        return sessions.open_session(session, staff_id, Stage.IN, now)

    return EnrolledSession(database.write(settle), codes)


def forget_factors(session: Session, staff: Staff, now: datetime) -> int:
    """Take password, authenticator, codes and passkeys away and end all sessions."""
    throttles.forget_networks(session, [staff.id])
    staff.password_hash = None
    staff.totp_sealed = None
    staff.totp_step = None
    for model in (StaffRecoveryCode, StaffPasskey):
        session.execute(
            delete(model)
            .where(model.staff_id == staff.id)
            .execution_options(synchronize_session=False)
        )
    return sessions.end_all(session, staff.id, now)
