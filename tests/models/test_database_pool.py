"""The pool of test databases: nothing that a test leaves behind reaches the next one."""

from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy.engine import make_url

from models.migrations import is_current
from tests.databases import SEQUENCES, TABLES, Pool, connect, fresh, pool, postgres_url

SHAPES = {
    "a table more": "CREATE TABLE leaked (id int)",
    "a column more": "ALTER TABLE learner ADD COLUMN leaked text",
    "a column less": "ALTER TABLE learner DROP COLUMN revision",
    "a column that may be empty": "ALTER TABLE learner ALTER COLUMN language DROP NOT NULL",
    "a default": "ALTER TABLE learner ALTER COLUMN language SET DEFAULT 'th'",
    "a trigger less": "DROP TRIGGER learner_revision ON learner",
    "a trigger at rest": "ALTER TABLE learner DISABLE TRIGGER learner_revision",
    "another function": "CREATE OR REPLACE FUNCTION learner_revision() RETURNS trigger "
    "LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "an index more": "CREATE INDEX leaked ON learner (created_at)",
    "a constraint more": "ALTER TABLE learner ADD CONSTRAINT leaked CHECK (revision >= 0)",
    "a view": "CREATE VIEW leaked AS SELECT 1 AS one",
    "a sequence": "CREATE SEQUENCE leaked",
    "a type": "CREATE TYPE leaked AS ENUM ('a')",
    "a schema": "CREATE SCHEMA leaked",
    "a setting of the database": "DO $$ BEGIN EXECUTE 'ALTER DATABASE ' || current_database() "
    "|| ' SET timezone = ''Asia/Bangkok'''; END $$",
    "a truncated table": "TRUNCATE conversation CASCADE",
}


@pytest.fixture
def taken() -> Iterator[str]:
    """The name of a database that is given back by the test itself."""
    name = pool().take()
    yield name
    if name in pool()._shapes and name not in pool().free:
        pool().give_back(name)


def contents(name: str) -> dict[str, list[tuple[object, ...]]]:
    """All rows of all tables, and where the sequences stand."""
    with connect(name) as connection:
        found = {
            table: connection.execute(f'SELECT * FROM {schema}."{table}"').fetchall()
            for schema, table, _columns in connection.execute(TABLES).fetchall()
        }
        found["sequences"] = connection.execute(SEQUENCES).fetchall()
        return found


def sow(connection: psycopg.Connection) -> None:
    connection.execute(
        "INSERT INTO conversation (id, person, language, language_chosen, created_at, seen_at) "
        "SELECT md5('c' || n), md5('p' || n), 'th', false, now(), now() "
        "FROM generate_series(1, 30) AS n"
    )


def test_rows_and_moved_sequences_are_gone(taken: str) -> None:
    untouched = contents(Pool.TEMPLATE)
    with connect(taken) as connection:
        sow(connection)
        sequences = connection.execute(SEQUENCES).fetchall()
        for name, *_ in sequences:
            connection.execute("SELECT setval(%s, 4711)", (name,))
        connection.execute("UPDATE alembic_version SET version_num = 'another'")
    assert contents(taken) != untouched
    pool().give_back(taken)
    assert taken in pool().free
    assert contents(taken) == untouched
    assert is_current(postgres_url(taken))


def test_what_migrations_put_there_comes_back(taken: str) -> None:
    with connect(taken) as connection:
        connection.execute("DELETE FROM alembic_version")
    pool().give_back(taken)
    assert contents(taken)["alembic_version"] == contents(Pool.TEMPLATE)["alembic_version"] != []


def test_triggers_work_again_after_emptying(taken: str) -> None:
    pool().give_back(taken)
    assert pool().take() == taken
    with connect(taken) as connection:
        rested = "SELECT count(*) FROM pg_trigger WHERE tgenabled <> 'O'"
        assert connection.execute(rested).fetchone() == (0,)
        assert connection.execute("SHOW session_replication_role").fetchone() == ("origin",)


@pytest.mark.parametrize("change", SHAPES.values(), ids=SHAPES)
def test_a_database_of_another_shape_is_dropped(taken: str, change: str) -> None:
    with connect(taken) as connection:
        connection.execute(change)
    pool().give_back(taken)
    assert taken not in pool().free
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        connect(taken)


def test_a_dropped_database_is_replaced(taken: str) -> None:
    with connect("postgres") as connection:
        connection.execute(f"DROP DATABASE {taken} WITH (FORCE)")
    pool().give_back(taken)
    another = pool().take()
    assert another != taken
    assert contents(another) == contents(Pool.TEMPLATE)
    pool().give_back(another)


def test_an_open_connection_is_cut_and_its_row_never_appears(taken: str) -> None:
    holding = psycopg.connect(postgres_url(taken).replace("+psycopg", "", 1))
    sow(holding)
    pool().give_back(taken)
    with pytest.raises(psycopg.OperationalError):
        holding.commit()
    holding.close()
    assert contents(taken) == contents(Pool.TEMPLATE)


def test_one_test_may_have_several(tmp_path) -> None:
    with fresh("postgres", tmp_path) as one, fresh("postgres", tmp_path) as two:
        assert one != two
        with connect(str(make_url(one).database)) as connection:
            sow(connection)
        assert contents(str(make_url(two).database)) == contents(Pool.TEMPLATE)
