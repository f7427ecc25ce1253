"""Signing in, choosing an own password and logging out of the embedded system.

Hashing takes some 40 ms and must not happen inside a unit of work, so the two functions that need
it take the database and run a unit before and a unit after it.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.errors import InputError
from bot.services.audit import audit
from bot.services.audit.audit import Action
from bot.services.auth import passwords, sessions, stays
from bot.services.auth.sessions import SessionCookie, SignedIn
from bot.services.auth.stays import StayCookie, StayWish
from bot.services.shared import throttles
from bot.services.shared.throttles import CountedTry, Growing, Try
from bot.unicode import nfkc, without_invisible
from models.account import Account
from models.database import Database
from models.portal import PortalAccount

NO_WAIT = timedelta()
DOOR = "portal"  # what is tried here is counted apart from other doors


@dataclass(frozen=True)
class SignInOutcome:
    """A ticket where it succeeded, a wait where it may not be tried yet, or neither: refused."""

    ticket: SessionCookie | None = None
    stay: StayCookie | None = None
    wait: timedelta = NO_WAIT


@dataclass(frozen=True)
class _KnownAccount:
    """What the first unit saw of an account; None's stand for an account that there is not."""

    account_id: str | None
    hash: str | None
    is_initial: bool
    is_over: bool  # closed or frozen, or an initial password past its time


def normal_username(typed: str) -> str:
    """A username however it was typed: width, case and spaces around it do not matter."""
    return without_invisible(nfkc(typed)).strip().casefold()


def attempt(
    database: Database,
    username: str,
    password: str,
    ip: str,
    now: datetime,
    replaces: SessionCookie | None = None,
    stay: StayWish | None = None,
) -> SignInOutcome:
    """Try to sign in. Unknown, wrong, expired and closed look the same and take the same time.

    Each try is two units and one hash, whatever the cause. `replaces` is a session that this
    browser still had; it ends. `stay` is what the browser had and what its owner ticked.
    """
    held = stay.held if stay else None
    tried = Try(DOOR, normal_username(username), ip)
    tried, begun, known = database.write(lambda session: _begin(session, tried, held, now))
    if begun.wait > NO_WAIT:
        if begun.told > NO_WAIT:
            passwords.pretend()
        return SignInOutcome(wait=begun.wait)
    if len(password) > 4 * passwords.MAX_LENGTH:  # nobody's: do not hash what a stranger sent
        password = ""
    typed = passwords.right_form(known.hash, password, is_initial=known.is_initial)
    if typed is None or known.is_over:
        cause = "unknown" if known.account_id is None else "expired" if typed else "password"
        database.write(lambda session: _refuse(session, known.account_id, cause, now))
        return SignInOutcome(wait=begun.told)
    renewed = passwords.hash_password(typed) if passwords.is_outdated(known.hash or "") else None

    def admit(session: Session) -> SignInOutcome:
        admitted = _admit(session, known, renewed, now, replaces, stay or StayWish())
        if admitted.ticket is not None:
            throttles.end(session, tried, begun, now)
        return admitted

    return database.write(admit)


def owner_proven(session: Session, username: str, ip: str, now: datetime) -> None:
    """A one-time link was opened: its owner's tries at the old password hold nobody back here."""
    query = select(PortalAccount.id).where(PortalAccount.username == username)
    account_id = session.scalars(query).one_or_none()
    if account_id is not None:  # otherwise they sign in elsewhere
        throttles.owner_proven(session, Try(DOOR, username, ip, account_id), now)


def change_password(
    database: Database,
    signed_in: SignedIn,
    current: str | None,
    chosen: str,
    now: datetime,
    context: tuple[str, ...] = (),
    held: StayCookie | None = None,
) -> SignInOutcome:
    """Give the account its owner's own password; every session and stay ends, a session begins.

    A stay that was ticked when the system's password was typed begins anew: held is its cookie.
    The current one is asked for unless it is the system's, which was typed to get here. Raises
    InputError: password_* of passwords.check_own, current_wrong, current_wait, password_same.
    """
    # The rules come first: they cost nothing and tell nothing about the present password.
    passwords.check_own(chosen, username=signed_in.username, context=context)
    found, is_initial = database.read(lambda session: _hash_of(session, signed_in.account_id))
    if signed_in.is_limited:
        raise InputError("current_wrong")  # nobody typed the system's password to get here
    if is_initial:
        if passwords.verify(found, passwords.initial_form(chosen)):
            raise InputError("password_same")
    else:
        prove_password(database, signed_in, current, now)
    made = passwords.hash_password(passwords.kept_form(chosen))

    def store(session: Session) -> SignInOutcome:
        account = session.scalars(
            select(PortalAccount).where(PortalAccount.id == signed_in.account_id).with_for_update()
        ).one_or_none()
        if account is None or account.password_hash != found or not account.is_open:
            raise InputError("current_wrong")  # renewed by a link, shut or erased meanwhile
        account.password_hash = made
        account.initial_until = None
        throttles.reset(session, *_proof_limit(signed_in))
        device = stays.device_of(session, held, account.id, now) if is_initial and held else None
        sessions.close_all(session, account.id)
        learner_id = sessions.learner_of(session, account)
        audit.by_learner(
            session, Action.PASSWORD_CHANGED, learner_id, now, account_id=account.external_key
        )
        stay = stays.begin(session, account, device, now) if device else None
        stay_id = stay.stay_id if stay else None
        ticket = sessions.open_session(session, account.id, now, stay_id=stay_id)
        return SignInOutcome(ticket=ticket, stay=stay)

    return database.write(store)


def prove_password(
    database: Database, signed_in: SignedIn, current: str | None, now: datetime
) -> None:
    """Ask a signed-in person for their password once more, before something that matters.

    Source: OWASP ASVS 5.0, 7.5.1. Raises InputError: current_wrong, current_wait.
    """
    limit = _proof_limit(signed_in)
    if database.write(lambda session: throttles.take(session, [limit], now)) > NO_WAIT:
        raise InputError("current_wait")
    found, is_initial = database.read(lambda session: _hash_of(session, signed_in.account_id, now))
    typed = current or ""
    if len(typed) > 4 * passwords.MAX_LENGTH:  # nobody's: do not hash what a stranger sent
        typed = ""
    if passwords.right_form(found, typed, is_initial=is_initial) is None:
        raise InputError("current_wrong")
    database.write(lambda session: throttles.reset(session, *limit))


def _proof_limit(signed_in: SignedIn) -> tuple[Growing, str]:
    return throttles.PROOF, f"change|{signed_in.account_id}"


def lift(
    database: Database,
    signed_in: SignedIn,
    ticket: SessionCookie,
    current: str | None,
    now: datetime,
) -> SessionCookie | None:
    """Make a full session of a limited one, for whoever gives the password.

    None where the session ended meanwhile. Raises InputError: current_wrong, current_wait.
    """
    prove_password(database, signed_in, current, now)
    return database.write(lambda session: sessions.lift(session, ticket, now))


def log_out(
    session: Session, ticket: SessionCookie, now: datetime, held: StayCookie | None = None
) -> None:
    """End a session and the stay of its browser; held: as its cookie names it. A repeat is none."""
    closed = sessions.close(session, ticket)
    for stay in (held, closed):
        if stay is not None and stay.stay_id is not None:
            stays.end(session, stay.stay_id, "log_out", now)
    if closed is None:
        return
    account = session.get(PortalAccount, closed.account_id)
    if account is None:
        return  # erased meanwhile
    learner_id = sessions.learner_of(session, account)
    audit.by_learner(
        session, Action.SESSION_CLOSED, learner_id, now, account_id=account.external_key
    )


def _begin(
    session: Session, tried: Try, held: StayCookie | None, now: datetime
) -> tuple[Try, CountedTry, _KnownAccount]:
    """Count a try at a name, and look at its account; the try knows whose the name is."""
    name, account = tried.name, None
    if name.isascii() and name.isalnum():  # nothing else was ever drawn
        account = session.scalars(
            select(PortalAccount).where(PortalAccount.username == name)
        ).one_or_none()
    if account is None:
        begun = throttles.begin(session, tried, now)
        return tried, begun, _KnownAccount(None, None, is_initial=False, is_over=True)
    if held is not None and stays.device_of(session, held, account.id, now) is not None:
        tried = replace(tried, device=held.stay_id)
    tried = replace(tried, owner_id=account.id)
    initial_until = account.initial_until
    known = _KnownAccount(
        account.id,
        account.password_hash,
        is_initial=initial_until is not None,
        is_over=not account.is_open or (initial_until is not None and now >= initial_until),
    )
    return tried, throttles.begin(session, tried, now), known


def _refuse(session: Session, account_id: str | None, cause: str, now: datetime) -> None:
    # Asked where there is no account too: both refusals are the same statements.
    query = (
        select(PortalAccount.external_key, Account.learner_id)
        .outerjoin(Account, Account.id == PortalAccount.external_key)
        .where(PortalAccount.id == (account_id or ""))
    )
    found = session.execute(query).one_or_none()
    audit.record(
        session,
        Action.SESSION_REFUSED,
        actor="portal",
        subject=(found.learner_id or found.external_key) if found else None,
        now=now,
        cause=cause,
    )


def _admit(
    session: Session,
    known: _KnownAccount,
    renewed: str | None,
    now: datetime,
    replaces: SessionCookie | None,
    stay: StayWish,
) -> SignInOutcome:
    account = session.scalars(
        select(PortalAccount).where(PortalAccount.id == known.account_id).with_for_update()
    ).one_or_none()
    if account is None or account.password_hash != known.hash or not account.is_open:
        return SignInOutcome()  # changed or erased while it was being compared
    if renewed:
        account.password_hash = renewed
    if replaces is not None:
        log_out(session, replaces, now)
    if stay.held is not None:  # perhaps somebody else's, who uses the browser too
        stays.end(session, stay.held.stay_id, "replaced", now)
    begun = stays.begin(session, account, stay.device, now) if stay.device else None
    ticket = sessions.admit(session, account, now, stay_id=begun.stay_id if begun else None)
    return SignInOutcome(ticket=ticket, stay=begun)


def _hash_of(
    session: Session, account_id: str, now: datetime | None = None
) -> tuple[str | None, bool]:
    """The hash, and whether it is of the system's password; at a moment: None if that is over."""
    account = session.get(PortalAccount, account_id)
    if account is None:
        return None, False  # erased while its owner's page was open: no password is right
    until = account.initial_until
    is_over = now is not None and until is not None and now >= until
    return None if is_over else account.password_hash, until is not None
