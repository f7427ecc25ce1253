"""Migrations: one line of them, they make what the models say, and twice is harmless."""

import re
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.pool import NullPool

from models import migrations
from models.base import Base
from models.tables import metadata
from tests.architecture import sources


def test_there_is_one_line_of_them() -> None:
    script = ScriptDirectory.from_config(migrations.config(""))
    assert len(script.get_heads()) == 1
    assert len(script.get_bases()) == 1
    for revision in script.walk_revisions():
        assert not revision.is_merge_point
        assert not revision.is_branch_point


def test_the_models_are_what_the_migrations_make(database_url: str) -> None:
    engine = create_engine(database_url, poolclass=NullPool)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_twice_is_harmless(database_url: str) -> None:
    engine = create_engine(database_url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(
            text("INSERT INTO throttle (key, at) VALUES ('x', '2026-11-23 00:00:00+00:00')")
        )
    migrations.upgrade(database_url)
    migrations.upgrade(database_url)
    assert migrations.is_current(database_url)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM throttle")).scalar() == 1


def test_an_empty_file_is_not_current(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/new/deeper/bot.db"
    migrations.upgrade(url)
    assert migrations.is_current(url)
    assert not migrations.is_current(f"sqlite:///{tmp_path}/empty.db")


def test_older_requests_for_a_child_become_the_guardians(tmp_path: Path) -> None:
    """Whose agreement stood when it was asked; what people asked for themselves stays theirs."""
    engine = create_engine(f"sqlite:///{tmp_path}/bot.db", poolclass=NullPool)
    bonds = {"before": "2026-01-01", "mum": "2026-03-01", "later": "2026-09-01"}
    with engine.begin() as connection:
        migrations.upgrade_on(connection, "0010")
        for guardian, agreed in bonds.items():
            connection.execute(
                text(
                    "INSERT INTO guardianship (id, child_id, guardian_id, age_band, state,"
                    " code_digest, created_at, expires_at, decided_at) VALUES"
                    " (:id, 'child', :id, 'up_to_10', 'ended', :id, :at, :at, :at)"
                ),
                {"id": guardian, "at": f"{agreed} 00:00:00"},
            )
        for number, asked_by in (("hers", "guardian"), ("own", "self")):
            connection.execute(
                text(
                    "INSERT INTO privacy_request (id, subject_id, kind, state, asked_by, channel,"
                    " opened_at, acknowledge_by, due_at) VALUES"
                    " (:id, 'child', 'access', 'done', :by, 'line', :at, :at, :at)"
                ),
                {"id": number, "by": asked_by, "at": "2026-05-01 00:00:00"},
            )
        migrations.upgrade_on(connection, "head")
        found = connection.execute(text("SELECT id, guardian_id FROM privacy_request")).all()
    assert {tuple(row) for row in found} == {("hers", "mum"), ("own", None)}


def test_every_model_is_listed() -> None:
    """A model that tables.py does not import would be missing from migrations and sweeps."""
    defined = {
        table
        for path in sources.files("models")
        for table in re.findall(
            r'^    __tablename__ = "(\w+)"', path.read_text(encoding="utf-8"), re.MULTILINE
        )
    }
    assert set(metadata.tables) == defined


def test_every_table_says_what_it_is() -> None:
    silent = [m.class_.__name__ for m in Base.registry.mappers if not m.class_.__doc__]
    assert silent == []


@pytest.mark.parametrize("table", ["audit_entry", "consent_event", "archived_mail"])
def test_what_was_said_and_done_cannot_be_unsaid(database_url: str, table: str) -> None:
    """The database itself refuses, whoever asks."""
    engine = create_engine(database_url, poolclass=NullPool)
    with engine.connect() as connection:
        found = inspect(connection).get_table_names()
        assert table in found
        if database_url.startswith("sqlite"):
            triggers = connection.execute(
                text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :t"),
                {"t": table},
            ).all()
        else:
            triggers = connection.execute(
                text("SELECT tgname FROM pg_trigger WHERE tgrelid = CAST(:t AS regclass)"),
                {"t": table},
            ).all()
        assert triggers
