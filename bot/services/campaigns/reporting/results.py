"""What became of a campaign's list, and what it caused: who took a yes back, who blocked us."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from bot.services.subscriptions.subscriptions import NEWS
from models.campaign import Campaign
from models.consent import ConsentEvent, ConsentState
from models.conversation import Conversation
from models.mail import Mail, MailState
from models.recipient import ACCEPTED, Batch, BatchState, ExclusionReason, Recipient
from models.subscription import Channel

# What somebody does later is hardly because of it.
CAUSED_WITHIN = timedelta(hours=48)


@dataclass(frozen=True)
class Outcomes:
    """Everybody on a frozen list, once each: by_state, taken_off and erased add up to people.

    by_state: by what became of their batch. by_channel: of those to whom it went. taken_off: not
    sent it after all, by why. erased: before it went to them; nothing of them is kept.
    """

    people: int
    by_state: Mapping[BatchState, int]
    by_channel: Mapping[Channel, int]
    taken_off: int
    erased: int


def outcomes(session: Session, campaign_id: str) -> Outcomes:
    """The figures of this moment, with nobody left over."""
    members = _members_left(session, campaign_id)
    query = select(Batch).where(Batch.campaign_id == campaign_id)
    people = 0
    by_state: dict[BatchState, int] = {}
    by_channel: dict[Channel, int] = {}
    for batch in session.scalars(query):
        people += batch.size
        got = batch.reached
        if got is None or batch.state in _NOT_OUT:
            got = members.get(batch.number, 0)
        by_state[batch.state] = by_state.get(batch.state, 0) + got
        if batch.state in ACCEPTED:
            by_channel[batch.channel] = by_channel.get(batch.channel, 0) + got
    taken_off = session.scalar(
        select(func.count()).where(
            Recipient.campaign_id == campaign_id, Recipient.dropped.is_not(None)
        )
    )
    off = taken_off or 0
    known = {state: count for state, count in by_state.items() if count}
    return Outcomes(people, known, by_channel, off, people - sum(known.values()) - off)


_NOT_OUT = (BatchState.QUEUED, BatchState.STOPPED, BatchState.EMPTY)


def _members_left(session: Session, campaign_id: str) -> dict[int, int]:
    """By batch, of those whose request named nobody yet: who is still on it."""
    of_batch = and_(
        Batch.campaign_id == Recipient.campaign_id,
        Batch.number == Recipient.batch,
        Batch.state.in_(_NOT_OUT) | Batch.reached.is_(None),
    )
    query = (
        select(Recipient.batch, func.count())
        .join(Batch, of_batch)
        .where(Recipient.campaign_id == campaign_id, Recipient.dropped.is_(None))
        .group_by(Recipient.batch)
    )
    return {number: count for number, count in session.execute(query) if number is not None}


@dataclass(frozen=True)
class Caused:
    """People: by the reason why they were dropped since the freezing, and who left after it began.

    withdrawn counts people who took back a yes to news, on any channel; both are told of those on
    the list only, whether or not it had reached them.
    """

    dropped: Mapping[ExclusionReason, int]
    withdrawn: int
    blocked: int


def of(session: Session, campaign: Campaign) -> Caused:
    """Up to now, within 48 hours of its beginning."""
    dropped = session.execute(
        select(Recipient.dropped, func.count())
        .where(Recipient.campaign_id == campaign.id, Recipient.dropped.is_not(None))
        .group_by(Recipient.dropped)
    )
    reasons = {reason: times for reason, times in dropped if reason is not None}
    if campaign.started_at is None:
        return Caused(reasons, 0, 0)
    since, until = campaign.started_at, campaign.started_at + CAUSED_WITHIN
    withdrawn = session.scalar(
        select(func.count(ConsentEvent.subject_id.distinct()))
        .join(Recipient, Recipient.subject_id == ConsentEvent.subject_id)
        .where(
            Recipient.campaign_id == campaign.id,
            Recipient.channel.is_not(None),
            ConsentEvent.state == ConsentState.WITHDRAWN,
            ConsentEvent.purpose.in_(NEWS),
            ConsentEvent.at.between(since, until),
        )
    )
    blocked = session.scalar(
        select(func.count())
        .select_from(Conversation)
        .join(Recipient, Recipient.subject_id == Conversation.id)
        .where(
            Recipient.campaign_id == campaign.id,
            Recipient.channel.is_not(None),
            Conversation.blocked_at.between(since, until),
        )
    )
    return Caused(reasons, withdrawn or 0, blocked or 0)


@dataclass(frozen=True)
class Mails:
    """Mails by outcome; returned ones had been taken by the server before."""

    by_state: dict[MailState, int]
    returned: int

    @property
    def total(self) -> int:
        return sum(self.by_state.values())


def of_mails(session: Session, campaign_id: str) -> Mails:
    """The figures of this moment."""
    rows = session.execute(
        select(Mail.state, func.count(), func.count(Mail.bounced_at))
        .where(Mail.campaign_id == campaign_id)
        .group_by(Mail.state)
    ).all()
    return Mails({state: times for state, times, _ in rows}, sum(row[2] for row in rows))
