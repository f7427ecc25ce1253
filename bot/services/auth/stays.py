"""Browsers that stay signed in: by their owner's own tick, for lessons only, for LIFE at most.

The cookie names a row and holds a random reference, sealed together; the row knows a digest of the
reference. Each use changes the reference. A reference of before comes from a copy, or from an
answer that never arrived: within GRACE the same successor is given again (it is derived, so that it
need not be kept), and after that the stay ends with its sessions, for nobody can tell the owner
from a thief. The owner then types the password once more.
Sources: R40 (one cookie by the person's own tick, 30 days); OWASP Session Management Cheat Sheet;
OWASP ASVS 5.0, 7.2.4, 7.4.3, 7.5.2; B. Jaspan, "Improved Persistent Login Cookie Best Practice".
"""

import secrets
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot.crypto import Keyring, digest
from bot.services.audit import audit
from bot.services.audit.audit import Action
from bot.services.auth import sessions
from bot.services.auth.sessions import SessionCookie, SignedIn
from bot.texts import periods
from models.base import new_id, session_keyring
from models.portal import Device, PortalAccount, PortalSession, PortalStay

LIFE = periods.STAY
GRACE = timedelta(minutes=1)  # two tabs at once, or an answer that was lost on the way
_REFERENCE_BYTES = 32
_PLACE = "cookie|stay|"
_BODY = struct.Struct(f">16s{_REFERENCE_BYTES}sI")


@dataclass(frozen=True)
class StayCookie:
    """The content of a stay's cookie: which row, the reference, and when it ends."""

    stay_id: str
    reference: bytes
    ends_at: datetime

    def seal(self, keys: Keyring) -> str:
        """The cookie's value: ciphertext in base64url, about 110 characters."""
        stay, ends = bytes.fromhex(self.stay_id), int(self.ends_at.timestamp())
        return sessions.sealed(keys, _BODY.pack(stay, self.reference, ends), _PLACE)

    @classmethod
    def unseal(cls, keys: Keyring, value: str) -> "StayCookie | None":
        """Read a cookie's value; None for anything that this server did not make."""
        body = sessions.unsealed(keys, value, _PLACE)
        if body is None or len(body) != _BODY.size:
            return None
        stay, reference, ends = _BODY.unpack(body)
        return cls(stay.hex(), reference, datetime.fromtimestamp(ends, UTC))


@dataclass(frozen=True)
class StayWish:
    """What a sign-in does about stays: held, the browser's own, ends; device None makes none."""

    held: StayCookie | None = None
    device: Device | None = None


@dataclass(frozen=True)
class StayListed:
    """A stay as its owner sees it in the list."""

    id: str
    device: Device
    begun_at: datetime
    used_at: datetime
    is_here: bool


def begin(session: Session, account: PortalAccount, device: Device, now: datetime) -> StayCookie:
    """Let a browser stay signed in; the caller has proven the password and seen the tick."""
    reference = secrets.token_bytes(_REFERENCE_BYTES)
    stay = PortalStay(
        id=new_id(),
        digest=_digest(reference),
        account_id=account.id,
        device=device,
        created_at=now,
        used_at=now,
    )
    session.add(stay)
    session.flush()
    learner_id = sessions.learner_of(session, account)
    audit.by_learner(session, Action.STAY_OPENED, learner_id, now, stay_id=stay.id)
    return StayCookie(stay.id, reference, now.replace(microsecond=0) + LIFE)


def device_of(
    session: Session, cookie: StayCookie, account_id: str, now: datetime
) -> Device | None:
    """The device of an account's live stay, for whoever holds its present reference."""
    found = _live(session, cookie, now)
    if found is None or found[1].id != account_id or _digest(cookie.reference) != found[0].digest:
        return None
    return found[0].device


def find(session: Session, cookie: StayCookie, now: datetime) -> str | None:
    """The username of a stay that could be used now; changes nothing."""
    found = _live(session, cookie, now)
    return found[1].username if found else None


def come_back(
    session: Session, cookie: StayCookie, now: datetime
) -> tuple[SessionCookie, StayCookie] | None:
    """Open a limited session for a stay and change its reference; None where it has ended."""
    known = select(PortalStay.account_id).where(PortalStay.id == cookie.stay_id)
    # The account first, as whoever ends every session of it does.
    session.execute(select(PortalAccount.id).where(PortalAccount.id.in_(known)).with_for_update())
    found = _live(session, cookie, now)
    if found is None:
        return None
    stay, account = found
    present = _digest(cookie.reference)
    following = _following(session, cookie.reference)
    if present == stay.digest:
        stay.before, stay.digest, stay.used_at = present, _digest(following), now
    elif not (
        present == stay.before and now < stay.used_at + GRACE and stay.digest == _digest(following)
    ):
        end(session, stay.id, "replayed", now)
        return None
    ticket = sessions.admit(session, account, now, stay_id=stay.id, is_limited=True)
    return ticket, StayCookie(stay.id, following, cookie.ends_at)


def end(session: Session, stay_id: str, cause: str, now: datetime, account_id: str = "") -> bool:
    """End a stay and what was opened by it; account_id: only if it is that account's."""
    where = [PortalStay.id == stay_id]
    if account_id:
        where.append(PortalStay.account_id == account_id)
    owner = session.execute(
        delete(PortalStay)
        .where(*where)
        .returning(PortalStay.account_id)
        .execution_options(synchronize_session=False)
    ).scalar_one_or_none()
    if owner is None:
        return False
    learner_id = sessions.learner_of(session, session.get_one(PortalAccount, owner))
    audit.by_learner(session, Action.STAY_ENDED, learner_id, now, stay_id=stay_id, cause=cause)
    return True


def end_others(session: Session, here: SignedIn, now: datetime) -> None:
    """End every stay and session of an account but those of the browser that asks."""
    for each in of_account(session, here, now):
        if not each.is_here:
            end(session, each.id, "owner", now)
    session.execute(
        delete(PortalSession).where(
            PortalSession.account_id == here.account_id, PortalSession.id != here.session_id
        )
    )


def of_account(session: Session, here: SignedIn, now: datetime) -> list[StayListed]:
    """The stays of whoever is signed in, the newest first."""
    query = (
        select(PortalStay)
        .where(PortalStay.account_id == here.account_id, PortalStay.created_at > now - LIFE)
        .order_by(PortalStay.created_at.desc(), PortalStay.id)
    )
    return [
        StayListed(row.id, row.device, row.created_at, row.used_at, row.id == here.stay_id)
        for row in session.scalars(query)
    ]


def _live(
    session: Session, cookie: StayCookie, now: datetime
) -> tuple[PortalStay, PortalAccount] | None:
    """The row that a cookie names and its account, within the time and while anybody may get in."""
    row = session.execute(
        select(PortalStay, PortalAccount)
        .join(PortalAccount, PortalAccount.id == PortalStay.account_id)
        .where(
            PortalStay.id == cookie.stay_id,
            PortalStay.created_at > now - LIFE,
            PortalAccount.closed_at.is_(None),
            PortalAccount.suspended_at.is_(None),
        )
        .execution_options(populate_existing=True)
    ).one_or_none()
    return None if row is None else (row[0], row[1])


def _following(session: Session, reference: bytes) -> bytes:
    """What comes after a reference: a keyed hash, so that nobody but this server can tell."""
    return bytes.fromhex(session_keyring(session).blind("portal_stay.reference", reference.hex()))


def _digest(reference: bytes) -> str:
    return digest(reference.hex())
