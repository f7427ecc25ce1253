"""How often a sign-in may be tried, and that nobody can be locked out by a stranger."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from bot.runtime import Bot
from bot.services.shared import throttles
from models.portal import Throttle
from tests.clock import FakeClock
from tests.portal.conftest import OWN_PASSWORD, Browser, Pupil

pytestmark = pytest.mark.sql

STRANGER = "epbcdfghjk"


def test_five_tries_then_a_wait_in_plain_words(
    browser: Browser, pupil: Pupil, clock: FakeClock
) -> None:
    for _ in range(5):
        assert browser.sign_in(pupil.username, "wrong").status_code == 403
    held = browser.sign_in(pupil.username, pupil.initial)
    assert held.status_code == 429
    assert held.headers["Retry-After"] == "181"
    assert "3 นาที" in held.text
    clock.advance(minutes=3)
    assert browser.sign_in(pupil.username, pupil.initial).status_code == 303


def test_unknown_usernames_are_held_back_just_the_same(browser: Browser) -> None:
    answers = [browser.sign_in(STRANGER, "wrong").status_code for _ in range(6)]
    assert answers == [403] * 5 + [429]


def test_a_success_clears_the_slate(browser: Browser, pupil: Pupil, new_browser) -> None:
    for _ in range(4):
        new_browser().sign_in(pupil.username, "wrong")
    assert new_browser().sign_in(pupil.username, pupil.initial).status_code == 303
    answers = [new_browser().sign_in(pupil.username, "wrong").status_code for _ in range(6)]
    assert answers == [403] * 5 + [429]


def test_one_network_gets_thirty_failures(new_browser) -> None:
    answers = [new_browser().sign_in(f"ep{n:08d}", "wrong").status_code for n in range(31)]
    assert answers == [403] * 30 + [429]


def test_a_class_behind_one_router_can_sign_in(new_browser, pupil: Pupil) -> None:
    for _ in range(35):
        assert new_browser().sign_in(pupil.username, pupil.initial).status_code == 303


def test_strangers_cannot_lock_a_learner_out(
    browser: Browser, settled: Pupil, new_browser, bot: Bot, clock: FakeClock, new_link
) -> None:
    """After 100 failures strangers wait; a network that the learner used before does not."""
    for n in range(100):
        wait = bot.database.write(
            lambda s, n=n: throttles.take(s, [(throttles.NAME, settled.username)], clock())
        )
        assert not wait
    at_home, away = new_browser("203.0.113.7"), new_browser("192.0.2.50")
    assert away.sign_in(settled.username, OWN_PASSWORD).status_code == 429
    assert at_home.sign_in(settled.username, OWN_PASSWORD).status_code == 303
    # That success cleared the slate; filled again, a link from the chat opens the way from afar.
    for _ in range(100):
        bot.database.write(
            lambda s: throttles.take(s, [(throttles.NAME, settled.username)], clock())
        )
    assert away.sign_in(settled.username, OWN_PASSWORD).status_code == 429
    opened = away.post(new_link(settled.account_id))
    password = re.search(r'id="password">([^<]+)<', opened.text)[1]
    assert away.sign_in(settled.username, password).status_code == 303


def test_nothing_readable_stands_in_the_throttle_table(
    browser: Browser, pupil: Pupil, bot: Bot
) -> None:
    browser.sign_in(pupil.username, "wrong")
    keys = bot.database.read(lambda s: list(s.scalars(select(Throttle.key))))
    assert len(keys) == 3
    assert all(len(key) == 64 and int(key, 16) for key in keys)


def test_an_ipv6_subscriber_is_one_network(bot: Bot) -> None:
    assert throttles.network("2001:db8:1:2:aaaa::1") == throttles.network("2001:db8:1:2:bbbb::9")
    assert throttles.network("2001:db8:1:2::1") != throttles.network("2001:db8:1:3::1")
    assert throttles.network("::ffff:192.0.2.1") == throttles.network("192.0.2.1") == "192.0.2.1"
    assert throttles.network("") == throttles.network("junk") == "unknown"


def test_tries_at_once_are_counted_one_by_one(bot: Bot, clock: FakeClock) -> None:
    def take(_: int) -> bool:
        wanted = [(throttles.PAIR, "one"), (throttles.NETWORK, "two")]
        return not bot.database.write(lambda s: throttles.take(s, wanted, clock()))

    with ThreadPoolExecutor(20) as pool:
        assert sorted(pool.map(take, range(20))) == [False] * 15 + [True] * 5


def test_what_is_refused_is_not_counted(bot: Bot, clock: FakeClock) -> None:
    """Waiting for as long as the page says is enough, however often one has tried meanwhile."""
    wanted = [(throttles.PAIR, "one")]
    waits = [bot.database.write(lambda s: throttles.take(s, wanted, clock())) for _ in range(50)]
    assert len({*waits[5:]}) == 1
    clock.time += waits[-1]
    assert not bot.database.write(lambda s: throttles.take(s, wanted, clock()))


def test_rows_that_hold_nobody_back_are_purged(bot: Bot, clock: FakeClock) -> None:
    bot.database.write(lambda s: throttles.take(s, [(throttles.PAIR, "one")], clock()))
    assert bot.database.write(lambda s: throttles.purge(s, clock())) == 0
    clock.advance(minutes=16)
    assert bot.database.write(lambda s: throttles.purge(s, clock())) == 1
    assert bot.database.read(lambda s: s.scalar(select(func.count(Throttle.key)))) == 0
