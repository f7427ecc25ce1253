"""A session that began without a password: lessons and progress, and nothing else."""

from collections.abc import Callable

import pytest
from flask import Flask

from bot.runtime import Bot
from handlers.portal import guard
from tests.clock import FakeClock
from tests.portal.conftest import OWN_PASSWORD, TOKEN, Browser, Pupil
from tests.portal.snapshots import fingerprint
from tests.portal.test_sweeps import fill

pytestmark = pytest.mark.sql

VALUES = {
    "course_id": "everyday-english",
    "lesson_id": "greetings",
    "item": "phone",
    "filename": "portal.css",
    "version": "1",
}
# Written out again: whoever opens a page to these sessions meets this list too.
OPEN = {
    ("GET", "/portal"),
    ("GET", "/portal/courses/<course_id>"),
    ("GET", "/portal/courses/<course_id>/<lesson_id>"),
    ("POST", "/portal/courses/<course_id>/<lesson_id>/done"),
    ("GET", "/portal/prove"),
    ("POST", "/portal/prove"),
    ("POST", "/portal/log-out"),
}
PUBLIC = {
    ("GET", "/portal/sign-in"),
    ("POST", "/portal/sign-in"),
    ("POST", "/portal/come-back"),
    ("GET", "/portal/signed-out"),
    ("GET", "/portal/advice"),
    ("GET", "/portal/static/<filename>"),
}


@pytest.fixture
def limited(settled: Pupil, new_browser: Callable[..., Browser]) -> Browser:
    """A browser that comes back with a stay."""
    made = new_browser()
    made.sign_in(settled.username, OWN_PASSWORD, stay="1")
    made.forget()
    made.submit("/portal/sign-in", "/portal/come-back", to="")
    assert made.get("/portal").status_code == 200
    return made


def token_of(browser: Browser) -> str:
    found = TOKEN.search(browser.get("/portal").text)
    assert found
    return found[1]


def proves(browser: Browser, password: str, to: str = "/portal/account"):
    return browser.submit(f"/portal/prove?to={to}", "/portal/prove", current=password, to=to)


def test_every_page_of_the_portal_is_open_or_asks_for_the_password(
    app: Flask, limited: Browser, bot: Bot
) -> None:
    token, before, seen, wrong = token_of(limited), fingerprint(bot.database), set(), []
    for rule in app.url_map.iter_rules():
        if not rule.endpoint.startswith("portal."):
            continue
        for method in (rule.methods or set()) & {"GET", "POST", "HEAD"}:
            key = ("GET" if method == "HEAD" else method, rule.rule)
            seen.add(key)
            if key in OPEN | PUBLIC:
                continue
            form = {"token": token, "current": OWN_PASSWORD, "value": "x", "device": "others"}
            data = form if method == "POST" else None
            answer = limited.request(method, fill(rule.rule, VALUES), data=data)
            if not (answer.location or "").startswith("/portal/prove"):
                wrong.append((method, rule.rule, answer.status_code, answer.location))
    assert wrong == []
    assert seen >= OPEN | PUBLIC
    assert len(seen - OPEN - PUBLIC) > 20
    assert fingerprint(bot.database) == before, "nothing was done"


def test_the_list_of_the_guard_is_this_list(app: Flask) -> None:
    named = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set())
        if (method, rule.rule) in OPEN
    }
    assert named == guard.WITHOUT_PASSWORD


def test_lessons_can_be_read_and_marked(limited: Browser) -> None:
    lesson = "/portal/courses/everyday-english/greetings"
    assert limited.get(lesson).status_code == 200
    assert limited.submit(lesson, f"{lesson}/done").location == f"{lesson}#next"


def test_the_password_opens_the_rest_under_a_new_reference(
    limited: Browser, clock: FakeClock
) -> None:
    old = limited.cookie()
    assert limited.get("/portal/rights").location == "/portal/prove?to=/portal/rights"
    wrong = proves(limited, "a wrong guess", "/portal/rights")
    assert wrong.status_code == 422
    assert "ไม่ถูกต้อง" in wrong.text
    assert limited.get("/portal/rights").status_code == 303
    assert proves(limited, OWN_PASSWORD, "/portal/rights").location == "/portal/rights"
    assert limited.get("/portal/rights").status_code == 200
    fresh = limited.cookie()
    limited.set_cookie(old or "")
    assert limited.get("/portal").status_code == 303, "the limited session is gone"
    limited.set_cookie(fresh or "")
    assert limited.get("/portal/prove").location == "/portal"
    assert limited.get("/portal/devices").text.count("กำลังใช้เครื่องนี้") == 1


def test_guesses_are_held_back(limited: Browser, clock: FakeClock) -> None:
    for _ in range(5):
        proves(limited, "a guess")
    assert "15 นาที" in proves(limited, OWN_PASSWORD).text
    clock.advance(minutes=15)
    assert proves(limited, OWN_PASSWORD).status_code == 303


def test_a_form_of_somebody_elses_page_proves_nothing(limited: Browser) -> None:
    token = token_of(limited)
    form = {"token": token, "current": OWN_PASSWORD, "to": ""}
    cross = {"Sec-Fetch-Site": "cross-site"}
    assert limited.post("/portal/prove", form, headers=cross).status_code == 403
    assert limited.post("/portal/prove", form | {"token": "x"}).status_code == 403
    assert limited.get("/portal/account").status_code == 303


def test_what_the_password_leads_to_is_a_page_of_ours(limited: Browser) -> None:
    assert proves(limited, OWN_PASSWORD, "https://evil.example/").location == "/portal"


def test_the_first_password_is_asked_for_and_then_changed(
    browser: Browser, pupil: Pupil, clock: FakeClock
) -> None:
    """No own password yet: a limited session cannot simply choose one."""
    browser.sign_in(pupil.username, pupil.initial, stay="1")
    browser.forget()
    browser.submit("/portal/sign-in", "/portal/come-back", to="")
    assert browser.get("/portal").status_code == 200
    form = {"token": token_of(browser), "chosen": OWN_PASSWORD, "again": OWN_PASSWORD}
    assert browser.post("/portal/password", form).location.startswith("/portal/prove")
    assert proves(browser, pupil.initial).status_code == 303
    assert browser.get("/portal/account").location == "/portal/password"


def test_a_first_password_past_its_time_proves_nothing(
    browser: Browser, pupil: Pupil, clock: FakeClock
) -> None:
    browser.sign_in(pupil.username, pupil.initial, stay="1")
    clock.advance(hours=73)
    browser.submit("/portal/sign-in", "/portal/come-back", to="")
    assert browser.get("/portal").status_code == 200
    assert proves(browser, pupil.initial).status_code == 422
