"""The consent ledger: one event for each thing said, and the fold that says what holds now."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.services.audit import audit
from bot.services.audit.audit import Action
from bot.services.consent.records import record_of
from bot.settings import School
from bot.texts import periods, policy
from models.base import new_id
from models.consent import ConsentEvent, ConsentState, Purpose
from models.conversation import Conversation, Language
from models.guardianship import OPEN_OR_AGREED, Guardianship, GuardianshipState
from models.learner import AgeBand, Learner

NEWS_VALIDITY = periods.NEWS  # then we ask again (K4)
SELF, GUARDIAN = "self", "guardian"
VOICES = (SELF, GUARDIAN)
# PDPA s.20: up to ten years the guardian alone decides; from 11 to 19 both do.
MUST_AGREE: dict[AgeBand, tuple[str, ...]] = {
    AgeBand.UP_TO_10: (GUARDIAN,),
    AgeBand.FROM_11_TO_19: (SELF, GUARDIAN),
    AgeBand.FROM_20: (SELF,),
}
VALIDITY: dict[Purpose, timedelta | None] = {
    Purpose.ENROLMENT: None,  # as long as the account: it ends with withdrawal or erasure
    Purpose.LINE_NEWS: NEWS_VALIDITY,
    Purpose.EMAIL_NEWS: NEWS_VALIDITY,
}


@dataclass(frozen=True)
class Evidence:
    """That something was said elsewhere, and earlier: when, to which notice, by which means."""

    at: datetime
    notice_version: str
    notice_hash: str
    method: str


@dataclass(frozen=True)
class ConsentStatement:
    """How something was said: the text that was seen, where, by whom and in which event.

    evidence: where it was not said to us here and now. until: of a yes that is put back after a
    mistake of ours, which is not to live longer for it.
    """

    text: str
    language: str | None = None  # of the text, where that is not the person's present one
    channel: str = "line"
    actor: str = SELF
    webhook_event_id: str | None = None
    evidence: Evidence | None = None
    until: datetime | None = None


def record(
    session: Session,
    conversation: Conversation,
    purpose: Purpose,
    state: ConsentState,
    said: ConsentStatement,
    school: School,
    now: datetime,
) -> ConsentEvent:
    """Append one event; what is in force is always folded from all of them."""
    validity = VALIDITY[purpose] if state is ConsentState.GIVEN else None
    told, at = said.evidence, said.evidence.at if said.evidence else now
    if told is None and (before := latest(session, conversation.id, purpose)) is not None:
        # What is said last is the newest, whatever a clock that was set back says: a no must count.
        at = max(at, before.at + timedelta.resolution)
    event = ConsentEvent(
        id=new_id(),
        subject_id=conversation.id,
        purpose=purpose,
        state=state,
        at=at,
        valid_until=said.until or (at + validity if validity else None),
        notice_version=told.notice_version if told else policy.CURRENT,
        notice_hash=told.notice_hash if told else policy.text_hash(policy.CURRENT),
        text=said.text,
        language=Language(said.language or conversation.language),
        channel=said.channel,
        actor=said.actor,
        webhook_event_id=said.webhook_event_id,
        record={},
    )
    event.record = record_of(event, school)
    if told is not None:
        event.record["processing"]["collectionMethod"] = told.method
        if told.notice_version not in policy.versions():
            event.record["processing"]["privacyNotice"] = f"sha256-{told.notice_hash}"
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


def latest(
    session: Session, subject_id: str, purpose: Purpose, actor: str | None = None
) -> ConsentEvent | None:
    """The newest event of a purpose, of one actor if named; ids settle a tie of times."""
    query = select(ConsentEvent).where(
        ConsentEvent.subject_id == subject_id, ConsentEvent.purpose == purpose
    )
    if actor is not None:
        query = query.where(ConsentEvent.actor == actor)
    newest_first = query.order_by(ConsentEvent.at.desc(), ConsentEvent.id.desc())
    return session.scalars(newest_first.limit(1)).one_or_none()


def is_living(event: ConsentEvent | None, now: datetime) -> bool:
    """Whether an event, as the newest of its purpose, permits processing now."""
    if event is None or event.state is not ConsentState.GIVEN:
        return False
    return event.valid_until is None or now < event.valid_until


def fold(events: Iterable[ConsentEvent], band: AgeBand, now: datetime) -> bool:
    """Whether the events of one purpose, oldest first, permit processing now (K1).

    Everybody who must agree has to have said so last, and nobody's no may be newer: a person
    under 20 stops news as easily as a grown-up, even where only the guardian can start them.
    What the system or staff end (expired, invalidated) ends every voice.
    """
    voices: dict[str, ConsentEvent] = {}
    for event in events:
        if event.actor in VOICES:
            voices[event.actor] = event
        elif event.state is ConsentState.GIVEN:
            voices[SELF] = event
        else:
            voices = dict.fromkeys(VOICES, event)
    if not all(is_living(voices.get(voice), now) for voice in MUST_AGREE[band]):
        return False
    own = voices.get(SELF)
    if SELF in MUST_AGREE[band] or own is None or own.state is not ConsentState.WITHDRAWN:
        return True
    return (voices[GUARDIAN].at, voices[GUARDIAN].id) > (own.at, own.id)


def holds(session: Session, subject_id: str, purpose: Purpose, now: datetime) -> bool:
    """Whether the consent to a purpose is in force, the guardian's included where one is needed."""
    band = band_of(session, subject_id)
    return fold(_counting(session, subject_id, purpose, band), band, now)


def permits_enrolment(session: Session, subject_id: str, band: AgeBand, now: datetime) -> bool:
    """Whether somebody of this age group may be enrolled: under 20 not without the guardian.

    Of the group named now and one named in a request that is still open the lower one counts.
    """
    lowest = min(band, band_of(session, subject_id), key=list(AgeBand).index)
    if lowest is AgeBand.FROM_20:
        return True
    return fold(_counting(session, subject_id, Purpose.ENROLMENT, lowest), lowest, now)


def is_agreed_by(
    session: Session, subject_id: str, purpose: Purpose, voice: str, now: datetime
) -> bool:
    """Whether one of those who must agree has agreed, whatever the others say."""
    events = [
        event
        for event in _events(session, subject_id, purpose)
        if event.actor == voice or event.actor not in VOICES
    ]
    return is_living(events[-1] if events else None, now)


def band_of(session: Session, subject_id: str) -> AgeBand:
    """The age group of a subject: as registered, or as said in a request to a guardian."""
    band = session.scalars(
        select(Learner.age_band).where(Learner.conversation_id == subject_id)
    ).one_or_none()
    if band is not None:
        return band
    asked = (
        select(Guardianship.age_band)
        .where(Guardianship.child_id == subject_id, Guardianship.state.in_(OPEN_OR_AGREED))
        .order_by(Guardianship.created_at.desc())
        .limit(1)
    )
    return session.scalars(asked).one_or_none() or AgeBand.FROM_20


def _counting(
    session: Session, subject_id: str, purpose: Purpose, band: AgeBand
) -> list[ConsentEvent]:
    """The events of a purpose without every yes of a guardian whose agreement is over.

    Each agreement begins anew: what a former guardian permitted binds the next one to nothing,
    and permits nothing once there is no guardian left who could take it back (PDPA s.20).
    """
    events = _events(session, subject_id, purpose)
    if GUARDIAN not in MUST_AGREE[band]:
        return events
    since = session.scalars(
        select(Guardianship.decided_at)
        .where(Guardianship.child_id == subject_id, Guardianship.state == GuardianshipState.AGREED)
        .order_by(Guardianship.decided_at.desc())
        .limit(1)
    ).one_or_none()
    return [
        event
        for event in events
        if event.actor != GUARDIAN
        or event.state is not ConsentState.GIVEN
        or (since is not None and event.at >= since)
    ]


def _events(session: Session, subject_id: str, purpose: Purpose) -> list[ConsentEvent]:
    query = (
        select(ConsentEvent)
        .where(ConsentEvent.subject_id == subject_id, ConsentEvent.purpose == purpose)
        .order_by(ConsentEvent.at, ConsentEvent.id)
    )
    return list(session.scalars(query))


def history(session: Session, subject_id: str) -> list[ConsentEvent]:
    """Every event of a person, oldest first."""
    query = (
        select(ConsentEvent)
        .where(ConsentEvent.subject_id == subject_id)
        .order_by(ConsentEvent.at, ConsentEvent.id)
    )
    return list(session.scalars(query))
