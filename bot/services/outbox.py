"""Paid messages: queued with their retry key, claimed, sent, settled; never twice."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from bot.errors import DeliveryError, SealError
from bot.services import news
from bot.settings import Settings
from models.base import new_id, session_keyring
from models.consent import Purpose
from models.conversation import Conversation
from models.database import database_of
from models.outbox import IS_QUEUED, Push, PushState

LEASE = timedelta(seconds=20)
# LINE forgets a retry key after 24 hours; a try after that could be a second message.
KEY_LIFE = timedelta(hours=23, minutes=30)
LONGEST_WAIT = timedelta(minutes=30)


@dataclass(frozen=True)
class Outgoing:
    """A claimed push, ready for the call."""

    id: str
    attempts: int
    to: str
    messages: list[dict[str, Any]]
    retry_key: str


def queue(
    session: Session,
    *,
    cause: str,
    person: str,
    to: str,
    messages: list[dict[str, Any]],
    now: datetime,
    purpose: Purpose | None = None,
    topic: str | None = None,
    subject_id: str | None = None,
) -> bool:
    """Add one push, in the transaction of what caused it; the same cause adds nothing more.

    News names its purpose, topic and ledger subject: they are asked again before each try.
    """
    keyring, push_id = session_keyring(session), new_id()
    body = json.dumps(messages, ensure_ascii=False).encode()
    row = {
        "id": push_id,
        "cause": cause,
        "person": person,
        "to_sealed": keyring.seal(to.encode(), f"push|to_sealed|{push_id}"),
        "messages_sealed": keyring.seal(body, f"push|messages_sealed|{push_id}"),
        "retry_key": str(uuid4()),
        "state": PushState.QUEUED,
        "created_at": now,
        "due_at": now,
        "attempts": 0,
        "purpose": purpose,
        "topic": topic,
        "subject_id": subject_id,
    }
    insert = sqlite.insert if database_of(session).is_sqlite else postgresql.insert
    added = insert(Push).values(row).on_conflict_do_nothing().returning(Push.id)
    return session.execute(added).first() is not None


def claim(session: Session, worker: str, now: datetime, most: int = 20) -> list[Outgoing]:
    """Lease pushes that are due; the attempt is counted when its call begins (`begin`)."""
    database = database_of(session)
    clock = database.time()
    turn = (
        select(Push.id)
        .where(IS_QUEUED, Push.due_at <= now)
        .where(or_(Push.lease_until.is_(None), Push.lease_until < clock))
        .order_by(Push.due_at)
        .limit(most)
    )
    if not database.is_sqlite:
        turn = turn.with_for_update(skip_locked=True)
    claimed = session.execute(
        update(Push)
        .where(Push.id.in_(turn))
        .values(worker=worker, lease_until=database.time(LEASE))
        .returning(Push.id, Push.attempts, Push.to_sealed, Push.messages_sealed, Push.retry_key)
        .execution_options(synchronize_session=False)
    )
    return [found for row in claimed if (found := _opened(session, row)) is not None]


def _opened(session: Session, row: Any) -> Outgoing | None:
    """A claimed row with its seals open; one that cannot be read is closed: it never could go."""
    keyring = session_keyring(session)
    try:
        to = keyring.open(row.to_sealed, f"push|to_sealed|{row.id}").decode()
        messages = json.loads(keyring.open(row.messages_sealed, f"push|messages_sealed|{row.id}"))
    except (SealError, ValueError, TypeError):
        _close(session.get_one(Push, row.id), PushState.FAILED, "cannot be read")
        return None
    return Outgoing(row.id, row.attempts, to, messages, row.retry_key)


def begin(
    session: Session, outgoing: Outgoing, worker: str, now: datetime, settings: Settings
) -> Outgoing | None:
    """Count an attempt just before its call; None where it may not go out any more."""
    why_not = _why_not(session, outgoing.id, now, settings)
    push = session.get(Push, outgoing.id, with_for_update=True, populate_existing=True)
    if push is None or push.state is not PushState.QUEUED or push.worker != worker:
        return None
    if push.attempts != outgoing.attempts:
        return None
    if push.first_tried_at is not None and now - push.first_tried_at > KEY_LIFE:
        _close(push, PushState.UNKNOWN, "retry key expired")
        return None
    person = session.scalars(
        select(Conversation).where(Conversation.person == push.person)
    ).one_or_none()
    if person is not None and person.blocked_at is not None:
        _close(push, PushState.FAILED, "blocked")
        return None
    if why_not is not None:
        _close(push, PushState.DROPPED, why_not)
        return None
    push.attempts += 1
    push.first_tried_at = push.first_tried_at or now
    renewed: Any = database_of(session).time(LEASE)
    push.lease_until = renewed
    return Outgoing(push.id, push.attempts, outgoing.to, outgoing.messages, outgoing.retry_key)


def sent(
    session: Session, outgoing: Outgoing, worker: str, request_id: str | None, now: datetime
) -> None:
    """LINE accepted it; what was said and to whom is erased."""
    push = _mine(session, outgoing, worker)
    if push is not None:
        push.request_id, push.sent_at = request_id, now
        _close(push, PushState.SENT, None)


def failed(
    session: Session, outgoing: Outgoing, worker: str, error: DeliveryError, now: datetime
) -> None:
    """Try again later, or close it where LINE refused it for good."""
    push = _mine(session, outgoing, worker)
    if push is None:
        return
    if error.permanent:
        _close(push, PushState.FAILED, f"{error.status} {error.reason}")
        return
    push.reason = f"{error.status} {error.reason}"[:80]
    push.due_at = now + min(timedelta(seconds=2**push.attempts), LONGEST_WAIT)
    push.lease_until = None


def _why_not(session: Session, push_id: str, now: datetime, settings: Settings) -> str | None:
    """Why this news may not go out now, whatever was so when it was queued; other words always may.

    It locks the person, hence before the push: an erasure takes both in this order.
    """
    push = session.get(Push, push_id)
    if push is None or push.purpose is None or push.state is not PushState.QUEUED:
        return None
    if push.subject_id is None:
        return "no subject"
    return news.may_send(
        session, push.subject_id, push.purpose, push.topic, now, settings, push.id, push.to
    )


def _mine(session: Session, outgoing: Outgoing, worker: str) -> Push | None:
    push = session.get(Push, outgoing.id, with_for_update=True)
    if push is None or push.state is not PushState.QUEUED:
        return None
    return push if (push.worker, push.attempts) == (worker, outgoing.attempts) else None


def _close(push: Push, state: PushState, reason: str | None) -> None:
    push.state = state
    push.reason = reason[:80] if reason else None
    push.to_sealed = push.messages_sealed = None
    push.lease_until = None
