"""Unfinished conversations: what they collected is erased when their time is over."""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot.services import audit, consents, people
from bot.services.audit import Action
from bot.services.consents import Said
from bot.settings import School
from models.consent import ConsentState, Purpose
from models.conversation import Conversation
from models.inquiry import Inquiry
from models.learner import Learner

STRANGERS_DAYS = 30  # a pseudonymous conversation of somebody who never registered


def clear(conversation: Conversation) -> None:
    """Leave every flow and erase the draft."""
    conversation.flow = conversation.step = None
    conversation.draft_json = None
    conversation.expires_at = None


def expire(session: Session, conversation: Conversation, school: School, now: datetime) -> None:
    """Erase a draft whose time is over; the consents given meanwhile end with it."""
    audit.record(
        session,
        Action.DRAFT_EXPIRED,
        actor="system",
        subject=conversation.id,
        now=now,
        flow=conversation.flow or "",
    )
    clear(conversation)
    end_unused_consents(
        session,
        conversation,
        ConsentState.EXPIRED,
        Said("", channel="system", actor="system"),
        school,
        now,
    )


def end_unused_consents(
    session: Session,
    conversation: Conversation,
    state: ConsentState,
    said: Said,
    school: School,
    now: datetime,
) -> None:
    """Close the consents given on the way to a registration that did not come about."""
    if people.learner_of(session, conversation) is not None:
        return
    for purpose in Purpose:
        if consents.is_agreed_by(session, conversation.id, purpose, consents.SELF, now):
            consents.record(session, conversation, purpose, state, said, school, now)


def expire_due(session: Session, school: School, now: datetime, most: int = 200) -> int:
    """Erase drafts whose time is over, a batch at a time; returns how many."""
    query = select(Conversation).where(Conversation.expires_at <= now).limit(most)
    found = list(session.scalars(query))
    for conversation in found:
        expire(session, conversation, school, now)
    return len(found)


def forget_strangers(session: Session, before: datetime, most: int = 500) -> int:
    """Delete conversations of people who never registered and have not written since."""
    known = select(Learner.conversation_id)
    waiting = select(Inquiry.conversation_id).where(Inquiry.closed_at.is_(None))
    query = (
        select(Conversation.id)
        .where(
            Conversation.seen_at < before,
            Conversation.expires_at.is_(None),
            Conversation.id.not_in(known),
            Conversation.id.not_in(waiting),
        )
        .limit(most)
    )
    ids = list(session.scalars(query))
    if ids:
        session.execute(delete(Inquiry).where(Inquiry.conversation_id.in_(ids)))
        session.execute(delete(Conversation).where(Conversation.id.in_(ids)))
    return len(ids)
