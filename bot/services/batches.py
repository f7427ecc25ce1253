"""One multicast to up to 500 people: claimed, looked at once more, fixed, called, settled.

From the first call whose outcome nobody knows, the request is repeated byte by byte under its
retry key, so that LINE carries it out once; a call that LINE certainly refused is made up anew.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import and_, or_, select, tuple_, update
from sqlalchemy.orm import Session

from bot.errors import DeliveryError, SealError
from bot.services import news
from bot.settings import Settings
from models.base import session_keyring
from models.campaign import Campaign, CampaignState, Wave
from models.consent import Purpose
from models.database import database_of
from models.learner import Learner
from models.recipient import Batch, BatchState, Recipient
from models.subscription import Channel

LEASE = timedelta(seconds=60)  # longer than a call with its timeouts and its wait for a turn
# LINE forgets a retry key after 24 hours; a try after that could be a second message.
KEY_LIFE = timedelta(hours=23, minutes=30)
LONGEST_WAIT = timedelta(minutes=15)
PURPOSE_OF = {Channel.LINE: Purpose.LINE_NEWS, Channel.EMAIL: Purpose.EMAIL_NEWS}


@dataclass(frozen=True)
class Claim:
    """A batch that this worker has a lease on."""

    campaign_id: str
    number: int
    attempts: int
    channel: Channel


@dataclass(frozen=True)
class Member:
    """One person who is still to get it, and where; the address is None for a mail."""

    subject_id: str
    learner_id: str
    address: str | None


@dataclass(frozen=True)
class Outgoing:
    """A batch whose attempt is counted: the request, ready for the call."""

    claim: Claim
    attempts: int
    body: bytes
    retry_key: str
    reached: int


# The messages of a campaign in one language, and the name of its statistics at LINE.
Render = Callable[[Campaign, str], list[dict[str, Any]]]


def claim(session: Session, worker: str, now: datetime, channel: Channel, most: int) -> list[Claim]:
    """Lease batches of the waves that are on; the attempt is counted when its call begins."""
    database = database_of(session)
    turn = (
        select(Batch.campaign_id, Batch.number)
        .join(Campaign, Campaign.id == Batch.campaign_id)
        .where(
            Campaign.state == CampaignState.SENDING,
            Campaign.wave == Batch.wave,
            Campaign.wave_due_at <= now,
            Batch.state == BatchState.QUEUED,
            Batch.channel == channel,
            Batch.due_at <= now,
            or_(Batch.lease_until.is_(None), Batch.lease_until < database.time()),
        )
        .order_by(Batch.due_at, Batch.number)
        .limit(most)
    )
    if not database.is_sqlite:
        turn = turn.with_for_update(skip_locked=True, of=Batch)
    claimed = session.execute(
        update(Batch)
        .where(tuple_(Batch.campaign_id, Batch.number).in_(turn))
        .values(worker=worker, lease_until=database.time(LEASE))
        .returning(Batch.campaign_id, Batch.number, Batch.attempts, Batch.channel)
        .execution_options(synchronize_session=False)
    )
    return [Claim(*row) for row in sorted(claimed, key=lambda row: (row[0], row[1]))]


def begin(
    session: Session,
    claimed: Claim,
    worker: str,
    now: datetime,
    settings: Settings,
    render: Render,
) -> Outgoing | None:
    """Count an attempt just before its call; None where there is nothing to call for any more."""
    batch = mine(session, claimed, claimed.attempts, worker)
    campaign = session.get(Campaign, claimed.campaign_id)
    if batch is None or campaign is None or campaign.state is not CampaignState.SENDING:
        return None
    is_fixed = batch.tried_at is not None
    if batch.tried_at is not None and now - batch.tried_at > KEY_LIFE:
        close(batch, BatchState.UNKNOWN, "retry key expired", now)
        return None
    members = standing(session, batch, now, settings, ask_again=not is_fixed)
    if not members:
        close(batch, BatchState.EMPTY, None, now)
        batch.reached = 0
        return None
    body = _body(campaign, render(campaign, batch.language), members)
    digest = hashlib.sha256(body).hexdigest()
    if is_fixed and digest != batch.body_digest:
        # Somebody moved or was erased between two tries of which the first may have arrived.
        close(batch, BatchState.UNKNOWN, "recipients changed", now)
        return None
    if not is_fixed and batch.attempts:
        batch.retry_key = str(uuid4())
    batch.body_digest, batch.reached = digest, len(members)
    batch.tried_at = batch.tried_at or now
    batch.attempts += 1
    renewed: Any = database_of(session).time(LEASE)
    batch.lease_until = renewed
    return Outgoing(claimed, batch.attempts, body, batch.retry_key, len(members))


def standing(
    session: Session, batch: Batch, now: datetime, settings: Settings, *, ask_again: bool
) -> list[Member]:
    """Who of a batch still gets it, in a fixed order; with ask_again, whoever said no is dropped.

    Where the learner's revision has not moved since the list was frozen, nothing that news depend
    on has changed, and nobody is asked anew.
    """
    on_line = batch.channel is Channel.LINE
    rows = session.execute(
        select(
            Recipient.subject_id,
            Recipient.learner_id,
            Learner.line_user_id_sealed if on_line else Learner.id,
            and_(
                Recipient.revision == Learner.revision,
                or_(Recipient.until.is_(None), Recipient.until > now),
            ),
        )
        .outerjoin(Learner, Learner.id == Recipient.learner_id)
        .where(
            Recipient.campaign_id == batch.campaign_id,
            Recipient.batch == batch.number,
            Recipient.dropped.is_(None),
        )
        .order_by(Recipient.subject_id)
    ).all()
    keyring = session_keyring(session)
    members = []
    for subject_id, learner_id, found, is_unmoved in rows:
        reason = None
        if found is None:
            reason = "gone"
        elif ask_again and not is_unmoved:
            reason = _why_not(session, batch, subject_id, now, settings)
        address = None
        if reason is None and on_line:
            place = f"learner|line_user_id_sealed|{learner_id}"
            try:
                address = keyring.open(found, place).decode()
            except (SealError, UnicodeDecodeError):
                reason = "cannot be read"
        if reason is None:
            members.append(Member(subject_id, learner_id, address))
        elif ask_again:
            drop(session, batch.campaign_id, subject_id, reason)
    return members


def drop(session: Session, campaign_id: str, subject_id: str, reason: str) -> None:
    """Somebody on the list is not sent it after all; both sides are kept."""
    session.execute(
        update(Recipient)
        .where(Recipient.campaign_id == campaign_id, Recipient.subject_id == subject_id)
        .values(dropped=reason[:40])
        .execution_options(synchronize_session=False)
    )


def sent(
    session: Session,
    outgoing: Outgoing,
    worker: str,
    request_id: str | None,
    now: datetime,
    *,
    before: bool = False,
) -> None:
    """LINE accepted it, now or (409) at an earlier try."""
    batch = mine(session, outgoing.claim, outgoing.attempts, worker)
    if batch is not None:
        batch.request_id = request_id
        close(batch, BatchState.ACCEPTED_BEFORE if before else BatchState.SENT, None, now)


def failed(
    session: Session, outgoing: Outgoing, worker: str, error: DeliveryError, now: datetime
) -> None:
    """Refused for good, or tried again later: under the same bytes where it may have arrived."""
    batch = mine(session, outgoing.claim, outgoing.attempts, worker)
    if batch is None:
        return
    reason = f"{error.status or ''} {error.reason}".strip()
    if error.permanent:
        close(batch, BatchState.REFUSED, reason, now)
        return
    if not error.unknown:
        batch.tried_at = None
    # Spread by the key, which is chance: what failed together does not come back together.
    spread = 0.5 + int(batch.retry_key[:4], 16) / 0xFFFF
    batch.due_at = now + min(timedelta(seconds=2**batch.attempts) * spread, LONGEST_WAIT)
    batch.reason = reason[:80]
    batch.lease_until = None


def mine(session: Session, claimed: Claim, attempts: int, worker: str) -> Batch | None:
    """The batch, locked, if it is still this worker's and at this attempt."""
    key = (claimed.campaign_id, claimed.number)
    batch = session.get(Batch, key, with_for_update=True, populate_existing=True)
    if batch is None or batch.state is not BatchState.QUEUED:
        return None
    return batch if (batch.worker, batch.attempts) == (worker, attempts) else None


def close(batch: Batch, state: BatchState, reason: str | None, now: datetime) -> None:
    """Settle a batch."""
    batch.state = state
    batch.reason = reason[:80] if reason else None
    batch.lease_until = None
    batch.settled_at = now


def close_stopped(session: Session, campaign_id: str, now: datetime) -> None:
    """What a stopped campaign leaves: never sent, or unknown where a call had begun.

    Batches whose call is going on right now are left to whoever makes it; ask again later.
    """
    database = database_of(session)
    idle = or_(Batch.lease_until.is_(None), Batch.lease_until < database.time())
    for is_tried, state in ((False, BatchState.STOPPED), (True, BatchState.UNKNOWN)):
        tried = Batch.tried_at.is_not(None) if is_tried else Batch.tried_at.is_(None)
        session.execute(
            update(Batch)
            .where(Batch.campaign_id == campaign_id, Batch.state == BatchState.QUEUED, idle, tried)
            .values(state=state, settled_at=now, reason="stopped", lease_until=None)
            .execution_options(synchronize_session=False)
        )


def is_over(session: Session, campaign_id: str, wave: Wave) -> bool:
    """Whether nothing of a wave is left to be sent."""
    query = select(Batch.number).where(
        Batch.campaign_id == campaign_id,
        Batch.wave == wave,
        Batch.state == BatchState.QUEUED,
    )
    return session.scalar(query.limit(1)) is None


def _why_not(
    session: Session, batch: Batch, subject_id: str, now: datetime, settings: Settings
) -> str | None:
    """Everything that news depend on, asked anew; the cap was counted when the list was frozen."""
    campaign = session.get_one(Campaign, batch.campaign_id)
    purpose = PURPOSE_OF[batch.channel]
    return news.may_send(
        session, subject_id, purpose, campaign.topic, now, settings, is_counted=True
    )


def _body(campaign: Campaign, messages: list[dict[str, Any]], members: list[Member]) -> bytes:
    request = {
        "to": [member.address for member in members],
        "messages": messages,
        "customAggregationUnits": [campaign.unit],
    }
    return json.dumps(request, ensure_ascii=False, separators=(",", ":")).encode()
