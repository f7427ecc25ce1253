"""A registration by chat, made once a process and then put back: rows, rooms, what LINE counted.

More than half of all stories merely begin with one, and twelve acts of chat cost thirty times what
putting their outcome back costs. It is put back only where nothing has happened yet and nothing was
exchanged (clock, settings, a part of the bot, LINE's moods); otherwise it is made by chat.
"""

import pickle
import sqlite3
from collections.abc import Callable, Hashable, Mapping
from contextlib import closing
from dataclasses import dataclass, fields, replace
from typing import Any

from sqlalchemy.engine import make_url

from bot.runtime import Bot
from simulator.platform import Platform
from simulator.rooms import Bubble
from tests.chat import Chat

Rows = dict[str, list[tuple[Any, ...]]]
ADDRESSES = {"database_url": "", "line_api_url": ""}
# The triggers of what is inserted before them count a learner's changes.
LAST = "learner"

# What a registration changes at LINE, and what says how LINE behaves; "" is the Platform itself.
CHANGED = {
    "": ("calls", "link_tokens"),
    "chats": ("loading", "read_tokens"),
    "webhooks": ("sent", "deliveries"),
    "reply_tokens": ("_tokens",),
    "retry_keys": ("_accepted",),
    "usage": ("free", "delivered", "_paid"),
    "rates": ("_buckets",),
}
MOODS = {
    "": ("mode", "chat_mode", "verified", "latency", "name", "channel_secret", "bot_user_id"),
    "chats": ("groups",),
    "webhooks": ("held", "holding", "doubling"),
    "usage": ("quota",),
    "rates": ("table",),
    "faults": ("_armed",),
    "insights": ("units",),
}


@dataclass(frozen=True)
class Past:
    """What a registration left."""

    rows: Rows
    at_line: bytes
    seen: int
    last: int


_pasts: dict[Hashable, Past] = {}


class Memory:
    """Knows a test's stage as it was set up; only on SQLite, whose file anybody may write."""

    def __init__(self, bot: Bot, platform: Platform) -> None:
        self._bot, self._platform = bot, platform
        self._path = str(make_url(bot.settings.database_url).database)
        self._parts = self._made_of()
        self._at_line = _line_as_set_up(platform)

    def registered(
        self, chat: Chat, instead: Mapping[str, Any], by_chat: Callable[[], list[Bubble]]
    ) -> list[Bubble]:
        """The last answer of a registration, from memory or by chat."""
        if not self._is_untouched():
            return by_chat()
        settings = replace(self._bot.settings, **ADDRESSES)
        values = str([(field.name, getattr(settings, field.name)) for field in fields(settings)])
        moment, person = self._bot.clock(), chat.person
        key = (moment, values, person.name, person.language, frozenset(instead.items()))
        past = _pasts.get(key)
        if past is None:
            said = by_chat()
            at_line = pickle.dumps(_at_line(self._platform, chat.user_id))
            _pasts[key] = Past(self._rows(), at_line, chat._seen, chat._last)
            return said
        self._insert(past.rows)
        _put_back(self._platform, chat.user_id, pickle.loads(past.at_line))
        chat._seen, chat._last = past.seen, past.last
        return chat.newest()

    def _is_untouched(self) -> bool:
        return (
            self._made_of() == self._parts
            and _line_as_set_up(self._platform) == self._at_line
            and not any(table != "alembic_version" for table in self._rows())
        )

    def _made_of(self) -> list[Any]:
        bot = self._bot
        parts = (bot, bot.provider, bot.gateway, bot.dispatcher, bot.database)
        return [{name: id(value) for name, value in vars(part).items()} for part in parts]

    def _rows(self) -> Rows:
        with closing(sqlite3.connect(self._path)) as connection:
            names = connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            ).fetchall()
            found = {
                name: connection.execute(f'SELECT * FROM "{name}"').fetchall() for (name,) in names
            }
        return {name: rows for name, rows in found.items() if rows}

    def _insert(self, rows: Rows) -> None:
        with closing(sqlite3.connect(self._path)) as connection, connection:
            for table in sorted(rows, key=lambda name: name == LAST):
                if table == "alembic_version":
                    continue
                gaps = ", ".join("?" * len(rows[table][0]))
                connection.executemany(f'INSERT INTO "{table}" VALUES ({gaps})', rows[table])


def _at_line(platform: Platform, user_id: str) -> dict[str, dict[str, Any]]:
    """Everything at LINE that one person's registration may change."""
    person, room = platform.person(user_id), platform.room(user_id)
    return {"person": vars(person), "room": {user_id: room}} | {
        part: {name: vars(_part(platform, part))[name] for name in names}
        for part, names in CHANGED.items()
    }


def _put_back(platform: Platform, user_id: str, state: dict[str, dict[str, Any]]) -> None:
    with platform.lock:
        vars(platform.person(user_id)).update(state.pop("person"))
        platform.chats.rooms.update(state.pop("room"))
        for part, values in state.items():
            vars(_part(platform, part)).update(values)
        platform.chats.changed()


def _part(platform: Platform, name: str) -> Any:
    return getattr(platform, name) if name else platform


def _line_as_set_up(platform: Platform) -> str:
    """LINE but for who uses it: the same text as long as nobody did anything."""
    parts = {name: vars(_part(platform, name)) for name in CHANGED}
    changed = [[parts[part][name] for name in names] for part, names in CHANGED.items()]
    people = [p for p in platform.people if p.friend or p.blocked or p.wrote_at]
    rooms = [room for room in platform.chats.rooms.values() if room]
    moods = [vars(_part(platform, part))[name] for part, names in MOODS.items() for name in names]
    deliver = id(platform.deliver)
    return str((changed, people, rooms, moods, deliver, vars(platform.rich_menus)))
