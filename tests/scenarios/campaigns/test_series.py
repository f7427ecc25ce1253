"""A repeated announcement: approved once, made for each time, and asked about where it changes."""

from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from bot.clock import BANGKOK
from bot.runtime import campaign_calendar, campaigning, quota_reading
from bot.services.campaigns.audience.filters import Audience
from bot.services.campaigns.content.problems import CampaignError
from bot.services.campaigns.workflow import campaigns, series
from bot.services.campaigns.workflow.campaigns import Draft
from models.audit import AuditEntry
from models.base import new_id
from models.campaign import Campaign, CampaignState
from models.outbox import Push
from models.staff import Role
from models.subscription import Channel
from tests.campaigns import resumed
from tests.chat import words
from tests.factories import make_staff
from tests.news import Subscriber, allow_many
from tests.scenarios.campaigns.announcing import linked

CONTENT = {"th": {"title": "ข่าวประจำสัปดาห์", "parts": [{"type": "text", "text": "สวัสดีวันจันทร์"}]}}
MONDAYS = "0 10 * * mon"


@pytest.fixture
def readers(bot, line):
    allow_many(bot)
    return [Subscriber(bot, line, Channel.LINE, name=f"คนที่ {n}") for n in range(10)]


@pytest.fixture
def pattern(bot, readers):
    """An approved series for Mondays at ten; its id. Today is Monday, ten o'clock."""

    def make(until=None):
        quota_reading.read(bot)
        author = new_id()
        approver = bot.database.write(
            lambda session: make_staff(session, bot.clock(), roles={Role.APPROVER}).id
        )
        draft = Draft("รายสัปดาห์", "courses", CONTENT, Audience(), rule=MONDAYS, rule_until=until)
        campaign_id = bot.database.write(
            lambda session: campaigns.create(session, draft, author, bot.settings, bot.clock()).id
        )
        act(bot, campaign_id, campaigns.request_approval, author, bot.settings)
        campaigning.count(bot)
        seen = one(bot, campaign_id).digest
        act(bot, campaign_id, campaigns.approve, approver, seen, bot.settings)
        return campaign_id

    return make


def act(bot, campaign_id, verb, *arguments):
    bot.database.write(
        lambda session: verb(
            session, campaigns.locked(session, campaign_id), *arguments, bot.clock()
        )
    )


def one(bot, campaign_id):
    return bot.database.read(lambda session: session.get_one(Campaign, campaign_id))


def tick(bot):
    """What the clock calls: make, count, inherit, send."""
    campaign_calendar.tick(bot)
    campaigning.count(bot)
    campaign_calendar.tick(bot)
    campaigning.move_on(bot)


def members(rows, pattern_id):
    return rows(Campaign, Campaign.series_id == pattern_id)


def to_next(bot, pattern_id, early=timedelta(minutes=30)):
    """Turn the clock to a moment before the next time of a series."""
    due_at = one(bot, pattern_id).due_at
    bot.clock.time = due_at - early
    return due_at


def test_nothing_happens_before_its_time(pattern, bot, rows):
    pattern_id = pattern()
    found = one(bot, pattern_id)
    assert found.state is CampaignState.SCHEDULED
    assert f"{found.due_at.astimezone(BANGKOK):%a %H:%M}" == "Mon 10:00"
    assert found.due_at - bot.clock() == timedelta(days=7)
    to_next(bot, pattern_id, timedelta(minutes=31))
    tick(bot)
    assert members(rows, pattern_id) == []


def test_its_member_goes_out_on_the_patterns_approval(pattern, bot, engine, line, rows):
    pattern_id = pattern()
    due_at = to_next(bot, pattern_id)
    tick(bot)
    [member] = members(rows, pattern_id)
    assert member.state is CampaignState.SCHEDULED
    assert (member.send_at, member.due_at) == (due_at, due_at)
    assert member.approved_by == one(bot, pattern_id).approved_by
    assert bot.database.read(lambda s: campaigns.is_as_approved(s, member, bot.settings))
    assert member.counts["line"] == 10
    assert one(bot, pattern_id).due_at == due_at + timedelta(days=7)
    bot.clock.time = due_at
    tick(bot)
    [member] = members(rows, pattern_id)
    assert member.state is CampaignState.SENDING
    assert one(bot, pattern_id).state is CampaignState.SCHEDULED
    acts = rows(AuditEntry, AuditEntry.action == "campaign:approve")
    assert [entry.actor for entry in acts][-1] == "system"


def test_doubled_and_late_ticks_make_one_member(pattern, bot, rows):
    pattern_id = pattern()
    to_next(bot, pattern_id)
    for _ in range(5):
        tick(bot)
    assert len(members(rows, pattern_id)) == 1


def test_the_database_itself_refuses_a_second_member(pattern, bot, rows):
    pattern_id = pattern()
    to_next(bot, pattern_id)
    tick(bot)
    [member] = members(rows, pattern_id)

    def twice(session):
        row = session.get_one(Campaign, member.id)
        values = {
            column.key: getattr(row, column.key)
            for column in Campaign.__table__.columns
            if column.key not in {"id", "unit"}
        }
        session.add(Campaign(id=new_id(), unit=new_id()[:30], **values))

    with pytest.raises(IntegrityError):
        bot.database.write(twice)


def test_one_character_more_and_it_waits(pattern, bot, line, rows):
    approver = linked(bot, line, Role.APPROVER)
    pattern_id = pattern()
    to_next(bot, pattern_id)
    campaign_calendar.tick(bot)
    [member] = members(rows, pattern_id)

    def change(session):
        row = session.get_one(Campaign, member.id)
        row.content = {"th": {"title": "ข่าวประจำสัปดาห์", "parts": [{"type": "text", "text": "ก"}]}}

    bot.database.write(change)
    tick(bot)
    [member] = members(rows, pattern_id)
    assert member.state is CampaignState.IN_REVIEW
    assert len(rows(Push)) == 1
    assert approver.id


@pytest.mark.parametrize(("more", "state"), [(2, "scheduled"), (3, "in_review")])
def test_a_fifth_more_may_cost_it_no_more(pattern, bot, line, rows, engine, more, state):
    """Ten people were approved: twelve are 120 percent, thirteen are asked about."""
    approver = linked(bot, line, Role.APPROVER)
    pattern_id = pattern()
    for number in range(more):
        Subscriber(bot, line, Channel.LINE, name=f"ใหม่ {number}")
    to_next(bot, pattern_id)
    tick(bot)
    [member] = members(rows, pattern_id)
    assert member.state == state
    assert member.cost_messages == 10 + more
    engine.drain_pushes()
    told = words(approver.heard())
    if state == "scheduled":
        assert told == "", "nobody is asked"
        return
    assert "13 ข้อความ" in told, "both figures stand on the card"
    assert "10 ข้อความ" in told
    approver.taps("อนุมัติ")
    [member] = members(rows, pattern_id)
    assert member.state is CampaignState.SCHEDULED
    assert member.approved_by == approver.id


def test_a_quota_that_does_not_suffice_is_asked_about(pattern, bot, line, rows):
    pattern_id = pattern()
    line.usage.quota = bot.settings.quota_reserve + 9
    to_next(bot, pattern_id)
    tick(bot)
    [member] = members(rows, pattern_id)
    assert member.state is CampaignState.IN_REVIEW


@pytest.mark.parametrize("verb", ["stop", "pause", "send_back"])
def test_whoever_ends_the_series_ends_what_has_not_begun(pattern, bot, rows, verb):
    pattern_id = pattern()
    to_next(bot, pattern_id)
    tick(bot)
    who = new_id()
    verbs = {
        "stop": (campaigns.stop, who),
        "pause": (campaigns.pause, who, "wait"),
        "send_back": (campaigns.send_back, who, "wait"),
    }
    act(bot, pattern_id, *verbs[verb])
    [member] = members(rows, pattern_id)
    expected = CampaignState.PAUSED if verb == "pause" else CampaignState.STOPPED
    assert member.state is expected
    bot.clock.advance(days=14)
    tick(bot)
    assert len(members(rows, pattern_id)) == 1


def test_a_stop_while_it_is_counted(pattern, bot, rows):
    pattern_id = pattern()
    to_next(bot, pattern_id)
    campaign_calendar.tick(bot)
    act(bot, pattern_id, campaigns.stop, new_id())
    tick(bot)
    [member] = members(rows, pattern_id)
    assert member.state is CampaignState.STOPPED


def test_after_a_pause_it_goes_on_with_the_next_time(pattern, bot, rows):
    pattern_id = pattern()
    act(bot, pattern_id, campaigns.pause, new_id(), "holidays")
    bot.clock.advance(days=16)
    tick(bot)
    assert members(rows, pattern_id) == []
    quota_reading.read(bot)
    act(bot, pattern_id, resumed, new_id(), bot.settings)
    found = one(bot, pattern_id)
    assert found.state is CampaignState.SCHEDULED
    assert bot.clock() < found.due_at <= bot.clock() + timedelta(days=7)
    to_next(bot, pattern_id)
    tick(bot)
    assert len(members(rows, pattern_id)) == 1


def test_after_its_last_time_it_is_done(pattern, bot, rows):
    pattern_id = pattern(until=bot.clock() + timedelta(days=8))
    to_next(bot, pattern_id)
    tick(bot)
    found = one(bot, pattern_id)
    assert (found.state, found.due_at) == (CampaignState.DONE, None)
    [member] = members(rows, pattern_id)
    assert member.state is CampaignState.SCHEDULED, "the last one still goes out"
    assert len(rows(AuditEntry, AuditEntry.action == "campaign:end")) == 1


def test_four_hours_late_it_is_held(pattern, bot, rows):
    """Nothing ran while it was due: its member is made, and held for somebody to decide."""
    pattern_id = pattern()
    to_next(bot, pattern_id, -timedelta(hours=4))
    tick(bot)
    [member] = members(rows, pattern_id)
    assert (member.state, member.pause_reason) == (CampaignState.PAUSED, "late")
    assert one(bot, pattern_id).due_at > bot.clock()


def test_weeks_late_it_does_not_make_up_for_all_of_them(pattern, bot, rows):
    pattern_id = pattern()
    bot.clock.advance(days=25)
    tick(bot)
    tick(bot)
    assert len(members(rows, pattern_id)) == 1


def test_a_changed_pattern_makes_nothing(pattern, bot, rows):
    pattern_id = pattern()

    def change(session):
        session.get_one(Campaign, pattern_id).rule = "0 10 * * mon,thu"

    bot.database.write(change)
    to_next(bot, pattern_id)
    tick(bot)
    found = one(bot, pattern_id)
    assert (found.state, found.pause_reason) == (CampaignState.PAUSED, "changed")
    assert members(rows, pattern_id) == []


def test_nobody_gets_the_pattern_itself(pattern, bot, line, rows):
    """Its own list is what an approver saw; it counts for nobody's cap and is never sent."""
    pattern_id = pattern()
    bot.clock.advance(days=6)
    tick(bot)
    assert one(bot, pattern_id).started_at is None
    assert [call for call in line.calls if call.endpoint == "multicast"] == []


def test_a_rule_that_has_run_out_is_not_approved(pattern, bot):
    pattern_id = pattern()
    act(bot, pattern_id, campaigns.send_back, new_id(), "x")
    draft = Draft(
        "x", "courses", CONTENT, Audience(), rule=MONDAYS, rule_until=bot.clock() - timedelta(1)
    )
    bot.database.write(
        lambda session: (
            campaigns.edit(session, pattern_id, draft, 0, new_id(), bot.settings, bot.clock())
            and None
        )
    )
    with pytest.raises(CampaignError) as caught:
        act(bot, pattern_id, campaigns.request_approval, new_id(), bot.settings)
    assert [problem.where for problem in caught.value.problems] == ["until"]


def test_the_share_is_exact():
    for costs, approved, is_within in (
        (12, 10, True),
        (13, 10, False),
        (0, 0, True),
        (1, 0, False),
    ):
        assert series.is_within(costs, approved) is is_within
    assert not series.is_within(None, 10)
