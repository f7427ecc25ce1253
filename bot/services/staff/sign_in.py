"""Staff at the door: name and password, then the second factor, each try counted.

Unknown, wrong, unfinished and disabled look the same and take the same time. Hashing takes some
40 ms and must not happen inside a unit of work: a unit before it and a unit after it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
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
from bot.services.shared.throttles import CountedTry, Try
from bot.services.staff import factors, sessions
from bot.services.staff.devices import DeviceCookie
from bot.services.staff.factors import Factor
from bot.services.staff.sessions import Found
from models.database import Database
from models.staff import Staff, Stage

Show = Callable[[], Factor | None]  # tries something and uses it up; None: it was wrong
DOOR, FACTOR_DOOR = "console", "console factor"  # each counted for itself


@dataclass(frozen=True)
class StaffSignInOutcome:
    """A ticket where it succeeded, a wait where it may not be tried yet, or neither: refused."""

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
    device: DeviceCookie | None = None,
) -> StaffSignInOutcome:
    """Try a name and a password; the ticket is good for showing the second factor only.

    replaces: the session that this browser still had; it ends. device: what tells the browser of a
    member from a stranger's.
    """
    tried = Try(DOOR, normal_username(username), ip)
    begun, known = database.write(lambda session: _begin(session, tried, device, now))
    if begun.wait > NO_WAIT:
        if begun.told > NO_WAIT:
            passwords.pretend()
        return StaffSignInOutcome(wait=begun.wait)
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
            return StaffSignInOutcome(wait=begun.told)
        if replaces is not None:
            sessions.end(session, replaces, now)
        return StaffSignInOutcome(sessions.open_session(session, staff.id, Stage.CODE, now))

    return database.write(settle)


def typed(database: Database, found: Found, code: str, now: datetime) -> Show:
    """A code of the authenticator, or a recovery code, to be tried."""
    return lambda: factors.burn(database, found.member.id, code, now)


def attempt_factor(
    database: Database,
    found: Found,
    show: Show,
    ip: str,
    now: datetime,
    device: DeviceCookie | None = None,
) -> StaffSignInOutcome:
    """Try a second factor; what it opens has a reference that nobody has seen yet.

    Whoever has somebody's password holds nobody back elsewhere: it is counted as a password is, for
    each network and device.
    """
    staff_id = found.member.id
    known = device.id if device is not None and device.is_of(staff_id, now) else None
    password = Try(DOOR, found.member.username, ip, staff_id, known)
    tried = Try(FACTOR_DOOR, staff_id, ip, staff_id, known, names_count=False)
    begun = database.write(lambda session: throttles.begin(session, tried, now))
    factor, wait = _try_factor(database, staff_id, show, now, begun.wait)
    if factor is None:
        return StaffSignInOutcome(wait=wait or begun.told)

    def admit(session: Session) -> StaffSignInOutcome:
        staff = _locked(session, staff_id)
        # A session that was ended meanwhile, or that a second click has used, opens nothing.
        if staff is None or not _may_enter(staff):
            return StaffSignInOutcome()
        if not sessions.end(session, found.session_id, now):
            return StaffSignInOutcome()
        throttles.end(session, tried, begun, now)
        throttles.end(session, password, CountedTry(is_counted=known is None), now)
        sessions.record(session, Action.STAFF_SIGNED_IN, staff_id, now, factor=factor.value)
        ticket = sessions.open_session(session, staff_id, Stage.IN, now)
        return StaffSignInOutcome(ticket, factor=factor)

    return database.write(admit)


def prove(database: Database, found: Found, show: Show, now: datetime) -> StaffSignInOutcome:
    """Show the second factor once more, before something that matters (ASVS 7.5.1)."""
    staff_id = found.member.id
    # Of this session alone: whoever took another one holds nobody back here.
    limit = (throttles.PROOF, f"staff|{found.session_id}")
    wait = database.write(lambda session: throttles.take(session, [limit], now))
    factor, wait = _try_factor(database, staff_id, show, now, wait)
    if factor is None:
        return StaffSignInOutcome(wait=wait)

    def note(session: Session) -> StaffSignInOutcome:
        ticket = sessions.prove(session, found, now)
        if ticket is None:
            return StaffSignInOutcome()  # ended meanwhile
        throttles.reset(session, *limit)
        sessions.record(session, Action.STAFF_PROVED, staff_id, now, factor=factor.value)
        return StaffSignInOutcome(ticket, factor=factor)

    return database.write(note)


def prove_password(database: Database, found: Found, current: str, now: datetime) -> str:
    """Ask a signed-in member for their password; returns its hash.

    Raises InputError: current_wrong, current_wait.
    """
    staff_id = found.member.id
    limit = (throttles.PROOF, f"staff change|{found.session_id}")
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
    database: Database, staff_id: str, show: Show, now: datetime, wait: timedelta
) -> tuple[Factor | None, timedelta]:
    """Use up what was shown; its try was counted before, so a hundred at once are a hundred."""
    if wait > NO_WAIT:
        return None, wait
    factor = show()
    if factor is None:
        database.write(lambda session: _refuse(session, staff_id, "factor", now))
    return factor, NO_WAIT


def _begin(
    session: Session, tried: Try, device: DeviceCookie | None, now: datetime
) -> tuple[CountedTry, _KnownMember]:
    staff = session.scalars(select(Staff).where(Staff.username == tried.name)).one_or_none()
    if staff is None:
        return throttles.begin(session, tried, now), _KnownMember()
    known = device.id if device is not None and device.is_of(staff.id, now) else None
    begun = throttles.begin(session, replace(tried, owner_id=staff.id, device=known), now)
    return begun, _KnownMember(staff.id, staff.password_hash, _may_enter(staff))


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
