"""Sweeps over what the portal's own sweep leaves out: the rest of the routes, and crash reports."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text

from app import create_app
from bot.settings import Settings
from models.database import Database
from models.tables import metadata
from simulator.platform import Platform

# The console has sweeps of its own.
PORTALS = {"portal", "links", "privacy", "receipts", "health", "front_door", "console"}


def fingerprint(database: Database) -> str:
    def read(session: Any) -> str:
        rows = [
            repr(session.execute(select(t).order_by(*t.primary_key.columns)).all())
            for t in metadata.sorted_tables
        ]
        return hashlib.sha256("\n".join(rows).encode()).hexdigest()

    return database.read(read)


@pytest.fixture
def demo(settings: Settings, clock: Any) -> Iterator[Flask]:
    made = create_app(replace(settings, simulator=True), clock=clock)
    yield made
    made.extensions["bot"].close()


def test_no_get_outside_the_portal_changes_anything(demo: Flask, settings: Settings) -> None:
    client, database = demo.test_client(), demo.extensions["bot"].database
    platform: Platform = demo.extensions["platform"]
    values = dict.fromkeys(
        {a for rule in demo.url_map.iter_rules() for a in rule.arguments}, "x"
    ) | {"user_id": platform.people[0].user_id, "filename": "phone.js"}
    before = fingerprint(database)
    swept = 0
    for rule in demo.url_map.iter_rules():
        if rule.endpoint.split(".")[0] in PORTALS or "GET" not in (rule.methods or ()):
            continue
        path = re.sub(r"<(?:\w+:)?(\w+)>", lambda found: values[found[1]], rule.rule)
        answer = client.get(path, headers={"Authorization": f"Bearer {settings.access_token}"})
        assert answer.status_code < 500, path
        assert not answer.headers.getlist("Set-Cookie"), path
        answer.close()
        swept += 1
    assert swept > 15
    assert fingerprint(database) == before


def test_the_product_alone_has_few_doors(app: Flask) -> None:
    """Outside development: LINE's webhook, the portal, and nothing that nobody has thought of."""
    roots = {rule.endpoint.split(".")[0] for rule in app.url_map.iter_rules()}
    assert roots == PORTALS | {"pictures", "webhook"}
    assert not [rule.rule for rule in app.url_map.iter_rules() if "simulator" in rule.rule]


@pytest.mark.usefixtures("own_shell")
def test_a_crash_report_does_not_repeat_what_was_to_be_stored(
    app: Flask, database: Database, caplog: pytest.LogCaptureFixture, capfd: Any
) -> None:
    """Drivers put values into their errors' texts; no trace may carry them into a log."""

    @app.get("/broken")
    def broken() -> str:
        database.write(
            lambda session: session.execute(
                text("INSERT INTO throttle (key, at) VALUES (:key, :at)"),
                {"key": "canary@example.test", "at": None},
            )
        )
        return "unreachable"

    answer = app.test_client().get("/broken")
    assert answer.status_code == 500
    written = "".join(capfd.readouterr()) + caplog.text
    assert "canary@example.test" not in answer.text
    assert "IntegrityError" in written or "NotNullViolation" in written, "the trace was not seen"
    assert "canary@example.test" not in written


class Failing:
    """A database that is out of order."""

    def write(self, _work: Any) -> Any:
        raise RuntimeError("out of order")

    read = write


def test_a_crash_report_does_not_name_a_one_time_link(
    app: Flask, caplog: pytest.LogCaptureFixture, capfd: Any
) -> None:
    """The link has not been spent when the database fails: whoever reads the log could open it."""
    bot = app.extensions["bot"]
    real, bot.database = bot.database, Failing()
    token = "canary-token-" + "x" * 30
    assert app.test_client().post(f"/s/{token}").status_code == 500
    bot.database = real
    written = "".join(capfd.readouterr()) + caplog.text
    assert "RuntimeError" in written
    assert token not in written


# Names of things, and a number of messages.
NO_PERSONS = {"campaign.name", "campaign.cost_messages", "statistic.name"}


def test_no_column_is_named_for_something_that_it_may_not_hold_in_the_clear() -> None:
    """Details of a person stand in sealed columns and blind indexes, whatever the table."""
    personal = re.compile(
        r"(^|_)(name|phone|email|line_id|user_id|payload|draft|message|answer)s?$"
    )
    plain = [
        f"{table.name}.{column.name}"
        for table in metadata.sorted_tables
        for column in table.columns
        if personal.search(column.name) and f"{table.name}.{column.name}" not in NO_PERSONS
    ]
    assert not plain, "\n".join(plain)
