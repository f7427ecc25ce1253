"""Nobody learns from us who has an account: known and unknown get the same at every door.

OWASP ASVS 5.0, 6.3.8; OWASP Forgot Password Cheat Sheet; the school's policy, S7.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from bot.runtime import Bot
from bot.services.accounts import freezing
from bot.services.auth import secret_links, tokens
from bot.services.shared import codes
from bot.services.subscriptions import subscriptions
from models.account import Account
from models.consent import Purpose
from models.learner import Learner
from models.one_time_token import TokenPurpose
from models.secret_link import LinkPurpose
from tests.chat import Chat
from tests.portal.conftest import Browser
from tests.scenarios.story import ACTS, EMAIL, LINE_ID, PHONE, Step, language_of, reach, register

ORIGIN = "https://bot.example.test"
FORM_TOKEN = re.compile(r'(name="token" value=")[^"]+')
NOT_OURS = {"date", "content-length"}


@dataclass
class World:
    """The product with somebody in it, and a way to make strangers."""

    app: Flask
    bot: Bot
    someone: Callable[..., Chat]
    clock: Any
    learner_id: str
    account_id: str
    conversation_id: str
    username: str

    def stranger(self, is_known: bool) -> Chat:
        """Somebody without an account; they are two, so that neither is the other."""
        chat = self.someone("คนแปลกหน้า" if is_known else "คนไม่รู้จัก")
        chat.adds_the_account()
        return chat

    def browser(self) -> FlaskClient:
        return self.app.test_client()


@pytest.fixture
def world(app: Flask, bot: Bot, someone: Any, clock: Any) -> World:
    """มะลิ is registered, has a password of her own, and confirmed her address."""
    register(someone("มะลิ"))

    def found(session: Any) -> tuple[str, str, str, str]:
        account = session.scalars(select(Account)).one()
        account.issued_at = clock()
        learner = session.get_one(Learner, account.learner_id)
        learner.email_verified_at = clock()
        return learner.id, account.id, learner.conversation_id, account.username

    return World(app, bot, someone, clock, *bot.database.write(found))


def seen(answer: Any, *secrets: str) -> Any:
    """What an outsider can compare of a page."""
    body = FORM_TOKEN.sub(r"\1", answer.get_data(as_text=True))
    for secret in filter(None, secrets):
        body = body.replace(secret, "...")
    headers = sorted(
        (name, value.split("=")[0] if name == "Set-Cookie" else value)
        for name, value in answer.headers
        if name.lower() not in NOT_OURS
    )
    return answer.status_code, headers, body


def said(chat: Chat, *typed: str) -> str:
    """What a person was told, with their own words taken out."""
    told = json.dumps([bubble.message for bubble in chat.newest()], ensure_ascii=False)
    for own in typed:
        told = told.replace(own, "...")
    return told


def sign_in(world: World, is_known: bool) -> Any:
    name = world.username if is_known else "ep" + "x" * (len(world.username) - 2)
    answer = Browser(world.browser()).sign_in(name, "not the right one")
    assert "not right" in answer.text or "ไม่ถูกต้อง" in answer.text
    return seen(answer, name)


def registration(world: World, is_known: bool) -> Any:
    """Somebody gives the phone, address and LINE ID of a person who is registered already."""
    phone = PHONE if is_known else "089-765-4321"
    email = EMAIL if is_known else "somchai.jx@gmail.com"
    line_id = LINE_ID if is_known else "somchai.jx"
    chat = world.someone("แก้ว" if is_known else "ขวัญ")
    reach(
        chat,
        Step.SUMMARY,
        phone=lambda c: c.says(phone),
        email=lambda c: c.says(email),
        line_id=lambda c: c.says(line_id),
    )
    ACTS[Step.SUMMARY](chat)
    told = said(chat)
    told = re.sub(r"/s/[0-9a-f]+", "/s/...", told)
    return re.sub(r'"text": "ep[0-9a-z]+"', '"text": "ep..."', told)


def reset(world: World, is_known: bool) -> Any:
    """A chat without an account asks for another one's password."""
    chat = world.stranger(is_known)
    chat.says(f"ลืมรหัสผ่าน {world.username if is_known else 'epxxxxxxxx'}")
    return said(chat)


def relinking_by_mail(world: World, is_known: bool) -> Any:
    chat = world.stranger(is_known)
    t = language_of(chat)
    chat.says("ย้ายบัญชี")
    chat.taps(t("Code by e-mail"))
    told = []
    for typed in (EMAIL if is_known else "somchai.jx@gmail.com", "000000", "Somchai"):
        chat.says(typed)
        told.append(said(chat, typed))
    return told


def guardian_code(world: World, is_known: bool) -> Any:
    """A code that was replaced by a newer one, and one that never was."""
    code = codes.GUARDIAN.draw()
    if is_known:
        child = world.someone("น้องฟ้า")
        t = language_of(child)
        reach(child, Step.AGE)
        child.taps(t("11 to 19 years"))
        child.says("ฟ้า")
        shown = re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}", said(child))
        assert shown
        code = shown[0]
        child.says("สมัครเรียน")
        child.taps(t("Get a new code"))
    chat = world.stranger(is_known)
    chat.says(f"ผู้ปกครอง {code}")
    return said(chat, code)


def _page(path: Callable[[World, bool], tuple[str, str]], method: str) -> Any:
    def door(world: World, is_known: bool) -> Any:
        made, secret = path(world, is_known)
        form = {"digits": "9999", "phone": "9999", "List-Unsubscribe": "One-Click"}
        asked: dict[str, Any] = {"data": form} if method == "POST" else {}
        answer = world.browser().open(made, method=method, base_url=ORIGIN, **asked)
        return seen(answer, secret)

    return door


def initial_link(world: World, is_known: bool, purpose: LinkPurpose | None = None) -> Any:
    token = "0" * 64
    if is_known:
        token = world.bot.database.write(
            lambda s: secret_links.issue(
                s, s.get_one(Account, world.account_id), world.clock(), purpose
            )
        )
    way = "reset/" if purpose is LinkPurpose.PASSWORD_RESET else ""
    return f"/s/{way}{token}", token


def reset_link(world: World, is_known: bool) -> Any:
    return initial_link(world, is_known, LinkPurpose.PASSWORD_RESET)


def stop_link(world: World, is_known: bool) -> Any:
    subject = world.conversation_id if is_known else "0" * 32
    url = subscriptions.unsubscribe_url(
        world.bot.keyring, world.bot.settings, subject, Purpose.EMAIL_NEWS
    )
    return url.removeprefix(ORIGIN), url.rsplit("/", 1)[1].split("?")[0]


def freeze_link(world: World, is_known: bool) -> Any:
    """An account that there is and one that there is not, both with a real seal."""
    account = world.account_id if is_known else "0" * 32
    token = freezing.authority(world.bot.keyring, account, world.clock())
    return f"/s/freeze/{token}", token


def data_link(world: World, is_known: bool) -> Any:
    token = "0" * 64
    if is_known:
        token = world.bot.database.write(
            lambda s: tokens.issue(s, TokenPurpose.ARCHIVE, world.conversation_id, world.clock())
        )
    return f"/s/data/{token}", token


def email_link(world: World, is_known: bool) -> Any:
    token = "0" * 64
    if is_known:
        token = world.bot.database.write(
            lambda s: tokens.issue(
                s, TokenPurpose.EMAIL_CONFIRM, world.conversation_id, world.clock(), value=EMAIL
            )
        )
    return f"/s/email/{token}", token


def dead(path: Callable[[World, bool], tuple[str, str]]) -> Any:
    """The same link long after its time: as if it had never been."""

    def made(world: World, is_known: bool) -> tuple[str, str]:
        found = path(world, is_known)
        world.clock.advance(hours=25)
        return found

    return made


DOORS: dict[str, Callable[[World, bool], Any]] = {
    "sign-in": sign_in,
    "registration": registration,
    "reset in chat": reset,
    "re-linking by mail": relinking_by_mail,
    "guardian's code": guardian_code,
    "first link, seen": _page(initial_link, "GET"),
    "reset link, seen": _page(reset_link, "GET"),
    "data link, seen": _page(data_link, "GET"),
    "address link, seen": _page(email_link, "GET"),
    "freeze link, seen": _page(freeze_link, "GET"),
    "unsubscribe, seen": _page(stop_link, "GET"),
    "unsubscribe, pressed": _page(stop_link, "POST"),
    "first link, dead": _page(dead(initial_link), "POST"),
    "reset link, dead": _page(dead(reset_link), "POST"),
    "data link, dead": _page(dead(data_link), "POST"),
    "address link, dead": _page(dead(email_link), "POST"),
}


@pytest.mark.parametrize("door", DOORS)
def test_known_and_unknown_are_told_the_same(door: str, world: World) -> None:
    ask = DOORS[door]
    assert ask(world, True) == ask(world, False)
