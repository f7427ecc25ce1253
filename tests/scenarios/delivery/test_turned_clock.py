"""A clock that was wrong and is set back: everything goes on within a minute, and nothing twice."""

from datetime import timedelta

import pytest

from bot.runtime import mailing
from bot.runtime.turned_clock import ClockWatch
from bot.services.auth import tokens
from bot.services.consent import consents
from bot.services.consent.consents import ConsentStatement
from bot.services.delivery import mails
from models.account import Account, AccountState
from models.base import new_id
from models.campaign import CampaignState
from models.consent import ConsentState, Purpose
from models.conversation import Conversation
from models.inbox import EventState, WebhookEvent
from models.mail import Mail, MailState
from models.one_time_token import OneTimeToken, TokenPurpose
from models.outbox import Push, PushState
from models.subscription import Channel
from tests.campaigns import Announcement, news_of
from tests.news import Subscriber
from tests.scenarios.auth.resetting import WORDS, settle
from tests.scenarios.doubles import DOWN, Wayward
from tests.scenarios.story import EMAIL, register

pytestmark = pytest.mark.sql

# The clock runs so far ahead of the time for a while, or is set back by so much.
STEPS = pytest.mark.parametrize("hours", [25, 1])


class Machine:
    """A machine whose clock can be set, and whose jobs come round whatever it says."""

    def __init__(self, bot, engine, clock):
        self.bot, self.engine, self.clock = bot, engine, clock
        self.uptime = 0.0
        self.watch = ClockWatch(bot, lambda: self.uptime)
        self.watch.look()

    def is_set(self, **span):
        """Somebody sets the clock; no time passes."""
        self.clock.advance(**span)

    def runs(self, seconds=60):
        for _ in range(seconds // 5):
            self.watch.look()
            self.engine.sweep()
            self.engine.drain_pushes()
            self.engine.drain_accounts()
            mailing.drain(self.bot)
            self.uptime += 5
            self.clock.advance(seconds=5)


def queue_mail(bot):
    """A notice about somebody's own account; its id."""
    text = mails.MailText("changed_name", "th")
    return bot.database.write(
        lambda s: mails.queue(s, text, cause=f"test:{new_id()}", to=EMAIL, now=bot.clock())
    )


@pytest.fixture
def machine(bot, engine, clock, mailbox, line):
    return Machine(bot, engine, clock)


@pytest.fixture
def left(machine, someone, line, bot, rows):
    """What stands open the moment before the clock is set back: one of each kind."""

    def leave():
        chat = someone("มะลิ")
        chat.adds_the_account()
        bot.provider = Wayward(bot.provider)
        bot.provider.errors = [DOWN]
        register(chat)
        line.faults.add("reply", "token_expired")
        chat.says("เมนู")  # answered by a push
        line.faults.add("reply", "500", 1)
        chat.says("คอร์ส")  # to be tried again
        queue_mail(bot)
        assert rows(Push, Push.state == PushState.QUEUED)
        assert rows(Mail, Mail.state == MailState.QUEUED)
        assert [row.state for row in rows(Account)] == [AccountState.PENDING]
        assert rows(WebhookEvent, WebhookEvent.state == EventState.ANSWERING)
        return chat

    return leave


@STEPS
def test_all_that_waits_goes_on_within_a_minute_and_once(
    hours, machine, left, rows, line, mailbox, bot
):
    if hours == 25:
        machine.is_set(hours=25)
        machine.runs(10)
    chat = left()
    mails_before = len(mailbox.mails)
    machine.is_set(hours=-hours)
    machine.runs()

    assert not rows(Push, Push.state == PushState.QUEUED)
    assert not rows(Mail, Mail.state == MailState.QUEUED)
    assert not rows(WebhookEvent, WebhookEvent.state != EventState.DONE)
    assert [row.state for row in rows(Account)] == [AccountState.ACTIVE]
    assert len(chat.heard()) >= 3, "the menu, the courses, and that the account is there"
    sent = len(mailbox.mails) - mails_before
    assert sent == len(rows(Mail))
    machine.runs()
    machine.is_set(hours=1)
    machine.runs()
    assert len(mailbox.mails) - mails_before == sent
    assert chat.heard() == []


@pytest.mark.parametrize(("before", "after"), [(0, 25), (25, -25), (0, -1)])
def test_a_reset_that_was_asked_for_just_before_is_answered_once(
    before, after, machine, app, someone, line, rows
):
    """Stored under one clock, answered under another: by the reply, or by a push after it."""
    chat = someone("มะลิ")
    settle(chat, app)
    machine.runs(10)
    machine.is_set(hours=before)
    chat.heard()
    door = app.test_client()
    line.deliver = lambda body, headers: (
        door.post("/line/webhook", data=body, headers=headers).status_code
    )
    assert chat.says(WORDS["th"]) == []
    machine.is_set(hours=after)
    machine.runs()
    assert len({bubble.request_id for bubble in chat.heard()}) == 1
    assert not rows(WebhookEvent, WebhookEvent.state != EventState.DONE)
    machine.is_set(hours=-before - after)
    machine.runs()
    assert chat.heard() == []


def test_a_push_asked_for_while_the_rate_lies_ahead_is_sent(machine, someone, line, clock, rows):
    """What LINE's rate gave away under the wrong clock is free again."""
    chat = someone("มะลิ")
    chat.adds_the_account()
    machine.is_set(hours=25)
    for _ in range(2):
        line.faults.add("reply", "token_expired")
        chat.says("เมนู")
        machine.engine.drain_pushes()
        machine.is_set(hours=-25)
        machine.bot.__dict__.pop("rate_limiter", None)  # as after a restart
    assert {push.state for push in rows(Push)} == {PushState.SENT}


@STEPS
def test_a_campaign_under_way_goes_on(hours, machine, bot, line, clock):
    readers = [Subscriber(bot, line, Channel.LINE, name=name) for name in ("มะลิ", "ส้ม")]
    if hours == 25:
        machine.is_set(hours=25)
    announcement = Announcement(bot, line).is_due()
    announcement.tick_only_waves()
    machine.watch.look()
    machine.is_set(hours=-hours)
    for _ in range(12):
        machine.runs(5)
        announcement.tick()
    assert [news_of(reader.chat) for reader in readers] == [1, 1]
    assert announcement.state is CampaignState.DONE


def test_a_campaign_for_a_later_day_stays_there(machine, bot, line, clock):
    Subscriber(bot, line, Channel.LINE)
    announcement = Announcement(bot, line, send_at=clock() + timedelta(days=3))
    announcement.is_asked_for()
    announcement.is_approved()
    due = announcement.row.due_at
    machine.is_set(hours=-1)
    machine.runs()
    assert (announcement.state, announcement.row.due_at) == (CampaignState.SCHEDULED, due)


def test_a_lease_is_cut_to_its_length_and_not_taken_away(machine, database, clock, rows):
    """Its worker may still be at it: a mail would go out twice."""
    held = timedelta(hours=25)
    with_lease = queue_mail(machine.bot)
    database.write(
        lambda session: setattr(session.get_one(Mail, with_lease), "lease_until", clock() + held)
    )
    machine.watch.look()
    (mail,) = rows(Mail)
    assert mail.lease_until == clock() + timedelta(seconds=150)
    machine.runs(15)
    assert rows(Mail)[0].state is MailState.QUEUED
    machine.runs(150)
    assert rows(Mail)[0].state is MailState.SENT


@STEPS
def test_a_code_lives_its_time_and_no_longer(hours, machine, someone, rows, database, clock):
    chat = someone("มะลิ")
    chat.adds_the_account()
    machine.watch.look()
    (conversation,) = rows(Conversation)
    code = database.write(
        lambda s: tokens.issue(s, TokenPurpose.RELINK_CODE, conversation.id, clock())
    )
    machine.is_set(hours=-hours)
    machine.watch.look()
    (token,) = rows(OneTimeToken)
    assert token.created_at == clock()
    assert token.expires_at == clock() + tokens.LINK_LIFE
    assert database.write(lambda s: tokens.claim(s, TokenPurpose.RELINK_CODE, code, clock()))


def test_what_went_wrong_while_nobody_was_up_is_put_right_by_the_first_look(
    bot, database, clock, rows, someone, line, engine, mailbox
):
    chat = someone("มะลิ")
    chat.adds_the_account()
    line.faults.add("reply", "token_expired")
    chat.says("เมนู")
    clock.advance(minutes=-20)  # less than the longest wait: the row's own beginning tells
    assert engine.drain_pushes() == 0
    assert ClockWatch(bot, lambda: 0.0).look()
    assert engine.drain_pushes() == 1
    assert ClockWatch(bot, lambda: 0.0).look() == 0


def test_a_no_said_after_the_clock_was_set_back_is_the_last_word(
    machine, someone, database, bot, clock, rows
):
    chat = someone("มะลิ")
    chat.adds_the_account()
    (conversation,) = rows(Conversation)

    def say(state):
        statement = ConsentStatement("words", "th", channel="line")
        return database.write(
            lambda s: (
                consents.record(
                    s,
                    s.get_one(Conversation, conversation.id),
                    Purpose.LINE_NEWS,
                    state,
                    statement,
                    bot.settings.school,
                    clock(),
                ).state
            )
        )

    say(ConsentState.GIVEN)
    machine.is_set(hours=-25)
    say(ConsentState.WITHDRAWN)
    newest = database.read(lambda s: consents.latest(s, conversation.id, Purpose.LINE_NEWS))
    assert newest.state is ConsentState.WITHDRAWN
    history = database.read(lambda s: consents.history(s, conversation.id))
    assert history[-1].id == newest.id
