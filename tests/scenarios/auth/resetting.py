"""How a learner gets in and asks for a new password: steps that several scenarios share."""

import html
import re
from dataclasses import dataclass

from flask import Flask

from tests.chat import Chat
from tests.portal.conftest import ORIGIN, OWN_PASSWORD, Browser
from tests.scenarios.story import EMAIL, language_of, register

DIGITS = "5678"  # of the phone in tests.scenarios.story
THAI_DIGITS = "๕๖๗๘"
WORDS = {"th": "ลืมรหัสผ่าน", "en": "reset password"}
_SECRET = re.compile(r'id="(username|password)">([^<]+)<')

__all__ = ["DIGITS", "EMAIL", "ORIGIN", "OWN_PASSWORD", "THAI_DIGITS", "WORDS", "Browser"]


@dataclass
class Shown:
    """What a one-time page showed."""

    username: str
    password: str


def path_of(chat: Chat, sentence: str) -> str:
    """The path behind the newest button with this (English) sentence."""
    address = chat.opens(language_of(chat)(sentence))
    assert address.startswith(ORIGIN)
    return address.removeprefix(ORIGIN)


def shown(page: str) -> Shown:
    found = dict(_SECRET.findall(page))
    return Shown(html.unescape(found["username"]), html.unescape(found["password"]))


def settle(chat: Chat, app: Flask) -> tuple[Shown, Browser]:
    """Register, open the first link, sign in and choose an own password."""
    register(chat)
    browser = Browser(app.test_client())
    first = shown(browser.post(path_of(chat, "Show my password")).text)
    assert browser.sign_in(first.username, first.password).status_code == 303
    page = "/portal/password"
    answer = browser.submit(page, page, chosen=OWN_PASSWORD, again=OWN_PASSWORD)
    assert answer.status_code == 303
    return first, browser


def ask(chat: Chat) -> str:
    """Ask for a new password by typing; the path of the link."""
    chat.says(WORDS[language_of(chat).language])
    return path_of(chat, "Get a new password")


def reset(chat: Chat, app: Flask) -> Shown:
    """Ask for a new password and prove the second thing."""
    answer = Browser(app.test_client()).post(ask(chat), {"digits": DIGITS})
    assert answer.status_code == 200, answer.text
    return shown(answer.text)
