"""What was decided about a campaign, for its own history and for the audit trail."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.services.audit import audit
from bot.services.audit.audit import Action
from models.base import new_id
from models.campaign import Campaign, CampaignAction, CampaignEvent, CampaignState


def log_event(
    session: Session,
    campaign: Campaign,
    verdict: CampaignAction,
    member_id: str | None,
    note: str | None,
    now: datetime,
    source: str | None = None,
) -> None:
    """Keep a decision with the digest that it was about; member_id None is the system itself.

    source: LINE's id of the message that is the note.
    """
    session.add(
        CampaignEvent(
            id=new_id(),
            campaign_id=campaign.id,
            at=now,
            staff_id=member_id,
            verdict=verdict,
            digest=campaign.digest,
            note=note[:400] if note else None,
            note_source=source if note else None,
        )
    )


def forget_note(session: Session, member_id: str, source: str) -> None:
    """Erase the note that came in a member's message which was taken back; the decision stays."""
    query = select(CampaignEvent).where(
        CampaignEvent.staff_id == member_id, CampaignEvent.note_source == source
    )
    for event in session.scalars(query):
        event.note = event.note_source = None


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


def sent_back(session: Session, found: Iterable[Campaign]) -> dict[str, CampaignEvent]:
    """By id the no that made a campaign a draft again; what its author took back has no note."""
    drafts = [campaign.id for campaign in found if campaign.state is CampaignState.DRAFT]
    if not drafts:
        return {}
    query = select(CampaignEvent).where(CampaignEvent.campaign_id.in_(drafts))
    events = session.scalars(query.order_by(CampaignEvent.at, CampaignEvent.id))
    newest = {event.campaign_id: event for event in events}
    return {
        campaign_id: event
        for campaign_id, event in newest.items()
        if event.verdict is CampaignAction.SENT_BACK and event.note
    }
