"""A series that is held, corrected or resumed around the time of one of its members."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.presentation import campaign_words
from bot.runtime import quota_reading
from bot.services.campaigns.content.problems import CampaignError
from bot.services.campaigns.workflow import campaigns
from bot.services.campaigns.workflow.campaigns import MoveError
from bot.texts import ENGLISH, translator
from models.campaign import CampaignAction, CampaignEvent, CampaignState
from models.outbox import Push
from models.staff import Role
from models.subscription import Channel
from tests.campaigns import resumed
from tests.news import Subscriber, allow_many
from tests.scenarios.campaigns.announcing import linked
from tests.scenarios.campaigns.repeating import NEW, OLD, Series


@pytest.fixture
def weekly(bot, line, rows):
    allow_many(bot)
    return Series(bot, line, rows)


def test_the_corrected_words_go_out_at_the_same_time(weekly):
    weekly.before_its_time(28)
    weekly.bot.clock.advance(minutes=3)
    weekly.is_corrected()
    assert weekly.row().due_at == weekly.time
    weekly.runs(40)
    old, new = weekly.members
    assert (old.state, new.state) == (CampaignState.STOPPED, CampaignState.DONE)
    assert old.send_at == new.send_at == weekly.time
    assert weekly.told == [NEW]
    with pytest.raises(MoveError):
        weekly.does(resumed, weekly.approver, weekly.bot.settings, to=old.id)


def test_what_went_with_its_series_says_so(weekly):
    weekly.before_its_time(28)
    weekly.does(campaigns.send_back, weekly.approver, "ราคาผิด")
    [member] = weekly.members
    [event] = weekly.rows(
        CampaignEvent,
        CampaignEvent.campaign_id == member.id,
        CampaignEvent.verdict == CampaignAction.STOPPED,
    )
    assert event.staff_id == weekly.approver
    said = campaign_words.note(translator(ENGLISH), event.verdict, event.note)
    assert said == "The series that it belongs to was held or sent back."


def test_old_words_that_wait_for_an_approver_are_not_approved_any_more(weekly):
    for number in range(3):  # more than 120 percent of three
        Subscriber(weekly.bot, weekly.line, Channel.LINE, name=f"ใหม่ {number}")
    weekly.before_its_time(28)
    [member] = weekly.members
    assert member.state is CampaignState.IN_REVIEW
    weekly.does(campaigns.send_back, weekly.approver, "ราคาผิด")
    with pytest.raises(MoveError):
        weekly.does(
            campaigns.approve, weekly.approver, member.digest, weekly.bot.settings, to=member.id
        )


def test_a_time_that_a_person_stopped_stays_stopped(weekly):
    weekly.before_its_time(28)
    [member] = weekly.members
    weekly.does(campaigns.stop, weekly.approver, to=member.id)
    weekly.is_corrected()
    weekly.runs(40)
    assert [each.id for each in weekly.members] == [member.id]
    assert weekly.told == []


def test_the_stopped_member_takes_nobodys_share_of_news(bot, line, rows):
    weekly = Series(bot, line, rows)
    bot.settings = replace(bot.settings, news_per_month=1)
    weekly.before_its_time(28)
    weekly.is_corrected()
    weekly.runs(40)
    assert weekly.members[-1].counts["line"] == 3
    assert weekly.told == [NEW]


def test_paused_and_resumed_it_keeps_its_time(weekly):
    weekly.before_its_time(28)
    weekly.does(campaigns.pause, weekly.approver, "person")
    weekly.bot.clock.advance(minutes=2)
    weekly.does(resumed, weekly.approver, weekly.bot.settings)
    [member] = weekly.members
    assert (member.state, member.pause_reason) == (CampaignState.SCHEDULED, None)
    weekly.runs(40)
    assert weekly.told == [OLD]
    assert weekly.row().due_at == weekly.time + timedelta(days=7)


@pytest.mark.parametrize(("minutes", "is_sent"), [(30, True), (31, False)])
def test_resumed_too_late_its_member_waits_for_a_person(weekly, minutes, is_sent):
    weekly.before_its_time(28)
    weekly.does(campaigns.pause, weekly.approver, "person")
    weekly.bot.clock.time = weekly.time + timedelta(minutes=minutes)
    quota_reading.read(weekly.bot)
    weekly.does(resumed, weekly.approver, weekly.bot.settings)
    weekly.runs(10)
    [member] = weekly.members
    assert member.state is (CampaignState.DONE if is_sent else CampaignState.PAUSED)
    assert weekly.told == [OLD] * is_sent


def test_resumed_it_needs_its_messages_once(weekly):
    """What the pattern was counted for is sent by its members: they are not asked for twice."""
    weekly.before_its_time(28)
    weekly.does(campaigns.pause, weekly.approver, "person")
    weekly.line.usage.quota = weekly.bot.settings.quota_reserve + 3
    quota_reading.read(weekly.bot)
    weekly.does(resumed, weekly.approver, weekly.bot.settings)
    assert [member.state for member in weekly.members] == [CampaignState.SCHEDULED]


def test_what_a_person_paused_by_itself_is_not_resumed_with_the_series(weekly):
    weekly.before_its_time(28)
    [member] = weekly.members
    weekly.does(campaigns.pause, weekly.approver, "person", to=member.id)
    weekly.does(campaigns.pause, weekly.approver, "person")
    weekly.does(resumed, weekly.approver, weekly.bot.settings)
    assert [each.state for each in weekly.members] == [CampaignState.PAUSED]


@pytest.mark.parametrize(("seconds", "is_allowed"), [(30, True), (1800, True), (1801, False)])
def test_the_member_of_eight_oclock_can_be_approved(bot, line, rows, seconds, is_allowed):
    """Nobody is told before eight that it waits."""
    allow_many(bot)
    daily = Series(bot, line, rows, rule="0 8 * * mon")
    chat = linked(bot, line, Role.APPROVER, name="อนุมัติ")
    for number in range(5):
        Subscriber(bot, line, Channel.LINE, name=f"ใหม่ {number}")
    daily.before_its_time(30)
    [member] = daily.members
    assert member.state is CampaignState.IN_REVIEW
    assert rows(Push) == []
    bot.clock.time = daily.time
    daily.tick()
    assert len(rows(Push)) == 1
    bot.clock.advance(seconds=seconds)
    approve = (campaigns.approve, chat.id, member.digest, bot.settings)
    if not is_allowed:
        with pytest.raises(CampaignError) as refused:
            daily.does(*approve, to=member.id)
        assert [(each.where, each.code) for each in refused.value.problems] == [("send_at", "past")]
        return
    daily.does(*approve, to=member.id)
    found = daily.row(member.id)
    hold_back = timedelta(minutes=bot.settings.hold_back_minutes)
    assert (found.state, found.due_at) == (CampaignState.APPROVED, bot.clock() + hold_back)
    daily.runs(15)
    assert daily.row(member.id).state is CampaignState.DONE
    assert daily.told == [OLD]
