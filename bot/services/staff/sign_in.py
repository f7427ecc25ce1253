"""Staff at the door: name and password, then the second factor, each try counted.

Unknown, wrong, unfinished and disabled look the same and take the same time. Hashing takes some
40 ms and must not happen inside a unit of work: a unit before it and a unit after it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.errors import InputError
from bot.services.audit import audit
from bot.services.audit.audit import Action
from bot.services.auth import passwords
from bot.services.auth.sessions import SessionCookie
from bot.services.auth.sign_in import NO_WAIT, normal_username
from bot.services.shared import throttles
from bot.services.shared.throttles import Limit
from bot.services.staff import factors, sessions
from bot.services.staff.factors import Factor
from bot.services.staff.sessions import Found
from models.database import Database
from models.staff import Staff, Stage

Show = Callable[[], Factor | None]  # tries something and uses it up; None: it was wrong
FACTOR = Limit("staff factor", 5, timedelta(minutes=15))


@dataclass(frozen=True)
class StaffSignInOutcome:
    """A ticket where it succeeded, a wait where it was not tried, neither where it was refused."""

    ticket: SessionCookie | None = None
    wait: timedelta = NO_WAIT
    factor: Factor | None = None


@dataclass(frozen=True)
class _KnownMember:
    """What the first unit saw; None's stand for a member that there is not."""

    staff_id: str | None = None
    hash: str | None = None
    may_enter: bool = False


def attempt(
    database: Database,
    username: str,
    password: str,
    ip: str,
    now: datetime,
    replaces: str | None = None,
) -> StaffSignInOutcome:
    """Try a name and a password; the ticket is good for showing the second factor only.

    replaces: the session that this browser still had; it ends.
    """
    name = normal_username(username)
    wait, known = database.write(lambda session: _begin(session, name, ip, now))
    if wait > NO_WAIT:
        return StaffSignInOutcome(wait=wait)
    if len(password) > 4 * passwords.MAX_LENGTH:  # nobody's: do not hash what a stranger sent
        password = ""
    is_right = passwords.right_form(known.hash, password) is not None

    def settle(session: Session) -> StaffSignInOutcome:
        staff = None
        if is_right and known.may_enter:
            staff = _locked(session, known.staff_id)
        if staff is None or staff.password_hash != known.hash or not _may_enter(staff):
            cause = "unknown" if known.staff_id is None else "disabled" if is_right else "password"
            _refuse(session, known.staff_id, cause, now)
            return StaffSignInOutcome()
        if replaces is not None:
            sessions.end(session, replaces, now)
        return StaffSignInOutcome(sessions.open_session(session, staff.id, Stage.CODE, now))

    return database.write(settle)


def typed(database: Database, found: Found, code: str, now: datetime) -> Show:
    """A code of the authenticator, or a recovery code, to be tried."""
    return lambda: factors.burn(database, found.member.id, code, now)


def attempt_factor(
    database: Database, found: Found, show: Show, ip: str, now: datetime
) -> StaffSignInOutcome:
    """Try a second factor; what it opens has a reference that nobody has seen yet."""
    staff_id = found.member.id
    factor, wait = _try_factor(database, staff_id, show, now)
    if factor is None:
        return StaffSignInOutcome(wait=wait)

    def admit(session: Session) -> StaffSignInOutcome:
        staff = _locked(session, staff_id)
        # A session that was ended meanwhile, or that a second click has used, opens nothing.
        if staff is None or not _may_enter(staff):
            return StaffSignInOutcome()
        if not sessions.end(session, found.session_id, now):
            return StaffSignInOutcome()
        throttles.end_sign_in(session, _throttled(staff.username), ip, now)
        sessions.record(session, Action.STAFF_SIGNED_IN, staff_id, now, factor=factor.value)
        ticket = sessions.open_session(session, staff_id, Stage.IN, now)
        return StaffSignInOutcome(ticket, factor=factor)

    return database.write(admit)


def prove(database: Database, found: Found, show: Show, now: datetime) -> StaffSignInOutcome:
    """Show the second factor once more, before something that matters (ASVS 7.5.1)."""
    staff_id = found.member.id
    factor, wait = _try_factor(database, staff_id, show, now)
    if factor is None:
        return StaffSignInOutcome(wait=wait)

    def note(session: Session) -> StaffSignInOutcome:
        ticket = sessions.prove(session, found, now)
        if ticket is None:
            return StaffSignInOutcome()  # ended meanwhile
        sessions.record(session, Action.STAFF_PROVED, staff_id, now, factor=factor.value)
        return StaffSignInOutcome(ticket, factor=factor)

    return database.write(note)


def prove_password(database: Database, found: Found, current: str, now: datetime) -> str:
    """Ask a signed-in member for their password; returns its hash.

    Raises InputError: current_wrong, current_wait.
    """
    staff_id = found.member.id
    limit = (throttles.PAIR, f"staff change|{staff_id}")
    if database.write(lambda session: throttles.take(session, [limit], now)) > NO_WAIT:
        raise InputError("current_wait")
    known = database.read(lambda session: session.get_one(Staff, staff_id).password_hash)
    typed = "" if len(current) > 4 * passwords.MAX_LENGTH else current
    if known is None or passwords.right_form(known, typed) is None:
        raise InputError("current_wrong")
    database.write(lambda session: throttles.reset(session, *limit))
    return known


def sign_out(session: Session, found: Found, now: datetime) -> None:
    """End a session; a repeat does nothing."""
    if not sessions.end(session, found.session_id, now):
        return
    sessions.record(session, Action.STAFF_SIGNED_OUT, found.member.id, now)


def _try_factor(
    database: Database, staff_id: str, show: Show, now: datetime
) -> tuple[Factor | None, timedelta]:
    """Count the try first, so that a hundred at once are a hundred; then use up what was shown."""
    limit = (FACTOR, staff_id)
    wait = database.write(lambda session: throttles.take(session, [limit], now))
    if wait > NO_WAIT:
        return None, wait
    factor = show()
    if factor is None:
        database.write(lambda session: _refuse(session, staff_id, "factor", now))
        return None, NO_WAIT
    database.write(lambda session: throttles.reset(session, *limit))
    return factor, NO_WAIT


def _begin(session: Session, name: str, ip: str, now: datetime) -> tuple[timedelta, _KnownMember]:
    key = _throttled(name)
    wait = throttles.begin_sign_in(session, key, ip, now)
    staff = session.scalars(select(Staff).where(Staff.username == name)).one_or_none()
    if staff is None:
        return wait, _KnownMember()
    return wait, _KnownMember(staff.id, staff.password_hash, _may_enter(staff))


def _throttled(name: str) -> str:
    """Apart from a learner's username of the same spelling."""
    return f"staff {name}"


def _may_enter(staff: Staff) -> bool:
    return staff.disabled_at is None and staff.is_settled


def _locked(session: Session, staff_id: str | None) -> Staff | None:
    return session.scalars(
        select(Staff)
        .where(Staff.id == staff_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def _refuse(session: Session, staff_id: str | None, cause: str, now: datetime) -> None:
    audit.record(
        session, Action.STAFF_REFUSED, actor="console", subject=staff_id, now=now, cause=cause
    )
