"""Unfinished conversations: what they collected is erased when their time is over."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, delete, select, update
from sqlalchemy.orm import Session

from bot.services.audit import audit
from bot.services.audit.audit import Action
from bot.services.consent import consents
from bot.services.consent.consents import ConsentStatement
from bot.services.people import people
from bot.settings import School
from models.consent import ConsentState, Purpose
from models.conversation import Conversation
from models.guardianship import OPEN_OR_AGREED, Guardianship
from models.inquiry import Inquiry
from models.learner import Learner
from models.one_time_token import OneTimeToken
from models.privacy import PrivacyRequest
from models.subscription import Subscription


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
    if _waits_for_guardian(session, conversation):
        return  # the request lives longer than a draft, and the consents end with it
    end_unused_consents(
        session,
        conversation,
        ConsentState.EXPIRED,
        ConsentStatement("", channel="system", actor="system"),
        school,
        now,
    )


def _waits_for_guardian(session: Session, conversation: Conversation) -> bool:
    query = select(Guardianship.id).where(
        Guardianship.child_id == conversation.id, Guardianship.state.in_(OPEN_OR_AGREED)
    )
    return session.scalars(query).first() is not None


def end_unused_consents(
    session: Session,
    conversation: Conversation,
    state: ConsentState,
    said: ConsentStatement,
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
    # Whoever is being answered at this moment has a newer draft in a moment, and keeps it.
    query = query.with_for_update(skip_locked=True)
    found = list(session.scalars(query))
    for conversation in found:
        expire(session, conversation, school, now)
    return len(found)


def strangers(before: datetime) -> Select[str]:
    """Conversations of people who never registered and have not written since.

    Whoever waits for a person or for the end of a request, and whoever is a child's guardian,
    is not a stranger.
    """
    known = select(Learner.conversation_id)
    waiting = select(Inquiry.conversation_id).where(Inquiry.closed_at.is_(None))
    is_unanswered = PrivacyRequest.closed_at.is_(None)
    asking = select(PrivacyRequest.subject_id).where(is_unanswered)
    asking_for_a_child = select(PrivacyRequest.guardian_id).where(
        is_unanswered, PrivacyRequest.guardian_id.is_not(None)
    )
    is_open = Guardianship.state.in_(OPEN_OR_AGREED)
    children = select(Guardianship.child_id).where(is_open)
    guardians = select(Guardianship.guardian_id).where(
        is_open, Guardianship.guardian_id.is_not(None)
    )
    return (
        select(Conversation.id)
        .where(
            Conversation.seen_at < before,
            Conversation.expires_at.is_(None),
            *(Conversation.id.not_in(some) for some in (known, waiting, asking, children)),
            Conversation.id.not_in(guardians),
            Conversation.id.not_in(asking_for_a_child),
        )
        .order_by(Conversation.id)
    )


def forget(session: Session, ids: Sequence[str]) -> int:
    """Delete conversations of strangers and what hangs on them; their proofs of consent stay.

    What they once asked for a child stays the child's, without them.
    """
    session.execute(
        update(PrivacyRequest)
        .where(PrivacyRequest.guardian_id.in_(ids))
        .values(guardian_id=None, detail_sealed=None, sources=None)
        .execution_options(synchronize_session=False)
    )
    for column in (
        Inquiry.conversation_id,
        OneTimeToken.subject_id,
        Subscription.subject_id,
        Guardianship.child_id,
        Conversation.id,
    ):
        session.execute(
            delete(column.class_)
            .where(column.in_(ids))
            .execution_options(synchronize_session=False)
        )
    return len(ids)
