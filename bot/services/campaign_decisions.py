"""What was decided about a campaign, for its own history and for the audit trail."""

from datetime import datetime

from sqlalchemy.orm import Session

from bot.services import audit
from bot.services.audit import Action
from models.base import new_id
from models.campaign import Campaign, CampaignEvent, Verdict


def note_down(
    session: Session,
    campaign: Campaign,
    verdict: Verdict,
    member_id: str | None,
    note: str | None,
    now: datetime,
) -> None:
    """Keep a decision with the digest that it was about; member_id None is the system itself."""
    session.add(
        CampaignEvent(
            id=new_id(),
            campaign_id=campaign.id,
            at=now,
            staff_id=member_id,
            verdict=verdict,
            digest=campaign.digest,
            note=note[:400] if note else None,
        )
    )


def record(
    session: Session, action: Action, campaign: Campaign, member_id: str | None, now: datetime
) -> None:
    """Write an act on a campaign into the audit trail."""
    audit.record(
        session,
        action,
        actor=f"staff:{member_id}" if member_id else "system",
        subject=None,
        now=now,
        campaign_id=campaign.id,
    )
