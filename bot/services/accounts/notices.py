"""Notices of what was done to an account: by mail and into the chat, without any secret."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from bot.services.accounts import freezing
from bot.services.audit import audit
from bot.services.audit.audit import Action
from bot.services.delivery import mails, outbox
from bot.services.delivery.presenter import Notice, presenter_of
from bot.settings import Settings
from models.account import Account
from models.base import session_keyring
from models.learner import Learner


@dataclass(frozen=True)
class Welcomed(Notice):
    """Somebody registered, and the account is there."""

    username: str
    settings: Settings


@dataclass(frozen=True)
class PasswordReset(Notice):
    """There is a new password; authority freezes the account of whoever did not ask for it."""

    at: datetime
    authority: str
    settings: Settings


@dataclass(frozen=True)
class AccountMoved(Notice):
    """The account is bound to another LINE account; without an account nothing can be frozen."""

    at: datetime
    authority: str | None
    settings: Settings


@dataclass(frozen=True)
class ChatAddress:
    """Where a push goes: LINE's name for the chat, and the pseudonym it is stored under."""

    person: str
    user_id: str


def password_reset(
    session: Session, account: Account, link_id: str, settings: Settings, now: datetime
) -> None:
    """Tell the learner on every channel that a reset happened (ASVS 6.3.7), once a link."""
    learner = session.get_one(Learner, account.learner_id)
    authority = freezing.authority(session_keyring(session), account.id, now)
    notice = PasswordReset(now, authority, settings)
    cause = f"reset-notice:{link_id}"
    outbox.tell_learner(session, notice, learner, cause=cause, now=now)
    _mail(session, learner, notice, cause, "reset_notice", now)
    audit.record(
        session,
        Action.RESET_NOTICED,
        actor="system",
        subject=learner.id,
        now=now,
        account_id=account.id,
    )


def moved(
    session: Session,
    learner: Learner,
    account: Account | None,
    old: ChatAddress,
    cause: str,
    settings: Settings,
    now: datetime,
) -> None:
    """Tell the old chat, and the mailbox, that the account is bound to another LINE account."""
    authority = None
    if account is not None:
        authority = freezing.authority(session_keyring(session), account.id, now)
    notice = AccountMoved(now, authority, settings)
    outbox.tell(
        session, notice, learner.language, cause=cause, person=old.person, to=old.user_id, now=now
    )
    if account is not None:
        _mail(session, learner, notice, cause, "relinked", now)


def _mail(
    session: Session,
    learner: Learner,
    notice: PasswordReset | AccountMoved,
    cause: str,
    template: str,
    now: datetime,
) -> None:
    if learner.email:
        values = presenter_of(session).values(notice, learner.language)
        mails.queue_to(session, learner, cause=cause, template=template, values=values, now=now)
