"""Freezing an account at once, by whoever got the notice; a person of the school ends it.

The authority is a sealed value in the notice's button and link. It needs no row and no bound
chat: it must still work when somebody else has taken the chat or the account over.
"""

import base64
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum, auto

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.crypto import Keyring
from bot.errors import SealError
from bot.services.audit import audit
from bot.services.audit.audit import Action
from bot.services.auth import tokens
from models.account import Account, AccountState
from models.base import session_keyring
from models.learner import Learner
from models.one_time_token import TokenPurpose
from models.secret_link import LinkPurpose

LIFETIME = timedelta(days=30)
# Whoever was at the account must not carry it off with a code from before the freeze, nor make
# an address of theirs the learner's, which would do so later.
MOVES = (
    TokenPurpose.RELINK_CODE,
    TokenPurpose.EMAIL_CODE,
    TokenPurpose.EMAIL_CONFIRM,
    TokenPurpose.ARCHIVE,
)
_PLACE = "freeze"
_BODY = struct.Struct(">16sI")


class Freeze(Enum):
    """What pressing the button came to."""

    DONE = auto()
    BEFORE = auto()  # it was frozen already
    CLOSED = auto()  # there is nothing left to freeze
    DEAD = auto()  # not our seal, too old, or from before the freeze was ended


@dataclass(frozen=True)
class Frozen:
    """The outcome, and the account where its provider has to be told."""

    outcome: Freeze
    account_id: str | None = None


def authority(keyring: Keyring, account_id: str, now: datetime) -> str:
    """What a notice's button carries: about 90 characters, good for 30 days."""
    body = _BODY.pack(bytes.fromhex(account_id), int(now.timestamp()))
    return base64.urlsafe_b64encode(keyring.seal(body, _PLACE)).decode().rstrip("=")


def url(public_url: str, authority: str, language: str) -> str:
    """The address that the notice's mail holds; opening it changes nothing."""
    return f"{public_url}/s/freeze/{authority}?lang={language}"


def freeze(session: Session, authority: str, cause: str, now: datetime) -> Frozen:
    """Freeze the account that an authority names: nobody signs in, and every link is dead.

    The provider is told after the commit, until it confirms (provisioning.suspend).
    """
    read = _read(session_keyring(session), authority)
    if read is None:
        return Frozen(Freeze.DEAD)
    account_id, made_at = read
    account = session.get(Account, account_id, with_for_update=True)
    if account is None or now >= made_at + LIFETIME:
        return Frozen(Freeze.DEAD)
    if account.state is AccountState.FROZEN:
        return Frozen(Freeze.BEFORE)
    if account.unfrozen_at is not None and made_at < account.unfrozen_at:
        return Frozen(Freeze.DEAD)
    if account.state is not AccountState.ACTIVE:
        return Frozen(Freeze.CLOSED)
    shut(session, account, cause, now, actor="notice")
    return Frozen(Freeze.DONE, account.id)


def shut(session: Session, account: Account, cause: str, now: datetime, *, actor: str) -> None:
    """Freeze an account that the caller has locked and found active."""
    _move(account, AccountState.FROZEN, now)
    tokens.end(session, account.id, LinkPurpose, now)
    learner = session.get_one(Learner, account.learner_id)
    tokens.end(session, learner.conversation_id, MOVES, now)
    audit.record(
        session,
        Action.ACCOUNT_FROZEN,
        actor=actor,
        subject=account.learner_id,
        now=now,
        account_id=account.id,
        cause=cause,
    )


def unfreeze(session: Session, username: str, actor: str, now: datetime) -> str | None:
    """End the freeze of a username's account; returns its id, None where nothing is frozen.

    Nobody gets in by this alone: the old password is forgotten, and the learner asks for a link.
    Buttons of earlier notices freeze nothing any more.
    """
    account = session.scalars(
        select(Account)
        .where(Account.username == username, Account.state == AccountState.FROZEN)
        .with_for_update()
    ).one_or_none()
    if account is None:
        return None
    _move(account, AccountState.ACTIVE, now)
    account.unfrozen_at = now
    audit.record(
        session,
        Action.ACCOUNT_UNFROZEN,
        actor=actor,
        subject=account.learner_id,
        now=now,
        account_id=account.id,
    )
    return account.id


def _move(account: Account, state: AccountState, now: datetime) -> None:
    account.state = state
    account.attempts, account.due_at = 0, now  # due until the provider has done it too


def _read(keyring: Keyring, authority: str) -> tuple[str, datetime] | None:
    try:
        raw = base64.urlsafe_b64decode(authority.encode("ascii") + b"=" * (-len(authority) % 4))
        account_id, stamp = _BODY.unpack(keyring.open(raw, _PLACE))
    except (ValueError, UnicodeError, SealError, struct.error):
        return None
    return account_id.hex(), datetime.fromtimestamp(stamp, UTC)
