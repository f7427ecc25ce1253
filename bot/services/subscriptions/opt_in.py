"""A yes to news with all that follows: ledger, topics, and the address that has to be confirmed."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.services.accounts import details
from bot.services.consent import consents
from bot.services.consent.consents import ConsentStatement
from bot.services.subscriptions import subscriptions
from bot.settings import Settings
from models.consent import ConsentEvent, Purpose
from models.conversation import Conversation
from models.learner import AgeBand, Learner, LearnerState


class OptInState(StrEnum):
    """How somebody stands to the news of one channel."""

    ON = "on"
    WAITING = "waiting"  # agreed, but the guardian has not
    OFF = "off"


@dataclass(frozen=True)
class Taken:
    """What came of a yes."""

    event: ConsentEvent
    standing: OptInState
    has_link_sent: bool  # to the address, which is to be confirmed before the first mail


def take(
    session: Session,
    conversation: Conversation,
    purpose: Purpose,
    said: ConsentStatement,
    settings: Settings,
    now: datetime,
) -> Taken:
    """Record a yes; e-mail news begins once its address was confirmed (double opt-in)."""
    event = subscriptions.start(session, conversation, purpose, said, settings, now)
    session.flush()
    has_link_sent = purpose is Purpose.EMAIL_NEWS and confirm(session, conversation, settings, now)
    return Taken(event, standing(session, conversation.id, purpose, now), has_link_sent)


def enrolled(
    session: Session, conversation: Conversation, settings: Settings, now: datetime
) -> bool:
    """Begin what was agreed to on the way to the account; whether news by e-mail is among it.

    That waits for the link of the welcome (bot/services/accounts/details.py).
    """
    subscriptions.enrolled(session, conversation, settings, now)
    return standing(session, conversation.id, Purpose.EMAIL_NEWS, now) is not OptInState.OFF


def confirm(
    session: Session, conversation: Conversation, settings: Settings, now: datetime
) -> bool:
    """Send the link that confirms the address, where it is still to be confirmed."""
    learner = session.scalars(
        select(Learner).where(Learner.conversation_id == conversation.id)
    ).one_or_none()
    if learner is None or learner.email_verified_at is not None:
        return False
    if learner.state is not LearnerState.ACTIVE:
        return False
    return details.ask_to_confirm_email(session, learner, now, settings)


def standing(session: Session, subject_id: str, purpose: Purpose, now: datetime) -> OptInState:
    """Whether news flows, waits for the guardian, or is off."""
    if consents.holds(session, subject_id, purpose, now):
        return OptInState.ON
    if consents.is_agreed_by(session, subject_id, purpose, consents.SELF, now):
        return OptInState.WAITING
    return OptInState.OFF


def may_start(learner: Learner) -> bool:
    """Whether a person may say yes themselves; up to ten years only the guardian may (s.20)."""
    return learner.state is LearnerState.ACTIVE and learner.age_band is not AgeBand.UP_TO_10
