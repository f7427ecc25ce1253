"""What is refused for now is tried again, patiently; what is refused for good is closed."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from bot.runtime import Bot, mailing
from bot.services.accounts import details
from bot.services.auth import tokens
from bot.services.delivery import mail_claims, mail_delivery, mails
from models.database import Database
from models.learner import Learner
from models.mail import Mail, MailState
from models.one_time_token import TokenPurpose
from tests.clock import FakeClock
from tests.mail.conftest import ADDRESS
from tests.mail.servers import Wilful
from tests.mail.test_news_sending import sending_to
from tests.mailbox import LETTERHEAD

Queue = Callable[..., str]
MailOf = Callable[[str], Mail]


@pytest.mark.parametrize("step", ["mail", "rcpt", "content"])
def test_a_4xx_is_tried_again_with_growing_patience(
    step: str, bot: Bot, queue: Queue, mail_of: MailOf, clock: FakeClock
) -> None:
    mail_id, box = queue(), Wilful(**{step: "451 4.7.1 greylisted"})
    waits = []
    with sending_to(bot, box):
        for attempt in (1, 2, 3):
            mailing.drain(bot)
            row = mail_of(mail_id)
            assert (row.state, row.attempts) == (MailState.QUEUED, attempt)
            assert row.reason == f"451 {step} 4.7.1"
            waits.append(row.due_at - clock())
            assert mailing.drain(bot) == 0  # not before it is due
            clock.time = row.due_at
        box.behaviour.clear()
        mailing.drain(bot)
    assert waits[0] < waits[1] < waits[2]
    for number, wait in enumerate(waits):
        nominal = timedelta(seconds=30) * 2**number
        assert nominal * 0.75 <= wait <= nominal * 1.25
    assert mail_of(mail_id).state is MailState.SENT
    assert [mail.headers["Message-ID"] for mail in box.mails] == [row.message_id]


@pytest.mark.parametrize("step", ["mail", "rcpt", "content"])
def test_a_5xx_is_for_good(
    step: str, bot: Bot, queue: Queue, mail_of: MailOf, clock: FakeClock
) -> None:
    mail_id, box = queue(), Wilful(**{step: "554 5.7.1 no"})
    with sending_to(bot, box):
        mailing.drain(bot)
        box.behaviour.clear()
        clock.advance(days=1)
        assert mailing.drain(bot) == 0
    row = mail_of(mail_id)
    assert (row.state, row.reason) == (MailState.FAILED, f"554 {step} 5.7.1")
    assert box.mails == []


def test_one_refused_mail_does_not_hold_up_the_others(bot: Bot, queue: Queue) -> None:
    box = Wilful(**{"gone@example.test": "550 5.1.1 nobody"})
    for address in ("a@example.test", "gone@example.test", "no address", "b@example.test"):
        queue(to=address)
    with sending_to(bot, box):
        assert mailing.drain(bot) == 4
    assert [mail.to for mail in box.mails] == ["a@example.test", "b@example.test"]
    assert box.connections == 1


def test_after_three_days_it_is_given_up(
    bot: Bot, queue: Queue, mail_of: MailOf, clock: FakeClock
) -> None:
    mail_id, began = queue(), clock()
    with sending_to(bot, Wilful(rcpt="450 4.2.0 later")):
        while mail_of(mail_id).state is MailState.QUEUED:
            mailing.drain(bot)
            row = mail_of(mail_id)
            assert row.due_at - clock() <= timedelta(hours=5)
            clock.time = max(row.due_at, clock())
    assert row.state is MailState.FAILED
    assert row.reason == "gave up: 450 rcpt 4.2.0"
    assert timedelta(days=3) <= clock() - began < timedelta(days=3, hours=6)
    assert 20 < row.attempts < 40


def confirm(session: Any, reader: Learner, clock: FakeClock) -> None:
    secret = tokens.issue(
        session, TokenPurpose.EMAIL_CONFIRM, reader.conversation_id, clock(), value=ADDRESS
    )
    assert details.confirm_email(session, secret, clock())


def test_a_dead_address_gets_no_news_any_more(
    bot: Bot,
    queue: Queue,
    queue_news: Queue,
    mail_of: MailOf,
    database: Database,
    clock: FakeClock,
    reader: Learner,
) -> None:
    box = Wilful(rcpt="550 5.1.1 nobody")
    with sending_to(bot, box):
        bounced = queue_news()
        mailing.drain(bot)
        assert mail_of(bounced).state is MailState.FAILED
        box.behaviour.clear()
        later, notice = queue_news(), queue()
        mailing.drain(bot)
        assert mail_of(later).state is MailState.DROPPED
        # Nor may a code that moves the account go there: it has to be confirmed again.
        assert mail_of(later).reason == "address not confirmed"
        assert database.read(lambda session: mails.is_suppressed(session, ADDRESS))
        assert mail_of(notice).state is MailState.SENT
        # Its owner proves that it lives.
        database.write(lambda session: confirm(session, reader, clock))
        again = queue_news()
        mailing.drain(bot)
        assert mail_of(again).state is MailState.SENT


def test_a_refusal_that_is_not_about_the_address_suppresses_nothing(
    bot: Bot, queue_news: Queue, database: Database
) -> None:
    queue_news()
    with sending_to(bot, Wilful(rcpt="550 5.7.1 we do not like your server")):
        mailing.drain(bot)
    assert database.read(lambda session: mails.is_suppressed(session, ADDRESS)) is False


def test_while_the_server_is_away_everything_waits(
    bot: Bot, queue: Queue, queue_news: Queue, mail_of: MailOf, clock: FakeClock
) -> None:
    box = Wilful()
    ids = [queue(), queue_news()]
    with sending_to(bot, box):
        pass  # and gone it is
    assert mailing.drain(bot) == 2
    assert {(mail_of(each).state, mail_of(each).attempts) for each in ids} == {
        (MailState.QUEUED, 1)
    }
    assert {mail_of(each).reason for each in ids} == {"ConnectionRefusedError"}
    clock.advance(minutes=1)
    with sending_to(bot, box):
        mailing.drain(bot)
    assert {mail.headers["Message-ID"] for mail in box.mails} == {
        f"<{ids[0]}@school.example>",
        f"<{ids[1]}@news.school.example>",
    }


def test_a_worker_that_lost_its_lease_decides_nothing(
    bot: Bot, queue: Queue, mail_of: MailOf, database: Database, clock: FakeClock
) -> None:
    """Fenced on worker and attempt: the slow one must not mark what the next one has."""
    mail_id = queue()

    def claim(worker: str) -> mail_claims.ClaimedMail:
        (found,) = database.write(lambda s: mail_claims.claim(s, worker, clock(), bot.gate))
        return found

    def begin(worker: str, claimed: mail_claims.ClaimedMail) -> mail_delivery.OutgoingMail | None:
        return database.write(
            lambda s: mail_delivery.begin(s, claimed, worker, clock(), LETTERHEAD, bot.gate)
        )

    slow = begin("slow", claim("slow"))
    assert slow
    assert database.write(lambda s: mail_claims.claim(s, "next", clock(), bot.gate)) == []
    clock.advance(minutes=5)
    next_claim = claim("next")
    database.write(lambda s: mail_delivery.sent(s, slow, "slow", clock()))
    assert mail_of(mail_id).state is MailState.QUEUED
    following = begin("next", next_claim)
    assert following
    assert following.written.message_id == slow.written.message_id
    assert begin("slow", next_claim) is None
    database.write(lambda s: mail_delivery.sent(s, following, "next", clock()))
    row = mail_of(mail_id)
    assert (row.state, row.attempts) == (MailState.SENT, 2)


def test_a_mail_that_cannot_be_read_does_not_hold_up_the_others(
    bot: Bot, queue: Queue, mail_of: MailOf, database: Database, clock: FakeClock
) -> None:
    broken, whole = queue(), queue()

    def damage(session: Any) -> None:
        session.get_one(Mail, broken).text_sealed = b"\x02k1 not a sealed value at all"

    database.write(damage)
    box = Wilful()
    with sending_to(bot, box):
        mailing.drain(bot)
    assert len(box.mails) == 1
    assert mail_of(whole).state is MailState.SENT
    row = mail_of(broken)
    assert (row.state, row.attempts, row.reason) == (MailState.QUEUED, 1, "SealError")
    assert row.due_at > clock()
