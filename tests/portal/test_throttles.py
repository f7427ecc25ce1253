"""How often a sign-in may be tried, and that nobody can be locked out by a stranger."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from bot.runtime import Bot
from bot.services.shared import throttles
from bot.services.shared.throttles import Try
from models.portal import KnownNetwork, Throttle
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
    assert held.headers["Retry-After"] == "61"
    assert "1 นาที" in held.text
    clock.advance(minutes=1)
    assert browser.sign_in(pupil.username, pupil.initial).status_code == 303


def test_the_waits_grow_and_are_forgotten_after_a_day(bot: Bot, clock: FakeClock) -> None:
    wanted = [(throttles.PAIR, "one")]

    def take() -> float:
        wait = bot.database.write(lambda s: throttles.take(s, wanted, clock()))
        return wait.total_seconds() / 60

    assert [take() for _ in range(5)] == [0] * 5
    waits = []
    for _ in range(7):
        waits.append(take())
        clock.advance(minutes=waits[-1])
        assert take() == 0
    assert waits == [1, 2, 4, 8, 15, 15, 15]
    clock.advance(days=1, minutes=15)
    assert [take() for _ in range(6)] == [0] * 5 + [1]


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


def flood(new_browser, username: str, networks: int = 20) -> None:
    """Strangers use up what one name gets in a day, from many networks."""
    for n in range(networks):
        for _ in range(5):
            new_browser(f"198.51.100.{n}").sign_in(username, "wrong")


def test_strangers_everywhere_do_not_lock_out_who_is_where_they_always_are(
    settled: Pupil, new_browser, new_link
) -> None:
    """After 100 failures strangers wait; a network that the learner used before does not."""
    flood(new_browser, settled.username)
    at_home, away = new_browser(), new_browser("192.0.2.50")
    assert away.sign_in(settled.username, OWN_PASSWORD).status_code == 429
    assert at_home.sign_in(settled.username, OWN_PASSWORD).status_code == 303
    # What strangers may still guess does not grow by that.
    assert away.sign_in(settled.username, OWN_PASSWORD).status_code == 429
    opened = away.post(new_link(settled.account_id))
    password = re.search(r'id="password">([^<]+)<', opened.text)[1]
    assert away.sign_in(settled.username, password).status_code == 303


@pytest.mark.parametrize("invented", [30, 300])
def test_invented_names_in_their_network_do_not_lock_them_out(
    invented: int, settled: Pupil, new_browser
) -> None:
    answers = [new_browser().sign_in(f"epbcd{n:05}", "wrong").status_code for n in range(invented)]
    assert answers == [403] * 30 + [429] * (invented - 30)
    assert new_browser().sign_in("epbcdfghjk", "wrong").status_code == 429
    assert new_browser().sign_in(settled.username, OWN_PASSWORD).status_code == 303


def test_a_known_network_does_not_show(settled: Pupil, new_browser, clock: FakeClock) -> None:
    """While strangers are held back, a wrong password is told the same as an unknown name."""
    for n in range(30):
        new_browser().sign_in(f"epbcd{n:05}", "wrong")

    def told(username: str) -> list[tuple[int, str | None, str]]:
        found = [new_browser().sign_in(username, "wrong") for _ in range(8)]
        return [(each.status_code, each.headers.get("Retry-After"), each.text) for each in found]

    known = told(settled.username)
    assert {status for status, _, _ in known} == {429}
    assert len({wait for _, wait, _ in known}) == 2, "of the network, then of name and network"
    assert known == told(STRANGER)


def test_a_name_counts_the_same_for_its_network_whoever_it_is(settled: Pupil, new_browser) -> None:
    """What is left of a network's tries does not tell whether a name is anybody's there."""
    for n in range(28):
        new_browser().sign_in(f"epbcd{n:05}", "wrong")
    answers = [
        new_browser().sign_in(name, "wrong").status_code
        for name in (settled.username, STRANGER, "epbcdzzzzz")
    ]
    assert answers == [403, 403, 429]


def test_a_stay_is_a_way_in_where_their_network_is_used_up(settled: Pupil, new_browser) -> None:
    """Somebody in the same network tries the very name; the learner's own phone does not mind."""
    phone = new_browser()
    assert phone.sign_in(settled.username, OWN_PASSWORD, stay="1").status_code == 303
    phone.forget()
    for _ in range(9):
        new_browser().sign_in(settled.username, "wrong")
    assert new_browser().sign_in(settled.username, OWN_PASSWORD).status_code == 429
    assert phone.sign_in(settled.username, "wrong").status_code == 403
    assert phone.sign_in(settled.username, OWN_PASSWORD).status_code == 303


def test_somebody_elses_stay_is_no_way_in(settled: Pupil, enrol, new_browser) -> None:
    other, phone = enrol(), new_browser()
    assert phone.sign_in(other.username, other.initial, stay="1").status_code == 303
    phone.forget()
    for _ in range(5):
        assert phone.sign_in(settled.username, "wrong").status_code == 403
    assert phone.sign_in(settled.username, OWN_PASSWORD).status_code == 429


def test_what_strangers_may_guess_in_a_day_is_bounded(bot: Bot, clock: FakeClock) -> None:
    """From as many networks as they like: 100 at once, and 100 more in the day."""
    begun = clock()
    made = 0
    for n in range(100_000):
        tried = Try("portal", "epvictim22", f"10.{n // 65536}.{n // 256 % 256}.{n % 256}")
        if not bot.database.write(lambda s, t=tried: throttles.begin(s, t, clock()).wait):
            made += 1
        elif clock() - begun >= timedelta(days=1):
            break
        else:
            clock.advance(minutes=7)
    assert 195 <= made <= 201


def test_a_network_is_known_for_a_month_and_twenty_of_them(bot: Bot, clock: FakeClock) -> None:
    def come(n: int) -> None:
        bot.database.write(
            lambda s: throttles.remember_network(s, "a" * 32, f"192.0.2.{n}", clock())
        )

    def is_known(n: int, owner: str = "a" * 32) -> bool:
        return bot.database.read(
            lambda s: throttles.is_known_network(s, owner, f"192.0.2.{n}", clock())
        )

    for n in range(25):
        clock.advance(minutes=1)
        come(n)
    assert [n for n in range(25) if is_known(n)] == list(range(5, 25))
    assert not is_known(24, "b" * 32)
    clock.advance(days=29)
    come(10)
    clock.advance(days=2)
    assert [n for n in range(25) if is_known(n)] == [10]
    with_keys = bot.database.read(lambda s: list(s.scalars(select(KnownNetwork.key))))
    assert all(len(key) == 64 and int(key, 16) for key in with_keys)


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
    clock.advance(hours=25)
    assert bot.database.write(lambda s: throttles.purge(s, clock())) == 1
    assert bot.database.read(lambda s: s.scalar(select(func.count(Throttle.key)))) == 0


@pytest.mark.parametrize("hours", [25, 1])
def test_a_clock_that_was_ahead_locks_nobody_out(
    hours: int, bot: Bot, settled: Pupil, new_browser, clock: FakeClock
) -> None:
    clock.advance(hours=hours)
    flood(new_browser, settled.username)
    for _ in range(9):
        new_browser().sign_in(settled.username, "wrong")
    for n in range(31):
        new_browser().sign_in(f"epbcd{n:05}", "wrong")
    clock.advance(hours=-hours)
    assert new_browser().sign_in(settled.username, OWN_PASSWORD).status_code == 303
    assert new_browser("192.0.2.50").sign_in(settled.username, OWN_PASSWORD).status_code == 303
