"""What a restore makes safe: whatever was used, ended or sent since the backup would count anew.

Sessions and one-time links end; announcements whose time has come wait for a person.
"""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from bot.services import campaigns, sessions, staff_sessions
from models.campaign import Campaign, CampaignState
from models.one_time_token import OneTimeToken
from models.secret_link import SecretLink
from models.staff import StaffLink
from models.staff_chat import StaffChatCode

REASON = "restored"


class Settled(NamedTuple):
    """How many sessions, links and codes ended, and how many announcements are held."""

    sessions: int
    links: int
    campaigns: int


def settle(session: Session, now: datetime) -> Settled:
    """In the restore's own transaction, before anybody can see the data."""
    ended = staff_sessions.end_everybodys(session, now) + sessions.close_everybodys(session, now)
    return Settled(ended, _end_links(session, now), _hold_campaigns(session, now))


def _end_links(session: Session, now: datetime) -> int:
    """One that was used since would open a second time."""
    ended = 0
    for table in (SecretLink, OneTimeToken, StaffLink, StaffChatCode):
        done = session.execute(
            update(table)
            .where(table.expires_at > now)
            .values(expires_at=now)
            .execution_options(synchronize_session=False)
        )
        ended += done.rowcount  # type: ignore[attr-defined]
    return ended


def _hold_campaigns(session: Session, now: datetime) -> int:
    """What was to go out by now may have gone out already: LINE knows repeats for a day only."""
    may_have_gone = or_(
        Campaign.state == CampaignState.SENDING,
        Campaign.state.in_((CampaignState.APPROVED, CampaignState.SCHEDULED))
        & (Campaign.due_at <= now),
    )
    found = session.scalars(select(Campaign).where(may_have_gone).order_by(Campaign.id)).all()
    held = 0
    for campaign in found:
        if campaign.state is not CampaignState.PAUSED:  # with its series, a moment ago
            campaigns.pause(session, campaign, None, REASON, now)
        held += 1
    return held
