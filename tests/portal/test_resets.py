"""The page of a reset: five tries, one success, whatever comes at once; looking spends nothing."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from bot.errors import ProviderError
from bot.runtime import Bot
from bot.services.auth import resets, secret_links
from models.account import Account, AccountState
from models.audit import AuditEntry
from models.mail import Mail
from models.outbox import Push
from models.secret_link import LinkPurpose, SecretLink
from tests.clock import FakeClock
from tests.portal.conftest import ORIGIN, Browser, Pupil
from tests.portal.snapshots import fingerprint
from tests.portal.test_links import CRAWLERS, PASSWORD

pytestmark = pytest.mark.sql

RIGHT, WRONG = {"digits": "5678"}, {"digits": "5679"}


@pytest.fixture
def reset_link(bot: Bot, clock: FakeClock) -> Callable[[Pupil], str]:
    """The path of a link to a new password."""

    def issue(pupil: Pupil, language: str = "th") -> str:
        token = bot.database.write(
            lambda session: secret_links.issue(
                session,
                session.get_one(Account, pupil.account_id),
                clock(),
                LinkPurpose.PASSWORD_RESET,
            )
        )
        address = secret_links.url(ORIGIN, token, language, LinkPurpose.PASSWORD_RESET)
        return address.removeprefix(ORIGIN)

    return issue


def test_twenty_right_answers_at_once_one_success(
    app: Flask, pupil: Pupil, reset_link, bot: Bot
) -> None:
    link = reset_link(pupil)

    def press(_: int) -> int:
        return Browser(app.test_client()).post(link, RIGHT).status_code

    with ThreadPoolExecutor(20) as pool:
        answers = sorted(pool.map(press, range(20)))
    assert answers == [200] + [410] * 19
    for kind in (Push, Mail):
        assert len(bot.database.read(lambda s, k=kind: s.scalars(select(k)).all())) == 1


def test_wrong_answers_at_once_are_five_and_then_none(
    app: Flask, pupil: Pupil, reset_link, bot: Bot
) -> None:
    link = reset_link(pupil)

    def press(_: int) -> tuple[int, bool]:
        answer = Browser(app.test_client()).post(link, WRONG)
        return answer.status_code, "ครบ 5 ครั้ง" in answer.text

    with ThreadPoolExecutor(20) as pool:
        answers = sorted(pool.map(press, range(20)))
    assert [status for status, _ in answers] == [410] * 16 + [422] * 4
    assert sum(is_last for _, is_last in answers) == 1
    row = bot.database.read(lambda s: s.scalars(select(SecretLink)).one())
    assert (row.tries, row.used_at) == (5, None)
    assert Browser(app.test_client()).post(link, RIGHT).status_code == 410


def test_right_and_wrong_at_once_never_pass_the_fifth_try(
    app: Flask, pupil: Pupil, reset_link, bot: Bot
) -> None:
    link = reset_link(pupil)

    def press(number: int) -> int:
        form = RIGHT if number == 19 else WRONG
        return Browser(app.test_client()).post(link, form).status_code

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(press, range(20)))
    row = bot.database.read(lambda s: s.scalars(select(SecretLink)).one())
    assert row.tries <= 5
    assert (answers[19] == 200) == (row.used_at is not None)
    assert answers.count(422) == min(row.tries, 4)


def test_the_tries_count_down_and_the_link_dies_at_the_fifth(
    browser: Browser, pupil: Pupil, reset_link, bot: Bot
) -> None:
    link = reset_link(pupil)
    said = [browser.post(link, WRONG) for _ in range(6)]
    assert [answer.status_code for answer in said] == [422] * 4 + [410] * 2
    for left, answer in zip((4, 3, 2, 1), said[:4], strict=True):
        assert f"ลองได้อีก {left} ครั้ง" in answer.text
    assert "นอกนั้นไม่มีอะไรเปลี่ยน" in said[4].text
    assert "นอกนั้นไม่มีอะไรเปลี่ยน" not in said[5].text
    assert browser.sign_in(pupil.username, pupil.initial).status_code == 303
    causes = bot.database.read(
        lambda s: [
            entry.data["cause"]
            for entry in s.scalars(select(AuditEntry).order_by(AuditEntry.seq))
            if entry.action == "link:refuse"
        ]
    )
    assert causes == ["digits"] * 4 + ["spent"]


@pytest.mark.parametrize(
    "typed", ["5678", "๕๖๗๘", "５６７８", " 5 6 7 8 ", "56-78", "٥٦٧٨", "५६७८"]
)
def test_digits_count_in_whichever_script(
    typed: str, browser: Browser, pupil: Pupil, reset_link
) -> None:
    assert browser.post(reset_link(pupil), {"digits": typed}).status_code == 200


@pytest.mark.parametrize("typed", ["", "567", "56789", "0812345678", "abcd", "½¼¾¼", "5" * 9999])
def test_what_is_not_four_digits_is_no_try(
    typed: str, browser: Browser, pupil: Pupil, reset_link, bot: Bot
) -> None:
    answer = browser.post(reset_link(pupil), {"digits": typed})
    assert answer.status_code == 422
    assert "พิมพ์ตัวเลข 4 ตัว" in answer.text
    assert bot.database.read(lambda s: s.scalars(select(SecretLink)).one()).tries == 0


def test_fifty_crawlers_spend_nothing(browser: Browser, pupil: Pupil, reset_link, bot: Bot) -> None:
    link = reset_link(pupil)
    before = fingerprint(bot.database)
    for n in range(50):
        method = ("GET", "HEAD", "OPTIONS")[n % 3]
        agent = {"User-Agent": CRAWLERS[n % len(CRAWLERS)]}
        assert browser.request(method, link, headers=agent).status_code == 200
    assert fingerprint(bot.database) == before
    assert browser.post(link, RIGHT).status_code == 200


def test_live_used_expired_replaced_spent_and_unknown_look_the_same(
    browser: Browser, pupil: Pupil, enrol, reset_link, clock: FakeClock
) -> None:
    expired = reset_link(enrol())
    clock.advance(minutes=10)
    spent, used = reset_link(enrol()), reset_link(enrol())
    for _ in range(5):
        browser.post(spent, WRONG)
    browser.post(used, RIGHT)
    replaced, live = reset_link(pupil), reset_link(pupil)
    unknown = "/s/reset/" + "a" * 43 + "?lang=th"
    dead = (used, expired, replaced, spent, unknown)
    looks = {
        (answer.status_code, answer.text, tuple(sorted(answer.headers)))
        for answer in (browser.get(link) for link in (live, *dead))
    }
    answers = {
        (answer.status_code, answer.text, tuple(sorted(answer.headers)))
        for link in dead
        for answer in (browser.post(link, RIGHT), browser.post(link, WRONG))
    }
    assert len(looks) == len(answers) == 1
    assert browser.post(live, RIGHT).status_code == 200


def test_a_link_of_one_kind_does_not_open_at_the_other_kinds_door(
    browser: Browser, pupil: Pupil, reset_link, new_link
) -> None:
    link = reset_link(pupil)
    assert browser.post(link.replace("/reset/", "/"), RIGHT).status_code == 410
    assert browser.post(link, RIGHT).status_code == 200
    first = new_link(pupil.account_id)
    assert browser.post(first.replace("/s/", "/s/reset/"), RIGHT).status_code == 410
    assert browser.post(first).status_code == 200


@pytest.mark.parametrize("state", [AccountState.FROZEN, AccountState.CLOSED])
def test_no_password_for_an_account_that_is_not_active(
    state: AccountState, browser: Browser, pupil: Pupil, reset_link, bot: Bot
) -> None:
    link = reset_link(pupil)

    def change(session) -> None:
        session.get_one(Account, pupil.account_id).state = state

    bot.database.write(change)
    assert browser.post(link, RIGHT).status_code == 410


def test_somebody_elses_page_cannot_try(browser: Browser, pupil: Pupil, reset_link) -> None:
    link = reset_link(pupil)
    for site in ("cross-site", "same-site"):
        answer = browser.post(link, RIGHT, headers={"Sec-Fetch-Site": site})
        assert answer.status_code == 403
    assert browser.post(link, RIGHT, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 200


def test_a_failing_provider_tells_nobody_of_a_reset(
    browser: Browser, pupil: Pupil, reset_link, bot: Bot
) -> None:
    class Broken:
        name, is_slow = "broken", False

        def issue_password(self, *_: object) -> None:
            raise ProviderError("timeout", unknown=True)

    link, bot.provider = reset_link(pupil), Broken()
    answer = browser.post(link, RIGHT)
    assert answer.status_code == 503
    assert not PASSWORD.search(answer.text)
    assert bot.database.read(lambda s: s.scalars(select(Push)).all()) == []


def test_nothing_of_it_is_kept_or_told(browser: Browser, pupil: Pupil, reset_link) -> None:
    link = reset_link(pupil)
    for answer in (browser.get(link), browser.post(link, WRONG), browser.post(link, RIGHT)):
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "noindex" in answer.headers["X-Robots-Tag"]
        is_shown = PASSWORD.search(answer.text) is not None
        assert ("Set-Cookie" in answer.headers) == is_shown
    assert link.split("?")[0] not in browser.get(link).text


def test_links_asked_for_at_once_are_one_link_and_keep_to_the_exact_limit(
    pupil: Pupil, bot: Bot, clock: FakeClock
) -> None:
    def issued(session) -> None:
        session.get_one(Account, pupil.account_id).issued_at = clock() - timedelta(days=1)

    bot.database.write(issued)

    def give(_: int) -> object:
        return bot.database.write(lambda s: resets.give_link(s, pupil.account_id, 60, clock()))

    links = set()
    with ThreadPoolExecutor(12) as pool:
        for _ in range(3):
            given = list(pool.map(give, range(12)))
            assert len({each.token for each in given}) == 1
            assert sum(not each.is_again for each in given) == 1
            links.add(given[0].token)
            bot.database.write(
                lambda s, token=given[0].token: resets.open_link(s, token, "5678", clock())
            )
        given = list(pool.map(give, range(12)))
    assert len(links) == 3
    assert {type(each) for each in given} == {resets.ResetWait}


def test_the_page_for_moving_asks_for_the_password(browser: Browser, settled: Pupil) -> None:
    page = "/portal/relink"
    refused = browser.submit(page, page, current="not this one")
    assert refused.status_code == 422
    assert 'id="relink-code"' not in refused.text
    assert browser.submit(page, page, current=settled.password).status_code == 200
    for _ in range(5):
        browser.submit(page, page, current="not this one")
    held = browser.submit(page, page, current=settled.password)
    assert held.status_code == 422
    assert 'id="relink-code"' not in held.text
    assert browser.post(page, {"current": settled.password}).status_code == 403
