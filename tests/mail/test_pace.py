"""Each domain at its own pace: shared by all processes, slower where told so, and back again."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import select

from bot.runtime import Bot, mailing
from bot.services.delivery import mail_claims, mail_rate_limit
from bot.settings import Settings
from models.database import Database
from models.mail import Mail, MailPace, MailState
from simulator.mailbox import Mailbox
from tests.clock import FakeClock
from tests.mail.servers import Wilful
from tests.mail.test_news_sending import sending_to

Queue = Callable[..., str]
MailOf = Callable[[str], Mail]
NewsTo = Callable[[str], str]
SECOND = timedelta(seconds=1)
RATE = 10
BURST = 30  # three seconds of it


class Domain:
    """Asks for room at one domain, as a claim does."""

    def __init__(self, database: Database, clock: FakeClock) -> None:
        self.database, self.clock = database, clock

    def admit(
        self, wanted: int, *, is_news: bool = True, most: int = 999
    ) -> mail_rate_limit.Admission:
        def work(session: Any) -> mail_rate_limit.Admission:
            domain = mail_rate_limit.domain_of(session, "ann@x.test")
            return mail_rate_limit.admit(
                session, domain, wanted, most, RATE, self.clock(), is_news=is_news
            )

        return self.database.write(work)

    def slow_down(self) -> bool:
        return self.database.write(
            lambda session: mail_rate_limit.slow_down(session, "ben@X.test", RATE, self.clock())
        )

    def most_in(self, seconds: int) -> int:
        """How many may go in a while, asked in small steps."""
        total = 0
        for _ in range(seconds):
            self.clock.advance(seconds=1)
            total += self.admit(100).now
        return total


@pytest.fixture
def domain(database: Database, clock: FakeClock) -> Domain:
    return Domain(database, clock)


def test_after_a_burst_it_is_the_rate(domain: Domain, clock: FakeClock) -> None:
    assert domain.admit(100).now == BURST
    assert domain.admit(100).now == 0
    clock.advance(seconds=1)
    assert domain.admit(100).now == RATE
    clock.advance(milliseconds=250)
    assert [domain.admit(1).now for _ in range(4)] == [1, 1, 0, 0]


def test_never_more_than_burst_and_rate_in_any_window(domain: Domain, clock: FakeClock) -> None:
    """Two processes ask in turn, at times that fit no grid."""
    went: list[datetime] = []
    for step in range(400):
        clock.advance(milliseconds=37 + 53 * (step % 7))
        went += [clock()] * domain.admit(5).now
    for index, start in enumerate(went):
        for seconds in (1, 5, 20):
            within = bisect_right(went, start + seconds * SECOND) - index
            assert within <= BURST + RATE * seconds
    whole = (went[-1] - went[0]).total_seconds()
    assert len(went) >= RATE * whole * 0.99, "what is allowed is used"


def test_what_finds_no_room_is_dated_one_behind_the_other(domain: Domain, clock: FakeClock) -> None:
    first = domain.admit(50).later
    assert len(first) == 20
    assert first[0] == clock() + SECOND / RATE
    assert {late - early for early, late in pairwise(first)} == {SECOND / RATE}
    second = domain.admit(5).later
    assert second[0] == first[-1] + SECOND / RATE
    # Nobody is sent to the end of the world: a campaign may be stopped, a rate be raised.
    assert max(domain.admit(100_000).later) == clock() + mail_rate_limit.FURTHEST


def test_a_line_that_nobody_stands_in_is_forgotten(domain: Domain, clock: FakeClock) -> None:
    domain.admit(1000)
    clock.advance(minutes=2)
    later = domain.admit(BURST + 1).later
    assert later == (clock() + SECOND / RATE,)


def test_what_could_go_but_is_not_wanted_now_keeps_its_turn(domain: Domain) -> None:
    found = domain.admit(20, most=5)
    assert (found.now, found.later) == (5, ())
    assert domain.admit(100).now == BURST - 5


def test_too_fast_halves_the_rate_holds_the_news_and_recovers(
    domain: Domain, clock: FakeClock
) -> None:
    domain.admit(BURST)
    assert domain.slow_down()
    assert not domain.slow_down(), "several were on their way, and all were told"
    assert domain.admit(3).now == 0
    assert domain.admit(1).later[0] >= clock() + mail_rate_limit.HOLD
    clock.advance(seconds=30)
    domain.admit(100)
    assert domain.most_in(60) == 60 * RATE / 2
    assert domain.slow_down()
    assert domain.admit(1).later[0] >= clock() + 2 * mail_rate_limit.HOLD
    clock.advance(minutes=1)
    domain.admit(100)
    assert domain.most_in(60) == 60 * RATE / 4
    clock.advance(minutes=8)  # ten since the last "too fast"
    domain.admit(100)
    assert domain.most_in(60) == 60 * RATE / 2
    clock.advance(minutes=10)
    domain.admit(100)
    assert domain.most_in(60) == 60 * RATE


def test_at_the_slowest_it_still_goes_on(domain: Domain, clock: FakeClock) -> None:
    for _ in range(20):
        domain.slow_down()
        clock.advance(minutes=9)
    clock.advance(minutes=8)
    assert domain.most_in(64) >= RATE  # one 64th of the rate


def test_a_notice_goes_while_news_are_held(domain: Domain) -> None:
    domain.slow_down()
    assert domain.admit(1).now == 0
    assert domain.admit(1, is_news=False).now == 1


def test_the_table_names_no_domain(domain: Domain, database: Database) -> None:
    domain.admit(1)
    rows = database.read(lambda session: list(session.scalars(select(MailPace.domain))))
    assert len(rows) == 1
    assert "x.test" not in rows[0]


def test_postgresql_goes_by_its_own_clock(settings: Settings, bot: Bot) -> None:
    """Machines' clocks differ: a rate that they share needs one."""
    long_ago = datetime(2001, 1, 1, tzinfo=UTC)
    database = Database(settings.database_url, bot.keyring)
    found = database.write(lambda session: mail_rate_limit.moment(session, long_ago))
    database.close()
    assert found.tzinfo is not None
    assert (found == long_ago) is settings.is_sqlite


@pytest.mark.parametrize(
    ("stage", "status", "said", "is_too_fast"),
    [
        ("rcpt", 421, "4.7.0 try again later", True),
        ("content", 450, "4.7.28 Gmail has detected an unusual rate of mail", True),
        ("rcpt", 451, "4.7.500 Server busy", True),
        ("rcpt", 452, "4.5.3 too many recipients", True),
        ("content", 454, "Throttling failure: Maximum sending rate exceeded.", True),
        ("rcpt", 451, "4.7.1 greylisted, too many new senders", False),
        ("rcpt", 450, "4.2.1 the user you are trying to contact gets mail too fast", False),
        ("rcpt", 452, "4.2.2 mailbox full", False),
        ("rcpt", 550, "5.7.1 rate limit", False),
        ("mail", 421, "4.7.0 too many connections", False),
    ],
)
def test_what_counts_as_too_fast(
    stage: str,
    status: int,
    said: str,
    is_too_fast: bool,
    bot: Bot,
    queue: Queue,
    database: Database,
) -> None:
    queue(to="somying@x.test")
    with sending_to(bot, Wilful(**{stage: f"{status} {said}"})):
        mailing.drain(bot)
    levels = database.read(lambda session: list(session.scalars(select(MailPace.level))))
    assert levels == [int(is_too_fast)]


def test_one_domain_that_slows_us_slows_no_other(
    bot: Bot, news_to: NewsTo, mail_of: MailOf, clock: FakeClock
) -> None:
    """News to it wait, without an attempt for each; they go out once it is over."""
    bot.settings = replace(bot.settings, mail_connections=1)
    box = Wilful(**{f"{n}@slow.test": "421 4.7.0 too many messages" for n in range(3)})
    first = [news_to(f"{n}@slow.test") for n in range(3)]
    with sending_to(bot, box):
        mailing.drain(bot)
        assert {mail_of(each).attempts for each in first} == {1}  # on their way together
        others = [news_to(f"{n}@slow.test") for n in range(3, 6)]
        quick = [news_to(f"{n}@quick.test") for n in range(3)]
        mailing.drain(bot)
        assert {mail_of(each).state for each in quick} == {MailState.SENT}
        assert {(mail_of(each).state, mail_of(each).attempts) for each in others} == {
            (MailState.QUEUED, 0)
        }
        box.behaviour.clear()
        for _ in range(12):
            clock.advance(seconds=10)
            mailing.drain(bot)
    assert {mail_of(each).state for each in [*first, *others]} == {MailState.SENT}


def test_a_large_domain_does_not_stand_before_the_small_ones(
    bot: Bot, mailbox: Mailbox, queue: Queue, clock: FakeClock
) -> None:
    for number in range(150):
        queue(to=f"{number}@large.test")
    queue(to="ann@small.test")
    mailing.drain(bot)
    went = Counter(mail.to.rpartition("@")[2] for mail in mailbox.mails)
    assert went == {"large.test": BURST, "small.test": 1}
    for _ in range(12):
        clock.advance(seconds=1)
        mailing.drain(bot)
    went = Counter(mail.to.rpartition("@")[2] for mail in mailbox.mails)
    assert went["large.test"] == BURST + 12 * RATE
    assert len({mail.to for mail in mailbox.mails}) == len(mailbox.mails)


def test_many_workers_keep_one_pace_and_send_each_mail_once(
    bot: Bot, database: Database, queue: Queue, clock: FakeClock
) -> None:
    """Claims at the same moment, as of the threads of several processes."""
    for number in range(100):
        queue(to=f"{number}@{'ab'[number % 2]}.test")

    def claim(number: int) -> list[str]:
        found = database.write(
            lambda session: mail_claims.claim(session, f"w{number}", clock(), bot.gate, 20, RATE)
        )
        return [one.id for one in found]

    with ThreadPoolExecutor(8) as pool:
        claimed = [each for found in pool.map(claim, range(24)) for each in found]
    assert len(claimed) == len(set(claimed)) == 2 * BURST


def test_a_mail_whose_address_cannot_be_read_still_comes_to_its_end(
    bot: Bot, mailbox: Mailbox, queue: Queue, mail_of: MailOf, database: Database
) -> None:
    broken = queue()

    def damage(session: Any) -> None:
        session.get_one(Mail, broken).to_sealed = b"\x02k1 not a sealed value at all"

    database.write(damage)
    whole = queue()
    mailing.drain(bot)
    assert mail_of(whole).state is MailState.SENT
    assert mail_of(broken).reason == "SealError"


@pytest.mark.parametrize("hours", [25, 1])
def test_a_clock_that_was_ahead_holds_no_domain_back(
    hours: int, domain: Domain, clock: FakeClock
) -> None:
    """Neither its turns, nor the dates that were handed out, nor a slower pace."""
    clock.advance(hours=hours)
    domain.admit(100)
    domain.slow_down()
    clock.advance(hours=-hours)
    assert domain.admit(5, is_news=False).now == 5
    clock.advance(minutes=20)
    assert domain.admit(100).now == BURST
