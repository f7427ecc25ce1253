"""News by mail: asked again at the last moment, and never sent where nobody knows."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from bot.mail.smtp import Mailer, Patience
from bot.mail_settings import MailServer
from bot.runtime import Bot, mailing
from bot.services.campaigns.content import mail as campaign_mail
from bot.services.delivery import mails
from models.base import new_id
from models.consent import ConsentState, Purpose
from models.database import Database
from models.learner import Learner, LearnerState
from models.mail import Mail, MailState, Stream
from models.subscription import Subscription
from simulator.mailbox import Mailbox, serve_mailbox
from tests.clock import FakeClock
from tests.factories import make_consent_event
from tests.mail.conftest import ADDRESS
from tests.mail.servers import Wilful
from tests.mailbox import LETTERHEAD
from tests.news import CONTENT, about

Queue = Callable[..., str]
MailOf = Callable[[str], Mail]
Change = Callable[[Any, Learner, FakeClock], None]


def test_wanted_news_arrive_with_a_way_to_stop(
    bot: Bot, mailbox: Mailbox, queue_news: Queue, mail_of: MailOf
) -> None:
    mail_id = queue_news()
    mailing.drain(bot)
    (mail,) = mailbox.mails
    assert mail.headers["List-Unsubscribe"].startswith("<https://bot.example.test/s/stop/")
    assert mail.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail.message["From"].addresses[0].addr_spec == "news@news.school.example"
    assert mail.headers["Message-ID"] == f"<{mail_id}@news.school.example>"
    assert mail_of(mail_id).state is MailState.SENT


def test_the_address_in_the_words_ends_the_news_too(
    bot: Bot, mailbox: Mailbox, queue_news: Queue
) -> None:
    letter = campaign_mail.letter(CONTENT, "th", about(bot, "courses"), bot.settings)
    queue_news(template="campaign", written=letter)
    mailing.drain(bot)
    (mail,) = mailbox.mails
    address = mail.headers["List-Unsubscribe"].strip("<>")
    assert address in mail.text
    assert f'href="{address}"' in mail.html
    assert "{unsubscribe}" not in mail.text + mail.html


def withdraws(session: Any, reader: Learner, clock: FakeClock) -> None:
    make_consent_event(
        session,
        clock(),
        id=f"f{new_id()[1:]}",
        subject_id=reader.conversation_id,
        purpose=Purpose.EMAIL_NEWS,
        state=ConsentState.WITHDRAWN,
    )


def leaves_the_topic(session: Any, reader: Learner, clock: FakeClock) -> None:
    session.query(Subscription).filter_by(subject_id=reader.conversation_id).delete()


def sets(**values: Any) -> Change:
    def change(session: Any, reader: Learner, clock: FakeClock) -> None:
        for name, value in values.items():
            made = value(clock()) if callable(value) else value
            setattr(session.get_one(Learner, reader.id), name, made)

    return change


def is_suppressed(session: Any, reader: Learner, clock: FakeClock) -> None:
    mails.suppress(session, mails.address_index(session, ADDRESS), "hard bounce", clock())


CHANGES = {
    "withdraws": withdraws,
    "leaves the topic": leaves_the_topic,
    "pauses": sets(news_paused_until=lambda now: now + timedelta(days=30)),
    "is restricted": sets(restricted_at=lambda now: now),
    "objects": sets(objected_at=lambda now: now),
    "has another address": sets(email="other@example.test"),
    "never confirmed the address": sets(email_verified_at=None),
    "closed the account": sets(state=LearnerState.CLOSED),
    "has a dead address": is_suppressed,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_news_do_not_go_to_somebody_who(
    change: Change,
    bot: Bot,
    mailbox: Mailbox,
    queue: Queue,
    queue_news: Queue,
    mail_of: MailOf,
    database: Database,
    reader: Learner,
    clock: FakeClock,
) -> None:
    """Queued while it was welcome; a notice about the account goes all the same (E5)."""
    news_id, notice_id = queue_news(), queue(subject_id=reader.conversation_id)
    database.write(lambda session: change(session, reader, clock))
    mailing.drain(bot)
    assert [mail.headers["Message-ID"] for mail in mailbox.mails] == [
        f"<{notice_id}@school.example>"
    ]
    row = mail_of(news_id)
    assert row.state is MailState.DROPPED
    assert row.reason


class Meanwhile(Wilful):
    """Somebody withdraws between RCPT and DATA: while their mail is on the wire."""

    def __init__(self) -> None:
        super().__init__()
        self.at_rcpt: Callable[[], None] | None = None

    async def handle_RCPT(self, *arguments: Any) -> str:
        if self.at_rcpt is not None:
            act, self.at_rcpt = self.at_rcpt, None
            done = threading.Thread(target=act)
            done.start()
            done.join()
        return await super().handle_RCPT(*arguments)


def test_the_last_look_is_just_before_the_content(
    bot: Bot,
    queue_news: Queue,
    mail_of: MailOf,
    database: Database,
    reader: Learner,
    clock: FakeClock,
) -> None:
    first, second, box = queue_news(), queue_news(), Meanwhile()
    box.at_rcpt = lambda: database.write(lambda session: withdraws(session, reader, clock))
    with sending_to(bot, box):
        mailing.drain(bot)
    assert box.mails == []
    assert [mail_of(each).reason for each in (first, second)] == ["no consent"] * 2


class sending_to:
    """Points the product at a mail server of its own for a while."""

    def __init__(self, bot: Bot, box: Mailbox, patience: float = 0.5, **options: Any) -> None:
        self.bot, self.serving = bot, serve_mailbox(box, **options)
        self.patience = Patience(5, patience, patience)

    def __enter__(self) -> None:
        port = self.serving.__enter__().port
        server = MailServer("127.0.0.1", port, "plain")
        self.bot.mailer = Mailer(server, LETTERHEAD, self.patience)

    def __exit__(self, *error: Any) -> None:
        self.serving.__exit__(*error)


@pytest.fixture
def news_and_notice(queue: Queue, queue_news: Queue) -> dict[Stream, str]:
    return {Stream.NEWS: queue_news(), Stream.TRANSACTIONAL: queue()}


@pytest.mark.parametrize("how", ["cut", "hang"])
def test_after_data_without_an_answer_nothing_goes_again_by_itself(
    how: str, bot: Bot, news_and_notice: dict[Stream, str], mail_of: MailOf, clock: FakeClock
) -> None:
    """The server had taken both; nobody can know."""
    box = Wilful(keeps_first=True, content=how)
    with sending_to(bot, box):
        mailing.drain(bot)
        box.behaviour.clear()
        for wait in (timedelta(minutes=5), timedelta(days=4)):
            clock.advance(minutes=wait / timedelta(minutes=1))
            assert mailing.drain(bot) == 0
    rows = [mail_of(mail_id) for mail_id in news_and_notice.values()]
    assert [row.state for row in rows] == [MailState.UNKNOWN] * 2
    ids = [mail.headers["Message-ID"] for mail in box.mails]
    assert sorted(ids) == sorted(row.message_id for row in rows)


@pytest.mark.parametrize("step", ["mail", "rcpt"])
def test_cut_before_data_both_go_again(
    step: str, bot: Bot, news_and_notice: dict[Stream, str], mail_of: MailOf, clock: FakeClock
) -> None:
    box = Wilful(**{step: "cut"})
    with sending_to(bot, box):
        mailing.drain(bot)
        for mail_id in news_and_notice.values():
            assert mail_of(mail_id).state is MailState.QUEUED
        box.behaviour.clear()
        clock.advance(minutes=2)
        mailing.drain(bot)
    assert len(box.mails) == 2
    assert {mail_of(each).state for each in news_and_notice.values()} == {MailState.SENT}
