"""What everybody may read: policy, receipts, health, error pages; and what all pages carry."""

import json
import re
from datetime import timedelta
from itertools import product

import pytest
from flask import Flask
from sqlalchemy import text

from bot.runtime import Bot
from bot.runtime.engine import Engine
from bot.runtime.leadership import Leadership
from bot.texts import policy
from handlers.web.headers import HEADERS, content_policy
from models.consent import ConsentEvent, ConsentState, Purpose
from models.conversation import Language
from tests.clock import FakeClock
from tests.factories import make_consent_event
from tests.portal.conftest import Browser, Pupil
from tests.samples import every, numbered
from tests.servers import eventually


@pytest.mark.parametrize(
    ("language", "words"),
    [("th", ("ส่วนที่ 1", "ส่วนที่ 2")), ("en", ("Part 1", "Part 2"))],
)
def test_policy_and_notice_stand_apart(
    browser: Browser, language: str, words: tuple[str, str]
) -> None:
    for path in ("/privacy", f"/privacy/v/{policy.CURRENT}"):
        answer = browser.get(f"{path}?lang={language}")
        assert answer.status_code == 200
        first, second = (answer.text.index(word) for word in words)
        assert first < second
        assert policy.text_hash(policy.CURRENT) in answer.text
        assert f'<html lang="{language}">' in answer.text
        assert answer.text.count('class="part') == 2


def test_the_policy_page_begins_with_the_policy(browser: Browser) -> None:
    page = browser.get("/privacy").text
    main = page[page.index("<main") :]
    began = main.index("English Planet ตระหนักดีว่า")
    assert began < main.index(policy.text_hash(policy.CURRENT))
    assert "<dl" not in main[:began]
    assert "<a " not in main[:began]


def test_pages_lead_back_to_the_chat_where_its_name_is_known(browser: Browser, bot: Bot) -> None:
    assert "oaMessage" not in browser.get("/portal/signed-out").text
    bot.basic_id = "@planet"
    for path in ("/privacy", "/portal/sign-in", "/nothing"):
        assert '<a href="https://line.me/R/oaMessage/%40planet">' in browser.get(path).text, path
    assert browser.get("/portal/signed-out").text.count("oaMessage/%40planet") == 2


def test_the_policy_is_thai_unless_the_browser_wants_english(browser: Browser) -> None:
    assert '<html lang="th">' in browser.get("/privacy").text
    french = {"Accept-Language": "fr, de;q=0.5"}
    assert '<html lang="th">' in browser.get("/privacy", headers=french).text
    english = {"Accept-Language": "en-GB,en;q=0.9,th;q=0.5"}
    assert '<html lang="en">' in browser.get("/privacy", headers=english).text


@pytest.mark.parametrize("version", ["0", "99", "x", "..", "1/policy.th.md", "1%00"])
def test_a_version_that_never_was_is_not_found(browser: Browser, version: str) -> None:
    assert browser.get(f"/privacy/v/{version}").status_code == 404


@pytest.fixture
def event(bot: Bot, clock: FakeClock) -> ConsentEvent:
    return bot.database.write(
        lambda s: make_consent_event(
            s,
            clock(),
            purpose=Purpose.LINE_NEWS,
            valid_until=clock() + timedelta(days=730),
            text="<b>ยินยอม</b> รับข่าว",
        )
    )


def test_a_receipt_says_it_all_and_names_nobody(browser: Browser, event: ConsentEvent) -> None:
    answer = browser.get(f"/receipts/{event.id}")
    for words in (
        "ข่าวสารทาง LINE",
        "<strong>คุณยินยอม</strong>",
        "23 พฤศจิกายน 2569 เวลา 10:00 น.",
        "22 พฤศจิกายน 2571",
        event.notice_hash,
        "&lt;b&gt;ยินยอม&lt;/b&gt; รับข่าว",
        "ถอนความยินยอม",
        event.id,
    ):
        assert words in answer.text, words
    assert event.subject_id not in answer.text
    english = browser.get(f"/receipts/{event.id}?lang=en").text
    assert "23 November 2026, 10:00 (Bangkok time)" in english
    assert '<blockquote class="card words" lang="th">' in english


def test_a_receipt_for_machines(browser: Browser, event: ConsentEvent) -> None:
    answer = browser.get(f"/receipts/{event.id}.json")
    content = json.loads(answer.text)
    assert answer.mimetype == "application/json"
    assert {"header", "processing", "parties", "event"} <= set(content)
    assert content["event"]["event_time"] == "2026-11-23T03:00:00Z"
    assert content["event"]["event_state"] == "given"
    assert content["event"]["valid_until"] == "2028-11-22T03:00:00Z"
    assert content["event"]["notice_hash"] == f"sha256:{event.notice_hash}"
    assert content["event"]["text"] == event.text


def test_every_kind_of_receipt_can_be_read(browser: Browser, bot: Bot, clock: FakeClock) -> None:
    def can_be_read(kind: tuple[ConsentState, Purpose]) -> None:
        state, purpose = kind
        made = bot.database.write(
            lambda s: make_consent_event(
                s, clock(), state=state, purpose=purpose, language=Language.ENGLISH
            )
        )
        for language in ("th", "en"):
            assert browser.get(f"/receipts/{made.id}?lang={language}").status_code == 200

    every(numbered(product(ConsentState, Purpose)), can_be_read)


def test_an_expired_consent_says_so(browser: Browser, event: ConsentEvent, clock) -> None:
    clock.advance(days=731)
    assert "พ้นกำหนดแล้ว" in browser.get(f"/receipts/{event.id}").text


@pytest.mark.parametrize("made_up", ["0" * 32, "x", "0" * 31, "A" * 32, "'or'1'='1", "0" * 33])
def test_unknown_receipts_are_alike(browser: Browser, made_up: str) -> None:
    for end in ("", ".json"):
        answer = browser.get(f"/receipts/{made_up}{end}")
        assert answer.status_code == 404
        assert answer.text == browser.get("/receipts/nothing").text


def test_health(browser: Browser, engine: Engine) -> None:
    assert browser.get("/healthz").json == {"status": "ok"}
    engine.start()
    assert browser.get("/readyz").json == {"status": "ok", "problems": []}
    engine.stop()


def test_a_process_whose_messages_nobody_answers_is_not_ready(
    browser: Browser, engine: Engine
) -> None:
    """On SQLite, where one process answers; it may be another one."""
    if not engine.bot.settings.is_sqlite:
        return
    silent = ["nobody answers what is stored"]
    assert browser.get("/readyz").json == {"status": "not ready", "problems": silent}
    other = Leadership(engine.bot.settings.database_url)
    assert other.take()
    assert browser.get("/readyz").status_code == 200
    assert not engine.start(), "it waits"
    other.release()
    eventually(lambda: engine.lanes.are_running, "the takeover")
    assert browser.get("/readyz").status_code == 200
    engine.stop()
    assert browser.get("/readyz").status_code == 503


def test_a_database_without_its_tables_is_not_ready(browser: Browser, bot: Bot) -> None:
    bot.database.write(lambda s: s.execute(text("DELETE FROM alembic_version")))
    answer = browser.get("/readyz")
    assert answer.status_code == 503
    assert "the database is not migrated" in answer.json["problems"]
    assert browser.get("/healthz").status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/portal/nothing", 404),
        ("DELETE", "/portal/sign-in", 405),
        ("POST", "/privacy", 405),
        ("PUT", "/s/x", 405),
    ],
)
def test_errors_speak_both_languages_and_tell_nothing(
    browser: Browser, method: str, path: str, status: int
) -> None:
    for language in ("th", "en"):
        answer = browser.request(method, f"{path}?lang={language}")
        assert answer.status_code == status
        assert f'<html lang="{language}">' in answer.text
        assert "werkzeug" not in answer.text.lower()
        if status == 405:
            assert "Allow" in answer.headers


def test_too_large_a_form_is_refused(browser: Browser) -> None:
    browser.get("/portal/sign-in")
    answer = browser.post("/portal/sign-in", {"username": "x" * 70_000})
    assert answer.status_code == 413
    assert "ใหญ่เกินไป" in answer.text


@pytest.fixture
def troubled(own_shell: Flask, app: Flask) -> Flask:
    """The application with two views that break."""

    def broken() -> str:
        raise RuntimeError("canary")

    app.add_url_rule("/broken", "broken", broken)
    app.add_url_rule("/line/broken", "line_broken", broken)
    return app


def test_an_unexpected_error_tells_nothing(troubled: Flask, browser: Browser) -> None:
    answer = browser.get("/broken")
    assert answer.status_code == 500
    assert "ขออภัย" in answer.text
    assert "canary" not in answer.text
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_machines_get_json(troubled: Flask, browser: Browser) -> None:
    answer = browser.get("/line/broken")
    assert answer.status_code == 500
    assert answer.json == {"error": "internal server error"}
    assert browser.get("/line/nothing").json == {"error": "not found"}


def test_every_response_carries_the_headers(
    browser: Browser, settled: Pupil, event: ConsentEvent, new_link
) -> None:
    paths = ["/", "/portal", "/portal/account", "/privacy", "/healthz", "/readyz", "/nothing"]
    paths += ["/line/nothing", "/portal/static/portal.css", new_link(settled.account_id)]
    paths += [f"/receipts/{event.id}", f"/receipts/{event.id}.json", "/portal/signed-out"]
    for path in paths:
        answer = browser.get(path)
        for name in HEADERS:
            assert name in answer.headers, (path, name)
        assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")
        assert "script-src 'self'" in answer.headers["Content-Security-Policy"]


def test_the_content_policy_can_be_widened() -> None:
    assert content_policy(connect_src="'self'").endswith("; connect-src 'self'")
    assert "unsafe" not in content_policy()


def test_our_files_may_be_kept_and_change_their_address(browser: Browser) -> None:
    page = browser.get("/portal/sign-in").text
    found = re.findall(r'(?:href|src)="(/portal/static/[^"]+)"', page)
    assert len(found) >= 3
    for address in found:
        answer = browser.get(address)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["Cache-Control"]
        assert "v=" in address
    assert browser.get("/portal/static/../routes.py").status_code == 404


def test_a_switched_language_stays_for_the_visit(browser: Browser) -> None:
    assert '<html lang="th">' in browser.get("/portal/sign-in").text
    assert browser.cookie("__Host-lang") is None
    browser.get("/portal/sign-in?lang=en")
    assert browser.cookie("__Host-lang") is None  # an address from chat is not a choice
    browser.get("/portal/sign-in?lang=en&keep=1")
    assert browser.cookie("__Host-lang")
    assert '<html lang="en">' in browser.get("/portal/advice").text
    browser.set_cookie("junk", "__Host-lang")
    assert '<html lang="th">' in browser.get("/portal/advice").text
