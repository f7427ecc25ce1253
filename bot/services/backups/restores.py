"""Restoring a backup: checked first, loaded as one fact, and nobody who was erased comes back."""

import fcntl
import json
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    MetaData,
    Row,
    Table,
    create_engine,
    event,
    inspect,
    literal,
    select,
    text,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from bot.crypto import Keyring
from bot.services.audit import audit
from bot.services.audit.audit import Action
from bot.services.backups import after_restore, backups, restored_consents
from bot.services.backups.after_restore import RestoreSettled
from bot.services.backups.files import BackupError, BackupReader
from bot.services.backups.rows import BATCH, Contents, Tally, lines, loaded
from bot.services.people.subjects import Subject
from bot.services.privacy import erasure, erasure_list
from bot.services.privacy.erasure_list import ListedErasure
from models import migrations
from models.database import Database, keep_private
from models.tables import metadata


@dataclass(frozen=True)
class Restored:
    """What a restore did, as the operator is told."""

    made_at: str
    revision: str
    rows: int
    digest: str
    erased_again: int  # people
    doubtful: int  # lines of the erasure list that could not be believed
    withdrawn: int  # consents to news that the replaced database knew to be taken back since
    settled: RestoreSettled  # what was open when the backup was made, and is not any more
    seconds: float


def restore(
    path: Path,
    url: str,
    keyring: Keyring,
    list_directory: Path | None,
    now: datetime,
    *,
    may_replace: bool = False,
) -> Restored:
    """Put a backup in the place of a database; raises BackupError before anything is touched.

    Whoever was erased after the backup was made is erased again before the data can be seen: by
    the list beside the backups, and by what the replaced database knows. Sessions and links end,
    announcements are held: see bot/services/backups/after_restore.py.
    """
    began = time.monotonic()
    reader = BackupReader(path, keyring)
    contents = backups.check(reader)
    made_at = datetime.fromisoformat(reader.header["made_at"])
    revision = reader.header["revision"]
    if not migrations.knows(revision):
        raise BackupError(
            f"The backup is of revision {revision}, which is newer than this program: "
            "install the version that made it."
        )
    with _alone(url):
        present = _present(url, made_at)
        if present.has_rows and not may_replace:
            raise BackupError("The database is not empty: add --yes to replace all that is in it.")
        listed = erasure_list.ErasureList((), 0, False)
        if list_directory is not None:
            listed = erasure_list.read(list_directory, keyring)
        union = {erased.id: erased for erased in (*listed.erased, *present.erased)}
        with _target(url) as connection:
            _load(connection, reader, contents)
            known = replace(present, erased=tuple(union.values()))
            again, withdrawn, settled = _settle(connection, keyring, known, contents, made_at, now)
            _check_references(connection)
    if list_directory is not None:
        erasure_list.add(list_directory, keyring, union.values())
    return Restored(
        reader.header["made_at"],
        revision,
        contents.rows,
        contents.digest(),
        again,
        listed.doubtful,
        withdrawn,
        settled,
        time.monotonic() - began,
    )


@dataclass(frozen=True)
class Present:
    """What stands in the database that is to be replaced, and must not be undone."""

    has_rows: bool
    erased: tuple[ListedErasure, ...]
    withdrawn: tuple[Row[Any], ...]


def _present(url: str, made_at: datetime) -> Present:
    engine = _engine(url)
    try:
        with engine.begin() as connection:
            names = set(inspect(connection).get_table_names()) & set(metadata.tables)
            has_rows = any(
                connection.execute(
                    select(literal(1)).select_from(metadata.tables[name]).limit(1)
                ).first()
                for name in sorted(names)
            )
            if "erasure" not in names:
                return Present(has_rows, (), ())
            with Session(connection) as session:
                erased = erasure_list.in_database(session)
                withdrawn = restored_consents.withdrawn(session, made_at)
            return Present(has_rows, tuple(erased), tuple(withdrawn))
    finally:
        engine.dispose()


@contextmanager
def _alone(url: str) -> Iterator[None]:
    """On SQLite nobody else may have the file open; a server that answers holds this lock."""
    if not url.startswith("sqlite"):
        yield
        return
    path = Path(f"{make_url(url).database}.worker")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupError("A server works on this database: stop it first.") from None
        yield


@contextmanager
def _target(url: str) -> Iterator[Connection]:
    """An empty database in a transaction that takes the old one's place when it succeeds."""
    if url.startswith("sqlite"):
        with _new_file(Path(make_url(url).database or "")) as connection:
            yield connection
        return
    engine = _engine(url)
    try:
        with engine.begin() as connection:
            connection.execute(text("SET LOCAL lock_timeout = '10s'"))
            _empty(connection)
            yield connection
    except DBAPIError as error:
        if type(error.orig).__name__ == "LockNotAvailable":
            raise BackupError("Somebody works on this database: stop web and worker.") from None
        raise
    finally:
        engine.dispose()


@contextmanager
def _new_file(path: Path) -> Iterator[Connection]:
    """A file beside the old one, renamed into its place when it is complete."""
    fresh = path.with_name(f"{path.name}.restoring")
    _remove(fresh)
    keep_private(fresh)
    engine = _engine(f"sqlite:///{fresh}")
    try:
        with engine.begin() as connection:
            yield connection
        engine.dispose()
        if path.exists():
            # What the old file's log still holds belongs into the old file, not over the new one.
            with closing(sqlite3.connect(path, isolation_level=None)) as old:
                old.execute("PRAGMA journal_mode=DELETE")
        with fresh.open("rb") as file:
            os.fsync(file.fileno())
        fresh.replace(path)
    finally:
        engine.dispose()
        _remove(fresh)


def _remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal", ".lock"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)


def _engine(url: str) -> Engine:
    engine = create_engine(url, poolclass=NullPool, hide_parameters=True)
    if url.startswith("sqlite"):

        @event.listens_for(engine, "connect")
        def _on_connect(connection: Any, _record: Any) -> None:
            connection.isolation_level = None  # tables, too, are made within our transaction
            connection.execute("PRAGMA secure_delete=ON")

        @event.listens_for(engine, "begin")
        def _on_begin(connection: Connection) -> None:
            connection.exec_driver_sql("BEGIN")

    return engine


def _empty(connection: Connection) -> None:
    """Drop what is ours in a PostgreSQL schema; somebody else's tables stay."""
    ours = set(metadata.tables) | {"alembic_version"}
    for name in sorted(set(inspect(connection).get_table_names()) & ours):
        connection.execute(text(f'DROP TABLE "{name}" CASCADE'))
    functions = connection.execute(
        text(
            "SELECT oid::regprocedure::text FROM pg_proc "
            "WHERE pronamespace = current_schema()::regnamespace "
            "AND (proname LIKE '%\\_append\\_only' OR proname LIKE '%\\_revision')"
        )
    )
    for function in functions.scalars().all():
        connection.execute(text(f"DROP FUNCTION {function} CASCADE"))


def _load(connection: Connection, reader: BackupReader, contents: Contents) -> None:
    """Make the tables as they were, fill them, compare, and bring them to the newest revision."""
    migrations.upgrade_on(connection, reader.header["revision"])
    tables = MetaData()
    tables.reflect(connection)
    columns: dict[str, list[str]] = {}
    table: Table | None = None
    batch: list[dict[str, Any]] = []
    for line in reader.lines():
        if line.startswith("{"):
            _insert(connection, table, batch)
            head = json.loads(line)
            if "end" in head:
                break
            table = tables.tables[head["table"]]
            columns[table.name] = head["columns"]
            continue
        if table is not None:
            batch.append(dict(zip(columns[table.name], loaded(line), strict=True)))
        if len(batch) == BATCH:
            _insert(connection, table, batch)
    _compare(connection, tables, columns, contents)
    if connection.dialect.name == "postgresql":
        _reset_sequences(connection)
    migrations.upgrade_on(connection, "head")


def _insert(connection: Connection, table: Table | None, batch: list[dict[str, Any]]) -> None:
    if table is not None and batch:
        connection.execute(table.insert(), batch)
    batch.clear()


def _compare(
    connection: Connection, tables: MetaData, columns: dict[str, list[str]], contents: Contents
) -> None:
    """Read everything back: as many rows, and the same ones."""
    for name, expected in contents.tables.items():
        tally = Tally()
        for line in lines(connection, tables.tables[name], columns[name]):
            tally.add(line)
        if tally.said() != expected.said():
            raise BackupError(f"Table {name} was not loaded as it was saved; nothing was changed.")


def _reset_sequences(connection: Connection) -> None:
    """What numbers itself goes on behind the loaded rows."""
    connection.execute(
        text(
            "SELECT setval(pg_get_serial_sequence('audit_entry', 'seq'), "
            "(SELECT coalesce(max(seq), 0) + 1 FROM audit_entry), false)"
        )
    )


def _settle(
    connection: Connection,
    keyring: Keyring,
    known: Present,
    contents: Contents,
    made_at: datetime,
    now: datetime,
) -> tuple[int, int, RestoreSettled]:
    """Apply what is known of since, and make the rest safe; how many people, how many noes."""
    database = Database(str(connection.engine.url.render_as_string(False)), keyring)
    info = {"keyring": keyring, "database": database}
    people = 0
    with Session(connection, info=info, join_transaction_mode="create_savepoint") as session:
        for erased in known.erased:
            subject = Subject(erased.subject_id, erased.learner_id)
            people += erasure.erase(session, subject, now, again=erased.row()) > 0
        withdrawn = restored_consents.carry(session, known.withdrawn, now)
        settled = after_restore.settle(session, made_at, now)
        audit.by_operator(
            session,
            Action.BACKUP_RESTORED,
            now,
            rows=contents.rows,
            erased_again=people,
            sessions=settled.sessions,
            links=settled.links,
            held=settled.held.campaigns + settled.held.drafts,
            unsent=settled.held.pushes + sum(settled.held.mails.values()),
        )
        session.commit()
    database.close()
    return people, withdrawn, settled


def _check_references(connection: Connection) -> None:
    """SQLite does not look while it loads; PostgreSQL has looked at every row."""
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        if broken is not None:
            raise BackupError(f"Table {broken[0]} refers to rows that are not there.")
