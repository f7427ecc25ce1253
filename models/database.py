"""Engine and sessions for both databases, and the writer that commits in groups."""

import fcntl
import os
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any, TypeVar, cast

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Table,
    bindparam,
    create_engine,
    event,
    func,
    literal,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.pool import QueuePool, StaticPool
from sqlalchemy.sql.expression import FromClause

from bot.clock import Clock, system_clock
from bot.crypto import Keyring
from models.prepared import Prepared

T = TypeVar("T")
Rows = Sequence[Mapping[str, Any]]

MAX_TURNS = 4
# Deadlock and serialization failure: "the transaction should be retried" (PostgreSQL, 13.5).
MEANT_TO_BE_REPEATED = {"40P01", "40001"}
FACTS = "facts"
OURS_ALONE = 0o600
CHECKPOINT = 0.5  # seconds that a checkpoint waits for readers; the next one makes up for it
GROUP = 256  # units in one transaction: bounds how long the first one waits for the last


class Database:
    """One database, SQLite file or PostgreSQL, behind three verbs.

    `write(work)` runs `work(session)` in a transaction of its own and returns once it is durable;
    `read(work)` runs it on a read-only snapshot; `insert(statement, rows)` makes rows durable
    together with whatever other threads insert at the same moment. On SQLite all writing is done
    by one thread, which commits all that waits as one group: `synchronous=FULL` then costs one
    fsync a group. A failing unit is rolled back to its savepoint and spoils nobody else's.
    What `when` registers for a fact is called once a unit that stated it (`after_commit`) is
    durable, before its caller goes on.
    """

    def __init__(
        self,
        url: str,
        keyring: Keyring,
        clock: Clock | None = None,
        presenter: object
        | None = None,  # goes with each session (bot/services/delivery/presenter.py)
    ) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        self._info = {"keyring": keyring, "database": self, "presenter": presenter}
        self._clock = clock
        self._inserts: dict[FromClause, Prepared] = {}
        self._facts: dict[str, list[Callable[[], object]]] = {}
        self._path: Path | None = None
        if self.is_sqlite:
            path = make_url(url).database
            if not path or path == ":memory:":
                raise ValueError("SQLite needs a file: nothing in memory survives a restart")
            self._path = Path(path)
            keep_private(self._path)
            self._engine = _sqlite(url, "BEGIN", QueuePool, pool_size=64, max_overflow=64)
            event.listen(self._engine, "connect", _query_only)
            self._writing = _sqlite(url, "BEGIN IMMEDIATE", StaticPool)
            self._writer = _GroupWriter(self._writing, self._info, Path(f"{path}.lock"))
        else:
            # Held for milliseconds at a time: far fewer connections than threads are needed.
            self._engine = create_engine(
                url,
                pool_size=10,
                max_overflow=20,
                pool_pre_ping=True,
                pool_recycle=1800,
                hide_parameters=True,  # an error's text must not repeat what was to be stored
            )
            self._writing = self._engine
            self._writer = _GroupWriter(self._engine, self._info, None)

    @property
    def engine(self) -> Engine:
        """The engine that may write, for migrations and checks."""
        return self._writing

    @property
    def has_own_clock(self) -> bool:
        """Whether leases go by the database's clock."""
        return self._clock is None and not self.is_sqlite

    def write(self, work: Callable[[Session], T]) -> T:
        """Run work in one transaction and return its result once that is committed.

        Work may run twice (a group is repeated, unit by unit, where one of it failed; PostgreSQL
        ends one of two transactions that wait for each other), so it must have no effect outside
        its session.
        """
        result, facts = self._written(work)
        for fact in facts:
            for call in self._facts.get(fact, ()):
                call()
        return result

    def when(self, fact: str, call: Callable[[], object]) -> None:
        """Have something done each time that the fact has become durable; it must not raise."""
        self._facts.setdefault(fact, []).append(call)

    def _written(self, work: Callable[[Session], T]) -> tuple[T, set[str]]:
        if self.is_sqlite:
            unit = self._writer.run(work)
            return cast("T", unit.result), unit.facts
        for _ in range(MAX_TURNS - 1):
            try:
                return self._transaction(work)
            except DBAPIError as error:
                if getattr(error.orig, "sqlstate", None) not in MEANT_TO_BE_REPEATED:
                    raise
        return self._transaction(work)

    def _transaction(self, work: Callable[[Session], T]) -> tuple[T, set[str]]:
        session = Session(self._engine, info=self._info, expire_on_commit=False)
        with session, session.begin():
            return work(session), session.info.pop(FACTS, set())

    def read(self, work: Callable[[Session], T]) -> T:
        """Run work on a snapshot that cannot be written."""
        with Session(self._engine, info=self._info, expire_on_commit=False) as session:
            if not self.is_sqlite:
                session.connection(execution_options={"postgresql_readonly": True})
            return work(session)

    def insert(self, table: FromClause, rows: Rows) -> None:
        """Durably insert rows, grouped with other threads' inserts; a known key is no error.

        All rows must have the same keys: those of different callers go out in one call.
        """
        statement = self._inserts.get(table)
        if statement is None:
            insert = sqlite.insert if self.is_sqlite else postgresql.insert
            values: dict[str, Any] = {name: bindparam(name) for name in rows[0]}
            made = insert(cast("Table", table)).values(values).on_conflict_do_nothing()
            statement = self._inserts[table] = Prepared(made)
        self.execute_many(statement, rows)

    def execute_many(self, statement: Prepared, rows: Rows, *, wait: bool = True) -> None:
        """Durably run one statement for each row of parameters, grouped by the statement object.

        For statements that cannot fail: rows of several callers go out together. Without wait it
        returns at once; everything that is written later sees it.
        """
        self._writer.execute_many(statement, rows, wait=wait)

    def time(self, after: timedelta = timedelta()) -> datetime | ColumnElement[datetime]:
        """Now (plus a span), to be used in a statement for leases and due times.

        On PostgreSQL it is the database's clock, because the clocks of several machines differ;
        a clock that was passed in (tests) wins on both.
        """
        if self.has_own_clock:
            return func.clock_timestamp() + literal(after)
        return (self._clock or system_clock)() + after

    def forget_log(self) -> bool:
        """Empty SQLite's write-ahead log, where what was erased stands on; False: try it later.

        The pages in it are older than those of the file until a checkpoint has brought all over
        and no reader needs it (https://sqlite.org/pragma.html#pragma_wal_checkpoint).
        """
        if self._path is None:
            return True
        with closing(sqlite3.connect(self._path, timeout=CHECKPOINT)) as connection:
            is_busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not is_busy

    def close(self) -> None:
        """Stop the writer and give all connections back."""
        self._writer.stop()
        self._writing.dispose()
        self._engine.dispose()


def database_of(session: Session) -> Database:
    """The Database that opened this session."""
    found: Database = session.info["database"]
    return found


def after_commit(session: Session, fact: str) -> None:
    """State a fact: what `Database.when` has for it follows once this unit is durable."""
    session.info.setdefault(FACTS, set()).add(fact)


def keep_private(path: Path) -> None:
    """Let nobody else read the files: people's data stand in them, sealed, and its log's too.

    SQLite gives what it makes beside the file the file's own mode. A folder that was there
    before may hold more than ours: it stays as it is, and `doctor` tells.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    for made in (path, Path(f"{path}.lock")):
        os.close(os.open(made, os.O_CREAT | os.O_RDWR, OURS_ALONE))
    for suffix in ("", "-wal", "-shm", ".lock"):
        # Another user's file, or one that another process has just removed.
        with suppress(OSError):
            Path(f"{path}{suffix}").chmod(OURS_ALONE)


def _query_only(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA query_only=ON")


def _sqlite(url: str, begin: str, pool: type[Any], **options: Any) -> Engine:
    engine = create_engine(
        url,
        poolclass=pool,
        connect_args={"check_same_thread": False, "timeout": 30},
        hide_parameters=True,  # an error's text must not repeat what was to be stored
        **options,
    )

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver must not open transactions of its own
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "busy_timeout=30000",
            "secure_delete=ON",  # an erased value is overwritten, not only unlinked
            "cache_size=-16000",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


class _Unit:
    """Something that waits to be written, and its outcome."""

    __slots__ = ("done", "error", "facts", "result", "rows", "statement", "work")

    def __init__(
        self,
        work: Callable[[Session], Any] | None = None,
        statement: Prepared | None = None,
        rows: Rows = (),
    ) -> None:
        self.work = work
        self.statement = statement
        self.rows = rows
        self.done = threading.Lock()
        self.done.acquire()  # released by the writer: cheaper than an Event
        self.result: Any = None
        self.facts: set[str] = set()
        self.error: BaseException | None = None


class _GroupWriter:
    """One thread that runs waiting units in one transaction and wakes their callers after it.

    Across processes the groups take turns by `flock`: writers that meet inside SQLite would
    starve each other in its busy loop.
    """

    def __init__(self, engine: Engine, info: dict[str, Any], lock_path: Path | None) -> None:
        self._engine = engine
        self._info = info
        self._lock_path = lock_path
        self._waiting: deque[_Unit] = deque()
        self._wake = threading.Condition(threading.Lock())
        self._thread: threading.Thread | None = None
        self._stopping = False

    def run(self, work: Callable[[Session], Any]) -> _Unit:
        unit = _Unit(work=work)
        self._submit(unit)
        return unit

    def execute_many(self, statement: Prepared, rows: Rows, *, wait: bool) -> None:
        self._submit(_Unit(statement=statement, rows=rows), wait=wait)

    def stop(self) -> None:
        with self._wake:
            self._stopping = True
            self._wake.notify()
        if self._thread is not None:
            self._thread.join()

    def _submit(self, unit: _Unit, *, wait: bool = True) -> None:
        if threading.current_thread() is self._thread:
            raise RuntimeError("a unit of work must not wait for another one")
        with self._wake:
            if self._stopping:
                raise RuntimeError("the database is closed")
            if self._thread is None:  # started late, so that a forking server may fork first
                self._thread = threading.Thread(target=self._loop, name="writer", daemon=True)
                self._thread.start()
            self._waiting.append(unit)
            self._wake.notify()
        if not wait:
            return
        unit.done.acquire()
        if unit.error is not None:
            raise unit.error

    def _loop(self) -> None:
        lock = self._lock_path.open("wb") if self._lock_path else None
        try:
            while True:
                with self._wake:
                    while not self._waiting and not self._stopping:
                        self._wake.wait()
                    if not self._waiting:
                        return
                    group = [self._waiting.popleft() for _ in range(min(GROUP, len(self._waiting)))]
                self._commit(group, lock)
        finally:
            if lock:
                lock.close()

    def _commit(self, group: list[_Unit], lock: IO[bytes] | None) -> None:
        try:
            if lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                if not self._together(group):
                    self._one_by_one(group)
            finally:
                if lock:
                    fcntl.flock(lock, fcntl.LOCK_UN)
        except BaseException as error:  # the commit failed: nobody's work is durable
            for unit in group:
                unit.error = unit.error or error
        for unit in group:
            unit.done.release()

    def _session(self, bind: Engine | Connection) -> Session:
        return Session(
            bind, info=self._info, expire_on_commit=False, join_transaction_mode="create_savepoint"
        )

    def _together(self, group: list[_Unit]) -> bool:
        """Run a group in one session without savepoints, which cost more than most units do."""
        with self._session(self._engine) as session:
            try:
                self._execute_rows(group, session)
                for unit in group:
                    if unit.work is not None:
                        unit.result = unit.work(session)
                        session.flush()
                        session.expunge_all()
                        unit.facts = session.info.pop(FACTS, set())
                session.commit()
            except Exception:
                session.rollback()
                return False
        return True

    def _one_by_one(self, group: list[_Unit]) -> None:
        """Run a group again, each unit behind a savepoint, so that a bad one stands alone."""
        with self._engine.connect() as connection, connection.begin():
            for unit in group:
                with self._session(connection) as session:
                    try:
                        if unit.work is None:
                            cast("Prepared", unit.statement).many(session, unit.rows)
                        else:
                            unit.result = unit.work(session)
                            unit.facts = session.info.pop(FACTS, set())
                        session.commit()  # releases the savepoint; the group is committed later
                    except Exception as error:
                        unit.error = error
                        session.rollback()

    @staticmethod
    def _execute_rows(group: list[_Unit], session: Session) -> None:
        together: dict[Prepared, list[Mapping[str, Any]]] = {}
        for unit in group:
            if unit.statement is not None:
                together.setdefault(unit.statement, []).extend(unit.rows)
        for statement, rows in together.items():
            statement.many(session, rows)
