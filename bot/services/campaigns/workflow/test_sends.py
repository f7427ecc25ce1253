"""A campaign sent to staff on trial, marked as such: the real messages on a real phone."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.services.audit import audit
from bot.services.audit.audit import Action
from bot.services.campaigns.content.content import digest, languages
from bot.services.campaigns.content.problems import FieldProblem, refuse
from bot.services.campaigns.content.rendered import Announcement
from bot.services.campaigns.sending import quota
from bot.services.campaigns.workflow import cost
from bot.services.delivery import outbox
from bot.services.delivery.presenter import Notice
from bot.services.staff import chats
from bot.services.staff.chats import Linked
from bot.services.subscriptions.topics import Topic
from bot.settings import Settings
from models.campaign import Campaign
from models.outbox import Push

AGAIN = timedelta(seconds=30)  # a press within it is a hand that slipped, and would cost money


@dataclass(frozen=True)
class TrialCopy(Notice):
    """What everybody would get, for one of the staff, marked as a test."""

    announcement: Announcement


class Trial(NamedTuple):
    """How many copies are on their way, and how many readers had theirs just now."""

    sent: int
    had: int


def readers(session: Session, member_id: str) -> tuple[list[Linked], list[Linked]]:
    """Oneself, if one's LINE account is linked, and everybody of the staff who is."""
    everybody = chats.linked(session)
    return [each for each in everybody if each.member_id == member_id], everybody


def send(
    session: Session,
    campaign: Campaign,
    topic: Topic,
    to: list[Linked],
    member_id: str,
    settings: Settings,
    now: datetime,
) -> Trial:
    """Queue it to some of the staff, each in their language where it is said in it.

    Raises CampaignError where announcements have so many messages no more: the reserve is not for
    trials either.

    Every copy is a paid message. A second press is a second trial, but not within half a minute of
    the first with the same words.
    """
    # Two presses at once: the second one waits here, and sees what the first one sent.
    session.execute(select(Campaign.id).where(Campaign.id == campaign.id).with_for_update())
    had = _had_just_now(session, campaign, to, now)
    to = [one for one in to if one.member_id not in had]
    promised = cost.promised_by_others(session, campaign.id, now)
    left = quota.left_for_campaigns(session, settings, now, promised)
    if left is not None and len(to) > left:
        refuse([FieldProblem("quota", "short", most=left)])
    said = languages(campaign.content)
    sent = 0
    for one in to:
        language = one.language if one.language in said else said[0]
        sent += outbox.tell(
            session,
            TrialCopy(Announcement(campaign.content, topic, settings)),
            language,
            cause=_cause(campaign, one, _slot(now)),
            person=one.person,
            to=one.user_id,
            now=now,
        )
    if not sent:
        return Trial(0, len(had))
    audit.by_staff(
        session, Action.CAMPAIGN_TESTED, member_id, now, campaign_id=campaign.id, copies=sent
    )
    return Trial(sent, len(had))


def _had_just_now(
    session: Session, campaign: Campaign, to: list[Linked], now: datetime
) -> set[str]:
    """Who of them was sent the same words within the half minute that has just passed."""
    causes = {_cause(campaign, one, _slot(at)): one for one in to for at in (now - AGAIN, now)}
    found = session.scalars(
        select(Push.cause).where(Push.cause.in_(causes), Push.created_at > now - AGAIN)
    )
    return {causes[cause].member_id for cause in found}


def _cause(campaign: Campaign, one: Linked, slot: int) -> str:
    """Unique for words, reader and half minute, so that the outbox itself takes it once."""
    return f"test:{digest(campaign.id, campaign.revision, one.member_id, slot)}"


def _slot(at: datetime) -> int:
    return int(at.timestamp() // AGAIN.total_seconds())
