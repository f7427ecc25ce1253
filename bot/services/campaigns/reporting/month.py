"""The month's messages on LINE by what they were for, and what announcements still plan to send."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from sqlalchemy import case, func, literal, or_, select
from sqlalchemy.orm import Session

from bot.services.campaigns.sending import quota
from bot.services.campaigns.workflow import cost, schedules
from models.campaign import Campaign, CampaignState
from models.outbox import Push
from models.recipient import ACCEPTED, Batch
from models.subscription import Channel

MAX_TIMES = 100  # of one series in a month: none comes more often than daily


class Use(StrEnum):
    """What a message was for; each is paid for alike."""

    ANNOUNCEMENTS = "announcements"
    STAFF_COPIES = "staff copies"  # of announcements, before anybody else gets them
    TESTS = "tests"  # of announcements, while they are written
    ANSWERS = "answers"  # that came too late for the free reply
    NOTICES = "notices"  # about somebody's own account


def by_use(session: Session, now: datetime) -> Mapping[Use, int]:
    """What LINE took from us this month up to now, every use, also those without a message."""
    since, _ = quota.month_of(now)
    found = dict.fromkeys(Use, 0)
    use = case(
        (Push.cause.like("campaign:%:staff:%"), literal(Use.STAFF_COPIES.value)),
        (Push.cause.like("test:%"), literal(Use.TESTS.value)),
        # An answer is caused by a webhook event, whose id is all that its cause says.
        (Push.cause.not_like("%:%"), literal(Use.ANSWERS.value)),
        else_=literal(Use.NOTICES.value),
    )
    pushes = select(use, func.count()).where(Push.sent_at >= since, Push.sent_at <= now)
    for name, messages in session.execute(pushes.group_by(use)):
        found[Use(name)] = messages
    found[Use.ANNOUNCEMENTS] = announced(session, now)
    return found


def announced(session: Session, now: datetime) -> int:
    """How many messages of announcements LINE took this month."""
    since, _ = quota.month_of(now)
    lately = select(Campaign.id).where(
        Campaign.started_at.is_not(None),
        or_(Campaign.ended_at.is_(None), Campaign.ended_at >= since - quota.FRESH),
    )
    query = select(func.coalesce(func.sum(func.coalesce(Batch.reached, Batch.size)), 0)).where(
        Batch.campaign_id.in_(lately),
        Batch.channel == Channel.LINE,
        Batch.state.in_(ACCEPTED),
        Batch.settled_at >= since,
        Batch.settled_at <= now,
    )
    return session.scalar(query) or 0


def planned(session: Session, now: datetime) -> int:
    """What is approved and still goes out this month: lists on their way, times of series."""
    _, ends = quota.month_of(now)
    messages = cost.promised(session, now)
    patterns = select(Campaign).where(
        Campaign.state == CampaignState.SCHEDULED, Campaign.rule.is_not(None)
    )
    for pattern in session.scalars(patterns):
        messages += _times(pattern, ends) * (pattern.cost_messages or 0)
    return messages


def _times(pattern: Campaign, ends: datetime) -> int:
    """How often a series still comes before a moment: its next time, and what follows it."""
    if pattern.rule is None or pattern.due_at is None or pattern.due_at >= ends:
        return 0
    following = schedules.next_times(pattern.rule, pattern.due_at, MAX_TIMES, pattern.rule_until)
    return 1 + sum(moment < ends for moment in following)
