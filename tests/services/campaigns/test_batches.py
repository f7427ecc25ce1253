"""One batch: claimed by one worker, fenced, made up anew or repeated, left to a person."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.clock import BANGKOK
from bot.errors import DeliveryError
from bot.runtime import Bot
from bot.services.campaigns.content.problems import CampaignError
from bot.services.campaigns.reporting import results as campaign_results
from bot.services.campaigns.sending import batches, circuit_breaker, quota
from bot.services.campaigns.sending.batches import LEASE, Claim, OutgoingBatch
from bot.services.campaigns.sending.circuit_breaker import Trouble
from bot.services.campaigns.workflow import campaigns, unknown_outcomes
from bot.services.campaigns.workflow.campaigns import MoveError, StaleError
from models.audit import AuditEntry
from models.campaign import Campaign, CampaignState
from models.conversation import Conversation
from models.learner import Learner
from models.recipient import Batch, BatchState, Recipient
from models.subscription import Channel
from simulator.platform import Platform
from tests.clock import FakeClock
from tests.factories import make_campaign
from tests.news import Subscriber

ONE, OTHER, APPROVER = "worker-1", "worker-2", "b" * 32
LOST = DeliveryError("ReadTimeoutError", unknown=True)
LIMITED = DeliveryError("The API rate limit has been exceeded.", status=429)
Act = Callable[[Callable[[Session], Any]], Any]


@pytest.fixture
def readers(bot: Bot, line: Platform) -> list[Subscriber]:
    """Three people on LINE."""
    return [Subscriber(bot, line, Channel.LINE, name=name) for name in ("มะลิ", "ฟ้า", "ดาว")]


@pytest.fixture
def act(bot: Bot) -> Act:
    """Runs one unit of work."""
    return bot.database.write


@pytest.fixture
def campaign_id(act: Act, bot: Bot, readers: list[Subscriber], clock: FakeClock) -> str:
    """A campaign of one batch that is on."""

    def make(session: Session) -> str:
        learners = [session.get_one(Learner, each.learner_id) for each in readers]
        return make_campaign(session, clock(), [learners], bot.settings).id

    return act(make)


@pytest.fixture
def row(bot: Bot, campaign_id: str) -> Callable[[], Batch]:
    """The batch as it stands."""
    return lambda: bot.database.read(lambda session: session.get_one(Batch, (campaign_id, 0)))


def claim(bot: Bot, worker: str = ONE) -> list[Claim]:
    """Claim what is due, of campaigns that somebody has just looked after."""

    def work(session: Session) -> list[Claim]:
        session.execute(update(Campaign).values(alive_at=bot.clock()))
        return batches.claim(session, worker, bot.clock(), Channel.LINE, 4)

    return bot.database.write(work)


def begin(bot: Bot, claimed: Claim, worker: str = ONE) -> OutgoingBatch | None:
    return bot.database.write(
        lambda session: batches.begin(
            session, claimed, worker, bot.clock(), bot.settings, lambda *_: b"[]"
        )
    )


def tried(bot: Bot, error: DeliveryError, worker: str = ONE) -> OutgoingBatch:
    """One try that fails."""
    (claimed,) = claim(bot, worker)
    outgoing = begin(bot, claimed, worker)
    assert outgoing is not None
    bot.database.write(
        lambda session: batches.failed(session, outgoing, worker, error, bot.clock())
    )
    return outgoing


def test_one_worker_has_it_until_its_lease_is_over(
    bot: Bot, campaign_id: str, clock: FakeClock
) -> None:
    assert claim(bot)
    assert not claim(bot, OTHER)
    clock.advance(seconds=LEASE.total_seconds() + 1)
    assert claim(bot, OTHER)


def test_whoever_lost_the_lease_marks_nothing(
    bot: Bot, act: Act, campaign_id: str, clock: FakeClock, row: Callable[[], Batch]
) -> None:
    (claimed,) = claim(bot)
    slow = begin(bot, claimed)
    assert slow is not None
    clock.advance(seconds=LEASE.total_seconds() + 1)
    (again,) = claim(bot, OTHER)
    fast = begin(bot, again, OTHER)
    assert fast is not None
    assert (fast.body, fast.retry_key, fast.is_repeat) == (slow.body, slow.retry_key, True)
    act(lambda session: batches.failed(session, slow, ONE, LIMITED, clock()))
    act(lambda session: batches.sent(session, slow, ONE, "first", clock()))
    assert row().state is BatchState.QUEUED
    assert begin(bot, claimed) is None
    act(lambda session: batches.sent(session, fast, OTHER, "second", clock(), before=True))
    assert (row().state, row().request_id) == (BatchState.ACCEPTED_BEFORE, "second")


def test_a_lost_answer_is_repeated_byte_by_byte(
    bot: Bot, campaign_id: str, clock: FakeClock
) -> None:
    first = tried(bot, LOST)
    clock.advance(minutes=1)
    second = tried(bot, LIMITED)
    clock.advance(minutes=1)
    third = tried(bot, LOST)
    assert {each.body for each in (first, second, third)} == {first.body}
    assert {each.retry_key for each in (first, second, third)} == {first.retry_key}
    assert [each.is_repeat for each in (first, second, third)] == [False, True, True]


def test_what_line_certainly_refused_is_made_up_anew(
    bot: Bot, act: Act, campaign_id: str, clock: FakeClock, readers: list[Subscriber]
) -> None:
    first = tried(bot, LIMITED)
    readers[0].says_no()
    clock.advance(minutes=1)
    second = tried(bot, LOST)
    assert not second.is_repeat
    assert second.retry_key != first.retry_key
    assert readers[0].subject_id not in second.subjects
    assert len(second.subjects) == 2


def test_a_refusal_of_a_repeat_says_nothing_of_the_first_try(
    bot: Bot, campaign_id: str, clock: FakeClock, row: Callable[[], Batch]
) -> None:
    tried(bot, LOST)
    clock.advance(minutes=1)
    tried(bot, DeliveryError("The request body has 1 error(s)", permanent=True, status=400))
    assert row().state is BatchState.UNKNOWN


def test_tries_come_later_and_later(
    bot: Bot, campaign_id: str, clock: FakeClock, row: Callable[[], Batch]
) -> None:
    waits = []
    for _ in range(14):
        tried(bot, LOST)
        waits.append(row().due_at - clock())
        clock.time = max(row().due_at, clock())
    assert waits[0] < timedelta(seconds=4)
    assert waits[-1] == batches.MAX_WAIT
    assert sorted(waits) == waits


def unknown(bot: Bot, clock: FakeClock) -> None:
    """A batch whose key ran out without an answer."""
    tried(bot, LOST)
    clock.advance(hours=25)
    (claimed,) = claim(bot)
    assert begin(bot, claimed) is None


def again(bot: Bot, campaign_id: str) -> None:
    bot.database.write(
        lambda session: unknown_outcomes.send_again(
            session, campaign_id, 0, APPROVER, bot.settings, bot.clock()
        )
    )


def becomes(act: Act, campaign_id: str, **values: Any) -> None:
    def change(session: Session) -> None:
        campaign = session.get_one(Campaign, campaign_id)
        for name, value in values.items():
            setattr(campaign, name, value)

    act(change)


@pytest.mark.parametrize("ended", [CampaignState.DONE, CampaignState.FAILED, CampaignState.SENDING])
def test_a_person_sends_an_unknown_batch_again(
    ended: CampaignState,
    bot: Bot,
    act: Act,
    campaign_id: str,
    clock: FakeClock,
    readers: list[Subscriber],
    row: Callable[[], Batch],
) -> None:
    unknown(bot, clock)
    becomes(act, campaign_id, state=ended)
    readers[1].says_no()
    act(lambda session: quota.record(session, 1000, 0, clock()))
    key = row().retry_key
    again(bot, campaign_id)
    (claimed,) = claim(bot)
    outgoing = begin(bot, claimed)
    assert outgoing is not None
    assert outgoing.retry_key != key
    assert len(outgoing.subjects) == 2
    query = select(AuditEntry.action).order_by(AuditEntry.at)
    assert "campaign:settle" in bot.database.read(lambda session: list(session.scalars(query)))


def test_sent_again_it_has_to_fit_and_to_be_as_approved(
    bot: Bot, act: Act, campaign_id: str, clock: FakeClock
) -> None:
    unknown(bot, clock)
    act(lambda session: quota.record(session, 102, 0, clock()))  # two more than the reserve
    with pytest.raises(CampaignError):
        again(bot, campaign_id)
    act(lambda session: quota.record(session, 103, 0, clock()))
    becomes(act, campaign_id, topic="articles")
    with pytest.raises(StaleError):
        again(bot, campaign_id)


def test_what_a_person_left_is_left(
    bot: Bot, act: Act, campaign_id: str, clock: FakeClock, row: Callable[[], Batch]
) -> None:
    unknown(bot, clock)
    waiting = lambda session: len(unknown_outcomes.waiting(session, campaign_id))  # noqa: E731
    assert act(waiting) == 1
    act(lambda session: unknown_outcomes.leave(session, campaign_id, 0, APPROVER, clock()))
    assert act(waiting) == 0
    assert row().state is BatchState.UNKNOWN
    with pytest.raises(MoveError):
        again(bot, campaign_id)


def test_a_stopped_campaign_leaves_nothing_open(
    bot: Bot, act: Act, campaign_id: str, clock: FakeClock, row: Callable[[], Batch]
) -> None:
    """A call that was on its way is left to whoever makes it, for as long as its lease."""
    (claimed,) = claim(bot)
    assert begin(bot, claimed)
    act(
        lambda session: campaigns.stop(
            session, campaigns.locked(session, campaign_id), APPROVER, clock()
        )
    )
    assert row().state is BatchState.QUEUED
    clock.advance(seconds=LEASE.total_seconds() + 1)
    act(lambda session: batches.close_stopped(session, campaign_id, clock()))
    assert row().state is BatchState.UNKNOWN
    with pytest.raises(MoveError):
        again(bot, campaign_id)
    act(lambda session: unknown_outcomes.leave(session, campaign_id, 0, APPROVER, clock()))
    assert act(lambda session: unknown_outcomes.waiting(session, campaign_id)) == []


@pytest.mark.parametrize(
    ("trouble", "above"),
    [
        (Trouble(accepted=1, failed=1, blocked=1), None),
        (Trouble(accepted=0, failed=19, blocked=0), None),
        (Trouble(accepted=0, failed=20, blocked=0), "errors"),
        (Trouble(accepted=380, failed=20, blocked=0), None),
        (Trouble(accepted=379, failed=20, blocked=0), "errors"),
        (Trouble(accepted=30, failed=0, blocked=4), None),
        (Trouble(accepted=100, failed=0, blocked=5), None),
        (Trouble(accepted=99, failed=0, blocked=5), "blocks"),
    ],
)
def test_a_share_counts_from_a_least_number_on(trouble: Trouble, above: str | None) -> None:
    assert trouble.above(5) == above


def test_what_it_caused(
    bot: Bot, act: Act, campaign_id: str, clock: FakeClock, readers: list[Subscriber]
) -> None:
    clock.advance(minutes=1)
    (claimed,) = claim(bot)
    outgoing = begin(bot, claimed)
    assert outgoing is not None
    act(lambda session: batches.sent(session, outgoing, ONE, None, clock()))
    readers[0].says_no()

    def block(session: Session) -> None:
        session.get_one(Conversation, readers[1].subject_id).blocked_at = clock()
        session.get_one(Recipient, (campaign_id, readers[2].subject_id)).dropped = "no consent"

    act(block)

    def caused(session: Session) -> tuple[Any, Any]:
        campaign = session.get_one(Campaign, campaign_id)
        return campaign_results.of(session, campaign), circuit_breaker.of(session, campaign)

    results, trouble = bot.database.read(caused)
    assert (results.withdrawn, results.blocked, results.dropped) == (1, 1, {"no consent": 1})
    assert trouble == Trouble(accepted=3, failed=0, blocked=1)
    clock.advance(hours=48)
    readers[2].says_no()
    assert bot.database.read(caused)[0].withdrawn == 1


def test_what_was_claimed_before_nine_is_not_begun_after_it(
    bot: Bot, campaign_id: str, clock: FakeClock, row: Callable[[], Batch]
) -> None:
    local = clock().astimezone(BANGKOK)
    to_nine = local.replace(hour=20, minute=59, second=50) - local
    clock.advance(seconds=to_nine.total_seconds())
    (claimed,) = claim(bot)
    clock.advance(seconds=10)
    assert begin(bot, claimed) is None
    stands = row()
    assert (stands.state, stands.attempts, stands.lease_until) == (BatchState.QUEUED, 0, None)
    clock.advance(hours=11)
    (claimed,) = claim(bot)
    assert begin(bot, claimed) is not None
