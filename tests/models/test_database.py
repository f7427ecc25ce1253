"""The writer that commits in groups: everybody gets their own result, nobody another's failure."""

import contextlib
import os
import secrets
import sqlite3
import stat
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from bot.crypto import Keyring
from models.database import GROUP, Database, after_commit
from models.inbox import GreetedGroup
from models.portal import Throttle
from tests.clock import FakeClock

NOW = FakeClock()()
RING = Keyring({"k1": secrets.token_bytes(32)})


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    made = Database(database_url, Keyring({"k1": secrets.token_bytes(32)}))
    yield made
    with contextlib.suppress(RuntimeError):
        made.close()


def adds(key: str) -> Callable[[Session], str]:
    def work(session: Session) -> str:
        session.add(Throttle(key=key, at=NOW))
        session.flush()
        return key

    return work


def keys(database: Database) -> list[str]:
    return database.read(lambda session: list(session.scalars(select(Throttle.key))))


class Gate:
    """Holds the writer inside a unit, so that what comes meanwhile waits as one group."""

    def __init__(self, database: Database) -> None:
        self.entered, self.open = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=lambda: database.write(self._work))

    def _work(self, _session: Session) -> None:
        self.entered.set()
        assert self.open.wait(30)

    def __enter__(self) -> "Gate":
        self._thread.start()
        assert self.entered.wait(30)
        return self

    def __exit__(self, *_: Any) -> None:
        self.open.set()
        self._thread.join()


def waiting(database: Database) -> int:
    return len(database._writer._waiting)


def until(condition: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(3000):
        if condition():
            return
        pause.wait(0.01)
    raise AssertionError("the condition did not come about")


def test_a_result_comes_back_and_is_durable(database: Database) -> None:
    assert database.write(adds("a")) == "a"
    assert keys(database) == ["a"]


def test_a_failing_unit_spoils_nobody_elses_of_its_group(database: Database) -> None:
    """One in three fails in one way or another, all in one group; the others are kept."""
    database.write(adds("taken"))

    def work(number: int) -> Callable[[Session], str]:
        if number % 3 == 0:
            return adds("taken")  # the database refuses
        if number % 7 == 0:

            def gives_up(session: Session) -> str:
                adds(f"lost-{number}")(session)
                raise LookupError(number)

            return gives_up
        return adds(f"kept-{number}")

    def run(number: int) -> Any:
        try:
            return database.write(work(number))
        except (IntegrityError, LookupError) as error:
            return error

    with ThreadPoolExecutor(16) as threads:
        if database.is_sqlite:
            with Gate(database) as gate:
                running = [threads.submit(run, number) for number in range(16)]
                until(lambda: waiting(database) == 16)
                gate.open.set()
        else:
            running = [threads.submit(run, number) for number in range(16)]
        results = [one.result() for one in running]
    kept = set()
    for number, result in enumerate(results):
        if number % 3 == 0:
            assert isinstance(result, IntegrityError)
        elif number % 7 == 0:
            assert isinstance(result, LookupError)
            assert result.args == (number,)
        else:
            assert result == f"kept-{number}"
            kept.add(result)
    assert set(keys(database)) == kept | {"taken"}


def test_sixteen_threads_each_get_their_own(database: Database) -> None:
    def run(thread: int) -> list[Any]:
        found: list[Any] = []
        for turn in range(40):
            name = f"{thread}-{turn}"
            if turn % 5 == 4:
                try:
                    database.write(adds(f"{thread}-{turn - 1}"))
                except IntegrityError:
                    found.append(f"refused {name}")
                continue
            if turn % 5 == 3:
                database.insert(Throttle.__table__, [{"key": name, "at": NOW}])
                found.append(name)
                continue
            found.append(database.write(adds(name)))
        return found

    with ThreadPoolExecutor(16) as threads:
        everything = list(threads.map(run, range(16)))
    for thread, found in enumerate(everything):
        assert found == [
            f"refused {thread}-{turn}" if turn % 5 == 4 else f"{thread}-{turn}"
            for turn in range(40)
        ]
    assert len(keys(database)) == 16 * 32


def test_more_than_one_group_waits(database: Database) -> None:
    """What does not fit into a group goes into the next; nobody is forgotten."""
    if not database.is_sqlite:
        pytest.skip("units are grouped on SQLite only; inserts are, on both, in the next test")
    many = GROUP + 20
    with ThreadPoolExecutor(many) as threads, Gate(database) as gate:
        running = [threads.submit(database.write, adds(str(number))) for number in range(many)]
        until(lambda: waiting(database) == many)
        gate.open.set()
        assert [one.result() for one in running] == [str(number) for number in range(many)]
    assert len(keys(database)) == many


def test_inserts_of_many_threads_and_known_keys(database: Database) -> None:
    rows = [{"digest": f"{number:064}", "told_at": NOW} for number in range(50)]

    def run(thread: int) -> None:
        for row in rows[thread:] + rows[:thread]:
            database.insert(GreetedGroup.__table__, [row])

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(run, range(16)))
    found = database.read(lambda s: s.scalars(select(GreetedGroup.digest)).all())
    assert sorted(found) == [row["digest"] for row in rows]


def test_an_insert_twice_in_one_call_is_one_row(database: Database) -> None:
    row = {"digest": "d" * 64, "told_at": NOW}
    database.insert(GreetedGroup.__table__, [row, row])
    database.insert(GreetedGroup.__table__, [row])
    assert len(database.read(lambda s: s.scalars(select(GreetedGroup.digest)).all())) == 1


def test_an_insert_that_the_database_refuses_is_told_to_its_caller(database: Database) -> None:
    with pytest.raises(DBAPIError):
        database.insert(GreetedGroup.__table__, [{"digest": None, "told_at": NOW}])
    database.write(adds("after"))
    assert keys(database) == ["after"]


def test_a_refused_insert_does_not_spoil_the_group_it_shares(database: Database) -> None:
    """Somebody's webhook is stored together with others': a bad row must cost only its own."""
    if not database.is_sqlite:
        pytest.skip("only SQLite's writer can be held, to be sure that they share a group")

    def store(digest: str | None) -> str:
        try:
            database.insert(GreetedGroup.__table__, [{"digest": digest, "told_at": NOW}])
        except DBAPIError as error:
            return type(error).__name__
        return "stored"

    with ThreadPoolExecutor(4) as threads, Gate(database) as gate:
        bad = threads.submit(store, None)
        until(lambda: waiting(database) == 1)
        good = threads.submit(store, "g" * 64)
        unit = threads.submit(database.write, adds("unit"))
        until(lambda: waiting(database) == 3)
        gate.open.set()
        assert bad.result() == "IntegrityError"
        assert unit.result() == "unit"
        assert good.result() == "stored"


def test_a_unit_that_waits_for_another_is_refused(database: Database) -> None:
    def nested(_session: Session) -> None:
        database.write(adds("inner"))

    if database.is_sqlite:
        with pytest.raises(RuntimeError, match="must not wait"):
            database.write(nested)
        assert keys(database) == []
    else:
        pytest.skip("on PostgreSQL a unit has a connection of its own and waits for nobody")


def test_a_unit_that_inserts_through_the_group_is_refused(database: Database) -> None:
    if not database.is_sqlite:
        pytest.skip("on PostgreSQL a unit has a connection of its own and waits for nobody")
    with pytest.raises(RuntimeError, match="must not wait"):
        database.write(
            lambda _session: database.insert(Throttle.__table__, [{"key": "x", "at": NOW}])
        )


def test_reading_cannot_write(database: Database) -> None:
    def sneaks(session: Session) -> None:
        session.execute(text("INSERT INTO throttle (key, at) VALUES ('x', '2026-01-01')"))
        session.commit()

    with pytest.raises(DBAPIError):
        database.read(sneaks)
    assert keys(database) == []


def test_reading_the_orm_way_cannot_write_either(database: Database) -> None:
    def sneaks(session: Session) -> None:
        adds("x")(session)
        session.commit()

    with pytest.raises(DBAPIError):
        database.read(sneaks)
    assert keys(database) == []
    database.write(adds("still works"))


def test_what_a_unit_reads_it_has_written(database: Database) -> None:
    def work(session: Session) -> list[str]:
        adds("own")(session)
        return list(session.scalars(select(Throttle.key)))

    assert database.write(work) == ["own"]


def test_close_finishes_what_waits_and_refuses_what_comes(database: Database) -> None:
    if database.is_sqlite:
        with ThreadPoolExecutor(20) as threads:
            with Gate(database) as gate:
                running = [threads.submit(database.write, adds(str(n))) for n in range(16)]
                until(lambda: waiting(database) == 16)
                closing = threads.submit(database.close)
                until(lambda: database._writer._stopping)
                gate.open.set()
            assert sorted(one.result() for one in running) == sorted(map(str, range(16)))
            closing.result()
        path = database.url.removeprefix("sqlite:///")
        with contextlib.closing(sqlite3.connect(path)) as connection:
            assert connection.execute("SELECT count(*) FROM throttle").fetchone() == (16,)
        with pytest.raises(RuntimeError, match="closed"):
            database.write(adds("late"))
    else:
        database.write(adds("early"))
        database.close()
    with pytest.raises(RuntimeError, match="closed"):
        database.insert(Throttle.__table__, [{"key": "late", "at": NOW}])


def test_a_database_that_never_wrote_closes(database: Database) -> None:
    database.close()
    database.close()


def test_two_writers_on_one_file_take_turns(database_url: str, tmp_path: Path) -> None:
    """As two processes would: nobody's row is lost, nobody gets "database is locked"."""
    both = [Database(database_url, RING) for _ in range(2)]
    try:
        with ThreadPoolExecutor(16) as threads:
            list(threads.map(lambda number: both[number % 2].write(adds(str(number))), range(400)))
        assert len(keys(both[0])) == 400
    finally:
        for one in both:
            one.close()


def test_a_base_exception_in_a_unit_does_not_kill_the_writer(database: Database) -> None:
    """SystemExit in a unit is its caller's matter; the next one is served as ever."""

    def leaves(_session: Session) -> None:
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        database.write(leaves)
    assert database.write(adds("next")) == "next"


def test_what_is_stated_follows_the_commit_and_nothing_else(database: Database) -> None:
    """Once for a unit that is durable, also where the group was repeated for another's sake."""
    followed: list[str] = []
    database.when("planted", lambda: followed.append("planted"))

    def good(session: Session) -> str:
        after_commit(session, "planted")
        return "value"

    def bad(session: Session) -> str:
        after_commit(session, "planted")
        raise LookupError

    assert database.write(good) == "value"
    assert followed == ["planted"]
    with pytest.raises(LookupError):
        database.write(bad)
    assert database.write(lambda session: "nothing") == "nothing"
    assert followed == ["planted"]
    with ThreadPoolExecutor(8) as pool:
        done = [pool.submit(database.write, work) for work in (good, bad) * 20]
    assert [bool(each.exception()) for each in done] == [False, True] * 20
    assert len(followed) == 21


def test_nobody_else_reads_the_files(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    old = os.umask(0o022)
    try:
        opened = Database(f"sqlite:///{folder}/bot.db", RING)
        with opened.engine.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE t (x)")
        opened.write(lambda session: session.execute(text("INSERT INTO t VALUES (1)")) and None)
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}
        opened.close()
    finally:
        os.umask(old)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {"bot.db", "bot.db-wal"} <= modes.keys()
    assert {name: mode for name, mode in modes.items() if mode != 0o600} == {}


def test_files_that_others_could_read_are_closed_to_them(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    path.touch()
    path.chmod(0o644)
    Database(f"sqlite:///{path}", RING).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_log_is_emptied_unless_a_reader_needs_it(tmp_path: Path) -> None:
    opened = Database(f"sqlite:///{tmp_path}/bot.db", RING)
    with opened.engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE t (x)")
    log = tmp_path / "bot.db-wal"
    assert log.stat().st_size > 0
    assert opened.forget_log()
    assert log.stat().st_size == 0
    with opened.engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO t VALUES (1)")

    def meanwhile(session: Session) -> bool:
        session.execute(text("SELECT x FROM t")).all()
        with opened.engine.begin() as connection:
            connection.exec_driver_sql("INSERT INTO t VALUES (2)")
        return opened.forget_log()

    assert not opened.read(meanwhile)
    assert opened.forget_log()
    opened.close()
