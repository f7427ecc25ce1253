"""A campaign from its first word to its approval: written, asked for, allowed, moved."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.errors import BotError
from bot.services.audit import audit
from bot.services.audit.audit import Action
from bot.services.campaigns.audience import filters, recipient_snapshot
from bot.services.campaigns.audience.filters import Audience
from bot.services.campaigns.content import content as campaign_content
from bot.services.campaigns.content import rendered
from bot.services.campaigns.content.problems import CampaignError, FieldProblem, refuse
from bot.services.campaigns.sending import batches
from bot.services.campaigns.sending.batches import LATE
from bot.services.campaigns.workflow import cost as campaign_cost
from bot.services.campaigns.workflow import schedules
from bot.services.campaigns.workflow.decisions import log_event, record
from bot.services.shared import quiet_hours
from bot.services.subscriptions import topics
from bot.services.subscriptions.topics import NewsKind
from bot.settings import Settings
from bot.unicode import is_blank, trimmed
from models.base import new_id
from models.campaign import MOVES, NOT_BEGUN, TO_START, Campaign, CampaignAction, CampaignState
from models.subscription import Channel

MAX_NAME_LENGTH = 120
BY_PERSON = "person"  # paused by somebody, and not by itself
# A list that waited longer is counted again: who had how much news, and who came, has changed.
LIST_LIFE = timedelta(days=7)
BY_SERIES = "series"  # in a note: it was not about this campaign, but about its series


class StaleError(BotError):
    """Somebody else has changed it meanwhile: what was seen is not what is there."""


class MoveError(BotError):
    """The campaign does not stand where this can be done."""


@dataclass(frozen=True)
class Draft:
    """What an author fills in; see models/campaign.py for the shapes."""

    name: str
    topic: str
    content: dict[str, Any]
    audience: Audience
    send_at: datetime | None = None
    rule: str | None = None
    rule_until: datetime | None = None


def create(
    session: Session,
    draft: Draft,
    author_id: str,
    settings: Settings,
    now: datetime,
    *,
    writers: Sequence[str] = (),
) -> Campaign:
    """A new draft; it may be unfinished, only what cannot be stored is refused.

    writers: who wrote the words that it was copied from.
    """
    campaign_id = new_id()
    campaign = Campaign(
        id=campaign_id,
        author_id=author_id,
        state=CampaignState.DRAFT,
        created_at=now,
        changed_at=now,
        counts={},
        results={},
        chunks=0,
        revision=0,
        unit=f"c{campaign_id[:29]}",
        writers=list(dict.fromkeys([*writers, author_id])),
    )
    _fill(campaign, draft, settings)
    session.add(campaign)
    record(session, Action.CAMPAIGN_WRITTEN, campaign, author_id, now)
    return campaign


def edit(
    session: Session,
    campaign_id: str,
    draft: Draft,
    revision: int,
    editor_id: str,
    settings: Settings,
    now: datetime,
    *,
    is_quiet: bool = False,
) -> Campaign:
    """Change a draft. Raises StaleError where the revision has moved, MoveError past the draft.

    is_quiet: a form that saves itself; one entry of the trail stands for what one member wrote.
    """
    campaign = locked(session, campaign_id)
    if campaign.revision != revision:
        raise StaleError
    if campaign.state is not CampaignState.DRAFT:
        raise MoveError
    _fill(campaign, draft, settings)
    is_told = is_quiet and campaign.author_id == editor_id
    campaign.author_id = editor_id
    if editor_id not in campaign.writers:
        campaign.writers = [*campaign.writers, editor_id]
    campaign.changed_at = now
    campaign.revision += 1
    if not is_told:
        record(session, Action.CAMPAIGN_WRITTEN, campaign, editor_id, now)
    return campaign


def problems(campaign: Campaign, settings: Settings, now: datetime) -> list[FieldProblem]:
    """What stands between a draft and its approval, by field."""
    found = list(campaign_content.problems(campaign_content.normal(campaign.content)))
    found += filters.problems(filters.read(campaign.audience), settings)
    if topics.find(settings.news_dir, campaign.topic) is None:
        found.append(FieldProblem("topic", "unknown"))
    if is_blank(campaign.name):
        found.append(FieldProblem("name", "needed"))
    if campaign.send_at is not None:
        if campaign.send_at <= now:
            found.append(FieldProblem("send_at", "past"))
        elif quiet_hours.is_quiet(campaign.send_at):
            found.append(FieldProblem("send_at", "quiet"))
    return found + schedules.problems(campaign.rule, campaign.rule_until, now)


def request_approval(
    session: Session, campaign: Campaign, member_id: str, settings: Settings, now: datetime
) -> None:
    """Ask for approval: the list is counted next. Raises CampaignError where it is unfinished."""
    refuse(problems(campaign, settings, now))
    campaign.content = campaign_content.normal(campaign.content)
    move(campaign, CampaignState.IN_REVIEW)
    recipient_snapshot.restart(campaign)
    campaign.asked_at, campaign.asked_by = now, member_id
    campaign.digest = campaign.cost_messages = campaign.cost_satang = None
    _unapprove(campaign)
    log_event(session, campaign, CampaignAction.ASKED, member_id, None, now)
    record(session, Action.CAMPAIGN_ASKED, campaign, member_id, now)


def price(session: Session, campaign: Campaign, settings: Settings, now: datetime) -> None:
    """Once the list is frozen: what it costs, and the digest that an approval is bound to."""
    cost = campaign_cost.of(session, campaign, settings, now)
    campaign.cost_messages, campaign.cost_satang = cost.messages, cost.satang
    campaign.digest = rendered.digest(session, campaign, settings)


def approve(
    session: Session,
    campaign: Campaign,
    member_id: str,
    seen: str,
    settings: Settings,
    now: datetime,
) -> None:
    """Allow exactly what was seen. Raises CampaignError, StaleError or MoveError.

    seen: the digest of the page that was read. Whoever wrote it or asked for it does not approve
    it (policy R4), unless the school says that it has one person only.
    """
    if campaign.state is not CampaignState.IN_REVIEW or campaign.frozen_at is None:
        raise MoveError
    if campaign.digest is None or not campaign.digest == seen == rendered.digest(
        session, campaign, settings
    ):
        raise StaleError
    if not settings.approve_own and is_own(campaign, member_id):
        refuse([FieldProblem("approver", "own")])
    if campaign.send_at is None and now - campaign.frozen_at > LIST_LIFE:
        refuse([FieldProblem("list", "old")])
    if is_for_nobody(campaign):
        refuse([FieldProblem("list", "empty")])
    if is_past(campaign, now):
        refuse([FieldProblem("send_at", "past")])
    hold_back_over = now + timedelta(minutes=settings.hold_back_minutes)
    is_later = campaign.send_at is not None and campaign.send_at > hold_back_over
    due_at = max(campaign.send_at or now, hold_back_over)
    if settings.keeps_quiet:
        due_at = quiet_hours.next_open(due_at)
    if campaign.rule is not None:
        due_at, is_later = _next_time(campaign, hold_back_over), True
    campaign_cost.check(session, campaign, settings, now)
    campaign.approved_digest, campaign.approved_by, campaign.approved_at = seen, member_id, now
    campaign.due_at = due_at
    move(campaign, CampaignState.SCHEDULED if is_later else CampaignState.APPROVED)
    log_event(session, campaign, CampaignAction.APPROVED, member_id, None, now)
    record(session, Action.CAMPAIGN_APPROVED, campaign, member_id, now)


def is_for_nobody(campaign: Campaign) -> bool:
    """Whether its frozen list is empty; a series draws a new list each time, and may fill later."""
    is_repeated = campaign.rule is not None or campaign.series_id is not None
    is_reached = any(campaign.counts.get(channel, 0) for channel in Channel)
    return campaign.digest is not None and not is_repeated and not is_reached


def is_past(campaign: Campaign, now: datetime) -> bool:
    """Whether it is too late to approve it for its time; a little after that it goes out at once.

    What a series asks for at night is told to nobody before eight, which may be its very time.
    """
    return campaign.send_at is not None and now - campaign.send_at > LATE


def is_own(campaign: Campaign, member_id: str) -> bool:
    """Whether somebody wrote a word of it, or asked for it: such a one does not approve it."""
    return member_id in {campaign.author_id, campaign.asked_by, *campaign.writers}


def is_as_approved(session: Session, campaign: Campaign, settings: Settings) -> bool:
    """Whether it is, to the last character, what was approved."""
    approved = campaign.approved_digest
    return approved is not None and approved == rendered.digest(session, campaign, settings)


def send_back(
    session: Session,
    campaign: Campaign,
    member_id: str | None,
    note: str,
    now: datetime,
    source: str | None = None,
) -> None:
    """Back to the draft, as an approver's answer or to edit it: an approval is void by that.

    source: LINE's id of the message that is the note.
    """
    if campaign.started_at is not None:
        raise MoveError
    was_approved = campaign.approved_digest is not None
    move(campaign, CampaignState.DRAFT)
    _unapprove(campaign)
    campaign.due_at = campaign.pause_reason = None
    # They say what is to be changed. The pattern makes new ones when it is approved again.
    for ahead in members_ahead(session, campaign) if was_approved else ():
        stop(session, ahead, member_id, now, BY_SERIES)
    log_event(session, campaign, CampaignAction.SENT_BACK, member_id, note, now, source)
    record(session, Action.CAMPAIGN_SENT_BACK, campaign, member_id, now)


def pause(
    session: Session,
    campaign: Campaign,
    member_id: str | None,
    reason: str,
    now: datetime,
    note: str | None = None,
) -> None:
    """Hold it; member_id None is the system itself, which has a reason and figures to note."""
    move(campaign, CampaignState.PAUSED)
    campaign.pause_reason = reason[:80]
    for ahead in members_ahead(session, campaign):
        if ahead.state in TO_START:  # a paused pattern vouches for no other
            pause(session, ahead, member_id, BY_SERIES, now)
    log_event(session, campaign, CampaignAction.PAUSED, member_id, note or reason, now)
    record(session, Action.CAMPAIGN_PAUSED, campaign, member_id, now)


def resume(
    session: Session,
    campaign: Campaign,
    member_id: str,
    settings: Settings,
    now: datetime,
    *,
    may_approve: bool,
) -> None:
    """Go on after a pause. Raises CampaignError where the quota is short, StaleError if changed.

    What paused by itself needs somebody who may approve.
    What a series paused with it goes on too, but for what is late by now or does not fit: there a
    person decides.
    """
    if campaign.pause_reason != BY_PERSON and not may_approve:
        refuse([FieldProblem("approver", "needed")])
    if not is_as_approved(session, campaign, settings):
        raise StaleError
    if campaign.rule is not None:
        campaign.due_at = _next_time(campaign, now)
    elif now - (campaign.due_at or now) > LIST_LIFE:
        refuse([FieldProblem("list", "old" if campaign.started_at is None else "old_begun")])
    campaign_cost.check(session, campaign, settings, now)
    campaign.pause_reason = None
    if campaign.started_at is None and campaign.due_at is not None and campaign.due_at > now:
        is_timed = campaign.rule is not None or campaign.send_at is not None
        move(campaign, CampaignState.SCHEDULED if is_timed else CampaignState.APPROVED)
    else:
        move(campaign, CampaignState.SENDING)
        campaign.started_at = campaign.started_at or now
        campaign.alive_at = now
        campaign.wave_due_at = max(now, campaign.wave_due_at or now)
    log_event(session, campaign, CampaignAction.WENT_ON, member_id, None, now)
    record(session, Action.CAMPAIGN_WENT_ON, campaign, member_id, now)
    for ahead in members_ahead(session, campaign):
        if ahead.pause_reason == BY_SERIES and now - (ahead.due_at or now) <= LATE:
            with suppress(CampaignError, StaleError):
                resume(session, ahead, member_id, settings, now, may_approve=True)


def stop(
    session: Session,
    campaign: Campaign,
    member_id: str | None,
    now: datetime,
    note: str | None = None,
) -> None:
    """For good. What had gone out stays gone; nothing more does."""
    move(campaign, CampaignState.STOPPED)
    campaign.ended_at = now
    batches.close_stopped(session, campaign.id, now)
    for ahead in members_ahead(session, campaign):
        stop(session, ahead, member_id, now)
    log_event(session, campaign, CampaignAction.STOPPED, member_id, note, now)
    record(session, Action.CAMPAIGN_STOPPED, campaign, member_id, now)


def discard(session: Session, campaign: Campaign, member_id: str, now: datetime) -> None:
    """Throw a draft away; raises MoveError for anything but a draft."""
    if campaign.state is not CampaignState.DRAFT:
        raise MoveError
    stop(session, campaign, member_id, now)


def move(campaign: Campaign, state: CampaignState) -> None:
    """The only place that changes a state; raises MoveError for a step that is not allowed."""
    if state not in MOVES[campaign.state]:
        raise MoveError
    campaign.state = state


def locked(session: Session, campaign_id: str) -> Campaign:
    """The campaign, nobody else's meanwhile; raises MoveError where there is none."""
    found = session.get(Campaign, campaign_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise MoveError
    return found


def _fill(campaign: Campaign, draft: Draft, settings: Settings) -> None:
    topic = topics.find(settings.news_dir, draft.topic)
    if topic is None and draft.topic:
        raise CampaignError([FieldProblem("topic", "unknown")])
    if len(draft.name) > MAX_NAME_LENGTH:
        raise CampaignError([FieldProblem("name", "too_long", most=MAX_NAME_LENGTH)])
    # Without a topic it can be kept, and goes nowhere: `problems` asks for one.
    campaign.name, campaign.topic = trimmed(draft.name), topic.id if topic else ""
    campaign.kind = (topic.kind if topic else NewsKind.NEWS).value
    campaign.content = campaign_content.normal(draft.content)
    campaign.audience = draft.audience.stored()
    campaign.send_at = draft.send_at
    campaign.rule, campaign.rule_until = draft.rule, draft.rule_until


def _next_time(campaign: Campaign, after: datetime) -> datetime:
    """When a pattern makes its next member; raises CampaignError where its end has come."""
    found = schedules.next_times(campaign.rule or "", after, 1, campaign.rule_until)
    if not found:
        refuse([FieldProblem("until", "past")])
    return found[0]


def _unapprove(campaign: Campaign) -> None:
    campaign.approved_digest = campaign.approved_by = campaign.approved_at = None


def members_ahead(session: Session, pattern: Campaign) -> list[Campaign]:
    """The members of a pattern that could still go out; none where it is no pattern.

    Locked, in whichever of these states: each may be on its way into another one. A pattern is
    locked before its members, by everybody who needs both.
    """
    if pattern.rule is None:
        return []
    query = select(Campaign).where(
        Campaign.series_id == pattern.id,
        Campaign.state.in_(NOT_BEGUN),
        Campaign.started_at.is_(None),
    )
    locked = query.order_by(Campaign.id).with_for_update()
    return list(session.scalars(locked.execution_options(populate_existing=True)))


def end(session: Session, campaign: Campaign, state: CampaignState, now: datetime) -> None:
    """It has run its course, by itself."""
    move(campaign, state)
    campaign.ended_at = now
    audit.record(
        session,
        Action.CAMPAIGN_ENDED,
        actor="system",
        subject=None,
        now=now,
        campaign_id=campaign.id,
        state=campaign.state,
    )
