"""A batch of people who get a campaign by e-mail: each becomes a mail in the queue, in one unit."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.services.campaigns.sending import batches
from bot.services.campaigns.sending.batch_members import drop, standing
from bot.services.campaigns.sending.batches import Claim
from bot.services.delivery import mails
from bot.services.delivery.gate import News
from bot.services.shared import quiet_hours
from bot.settings import Settings
from bot.texts.letters import Letter
from models import leases
from models.campaign import Campaign, CampaignState
from models.consent import Purpose
from models.learner import Learner
from models.mail import IS_QUEUED, Mail
from models.recipient import BatchState, ExclusionReason

# The letter of a campaign: its id, the digest that was approved, the language.
Write = Callable[[Session, str, str | None, str], Letter]


def queue(
    session: Session, claimed: Claim, worker: str, now: datetime, settings: Settings, write: Write
) -> int:
    """Hand a batch over to the mail queue and settle it; returns how many mails that made.

    The mails ask everything once more when each of them is sent. What went wrong here is undone
    as a whole and comes again: the cause of a mail is unique.
    """
    batch = batches.mine(session, claimed, claimed.attempts, worker)
    campaign = session.get(Campaign, claimed.campaign_id)
    if batch is None or campaign is None:
        return 0
    is_night = settings.keeps_quiet and quiet_hours.is_quiet(now)
    if campaign.state is not CampaignState.SENDING or is_night:
        batch.lease_until = None
        return 0
    letter = write(session, campaign.id, campaign.approved_digest, batch.language)
    text = mails.MailText("campaign", batch.language, written=letter)
    made = 0
    for member in standing(session, *claimed[:2], claimed.channel, now, settings):
        learner = session.get(Learner, member.learner_id)
        why_not = member.why_not
        if why_not is None and (learner is None or not learner.email):
            why_not = ExclusionReason.NO_ADDRESS
        if why_not is not None or learner is None:
            drop(session, campaign.id, member.subject_id, why_not or ExclusionReason.NO_ADDRESS)
            continue
        mails.queue(
            session,
            text,
            cause=f"campaign:{campaign.id}:{member.subject_id}",
            to=learner.email or "",
            now=now,
            news=News(member.subject_id, Purpose.EMAIL_NEWS, campaign.topic, campaign.id),
        )
        made += 1
    batch.attempts += 1
    batch.reached = made
    batches.close(batch, BatchState.SENT if made else BatchState.EMPTY, None, now)
    return made


def postpone(session: Session, claimed: Claim, worker: str, reason: str, until: datetime) -> None:
    """It could not be handed over: again later."""
    batch = batches.mine(session, claimed, claimed.attempts, worker)
    if batch is not None:
        batch.attempts += 1
        leases.put_off(batch, until, reason)


def is_waiting(session: Session, campaign_id: str) -> bool:
    """Whether mails of a campaign still lie in the queue."""
    query = select(Mail.id).where(Mail.campaign_id == campaign_id, IS_QUEUED)
    return session.scalar(query.limit(1)) is not None
