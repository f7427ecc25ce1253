"""The consent ledger: one event for each thing said, and the fold that says what holds now."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.services import audit
from bot.services.audit import Action
from bot.services.consent_records import record_of
from bot.settings import School
from bot.texts import policy
from models.base import new_id
from models.consent import ConsentEvent, ConsentState, Purpose
from models.conversation import Conversation, Language

NEWS_VALIDITY = timedelta(days=730)  # 24 months, then we ask again (K4)
VALIDITY: dict[Purpose, timedelta | None] = {
    Purpose.ENROLMENT: None,  # as long as the account: it ends with withdrawal or erasure
    Purpose.LINE_NEWS: NEWS_VALIDITY,
    Purpose.EMAIL_NEWS: NEWS_VALIDITY,
}


@dataclass(frozen=True)
class Said:
    """How something was said: the text that was seen, where, by whom and in which event."""

    text: str
    language: str | None = None  # of the text, where that is not the person's present one
    channel: str = "line"
    actor: str = "self"
    webhook_event_id: str | None = None


def record(
    session: Session,
    conversation: Conversation,
    purpose: Purpose,
    state: ConsentState,
    said: Said,
    school: School,
    now: datetime,
) -> ConsentEvent:
    """Append one event; what is in force is always folded from all of them."""
    validity = VALIDITY[purpose] if state is ConsentState.GIVEN else None
    event = ConsentEvent(
        id=new_id(),
        subject_id=conversation.id,
        purpose=purpose,
        state=state,
        at=now,
        valid_until=now + validity if validity else None,
        notice_version=policy.CURRENT,
        notice_hash=policy.text_hash(policy.CURRENT),
        text=said.text,
        language=Language(said.language or conversation.language),
        channel=said.channel,
        actor=said.actor,
        webhook_event_id=said.webhook_event_id,
        record={},
    )
    event.record = record_of(event, school)
    session.add(event)
    audit.record(
        session,
        Action.CONSENT_RECORDED,
        actor="learner" if said.actor == "self" else said.actor,
        subject=conversation.id,
        now=now,
        purpose=purpose,
        state=state,
        event_id=event.id,
    )
    return event


def latest(session: Session, subject_id: str, purpose: Purpose) -> ConsentEvent | None:
    """The newest event of a purpose; ids grow with time, so they settle a tie."""
    query = (
        select(ConsentEvent)
        .where(ConsentEvent.subject_id == subject_id, ConsentEvent.purpose == purpose)
        .order_by(ConsentEvent.at.desc(), ConsentEvent.id.desc())
        .limit(1)
    )
    return session.scalars(query).one_or_none()


def is_living(event: ConsentEvent | None, now: datetime) -> bool:
    """Whether an event, as the newest of its purpose, permits processing now."""
    if event is None or event.state is not ConsentState.GIVEN:
        return False
    return event.valid_until is None or now < event.valid_until


def holds(session: Session, subject_id: str, purpose: Purpose, now: datetime) -> bool:
    """Whether a person's consent to a purpose is in force."""
    return is_living(latest(session, subject_id, purpose), now)


def history(session: Session, subject_id: str) -> list[ConsentEvent]:
    """Every event of a person, oldest first."""
    query = (
        select(ConsentEvent)
        .where(ConsentEvent.subject_id == subject_id)
        .order_by(ConsentEvent.at, ConsentEvent.id)
    )
    return list(session.scalars(query))
