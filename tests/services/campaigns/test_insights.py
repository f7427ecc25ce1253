"""LINE's opens and clicks: read by unit, seldom, within LINE's limit, and never made up."""

from datetime import timedelta
from functools import partial
from itertools import pairwise

import pytest

from bot.runtime import insight_reading
from bot.services.campaigns.reporting import insights
from models.base import new_id
from models.campaign import Campaign, CampaignState, RolloutStage
from models.conversation import Language
from models.recipient import Batch, BatchState
from models.subscription import Channel

PATH = "insight/aggregation"
READERS = [f"U{number:032x}" for number in range(30)]


@pytest.fixture
def sent(bot, line):
    """Campaigns that went out; each call makes one and returns its id and unit."""

    def make(state=BatchState.SENT, channel=Channel.LINE, at=None, is_named=True):
        at = at or bot.clock()
        campaign_id = new_id()
        unit = f"c{campaign_id[:29]}"

        def store(session):
            session.add(
                Campaign(
                    id=campaign_id,
                    name="ข่าว",
                    kind="course_info",
                    topic="courses",
                    content={},
                    audience={},
                    state=CampaignState.DONE,
                    author_id=new_id(),
                    created_at=at,
                    changed_at=at,
                    started_at=at,
                    ended_at=at,
                    unit=unit,
                    counts={},
                    results={"kept": 1},
                )
            )
            session.flush()
            session.add(
                Batch(
                    campaign_id=campaign_id,
                    number=0,
                    wave=RolloutStage.REST,
                    channel=channel,
                    language=Language.THAI,
                    size=30,
                    state=state,
                    retry_key="k",
                    due_at=at,
                )
            )

        bot.database.write(store)
        if is_named:
            line.insights.sent(unit, f"{at.astimezone(insights.LINE_TIME):%Y%m%d}", 2)
        return campaign_id, unit

    return make


def results(bot, campaign_id):
    return bot.database.read(lambda session: dict(session.get_one(Campaign, campaign_id).results))


def calls(line):
    return [call for call in line.calls if call.endpoint == PATH]


def test_opens_and_clicks_are_kept(bot, line, sent):
    campaign_id, unit = sent()
    line.insights.opens(unit, READERS[:25])
    line.insights.clicks(unit, 1, "https://school.example/new", READERS[:21])
    assert insight_reading.read(bot) == 1
    found = results(bot, campaign_id)
    assert found["unique_impression"] == 25
    assert found["unique_click"] == 21
    assert found["clicks"] == [
        {"seq": 1, "url": "https://school.example/new", "click": 21, "unique_click": 21}
    ]
    assert [each["seq"] for each in found["messages"]] == [1, 2]
    assert found["read_at"] == bot.clock().isoformat()
    assert found["kept"] == 1, "what others know of the outcome stays"


@pytest.mark.parametrize(("people", "said"), [(19, None), (20, 20)])
def test_below_twenty_line_says_nothing_and_neither_do_we(bot, line, sent, people, said):
    campaign_id, unit = sent()
    line.insights.opens(unit, READERS[:people])
    insight_reading.read(bot)
    found = results(bot, campaign_id)
    assert found["unique_impression"] == said
    assert found["unique_click"] is None


@pytest.mark.parametrize(
    ("state", "channel"),
    [
        (BatchState.SENT, Channel.EMAIL),
        (BatchState.REFUSED, Channel.LINE),
        (BatchState.STOPPED, Channel.LINE),
    ],
)
def test_what_never_reached_line_is_not_asked_for(bot, line, sent, state, channel):
    sent(state, channel)
    assert insight_reading.read(bot) == 0
    assert calls(line) == []


def test_the_days_are_lines_own(bot, line, sent):
    """23:30 in UTC+9's evening is another day than in Bangkok: the unit is found all the same."""
    at = bot.clock().replace(hour=15, minute=30)  # 00:30 of the next day in UTC+9
    campaign_id, unit = sent(at=at)
    bot.clock.advance(hours=13)
    line.insights.opens(unit, READERS)
    insight_reading.read(bot)
    assert results(bot, campaign_id)["unique_impression"] == 30


def test_it_is_asked_often_at_first_then_daily_then_no_more(bot, line, sent):
    sent()
    asked = []
    for hour in range(24 * 20):
        before = len(calls(line))
        insight_reading.read(bot)
        if len(calls(line)) > before:
            asked.append(hour)
        bot.clock.advance(hours=1)
    assert asked[:4] == [0, 2, 4, 6]
    assert {late - early for early, late in pairwise(asked[25:])} == {24}
    assert 14 * 24 < asked[-1] <= 16 * 24
    assert len(asked) < 45


def test_many_campaigns_stay_within_lines_limit(bot, line, sent):
    """Sixty calls an hour are LINE's; ours are counted in a row before they are made."""
    for _ in range(70):
        sent()
    for _ in range(12):  # two hours of ticks
        insight_reading.read(bot)
        bot.clock.advance(minutes=5)
    assert 24 <= len(calls(line)) <= 50
    assert {call.status for call in calls(line)} == {200}


def test_two_machines_ask_once(bot, line, sent):
    campaign_id, _ = sent()
    claim = partial(insights.claim, campaign_id=campaign_id, now=bot.clock())
    first = bot.database.write(lambda session: claim(session))
    assert first is not None
    assert bot.database.write(lambda session: claim(session)) is None


def test_a_refusal_costs_nothing(bot, line, sent):
    campaign_id, unit = sent()
    line.insights.opens(unit, READERS)
    line.faults.add(PATH, "500")
    assert insight_reading.read(bot) == 0
    assert "unique_impression" not in results(bot, campaign_id)
    bot.clock.advance(hours=2)
    assert insight_reading.read(bot) == 1
    assert results(bot, campaign_id)["unique_impression"] == 30


def test_an_odd_answer_is_no_number(bot, line, sent):
    campaign_id, _ = sent()
    asked = bot.database.write(lambda session: insights.claim(session, campaign_id, bot.clock()))
    odd = {
        "overview": {"uniqueImpression": "25", "uniqueClick": True},
        "messages": 5,
        "clicks": [1],
    }
    bot.database.write(lambda session: insights.store(session, asked, odd, bot.clock()))
    found = results(bot, campaign_id)
    assert found["unique_impression"] is None
    assert found["unique_click"] is None
    assert found["messages"] == found["clicks"] == []


def test_old_ones_are_let_go(bot, line, sent):
    sent(at=bot.clock() - timedelta(days=17))
    assert insight_reading.read(bot) == 0
