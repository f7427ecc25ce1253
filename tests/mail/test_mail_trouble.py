"""A domain that refuses us waits; a mailbox that is not read and letters that wait are told."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from bot.runtime import Bot, bounce_reading, mailing
from bot.services.delivery import mail_rate_limit, mail_trouble, mailbox_cursor
from bot.services.delivery.mail_rate_limit import PausedDomain
from bot.services.subscriptions import bounces
from models.database import Database
from models.learner import Learner
from models.mail import Mail, MailState
from simulator.mailbox import Mailbox
from tests.clock import FakeClock
from tests.mail.coming_back import acts, now_of, own_address, reason_of
from tests.mail.imap_server import ImapBox
from tests.mail.returned import bounce, by_a_person, holiday
from tests.mail.servers import Wilful
from tests.mail.test_news_sending import sending_to

Queue = Callable[..., str]
MailOf = Callable[[str], Mail]
OWNER = "owner@school.example"
LISTED = "553 5.1.3 Mail from 203.0.113.5 refused: listed at http://www.spamhaus.org/query"


@pytest.fixture
def told(bot: Bot, database: Database) -> Callable[[], list[str]]:
    """What the owner was told."""
    bot.settings = replace(bot.settings, owner_email=OWNER)
    query = select(Mail).where(Mail.template == mail_trouble.TEMPLATE).order_by(Mail.id)
    return lambda: database.read(lambda s: [each.text or "" for each in s.scalars(query)])


def paused(database: Database, clock: FakeClock) -> list[PausedDomain]:
    return database.read(lambda session: mail_rate_limit.paused(session, clock()))


def refused(returns: ImapBox, mail_id: str, said: str = LISTED) -> None:
    returns.put(bounce(to=own_address(mail_id), status="5.1.3", said=said))


def test_a_domain_that_refuses_us_gets_no_news_until_hours_have_passed(
    bot: Bot,
    returns: ImapBox,
    send_news: Callable[[], str],
    queue_news: Queue,
    news_to: Callable[[str], str],
    queue: Queue,
    mail_of: MailOf,
    database: Database,
    reader: Learner,
    clock: FakeClock,
    told: Callable[[], list[str]],
) -> None:
    mail_id = send_news()
    clock.advance(minutes=5)
    refused(returns, mail_id)
    bounce_reading.read(bot)
    # It says nothing about the person.
    assert mail_of(mail_id).bounce_verdict == "blocked"
    assert reason_of(database) is None
    assert now_of(database, reader).email_verified_at is not None
    [domain] = paused(database, clock)
    assert (domain.name, domain.code) == ("example.test", "5.1.3")
    [words] = told()
    assert "example.test ไม่รับอีเมลของเรา (5.1.3)" in words
    held, other, notice = queue_news(), news_to("x@elsewhere.test"), queue()
    mailing.drain(bot)
    assert [mail_of(each).state for each in (held, other, notice)] == [
        MailState.QUEUED,
        MailState.SENT,
        MailState.SENT,
    ]
    clock.advance(seconds=mail_rate_limit.PAUSE.total_seconds() + 1)
    mailing.drain(bot)
    assert mail_of(held).state is MailState.SENT
    assert paused(database, clock) == []
    assert len(told()) == 1


def test_a_person_lets_the_news_go_on_and_late_reports_do_not_stop_them_again(
    bot: Bot,
    returns: ImapBox,
    send_news: Callable[[], str],
    queue_news: Queue,
    mail_of: MailOf,
    database: Database,
    clock: FakeClock,
) -> None:
    early, late = send_news(), send_news()
    clock.advance(minutes=5)
    refused(returns, early)
    bounce_reading.read(bot)
    [domain] = paused(database, clock)
    held = queue_news()
    mailing.drain(bot)
    assert mail_of(held).state is MailState.QUEUED

    def go_on() -> bool:
        return database.write(
            lambda session: bounces.let_go_on(session, domain.key, "staff:x", clock())
        )

    assert [go_on(), go_on()] == [True, False]
    refused(returns, late)
    bounce_reading.read(bot)
    assert paused(database, clock) == []
    clock.advance(minutes=15)
    mailing.drain(bot)
    assert mail_of(held).state is MailState.SENT
    # What goes out now and is refused is news.
    clock.advance(minutes=1)
    refused(returns, held)
    bounce_reading.read(bot)
    assert len(paused(database, clock)) == 1
    assert [each.action for each in acts(database, "domain:pause", "domain:release")] == [
        "domain:pause",
        "domain:release",
        "domain:pause",
    ]


@pytest.mark.parametrize(
    "said",
    [
        "450 4.2.0 Greylisted",
        "550 5.6.0 looks like spam",
        "552 5.2.2 Over quota",
        "550 5.1.1 no such user",
    ],
)
def test_what_is_about_one_mail_or_one_person_pauses_nobody(
    said: str,
    bot: Bot,
    returns: ImapBox,
    send_news: Callable[[], str],
    database: Database,
    clock: FakeClock,
    told: Callable[[], list[str]],
) -> None:
    refused(returns, send_news(), said)
    bounce_reading.read(bot)
    assert paused(database, clock) == []
    assert told() == []


def test_a_refusal_by_another_domain_behind_an_address_pauses_neither(
    bot: Bot,
    returns: ImapBox,
    send_news: Callable[[], str],
    database: Database,
    clock: FakeClock,
) -> None:
    raw = bounce(to=own_address(send_news()), recipient="old@other.test", said=LISTED)
    returns.put(raw)
    bounce_reading.read(bot)
    assert paused(database, clock) == []


def test_many_domains_at_once_are_few_mails(
    bot: Bot,
    returns: ImapBox,
    mailbox: object,
    news_to: Callable[[str], str],
    database: Database,
    clock: FakeClock,
    told: Callable[[], list[str]],
) -> None:
    sent = [news_to(f"x@domain{number}.test") for number in range(12)]
    mailing.drain(bot)
    for number, mail_id in enumerate(sent):
        recipient = f"x@domain{number}.test"
        returns.put(bounce(to=own_address(mail_id), recipient=recipient, said=LISTED))
        bounce_reading.read(bot)
    assert len(paused(database, clock)) == 12
    assert len(told()) == 4, "at the first, the second, the fourth and the eighth"
    assert told()[-1].count("ไม่รับอีเมลของเรา") == 8


def test_letters_that_wait_are_told_once_a_day_from_the_morning_on(
    bot: Bot, returns: ImapBox, clock: FakeClock, told: Callable[[], list[str]]
) -> None:
    clock.advance(seconds=-(clock().timestamp() + 7 * 3600) % 86400)  # midnight in Bangkok
    found = []
    returns.put(holiday("office@school.example"))
    bounce_reading.read(bot)
    returns.put(by_a_person("office@school.example"))
    for _ in range(5):
        bounce_reading.read(bot)
        found.append(len(told()))
        clock.advance(hours=9)
    assert found == [0, 1, 1, 1, 2]
    assert "อีเมลที่รอเจ้าหน้าที่ดู: 1" in told()[0]
    assert "somying" not in told()[0]


def test_a_refused_sign_in_is_told_at_once_and_an_outage_after_an_hour(
    bot: Bot,
    returns: ImapBox,
    database: Database,
    clock: FakeClock,
    told: Callable[[], list[str]],
) -> None:
    assert bot.bounce_mailbox
    name = bot.bounce_mailbox.name

    def unread() -> mailbox_cursor.Unread | None:
        return database.read(lambda session: mailbox_cursor.unread(session, name, clock()))

    bounce_reading.read(bot)
    read_at = clock()
    assert unread() is None
    returns.cuts = {"SEARCH": 1}
    clock.advance(minutes=30)
    bounce_reading.read(bot)
    assert (unread(), told()) == (None, [])
    returns.cuts = {"SEARCH": 1}
    clock.advance(minutes=31)
    bounce_reading.read(bot)
    assert unread() == mailbox_cursor.Unread("abort", read_at), "only what was read moves it"
    assert "ผู้ให้บริการอีเมลไม่ตอบ" in told()[0]
    returns.cuts = {}
    bounce_reading.read(bot)
    assert unread() is None
    returns.password = "another"
    clock.advance(days=1)
    bounce_reading.read(bot)
    bounce_reading.read(bot)
    found = unread()
    assert found
    assert found.reason == "sign-in refused"
    assert len(told()) == 2
    assert "ปฏิเสธการเข้าสู่ระบบ" in told()[1]


def test_a_reader_that_has_died_is_noticed(
    app: Flask, bot: Bot, mailbox: object, returns: ImapBox, clock: FakeClock
) -> None:
    """Nobody else says that the worker does not run."""

    def said() -> str:
        return app.test_cli_runner().invoke(args=["doctor"]).output

    bounce_reading.read(bot)
    assert "✓ returned mails" in said()
    returns.put(by_a_person("office@school.example"))
    bounce_reading.read(bot)
    assert "! returned mails: letters that wait for a person: 1; domains" in said()
    clock.advance(seconds=timedelta(hours=1).total_seconds() + 1)
    assert "✗ returned mails: have not been read since" in said()


@pytest.mark.parametrize(
    ("stage", "answer", "code"),
    [
        ("rcpt", LISTED, "5.1.3"),
        ("rcpt", "550 SPF check failed", "550"),
        ("content", "554 5.7.1 Message rejected due to the reputation of 203.0.113.5", "5.7.1"),
    ],
)
def test_who_refuses_us_at_once_gets_no_more_news_either(
    stage: str,
    answer: str,
    code: str,
    bot: Bot,
    queue_news: Queue,
    news_to: Callable[[str], str],
    mail_of: MailOf,
    database: Database,
    reader: Learner,
    clock: FakeClock,
    told: Callable[[], list[str]],
) -> None:
    refused = queue_news(), queue_news()
    with sending_to(bot, Wilful(**{stage: answer})):
        mailing.drain(bot)
    assert {mail_of(each).state for each in refused} == {MailState.FAILED}
    [domain] = paused(database, clock)
    assert (domain.name, domain.code) == ("example.test", code)
    assert now_of(database, reader).email_verified_at is not None
    assert len(acts(database, "domain:pause")) == 1
    held, other = queue_news(), news_to("x@elsewhere.test")
    with sending_to(bot, Mailbox()):
        mailing.drain(bot)
    assert [mail_of(each).state for each in (held, other)] == [MailState.QUEUED, MailState.SENT]
    # Told once, also where there is no mailbox that is read.
    for _ in range(2):
        bounce_reading.read(bot)
    [words] = told()
    assert f"example.test ไม่รับอีเมลของเรา ({code})" in words


@pytest.mark.parametrize(
    ("stage", "answer"),
    [
        ("rcpt", "451 4.7.1 blocked for a while"),
        ("rcpt", "550 5.1.1 no such user"),
        ("rcpt", "550 5.7.1 looks like spam"),
        ("mail", "553 5.7.1 blocked using zen.spamhaus.org"),
    ],
)
def test_what_is_said_at_once_and_blames_no_domain_pauses_none(
    stage: str, answer: str, bot: Bot, queue_news: Queue, database: Database, clock: FakeClock
) -> None:
    queue_news()
    with sending_to(bot, Wilful(**{stage: answer})):
        mailing.drain(bot)
    assert paused(database, clock) == []
