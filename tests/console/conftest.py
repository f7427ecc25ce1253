"""Members of staff at their desks, signed in without the door."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from bot.runtime import Bot
from bot.services.auth.sessions import SessionCookie
from bot.services.staff import factors, sessions
from handlers.console import cookies
from models.conversation import Language
from models.staff import Role, Staff, Stage
from tests.clock import FakeClock
from tests.factories import make_staff

ORIGIN = "https://bot.example.test"
TOKEN = re.compile(r'name="token" value="([^"]+)"')


KEY = re.compile(r'class="codes">([A-Z2-7 ]+)<')


class Desk:
    """What a member of staff does with a browser."""

    def __init__(self, client: FlaskClient, member_id: str = "", ip: str = "203.0.113.9") -> None:
        self.client = client
        self.member_id = member_id
        self.ip = ip

    def request(self, method: str, path: str, **more: Any) -> TestResponse:
        more.setdefault("environ_overrides", {"REMOTE_ADDR": self.ip})
        return self.client.open(path, method=method, base_url=ORIGIN, **more)

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.request("GET", path, **more)

    def post(self, path: str, form: dict[str, Any] | None = None, **more: Any) -> TestResponse:
        return self.request("POST", path, data=form or {}, **more)

    def token(self, page: str) -> str:
        """The form token that stands on a page."""
        found = TOKEN.search(self.get(page).text)
        assert found, f"no form on {page}"
        return found[1]

    def submit(self, page_path: str, action_path: str, **form: Any) -> TestResponse:
        """Open a page and send a form with the token that stands on it."""
        return self.post(action_path, {"token": self.token(page_path), **form})

    def cookie(self, name: str = cookies.SESSION.name) -> str | None:
        found = self.client.get_cookie(name, domain="bot.example.test")
        return found.value if found else None

    def set_cookie(self, value: str, name: str = cookies.SESSION.name) -> None:
        self.client.set_cookie(name, value, domain="bot.example.test", secure=True)


class Phone:
    """An authenticator app."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.secret = ""

    def scan(self, page: str) -> None:
        found = KEY.search(page)
        assert found, page
        self.secret = found[1].replace(" ", "")

    def code(self) -> str:
        """The code of this moment; the moment passes, so that each is another one."""
        self.clock.advance(seconds=30)
        totp = factors.TOTP(key=self.secret, format="base32")
        return str(totp.generate(int(self.clock().timestamp())).token)


@pytest.fixture
def console(app: Flask, bot: Bot, clock: FakeClock) -> Callable[..., Desk]:
    """Makes signed-in members: console(Role.AUTHOR), console(Role.SUPPORT, name="...")."""

    def sit(*roles: Role, name: str = "ครูใจดี มีสุข", language: Language = Language.THAI) -> Desk:
        def rows(session: Session) -> tuple[Staff, SessionCookie]:
            staff = make_staff(session, clock(), roles=roles, name=name, language=language)
            return staff, sessions.open_session(session, staff.id, Stage.IN, clock())

        staff, ticket = bot.database.write(rows)
        desk = Desk(app.test_client(), staff.id)
        desk.set_cookie(ticket.seal(bot.cookie_keys, cookies.PLACE))
        return desk

    return sit


@pytest.fixture
def author(console: Callable[..., Desk]) -> Desk:
    """A member who writes announcements."""
    return console(Role.AUTHOR, name="ครูแก้ว")


@pytest.fixture
def approver(console: Callable[..., Desk]) -> Desk:
    """A member who approves what others wrote."""
    return console(Role.APPROVER, name="ครูวิชัย")


@pytest.fixture
def new_desk(app: Flask) -> Callable[..., Desk]:
    """Makes browsers that are not signed in."""
    return lambda ip="203.0.113.9": Desk(app.test_client(), ip=ip)


@pytest.fixture
def phone(clock: FakeClock) -> Phone:
    """An authenticator app that knows no secret yet."""
    return Phone(clock)
