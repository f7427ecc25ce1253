"""A leased row is one worker's until a moment of the database's clock, and anybody's after it.

Whoever completes or fails a row is fenced by its id, the worker and the attempt: a worker that lost
its lease changes nothing.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, bindparam, func, literal, or_, select
from sqlalchemy.orm import Session

from models.base import Base, UTCDateTime
from models.database import Database, database_of

Row = TypeVar("Row", bound=Base)


def is_free(table: Any, clock: Any) -> ColumnElement[bool]:
    """Whether nobody is at a row, by a clock: `Database.time()`, or one of `clocks`."""
    return or_(table.lease_until.is_(None), table.lease_until < clock)


def clocks(has_own_clock: bool, lease: timedelta) -> tuple[Any, Any]:
    """Now and the end of a lease in a prepared statement, where `times` gives their values."""
    if has_own_clock:
        return func.clock_timestamp(), func.clock_timestamp() + literal(lease)
    return bindparam("clock", type_=UTCDateTime()), bindparam("until", type_=UTCDateTime())


def chosen(turn: Any, of: Any) -> Any:
    """What an UPDATE of leases on PostgreSQL may name: the rows of `turn`, locked and chosen once.

    of: the table. As a bare subquery PostgreSQL may choose anew for each row of the table, each
    time passing over what is locked by now, and lease many more rows than the limit says.
    """
    once = turn.with_for_update(skip_locked=True, of=of).cte("turn").prefix_with("MATERIALIZED")
    return select(*once.c)


def times(
    database: Database, lease: timedelta, names: Sequence[str] = ("until",)
) -> dict[str, Any]:
    """The values of `clocks` that a statement uses; none where the database has its own clock."""
    if database.has_own_clock:
        return {}
    after = {"clock": timedelta(), "until": lease}
    return {name: database.time(after[name]) for name in names}


def mine(
    session: Session, model: type[Row], key: Any, worker: str, attempts: int, *states: str
) -> Row | None:
    """The row, locked, if it is in one of these states, this worker's, and at this attempt."""
    row: Any = session.get(model, key, with_for_update=True, populate_existing=True)
    if row is None or row.state not in states:
        return None
    return row if (row.worker, row.attempts) == (worker, attempts) else None


def renew(session: Session, row: Any, lease: timedelta) -> None:
    """Have a lease begin now."""
    row.lease_until = database_of(session).time(lease)


def put_off(row: Any, due_at: datetime, reason: str | None) -> None:
    """Give a row back, for later."""
    row.due_at, row.reason, row.lease_until = due_at, _short(reason), None


def give_back(row: Any, due_at: datetime | None = None) -> None:
    """Let go of a row that was not tried: for now, or until a moment."""
    row.due_at, row.lease_until = due_at or row.due_at, None


def close(row: Any, state: str, reason: str | None) -> None:
    """Give a row back for good."""
    row.state, row.reason, row.lease_until = state, _short(reason), None


def _short(reason: str | None) -> str | None:
    return reason[:80] if reason else None
