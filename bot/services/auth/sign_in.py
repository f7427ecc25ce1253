"""Signing in, choosing an own password and logging out of the embedded system.

Hashing takes some 40 ms and must not happen inside a unit of work, so the two functions that need
it take the database and run a unit before and a unit after it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.clock import BANGKOK
from bot.errors import InputError
from bot.services.audit import audit
from bot.services.audit.audit import Action
from bot.services.auth import passwords, sessions
from bot.services.auth.sessions import SessionCookie, SignedIn
from bot.services.shared import throttles
from bot.unicode import nfkc
from models.database import Database
from models.learner import Learner
from models.portal import PortalAccount

NO_WAIT = timedelta()


@dataclass(frozen=True)
class SignInOutcome:
    """A ticket where it succeeded, a wait where it was not tried, neither where it was refused."""

    ticket: SessionCookie | None = None
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
    return nfkc(typed).strip().casefold()


def attempt(
    database: Database,
    username: str,
    password: str,
    ip: str,
    now: datetime,
    replaces: SessionCookie | None = None,
) -> SignInOutcome:
    """Try to sign in. Unknown, wrong, expired and closed look the same and take the same time.

    Each try is two units and one hash, whatever the cause. `replaces` is a session that this
    browser still had; it ends.
    """
    name = normal_username(username)
    wait, known = database.write(lambda session: _begin(session, name, ip, now))
    if wait > NO_WAIT:
        return SignInOutcome(wait=wait)
    if len(password) > 4 * passwords.MAX_LENGTH:  # nobody's: do not hash what a stranger sent
        password = ""
    form = passwords.initial_form if known.is_initial else passwords.own_form
    typed = form(password)
    is_right = passwords.verify(known.hash, typed)
    if not is_right or known.is_over:
        cause = "unknown" if known.account_id is None else "expired" if is_right else "password"
        database.write(lambda session: _refuse(session, known.account_id, cause, now))
        return SignInOutcome()
    renewed = passwords.hash_password(typed) if passwords.is_outdated(known.hash or "") else None
    return database.write(lambda session: _admit(session, name, known, renewed, ip, now, replaces))


def change_password(
    database: Database,
    signed_in: SignedIn,
    current: str | None,
    chosen: str,
    now: datetime,
    context: tuple[str, ...] = (),
) -> SessionCookie:
    """Give the account its owner's own password; every session ends and a new one begins.

    The current one is asked for unless it is the system's, which was typed to get here. Raises
    InputError: password_* of passwords.check_own, current_wrong, current_wait, password_same.
    """
    # The rules come first: they cost nothing and tell nothing about the present password.
    passwords.check_own(chosen, username=signed_in.username, context=context)
    found, is_initial = database.read(lambda session: _hash_of(session, signed_in.account_id))
    if is_initial:
        if passwords.verify(found, passwords.initial_form(chosen)):
            raise InputError("password_same")
    else:
        prove_password(database, signed_in, current, now)
    made = passwords.hash_password(passwords.own_form(chosen))

    def store(session: Session) -> SessionCookie:
        account = session.scalars(
            select(PortalAccount).where(PortalAccount.id == signed_in.account_id).with_for_update()
        ).one_or_none()
        if account is None or account.password_hash != found or not account.is_open:
            raise InputError("current_wrong")  # renewed by a link, shut or erased meanwhile
        account.password_hash = made
        account.initial_until = None
        throttles.reset(session, *_proof_limit(signed_in))
        sessions.close_all(session, account.id)
        learner_id = sessions.learner_of(session, account)
        audit.by_learner(
            session, Action.PASSWORD_CHANGED, learner_id, now, account_id=account.external_key
        )
        return sessions.open_session(session, account, now)

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
    found, is_initial = database.read(lambda session: _hash_of(session, signed_in.account_id))
    typed = current or ""
    if len(typed) > 4 * passwords.MAX_LENGTH:  # nobody's: do not hash what a stranger sent
        typed = ""
    form = passwords.initial_form if is_initial else passwords.own_form
    if not passwords.verify(found, form(typed)):
        raise InputError("current_wrong")
    database.write(lambda session: throttles.reset(session, *limit))


def _proof_limit(signed_in: SignedIn) -> tuple[throttles.Limit, str]:
    return throttles.PAIR, f"change|{signed_in.account_id}"


def log_out(session: Session, ticket: SessionCookie, now: datetime) -> None:
    """End a session; a repeat does nothing."""
    account_id = sessions.close(session, ticket)
    if account_id is None:
        return
    account = session.get(PortalAccount, account_id)
    if account is None:
        return  # erased meanwhile
    learner_id = sessions.learner_of(session, account)
    audit.by_learner(
        session, Action.SESSION_CLOSED, learner_id, now, account_id=account.external_key
    )


def _begin(session: Session, name: str, ip: str, now: datetime) -> tuple[timedelta, _KnownAccount]:
    wait = throttles.begin_sign_in(session, name, ip, now)
    account = None
    if name.isascii() and name.isalnum():  # nothing else was ever drawn
        account = session.scalars(
            select(PortalAccount).where(PortalAccount.username == name)
        ).one_or_none()
    if account is None:
        return wait, _KnownAccount(None, None, is_initial=False, is_over=True)
    initial_until = account.initial_until
    return wait, _KnownAccount(
        account.id,
        account.password_hash,
        is_initial=initial_until is not None,
        is_over=not account.is_open or (initial_until is not None and now >= initial_until),
    )


def _refuse(session: Session, account_id: str | None, cause: str, now: datetime) -> None:
    account = session.get(PortalAccount, account_id) if account_id else None
    audit.record(
        session,
        Action.SESSION_REFUSED,
        actor="portal",
        subject=sessions.learner_of(session, account) if account else None,
        now=now,
        cause=cause,
    )


def _admit(
    session: Session,
    name: str,
    known: _KnownAccount,
    renewed: str | None,
    ip: str,
    now: datetime,
    replaces: SessionCookie | None,
) -> SignInOutcome:
    account = session.scalars(
        select(PortalAccount).where(PortalAccount.id == known.account_id).with_for_update()
    ).one_or_none()
    if account is None or account.password_hash != known.hash or not account.is_open:
        return SignInOutcome()  # changed or erased while it was being compared
    if renewed:
        account.password_hash = renewed
    throttles.end_sign_in(session, name, ip, now)
    if replaces is not None:
        log_out(session, replaces, now)
    learner_id = sessions.learner_of(session, account)
    _remember_day(session, learner_id, now)
    audit.by_learner(
        session, Action.SESSION_OPENED, learner_id, now, account_id=account.external_key
    )
    return SignInOutcome(ticket=sessions.open_session(session, account, now))


def _remember_day(session: Session, learner_id: str, now: datetime) -> None:
    """The day of the last sign-in, for the purge; a finer time is nobody's business."""
    learner = session.get(Learner, learner_id)
    day = now.astimezone(BANGKOK).replace(hour=0, minute=0, second=0, microsecond=0)
    if learner is not None and learner.used_at != day:
        learner.used_at = day


def _hash_of(session: Session, account_id: str) -> tuple[str | None, bool]:
    account = session.get(PortalAccount, account_id)
    if account is None:
        return None, False  # erased while its owner's page was open: no password is right
    return account.password_hash, account.initial_until is not None
