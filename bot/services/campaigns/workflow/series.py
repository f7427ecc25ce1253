"""Announcements by a rule: the approved pattern makes a member for each time, which it vouches for.

A member is made a little before its time, with its own list. It counts as approved only while it
says the same to the same audience, to the last character, and costs little more than what the
approver saw; otherwise it waits for somebody, as any other announcement does.
"""

from copy import deepcopy
from datetime import datetime, timedelta

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from bot.services.audit.audit import Action
from bot.services.campaigns.audience import recipient_snapshot
from bot.services.campaigns.content import content, rendered
from bot.services.campaigns.content.problems import CampaignError
from bot.services.campaigns.sending.batches import LATE
from bot.services.campaigns.workflow import campaigns, cost, schedules
from bot.services.campaigns.workflow.campaigns import BY_SERIES
from bot.services.campaigns.workflow.decisions import log_event, record
from bot.services.shared import quiet_hours
from bot.services.staff import sessions
from bot.services.staff.permissions import Permission
from bot.settings import Settings
from models.base import new_id
from models.campaign import Campaign, CampaignAction, CampaignEvent, CampaignState
from models.staff import Staff

# Before its time: the list is counted, and whoever looks can still stop it.
AHEAD = timedelta(minutes=30)
MAX_PERCENT = 120  # of what was approved, in messages and in money


def due(session: Session, now: datetime) -> list[str]:
    """The patterns whose next member is to be made."""
    query = (
        select(Campaign.id)
        .where(
            Campaign.state == CampaignState.SCHEDULED,
            Campaign.rule.is_not(None),
            Campaign.due_at <= now + AHEAD,
        )
        .order_by(Campaign.due_at)
    )
    return list(session.scalars(query))


def make_member(session: Session, pattern_id: str, settings: Settings, now: datetime) -> str | None:
    """Make the member of a pattern's next time and move the pattern on; the member's id.

    One unit of work, so that a tick that comes twice finds nothing to do. Of several times that
    went by while nothing ran only the first makes a member, which is then late and held.
    """
    pattern = campaigns.locked(session, pattern_id)
    if pattern.state is not CampaignState.SCHEDULED or pattern.rule is None:
        return None
    time = pattern.due_at
    if time is None or time > now + AHEAD:
        return None
    if not campaigns.is_as_approved(session, pattern, settings):
        campaigns.pause(session, pattern, None, "changed", now)
        return None
    member_id = _known(session, pattern, time) or _make(session, pattern, time, now)
    following = schedules.next_times(pattern.rule, max(time, now), 1, pattern.rule_until)
    pattern.due_at = following[0] if following else None
    if not following:
        campaigns.end(session, pattern, CampaignState.DONE, now)
    return member_id


def undecided(session: Session, settings: Settings) -> list[str]:
    """Members that are counted and that their pattern may vouch for."""
    query = select(Campaign).where(
        Campaign.state == CampaignState.IN_REVIEW,
        Campaign.series_id.is_not(None),
        Campaign.digest.is_not(None),
    )
    return [
        member.id
        for member in session.scalars(query.order_by(Campaign.id))
        if (pattern := pattern_of(session, member))
        and is_vouched_for(session, member, pattern, settings)
    ]


def inherit(session: Session, member_id: str, settings: Settings, now: datetime) -> bool:
    """Let a counted member go out on its pattern's approval; False where somebody has to decide.

    Whoever pauses the series or takes it back at this moment is waited for, or waits.
    """
    of = session.scalar(select(Campaign.series_id).where(Campaign.id == member_id))
    pattern = (
        session.get(Campaign, of, with_for_update=True, populate_existing=True) if of else None
    )
    member = campaigns.locked(session, member_id)
    if member.state is not CampaignState.IN_REVIEW or member.digest is None:
        return True  # decided meanwhile
    if pattern is None or not is_vouched_for(session, member, pattern, settings):
        return False
    if not _may_still_approve(session, pattern):
        return False
    if rendered.digest(session, member, settings) != member.digest or member.send_at is None:
        return False
    try:
        cost.check(session, member, settings, now)
    except CampaignError:
        return False
    member.approved_digest, member.approved_by = member.digest, pattern.approved_by
    member.approved_at = now
    due_at = member.send_at
    if now - due_at <= LATE:  # a later one is held, and somebody is asked
        due_at = max(due_at, now + timedelta(minutes=settings.hold_back_minutes))
    member.due_at = quiet_hours.next_open(due_at)
    campaigns.move(member, CampaignState.SCHEDULED)
    log_event(session, member, CampaignAction.APPROVED, None, BY_SERIES, now)
    record(session, Action.CAMPAIGN_APPROVED, member, None, now)
    return True


def pattern_of(session: Session, member: Campaign) -> Campaign | None:
    """The pattern that made a campaign."""
    return session.get(Campaign, member.series_id) if member.series_id else None


def is_vouched_for(
    session: Session, member: Campaign, pattern: Campaign, settings: Settings
) -> bool:
    """Whether the pattern's approval, which still stands, covers what its member has become."""
    stands = pattern.state in {CampaignState.SCHEDULED, CampaignState.DONE}
    is_untouched = member.revision == 0 and member.asked_by == pattern.asked_by
    return (
        stands
        and is_untouched  # whoever takes it back and asks again, asks a person
        and pattern.approved_by is not None
        and campaigns.is_as_approved(session, pattern, settings)
        and _said(member) == _said(pattern)
        and is_within(member.cost_messages, pattern.cost_messages)
        and is_within(member.cost_satang, pattern.cost_satang)
        and is_within(member.counts.get("email", 0), pattern.counts.get("email", 0))
    )


def _may_still_approve(session: Session, pattern: Campaign) -> bool:
    """Whether whoever approved a pattern is still here to answer for it."""
    staff = session.get(Staff, pattern.approved_by) if pattern.approved_by else None
    if staff is None or staff.disabled_at is not None:
        return False
    return sessions.member_of(staff).may(Permission.APPROVE_CAMPAIGN)


def is_within(costs: int | None, approved: int | None) -> bool:
    """Whether a cost is not more than so many percent of what was approved."""
    if costs is None or approved is None:
        return False
    return costs * 100 <= approved * MAX_PERCENT


def _said(campaign: Campaign) -> str:
    return content.digest(campaign.kind, campaign.topic, campaign.content, campaign.audience)


def _known(session: Session, pattern: Campaign, time: datetime) -> str | None:
    """The member of a time that was made before, by an earlier tick or before a pause.

    What was stopped when the pattern was taken back said something else: for that time the
    corrected pattern makes another one. What a person stopped by itself stays stopped.
    """
    went_with_series = exists().where(
        CampaignEvent.campaign_id == Campaign.id,
        CampaignEvent.verdict == CampaignAction.STOPPED,
        CampaignEvent.note == BY_SERIES,
    )
    query = select(Campaign.id).where(
        Campaign.series_id == pattern.id, Campaign.send_at == time, ~went_with_series
    )
    return session.scalars(query.limit(1)).first()


def _make(session: Session, pattern: Campaign, time: datetime, now: datetime) -> str:
    member_id = new_id()
    member = Campaign(
        id=member_id,
        name=pattern.name,
        kind=pattern.kind,
        topic=pattern.topic,
        content=deepcopy(pattern.content),
        audience=deepcopy(pattern.audience),
        author_id=pattern.author_id,
        state=CampaignState.DRAFT,
        created_at=now,
        changed_at=now,
        send_at=time,
        series_id=pattern.id,
        asked_at=now,
        asked_by=pattern.asked_by,
        writers=list(pattern.writers),
        revision=0,
        counts={},
        results={},
        chunks=0,
        unit=f"c{member_id[:29]}",
    )
    campaigns.move(member, CampaignState.IN_REVIEW)
    recipient_snapshot.restart(member)
    session.add(member)
    session.flush()
    log_event(session, member, CampaignAction.ASKED, None, BY_SERIES, now)
    record(session, Action.CAMPAIGN_ASKED, member, None, now)
    return member_id
