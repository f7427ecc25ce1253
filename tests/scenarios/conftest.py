"""What scenarios look at besides the chat: rows, and every word that a database holds."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import LargeBinary, select

from bot.runtime import Bot
from models.database import Database
from models.staff import Role
from models.subscription import Channel
from models.tables import metadata
from simulator.platform import Platform
from tests.news import Subscriber
from tests.scenarios.campaigns.announcing import Member, linked


@pytest.fixture
def rows(database: Database) -> Callable[..., list[Any]]:
    """All rows of a model, oldest first where it has a time-ordered id."""

    def read(model: Any, *criteria: Any) -> list[Any]:
        order = getattr(model, "id", None)
        query = select(model).where(*criteria)
        if order is not None:
            query = query.order_by(order)
        return database.read(lambda session: list(session.scalars(query)))

    return read


@pytest.fixture
def all_words(database: Database, bot: Bot) -> Callable[[], str]:
    """Every value of every table as one text, sealed columns opened."""

    def read() -> str:
        found: list[str] = []
        for table in metadata.sorted_tables:
            for row in database.read(lambda s, t=table: s.execute(select(t)).mappings().all()):
                for column in table.columns:
                    value = row[column.name]
                    if value is not None and isinstance(column.type, LargeBinary):
                        place = f"{table.name}|{column.name}|{row['id']}"
                        value = bot.keyring.open(value, place).decode()
                        if value.startswith(("{", "[")):
                            value = json.dumps(json.loads(value), ensure_ascii=False)
                    found.append(str(value))
        return "\n".join(found)

    return read


@pytest.fixture
def post(line: Platform) -> Callable[..., int]:
    """Deliver raw events in one signed webhook; the status, after everybody was answered."""

    def deliver(*events: Any, destination: str | None = None) -> int:
        payload = {"destination": destination or line.bot_user_id, "events": list(events)}
        body = json.dumps(payload).encode()
        assert line.deliver is not None
        return line.deliver(body, line.webhooks.headers(body))

    return deliver


@pytest.fixture
def reader(bot: Bot, line: Platform) -> Subscriber:
    """Somebody who takes news on both channels."""
    return Subscriber(bot, line, Channel.LINE, Channel.EMAIL)


@pytest.fixture
def author(bot: Bot, line: Platform) -> Member:
    """A member of staff who writes announcements in the chat."""
    return linked(bot, line, Role.AUTHOR, name="ผู้เขียนประกาศ")


@pytest.fixture
def approver(bot: Bot, line: Platform) -> Member:
    """A member of staff who approves announcements in the chat."""
    return linked(bot, line, Role.APPROVER, name="ผู้อนุมัติประกาศ")
