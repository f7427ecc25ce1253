"""An announcement goes out: each person once, on their channel, in waves, and can be stopped."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from bot.runtime import Bot, mailing, quota_reading
from bot.services.campaigns.workflow import campaigns
from bot.services.campaigns.workflow.rollout import WAVE_PAUSE
from bot.services.delivery import mail_claims, mail_delivery
from models.campaign import Campaign, CampaignState, RolloutStage
from models.database import Database
from models.mail import Mail, MailState
from models.recipient import BatchState
from models.subscription import Channel
from simulator.mailbox import Mailbox
from simulator.platform import Platform
from tests.campaigns import APPROVER, Announcement, news_of, resumed
from tests.clock import FakeClock
from tests.news import Subscriber

pytestmark = pytest.mark.sql

STATES = CampaignState


@pytest.fixture
def readers(bot: Bot, line: Platform, mailbox: Mailbox) -> list[Subscriber]:
    """Two on LINE in Thai, one in English, one by mail."""
    return [
        Subscriber(bot, line, Channel.LINE, name="มะลิ"),
        Subscriber(bot, line, Channel.LINE, Channel.EMAIL, name="ฟ้า"),
        Subscriber(bot, line, Channel.LINE, name="Ben", language="en"),
        Subscriber(bot, line, Channel.EMAIL, name="ดาว", email="dao@example.test"),
    ]


@pytest.fixture
def due(bot: Bot, line: Platform, readers: list[Subscriber]) -> Announcement:
    """An announcement whose hold-back minutes are over."""
    return Announcement(bot, line).is_due()


def test_everybody_gets_it_once_on_their_channel(
    due: Announcement, readers: list[Subscriber], bot: Bot, mailbox: Mailbox
) -> None:
    assert due.runs() is STATES.DONE
    mailing.drain(bot)
    assert [news_of(reader.chat) for reader in readers] == [1, 1, 1, 0]
    assert [mail.to for mail in mailbox.mails] == ["dao@example.test"]
    assert {batch.state for batch in due.batches} == {BatchState.SENT}
    assert due.runs() is STATES.DONE
    assert len(due.calls) == 2, "one for each language"


def test_nothing_goes_out_in_the_hold_back_minutes(
    bot: Bot, line: Platform, readers: list[Subscriber]
) -> None:
    announcement = Announcement(bot, line)
    announcement.is_asked_for()
    announcement.is_approved()
    announcement.advance(minutes=4)
    announcement.tick()
    assert announcement.state is STATES.APPROVED
    announcement.does(campaigns.stop, APPROVER, bot.clock())
    announcement.advance(minutes=60)
    assert announcement.runs() is STATES.STOPPED
    assert not announcement.calls


def test_the_first_percent_is_alone_for_two_minutes(
    bot: Bot, line: Platform, readers: list[Subscriber], database: Database
) -> None:
    announcement = Announcement(bot, line)
    announcement.is_asked_for()
    first = announcement.batches[0]

    def one_percent(session: Any) -> None:
        session.merge(first).wave = RolloutStage.FIRST

    database.write(one_percent)
    announcement.is_approved()
    announcement.advance(minutes=5)
    announcement.tick()
    announcement.tick()
    assert [batch.state for batch in announcement.batches].count(BatchState.SENT) == 1
    announcement.advance(seconds=(WAVE_PAUSE - timedelta(seconds=1)).total_seconds())
    announcement.tick()
    assert announcement.row.wave is RolloutStage.FIRST
    announcement.advance(seconds=1)
    assert announcement.runs() is STATES.DONE


def test_whoever_said_no_after_the_list_was_frozen_gets_nothing(
    due: Announcement, readers: list[Subscriber]
) -> None:
    readers[0].says_no()
    assert due.runs() is STATES.DONE
    assert [news_of(reader.chat) for reader in readers[:3]] == [0, 1, 1]
    assert due.recipient(readers[0].subject_id).dropped == "no consent"


def test_a_mail_that_waits_in_the_queue_asks_again(
    due: Announcement, readers: list[Subscriber], bot: Bot, mailbox: Mailbox, rows: Any
) -> None:
    due.tick()
    due.tick()
    due.tick()
    readers[3].becomes(objected_at=bot.clock())
    mailing.drain(bot)
    assert not mailbox.mails
    (mail,) = rows(Mail)
    assert (mail.state, mail.reason) == (MailState.DROPPED, "objected")


def test_the_cap_was_counted_when_the_list_was_frozen(
    due: Announcement, readers: list[Subscriber], bot: Bot, mailbox: Mailbox
) -> None:
    """Its own list is no news too many for its own mail."""
    bot.settings = replace(bot.settings, news_per_month=1)
    due.runs()
    mailing.drain(bot)
    assert len(mailbox.mails) == 1


@pytest.mark.parametrize("how", ["paused", "at night"])
def test_mails_of_a_campaign_wait_too(
    how: str,
    due: Announcement,
    bot: Bot,
    mailbox: Mailbox,
    clock: FakeClock,
) -> None:
    due.tick()
    due.tick()
    due.tick()
    assert due.state is STATES.SENDING, "while a mail waits, it can be stopped"
    if how == "paused":
        bot.database.write(lambda session: _becomes(session, due.id, STATES.PAUSED))
    else:
        clock.time = clock().replace(hour=15)  # ten in the evening in Bangkok
        bot.database.write(lambda session: _is_alive(session, due.id, clock()))
        due.tick()
    assert mailing.drain(bot) == 0
    if how == "paused":
        bot.database.write(lambda session: _becomes(session, due.id, STATES.SENDING))
    else:
        clock.advance(hours=10)
        due.tick()
    mailing.drain(bot)
    assert len(mailbox.mails) == 1
    due.tick()
    assert due.state is STATES.DONE


def test_a_mail_that_was_claimed_before_the_pause_waits_too(
    due: Announcement, bot: Bot, rows: Any
) -> None:
    for _ in range(3):
        due.tick()
    one = bot.database.write(
        lambda session: [
            each
            for each in mail_claims.claim(session, "one", bot.clock(), bot.gate)
            if session.get_one(Mail, each.id).campaign_id
        ]
    )[0]
    bot.database.write(lambda session: _becomes(session, due.id, STATES.PAUSED))

    def begin(session: Session) -> object:
        assert bot.mailer is not None
        return mail_delivery.begin(session, one, "one", bot.clock(), bot.mailer.head, bot.gate)

    assert bot.database.write(begin) is None
    (mail,) = [each for each in rows(Mail) if each.campaign_id]
    assert (mail.state, mail.attempts, mail.lease_until) == (MailState.QUEUED, 0, None)


def test_mails_of_a_stopped_campaign_are_dropped(
    due: Announcement, bot: Bot, mailbox: Mailbox, rows: Any
) -> None:
    due.tick()
    bot.database.write(lambda session: _becomes(session, due.id, STATES.STOPPED))
    due.advance(minutes=10)
    mailing.drain(bot)
    assert not mailbox.mails
    assert {mail.reason for mail in rows(Mail)} <= {"campaign stopped"}


def _becomes(session: Any, campaign_id: str, state: CampaignState) -> None:
    session.get_one(Campaign, campaign_id).state = state


def _is_alive(session: Any, campaign_id: str, now: datetime) -> None:
    session.get_one(Campaign, campaign_id).alive_at = now


def test_pause_go_on_and_stop_in_the_middle(
    due: Announcement, readers: list[Subscriber], bot: Bot
) -> None:
    due.tick()
    due.does(campaigns.pause, APPROVER, "a mistake", bot.clock())
    due.advance(minutes=20)
    assert due.runs() is STATES.PAUSED
    assert not due.calls
    due.does(resumed, APPROVER, bot.settings, bot.clock())
    assert due.runs() is STATES.DONE
    assert [news_of(reader.chat) for reader in readers[:3]] == [1, 1, 1]


def test_what_was_stopped_never_goes_out(due: Announcement, readers: list[Subscriber]) -> None:
    due.tick()
    due.does(campaigns.stop, APPROVER, due.bot.clock())
    due.advance(minutes=30)
    assert due.runs() is STATES.STOPPED
    assert not due.calls
    assert {batch.state for batch in due.batches} == {BatchState.STOPPED}


def test_a_bad_recipient_is_dropped_and_the_others_get_it(
    bot: Bot, line: Platform, readers: list[Subscriber]
) -> None:
    readers[1].becomes(line_user_id="not-an-id-of-line")
    announcement = Announcement(bot, line).is_due()
    assert announcement.runs() is STATES.DONE
    assert [news_of(reader.chat) for reader in readers[:3]] == [1, 0, 1]
    assert announcement.recipient(readers[1].subject_id).dropped == "refused by LINE"
    keys = [call.retry_key for call in announcement.calls]
    assert len(set(keys)) == len(keys), "another request is another key"


Fail = Callable[..., None]


@pytest.fixture
def fail(line: Platform) -> Fail:
    return lambda kind, times=1: line.faults.add("multicast", kind, times)


@pytest.mark.parametrize("kind", ["500", "500_after_accept", "lost_response", "429_rate", "409"])
def test_a_fault_costs_nobody_anything(
    kind: str, due: Announcement, readers: list[Subscriber], fail: Fail
) -> None:
    fail(kind, 3)
    assert due.runs(30) is STATES.DONE
    assert [news_of(reader.chat) for reader in readers[:3]] == [1, 1, 1]


def test_too_fast_after_a_lost_answer_keeps_the_key(
    due: Announcement, readers: list[Subscriber], fail: Fail
) -> None:
    """The second try says nothing of the first one, which had been accepted."""
    fail("500_after_accept", 2)
    fail("429_rate", 2)
    assert due.runs(30) is STATES.DONE
    assert [news_of(reader.chat) for reader in readers[:3]] == [1, 1, 1]
    assert {batch.state for batch in due.batches} >= {BatchState.ACCEPTED_BEFORE}


def test_a_no_between_two_tries_leaves_the_rest_to_a_person(
    due: Announcement, readers: list[Subscriber], fail: Fail
) -> None:
    fail("500", 2)
    while not due.calls:
        due.tick()
    readers[0].says_no()
    assert due.runs(30) is STATES.DONE
    thai = next(batch for batch in due.batches if batch.language == "th")
    assert (thai.state, thai.reason) == (
        BatchState.UNKNOWN,
        "somebody said no since the first try",
    )
    assert [news_of(reader.chat) for reader in readers[:3]] == [0, 0, 1]


def test_after_the_keys_24_hours_it_is_unknown(
    due: Announcement, readers: list[Subscriber], fail: Fail
) -> None:
    fail("500_after_accept", 2)
    while not due.calls:
        due.tick()
    due.does(campaigns.pause, APPROVER, "overnight", due.bot.clock())
    due.advance(hours=24)
    quota_reading.read(due.bot)
    due.does(resumed, APPROVER, due.bot.settings, due.bot.clock())
    due.runs()
    unknown = [batch for batch in due.batches if batch.state is BatchState.UNKNOWN]
    assert {batch.reason for batch in unknown} == {"retry key expired"}
    assert [news_of(reader.chat) for reader in readers[:3]] == [1, 1, 1]


def test_a_token_that_an_operator_must_renew_loses_nothing(
    due: Announcement, readers: list[Subscriber], line: Platform
) -> None:
    known, line.access_tokens.long_lived = line.access_tokens.long_lived, "another"
    due.tick()
    due.tick()
    line.access_tokens.long_lived = known
    assert due.runs() is STATES.DONE
    assert [news_of(reader.chat) for reader in readers[:3]] == [1, 1, 1]
