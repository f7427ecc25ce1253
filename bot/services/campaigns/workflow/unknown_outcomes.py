"""Batches of which nobody knows whether they arrived: a person decides, once for each.

LINE keeps a retry key for 24 hours; after that, or where somebody on the list said no between two
tries, a repeat could be a second message. Sent again, it may reach people twice; left, it may have
reached nobody.
"""

from datetime import datetime
from uuid import uuid4

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from bot.services.audit import audit
from bot.services.audit.audit import Action
from bot.services.campaigns.workflow import campaigns, cost
from bot.services.campaigns.workflow.campaigns import MoveError, StaleError
from bot.settings import Settings
from models.base import new_id
from models.campaign import Campaign, CampaignAction, CampaignEvent, CampaignState
from models.recipient import Batch, BatchState

LEFT = "left as it is"  # in `reason`, in front of what it was
AGAIN, LEAVE = "again", "leave"


def waiting(session: Session, campaign_id: str) -> list[Batch]:
    """Those on which nobody has decided yet."""
    query = select(Batch).where(
        Batch.campaign_id == campaign_id,
        Batch.state == BatchState.UNKNOWN,
        or_(Batch.reason.is_(None), ~Batch.reason.startswith(LEFT)),
    )
    return list(session.scalars(query.order_by(Batch.number)))


def leave(session: Session, campaign_id: str, number: int, member_id: str, now: datetime) -> None:
    """Whoever got it got it, also of a stopped campaign. Raises MoveError where it is decided."""
    batch = _open(session, campaigns.locked(session, campaign_id), number)
    batch.reason = f"{LEFT}: {batch.reason or ''}"[:80]
    _record(session, batch, LEAVE, member_id, now)


def send_again(
    session: Session,
    campaign_id: str,
    number: int,
    member_id: str,
    settings: Settings,
    now: datetime,
) -> None:
    """Another request to everybody on it who has not said no; some may have had it already.

    Raises CampaignError where the month's messages do not suffice, StaleError where the campaign
    is not as it was approved, MoveError where it was stopped or somebody has decided.
    """
    campaign = campaigns.locked(session, campaign_id)
    batch = _open(session, campaign, number)
    if campaign.state is CampaignState.STOPPED:
        raise MoveError
    if not campaigns.is_as_approved(session, campaign, settings):
        raise StaleError
    batch.state, batch.retry_key = BatchState.QUEUED, str(uuid4())
    batch.tried_at = batch.settled_at = batch.body_digest = batch.reason = None
    batch.due_at = now
    batch.wave = campaign.wave or batch.wave  # of an earlier wave: it goes with the present one
    session.flush()
    cost.check(session, campaign, settings, now)
    if campaign.state in {CampaignState.DONE, CampaignState.FAILED}:
        _open_again(session, campaign, member_id, now)
    _record(session, batch, AGAIN, member_id, now)


def _open(session: Session, campaign: Campaign, number: int) -> Batch:
    batch = session.get(Batch, (campaign.id, number), with_for_update=True, populate_existing=True)
    if batch is None or batch.state is not BatchState.UNKNOWN:
        raise MoveError
    if (batch.reason or "").startswith(LEFT):
        raise MoveError
    return batch


def _open_again(session: Session, campaign: Campaign, member_id: str, now: datetime) -> None:
    campaigns.move(campaign, CampaignState.SENDING)
    campaign.ended_at, campaign.wave_due_at, campaign.alive_at = None, now, now
    session.add(
        CampaignEvent(
            id=new_id(),
            campaign_id=campaign.id,
            at=now,
            staff_id=member_id,
            verdict=CampaignAction.WENT_ON,
            digest=campaign.digest,
        )
    )


def _record(session: Session, batch: Batch, decision: str, member_id: str, now: datetime) -> None:
    audit.by_staff(
        session,
        Action.CAMPAIGN_SETTLED,
        member_id,
        now,
        campaign_id=batch.campaign_id,
        batch=batch.number,
        decision=decision,
    )
