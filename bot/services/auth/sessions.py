"""Signed-in browsers: what the cookie holds, and the row that makes it mean something.

The cookie is a random reference and the time of the last request, sealed together. The row knows
a digest of the reference. The idle limit is read from the cookie and the absolute one from the
row, so that no GET writes anything (docs/adr/0004-portal-sessions.md).
Sources: OWASP Session Management Cheat Sheet; OWASP ASVS 5.0 chapter 7.
"""

import base64
import secrets
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot.clock import BANGKOK
from bot.crypto import Keyring, digest
from bot.errors import SealError
from bot.services.audit import audit
from bot.services.audit.audit import Action
from models.account import Account
from models.base import new_id
from models.learner import Learner
from models.portal import PortalAccount, PortalSession, PortalStay

IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=12)
RENEW_AFTER = timedelta(minutes=1)  # a fresher cookie is not sent again
_REFERENCE_BYTES = 32
_PLACE = "cookie|session|"
_BODY = struct.Struct(f">?I{_REFERENCE_BYTES}s")


@dataclass(frozen=True)
class SessionCookie:
    """The content of a session cookie.

    signed_in: whether a row belongs to it. Before sign-in there is none: the reference then only
    ties a form to the browser that it was given to.
    """

    reference: bytes
    seen_at: datetime
    signed_in: bool

    @classmethod
    def new(cls, now: datetime, *, signed_in: bool) -> "SessionCookie":
        return cls(secrets.token_bytes(_REFERENCE_BYTES), now.replace(microsecond=0), signed_in)

    def is_live(self, now: datetime) -> bool:
        """Whether the idle limit (before sign-in: the absolute one) has not passed.

        One that was seen later than now was so by a clock that has been set back since: nobody
        is signed out by that, and the absolute limit of its row holds.
        """
        return now - self.seen_at < (IDLE if self.signed_in else ABSOLUTE)

    def is_due(self, now: datetime) -> bool:
        """Whether the browser should get a copy with the present time."""
        return abs(now - self.seen_at) >= RENEW_AFTER

    def seen(self, now: datetime) -> "SessionCookie":
        return SessionCookie(self.reference, now.replace(microsecond=0), self.signed_in)

    def seal(self, keys: Keyring, place: str = _PLACE) -> str:
        """The cookie's value: ciphertext in base64url, about 90 characters."""
        body = _BODY.pack(self.signed_in, int(self.seen_at.timestamp()), self.reference)
        return sealed(keys, body, place)

    @classmethod
    def unseal(cls, keys: Keyring, value: str, place: str = _PLACE) -> "SessionCookie | None":
        """Read a cookie's value; None for anything that this server did not make."""
        body = unsealed(keys, value, place)
        if body is None or len(body) != _BODY.size:
            return None
        signed_in, stamp, reference = _BODY.unpack(body)
        return cls(reference, datetime.fromtimestamp(stamp, UTC), signed_in)


def sealed(keys: Keyring, body: bytes, place: str) -> str:
    """What a cookie holds: ciphertext in base64url."""
    return base64.urlsafe_b64encode(keys.seal(body, place)).decode().rstrip("=")


def unsealed(keys: Keyring, value: str, place: str) -> bytes | None:
    """What `sealed` was given; None for anything that this server did not make."""
    try:
        raw = base64.urlsafe_b64decode(value.encode("ascii") + b"=" * (-len(value) % 4))
        # Only the canonical spelling: base64 leaves spare bits that do not reach the cipher.
        if base64.urlsafe_b64encode(raw).decode().rstrip("=") != value:
            return None
        return keys.open(raw, place)
    except (ValueError, UnicodeError, SealError):
        return None


@dataclass(frozen=True)
class SignedIn:
    """Who a live session belongs to, as plain values.

    stay_id: the stay of the same browser, if it has one. is_limited: it opens lessons only.
    """

    session_id: str
    account_id: str
    external_key: str
    username: str
    must_choose_password: bool
    stay_id: str | None = None
    is_limited: bool = False


def admit(
    session: Session,
    account: PortalAccount,
    now: datetime,
    *,
    stay_id: str | None = None,
    is_limited: bool = False,
) -> SessionCookie:
    """Begin a session, note who signed in, and remember the day for the purge."""
    learner_id = learner_of(session, account)
    learner = session.get(Learner, learner_id)
    # A finer time is nobody's business.
    day = now.astimezone(BANGKOK).replace(hour=0, minute=0, second=0, microsecond=0)
    if learner is not None and learner.used_at != day:
        learner.used_at = day
    audit.by_learner(
        session, Action.SESSION_OPENED, learner_id, now, account_id=account.external_key
    )
    return open_session(session, account.id, now, stay_id=stay_id, is_limited=is_limited)


def open_session(
    session: Session,
    account_id: str,
    now: datetime,
    *,
    stay_id: str | None = None,
    is_limited: bool = False,
) -> SessionCookie:
    """Begin a session of an account under a reference that nobody has seen yet."""
    ticket = SessionCookie.new(now, signed_in=True)
    session.add(
        PortalSession(
            id=new_id(),
            digest=_digest(ticket.reference),
            account_id=account_id,
            created_at=now,
            stay_id=stay_id,
            is_limited=is_limited,
        )
    )
    return ticket


def lift(session: Session, ticket: SessionCookie, now: datetime) -> SessionCookie | None:
    """Replace a limited session by a full one, under a new reference (ASVS 5.0, 7.2.4).

    The caller has proven the password; None where the session ended meanwhile.
    """
    old = close(session, ticket)
    if old is None:
        return None
    return open_session(session, old.account_id, now, stay_id=old.stay_id)


def find(session: Session, ticket: SessionCookie, now: datetime) -> SignedIn | None:
    """The live session of a ticket: not signed out, within both limits, account open."""
    if not ticket.signed_in or not ticket.is_live(now):
        return None
    row = session.execute(
        select(PortalSession, PortalAccount)
        .join(PortalAccount, PortalAccount.id == PortalSession.account_id)
        .where(
            PortalSession.digest == _digest(ticket.reference),
            PortalSession.created_at > now - ABSOLUTE,
            PortalAccount.closed_at.is_(None),
            PortalAccount.suspended_at.is_(None),
        )
    ).one_or_none()
    if row is None:
        return None
    found, account = row
    return SignedIn(
        session_id=found.id,
        account_id=account.id,
        external_key=account.external_key,
        username=account.username,
        must_choose_password=account.initial_until is not None,
        stay_id=found.stay_id,
        is_limited=found.is_limited,
    )


@dataclass(frozen=True)
class Closed:
    """Whose a session was that has just ended, and the stay of its browser."""

    account_id: str
    stay_id: str | None


def close(session: Session, ticket: SessionCookie) -> Closed | None:
    """Delete a ticket's row; None where there was none."""
    row = session.execute(
        delete(PortalSession)
        .where(PortalSession.digest == _digest(ticket.reference))
        .returning(PortalSession.account_id, PortalSession.stay_id)
    ).one_or_none()
    return None if row is None else Closed(row.account_id, row.stay_id)


def close_all(session: Session, account_id: str) -> None:
    """End every session and every stay of an account."""
    for table in (PortalSession, PortalStay):
        session.execute(delete(table).where(table.account_id == account_id))


def close_all_of(session: Session, external_key: str) -> None:
    """The same for the account that the caller knows by its own key."""
    mine = select(PortalAccount.id).where(PortalAccount.external_key == external_key)
    for table in (PortalSession, PortalStay):
        session.execute(
            delete(table)
            .where(table.account_id.in_(mine))
            .execution_options(synchronize_session=False)
        )


def close_everybodys(session: Session, now: datetime) -> int:
    """End every session and stay of every account; returns how many sessions were still live."""
    gone = session.execute(delete(PortalSession).returning(PortalSession.created_at)).all()
    session.execute(delete(PortalStay))
    return sum(row.created_at > now - ABSOLUTE for row in gone)


def purge(session: Session, now: datetime) -> int:
    """Delete rows past the absolute limit; returns how many."""
    gone = session.execute(
        delete(PortalSession)
        .where(PortalSession.created_at <= now - ABSOLUTE)
        .returning(PortalSession.id)
    )
    return len(gone.all())


def learner_of(session: Session, account: PortalAccount) -> str:
    """The learner's id for the audit trail; the caller's key where the account is not the bot's."""
    found = session.get(Account, account.external_key)
    return found.learner_id if found else account.external_key


def _digest(reference: bytes) -> str:
    return digest(reference.hex())
