"""A learner's browser, and a learner with an account."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from bot.providers.base import NewAccount
from bot.runtime import Bot
from bot.services.auth import passwords, secret_links
from models.account import Account
from tests.clock import FakeClock
from tests.factories import make_account, make_learner

ORIGIN = "https://bot.example.test"
TOKEN = re.compile(r'name="token" value="([^"]+)"')
OWN_PASSWORD = "สี่แมว walks over 9 hills"


class Browser:
    """What a person does with a browser: open pages, send the forms that stand on them."""

    def __init__(self, client: FlaskClient, ip: str = "203.0.113.7") -> None:
        self.client = client
        self.ip = ip

    def request(self, method: str, path: str, **more: Any) -> TestResponse:
        more.setdefault("environ_overrides", {"REMOTE_ADDR": self.ip})
        return self.client.open(path, method=method, base_url=ORIGIN, **more)

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.request("GET", path, **more)

    def post(self, path: str, form: dict[str, str] | None = None, **more: Any) -> TestResponse:
        return self.request("POST", path, data=form or {}, **more)

    def submit(self, page: str, action: str, **form: str) -> TestResponse:
        """Open a page and send a form with the token that stands on it."""
        found = TOKEN.search(self.get(page).text)
        assert found, f"no form on {page}"
        return self.post(action, {"token": found[1], **form})

    def sign_in(self, username: str, password: str, **more: str) -> TestResponse:
        return self.submit(
            "/portal/sign-in?other=1",
            "/portal/sign-in",
            username=username,
            password=password,
            **more,
        )

    def log_out(self) -> TestResponse:
        return self.submit("/portal/account", "/portal/log-out")

    def cookie(self, name: str = "__Host-session", path: str = "/") -> str | None:
        found = self.client.get_cookie(name, domain="bot.example.test", path=path)
        return found.value if found else None

    def set_cookie(self, value: str, name: str = "__Host-session", path: str = "/") -> None:
        self.client.set_cookie(name, value, domain="bot.example.test", path=path, secure=True)

    def forget(self, name: str = "__Host-session") -> None:
        self.client.delete_cookie(name, domain="bot.example.test")


@dataclass
class Pupil:
    """A learner with an account at the embedded system, and the passwords they know."""

    account_id: str
    learner_id: str
    username: str
    initial: str
    own: str | None = None

    @property
    def password(self) -> str:
        return self.own or self.initial


@pytest.fixture
def new_browser(app: Flask) -> Callable[..., Browser]:
    """Makes browsers that know nothing of each other."""
    return lambda ip="203.0.113.7": Browser(app.test_client(), ip)


@pytest.fixture
def browser(new_browser: Callable[..., Browser]) -> Browser:
    """One browser."""
    return new_browser()


@pytest.fixture
def enrol(bot: Bot, clock: FakeClock) -> Callable[[], Pupil]:
    """Makes a learner whose account the provider knows, with an initial password."""

    def make() -> Pupil:
        def rows(session: Session) -> Account:
            return make_account(session, make_learner(session, clock()), clock())

        account = bot.database.write(rows)
        bot.provider.create(
            NewAccount(account.id, account.username, "สมหญิง ใจดี", "s@example.test", "th"), clock()
        )
        initial = passwords.draw_initial()
        bot.provider.issue_password(account.id, initial, clock())
        return Pupil(account.id, account.learner_id, account.username, initial)

    return make


@pytest.fixture
def pupil(enrol: Callable[[], Pupil]) -> Pupil:
    """A learner who has not signed in yet."""
    return enrol()


@pytest.fixture
def settled(browser: Browser, pupil: Pupil) -> Pupil:
    """A learner with a password of their own, signed in with `browser`."""
    assert browser.sign_in(pupil.username, pupil.initial).status_code == 303
    answer = browser.submit(
        "/portal/password", "/portal/password", chosen=OWN_PASSWORD, again=OWN_PASSWORD
    )
    assert answer.status_code == 303, answer.text
    pupil.own = OWN_PASSWORD
    return pupil


@pytest.fixture
def new_link(bot: Bot, clock: FakeClock) -> Callable[[str], str]:
    """Issues a one-time link for an account; returns its path."""

    def issue(account_id: str, language: str = "th") -> str:
        token = bot.database.write(
            lambda session: secret_links.issue(
                session, session.get_one(Account, account_id), clock()
            )
        )
        address = secret_links.url(ORIGIN, token, language)
        assert address.startswith(ORIGIN)
        return address.removeprefix(ORIGIN)

    return issue
