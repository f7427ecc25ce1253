"""Backups: one consistent, encrypted dump of every table, which fits both databases."""

import json
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection

from bot.crypto import Keyring
from bot.services.backups.files import BackupError, BackupReader, Writer
from bot.services.backups.rows import Contents, Tally, lines
from models import migrations
from models.database import Database
from models.tables import metadata

T = TypeVar("T")
# One that a crash left unfinished is as old as its name, too.
_NAME = re.compile(r"english-planet-(\d{8}T\d{6})Z\.(?:backup|unfinished)")


@dataclass(frozen=True)
class FinishedBackup:
    """A finished backup, as the operator is told of it."""

    path: Path
    rows: int
    tables: int
    digest: str
    size: int
    seconds: float


def make(database: Database, keyring: Keyring, directory: Path, now: datetime) -> FinishedBackup:
    """Write a backup; under its name it is complete and on the disk, or it is not there."""
    began = time.monotonic()
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = directory / f"english-planet-{now.astimezone(UTC):%Y%m%dT%H%M%S}Z.backup"
    if path.exists():
        raise BackupError(f"{path} is there already: wait a second, or name another directory.")
    fresh = path.with_suffix(".unfinished")
    try:
        contents = _snapshot(database, lambda connection: _dump(connection, keyring, fresh, now))
        fresh.replace(path)
        _sync(directory)
    finally:
        fresh.unlink(missing_ok=True)
    return FinishedBackup(
        path,
        contents.rows,
        len(contents.tables),
        contents.digest(),
        path.stat().st_size,
        time.monotonic() - began,
    )


def _dump(connection: Connection, keyring: Keyring, path: Path, now: datetime) -> Contents:
    revision = migrations.current(connection)
    if revision != migrations.newest():
        raise BackupError(
            "The database is not at the newest revision: run `flask --app app db-upgrade` first."
        )
    contents = Contents()
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        header = {"revision": revision, "made_at": now.astimezone(UTC).isoformat()}
        writer = Writer(file, keyring, header)
        for table in metadata.sorted_tables:
            columns = [column.name for column in table.columns]
            writer.line(json.dumps({"table": table.name, "columns": columns}))
            tally = contents.tables[table.name] = Tally()
            for line in lines(connection, table, columns):
                tally.add(line)
                writer.line(line)
        writer.line(json.dumps({"end": contents.said()}))
        writer.close()
        file.flush()
        os.fsync(file.fileno())
    return contents


def _snapshot(database: Database, work: Callable[[Connection], T]) -> T:
    """Run work on one state of all tables, whatever is written meanwhile."""
    if database.is_sqlite:
        # A read transaction of WAL is one: it sees nothing that is committed after it began.
        return database.read(lambda session: work(session.connection()))
    options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with database.engine.connect().execution_options(**options) as connection:
        return work(connection)


def _sync(directory: Path) -> None:
    """Make a new name durable."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def rotate(directory: Path, days: int, now: datetime) -> int:
    """Delete backups that are too old; their age stands in their names. Returns how many."""
    gone = 0
    for path, made_at in found(directory):
        if made_at < now - timedelta(days=days):
            path.unlink()
            gone += 1
    return gone


def found(directory: Path) -> list[tuple[Path, datetime]]:
    """The backups of a directory, oldest first; other files are not ours to touch."""
    here: list[tuple[Path, datetime]] = []
    for path in sorted(directory.iterdir()) if directory.is_dir() else ():
        name = _NAME.fullmatch(path.name)
        if name is not None:
            made_at = datetime.strptime(name[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
            here.append((path, made_at))
    return here


def check(reader: BackupReader) -> Contents:
    """Read a whole backup without loading it; raises BackupError where anything is amiss."""
    contents, current, end = Contents(), Tally(), None
    for line in reader.lines():
        if end is not None:
            raise BackupError("The file goes on behind its end: it was not made by this system.")
        if not line.startswith("{"):
            current.add(line)
            continue
        head = json.loads(line)
        end = head.get("end")
        if end is None:
            current = contents.tables[head["table"]] = Tally()
    if end != contents.said():
        raise BackupError("The file's rows are not those that it announces: take another one.")
    return contents
