"""Who of a batch still gets it: the list as it was frozen, minus whoever has said no since."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import update
from sqlalchemy.orm import Session

from bot.errors import SealError
from bot.services.campaigns.sending.batch_queries import MEMBERS
from bot.services.delivery.gate import News
from bot.services.subscriptions import news
from bot.services.subscriptions.subscriptions import PURPOSE_OF
from bot.settings import Settings
from models.base import session_keyring
from models.campaign import Campaign
from models.recipient import ExclusionReason, Recipient
from models.subscription import Channel


class BatchMember(NamedTuple):
    """One person of a batch, where to (None for a mail), and why not after all."""

    subject_id: str
    learner_id: str
    address: str | None
    why_not: ExclusionReason | None


def standing(
    session: Session,
    campaign_id: str,
    number: int,
    channel: Channel,
    now: datetime,
    settings: Settings,
) -> list[BatchMember]:
    """Everybody of a batch who has not been dropped, in a fixed order, with why not by now.

    Where the learner's revision has not moved since the list was frozen, nothing that news depend
    on has changed, and nobody is asked anew.
    """
    read, on_line = session_keyring(session).open, channel is Channel.LINE
    asked = {"of_campaign": campaign_id, "of_number": number, "now": now}
    members = []
    # The ids come first in each row: the same bytes for the same people, each time.
    for subject_id, learner_id, found, is_unmoved in sorted(MEMBERS[channel].rows(session, asked)):
        reason: ExclusionReason | None = None
        address = None
        if found is None:
            reason = ExclusionReason.GONE
        elif not is_unmoved:
            reason = _why_not(session, campaign_id, channel, subject_id, now, settings)
        if on_line and found is not None:
            try:
                address = read(found, f"learner|line_user_id_sealed|{learner_id}").decode()
            except (SealError, UnicodeDecodeError):
                reason = reason or ExclusionReason.UNREADABLE
            if address == "":
                reason = reason or ExclusionReason.NO_CHAT
        members.append(BatchMember(subject_id, learner_id, address, reason))
    return members


def drop(session: Session, campaign_id: str, subject_id: str, reason: ExclusionReason) -> None:
    """Somebody on the list is not sent it after all; both sides are kept."""
    session.execute(
        update(Recipient)
        .where(Recipient.campaign_id == campaign_id, Recipient.subject_id == subject_id)
        .values(dropped=reason)
        .execution_options(synchronize_session=False)
    )


def _why_not(
    session: Session,
    campaign_id: str,
    channel: Channel,
    subject_id: str,
    now: datetime,
    settings: Settings,
) -> ExclusionReason | None:
    """Everything that news depend on, asked anew; the cap was counted when the list was frozen."""
    about = News(subject_id, PURPOSE_OF[channel], session.get_one(Campaign, campaign_id).topic)
    return news.may_send(session, about, now, settings, is_counted=True)
