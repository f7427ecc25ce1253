"""Actors and stages that all tests share."""

import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import settings as hypothesis

from app import create_bot, create_shell, install
from bot import logs
from bot.providers import hashes
from bot.runtime import Bot, errands
from bot.runtime.engine import Engine
from bot.services.chat import inbox
from bot.settings import Settings
from models.database import Database
from simulator.platform import Platform
from tests.chat import Chat
from tests.clock import FakeClock
from tests.databases import fresh, in_memory
from tests.line_server import line_server
from tests.mailbox import mailbox as mailbox  # a fixture for everybody
from tests.reading import ReadingClient
from tests.scenarios.remembered import Memory
from tests.selection import long_ones
from tests.shells import lent

BOT_USER_ID = "U" + "b" * 32
CHANNEL_SECRET = secrets.token_hex(16)
ACCESS_TOKEN = secrets.token_hex(32)

# The same examples in every run, however slow the machine is.
hypothesis.register_profile("steady", derandomize=True, deadline=None)
hypothesis.load_profile("steady")

# pytest's own directories, hence SQLite's files, are in memory where there is room.
if memory := in_memory():
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", memory)


@pytest.hookimpl(tryfirst=True)  # before -m is looked at
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what runs in `make test-long` alone; a run without -m runs everything."""
    for item in long_ones(items):
        item.add_marker(pytest.mark.long)


# A password costs nothing here; what it costs elsewhere is for tests with `real_hashes`.
REAL_HASHES = (hashes._HASHER, hashes._NOBODY)
CHEAP_HASHER = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
CHEAP_HASHES = (CHEAP_HASHER, CHEAP_HASHER.hash(secrets.token_hex(16)))
hashes._HASHER, hashes._NOBODY = CHEAP_HASHES

# One test's rows can be read in another one, see tests/scenarios/remembered.py.
SECRET_KEY = secrets.token_urlsafe(32)
DATA_KEYS = {"k1": secrets.token_bytes(32)}


@pytest.fixture
def real_hashes() -> Iterator[None]:
    """Passwords are hashed at the strength of the product."""
    hashes._HASHER, hashes._NOBODY = REAL_HASHES
    yield
    hashes._HASHER, hashes._NOBODY = CHEAP_HASHES


@pytest.fixture
def clock() -> FakeClock:
    """The time, standing still."""
    return FakeClock()


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty, migrated database; each test that asks runs on both kinds."""
    with fresh(request.param, tmp_path) as url:
        yield url


@pytest.fixture
def platform(clock: FakeClock) -> Platform:
    """LINE, as strict as the real one, with nobody on it yet."""
    return Platform(
        clock=clock,
        channel_secret=CHANNEL_SECRET,
        access_token=ACCESS_TOKEN,
        bot_user_id=BOT_USER_ID,
    )


@pytest.fixture
def line_url(platform: Platform) -> Iterator[str]:
    """Where LINE's API answers, over real HTTP."""
    with line_server().standing(platform) as url:
        yield url


@pytest.fixture
def settings(database_url: str, line_url: str) -> Settings:
    """Valid settings with keys that live as long as the process."""
    return Settings(
        public_url="https://bot.example.test",
        secret_key=SECRET_KEY,
        data_keys=dict(DATA_KEYS),
        channel_secrets=(CHANNEL_SECRET,),
        access_token=ACCESS_TOKEN,
        bot_user_id=BOT_USER_ID,
        line_api_url=line_url,
        database_url=database_url,
    )


@pytest.fixture
def shell(request: pytest.FixtureRequest) -> Iterator[Flask]:
    """Every page and door without a Bot; used by other tests before, unless `own_shell` is used."""
    if "own_shell" in request.fixturenames:
        yield request.getfixturevalue("own_shell")
        return
    with lent() as made:
        yield made


@pytest.fixture
def own_shell() -> Flask:
    """A shell that has answered nobody yet, for tests that add a route: Flask takes none later."""
    return create_shell()


@pytest.fixture
def app(settings: Settings, clock: FakeClock, shell: Flask) -> Iterator[Flask]:
    """The whole product as `create_app` builds it; no thread answers, no clock ticks."""
    assert not settings.trusted_proxies, "such a shell is not lent: call create_app"
    assert not settings.simulator, "such a shell is not lent: call create_app"
    logs.configure(settings.log_level)
    bot = create_bot(settings, clock)
    install(shell, bot)
    shell.test_client_class = ReadingClient
    yield shell
    bot.close()


@pytest.fixture
def bot(app: Flask) -> Bot:
    """The parts of the product under test."""
    found: Bot = app.extensions["bot"]
    return found


@pytest.fixture
def database(bot: Bot) -> Database:
    """The database of the product under test."""
    return bot.database


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser on https."""
    return app.test_client()


@pytest.fixture
def engine(app: Flask) -> Engine:
    """What answers; in these tests only when it is told to."""
    found: Engine = app.extensions["engine"]
    return found


@pytest.fixture
def line(app: Flask, platform: Platform, engine: Engine) -> Platform:
    """LINE connected to the product: a webhook is delivered, and answered before that returns."""
    door = app.test_client()

    def deliver(body: bytes, headers: dict[str, str]) -> int:
        status = door.post("/line/webhook", data=body, headers=headers).status_code
        for person in engine.bot.database.read(inbox.everyone_waiting):
            engine.answering.work(person)
        errands.drain(engine.bot)  # what comes soon after the answer
        engine.bot.database.write(lambda _: None)  # what nobody waited for is written by now
        return status

    platform.deliver = deliver
    return platform


@pytest.fixture
def by_chat() -> None:
    """Everything is said and tapped in this test, a registration too."""


# A test that replaces something, reads the log or looks at SQL has everything happen.
ALL_HAPPENS = {"by_chat", "monkeypatch", "caplog", "capfd", "capsys"}


@pytest.fixture
def someone(request: pytest.FixtureRequest, line: Platform, bot: Bot) -> Callable[..., Chat]:
    """Makes people: someone("มะลิ"), someone("Ben", "en")."""
    all_happens = (
        not bot.database.is_sqlite
        or request.node.get_closest_marker("sql")
        or not ALL_HAPPENS.isdisjoint(request.fixturenames)
    )
    memory = None if all_happens else Memory(bot, line)

    def make(name: str, language: str | None = "th") -> Chat:
        chat = Chat(line, name, language)
        chat.memory = memory
        return chat

    return make
