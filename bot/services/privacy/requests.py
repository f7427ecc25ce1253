"""Exercised rights as rows: opened once, moved by one function, with the law's clocks.

Clocks: acknowledge within 15 days and answer within 30 (PDPC notification on access; PDPA s.30),
erase within 90 (PDPC notification on erasure; PDPA s.33). What is done about each kind of request
stands in bot/services/privacy/rights.py.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from bot.services.audit import audit
from bot.services.audit.audit import Action
from bot.services.consent import consents
from bot.services.people.subjects import Subject
from bot.unicode import trimmed
from models.base import new_id
from models.conversation import Conversation
from models.privacy import OPEN_REQUESTS, PrivacyRequest, RequestKind, RequestState

ACKNOWLEDGE = timedelta(days=15)
ANSWER = timedelta(days=30)
ERASE = timedelta(days=90)
MAX_DETAIL = 500  # characters of one note
_DIGITS, _GROUP = 8, 4  # of a number: one in four thousand million, in two halves
_MOST_NOTES = 2000  # what one request keeps of several notes

MOVES: dict[RequestState, set[RequestState]] = {
    RequestState.RECEIVED: {
        RequestState.ACKNOWLEDGED,
        RequestState.HELD,
        RequestState.DONE,
        RequestState.REFUSED,
    },
    RequestState.ACKNOWLEDGED: {RequestState.HELD, RequestState.DONE, RequestState.REFUSED},
    RequestState.HELD: {RequestState.ACKNOWLEDGED, RequestState.DONE, RequestState.REFUSED},
    RequestState.DONE: set(),
    RequestState.REFUSED: set(),
}


class RequestError(ValueError):
    """A request cannot be moved so; the text says why and names no person."""


@dataclass(frozen=True)
class Asked:
    """Who asks about whom, and where: the person or, for somebody under 20, the guardian."""

    subject: Subject
    by: str = consents.SELF  # or consents.GUARDIAN
    channel: str = "line"  # line, portal, staff
    webhook_event_id: str | None = None  # what the ledger names as the act
    guardian_id: str | None = None  # the guardian's conversation
    message_id: str | None = None  # LINE's, of the message that is the note

    @property
    def actor(self) -> str:
        """The same for the audit trail."""
        return "learner" if self.by == consents.SELF else self.by


def for_child(
    guardian: Conversation,
    child: Conversation,
    *,
    channel: str = "line",
    webhook_event_id: str | None = None,
    message_id: str | None = None,
) -> Asked:
    """What a guardian asks in a child's place; the caller knows that the agreement stands."""
    subject = Subject(child.id, child.learner_id)
    return Asked(subject, consents.GUARDIAN, channel, webhook_event_id, guardian.id, message_id)


def open_request(
    session: Session, asked: Asked, kind: RequestKind, now: datetime, detail: str | None = None
) -> PrivacyRequest:
    """The asker's open request of this kind, made where there is none: two taps are one request.

    The caller has locked the conversation, so two taps at once cannot both get here. A further
    note is added to what was written before.
    """
    found = open_of(session, asked, kind)
    if found is None:
        found = PrivacyRequest(
            id=new_id(),
            subject_id=asked.subject.conversation_id,
            learner_id=asked.subject.learner_id,
            kind=kind,
            state=RequestState.RECEIVED,
            asked_by=asked.by,
            guardian_id=asked.guardian_id,
            channel=asked.channel,
            opened_at=now,
            acknowledge_by=now + ACKNOWLEDGE,
            due_at=now + (ERASE if kind is RequestKind.ERASE else ANSWER),
        )
        session.add(found)
        audit.record(
            session,
            Action.REQUEST_OPENED,
            actor=asked.actor,
            subject=asked.subject.conversation_id,
            now=now,
            request_id=found.id,
            kind=kind,
            asked_by=asked.by,
        )
    if detail and trimmed(detail):
        with session.no_autoflush:
            _keep_notes(found, [*_notes(found), (asked.message_id, trimmed(detail)[:MAX_DETAIL])])
    session.flush()
    return found


def forget_note(session: Session, conversation_id: str, message_id: str) -> None:
    """Erase the note that came in a message which was taken back; the request itself stays."""
    query = select(PrivacyRequest).where(
        or_(
            PrivacyRequest.subject_id == conversation_id,
            PrivacyRequest.guardian_id == conversation_id,
        ),
        PrivacyRequest.detail_sealed.is_not(None),
    )
    for request in session.scalars(query):
        notes = _notes(request)
        kept = [note for note in notes if note[0] != message_id]
        if len(kept) < len(notes):
            _keep_notes(request, kept)


def _notes(request: PrivacyRequest) -> list[tuple[str | None, str]]:
    """The notes of a request, each with the message that it came in where that is known."""
    rest, found = request.detail or "", list[tuple[str | None, str]]()
    for message_id, length in reversed(request.sources or []):
        found.insert(0, (message_id, rest[-length:]))
        rest = rest[: -length - 1]
    return [(None, rest), *found] if rest else found


def _keep_notes(request: PrivacyRequest, notes: list[tuple[str | None, str]]) -> None:
    while sum(len(note) + 1 for _, note in notes[1:]) >= _MOST_NOTES and len(notes) > 1:
        notes = notes[1:]
    text = "\n".join(note for _, note in notes)[-_MOST_NOTES:]
    request.detail = text or None
    first = len(text) - sum(len(note) + 1 for _, note in notes[1:])
    lengths = [first, *(len(note) for _, note in notes[1:])]
    request.sources = [
        [message_id, length] for (message_id, _), length in zip(notes, lengths, strict=False)
    ]


def move(
    session: Session,
    request: PrivacyRequest,
    state: RequestState,
    now: datetime,
    *,
    actor: str,
    reason: str | None = None,
) -> None:
    """The only way to another state; raises RequestError for a move that there is not.

    A refusal needs its reason: it is told to the person and kept for the authority (PDPA s.30,
    s.36, s.39).
    """
    if state not in MOVES[request.state]:
        raise RequestError(f"{request.id} is {request.state} and cannot become {state}")
    if state is RequestState.REFUSED:
        if not trimmed(reason or ""):
            raise RequestError("a refusal needs a reason")
        request.reason = trimmed(reason or "")[:MAX_DETAIL]
    request.state = state
    # Whatever is answered, or said to be held, has been acknowledged by that.
    request.acknowledged_at = request.acknowledged_at or now
    if state not in OPEN_REQUESTS:
        request.closed_at = now
    audit.record(
        session,
        Action.REQUEST_MOVED,
        actor=actor,
        subject=request.subject_id,
        now=now,
        request_id=request.id,
        state=state,
    )
    session.flush()


def number(request_id: str) -> str:
    """What a request is called among people: the end of its id, short enough to be read out."""
    end = request_id[-_DIGITS:].upper()
    return f"{end[:_GROUP]}-{end[_GROUP:]}"


def ids_of(session: Session, number: str) -> list[str]:
    """The requests that a number or a whole id means: one, unless it was mistyped."""
    typed = number.replace("-", "").strip().lower()
    if not re.fullmatch(r"[0-9a-f]{8}([0-9a-f]{24})?", typed):
        return []
    return list(session.scalars(select(PrivacyRequest.id).where(PrivacyRequest.id.endswith(typed))))


def subject_of(request: PrivacyRequest) -> Subject:
    """Whom a request is about."""
    return Subject(request.subject_id, request.learner_id)


def open_of(session: Session, asked: Asked, kind: RequestKind) -> PrivacyRequest | None:
    """The asker's request of a kind that is not closed yet."""
    query = (
        select(PrivacyRequest)
        .where(
            PrivacyRequest.subject_id == asked.subject.conversation_id,
            PrivacyRequest.asked_by == asked.by,
            PrivacyRequest.guardian_id == asked.guardian_id,
            PrivacyRequest.kind == kind,
            PrivacyRequest.state.in_(OPEN_REQUESTS),
        )
        .order_by(PrivacyRequest.opened_at)
        .limit(1)
    )
    return session.scalars(query).one_or_none()


def is_restricted_by_guardian(session: Session, asked: Asked) -> bool:
    """Whether the guardian, and not the person, was the last to stop the use of the data."""
    query = (
        select(PrivacyRequest.asked_by)
        .where(
            PrivacyRequest.subject_id == asked.subject.conversation_id,
            PrivacyRequest.kind == RequestKind.RESTRICT,
        )
        .order_by(PrivacyRequest.opened_at.desc(), PrivacyRequest.id.desc())
        .limit(1)
    )
    return session.scalars(query).one_or_none() == consents.GUARDIAN


def seen_by(session: Session, subject: Subject, most: int = 50) -> list[PrivacyRequest]:
    """What somebody asked, for themselves or for a child, and what a guardian asked for them.

    Open ones come first, newest first within both.
    """
    mine = subject.conversation_id
    query = (
        select(PrivacyRequest)
        .where(or_(PrivacyRequest.subject_id == mine, PrivacyRequest.guardian_id == mine))
        .order_by(
            PrivacyRequest.closed_at.is_not(None),
            PrivacyRequest.opened_at.desc(),
            PrivacyRequest.id.desc(),
        )
        .limit(most)
    )
    return list(session.scalars(query))


def ended_by_erasure(session: Session, subject: Subject) -> list[PrivacyRequest]:
    """Open ones that an erasure answers: about somebody, and what they asked for a child.

    A child's own erasure goes on without the guardian who asked for it.
    """
    mine = subject.conversation_id
    for_a_child = and_(PrivacyRequest.guardian_id == mine, PrivacyRequest.kind != RequestKind.ERASE)
    query = select(PrivacyRequest).where(
        PrivacyRequest.state.in_(OPEN_REQUESTS),
        or_(PrivacyRequest.subject_id == mine, for_a_child),
    )
    return list(session.scalars(query))


def waiting(session: Session) -> list[PrivacyRequest]:
    """Every open request, by the nearest deadline; nothing drops out when it is overdue."""
    query = select(PrivacyRequest).where(PrivacyRequest.state.in_(OPEN_REQUESTS))
    return sorted(session.scalars(query), key=lambda request: (deadline(request), request.id))


def deadline(request: PrivacyRequest) -> datetime:
    """What has to happen next must happen by then: the acknowledgement, then the answer."""
    if request.state is RequestState.RECEIVED:
        return min(request.acknowledge_by, request.due_at)
    return request.due_at


def days_left(request: PrivacyRequest, now: datetime) -> int:
    """Whole days until the deadline; below zero once it has passed."""
    return (deadline(request) - now) // timedelta(days=1)
