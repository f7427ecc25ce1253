"""From the one-time page on: one button signs in, and whatever goes wrong, nothing is lost."""

import html
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import unquote

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from bot.presentation import words
from bot.runtime import Bot
from bot.services.auth.tokens import LINK_LIFE
from models.account import Account, AccountState
from models.portal import PortalSession
from tests.clock import FakeClock
from tests.portal.conftest import OWN_PASSWORD, TOKEN, Browser, Pupil
from tests.portal.snapshots import fingerprint
from tests.portal.test_links import CRAWLERS, PASSWORD

pytestmark = pytest.mark.sql

SHOWN = re.compile(r'name="shown" value="([^"]+)"')
CHAT = re.compile(r'href="(https://line\.me/R/oaMessage/[^"]+)"')
BUTTON = "/s/sign-in"


def form(page: TestResponse) -> dict[str, str]:
    """What the page's own button sends."""
    return {"token": TOKEN.search(page.text)[1], "shown": SHOWN.search(page.text)[1]}


@pytest.fixture
def revealed(browser: Browser, pupil: Pupil, new_link) -> TestResponse:
    """The page with username and password, opened in `browser`."""
    return browser.post(new_link(pupil.account_id))


def sessions(bot: Bot) -> list[PortalSession]:
    return bot.database.read(lambda session: list(session.scalars(select(PortalSession))))


def test_one_button_signs_in_and_an_own_password_comes_next(
    browser: Browser, pupil: Pupil, revealed: TestResponse
) -> None:
    password = PASSWORD.search(revealed.text)[1]
    answer = browser.post(BUTTON, form(revealed))
    assert (answer.status_code, answer.location) == (303, "/portal")
    assert browser.get("/portal").location == "/portal/password"
    chosen = browser.submit(
        "/portal/password", "/portal/password", chosen=OWN_PASSWORD, again=OWN_PASSWORD
    )
    assert chosen.location == "/portal"
    assert browser.get("/portal").status_code == 200
    for address in re.findall(r'(?:href|action|data-after)="([^"]+)"', revealed.text):
        assert not [each for each in (pupil.username, password) if each in address], address


def test_only_a_session_cookie_ties_the_form_to_the_browser(
    browser: Browser, revealed: TestResponse
) -> None:
    (cookie,) = revealed.headers.getlist("Set-Cookie")
    assert cookie.startswith("__Host-session=")
    assert "Max-Age" not in cookie
    assert "Expires" not in cookie
    before = browser.cookie()
    browser.post(BUTTON, form(revealed))
    after = browser.cookie()
    assert after != before
    browser.set_cookie(before)
    assert browser.get("/portal").location == "/portal/sign-in", "a planted cookie gains nothing"


def test_pressed_twice_one_after_the_other(
    browser: Browser, revealed: TestResponse, bot: Bot
) -> None:
    sent = form(revealed)
    for _ in range(2):
        assert browser.post(BUTTON, sent).location == "/portal"
        assert len(sessions(bot)) == 1


def test_pressed_twice_at_once_and_one_session_stays(
    app: Flask, browser: Browser, revealed: TestResponse, bot: Bot
) -> None:
    sent, cookie = form(revealed), browser.cookie()

    def press(_: int) -> Browser:
        made = Browser(app.test_client())
        made.set_cookie(cookie)
        assert made.post(BUTTON, sent).location == "/portal"
        return made

    with ThreadPoolExecutor(4) as pool:
        last = list(pool.map(press, range(4)))[-1]
    page = "/portal/password"
    assert last.submit(page, page, chosen=OWN_PASSWORD, again=OWN_PASSWORD).status_code == 303
    assert len(sessions(bot)) == 1


def test_another_browser_is_not_signed_in_by_the_forms_fields(
    new_browser: Callable[..., Browser], revealed: TestResponse, bot: Bot
) -> None:
    other, sent = new_browser(), form(revealed)
    other.get("/portal/sign-in")  # a cookie of its own, which the token is not for
    for each in (new_browser(), other):
        answer = each.post(BUTTON, sent)
        assert answer.status_code == 403
        assert "กรุณาแตะปุ่มอีกครั้ง" in answer.text
        assert PASSWORD.search(answer.text)[1] == PASSWORD.search(revealed.text)[1], "not lost"
    assert sessions(bot) == []
    assert other.post(BUTTON, form(other.post(BUTTON, sent))).location == "/portal"


def test_a_browser_that_lost_its_cookie_presses_once_more(
    browser: Browser, revealed: TestResponse, clock: FakeClock
) -> None:
    clock.advance(hours=13)
    again = browser.post(BUTTON, form(revealed))
    assert again.status_code == 403
    assert browser.post(BUTTON, form(again)).location == "/portal"


def test_somebody_elses_page_gets_nothing(
    browser: Browser, revealed: TestResponse, bot: Bot
) -> None:
    for site in ("cross-site", "same-site"):
        answer = browser.post(BUTTON, form(revealed), headers={"Sec-Fetch-Site": site})
        assert answer.status_code == 403
        assert not PASSWORD.search(answer.text)
    assert sessions(bot) == []
    # An old browser says nothing of the site, and of a page without a referrer `Origin: null`.
    assert browser.post(BUTTON, form(revealed), headers={"Origin": "null"}).location == "/portal"


def test_what_was_not_shown_does_not_come_back(browser: Browser, revealed: TestResponse) -> None:
    sealed = form(revealed)["shown"]
    for forged in ("", "x", "ก", sealed[:-6] + "AAAAA=", sealed[4:], browser.cookie() or ""):
        answer = browser.post(BUTTON, form(revealed) | {"shown": forged})
        assert answer.status_code == 410, forged
        assert not PASSWORD.search(answer.text)


def close(bot: Bot, pupil: Pupil, clock: FakeClock, new_link, browser: Browser) -> None:
    bot.provider.close(pupil.account_id, clock())


def grow_old(bot: Bot, pupil: Pupil, clock: FakeClock, new_link, browser: Browser) -> None:
    clock.advance(hours=72)


def open_another(bot: Bot, pupil: Pupil, clock: FakeClock, new_link, browser: Browser) -> None:
    assert browser.post(new_link(pupil.account_id)).status_code == 200


@pytest.mark.parametrize("happens", [close, grow_old, open_another])
def test_a_password_that_is_over_leads_to_a_new_link(
    happens,
    browser: Browser,
    pupil: Pupil,
    revealed: TestResponse,
    new_browser,
    bot,
    clock,
    new_link,
) -> None:
    happens(bot, pupil, clock, new_link, new_browser())
    answer = browser.post(BUTTON, form(revealed))
    if answer.status_code == 403:  # the page was open for longer than its cookie lives
        answer = browser.post(BUTTON, form(answer))
    assert answer.status_code == 410
    assert "ขอลิงก์ใหม่" in answer.text
    assert sessions(bot) == []


def test_who_tried_the_old_password_too_often_gets_in_at_once(
    browser: Browser, pupil: Pupil, new_link
) -> None:
    tried = [browser.sign_in(pupil.username, "wrong").status_code for _ in range(6)]
    assert tried == [403] * 5 + [429]
    assert (
        browser.post(BUTTON, form(browser.post(new_link(pupil.account_id)))).location == "/portal"
    )


def test_a_busy_network_is_no_hindrance(
    browser: Browser, revealed: TestResponse, new_browser
) -> None:
    """Whoever opened the link is known there."""
    stranger = new_browser()
    tries = [stranger.sign_in(f"epbcdfgh{n:02}", "wrong").status_code for n in range(31)]
    assert tries[-1] == 429
    assert browser.post(BUTTON, form(revealed)).location == "/portal"


def test_who_has_to_wait_keeps_the_page(
    browser: Browser, revealed: TestResponse, clock: FakeClock, new_browser, pupil: Pupil
) -> None:
    stranger = new_browser()
    tries = [stranger.sign_in(pupil.username, "wrong").status_code for n in range(6)]
    assert tries[-1] == 429
    held = browser.post(BUTTON, form(revealed))
    assert held.status_code == 429
    assert "รหัสผ่านนี้ยังใช้ได้" in held.text
    assert PASSWORD.search(held.text)[1] == PASSWORD.search(revealed.text)[1]
    clock.advance(minutes=1)
    assert browser.post(BUTTON, form(held)).location == "/portal"


def test_by_hand_the_username_stands_there(
    browser: Browser, pupil: Pupil, revealed: TestResponse, bot: Bot
) -> None:
    password = PASSWORD.search(revealed.text)[1]
    page = browser.post(BUTTON, form(revealed) | {"by_hand": "1"})
    assert page.status_code == 200
    assert f'name="username" value="{pupil.username}"' in page.text
    assert password not in page.text
    assert page.headers["Referrer-Policy"] == "same-origin", "or old browsers say Origin: null"
    assert page.headers["Cache-Control"] == "no-store"
    assert sessions(bot) == []
    sent = {"token": TOKEN.search(page.text)[1], "username": pupil.username, "password": password}
    assert browser.post("/portal/sign-in", sent).location == "/portal"
    assert browser.get(BUTTON).location == "/portal/sign-in"


def test_whoever_was_signed_in_here_before_is_not_any_more(
    browser: Browser, settled: Pupil, enrol, new_link, bot: Bot
) -> None:
    """A sister's phone: her session ends when her brother presses the button, not before."""
    other = enrol()
    page = browser.post(new_link(other.account_id))
    assert "Set-Cookie" not in page.headers
    assert browser.get("/portal").status_code == 200
    (hers,) = sessions(bot)
    assert browser.post(BUTTON, form(page)).location == "/portal"
    (his,) = sessions(bot)
    assert his.account_id != hers.account_id
    assert browser.get("/portal").location == "/portal/password"


def test_back_and_reload_find_an_explanation(
    browser: Browser, revealed: TestResponse, bot: Bot, pupil: Pupil
) -> None:
    after = re.search(r'data-after="([^"]+)"', revealed.text)[1]
    before = fingerprint(bot.database)
    for agent in CRAWLERS:
        page = browser.get(html.unescape(after), headers={"User-Agent": agent})
        assert page.status_code == 200
        assert "แสดงรหัสผ่านไปแล้ว" in page.text
        assert pupil.username not in page.text
        assert not PASSWORD.search(page.text)
        assert page.headers["Cache-Control"] == "no-store"
    assert fingerprint(bot.database) == before
    assert browser.post(html.unescape(after)).status_code == 410, "a reload that sends a form"
    assert browser.post(BUTTON, form(revealed)).location == "/portal", "and none of it spends"


@pytest.mark.parametrize("language", ["th", "en"])
def test_dead_pages_lead_back_to_the_chat(language: str, browser: Browser, bot: Bot) -> None:
    pages = {
        "/s/x": "link",
        "/s/reset/x": "link",
        "/s/data/x": "rights",
        "/s/email/x": "account",
    }
    for path, action in pages.items():
        address = f"{path}?lang={language}"
        assert not CHAT.search(browser.post(address, {"digits": "5678"}).text), path
        bot.basic_id = "@planet"
        found = CHAT.search(browser.post(address, {"digits": "5678"}).text)
        assert found, path
        start, typed = html.unescape(found[1]).split("/?")
        assert start.endswith("/%40planet")
        assert words.command(unquote(typed), None) == action, path
        bot.basic_id = None
    bot.basic_id = "@planet"
    assert CHAT.search(browser.get(f"/s/opened?lang={language}").text)


def test_the_life_of_the_link_does_not_limit_the_page(
    browser: Browser, revealed: TestResponse, clock: FakeClock
) -> None:
    clock.advance(minutes=LINK_LIFE / timedelta(minutes=1) + 1)
    assert browser.post(BUTTON, form(revealed)).location == "/portal"


def test_a_frozen_account_stays_shut(
    browser: Browser, pupil: Pupil, revealed: TestResponse, bot: Bot, clock: FakeClock
) -> None:
    def freeze(session) -> None:
        session.get_one(Account, pupil.account_id).state = AccountState.FROZEN

    bot.database.write(freeze)
    bot.provider.suspend(pupil.account_id, clock())
    assert browser.post(BUTTON, form(revealed)).status_code == 410
