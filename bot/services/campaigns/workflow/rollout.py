"""A campaign's way from its time to its end: begun, wave by wave, held where something is wrong.

Every tick asks each campaign that is on its way what comes next; a tick may be late, lost or
doubled. Times between the waves are read from the rows, so that a restart changes nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.services.campaigns.content.rendered import Announcement
from bot.services.campaigns.sending import (
    batch_mails,
    batch_members,
    batches,
    circuit_breaker,
    quota,
)
from bot.services.campaigns.sending.batches import LATE
from bot.services.campaigns.workflow import alerts, campaigns, cost
from bot.services.campaigns.workflow.cost import SHORT
from bot.services.delivery import outbox
from bot.services.delivery.presenter import Notice
from bot.services.people import people
from bot.services.shared import quiet_hours
from bot.services.staff import chats
from bot.services.staff.chats import Linked
from bot.services.subscriptions import topics
from bot.settings import Settings
from models.campaign import TO_START, Campaign, CampaignState, RolloutStage
from models.database import database_of
from models.recipient import ACCEPTED, LOST, Batch, BatchState, ExclusionReason, Recipient

# Between two waves: long enough for colleagues to say stop, short enough to be waited for.
WAVE_PAUSE = timedelta(minutes=2)
# A first percent by e-mail is waited for; a server that puts mails off must not hold up the rest
# for ever.
MAIL_PATIENCE = timedelta(hours=1)
ALIVE = timedelta(minutes=1)  # how exactly it is written down that we are up
NEXT = {RolloutStage.STAFF: RolloutStage.FIRST, RolloutStage.FIRST: RolloutStage.REST}
STAFF_COPY = "campaign:{}:staff:"  # a colleague's push is caused by this and their id


@dataclass(frozen=True)
class StaffCopy(Notice):
    """What everybody gets, for a colleague, so much before."""

    announcement: Announcement
    before: timedelta


class PauseReason(StrEnum):
    """Why a campaign pauses by itself; `campaign.pause_reason`."""

    LATE = "late"
    QUOTA = SHORT
    ERRORS = "errors"
    BLOCKS = "blocks"
    CHANGED = "changed"


def due(session: Session, now: datetime) -> list[str]:
    """The campaigns whose next step may have come, and stopped ones that left something open."""
    starting = select(Campaign.id).where(
        Campaign.state.in_(TO_START), Campaign.rule.is_(None), Campaign.due_at <= now
    )
    running = select(Campaign.id).where(Campaign.state == CampaignState.SENDING)
    stopped = select(Campaign.id).where(
        Campaign.state == CampaignState.STOPPED,
        Campaign.id.in_(select(Batch.campaign_id).where(Batch.state == BatchState.QUEUED)),
    )
    found = [session.scalars(query) for query in (starting, running, stopped)]
    return sorted({campaign_id for ids in found for campaign_id in ids})


def step(
    session: Session, campaign_id: str, settings: Settings, now: datetime
) -> PauseReason | None:
    """Take the next step of a campaign, if it is time; why it was held, if it was.

    One unit of work. A campaign that somebody else has in hand is left to them.
    """
    query = select(Campaign).where(Campaign.id == campaign_id)
    if not database_of(session).is_sqlite:
        query = query.with_for_update(skip_locked=True)
    campaign = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if campaign is None:
        return None
    if campaign.state in TO_START:
        return _start(session, campaign, settings, now)
    if campaign.state is CampaignState.SENDING:
        return _advance(session, campaign, settings, now)
    if campaign.state is CampaignState.STOPPED:
        batches.close_stopped(session, campaign.id, now)
    return None


def hold(
    session: Session,
    campaign: Campaign,
    why: PauseReason,
    settings: Settings,
    now: datetime,
    note: str | None = None,
) -> PauseReason:
    """Pause by itself, and tell those who can decide."""
    campaigns.pause(session, campaign, None, why, now, note)
    alerts.tell(session, campaign, why, settings, now)
    return why


def check_quota(
    session: Session, campaign_id: str, settings: Settings, now: datetime
) -> PauseReason | None:
    """Between batches, right after LINE was asked: hold what does not fit any more.

    Batches whose call has begun are left out: LINE may have counted them already.
    """
    campaign = campaigns.locked(session, campaign_id)
    if campaign.state is not CampaignState.SENDING:
        return None
    return _hold_if_short(session, campaign, 0, settings, now)


def hold_for_quota(
    session: Session, campaign_id: str, settings: Settings, now: datetime
) -> PauseReason | None:
    """LINE refused a batch because the month's messages do not suffice."""
    campaign = campaigns.locked(session, campaign_id)
    if campaign.state is not CampaignState.SENDING:
        return None
    return hold(session, campaign, PauseReason.QUOTA, settings, now, "LINE: monthly limit")


def _start(
    session: Session, campaign: Campaign, settings: Settings, now: datetime
) -> PauseReason | None:
    if campaign.rule is not None or campaign.due_at is None or campaign.due_at > now:
        return None
    if now - campaign.due_at > LATE:
        return hold(session, campaign, PauseReason.LATE, settings, now)
    if settings.keeps_quiet and quiet_hours.is_quiet(now):
        if not quiet_hours.is_quiet(campaign.due_at):  # its time has passed while nobody was up
            return hold(session, campaign, PauseReason.LATE, settings, now)
        campaign.due_at = quiet_hours.next_open(now)  # not late: nobody is to be woken
        return None
    if not _is_as_approved(session, campaign, settings):
        return hold(session, campaign, PauseReason.CHANGED, settings, now)
    staff = chats.linked(session)
    held = _hold_if_short(session, campaign, len(staff), settings, now)
    if held is not None:
        return held
    campaigns.move(campaign, CampaignState.SENDING)
    campaign.started_at = campaign.alive_at = now
    _tell_staff(session, campaign, staff, settings, now)
    return None


def _tell_staff(
    session: Session, campaign: Campaign, staff: list[Linked], settings: Settings, now: datetime
) -> None:
    """The first wave: whoever of the staff is in the chat sees it as everybody will."""
    topic = topics.find(settings.news_dir, campaign.topic)
    campaign.wave, campaign.wave_due_at = RolloutStage.STAFF, now
    if topic is None:
        return  # the next tick holds it
    for member in staff:
        _take_off_the_list(session, campaign, member)
        language = member.language if member.language in campaign.content else min(campaign.content)
        outbox.tell(
            session,
            StaffCopy(Announcement(campaign.content, topic, settings), WAVE_PAUSE),
            language,
            cause=STAFF_COPY.format(campaign.id) + member.member_id,
            person=member.person,
            to=member.user_id,
            now=now,
        )
    if staff:
        campaign.wave_due_at = now + WAVE_PAUSE


def _take_off_the_list(session: Session, campaign: Campaign, member: Linked) -> None:
    """A member who is a learner too has it as a member: one person gets it once."""
    conversation = people.adopt(session, member.user_id)
    if conversation is None:
        return
    recipient = session.get(Recipient, (campaign.id, conversation.id))
    if recipient is not None and recipient.channel is not None:
        batch_members.drop(session, campaign.id, conversation.id, ExclusionReason.HAS_STAFF_COPY)


def _advance(
    session: Session, campaign: Campaign, settings: Settings, now: datetime
) -> PauseReason | None:
    due_at = _wave_due_at(campaign, settings, now)
    if now - _last_sign_of_life(session, campaign, due_at) > LATE:
        return hold(session, campaign, PauseReason.LATE, settings, now)
    if campaign.alive_at is None or now - campaign.alive_at > ALIVE:
        campaign.alive_at = now
    if settings.keeps_quiet and quiet_hours.is_quiet(now):
        campaign.wave_due_at = max(due_at, quiet_hours.next_open(now))
        return None
    if campaign.wave is None:  # somebody let it go on before it had begun
        _tell_staff(session, campaign, chats.linked(session), settings, now)
        return None
    if not _is_as_approved(session, campaign, settings):
        return hold(session, campaign, PauseReason.CHANGED, settings, now)
    trouble = circuit_breaker.of(session, campaign)
    why = trouble.above(settings.stop_percent)
    if why is not None:
        return hold(session, campaign, PauseReason(why), settings, now, trouble.words)
    if due_at > now or not batches.is_over(session, campaign.id, campaign.wave):
        return None
    return _end_wave(session, campaign, campaign.wave, trouble, settings, now)


def _wave_due_at(campaign: Campaign, settings: Settings, now: datetime) -> datetime:
    """When the wave may begin: by day no pause between waves ends later than that is long."""
    due_at = campaign.wave_due_at or now
    is_night = settings.keeps_quiet and quiet_hours.is_quiet(now)
    if due_at > now + WAVE_PAUSE and not is_night:
        due_at = campaign.wave_due_at = now  # a clock that was set back since wrote it
    return due_at


def _end_wave(
    session: Session,
    campaign: Campaign,
    wave: RolloutStage,
    trouble: circuit_breaker.Trouble,
    settings: Settings,
    now: datetime,
) -> PauseReason | None:
    """Everything of a wave is settled: wait, go on with the next one, or end."""
    following = NEXT.get(wave)
    if following is None:
        if not batch_mails.is_waiting(session, campaign.id):  # it can be stopped until then
            _finish(session, campaign, now)
        return None
    if trouble.failed and not trouble.accepted:
        # However few it were: the rest would fare no better.
        return hold(session, campaign, PauseReason.ERRORS, settings, now, trouble.words)
    ended_at = session.scalar(
        select(func.max(Batch.settled_at)).where(
            Batch.campaign_id == campaign.id, Batch.wave == wave
        )
    )
    if ended_at is not None:
        if now < ended_at + MAIL_PATIENCE and batch_mails.is_waiting(session, campaign.id):
            return None
        if now < ended_at + WAVE_PAUSE:
            campaign.wave_due_at = ended_at + WAVE_PAUSE
            return None
    campaign.wave, campaign.wave_due_at = following, now
    if batches.is_over(session, campaign.id, following):  # e.g. nobody is in the first percent
        return _end_wave(session, campaign, following, trouble, settings, now)
    return None


def _finish(session: Session, campaign: Campaign, now: datetime) -> None:
    states = set(
        session.scalars(select(Batch.state).where(Batch.campaign_id == campaign.id).distinct())
    )
    is_lost = states.isdisjoint(ACCEPTED) and not states.isdisjoint(LOST)
    campaigns.end(session, campaign, CampaignState.FAILED if is_lost else CampaignState.DONE, now)


def _is_as_approved(session: Session, campaign: Campaign, settings: Settings) -> bool:
    has_topic = topics.find(settings.news_dir, campaign.topic) is not None
    return has_topic and campaigns.is_as_approved(session, campaign, settings)


def _last_sign_of_life(session: Session, campaign: Campaign, due_at: datetime) -> datetime:
    """When it was last looked after or was next to be: after a long silence we were down.

    While LINE is out of order, batches get later and later dates: that is no silence.
    """
    retried = session.scalar(select(func.max(Batch.due_at)).where(Batch.campaign_id == campaign.id))
    moments = (due_at, campaign.alive_at, retried)
    return max(moment for moment in moments if moment is not None)


def _hold_if_short(
    session: Session, campaign: Campaign, copies: int, settings: Settings, now: datetime
) -> PauseReason | None:
    """Hold what the month's messages, without the reserve, do not suffice for any more."""
    promised = cost.promised_by_others(session, campaign.id, now)
    left = quota.left_for_campaigns(session, settings, now, promised)
    needed = cost.unsent(session, campaign.id)
    if not needed or left is None or needed + copies <= left:
        return None
    note = f"{needed + copies} needed, {left} left"
    return hold(session, campaign, PauseReason.QUOTA, settings, now, note)
