"""The outbox's statements on its busiest path, built once; each works on many pushes."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    Integer,
    String,
    any_,
    bindparam,
    column,
    exists,
    func,
    or_,
    select,
    update,
)

from models import leases
from models.base import UTCDateTime
from models.conversation import Conversation
from models.outbox import IS_QUEUED, Push, PushState
from models.prepared import Prepared

_TABLE: Any = Push.__table__
_T = _TABLE.c
# What was said and to whom is erased.
_SENT: dict[Any, Any] = {
    "state": PushState.SENT,
    "reason": None,
    "to_sealed": None,
    "messages_sealed": None,
    "lease_until": None,
}


@dataclass(frozen=True)
class OutboxStatements:
    """Claiming what is due, counting attempts, and recording what LINE took.

    `sent_all` takes arrays (PostgreSQL: a third of the cost), `sent` one push at a time.
    """

    claim: Prepared
    begin: Prepared
    sent: Prepared
    sent_all: Prepared


def ids(is_sqlite: bool, found: Sequence[str]) -> Any:
    """Some ids as the one parameter that the statements take."""
    return json.dumps(found) if is_sqlite else list(found)


@cache
def built(is_sqlite: bool, has_own_clock: bool, lease: timedelta) -> OutboxStatements:
    """The statements for a kind of database, and for leases by its own clock or by ours."""
    clock, until = leases.clocks(has_own_clock, lease)
    now = bindparam("now", type_=UTCDateTime())
    turn = (
        select(_T.id)
        .where(IS_QUEUED, _T.due_at <= now)
        .where(leases.is_free(_T, clock))
        .order_by(_T.due_at, _T.id)
        .limit(bindparam("most", type_=Integer()))
    )
    if not is_sqlite:
        turn = leases.chosen(turn, _TABLE)
    claim = (
        update(_TABLE)
        .where(_T.id.in_(turn))
        .values(worker=bindparam("me"), lease_until=until)
        .returning(
            *(_T.due_at, _T.id, _T.attempts, _T.person, _T.to_sealed, _T.messages_sealed),
            *(_T.retry_key, _T.purpose),
        )
    )
    is_blocked = exists().where(
        Conversation.person == _T.person, Conversation.blocked_at.is_not(None)
    )
    is_young = or_(
        _T.first_tried_at.is_(None), _T.first_tried_at >= bindparam("oldest", type_=UTCDateTime())
    )
    mine = (_T.worker == bindparam("me"), _T.state == PushState.QUEUED)
    begin = (
        update(_TABLE)
        .where(_among(is_sqlite), *mine, ~is_blocked, is_young)
        .where(_T.attempts == bindparam("of_attempts"))
        .values(
            attempts=_T.attempts + 1,
            first_tried_at=func.coalesce(_T.first_tried_at, now),
            lease_until=until,
        )
        .returning(_T.id)
    )
    one = (_T.id == bindparam("of_id"), _T.attempts == bindparam("of_attempts"))
    sent = (
        update(_TABLE)
        .where(*one, *mine)
        .values(**_SENT, request_id=bindparam("of_request"), sent_at=now)
    )
    done: Any = func.unnest(
        bindparam("of_ids", type_=ARRAY(String)),
        bindparam("of_attempts", type_=ARRAY(Integer)),
        bindparam("of_requests", type_=ARRAY(String)),
    ).table_valued(column("id"), column("attempts"), column("request_id"))
    done = done.render_derived(name="done")
    sent_all = (
        update(_TABLE)
        .where(_T.id == done.c.id, _T.attempts == done.c.attempts, *mine)
        .values(**_SENT, request_id=done.c.request_id, sent_at=now)
    )
    return OutboxStatements(*(Prepared(statement) for statement in (claim, begin, sent, sent_all)))


def _among(is_sqlite: bool) -> Any:
    if is_sqlite:
        return _T.id.in_(select(column("value")).select_from(func.json_each(bindparam("of_ids"))))
    return _T.id == any_(bindparam("of_ids", type_=ARRAY(String)))
