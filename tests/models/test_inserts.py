"""Rows that several transactions make, lock and take away at the same time."""

from typing import Any

import pytest
from sqlalchemy import delete, event
from sqlalchemy.orm import Session

from models import inserts
from models.database import Database
from models.portal import Throttle


def test_a_row_that_another_transaction_takes_away_is_made_again(
    database: Database, clock: Any
) -> None:
    """An erasure deletes the row between "it is there" and the lock."""
    if database.is_sqlite:
        pytest.skip("one writer: nobody else writes between two statements")
    database.write(lambda session: inserts.locked(session, Throttle, {"key": "k", "at": clock()}))
    taken_away: list[int] = []

    def erase(session: Session) -> None:
        session.execute(delete(Throttle).where(Throttle.key == "k"))

    def work(session: Session) -> str:
        def after(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
            if statement.startswith("INSERT INTO throttle") and not taken_away:
                taken_away.append(1)
                database.write(erase)

        connection = session.connection()
        event.listen(connection, "after_cursor_execute", after)
        return inserts.locked(session, Throttle, {"key": "k", "at": clock()}).key

    assert database.write(work) == "k"
    assert taken_away == [1]
    assert database.read(lambda session: session.get(Throttle, "k")) is not None
