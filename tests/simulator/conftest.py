"""A clock that stands still, a bot that only listens, and the real SDK against a real socket."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from linebot.v3.messaging import ApiClient, Configuration, MessagingApi, MessagingApiBlob

from simulator.people import Person
from simulator.platform import Platform
from simulator.server import serve

SECRET = "8c570fa6dd201bb328f1c1eac23a96d8"
TOKEN = "a-long-lived-token"


class StandingClock:
    """A clock that moves when told to."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Listener:
    """A bot's webhook that keeps what it hears."""

    def __init__(self) -> None:
        self.heard: list[tuple[bytes, dict[str, str]]] = []
        self.status = 200

    def __call__(self, body: bytes, headers: dict[str, str]) -> int:
        self.heard.append((body, headers))
        return self.status


class Line:
    """The SDK's clients, bound to the simulator."""

    def __init__(self, base_url: str, token: str = TOKEN) -> None:
        self.base_url = base_url
        configuration = Configuration(host=base_url, access_token=token)
        configuration.retries = False
        self.client = ApiClient(configuration)
        self.api = MessagingApi(self.client)
        self.blob = MessagingApiBlob(self.client)

    def raw(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        headers: dict[str, str] | None = None,
        **options: Any,
    ) -> Any:
        """A call past the SDK's own checks; returns urllib3's response."""
        pool = self.client.rest_client.pool_manager
        given = {"Authorization": f"Bearer {TOKEN}"} | (headers or {})
        if json is not None:
            options["json"] = json
        return pool.request(
            method, self.base_url + path, headers=given, retries=False, timeout=10, **options
        )

    def close(self) -> None:
        self.client.rest_client.pool_manager.clear()


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def platform(clock: StandingClock, listener: Listener) -> Platform:
    return Platform(clock=clock, channel_secret=SECRET, access_token=TOKEN, deliver=listener)


@pytest.fixture
def mali(platform: Platform) -> Person:
    """A friend of the bot."""
    person = platform.add_person("มะลิ")
    platform.follow(person.user_id)
    return person


@pytest.fixture
def line(platform: Platform) -> Iterator[Line]:
    with serve(platform) as base_url:
        line = Line(base_url)
        yield line
        line.close()
