"""Two units that wait for each other on PostgreSQL: one is ended, begins anew, and both succeed."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from models.conversation import Conversation
from models.database import MAX_TURNS, Database
from tests.factories import make_conversation


def test_both_sides_of_a_deadlock_succeed(database: Database, clock: Any) -> None:
    if database.is_sqlite:
        pytest.skip("one writer: nobody waits for anybody")
    one, other = database.write(
        lambda s: (make_conversation(s, clock()).id, make_conversation(s, clock()).id)
    )
    meeting, turns = Barrier(2), []

    def lock(session: Any, wanted: str) -> None:
        session.execute(select(Conversation.id).where(Conversation.id == wanted).with_for_update())

    def crossing(first: str, second: str) -> str:
        met = False

        def work(session: Any) -> str:
            nonlocal met
            turns.append(first)
            lock(session, first)
            if not met:
                met = True
                meeting.wait(timeout=20)  # both hold one row and want the other's
            lock(session, second)
            return first

        return database.write(work)

    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(crossing, one, other), pool.submit(crossing, other, one)]
        assert {found.result(timeout=60) for found in asked} == {one, other}
    assert len(turns) == 3, "nobody was ended: they never waited for each other"


def test_what_is_never_solved_is_raised_in_the_end(database: Database) -> None:
    if database.is_sqlite:
        pytest.skip("raised by PostgreSQL alone")
    turns = []

    def work(session: Any) -> None:
        turns.append(1)
        session.execute(text("DO $$ BEGIN RAISE SQLSTATE '40P01'; END $$"))

    with pytest.raises(DBAPIError):
        database.write(work)
    assert len(turns) == MAX_TURNS
