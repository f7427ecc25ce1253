"""Paid messages: queued with their retry key, claimed, sent, settled; never twice."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from random import uniform
from typing import Any
from uuid import uuid4

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.errors import DeliveryError, SealError
from bot.receipts import Receipt, Shortage
from bot.services.delivery.gate import Decision, Drop, Gate, Go, News, Wait
from bot.services.delivery.outbox_queries import OutboxStatements, built, ids
from bot.services.delivery.presenter import Notice, presenter_of
from bot.services.shared import retries
from models import leases
from models.base import new_id, session_keyring
from models.consent import Purpose
from models.conversation import Conversation
from models.database import database_of
from models.inserts import insert_if_new
from models.learner import Learner
from models.outbox import IS_QUEUED, Push, PushState

LEASE = timedelta(seconds=20)
# LINE forgets a retry key after 24 hours; a try after that could be a second message.
KEY_LIFE = timedelta(hours=23, minutes=30)
SECOND, MAX_WAIT = timedelta(seconds=1), timedelta(minutes=30)


# What is left for LINE's limits to pass: a moment, another sending, the owner.
WAITS = {Shortage.RATE: 2, Shortage.RESERVED: 12, Shortage.QUOTA: 300}


@dataclass(frozen=True)
class OutgoingPush:
    """A claimed push, ready for the call: byte by byte the same for every try."""

    id: str
    attempts: int
    person: str
    body: bytes = field(repr=False)
    retry_key: str
    is_news: bool


def queue(
    session: Session,
    *,
    cause: str,
    person: str,
    to: str,
    messages: list[dict[str, Any]],
    now: datetime,
    news: News | None = None,
) -> bool:
    """Add one push, in the transaction of what caused it; the same cause adds nothing more.

    An imported learner who has yet to join has no chat (`to` is empty): nothing is added.
    """
    if not to:
        return False
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
        "purpose": news.purpose if news else None,
        "topic": news.topic if news else None,
        "subject_id": news.subject_id if news else None,
    }
    return insert_if_new(session, Push, row)


def tell(
    session: Session,
    notice: Notice,
    language: str,
    *,
    cause: str,
    person: str,
    to: str,
    now: datetime,
    news: News | None = None,
) -> bool:
    """Add one push that says a notice, in words that are made now: each try says the same."""
    return queue(
        session,
        cause=cause,
        person=person,
        to=to,
        messages=presenter_of(session).messages(session, notice, language),
        now=now,
        news=news,
    )


def tell_learner(
    session: Session,
    notice: Notice,
    learner: Learner,
    *,
    cause: str,
    now: datetime,
    news: News | None = None,
) -> bool:
    """The same into a learner's own chat, in their language."""
    person = session.get_one(Conversation, learner.conversation_id).person
    to = learner.line_user_id or ""
    return tell(
        session, notice, learner.language, cause=cause, person=person, to=to, now=now, news=news
    )


def claim(session: Session, worker: str, now: datetime, most: int = 20) -> list[OutgoingPush]:
    """Lease pushes that are due, first come first; attempts are counted later (`begin`)."""
    times = leases.times(database_of(session), LEASE, ("clock", "until"))
    asked = {**times, "me": worker, "now": now, "most": most}
    rows = sorted(_statements(session).claim.rows(session, asked), key=itemgetter(0, 1))
    return [found for row in rows if (found := _opened(session, *row[1:])) is not None]


def _opened(
    session: Session,
    push_id: str,
    attempts: int,
    person: str,
    to_sealed: bytes,
    messages_sealed: bytes,
    retry_key: str,
    purpose: Purpose | None,
) -> OutgoingPush | None:
    """A claimed row with its seals open; one that cannot be read is closed: it never could go."""
    keyring = session_keyring(session)
    try:
        to = keyring.open(to_sealed, f"push|to_sealed|{push_id}").decode()
        messages = keyring.open(messages_sealed, f"push|messages_sealed|{push_id}")
    except (SealError, ValueError, TypeError):
        _close(session.get_one(Push, push_id), PushState.FAILED, "cannot be read")
        return None
    body = presenter_of(session).push(to, messages)
    return OutgoingPush(push_id, attempts, person, body, retry_key, is_news=purpose is not None)


def begin_all(
    session: Session, claimed: Sequence[OutgoingPush], worker: str, now: datetime, gate: Gate
) -> list[OutgoingPush]:
    """Count an attempt for each push that is about to go out; leaves out what may not.

    For everything but news, about which each person is asked again (`begin`).
    """
    may_go: set[str] = set()
    statement, is_sqlite = _statements(session).begin, database_of(session).is_sqlite
    times = leases.times(database_of(session), LEASE)
    asked = {**times, "me": worker, "now": now, "oldest": now - KEY_LIFE}
    for attempts, group in groupby(sorted(claimed, key=_attempts), key=_attempts):
        asked |= {"of_attempts": attempts, "of_ids": ids(is_sqlite, [one.id for one in group])}
        may_go.update(row[0] for row in statement.rows(session, asked))
    for one in claimed:
        if one.id not in may_go:
            begin(session, one, worker, now, gate)  # which closes it
    return [replace(one, attempts=one.attempts + 1) for one in claimed if one.id in may_go]


def begin(
    session: Session, outgoing: OutgoingPush, worker: str, now: datetime, gate: Gate
) -> OutgoingPush | None:
    """Count an attempt just before its call; None where it may not go out any more."""
    decided = _decided(session, outgoing.id, now, gate)  # locks the person, hence first
    push = _mine(session, outgoing, worker)
    if push is None:
        return None
    if push.first_tried_at is not None and now - push.first_tried_at > KEY_LIFE:
        if push.attempts == push.held:
            _close(push, PushState.FAILED, "limit reached")
        else:
            _close(push, PushState.UNKNOWN, "retry key expired")
        return None
    person = session.scalars(
        select(Conversation).where(Conversation.person == push.person)
    ).one_or_none()
    if person is not None and person.blocked_at is not None:
        _close(push, PushState.FAILED, "blocked")
        return None
    if isinstance(decided, Drop):
        _close(push, PushState.DROPPED, decided.reason)
        return None
    if isinstance(decided, Wait):
        leases.give_back(push, decided.until)
        return None
    push.attempts += 1
    push.first_tried_at = push.first_tried_at or now
    leases.renew(session, push, LEASE)
    return replace(outgoing, attempts=push.attempts)


def sent(
    session: Session, taken: Sequence[tuple[OutgoingPush, Receipt]], worker: str, now: datetime
) -> None:
    """LINE accepted them. A worker that lost its lease changes nothing."""
    statements, mine = _statements(session), {"me": worker, "now": now}
    if database_of(session).is_sqlite:
        rows = [
            mine | {"of_id": o.id, "of_attempts": o.attempts, "of_request": receipt.request_id}
            for o, receipt in taken
        ]
        statements.sent.many(session, rows)
        return
    arrays = {
        "of_ids": [outgoing.id for outgoing, _ in taken],
        "of_attempts": [outgoing.attempts for outgoing, _ in taken],
        "of_requests": [receipt.request_id for _, receipt in taken],
    }
    statements.sent_all.count(session, mine | arrays)


def failed(
    session: Session, outgoing: OutgoingPush, worker: str, error: DeliveryError, now: datetime
) -> None:
    """Try again later, or close it where LINE refused it for good."""
    push = _mine(session, outgoing, worker)
    if push is None:
        return
    if error.permanent:
        _close(push, PushState.FAILED, f"{error.status} {error.reason}")
        return
    wait = retries.wait(SECOND, push.attempts - push.held, MAX_WAIT, spread=_apart())
    leases.put_off(push, now + wait, f"{error.status} {error.reason}")


def rate_limited(
    session: Session,
    outgoing: Sequence[OutgoingPush],
    worker: str,
    shortage: Shortage,
    now: datetime,
) -> None:
    """A limit of LINE's was met (429): these were not sent, and it says nothing about them."""
    for one in outgoing:
        push = _mine(session, one, worker)
        if push is not None:
            push.held += 1
            leases.put_off(push, now + WAITS[shortage] * SECOND * _apart(), f"429 {shortage}")


def release(session: Session, claimed: Sequence[OutgoingPush], worker: str) -> None:
    """Give back what was claimed and not begun."""
    session.execute(
        update(Push)
        .where(Push.id.in_([one.id for one in claimed]), IS_QUEUED, Push.worker == worker)
        .values(lease_until=None)
        .execution_options(synchronize_session=False)
    )


def _decided(session: Session, push_id: str, now: datetime, gate: Gate) -> Decision:
    """What becomes of news now, whatever was so when they were queued; other words always go."""
    push = session.get(Push, push_id)
    if push is None or push.purpose is None or push.state is not PushState.QUEUED:
        return Go()
    return gate.decide(session, push, now)


def _mine(session: Session, outgoing: OutgoingPush, worker: str) -> Push | None:
    return leases.mine(session, Push, outgoing.id, worker, outgoing.attempts, PushState.QUEUED)


def _close(push: Push, state: PushState, reason: str | None) -> None:
    leases.close(push, state, reason)
    push.to_sealed = push.messages_sealed = None


def _apart() -> float:
    """What was refused together must not come back together."""
    return uniform(1, 1.25)  # noqa: S311 - nothing secret


def _attempts(outgoing: OutgoingPush) -> int:
    return outgoing.attempts


def _statements(session: Session) -> OutboxStatements:
    database = database_of(session)
    return built(database.is_sqlite, database.has_own_clock, LEASE)
