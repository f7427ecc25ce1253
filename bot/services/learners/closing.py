"""Closing one's account: the way in and all news end at once; the details stay for their time."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.services.accounts import accounts
from bot.services.auth import tokens
from bot.services.consent import consents
from bot.services.consent.consents import ConsentStatement
from bot.services.delivery import mails
from bot.services.subscriptions import subscriptions
from bot.settings import School
from models.account import Account
from models.base import new_id
from models.consent import Purpose
from models.conversation import Conversation
from models.learner import AgeBand, Learner, LearnerState
from models.one_time_token import TokenPurpose


def is_for_guardian(learner: Learner) -> bool:
    """Up to ten years the guardian decides alone, about the end as about the beginning (s.20)."""
    return learner.age_band is AgeBand.UP_TO_10


def close(
    session: Session,
    learner: Learner,
    provider: str,
    said: ConsentStatement,
    school: School,
    now: datetime,
    *,
    actor: str = "learner",
    letter: str = "closed",
) -> Account | None:
    """Close an account at its owner's wish; None where it was closed already, or never made.

    The consent to the enrolment stays as it is: the details are kept for the period that the
    notice names, and erasing them is another right. The provider is told after the commit.
    """
    query = select(Learner).where(Learner.id == learner.id).with_for_update()
    session.scalars(query.execution_options(populate_existing=True)).one()
    if learner.state is not LearnerState.ACTIVE:
        return None
    learner.state = LearnerState.CLOSED
    learner.closed_at = now
    conversation = session.get_one(Conversation, learner.conversation_id)
    for purpose in subscriptions.NEWS:
        if _says_yes(session, conversation.id, purpose, now):
            subscriptions.stop(session, conversation, purpose, said, school, now)
    tokens.end(session, conversation.id, TokenPurpose, now)
    mails.queue_to(session, learner, cause=f"account-closed:{new_id()}", template=letter, now=now)
    account = accounts.account_of(session, learner, provider)
    if account is not None:
        accounts.close(session, account, "closed", now, actor=actor)
    return account


def _says_yes(session: Session, subject_id: str, purpose: Purpose, now: datetime) -> bool:
    return any(
        consents.is_agreed_by(session, subject_id, purpose, voice, now) for voice in consents.VOICES
    )
