"""What campaigns may have of the month's messages, beside each other and beside what went out."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.presentation import campaign_words
from bot.runtime import campaigning, quota_reading
from bot.services.campaigns.content.problems import CampaignError
from bot.services.campaigns.sending import quota
from bot.services.campaigns.workflow import campaigns, cost
from bot.services.delivery import outbox
from bot.texts import ENGLISH, translator
from models.campaign import CampaignState, RolloutStage
from models.conversation import Conversation
from models.recipient import BatchState
from models.subscription import Channel
from tests.campaigns import APPROVER, Announcement, resumed
from tests.news import Subscriber, allow_many


@pytest.fixture
def readers(bot, line):
    """Four people on LINE, who may get as much news as there is."""
    allow_many(bot)
    return [Subscriber(bot, line, Channel.LINE, name=f"คนที่ {number}") for number in range(4)]


@pytest.fixture
def has(bot, line):
    """Leave so many messages for campaigns, and read LINE's figures."""

    def give(messages):
        line.usage.quota = bot.settings.quota_reserve + messages + line.usage.paid(bot.clock())
        assert quota_reading.read(bot)

    return give


def left(bot):
    return bot.database.read(
        lambda session: quota.left_for_campaigns(session, bot.settings, bot.clock())
    )


def goes_on(announcement):
    bot = announcement.bot
    announcement.does(resumed, APPROVER, bot.settings, bot.clock())


@pytest.fixture
def two(bot, line, readers, has):
    """Two announcements to four people each, approved and due."""
    has(8)
    found = [Announcement(bot, line), Announcement(bot, line)]
    for announcement in found:
        announcement.is_asked_for()
    for announcement in found:
        announcement.is_approved()
    bot.clock.advance(minutes=5)
    return found


def test_what_suffices_for_one_of_two_goes_out(two, bot, has):
    has(6)
    campaigning.move_on(bot)
    assert {announcement.row.pause_reason for announcement in two} == {"quota", None}
    assert {announcement.runs() for announcement in two} == {
        CampaignState.PAUSED,
        CampaignState.DONE,
    }


@pytest.mark.parametrize("chosen", [0, 1])
def test_of_two_that_wait_for_messages_either_may_have_them(two, bot, has, chosen):
    has(3)
    campaigning.move_on(bot)
    assert {announcement.row.pause_reason for announcement in two} == {"quota"}
    has(6)
    goes_on(two[chosen])
    with pytest.raises(CampaignError):
        goes_on(two[1 - chosen])
    assert two[chosen].runs() is CampaignState.DONE


def test_what_a_person_paused_keeps_its_messages(bot, line, readers, has):
    has(7)
    first = Announcement(bot, line).is_due()
    first.does(campaigns.pause, APPROVER, "person", bot.clock())
    has(7)
    second = Announcement(bot, line)
    second.is_asked_for()
    with pytest.raises(CampaignError):
        second.is_approved()


def test_what_may_be_in_lines_figure_is_not_promised_as_well(bot, line, readers, has):
    """LINE took it and did not answer: it is repeated under its key, and counted once."""
    has(8)
    first = Announcement(bot, line).is_due()
    line.faults.add("multicast", "500_after_accept", 8)
    first.tick()
    first.tick()
    [batch] = first.batches
    assert batch.state is BatchState.QUEUED
    assert batch.tried_at is not None
    bot.clock.advance(seconds=1)
    assert quota_reading.read(bot)
    promised = bot.database.read(
        lambda session: cost.promised_by_others(session, "0" * 32, bot.clock())
    )
    assert (promised, left(bot)) == (0, 4)


def test_while_line_does_not_tell_what_went_out_is_taken_off(bot, line, readers, has):
    has(6)
    first, second = Announcement(bot, line), Announcement(bot, line)
    first.is_asked_for()
    second.is_asked_for()
    first.is_approved()
    first.advance(minutes=5)
    campaigning.move_on(bot)
    line.faults.add("quota", "500", 100)
    while first.row.wave is not RolloutStage.REST:
        first.advance(minutes=1)
        campaigning.move_on(bot)
    assert left(bot) == 6
    first.advance(minutes=1)
    assert first.runs() is CampaignState.DONE
    assert left(bot) == 2
    with pytest.raises(CampaignError):
        second.is_approved()
    line.faults.clear()
    assert quota_reading.read(bot)
    assert left(bot) == 2, "and what LINE counts is not taken off twice"


def test_pushes_since_the_reading_are_taken_off(bot, line, readers, has, engine):
    has(6)
    bot.clock.advance(minutes=1)

    def answer(session):
        outbox.queue(
            session,
            cause="an answer",
            person=session.get_one(Conversation, readers[0].subject_id).person,
            to=readers[0].chat.user_id,
            messages=[{"type": "text", "text": "ตอบ"}],
            now=bot.clock(),
        )

    bot.database.write(answer)
    engine.drain_pushes()
    assert left(bot) == 5
    bot.clock.advance(minutes=1)
    assert quota_reading.read(bot)
    assert left(bot) == 5


def test_a_refused_batch_costs_nothing(bot, line, readers, has):
    has(6)
    first = Announcement(bot, line).is_due()
    first.tick()
    line.faults.add("quota", "500", 100)
    line.faults.add("multicast", "400", 1)
    first.advance(minutes=1)
    first.tick()
    assert [batch.state for batch in first.batches] == [BatchState.REFUSED]
    assert left(bot) == 6


def test_a_clock_that_ran_ahead_hides_nothing(bot, line, has):
    line.usage.quota = 1000
    bot.clock.advance(days=3)
    assert quota_reading.read(bot)
    bot.clock.advance(days=-3)
    assert left(bot) == 0, "there is no reading yet"
    line.usage.quota = 150
    assert quota_reading.read(bot)
    assert left(bot) == 50
    bot.clock.advance(days=3, hours=-2)  # the very day, before the time that the clock said
    line.usage.quota = 160
    assert quota_reading.read(bot)
    assert left(bot) == 60


def test_another_machine_may_be_seconds_ahead(bot, line):
    line.usage.quota = 150
    bot.clock.advance(seconds=20)
    assert quota_reading.read(bot)
    bot.clock.advance(seconds=-20)
    line.usage.quota = 160
    assert quota_reading.read(bot)
    assert left(bot) == 50, "its answer is the newer one"


NEXT_MONTH = datetime(2026, 12, 7, 3, 0, tzinfo=UTC)


def test_next_months_messages_are_next_months(bot, line, readers, has):
    bot.settings = replace(bot.settings, line_included=1000)
    has(2)
    line.usage.count_paid("push", 1000, bot.clock())
    line.usage.quota += 1000  # of 1,102 all but two and the reserve are used
    assert quota_reading.read(bot)
    announcement = Announcement(bot, line, send_at=NEXT_MONTH)
    announcement.is_asked_for()
    assert announcement.row.cost_satang == 0, "the fee of that month covers them"
    announcement.is_approved()
    assert announcement.state is CampaignState.SCHEDULED
    now = Announcement(bot, line)
    now.is_asked_for()
    with pytest.raises(CampaignError):
        now.is_approved()
    has(4)
    now.is_approved()  # what is promised in December takes nothing off November
    assert now.state is CampaignState.APPROVED


def test_next_month_two_do_not_spend_the_same_messages(bot, line, readers):
    line.usage.quota = bot.settings.quota_reserve + 7
    assert quota_reading.read(bot)
    first = Announcement(bot, line, send_at=NEXT_MONTH)
    second = Announcement(bot, line, send_at=NEXT_MONTH + timedelta(days=1))
    first.is_asked_for()
    second.is_asked_for()
    first.is_approved()
    with pytest.raises(CampaignError) as refused:
        second.is_approved()
    [problem] = refused.value.problems
    assert campaign_words.said(translator(ENGLISH), problem) == (
        "It does not fit: 3 messages are left for announcements in the month in which it goes out."
    )


def test_next_month_it_is_asked_again(bot, line, readers, has):
    has(4)
    announcement = Announcement(bot, line, send_at=NEXT_MONTH)
    announcement.is_asked_for()
    announcement.is_approved()
    bot.clock.time = NEXT_MONTH
    has(3)
    announcement.tick()
    assert (announcement.state, announcement.row.pause_reason) == (CampaignState.PAUSED, "quota")


@pytest.mark.parametrize(("days", "is_allowed"), [(7, True), (7.01, False)])
def test_an_old_list_does_not_go_on(bot, line, readers, has, days, is_allowed):
    has(100)
    announcement = Announcement(bot, line).is_due()
    announcement.tick()
    assert announcement.state is CampaignState.SENDING
    announcement.does(campaigns.pause, APPROVER, "person", bot.clock())
    bot.clock.time = announcement.row.due_at + timedelta(days=days)
    has(100)
    if is_allowed:
        goes_on(announcement)
        assert announcement.state is CampaignState.SENDING
        return
    with pytest.raises(CampaignError) as refused:
        goes_on(announcement)
    [problem] = refused.value.problems
    said = campaign_words.said(translator(ENGLISH), problem)
    assert "Please stop it" in said
    assert announcement.state is CampaignState.PAUSED
