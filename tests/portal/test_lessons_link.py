"""The one-time link into the lessons: looking spends nothing, a press opens lessons and no more."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import select

from bot.crypto import digest
from bot.runtime import Bot
from bot.services.auth import secret_links
from bot.services.auth.sessions import IDLE
from models.account import Account, AccountState
from models.portal import PortalSession
from models.secret_link import LinkPurpose, SecretLink
from tests.clock import FakeClock
from tests.portal.conftest import ORIGIN, OWN_PASSWORD, Browser, Pupil
from tests.portal.snapshots import fingerprint
from tests.portal.test_links import CRAWLERS

pytestmark = pytest.mark.sql

NewBrowser = Callable[..., Browser]


@pytest.fixture
def lessons_link(bot: Bot, clock: FakeClock) -> Callable[[str], str]:
    """Issues a link into the lessons of an account; returns its path."""

    def issue(account_id: str) -> str:
        purpose = LinkPurpose.LESSONS
        token = bot.database.write(
            lambda session: secret_links.issue(
                session, session.get_one(Account, account_id), clock(), purpose
            )
        )
        return secret_links.url(ORIGIN, token, "th", purpose).removeprefix(ORIGIN)

    return issue


def test_one_press_opens_lessons_and_nothing_else(
    browser: Browser, pupil: Pupil, lessons_link, clock: FakeClock
) -> None:
    link = lessons_link(pupil.account_id)
    page = browser.get(link)
    assert page.text.count("<form") == 1
    assert pupil.username not in page.text
    answer = browser.post(link)
    assert answer.location == "/portal?lang=th"
    (line,) = answer.headers.getlist("Set-Cookie")
    assert line.startswith("__Host-session=")
    assert "Max-Age" not in line
    assert browser.get("/portal").status_code == 200
    for page in ("account", "password", "rights", "history", "relink", "close", "devices", "news"):
        assert browser.get(f"/portal/{page}").location == f"/portal/prove?to=/portal/{page}"
    clock.advance(seconds=IDLE.total_seconds())
    assert browser.get("/portal").location == "/portal/sign-in"


def test_crawlers_spend_nothing(browser: Browser, pupil: Pupil, lessons_link, bot: Bot) -> None:
    link = lessons_link(pupil.account_id)
    before = fingerprint(bot.database)
    for method in ("GET", "HEAD", "OPTIONS"):
        for agent in CRAWLERS:
            answer = browser.request(method, link, headers={"User-Agent": agent})
            assert answer.status_code == 200
            assert "Set-Cookie" not in answer.headers
            assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert fingerprint(bot.database) == before
    assert browser.post(link).status_code == 303


def test_every_link_looks_the_same_and_every_dead_one_too(
    browser: Browser, pupil: Pupil, lessons_link, new_link, new_browser, clock: FakeClock
) -> None:
    expired = lessons_link(pupil.account_id)
    clock.advance(minutes=10)
    replaced, live = lessons_link(pupil.account_id), lessons_link(pupil.account_id)
    password = new_link(pupil.account_id).replace("/s/", "/s/lessons/")
    unknown = f"/s/lessons/{'a' * 43}?lang=th"
    looks = {browser.get(link).text for link in (live, expired, replaced, password, unknown)}
    assert len(looks) == 1
    dead = set()
    for link in (expired, replaced, password, unknown):
        answer = new_browser().post(link)
        dead.add((answer.status_code, answer.text, answer.headers.get("Set-Cookie")))
    assert len(dead) == 1
    assert next(iter(dead))[0] == 410
    assert "บทเรียน" in next(iter(dead))[1]
    assert browser.post(live).status_code == 303
    assert new_browser().post(live).status_code == 410


def test_twenty_at_once_one_success(app: Flask, pupil: Pupil, lessons_link, bot: Bot) -> None:
    link = lessons_link(pupil.account_id)

    def press(_: int) -> int:
        return Browser(app.test_client()).post(link).status_code

    with ThreadPoolExecutor(20) as pool:
        assert sorted(pool.map(press, range(20))) == [303] + [410] * 19
    assert len(bot.database.read(lambda s: s.scalars(select(PortalSession)).all())) == 1


def test_it_kills_no_link_to_a_password_and_none_kills_it(
    browser: Browser, pupil: Pupil, lessons_link, new_link
) -> None:
    password, lessons = new_link(pupil.account_id), lessons_link(pupil.account_id)
    other = new_link(pupil.account_id)
    assert browser.post(lessons).status_code == 303
    assert browser.post(password).status_code == 410
    assert browser.post(other).status_code == 200


def test_only_a_digest_is_stored(pupil: Pupil, lessons_link, bot: Bot) -> None:
    token = lessons_link(pupil.account_id).rpartition("/")[2].split("?")[0]
    row = bot.database.read(lambda s: s.scalars(select(SecretLink)).one())
    assert row.digest == digest(token)
    assert token not in repr(vars(row))


@pytest.mark.parametrize("state", [each for each in AccountState if each != AccountState.ACTIVE])
def test_no_way_in_for_an_account_that_is_not_active(
    browser: Browser, pupil: Pupil, lessons_link, bot: Bot, state: AccountState
) -> None:
    link = lessons_link(pupil.account_id)

    def change(session) -> None:
        session.get_one(Account, pupil.account_id).state = state

    bot.database.write(change)
    assert browser.post(link).status_code == 410


def test_none_where_the_system_lets_nobody_in(
    browser: Browser, pupil: Pupil, lessons_link, bot: Bot, clock: FakeClock
) -> None:
    link = lessons_link(pupil.account_id)
    bot.provider.suspend(pupil.account_id, clock())
    assert browser.post(link).status_code == 410


def test_another_page_cannot_press_it(browser: Browser, pupil: Pupil, lessons_link) -> None:
    link = lessons_link(pupil.account_id)
    for site in ("cross-site", "same-site"):
        answer = browser.post(link, headers={"Sec-Fetch-Site": site})
        assert answer.status_code == 403
        assert "Set-Cookie" not in answer.headers
    assert browser.post(link, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 303


def test_who_is_signed_in_with_the_password_stays_so(
    browser: Browser, settled: Pupil, lessons_link
) -> None:
    held = browser.cookie()
    assert browser.post(lessons_link(settled.account_id)).status_code == 303
    assert browser.get("/portal/account").status_code == 200
    browser.set_cookie(held or "")
    assert browser.get("/portal").status_code == 200


def test_somebody_elses_session_in_the_same_browser_ends(
    browser: Browser, settled: Pupil, enrol, lessons_link
) -> None:
    held = browser.cookie()
    assert browser.post(lessons_link(enrol().account_id)).status_code == 303
    assert browser.get("/portal/account").status_code == 303
    browser.set_cookie(held or "")
    assert browser.get("/portal").location == "/portal/sign-in"


def test_a_session_from_the_chat_ends_with_the_password(
    browser: Browser, settled: Pupil, new_browser, lessons_link
) -> None:
    chat = new_browser()
    chat.post(lessons_link(settled.account_id))
    new = "another fine sentence"
    form = {"current": OWN_PASSWORD, "chosen": new, "again": new}
    assert browser.submit("/portal/password", "/portal/password", **form).status_code == 303
    assert chat.get("/portal").location == "/portal/sign-in"
