"""Sweeps over all of the learner's pages: no GET writes, no cookie unknown, nothing unescaped."""

import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
from flask import Flask
from jinja2.ext import babel_extract

from bot.runtime import Bot
from bot.runtime.leadership import Leadership
from bot.texts import catalogue
from handlers.web.cookies import COOKIES
from models.consent import ConsentEvent
from tests.factories import make_consent_event
from tests.passages import misread
from tests.portal.conftest import TOKEN, Browser, Pupil
from tests.portal.snapshots import fingerprint
from tests.samples import every, numbered, sampled

pytestmark = pytest.mark.sql

TEMPLATES = Path("handlers/portal/templates/portal")
OURS = {"portal", "links", "privacy", "receipts", "health", "front_door"}
EVIL = [
    "' OR 1=1 --",
    '"><script>alert(1)</script>',
    "{{ 7*7 }}${7*7}",
    "a\x00b",
    "ก" * 300,
    "../../etc/passwd",
    "%00%0d%0aSet-Cookie: x=y",
    "\u202eevil\u2066",
    "😀" * 70,
]


def our_rules(app: Flask) -> list[tuple[str, set[str], set[str]]]:
    return [
        (rule.rule, set(rule.methods or ()), set(rule.arguments))
        for rule in app.url_map.iter_rules()
        if rule.endpoint.split(".")[0] in OURS
    ]


def fill(rule: str, values: dict[str, str]) -> str:
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: values[found[1]], rule)


@pytest.fixture
def led(bot: Bot) -> Iterator[None]:
    """Somebody answers, as /readyz asks."""
    leader = Leadership(bot.settings.database_url) if bot.settings.is_sqlite else None
    assert leader is None or leader.take()
    yield
    if leader is not None:
        leader.release()


@pytest.fixture
def values(bot: Bot, led: None, clock, settled: Pupil, new_link) -> dict[str, str]:
    """Something real for every placeholder of every route."""
    event: ConsentEvent = bot.database.write(lambda s: make_consent_event(s, clock()))
    return {
        "course_id": "everyday-english",
        "lesson_id": "greetings",
        "item": "phone",
        "filename": "portal.css",
        "event_id": event.id,
        "version": "1",
        "token": new_link(settled.account_id).removeprefix("/s/").split("?")[0],
    }


def test_no_get_changes_anything_and_every_cookie_is_known(
    app: Flask, browser: Browser, values: dict[str, str], bot: Bot, clock
) -> None:
    signed_out = Browser(app.test_client())
    known = {cookie.name for cookie in COOKIES}
    before = fingerprint(bot.database)
    swept = 0
    for rule, methods, _ in our_rules(app):
        for method in sorted(methods & {"GET", "HEAD", "OPTIONS"}):
            clock.advance(minutes=2)  # so that every signed-in answer renews its cookie
            for visitor in (browser, signed_out):
                path = fill(rule, values)
                answer = visitor.request(method, f"{path}?lang=en&keep=1")
                assert answer.status_code < 400, (method, path, answer.status_code)
                for line in answer.headers.getlist("Set-Cookie"):
                    assert line.split("=")[0] in known
                    assert "Max-Age" not in line
                    assert "Expires" not in line
                swept += 1
        assert browser.get("/portal").status_code == 200
    assert swept > 60
    assert fingerprint(bot.database) == before


def test_pages_need_a_session_unless_they_are_public(
    app: Flask, values: dict[str, str], new_browser
) -> None:
    for rule, methods, _ in our_rules(app):
        if not rule.startswith("/portal"):
            continue
        for method in methods - {"HEAD", "OPTIONS"}:
            answer = new_browser().request(method, fill(rule, values))
            is_public = rule in {
                "/portal/sign-in",
                "/portal/signed-out",
                "/portal/advice",
                "/portal/static/<filename>",
            }
            if is_public:
                assert answer.status_code == 200, rule
            elif rule == "/portal/come-back":  # public, but not without a form of ours
                assert answer.status_code == 403, rule
            else:
                assert answer.location == "/portal/sign-in", rule


def test_nothing_comes_from_elsewhere(browser: Browser, app: Flask, values) -> None:
    for rule, methods, _ in our_rules(app):
        if "GET" not in methods:
            continue
        text = browser.get(fill(rule, values)).text
        for address in re.findall(r'(?:src|action)="([^"]+)"', text):
            assert address.startswith("/"), address
        for address in re.findall(r'<link[^>]+href="([^"]+)"', text):
            assert address.startswith("/"), address
        assert "style=" not in text
        assert "<style" not in text
        assert not re.search(r"<script(?![^>]* src=)", text)
        assert not re.search(r"\son[a-z]+=", text)


def test_every_page_is_read_by_the_right_voice_and_has_one_heading(
    browser: Browser, app: Flask, values, new_browser
) -> None:
    """In both languages, for whoever is signed in and for others."""
    faults: dict[str, list[str]] = {}
    for rule, methods, _ in our_rules(app):
        if "GET" not in methods:
            continue
        for visitor, language in product((browser, new_browser()), ("th", "en")):
            path = f"{fill(rule, values)}?lang={language}"
            answer = visitor.get(path, follow_redirects=True)
            if answer.mimetype != "text/html":
                continue
            found = misread(answer.markup)
            found += [f"{n} h1" for n in {answer.markup.count("<h1")} - {1}]
            if found:
                faults[path] = found
    assert faults == {}


@pytest.mark.parametrize("evil", sampled(EVIL, EVIL[1:4]))  # markup, templates, NUL
def test_evil_input_is_never_an_error_and_always_escaped(
    browser: Browser, settled: Pupil, app: Flask, values: dict[str, str], new_browser, evil: str
) -> None:
    token = TOKEN.search(browser.get("/portal/account").text)[1]
    stranger = new_browser()
    fields = (
        *("username", "password", "current", "chosen", "again", "token", "lang", "keep"),
        *("value", "single", "as", "meant"),
    )
    for rule, methods, arguments in our_rules(app):
        if rule == "/portal/log-out":
            continue
        for method in sorted(methods & {"GET", "POST"}):
            for name in arguments or {""}:
                path = fill(rule, values | {name: evil.replace("/", "%2f").replace("%00", "")})
                for visitor in (browser, stranger):
                    answer = visitor.request(
                        method,
                        path,
                        query_string={"lang": evil, "keep": "1", "changed": evil},
                        data=dict.fromkeys(fields, evil) | {"token": token}
                        if method == "POST"
                        else None,
                        headers={"Accept-Language": "th"},
                    )
                    assert answer.status_code < 500, (method, path)
                    assert "<script>alert" not in answer.text
                    assert "x=y" not in str(answer.headers)
                    assert ">49<" not in answer.text
    sign_in = TOKEN.search(stranger.get("/portal/sign-in").text)[1]
    form = {"token": sign_in, "username": evil, "password": evil}
    answer = stranger.post("/portal/sign-in", form)
    assert answer.status_code in ({400} if "\x00" in evil else {403, 429})
    assert "<script>alert" not in answer.text


def test_evil_cookies_are_no_cookies(browser: Browser) -> None:
    def is_none(value: str) -> None:
        header = (
            "; ".join(f"{cookie.name}={value.replace(chr(0), '')}" for cookie in COOKIES)
            .encode("utf-8")
            .decode("latin-1")
        )
        answer = browser.get("/portal", environ_overrides={"HTTP_COOKIE": header})
        assert answer.location == "/portal/sign-in"

    every(numbered([*EVIL, "ก", "é", "=" * 40]), is_none)


def sentences() -> set[str]:
    found = set()
    for path in TEMPLATES.glob("*.html"):
        with path.open("rb") as file:
            for _, _, message, _ in babel_extract(file, ("t",), (), {}):
                found.add(message if isinstance(message, str) else message[0])
    return found


def test_every_sentence_has_its_thai() -> None:
    said = sentences()
    assert len(said) > 120
    assert not {sentence for sentence in said if sentence not in catalogue()}
    for sentence in said:
        thai = catalogue()[sentence]
        assert re.search(r"[ก-๛]", thai) or sentence in {"E-Learning"}, sentence
        holes = re.compile(r"\{\w+\}")
        assert sorted(holes.findall(thai)) == sorted(holes.findall(sentence)), sentence


def test_no_text_stands_in_a_template_untranslated() -> None:
    fixed = {
        "English Planet",
        "__Host-session",
        "__Host-lang",
        "__Secure-stay",
        "- English Planet",
        "›",
        "·",
        "(",
        ")",
    }
    for path in TEMPLATES.glob("*.html"):
        text = re.sub(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", "", path.read_text("utf-8"), flags=re.S)
        words = {part.strip() for part in re.findall(r">([^<>]+)<", text)}
        assert {word for word in words if re.search(r"[A-Za-zก-๛]{2}", word)} <= fixed, path.name
