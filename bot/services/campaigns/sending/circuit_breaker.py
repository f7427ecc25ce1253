"""Whether a sending goes wrong: how many it did not reach, how many blocked us because of it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.orm import Session

from models.campaign import Campaign, CampaignAction, CampaignEvent
from models.conversation import Conversation
from models.mail import WENT_WRONG, Mail, MailState
from models.recipient import ACCEPTED, LOST, Batch, ExclusionReason, Recipient
from models.subscription import Channel

# Below these a share says nothing: one refusal among three people is no trend. Every campaign
# makes some people leave; they count from the first percent on, which is small.
MIN_ERRORS, MIN_BLOCKS = 20, 5
_IS_THEIRS = and_(Batch.campaign_id == Recipient.campaign_id, Batch.number == Recipient.batch)


@dataclass(frozen=True)
class Trouble:
    """People: accepted by LINE or the mail queue, failed (refused or unknown), blocked since."""

    accepted: int
    failed: int
    blocked: int

    def above(self, percent: int) -> str | None:
        """What is above the share at which a sending pauses: errors, blocks, or nothing."""
        settled = self.accepted + self.failed
        if self.failed >= MIN_ERRORS and self.failed * 100 > percent * settled:
            return "errors"
        if self.blocked >= MIN_BLOCKS and self.blocked * 100 > percent * self.accepted:
            return "blocks"
        return None

    @property
    def words(self) -> str:
        """The figures, for whoever decides."""
        return f"{self.failed} failed, {self.blocked} blocked, {self.accepted} accepted"


def of(session: Session, campaign: Campaign) -> Trouble:
    """How a campaign fares, since it began or since a person last let it go on all the same."""
    went_on_at = session.scalar(
        select(func.max(CampaignEvent.at)).where(
            CampaignEvent.campaign_id == campaign.id,
            CampaignEvent.verdict == CampaignAction.WENT_ON,
        )
    )
    since = went_on_at or campaign.started_at
    if since is None:
        return Trouble(0, 0, 0)
    accepted, failed = _batches(session, campaign, since)
    if campaign.counts.get(Channel.EMAIL):
        failed_mails = _failed_mails(session, campaign, since)
        accepted, failed = max(0, accepted - failed_mails), failed + failed_mails
    failed += _refused_people(session, campaign, since)
    return Trouble(accepted, failed, _blocked(session, campaign, since))


def _batches(session: Session, campaign: Campaign, since: datetime) -> tuple[int, int]:
    reached = func.coalesce(Batch.reached, Batch.size)
    is_accepted = Batch.state.in_(ACCEPTED)
    is_lost = Batch.state.in_(LOST)
    accepted, failed = session.execute(
        select(
            func.coalesce(func.sum(case((is_accepted, reached), else_=0)), 0),
            func.coalesce(func.sum(case((is_lost, reached), else_=0)), 0),
        ).where(Batch.campaign_id == campaign.id, Batch.settled_at >= since)
    ).one()
    return accepted, failed


def _failed_mails(session: Session, campaign: Campaign, since: datetime) -> int:
    """Mails that were refused or came back."""
    query = (
        select(func.count())
        .select_from(Mail)
        .where(
            Mail.campaign_id == campaign.id,
            WENT_WRONG,  # by its index, and not mail by mail
            or_(
                (Mail.state == MailState.FAILED) & (Mail.first_tried_at >= since),
                Mail.bounced_at >= since,
            ),
        )
    )
    return session.scalar(query) or 0


def _refused_people(session: Session, campaign: Campaign, since: datetime) -> int:
    """People whom LINE did not know, one by one."""
    query = (
        select(func.count())
        .select_from(Recipient)
        .join(Batch, _IS_THEIRS)
        .where(
            Recipient.campaign_id == campaign.id,
            Recipient.dropped == ExclusionReason.REFUSED_BY_LINE,
            or_(Batch.settled_at.is_(None), Batch.settled_at >= since),
        )
    )
    return session.scalar(query) or 0


def _blocked(session: Session, campaign: Campaign, since: datetime) -> int:
    """Who has blocked us, of those whom LINE was told to tell."""
    query = (
        select(func.count())
        .select_from(Conversation)
        .join(Recipient, Recipient.subject_id == Conversation.id)
        .join(Batch, _IS_THEIRS)
        .where(
            Conversation.blocked_at >= since,
            Recipient.campaign_id == campaign.id,
            Recipient.channel == Channel.LINE,
            Recipient.dropped.is_(None),
            Batch.state.in_(ACCEPTED),
        )
    )
    return session.scalar(query) or 0
