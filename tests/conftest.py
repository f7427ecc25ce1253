"""Actors and stages that all tests share."""

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import settings as hypothesis

from app import create_app
from bot.runtime import Bot
from bot.runtime.engine import Engine
from bot.services.chat import inbox
from bot.settings import Settings
from models.database import Database
from simulator.platform import Platform
from simulator.server import serve
from tests.chat import Chat
from tests.clock import FakeClock
from tests.databases import fresh
from tests.mailbox import mailbox as mailbox  # a fixture for everybody

BOT_USER_ID = "U" + "b" * 32
CHANNEL_SECRET = secrets.token_hex(16)
ACCESS_TOKEN = secrets.token_hex(32)

# The same examples in every run, however slow the machine is.
hypothesis.register_profile("steady", derandomize=True, deadline=None)
hypothesis.load_profile("steady")


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
    with serve(platform) as url:
        yield url


@pytest.fixture
def settings(database_url: str, line_url: str) -> Settings:
    """Valid settings with keys that live for one test."""
    return Settings(
        public_url="https://bot.example.test",
        secret_key=secrets.token_urlsafe(32),
        data_keys={"k1": secrets.token_bytes(32)},
        channel_secrets=(CHANNEL_SECRET,),
        access_token=ACCESS_TOKEN,
        bot_user_id=BOT_USER_ID,
        line_api_url=line_url,
        database_url=database_url,
    )


@pytest.fixture
def app(settings: Settings, clock: FakeClock) -> Iterator[Flask]:
    """The whole product, not started: no thread answers, no clock ticks."""
    made = create_app(settings, clock=clock)
    yield made
    made.extensions["bot"].close()


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
        engine.bot.database.write(lambda _: None)  # what nobody waited for is written by now
        return status

    platform.deliver = deliver
    return platform


@pytest.fixture
def someone(line: Platform) -> Callable[..., Chat]:
    """Makes people: someone("มะลิ"), someone("Ben", "en")."""

    def make(name: str, language: str | None = "th") -> Chat:
        return Chat(line, name, language)

    return make
