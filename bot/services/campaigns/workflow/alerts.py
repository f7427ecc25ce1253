"""Telling members of staff what waits for them: an announcement to approve, one that paused.

In the chat it is a push, which costs one message for each of them. That is worth it: what nobody
looks at does not go out, or goes out wrong. Each cause is told once, whoever asks how often.

Nobody is woken up to approve: in the quiet hours a request stands in the console and behind the
chat's button, and is pushed in the morning if it still waits. What was held, and what the author
waits to hear, is told at any hour.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.services.campaigns.content.content import digest
from bot.services.campaigns.workflow import campaigns
from bot.services.delivery import mails, outbox
from bot.services.delivery.presenter import Notice, presenter_of
from bot.services.shared import quiet_hours
from bot.services.staff import chats, sessions
from bot.services.staff.chats import Linked
from bot.services.staff.permissions import Permission
from bot.services.staff.sessions import Member
from bot.settings import Settings
from bot.texts import THAI
from models.campaign import Campaign, CampaignAction, CampaignEvent, CampaignState
from models.outbox import Push
from models.staff import Staff

TEMPLATE = "campaign_alert"


@dataclass(frozen=True)
class AnnouncementPaused(Notice):
    """An announcement has paused by itself; page is where it stands in the console."""

    name: str
    reason: str
    at: datetime
    page: str


@dataclass(frozen=True)
class AnnouncementCard(Notice):
    """How an announcement stands and what this member can do; whoever wrote it knows its words."""

    campaign: Campaign
    member: Member
    settings: Settings
    now: datetime


def tell(
    session: Session, campaign: Campaign, reason: str, settings: Settings, now: datetime
) -> None:
    """An announcement has paused by itself: a mail to the owner, a push to author and approver.

    In the transaction of the pause. Called again for the same pause it tells nobody anew.
    """
    session.flush()
    event_id = session.scalars(
        select(CampaignEvent.id)
        .where(
            CampaignEvent.campaign_id == campaign.id, CampaignEvent.verdict == CampaignAction.PAUSED
        )
        .order_by(CampaignEvent.at.desc(), CampaignEvent.id.desc())
        .limit(1)
    ).first()
    what = ("pause", campaign.id, event_id or reason)
    if settings.owner_email:
        notice = AnnouncementPaused(campaign.name, reason, now, page(campaign, settings))
        text = mails.MailText(TEMPLATE, THAI, presenter_of(session).values(notice, THAI))
        mails.queue(session, text, cause=_cause(*what), to=settings.owner_email, now=now)
    concerned = {campaign.author_id, campaign.approved_by}
    for one in chats.linked(session):
        if one.member_id in concerned:
            _push(session, campaign, one, _cause(*what, one.member_id), settings, now)


def page(campaign: Campaign, settings: Settings) -> str:
    """Where an announcement stands in the console."""
    return f"{settings.public_url}/console/campaigns/{campaign.id}"


def waiting(session: Session, *, most: int = 20) -> list[Campaign]:
    """What is counted and waits for an approver, the oldest first."""
    query = (
        select(Campaign)
        .where(Campaign.state == CampaignState.IN_REVIEW, Campaign.digest.is_not(None))
        .order_by(Campaign.asked_at, Campaign.id)
    )
    return list(session.scalars(query.limit(most)))


def is_for(campaign: Campaign, member: Member, settings: Settings) -> bool:
    """Whether it waits for this member's decision: counted, and not their own (policy R4)."""
    may_decide = settings.approve_own or not campaigns.is_own(campaign, member.id)
    return (
        campaign.state is CampaignState.IN_REVIEW
        and campaign.digest is not None
        and member.may(Permission.APPROVE_CAMPAIGN)
        and may_decide
    )


def untold(
    session: Session, campaign: Campaign, settings: Settings, now: datetime
) -> list[tuple[Linked, str]]:
    """The approvers who do not know yet that it waits, with the cause of their push.

    Whoever links their account later is told then; at night nobody is.
    """
    if quiet_hours.is_quiet(now):
        return []
    if campaign.state is not CampaignState.IN_REVIEW or campaign.digest is None:
        return []
    approvers = {
        _cause("review", campaign.id, campaign.digest, one.member_id): one
        for one in chats.linked(session, may=Permission.APPROVE_CAMPAIGN)
    }
    known = set(session.scalars(select(Push.cause).where(Push.cause.in_(approvers))))
    return [
        (one, cause)
        for cause, one in approvers.items()
        if cause not in known
        and is_for(campaign, sessions.member_of(session.get_one(Staff, one.member_id)), settings)
    ]


def tell_waiting(session: Session, campaign_id: str, settings: Settings, now: datetime) -> int:
    """Send the approval card to whoever may approve it and was not told; returns how many."""
    campaign = session.get(Campaign, campaign_id)
    if campaign is None:
        return 0
    found = untold(session, campaign, settings, now)
    for one, cause in found:
        _push(session, campaign, one, cause, settings, now)
    return len(found)


def tell_author(session: Session, campaign: Campaign, settings: Settings, now: datetime) -> None:
    """Somebody decided: whoever asked sees how it stands; once for each state and count."""
    for one in chats.linked(session):
        if one.member_id == (campaign.asked_by or campaign.author_id):
            asked_at = campaign.asked_at.isoformat() if campaign.asked_at else None
            cause = _cause("decided", campaign.id, campaign.state, asked_at, one.member_id)
            _push(session, campaign, one, cause, settings, now)


def _push(
    session: Session, campaign: Campaign, one: Linked, cause: str, settings: Settings, now: datetime
) -> None:
    member = sessions.member_of(session.get_one(Staff, one.member_id))
    outbox.tell(
        session,
        AnnouncementCard(campaign, member, settings, now),
        one.language,
        cause=cause,
        person=one.person,
        to=one.user_id,
        now=now,
    )


def _cause(kind: str, *parts: str | None) -> str:
    return f"{kind}:{digest(kind, *parts)[:48]}"
