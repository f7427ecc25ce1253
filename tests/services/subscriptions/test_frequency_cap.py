"""What counts as news that somebody had: of a campaign that was broken off, what went out."""

from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.runtime import Bot, quota_reading
from bot.services.campaigns.workflow import campaigns
from bot.services.shared.keyset import KeyRange
from bot.services.subscriptions import frequency_cap
from models.campaign import Campaign, CampaignState
from models.mail import Mail, MailState
from models.recipient import Batch, BatchState
from models.subscription import Channel
from simulator.mailbox import Mailbox
from simulator.platform import Platform
from tests.campaigns import APPROVER, Announcement
from tests.news import Subscriber

EVERYBODY = KeyRange("", "g")


def counted(bot: Bot, reader: Subscriber) -> int:
    """How many a person had, asked as for one and as for a list."""
    subject_id = reader.subject_id

    def work(session: Session) -> tuple[int, int]:
        near = frequency_cap.campaigns_near(session, bot.clock())
        found = frequency_cap.lately(EVERYBODY, near, bot.clock())
        times = select(found.c.times).where(found.c.subject_id == subject_id)
        return frequency_cap.of_one(session, subject_id, bot.clock()), session.scalar(times) or 0

    one, listed = bot.database.read(work)
    assert one == listed
    return one


@pytest.fixture
def reader(bot: Bot, line: Platform) -> Subscriber:
    made = Subscriber(bot, line, Channel.LINE)
    quota_reading.read(bot)
    return made


@pytest.fixture
def by_mail(bot: Bot, line: Platform, mailbox: Mailbox) -> Subscriber:
    made = Subscriber(bot, line, Channel.EMAIL, name="ดาว", email="dao@example.test")
    quota_reading.read(bot)
    return made


def stands(bot: Bot, model: Any, **values: Any) -> None:
    bot.database.write(lambda session: session.execute(update(model).values(**values)))


def test_stopped_before_it_began_it_reached_nobody(
    bot: Bot, line: Platform, reader: Subscriber
) -> None:
    stopped = Announcement(bot, line)
    stopped.is_asked_for()
    stopped.is_approved()
    assert counted(bot, reader) == 1, "it is on its way"
    stopped.does(campaigns.stop, APPROVER, bot.clock())
    assert counted(bot, reader) == 0


@pytest.mark.parametrize("ended", [CampaignState.STOPPED, CampaignState.FAILED])
@pytest.mark.parametrize(
    ("batch", "times"),
    [
        (BatchState.SENT, 1),
        (BatchState.ACCEPTED_BEFORE, 1),
        (BatchState.UNKNOWN, 1),
        (BatchState.REFUSED, 0),
        (BatchState.STOPPED, 0),
        (BatchState.EMPTY, 0),
    ],
)
def test_broken_off_it_counts_for_whom_it_reached_or_may_have(
    ended: CampaignState,
    batch: BatchState,
    times: int,
    bot: Bot,
    line: Platform,
    reader: Subscriber,
) -> None:
    Announcement(bot, line).is_due().tick()
    # A batch that LINE refused keeps when it was tried.
    stands(bot, Batch, state=batch, tried_at=bot.clock())
    assert counted(bot, reader) == 1, "the list counts while the campaign is on"
    stands(bot, Campaign, state=ended)
    assert counted(bot, reader) == times


@pytest.mark.parametrize("is_tried", [True, False])
def test_a_call_that_is_going_on_when_it_is_stopped_may_reach_them(
    is_tried: bool, bot: Bot, line: Platform, reader: Subscriber
) -> None:
    Announcement(bot, line).is_due().tick_only_waves()
    tried_at = bot.clock() if is_tried else None
    stands(bot, Batch, state=BatchState.QUEUED, tried_at=tried_at)
    stands(bot, Campaign, state=CampaignState.STOPPED)
    assert counted(bot, reader) == int(is_tried)


@pytest.mark.parametrize(
    ("state", "is_handed_over", "times"),
    [
        (MailState.SENT, True, 1),
        (MailState.UNKNOWN, True, 1),
        (MailState.QUEUED, True, 1),
        (MailState.QUEUED, False, 0),
        (MailState.DROPPED, False, 0),
        (MailState.FAILED, True, 0),
    ],
)
def test_a_stopped_campaigns_mails_count_one_by_one(
    state: MailState,
    is_handed_over: bool,
    times: int,
    bot: Bot,
    line: Platform,
    by_mail: Subscriber,
) -> None:
    """Its batch is done once they lie in our own queue."""
    mailed = Announcement(bot, line).is_due()
    mailed.tick()
    mailed.advance(minutes=10)  # from wave to wave
    mailed.tick()
    mailed.tick()
    assert [each.state for each in mailed.batches] == [BatchState.SENT]
    stands(bot, Mail, state=state, handed_at=bot.clock() if is_handed_over else None)
    mailed.does(campaigns.stop, APPROVER, bot.clock())
    assert counted(bot, by_mail) == times
