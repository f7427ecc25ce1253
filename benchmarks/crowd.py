"""A crowd of subscribers, written straight into the tables: what a school has after years."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from sqlalchemy import Table, insert
from sqlalchemy.engine import make_url

from bot.crypto import Keyring
from models.account import Account
from models.base import new_id
from models.consent import ConsentEvent
from models.conversation import Conversation
from models.database import Database
from models.learner import Learner
from models.subscription import Subscription

SLICE = 20_000


def user_id(number: int) -> str:
    """The LINE userId of the n-th person."""
    return f"U{number:032x}"


def fill(database: Database, keyring: Keyring, people: int, topic: str = "courses") -> None:
    """People who chose a topic on LINE with a consent in force; one in ten has no English."""
    now = datetime.now(UTC)
    draw = random.Random(5)
    for start in range(0, people, SLICE):
        slices: dict[str, list[dict[str, Any]]] = {}
        for number in range(start, min(start + SLICE, people)):
            for table, row in _person(keyring, number, topic, now, draw):
                slices.setdefault(table, []).append(row)
        # The ledger before the learners: its trigger would look for each of them.
        for model in (ConsentEvent, Subscription, Conversation, Learner, Account):
            _write(database, model.__table__, slices[model.__tablename__])
    settle(database)


def settle(database: Database) -> None:
    """What PostgreSQL does by itself in the minutes after a great change, done now.

    Between a frozen list and its first call lie the approval and the hold-back minutes.
    """
    if not database.is_sqlite:
        with psycopg.connect(_plain(database.url), autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")
            connection.execute("CHECKPOINT")


def _person(
    keyring: Keyring, number: int, topic: str, now: datetime, draw: random.Random
) -> Iterator[tuple[str, dict[str, Any]]]:
    subject, learner = new_id(), new_id()
    language = "en" if draw.random() < 0.1 else "th"
    since = now - timedelta(days=draw.randrange(1, 500))
    common = {"conversation_id": subject, "language": language, "created_at": since}
    yield "consent_event", _consent(subject, language, since)
    row = {"id": new_id(), "subject_id": subject, "channel": "line", "topic": topic}
    yield "subscription", {**row, "chosen_at": since}
    yield (
        "conversation",
        {
            "id": subject,
            "person": f"{number:064x}",
            "language": language,
            "language_chosen": False,
            "created_at": since,
            "seen_at": since,
            "learner_id": learner,
        },
    )
    yield "learner", {"id": learner, **common, **_details(keyring, learner, number)}
    yield (
        "account",
        {
            "id": new_id(),
            "learner_id": learner,
            "provider": "local",
            "username": f"u{number}",
            "state": "active",
            "created_at": since,
            "attempts": 0,
        },
    )


def _consent(subject: str, language: str, since: datetime) -> dict[str, Any]:
    return {
        "id": new_id(),
        "subject_id": subject,
        "purpose": "line_news",
        "state": "given",
        "at": since,
        "valid_until": since + timedelta(days=730),
        "notice_version": "1",
        "notice_hash": "0" * 64,
        "text": "ยินยอม",
        "language": language,
        "channel": "line",
        "actor": "self",
        "webhook_event_id": None,
        "record": "{}",
    }


def _details(keyring: Keyring, learner: str, number: int) -> dict[str, Any]:
    def sealed(column: str, value: str) -> bytes:
        return keyring.seal(value.encode(), f"learner|{column}|{learner}")

    return {
        "state": "active",
        "age_band": "from_20",
        "line_user_id_sealed": sealed("line_user_id_sealed", user_id(number)),
        "name_sealed": sealed("name_sealed", f"ผู้เรียน {number}"),
        "phone_sealed": sealed("phone_sealed", f"+668{number:08}"),
        "phone_index": f"{number:064x}",
        "email_sealed": sealed("email_sealed", f"u{number}@example.com"),
        "email_index": f"{number:064x}",
    }


def _plain(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def _write(database: Database, table: Table, rows: list[dict[str, Any]]) -> None:
    if database.is_sqlite:
        for row in rows:
            if "record" in row:
                row["record"] = {}
        database.write(lambda session: session.connection().execute(insert(table), rows))
        return
    names = list(rows[0])
    with (
        psycopg.connect(_plain(database.url)) as connection,
        connection.cursor() as cursor,
        cursor.copy(f"COPY {table.name} ({', '.join(names)}) FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row([row[name] for name in names])
