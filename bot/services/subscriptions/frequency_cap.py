"""How much news people had lately, over both channels and every way of sending."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, union_all
from sqlalchemy.orm import Session
from sqlalchemy.sql.selectable import CTE

from bot.services.shared.keyset import KeyRange
from models.campaign import Campaign, CampaignState
from models.mail import Mail, MailState
from models.outbox import Push, PushState
from models.recipient import ACCEPTED, Batch, BatchState, Recipient
from models.subscription import Channel

WINDOW = timedelta(days=30)
BROKEN_OFF = (CampaignState.STOPPED, CampaignState.FAILED)

# Whether a column of subjects names somebody whose news are counted.
Counts = Callable[[Any], ColumnElement[bool]]


@dataclass(frozen=True)
class Near:
    """Campaigns by id. Of those that were broken off only what went out, or may have, counts."""

    whole: list[str]
    broken_off: list[str]


def campaigns_near(session: Session, when: datetime, but: str | None = None) -> Near:
    """Campaigns that are on their way or went out within the window around a moment."""
    at = func.coalesce(Campaign.started_at, Campaign.due_at, Campaign.send_at, Campaign.asked_at)
    query = select(Campaign.id, Campaign.state).where(
        Campaign.rule.is_(None),  # nobody gets a pattern, only what is made by it
        Campaign.state != CampaignState.DRAFT,
        at > when - WINDOW,
        at < when + WINDOW,
    )
    if but is not None:
        query = query.where(Campaign.id != but)
    found = [(row.id, row.state in BROKEN_OFF) for row in session.execute(query)]
    return Near(
        [campaign_id for campaign_id, is_broken_off in found if not is_broken_off],
        [campaign_id for campaign_id, is_broken_off in found if is_broken_off],
    )


def lately(key_range: KeyRange, near: Near, when: datetime) -> CTE:
    """subject_id and times, for everybody in a range who had any."""
    since = when - WINDOW
    found: list[Select[Any]] = [
        select(Push.subject_id).where(
            key_range.holds(Push.subject_id),
            Push.topic.is_not(None),
            or_(
                Push.state == PushState.QUEUED,
                (Push.state == PushState.UNKNOWN) & (Push.first_tried_at > since),
                (Push.state == PushState.SENT) & (Push.sent_at > since),
            ),
        ),
        select(Mail.subject_id).where(
            key_range.holds(Mail.subject_id),
            Mail.topic.is_not(None),
            Mail.campaign_id.is_(None),
            or_(
                Mail.state == MailState.QUEUED,
                (Mail.state == MailState.UNKNOWN) & (Mail.first_tried_at > since),
                (Mail.state == MailState.SENT) & (Mail.sent_at > since),
            ),
        ),
    ]
    found += _by_campaigns(near, key_range.holds)
    every = union_all(*found).subquery("every")
    return (
        select(every.c.subject_id, func.count().label("times"))
        .group_by(every.c.subject_id)
        .cte("counted")
    )


def of_one(session: Session, subject_id: str, when: datetime) -> int:
    """How many campaigns one person is on, lately and soon."""
    near = campaigns_near(session, when)
    found = _by_campaigns(near, lambda column: column == subject_id)
    return sum(
        session.scalar(select(func.count()).select_from(each.subquery())) or 0 for each in found
    )


def last_topic(session: Session, subject_id: str, since: datetime, now: datetime) -> str | None:
    """The topic of the newest piece of news that went out to one person on LINE, or None."""
    near = campaigns_near(session, now)
    by_campaign = (
        select(Batch.settled_at.label("at"), Campaign.topic.label("topic"))
        .join(Campaign, Campaign.id == Batch.campaign_id)
        .join(
            Recipient,
            and_(Recipient.campaign_id == Batch.campaign_id, Recipient.batch == Batch.number),
        )
        .where(
            Recipient.campaign_id.in_([*near.whole, *near.broken_off]),
            Recipient.subject_id == subject_id,
            Recipient.channel == Channel.LINE,
            Recipient.dropped.is_(None),
            Batch.state.in_(ACCEPTED),
            Batch.settled_at > since,
        )
    )
    by_push = select(Push.sent_at.label("at"), Push.topic.label("topic")).where(
        Push.subject_id == subject_id,
        Push.topic.is_not(None),
        Push.state == PushState.SENT,
        Push.sent_at > since,
    )
    found = union_all(by_campaign, by_push).subquery("found")
    return session.scalars(select(found.c.topic).order_by(found.c.at.desc()).limit(1)).first()


def _by_campaigns(near: Near, counts: Counts) -> list[Select[Any]]:
    """The subjects that had one by a campaign, as often as they had any."""
    found: list[Select[Any]] = []
    if near.whole:
        found.append(
            select(Recipient.subject_id).where(
                Recipient.campaign_id.in_(near.whole),
                counts(Recipient.subject_id),
                Recipient.channel.is_not(None),
                Recipient.dropped.is_(None),
            )
        )
    if near.broken_off:
        may_be_there = or_(
            Batch.state.in_((*ACCEPTED, BatchState.UNKNOWN)),
            (Batch.state == BatchState.QUEUED) & Batch.tried_at.is_not(None),
        )
        found.append(
            select(Recipient.subject_id)
            .join(
                Batch,
                and_(Batch.campaign_id == Recipient.campaign_id, Batch.number == Recipient.batch),
            )
            .where(
                Recipient.campaign_id.in_(near.broken_off),
                counts(Recipient.subject_id),
                Recipient.channel == Channel.LINE,
                Recipient.dropped.is_(None),
                may_be_there,
            )
        )
        # A batch of mails that was accepted lies in our own queue, which is stopped as well.
        found.append(
            select(Mail.subject_id).where(
                Mail.campaign_id.in_(near.broken_off),
                counts(Mail.subject_id),
                or_(
                    Mail.state.in_((MailState.SENT, MailState.UNKNOWN)),
                    (Mail.state == MailState.QUEUED) & Mail.handed_at.is_not(None),
                ),
            )
        )
    return found
