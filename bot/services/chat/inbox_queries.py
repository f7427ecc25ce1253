"""The inbox's statements on the busiest path, built once."""

from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

from sqlalchemy import bindparam, or_, select, update

from models import leases
from models.inbox import IS_OPEN, EventState, WebhookEvent
from models.prepared import Prepared

_TABLE: Any = WebhookEvent.__table__
_T = _TABLE.c

FINISH = Prepared(
    update(_TABLE)
    .where(
        _T.id == bindparam("of_id"),
        _T.worker == bindparam("of_worker"),
        _T.attempts == bindparam("of_attempts"),
        _T.state == EventState.ANSWERING,
    )
    .values(state=bindparam("to_state"), answer_sealed=None, payload_sealed=None, lease_until=None)
)


@dataclass(frozen=True)
class InboxStatements:
    """Claiming the next event, and recording that it took effect."""

    earliest: Prepared
    handled: Prepared


@cache
def built(has_own_clock: bool, lease: timedelta) -> InboxStatements:
    """The statements for a database whose leases go by its own clock, or by ours."""
    clock, until = leases.clocks(has_own_clock, lease)
    is_free = or_(leases.is_free(_T, clock), _T.worker == bindparam("me"))
    earliest = (
        select(
            *(_T.id, _T.state, _T.attempts, _T.received_at),
            *(_T.payload_sealed, _T.answer_sealed, is_free.label("is_free")),
        )
        .where(_T.person == bindparam("of_person"), IS_OPEN)
        .order_by(_T.happened_at, _T.id)
        .limit(2)
    )
    handled = (
        update(_TABLE)
        .where(
            _T.id == bindparam("of_id"),
            _T.state == EventState.RECEIVED,
            _T.attempts == bindparam("of_attempts"),
        )
        .values(
            state=bindparam("to_state"),
            payload_sealed=None,
            answer_sealed=bindparam("said"),
            worker=bindparam("me"),
            lease_until=until,
        )
    )
    return InboxStatements(Prepared(earliest), Prepared(handled))
