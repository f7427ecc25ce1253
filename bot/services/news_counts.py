"""How much news people had lately, over both channels and every way of sending."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, or_, select, union_all
from sqlalchemy.orm import Session
from sqlalchemy.sql.selectable import CTE

from bot.services.stretches import Stretch
from models.campaign import Campaign, CampaignState
from models.mail import Mail, MailState
from models.outbox import Push, PushState
from models.recipient import Recipient

WINDOW = timedelta(days=30)


def campaigns_near(session: Session, when: datetime, but: str | None = None) -> list[str]:
    """Campaigns that are on their way or went out within the window around a moment."""
    at = func.coalesce(Campaign.started_at, Campaign.due_at, Campaign.send_at, Campaign.asked_at)
    query = select(Campaign.id).where(
        Campaign.rule.is_(None),  # nobody gets a pattern, only what is made by it
        Campaign.state != CampaignState.DRAFT,
        at > when - WINDOW,
        at < when + WINDOW,
    )
    if but is not None:
        query = query.where(Campaign.id != but)
    return list(session.scalars(query))


def lately(stretch: Stretch, campaigns: Sequence[str], when: datetime) -> CTE:
    """subject_id and times, for everybody in a stretch who had any."""
    since = when - WINDOW
    found: list[Select[Any]] = [
        select(Push.subject_id).where(
            stretch.holds(Push.subject_id),
            Push.topic.is_not(None),
            or_(
                Push.state == PushState.QUEUED,
                (Push.state == PushState.UNKNOWN) & (Push.first_tried_at > since),
                (Push.state == PushState.SENT) & (Push.sent_at > since),
            ),
        ),
        select(Mail.subject_id).where(
            stretch.holds(Mail.subject_id),
            Mail.topic.is_not(None),
            Mail.campaign_id.is_(None),
            or_(
                Mail.state == MailState.QUEUED,
                (Mail.state == MailState.UNKNOWN) & (Mail.first_tried_at > since),
                (Mail.state == MailState.SENT) & (Mail.sent_at > since),
            ),
        ),
    ]
    if campaigns:
        found.append(
            select(Recipient.subject_id).where(
                Recipient.campaign_id.in_(campaigns),
                stretch.holds(Recipient.subject_id),
                Recipient.channel.is_not(None),
                Recipient.dropped.is_(None),
            )
        )
    every = union_all(*found).subquery("every")
    return (
        select(every.c.subject_id, func.count().label("times"))
        .group_by(every.c.subject_id)
        .cte("counted")
    )


def of_one(session: Session, subject_id: str, when: datetime) -> int:
    """How many campaigns one person is on, lately and soon."""
    campaigns = campaigns_near(session, when)
    if not campaigns:
        return 0
    query = (
        select(func.count())
        .select_from(Recipient)
        .where(
            Recipient.campaign_id.in_(campaigns),
            Recipient.subject_id == subject_id,
            Recipient.channel.is_not(None),
            Recipient.dropped.is_(None),
        )
    )
    return session.scalar(query) or 0
