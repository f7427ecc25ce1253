"""The inbox: stored before acknowledged, handled in order for each person, answered, emptied."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from bot.crypto import Keyring
from bot.services.chat.inbox_queries import FINISH, InboxStatements, built
from bot.services.chat.replies import Answer, dumped, loaded
from bot.services.people.people import pseudonym
from bot.services.shared import throttles
from bot.services.shared.throttles import Limit
from bot.texts import periods
from models import leases
from models.base import session_keyring
from models.database import Database, database_of
from models.inbox import FINISHED, IS_OPEN, EventState, GreetedGroup, WebhookEvent
from models.inserts import insert_if_new

LEASE = timedelta(seconds=20)  # longer than a reply call with its timeouts (13 s)
MAX_ATTEMPTS = 5
LONGEST_WAIT = timedelta(minutes=1)  # of an answer that is given back (`leave`)
PATIENCE = timedelta(seconds=2)  # after which the sweep looks at what its process has not begun
ONE_SET = Limit("image_set", 1, timedelta(hours=1))
ONE_GREETING = Limit("greeting", 1, timedelta(minutes=1))
KEEP_IDS = periods.EVENTS  # LINE signs no timestamp: the ids are the guard against replay


class Incoming(Protocol):
    """What the inbox asks of an event before it is stored; the channel reads it."""

    @property
    def id(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def happened_at(self) -> datetime: ...
    @property
    def user_id(self) -> str | None: ...
    @property
    def group_id(self) -> str | None: ...


@dataclass(frozen=True)
class Stored:
    """Whose lane an event belongs to."""

    id: str
    person: str


@dataclass(frozen=True)
class OpenEvent:
    """The earliest event of a person that is not finished: to be handled, or to be answered.

    payload: the event as it was sent; None once it took effect.
    """

    id: str
    state: EventState
    attempts: int
    received_at: datetime
    is_free: bool
    has_more: bool  # another event of this person is open behind it
    payload: dict[str, Any] | None
    answer: Answer | None


def store(
    database: Database,
    keyring: Keyring,
    events: Iterable[tuple[dict[str, Any], Incoming]],
    now: datetime,
) -> list[Stored]:
    """Make events, as sent and as read, durable, each once; returns the lanes with work to do.

    A group's event keeps its reply token and the
    group's id until it is answered, and nothing that was said.
    """
    rows, stored = [], []
    for raw, event in events:
        person = _lane(keyring, event)
        payload = json.dumps(_kept(raw, event), ensure_ascii=True).encode()
        rows.append(
            {
                "id": event.id,
                "person": person,
                "kind": event.kind,
                "happened_at": event.happened_at,
                "received_at": now,
                "payload_sealed": keyring.seal(payload, f"webhook_event|payload_sealed|{event.id}"),
                "state": EventState.RECEIVED,
                "attempts": 0,
            }
        )
        stored.append(Stored(event.id, person))
    if rows:
        database.insert(WebhookEvent.__table__, rows)
    return stored


def _lane(keyring: Keyring, event: Incoming) -> str:
    if event.group_id is not None:
        return keyring.blind("greeted_group.digest", event.group_id)
    if event.user_id is not None:
        return pseudonym(keyring, event.user_id)
    return keyring.blind("webhook_event.nobody", event.id)


def _kept(raw: dict[str, Any], event: Incoming) -> dict[str, Any]:
    if event.group_id is None:
        return raw
    source = {key: raw["source"].get(key) for key in ("type", "groupId", "roomId")}
    kept = {key: raw.get(key) for key in ("type", "mode", "timestamp", "replyToken")}
    return {**kept, "webhookEventId": event.id, "source": source}


def earliest(session: Session, person: str, worker: str) -> OpenEvent | None:
    """What comes next for a person; events run in the order in which they happened."""
    database = database_of(session)
    parameters = {"of_person": person, "me": worker, **leases.times(database, LEASE, ("clock",))}
    rows = _statements(database).earliest.rows(session, parameters)
    if not rows:
        return None
    event_id, state, attempts, received_at, payload, said, is_free = rows[0]
    keyring = session_keyring(session)
    raw = answer = None
    if payload is not None:
        opened = keyring.open(payload, f"webhook_event|payload_sealed|{event_id}")
        raw = json.loads(opened)
    if said is not None:
        answer = Answer(
            event_id=event_id,
            person=person,
            attempts=attempts,
            received_at=received_at,
            **loaded(keyring.open(said, f"webhook_event|answer_sealed|{event_id}")),
        )
    return OpenEvent(
        id=event_id,
        state=state,
        attempts=attempts,
        received_at=received_at,
        is_free=bool(is_free),
        has_more=len(rows) > 1,
        payload=raw,
        answer=answer,
    )


def handled(session: Session, open_event: OpenEvent, answer: Answer | None, worker: str) -> bool:
    """Record that an event took effect, with what is to be said; its content is erased.

    In the handler's own transaction: state, side rows and this are one fact. False means that
    another worker was quicker, and everything must be rolled back.
    """
    database = database_of(session)
    sealed = None
    if answer is not None:
        place = f"webhook_event|answer_sealed|{open_event.id}"
        sealed = session_keyring(session).seal(dumped(answer), place)
    met = _statements(database).handled.count(
        session,
        {
            "of_id": open_event.id,
            "of_attempts": open_event.attempts,
            "to_state": EventState.DONE if answer is None else EventState.ANSWERING,
            "said": sealed,
            "me": worker,
            **leases.times(database, LEASE),
        },
    )
    return met == 1


def take_over(session: Session, open_event: OpenEvent, worker: str) -> bool:
    """Begin another attempt at an event whose worker died or gave it back."""
    table, database = WebhookEvent, database_of(session)
    result = session.execute(
        update(table)
        .where(
            table.id == open_event.id,
            table.state == open_event.state,
            table.attempts == open_event.attempts,
            or_(leases.is_free(table, database.time()), table.worker == worker),
        )
        .values(attempts=table.attempts + 1, worker=worker, lease_until=database.time(LEASE))
        .execution_options(synchronize_session=False)
    )
    return rows_of(result) == 1


def finish(
    session: Session, answer: Answer, worker: str, state: EventState = EventState.DONE
) -> bool:
    """Close an event and erase its answer; fenced, so that a worker that lost it cannot."""
    return FINISH.count(session, _finishing(answer, worker, state)) == 1


def finish_soon(database: Database, answer: Answer, worker: str) -> None:
    """The same, without waiting for it.

    Should we die before it is written, the answer is tried once more, and LINE says that its
    reply token was used.
    """
    row = _finishing(answer, worker, EventState.DONE)
    database.execute_many(FINISH, [row], wait=False)


def leave(session: Session, answer: Answer, worker: str, wait: timedelta) -> None:
    """Give an answer back, to be tried again after a while."""
    session.execute(
        update(WebhookEvent)
        .where(*_fence(answer, worker))
        .values(lease_until=database_of(session).time(min(wait, LONGEST_WAIT)), worker=None)
        .execution_options(synchronize_session=False)
    )


def give_up(session: Session, open_event: OpenEvent) -> None:
    """Close an event that failed too often to be tried again."""
    session.execute(
        update(WebhookEvent)
        .where(WebhookEvent.id == open_event.id, IS_OPEN)
        .values(state=EventState.FAILED, answer_sealed=None, payload_sealed=None)
        .execution_options(synchronize_session=False)
    )


def waiting(session: Session, now: datetime, most: int = 200) -> list[str]:
    """People with open events that nobody is at: left by a crash, or given back."""
    table = WebhookEvent
    query = (
        select(table.person)
        .where(
            IS_OPEN,
            or_(
                table.lease_until < database_of(session).time(),
                table.lease_until.is_(None) & (table.received_at < now - PATIENCE),
            ),
        )
        .group_by(table.person)
        .limit(most)
    )
    return [person for person in session.scalars(query) if person is not None]


def everyone_waiting(session: Session) -> list[str]:
    """All people with open events."""
    query = select(WebhookEvent.person).where(IS_OPEN).group_by(WebhookEvent.person)
    return [person for person in session.scalars(query) if person is not None]


def reclaim(session: Session) -> list[str]:
    """End all leases and return everybody with open events: only for the one process there is."""
    session.execute(
        update(WebhookEvent)
        .where(IS_OPEN)
        .values(lease_until=None, worker=None)
        .execution_options(synchronize_session=False)
    )
    return everyone_waiting(session)


def purge(session: Session, now: datetime) -> int:
    """Forget the ids of events that can no longer be replayed."""
    result = session.execute(
        delete(WebhookEvent).where(
            WebhookEvent.received_at < now - KEEP_IDS, WebhookEvent.state.in_(FINISHED)
        )
    )
    return rows_of(result)


def rows_of(result: Any) -> int:
    """How many rows an UPDATE or DELETE met."""
    return int(result.rowcount)


def _fence(answer: Answer, worker: str) -> tuple[Any, ...]:
    return (
        WebhookEvent.id == answer.event_id,
        WebhookEvent.worker == worker,
        WebhookEvent.attempts == answer.attempts,
        WebhookEvent.state == EventState.ANSWERING,
    )


def _finishing(answer: Answer, worker: str, state: EventState) -> dict[str, Any]:
    return {
        "of_id": answer.event_id,
        "of_worker": worker,
        "of_attempts": answer.attempts,
        "to_state": state,
    }


def _statements(database: Database) -> InboxStatements:
    return built(database.has_own_clock, LEASE)


def is_first_of_set(session: Session, person: str, image_set: str, now: datetime) -> bool:
    """Note that pictures sent at once are being answered; False for the others of their set.

    LINE numbers them, but delivers them in any order, and older phones do not tell the number.
    """
    return throttles.take(session, [(ONE_SET, f"{person}|{image_set}")], now) == throttles.NOW


def greets_person(session: Session, person: str, now: datetime) -> bool:
    """Note that somebody who added the account is being greeted; False right after another time."""
    return throttles.take(session, [(ONE_GREETING, person)], now) == throttles.NOW


def greets_first(session: Session, digest: str, now: datetime) -> bool:
    """Note that a group is being told; False where it was told before."""
    return insert_if_new(session, GreetedGroup, {"digest": digest, "told_at": now})
