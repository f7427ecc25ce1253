"""How a guardianship ends: refused, cancelled, withdrawn, expired; and what is erased with it.

Order of locks: a conversation before the guardianship that hangs on it, and the guardian's
before the child's; the child's own chat takes no other.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot.services.audit import audit
from bot.services.audit.audit import Action
from bot.services.chat import drafts
from bot.services.consent import consents
from bot.services.consent.consents import GUARDIAN, VOICES, ConsentStatement
from bot.services.delivery import outbox
from bot.services.people import people
from bot.settings import School
from models.consent import ConsentState, Purpose
from models.conversation import Conversation
from models.guardianship import OPEN_OR_AGREED, Guardianship, GuardianshipState
from models.learner import Learner
from models.subscription import Subscription

_BY_SYSTEM = ConsentStatement("", channel="system", actor="system")
_SEALED = ("code", "nickname", "child_line", "guardian_line", "guardian_called")


def record_decision(session: Session, row: Guardianship, now: datetime) -> None:
    """Write into the audit trail what the guardian decided."""
    note(session, Action.GUARDIAN_DECIDED, row, GUARDIAN, now, state=row.state)


def note(
    session: Session, action: Action, row: Guardianship, actor: str, now: datetime, **data: str
) -> None:
    """Write an act on a guardianship into the audit trail; it is about the child."""
    of = {"guardianship_id": row.id, **data}
    audit.record(session, action, actor=actor, subject=row.child_id, now=now, **of)


def refuse(
    session: Session,
    row: Guardianship,
    child: Conversation,
    said: ConsentStatement,
    school: School,
    now: datetime,
) -> None:
    """The guardian does not agree: what the child gave meanwhile ends, and the draft too."""
    row.state, row.decided_at = GuardianshipState.REFUSED, now
    record_decision(session, row, now)
    _erase(row, now)
    _end_consents(session, child, ConsentState.INVALIDATED, _BY_SYSTEM, school, now)
    consents.record(session, child, Purpose.ENROLMENT, ConsentState.REFUSED, said, school, now)
    if child.learner_id is None and child.flow == "registration":
        drafts.clear(child)


def cancel(
    session: Session,
    row: Guardianship,
    child: Conversation,
    said: ConsentStatement,
    school: School,
    now: datetime,
) -> None:
    """The child gives up registering: the request ends with everything that hung on it."""
    drafts.end_unused_consents(session, child, ConsentState.WITHDRAWN, said, school, now)
    _end_consents(session, child, ConsentState.EXPIRED, _BY_SYSTEM, school, now)
    end(session, row, "cancelled", now)


def withdraw(
    session: Session,
    row: Guardianship,
    child: Conversation,
    said: ConsentStatement,
    school: School,
    now: datetime,
) -> None:
    """The guardian takes every yes back; the child's unfinished registration ends with it."""
    for purpose in Purpose:
        if consents.is_agreed_by(session, child.id, purpose, GUARDIAN, now):
            consents.record(session, child, purpose, ConsentState.WITHDRAWN, said, school, now)
    if child.learner_id is None:
        session.flush()
        _end_consents(session, child, ConsentState.EXPIRED, _BY_SYSTEM, school, now)
        if child.flow == "registration":
            drafts.clear(child)
    end(session, row, "withdrawn", now)


def end(session: Session, row: Guardianship, cause: str, now: datetime) -> None:
    """Close a guardianship: names and chats are erased, the ledger keeps its proof."""
    row.state = GuardianshipState.EXPIRED if cause == "expired" else GuardianshipState.ENDED
    _erase(row, now)
    actor = "system" if cause == "expired" else "bot"
    note(session, Action.GUARDIAN_ENDED, row, actor, now, cause=cause)


def end_for_child(session: Session, child_id: str, cause: str, now: datetime) -> None:
    """End what stands open or agreed for somebody who left: withdrawn, erased."""
    query = select(Guardianship).where(
        Guardianship.child_id == child_id, Guardianship.state.in_(OPEN_OR_AGREED)
    )
    for row in session.scalars(query):
        end(session, row, cause, now)


def expire_due(session: Session, school: School, now: datetime, most: int = 200) -> int:
    """End requests whose time is over, a batch at a time; returns how many."""
    enrolled = select(Learner.conversation_id)
    query = (
        select(Guardianship)
        .where(
            Guardianship.expires_at <= now,
            Guardianship.state.in_(OPEN_OR_AGREED),
            Guardianship.child_id.not_in(enrolled),
        )
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    found = list(session.scalars(query))
    for row in found:
        expire(session, row, school, now)
    return len(found)


def tell_child(
    session: Session,
    row: Guardianship,
    child: Conversation,
    cause: str,
    messages: list[dict[str, Any]],
    now: datetime,
) -> None:
    """One push into the child's chat, once for each cause; before the row's end erases the way."""
    to = address_of(session, row, child)
    if to:
        outbox.queue(
            session,
            cause=f"guardian-{cause}:{row.id}",
            person=child.person,
            to=to,
            messages=messages,
            now=now,
        )


def address_of(session: Session, row: Guardianship, child: Conversation) -> str | None:
    """Where the child's chat is reached: as registered, or as kept with the request."""
    learner = people.learner_of(session, child)
    return learner.line_user_id if learner is not None else row.child_line


def expire(session: Session, row: Guardianship, school: School, now: datetime) -> None:
    """The time of one request is over: it dies, and the consents given meanwhile with it."""
    end(session, row, "expired", now)
    child = session.get(Conversation, row.child_id)
    if child is not None:
        _end_consents(session, child, ConsentState.EXPIRED, _BY_SYSTEM, school, now)


def _end_consents(
    session: Session,
    child: Conversation,
    state: ConsentState,
    said: ConsentStatement,
    school: School,
    now: datetime,
) -> None:
    """Close whatever either voice has given for a registration that will not come about."""
    if child.learner_id is not None:
        return
    session.flush()
    for purpose in Purpose:
        if any(consents.is_agreed_by(session, child.id, purpose, v, now) for v in VOICES):
            consents.record(session, child, purpose, state, said, school, now)
    session.execute(delete(Subscription).where(Subscription.subject_id == child.id))


def _erase(row: Guardianship, now: datetime) -> None:
    row.ended_at = now
    for attribute in _SEALED:
        setattr(row, attribute, None)
    row.nickname_source = None
