"""Queued mails reach a real mail server, once, in Thai, and stay as the archive."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from email.utils import parsedate_to_datetime
from typing import Any

from bot.runtime import Bot, mailing
from bot.services.delivery import mails
from bot.texts import letters
from models.database import Database
from models.mail import Mail, MailState
from simulator.mailbox import Mailbox
from tests.clock import FakeClock
from tests.mail.conftest import ADDRESS

Queue = Callable[..., str]
MailOf = Callable[[str], Mail]


def test_a_notice_arrives_in_thai(
    bot: Bot, mailbox: Mailbox, queue: Queue, mail_of: MailOf, clock: FakeClock
) -> None:
    mail_id = queue()
    assert mailbox.mails == []
    assert mailing.drain(bot) == 1
    (mail,) = mailbox.mails
    expected = letters.letter("changed_name", "th", {})
    assert mail.to == mail.headers["To"] == ADDRESS
    assert mail.subject == expected.title
    assert mail.text == expected.text
    assert mail.html == expected.html
    assert '<html lang="th">' in mail.html
    assert mail.message["From"].addresses[0].display_name == "อิงลิชแพลเน็ต"
    assert mail.headers["Reply-To"] == "office@school.example"
    assert mail.headers["Auto-Submitted"] == "auto-generated"
    assert mail.headers["Message-ID"] == f"<{mail_id}@school.example>"
    assert parsedate_to_datetime(mail.headers["Date"]) == clock()
    assert mail.sender == f"b-{mail_id}@bounce.school.example"
    assert "List-Unsubscribe" not in mail.headers
    row = mail_of(mail_id)
    assert (row.state, row.sent_at, row.attempts) == (MailState.SENT, clock(), 1)


def test_what_was_sent_stays_readable_as_the_archive(
    bot: Bot, mailbox: Mailbox, queue: Queue, database: Database
) -> None:
    """Policy S17: every mail is kept with its address."""
    mail_id = queue()
    mailing.drain(bot)

    def read(session: Any) -> tuple[str | None, ...]:
        row = session.get_one(Mail, mail_id)
        return row.to, row.title, row.text, row.html

    (mail,) = mailbox.mails
    assert database.read(read) == (mail.to, mail.subject, mail.text, mail.html)


def test_a_second_drain_sends_nothing_again(bot: Bot, mailbox: Mailbox, queue: Queue) -> None:
    queue()
    mailing.drain(bot)
    assert mailing.drain(bot) == 0
    assert len(mailbox.mails) == 1


def test_one_connection_carries_many_mails(bot: Bot, mailbox: Mailbox, queue: Queue) -> None:
    bot.settings = replace(bot.settings, mail_connections=1)
    addresses = {f"learner{number}@{number % 2}.example.test" for number in range(45)}
    for address in addresses:
        queue(to=address)
    assert mailing.drain(bot) == 45
    assert mailbox.connections == 1
    assert {mail.to for mail in mailbox.mails} == addresses
    assert len({mail.headers["Message-ID"] for mail in mailbox.mails}) == 45


def test_a_cause_makes_one_mail(
    bot: Bot, mailbox: Mailbox, queue: Queue, database: Database, clock: FakeClock
) -> None:
    queue(cause="reset:1")
    again = database.write(
        lambda session: mails.queue(
            session,
            mails.MailText("changed_name", "en"),
            cause="reset:1",
            to=ADDRESS,
            now=clock(),
        )
    )
    assert again is None
    mailing.drain(bot)
    assert len(mailbox.mails) == 1


def test_a_cause_makes_one_mail_also_when_it_happens_many_times_at_once(
    bot: Bot, mailbox: Mailbox, database: Database, clock: FakeClock
) -> None:
    def put(number: int) -> str | None:
        return database.write(
            lambda session: mails.queue(
                session,
                mails.MailText("changed_name", "th"),
                cause="reset:1",
                to=f"{number}@example.test",
                now=clock(),
            )
        )

    with ThreadPoolExecutor(8) as pool:
        made = [found for found in pool.map(put, range(16)) if found]
    assert len(made) == 1
    mailing.drain(bot)
    assert len(mailbox.mails) == 1


def test_a_link_is_filled_in_when_it_is_sent_and_stored_nowhere(
    bot: Bot, mailbox: Mailbox, queue: Queue, database: Database, all_words: Callable[[], str]
) -> None:
    mail_id = queue(template="email_confirm", values={"page": "https://bot.example.test/s/email"})
    secret = database.read(lambda session: mails.link_secret(session, mail_id))
    mailing.drain(bot)
    (mail,) = mailbox.mails
    assert f"https://bot.example.test/s/email/{secret}?lang=th" in mail.text
    assert f'href="https://bot.example.test/s/email/{secret}?lang=th"' in mail.html
    assert secret not in all_words()


def test_a_mail_whose_link_has_died_is_not_sent(
    bot: Bot, mailbox: Mailbox, queue: Queue, mail_of: MailOf, clock: FakeClock
) -> None:
    mail_id = queue(template="email_confirm", values={"page": "https://bot.example.test/s/email"})
    clock.advance(hours=24)
    mailing.drain(bot)
    assert mailbox.mails == []
    row = mail_of(mail_id)
    assert (row.state, row.reason) == (MailState.DROPPED, "too late")


def test_without_a_mail_server_mails_wait(bot: Bot, queue: Queue, mail_of: MailOf) -> None:
    bot.mailer = None
    mail_id = queue()
    assert mailing.drain(bot) == 0
    row = mail_of(mail_id)
    assert (row.state, row.attempts) == (MailState.QUEUED, 0)


def test_notices_go_before_news(
    bot: Bot, mailbox: Mailbox, queue: Queue, queue_news: Queue, clock: FakeClock
) -> None:
    """However much news is waiting: the streams are apart."""
    queue_news()
    clock.advance(minutes=1)
    queue()
    mailing.drain(bot)
    assert ["List-Unsubscribe" in mail.headers for mail in mailbox.mails] == [False, True]
