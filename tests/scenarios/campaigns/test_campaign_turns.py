"""Between the last look at a batch and its call lies a turn: what is said meanwhile counts."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from bot.receipts import Receipt
from bot.runtime import Bot
from bot.runtime.campaign_sending import CampaignSending
from bot.services.campaigns.workflow import campaigns
from bot.services.delivery.line_rate_limit import PATIENCE
from models.campaign import CampaignState, RolloutStage
from models.recipient import Batch, BatchState
from models.subscription import Channel
from simulator.platform import Platform
from tests.campaigns import APPROVER, Announcement, news_of
from tests.factories import make_campaign, make_learner
from tests.news import Subscriber

pytestmark = pytest.mark.sql

PATIENCE_SPAN = timedelta(seconds=PATIENCE)


@pytest.fixture
def reader(bot: Bot, line: Platform) -> Subscriber:
    """One person on LINE."""
    return Subscriber(bot, line, Channel.LINE)


@pytest.fixture
def at_the_rest(bot: Bot, line: Platform, reader: Subscriber) -> Announcement:
    """An announcement whose next batch is the reader's."""
    announcement = Announcement(bot, line).is_due()
    for _ in range(4):
        if announcement.row.wave is RolloutStage.REST:
            break
        announcement.tick_only_waves()
    assert announcement.row.wave is RolloutStage.REST
    return announcement


@pytest.fixture
def no_turn(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """The next turn lies further away than anybody waits; call it to end that."""
    asked: list[tuple[str, float]] = []

    def take(endpoint: str, within: float) -> bool:
        asked.append((endpoint, within))
        return False

    monkeypatch.setattr(bot.rate_limiter, "take", take)

    def end() -> None:
        assert asked == [("multicast", PATIENCE)]
        monkeypatch.undo()

    return end


def test_a_batch_without_a_turn_was_called_by_nobody_and_comes_again(
    at_the_rest: Announcement, reader: Subscriber, no_turn: Callable[[], None]
) -> None:
    at_the_rest.tick()
    no_turn()
    (batch,) = at_the_rest.batches
    assert (batch.state, batch.tried_at) == (BatchState.QUEUED, None)
    assert at_the_rest.calls == []
    at_the_rest.advance(seconds=PATIENCE_SPAN.total_seconds())
    assert at_the_rest.runs() is CampaignState.DONE
    assert news_of(reader.chat) == 1


def test_a_stop_while_it_waits_for_its_turn_stops_it(
    at_the_rest: Announcement, bot: Bot, reader: Subscriber, no_turn: Callable[[], None]
) -> None:
    at_the_rest.tick()
    at_the_rest.does(campaigns.stop, APPROVER, bot.clock())
    no_turn()
    at_the_rest.advance(minutes=2)
    at_the_rest.tick()
    assert [batch.state for batch in at_the_rest.batches] == [BatchState.STOPPED]
    assert news_of(reader.chat) == 0


def test_a_no_while_it_waits_for_its_turn_counts(
    at_the_rest: Announcement, reader: Subscriber, no_turn: Callable[[], None]
) -> None:
    at_the_rest.tick()
    reader.says_no()
    no_turn()
    at_the_rest.advance(minutes=2)
    assert at_the_rest.runs() is CampaignState.DONE
    assert at_the_rest.recipient(reader.subject_id).dropped is not None
    assert at_the_rest.calls == []


def test_what_becomes_due_meanwhile_gets_threads_of_its_own(
    bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One batch is due at first; the others become due during its call."""

    def make(session: Session) -> None:
        groups = [
            [make_learner(session, bot.clock(), line_user_id=f"U{n:032x}")] for n in range(21)
        ]
        campaign = make_campaign(session, bot.clock(), groups, bot.settings)
        session.execute(
            update(Batch)
            .where(Batch.campaign_id == campaign.id, Batch.number > 0)
            .values(due_at=bot.clock() + timedelta(seconds=5))
        )

    bot.database.write(make)
    callers: set[int] = set()
    is_crowd, counted = threading.Event(), threading.Lock()

    def called(body: bytes, key: str) -> Receipt:
        with counted:
            if not callers:
                bot.clock.advance(seconds=10)  # type: ignore[attr-defined]
                callers.add(threading.get_ident())
                return Receipt("r")
            callers.add(threading.get_ident())
            if len(callers) > 1:
                is_crowd.set()
        assert is_crowd.wait(30), "nobody came to help"
        return Receipt("r")

    monkeypatch.setattr(bot.gateway, "multicast", called)
    assert CampaignSending(bot, senders=3).drain() == 21
    assert 2 <= len(callers) <= 3
