"""What a campaign costs against what is left of the month, and whether it fits."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from bot.services.campaigns.content.problems import FieldProblem, refuse
from bot.services.campaigns.sending import quota
from bot.settings import Settings
from models.campaign import ON_THE_WAY, Campaign, CampaignState
from models.recipient import Batch, BatchState
from models.subscription import Channel

SHORT = "quota"  # the pause_reason of what waits for messages


@dataclass(frozen=True)
class Cost:
    """messages on LINE still to be paid for; left: for campaigns, None without a limit.

    satang: hundredths of a baht beyond what the plan includes, before tax. is_later: all this is
    about a month that has not begun.
    """

    messages: int
    left: int | None
    satang: int
    is_later: bool = False

    @property
    def fits(self) -> bool:
        """Whether all of it can go out."""
        return self.left is None or self.messages <= self.left


def of(session: Session, campaign: Campaign, settings: Settings, now: datetime) -> Cost:
    """The cost of what a campaign still has to send; mails cost nothing a piece.

    Measured by the month in which it goes out, and asked again when it begins.
    """
    messages = unsent(session, campaign.id)
    begins, ends = quota.month_of(max(campaign.send_at or now, now))
    is_later = begins > now
    promised = _promised(session, campaign.id, begins if is_later else None, ends)
    left = quota.left_for_campaigns(session, settings, now, promised, is_unused=is_later)
    included = quota.included_left(session, settings, now, promised, is_unused=is_later)
    satang = quota.cost_in_satang(messages, included, settings)
    return Cost(messages, left, satang, is_later)


def check(session: Session, campaign: Campaign, settings: Settings, now: datetime) -> None:
    """Raise CampaignError, with how many are left, where it does not fit."""
    cost = of(session, campaign, settings, now)
    if not cost.fits:
        code = "short_later" if cost.is_later else "short"
        refuse([FieldProblem("quota", code, most=max(0, cost.left or 0))])


def unsent(session: Session, campaign_id: str) -> int:
    """How many messages on LINE a campaign has left, of which LINE cannot have counted any."""
    query = select(func.coalesce(func.sum(Batch.size), 0)).where(
        Batch.campaign_id == campaign_id,
        Batch.channel == Channel.LINE,
        Batch.state == BatchState.QUEUED,
        Batch.tried_at.is_(None),
    )
    return session.scalar(query) or 0


def promised_by_others(session: Session, campaign_id: str, now: datetime) -> int:
    """What other approved campaigns still have to send up to the end of this month."""
    return _promised(session, campaign_id, None, quota.month_of(now)[1])


def promised(session: Session, now: datetime) -> int:
    """What all approved campaigns still have to send up to the end of this month."""
    return _promised(session, "", None, quota.month_of(now)[1])


def _promised(
    session: Session, campaign_id: str, since: datetime | None, until: datetime | None
) -> int:
    """The batches that are due between two moments and of which LINE cannot have counted any.

    Without campaigns that wait for messages themselves: they would keep each other waiting.
    """
    found: list[ColumnElement[bool]] = [
        Batch.campaign_id != campaign_id,
        # What a pattern was counted for is sent by its members.
        Campaign.rule.is_(None),
        or_(Campaign.series_id.is_(None), Campaign.series_id != campaign_id),
        Batch.channel == Channel.LINE,
        Batch.state == BatchState.QUEUED,
        Batch.tried_at.is_(None),
        Campaign.state.in_(ON_THE_WAY),
        or_(
            Campaign.state != CampaignState.PAUSED,
            Campaign.pause_reason.is_(None),
            Campaign.pause_reason != SHORT,
        ),
    ]
    if since is not None:
        found.append(Campaign.due_at >= since)
    if until is not None:
        found.append(Campaign.due_at < until)
    query = (
        select(func.coalesce(func.sum(Batch.size), 0))
        .join(Campaign, Campaign.id == Batch.campaign_id)
        .where(*found)
    )
    return session.scalar(query) or 0
