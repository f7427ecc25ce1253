"""What a campaign costs against what is left of the month, and whether it fits."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.services import quota
from bot.services.campaign_problems import Problem, refuse
from bot.settings import Settings
from models.campaign import Campaign, CampaignState
from models.recipient import Batch, BatchState
from models.subscription import Channel

ON_THEIR_WAY = (
    CampaignState.APPROVED,
    CampaignState.SCHEDULED,
    CampaignState.SENDING,
    CampaignState.PAUSED,
)


@dataclass(frozen=True)
class Cost:
    """messages on LINE still to be paid for; left: for campaigns, None without a limit.

    satang: hundredths of a baht beyond what the plan includes, before tax.
    """

    messages: int
    left: int | None
    satang: int

    @property
    def fits(self) -> bool:
        """Whether all of it can go out."""
        return self.left is None or self.messages <= self.left


def of(session: Session, campaign: Campaign, settings: Settings, now: datetime) -> Cost:
    """The cost of what a campaign still has to send; mails cost nothing a piece."""
    messages = unsent(session, campaign.id)
    promised = promised_by_others(session, campaign.id)
    left = quota.left_for_campaigns(session, settings, now, promised)
    included = quota.included_left(session, settings, now, promised)
    return Cost(messages, left, quota.cost_in_satang(messages, included, settings))


def check(session: Session, campaign: Campaign, settings: Settings, now: datetime) -> None:
    """Raise CampaignError, with how many are left, where it does not fit."""
    cost = of(session, campaign, settings, now)
    if not cost.fits:
        refuse([Problem("quota", "short", most=max(0, cost.left or 0))])


def unsent(session: Session, campaign_id: str, *, is_untried: bool = False) -> int:
    """How many messages on LINE the open batches of a campaign come to.

    is_untried: only those of which LINE cannot have counted any yet.
    """
    query = select(func.coalesce(func.sum(Batch.size), 0)).where(
        Batch.campaign_id == campaign_id,
        Batch.channel == Channel.LINE,
        Batch.state == BatchState.QUEUED,
    )
    if is_untried:
        query = query.where(Batch.tried_at.is_(None))
    return session.scalar(query) or 0


def promised_by_others(session: Session, campaign_id: str) -> int:
    """What other approved campaigns still have to send."""
    query = (
        select(func.coalesce(func.sum(Batch.size), 0))
        .join(Campaign, Campaign.id == Batch.campaign_id)
        .where(
            Batch.campaign_id != campaign_id,
            Campaign.rule.is_(None),  # what a pattern was counted for is sent by its members
            Batch.channel == Channel.LINE,
            Batch.state == BatchState.QUEUED,
            Campaign.state.in_(ON_THEIR_WAY),
        )
    )
    return session.scalar(query) or 0
