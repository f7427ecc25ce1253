"""The way in for whoever staff enrolled or help: a letter before the chat is theirs, a card after.

Somebody who was imported has no LINE account with us yet. Their conversation's row stands under a
pseudonym that no LINE user can have, marked as out of reach; with their confirmed address they
bind their LINE account to it themselves (bot/services/learners/relinking.py).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.services.audit import audit
from bot.services.audit.audit import Action
from bot.services.auth import tokens
from bot.services.delivery import mails, outbox
from bot.services.delivery.presenter import Notice, presenter_of
from bot.services.shared import throttles
from bot.services.shared.throttles import Limit
from bot.settings import Settings
from models.account import Account, AccountState
from models.base import new_id
from models.conversation import Conversation
from models.learner import Learner, LearnerState
from models.one_time_token import TokenPurpose

IMPORTED = "import:"  # in place of a keyed pseudonym, which is 64 hexadecimal digits
ADD_FRIEND = "https://line.me/R/ti/p/{basic_id}"
OFTEN = Limit("staff-link", 3, timedelta(hours=1))
TWICE = Limit("staff-link-twice", 1, timedelta(minutes=1))  # a second press costs a message


@dataclass(frozen=True)
class WayToPassword(Notice):
    """Staff send somebody the way to a password."""


@dataclass(frozen=True)
class Invitation(Notice):
    """Somebody was imported and may join; chat opens our LINE account, as far as it is known."""

    username: str
    chat: str | None
    settings: Settings


class Sent(Enum):
    """What sending somebody the way in came to."""

    CHAT = auto()
    MAIL = auto()
    BLOCKED = auto()  # they blocked our LINE account
    BARRED = auto()  # no account that is open
    OFTEN = auto()  # three times within an hour already
    JUST_NOW = auto()  # within this minute


def pseudonym(name: str) -> str:
    """Under what an imported learner's conversation stands until they join."""
    return f"{IMPORTED}{name}"


def has_joined(conversation: Conversation) -> bool:
    """Whether there is a LINE account behind a conversation."""
    return not conversation.person.startswith(IMPORTED)


def friend_address(basic_id: str | None) -> str | None:
    """What opens our LINE account to be added, e.g. as a QR code."""
    return ADD_FRIEND.format(basic_id=basic_id.replace("@", "%40")) if basic_id else None


def send(
    session: Session,
    learner: Learner,
    settings: Settings,
    basic_id: str | None,
    now: datetime,
    *,
    actor: str,
) -> Sent:
    """Send the way to a password: a push into the chat, or the letter to whoever has none yet.

    No one-time link waits in a queue, so the push carries the button that asks for one.
    """
    query = select(Account).where(
        Account.learner_id == learner.id, Account.state == AccountState.ACTIVE
    )
    account = session.scalars(query).first()
    if account is None or learner.state is not LearnerState.ACTIVE:
        return Sent.BARRED
    conversation = session.get_one(Conversation, learner.conversation_id)
    joined = has_joined(conversation)
    if joined and conversation.blocked_at is not None:
        return Sent.BLOCKED
    for limit, refused in ((TWICE, Sent.JUST_NOW), (OFTEN, Sent.OFTEN)):
        if throttles.take(session, [(limit, learner.id)], now) > throttles.NOW:
            return refused
    if joined:
        outbox.tell(
            session,
            WayToPassword(),
            conversation.language,
            cause=f"staff-link:{new_id()}",
            person=conversation.person,
            to=learner.line_user_id or "",
            now=now,
        )
    else:
        write(session, learner, account, settings, basic_id, now)
    audit.record(
        session,
        Action.LEARNER_INVITED,
        actor=actor,
        subject=learner.id,
        now=now,
        account_id=account.id,
        channel="line" if joined else "email",
    )
    return Sent.CHAT if joined else Sent.MAIL


def write(
    session: Session,
    learner: Learner,
    account: Account,
    settings: Settings,
    basic_id: str | None,
    now: datetime,
) -> None:
    """The letter to somebody imported: confirm the address, add us on LINE, move the account."""
    mail_id = new_id()
    tokens.issue(
        session,
        TokenPurpose.EMAIL_CONFIRM,
        learner.conversation_id,
        now,
        value=learner.email,
        drawn=mails.link_secret(session, mail_id),
    )
    notice = Invitation(account.username, friend_address(basic_id), settings)
    mails.queue_to(
        session,
        learner,
        cause=f"invitation:{mail_id}",
        template="invitation",
        values=presenter_of(session).values(notice, learner.language),
        now=now,
        mail_id=mail_id,
    )
