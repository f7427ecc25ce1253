"""The one-time link to an account: issued in chat, opened once (by `tokens.py`).

Its address is from the settings and never from the Host header (OWASP Forgot Password Cheat Sheet).
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.services.audit import audit
from bot.services.audit.audit import Action
from bot.services.auth import tokens
from models.account import Account, AccountState
from models.conversation import Conversation
from models.learner import Learner
from models.secret_link import LinkPurpose

PATHS = {
    LinkPurpose.INITIAL_PASSWORD: "",
    LinkPurpose.PASSWORD_RESET: "reset/",
    LinkPurpose.LESSONS: "lessons/",
}


def issue(
    session: Session, account: Account, now: datetime, purpose: LinkPurpose | None = None
) -> str:
    """Make a link for an account and return its token; every older one of it is dead."""
    lock(session, account)
    purpose = purpose or LinkPurpose.INITIAL_PASSWORD
    return tokens.issue(session, purpose, account.id, now, subject=account.learner_id)


def belongs_to(session: Session, account: Account, person: str) -> bool:
    """Whether an account is that of a chat, which may have lost it since it asked."""
    query = (
        select(Conversation.person)
        .join(Learner, Learner.conversation_id == Conversation.id)
        .where(Learner.id == account.learner_id)
    )
    return session.scalars(query).one() == person


def lock(session: Session, account: Account) -> None:
    """Two requests at once take turns here, so that one live link is left and not two."""
    session.execute(select(Account.id).where(Account.id == account.id).with_for_update())


@dataclass(frozen=True)
class Opened:
    """A link that was burned by this very call, and the account that it was for."""

    link_id: str
    account: Account


def claim(
    session: Session, token: str, now: datetime, purpose: LinkPurpose = LinkPurpose.INITIAL_PASSWORD
) -> Opened | None:
    """Burn a live link and return its account; None for used, expired, replaced and unknown."""
    spent = tokens.claim(session, purpose, token, now)
    account = session.get(Account, spent.subject_id) if spent else None
    if spent is None or account is None or account.state is not AccountState.ACTIVE:
        return None
    audit.by_learner(
        session,
        Action.LINK_OPENED,
        account.learner_id,
        now,
        link_id=spent.token_id,
        purpose=purpose.value,
    )
    return Opened(spent.token_id, account)


def revealed(session: Session, account_id: str, now: datetime) -> None:
    """Remember that a password was shown, after the provider has taken it."""
    account = session.get_one(Account, account_id)
    account.issued_at = now
    audit.by_learner(
        session, Action.PASSWORD_ISSUED, account.learner_id, now, account_id=account.id
    )


def url(
    public_url: str, token: str, language: str, purpose: LinkPurpose = LinkPurpose.INITIAL_PASSWORD
) -> str:
    """The address that a button in chat opens."""
    return f"{public_url}/s/{PATHS[purpose]}{token}?lang={language}"
