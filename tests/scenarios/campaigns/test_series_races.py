"""A series and its member, decided on at the same moment on PostgreSQL."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import text

from bot.runtime import campaigning, quota_reading
from bot.services.campaigns.workflow import campaigns, series
from models.campaign import CampaignState
from tests.news import allow_many
from tests.scenarios.campaigns.repeating import Series

pytestmark = pytest.mark.sql

HOLDS = [(campaigns.pause, "person"), (campaigns.send_back, "ราคาผิด")]


@pytest.fixture
def weekly(bot, line, rows):
    allow_many(bot)
    return Series(bot, line, rows)


@pytest.fixture
def counted(weekly):
    """The id of a member that is counted and may inherit at this moment."""
    if weekly.bot.database.is_sqlite:
        pytest.skip("one writer: nobody does two things at once")
    bot = weekly.bot
    bot.clock.time = weekly.time - timedelta(minutes=25)
    quota_reading.read(bot)
    made = bot.database.write(
        lambda session: series.make_member(session, weekly.id, bot.settings, bot.clock())
    )
    campaigning.count(bot)
    return made


def wait_until_it_waits(bot, other):
    """Until the other unit of work waits for a row that somebody has, or is through."""
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    while not other.done() and not bot.database.read(lambda session: session.scalar(waiting)):
        pass


def first(bot, work, then):
    """Do one unit of work, and before it is committed let another begin."""
    done, may_end = threading.Event(), threading.Event()

    def held(session):
        found = work(session)
        session.flush()
        done.set()
        assert may_end.wait(30)
        return found

    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(bot.database.write, held)
        assert done.wait(30)
        other = pool.submit(bot.database.write, then)
        wait_until_it_waits(bot, other)
        may_end.set()
        return one.result(60), other.result(60)


@pytest.mark.parametrize("hold", HOLDS, ids=["pause", "send_back"])
def test_a_series_is_held_while_its_member_inherits(weekly, counted, hold):
    bot, (verb, note) = weekly.bot, hold

    def holds(session):
        verb(session, campaigns.locked(session, weekly.id), weekly.approver, note, bot.clock())

    def inherits(session):
        return series.inherit(session, counted, bot.settings, bot.clock())

    assert first(bot, inherits, holds) == (True, None)
    weekly.bot.clock.time = weekly.time
    weekly.runs(10)
    expected = CampaignState.PAUSED if verb is campaigns.pause else CampaignState.STOPPED
    assert weekly.row(counted).state is expected
    assert weekly.told == []


@pytest.mark.parametrize("hold", HOLDS, ids=["pause", "send_back"])
def test_a_member_does_not_inherit_while_its_series_is_held(weekly, counted, hold):
    bot, (verb, note) = weekly.bot, hold

    def holds(session):
        verb(session, campaigns.locked(session, weekly.id), weekly.approver, note, bot.clock())

    def inherits(session):
        series.inherit(session, counted, bot.settings, bot.clock())

    first(bot, holds, inherits)
    weekly.bot.clock.time = weekly.time
    weekly.runs(10)
    expected = CampaignState.IN_REVIEW if verb is campaigns.pause else CampaignState.STOPPED
    assert weekly.row(counted).state is expected
    assert weekly.told == []


def test_a_stop_by_hand_waits_for_an_approval_by_hand(weekly, counted):
    """Whoever pauses the series sees a member that somebody has just approved."""
    bot = weekly.bot
    digest = weekly.row(counted).digest

    def approves(session):
        member = campaigns.locked(session, counted)
        campaigns.approve(session, member, weekly.approver, digest, bot.settings, bot.clock())

    def pauses(session):
        pattern = campaigns.locked(session, weekly.id)
        campaigns.pause(session, pattern, weekly.approver, "person", bot.clock())

    first(bot, approves, pauses)
    assert weekly.row(counted).state is CampaignState.PAUSED
