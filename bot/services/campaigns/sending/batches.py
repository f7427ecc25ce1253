"""One multicast to up to 500 people: claimed, looked at once more, fixed, called, settled.

From the first call whose outcome nobody knows, the request is repeated byte by byte under its
retry key, so that LINE carries it out once; a call that LINE certainly refused is made up anew.
"""

import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import uuid4

from sqlalchemy import select, tuple_, update
from sqlalchemy.orm import Session

from bot.errors import DeliveryError
from bot.services.campaigns.sending import batch_members
from bot.services.campaigns.sending.batch_members import drop, standing
from bot.services.campaigns.sending.batch_queries import FIND, SENT, begun
from bot.services.delivery.presenter import presenter_of
from bot.services.shared import quiet_hours, retries
from bot.settings import Settings
from models import leases
from models.campaign import Campaign, CampaignState, RolloutStage
from models.database import database_of
from models.recipient import Batch, BatchState, ExclusionReason
from models.subscription import Channel

LATE = timedelta(minutes=30)  # the machine was down: somebody is asked whether it still holds
LEASE = timedelta(seconds=60)  # longer than a call with its timeouts and its wait for a turn
# LINE forgets a retry key after 24 hours; a try after that could be a second message.
KEY_LIFE = timedelta(hours=23, minutes=30)
SECOND, MAX_WAIT = timedelta(seconds=1), timedelta(minutes=15)
# LINE names one recipient that it does not take, and then nobody gets anything.
_BAD_RECIPIENT = re.compile(r"\bto\[(\d{1,3})\]")


class Claim(NamedTuple):
    """A batch that this worker has a lease on."""

    campaign_id: str
    number: int
    attempts: int
    channel: Channel


@dataclass(frozen=True)
class OutgoingBatch:
    """A batch whose attempt is counted: the request, ready for the call.

    is_repeat: an earlier try under this key may have been carried out. subjects: whom the
    request names, in its order.
    """

    claim: Claim
    attempts: int
    body: bytes
    retry_key: str
    subjects: tuple[str, ...]
    is_repeat: bool


# LINE's messages of a campaign as JSON: its id, the digest that was approved, the language.
Render = Callable[[Session, str, str | None, str], bytes]


def claim(session: Session, worker: str, now: datetime, channel: Channel, most: int) -> list[Claim]:
    """Lease batches of the waves that are on; the attempt is counted when its call begins."""
    database = database_of(session)
    turn = (
        select(Batch.campaign_id, Batch.number)
        .join(Campaign, Campaign.id == Batch.campaign_id)
        .where(
            Campaign.state == CampaignState.SENDING,
            # After a silence somebody is asked first (bot/services/campaigns/workflow/rollout.py).
            Campaign.alive_at > now - LATE,
            Campaign.wave == Batch.wave,
            Campaign.wave_due_at <= now,
            Batch.state == BatchState.QUEUED,
            Batch.channel == channel,
            Batch.due_at <= now,
            leases.is_free(Batch, database.time()),
        )
        .order_by(Batch.due_at, Batch.number)
        .limit(most)
    )
    if not database.is_sqlite:
        turn = leases.chosen(turn, Batch)
    claimed = session.execute(
        update(Batch)
        .where(tuple_(Batch.campaign_id, Batch.number).in_(turn))
        .values(worker=worker, lease_until=database.time(LEASE))
        .returning(Batch.campaign_id, Batch.number, Batch.attempts, Batch.channel)
        .execution_options(synchronize_session=False)
    )
    return [Claim(*row) for row in sorted(claimed, key=lambda row: (row[0], row[1]))]


def release(session: Session, claims: Iterable[Claim], worker: str) -> None:
    """Give back what was claimed and not begun."""
    for each in claims:
        batch = mine(session, each, each.attempts, worker)
        if batch is not None:
            batch.lease_until = None


def begin(
    session: Session, claimed: Claim, worker: str, now: datetime, settings: Settings, render: Render
) -> OutgoingBatch | None:
    """Count an attempt just before its call; None where there is nothing to call for any more."""
    found = FIND.rows(session, _mine(claimed, claimed.attempts, worker))
    if not found:
        return None
    language, retry_key, body_digest, tried_at, state, approved, unit, _ = found[0]
    is_night = settings.keeps_quiet and quiet_hours.is_quiet(now)
    if state is not CampaignState.SENDING or is_night:
        release(session, [claimed], worker)
        return None
    is_repeat = tried_at is not None
    if is_repeat and now - tried_at > KEY_LIFE:
        _end(session, claimed, worker, BatchState.UNKNOWN, "retry key expired", now)
        return None
    members = standing(session, *claimed[:2], claimed.channel, now, settings)
    if not is_repeat:
        for member in members:
            if member.why_not is not None:
                drop(session, claimed.campaign_id, member.subject_id, member.why_not)
        members = [member for member in members if member.why_not is None]
    elif any(member.why_not not in {None, ExclusionReason.BLOCKED} for member in members):
        # The same bytes would tell somebody who said no, others could reach the rest twice: a
        # person decides. To whoever blocked us LINE delivers nothing.
        reason = "somebody said no since the first try"
        _end(session, claimed, worker, BatchState.UNKNOWN, reason, now)
        return None
    if not members:
        _end(session, claimed, worker, BatchState.EMPTY, None, now)
        return None
    messages = render(session, claimed.campaign_id, approved, language)
    to = [member.address or "" for member in members]
    body = presenter_of(session).multicast(to, messages, unit)
    digest = hashlib.sha256(body).hexdigest()
    if is_repeat and digest != body_digest:
        reason = "changed since the first try"
        _end(session, claimed, worker, BatchState.UNKNOWN, reason, now)
        return None
    if not is_repeat and claimed.attempts:
        retry_key = str(uuid4())
    _count(session, claimed, worker, retry_key, digest, len(members), tried_at or now)
    subjects = tuple(member.subject_id for member in members)
    return OutgoingBatch(claimed, claimed.attempts + 1, body, retry_key, subjects, is_repeat)


def sent(
    session: Session,
    outgoing: OutgoingBatch,
    worker: str,
    request_id: str | None,
    now: datetime,
    *,
    before: bool = False,
) -> None:
    """LINE accepted it, now or (409) at an earlier try."""
    found = _mine(outgoing.claim, outgoing.attempts, worker)
    state = BatchState.ACCEPTED_BEFORE if before else BatchState.SENT
    SENT.count(session, {**found, "of_state": state, "of_request": request_id, "now": now})


def failed(
    session: Session, outgoing: OutgoingBatch, worker: str, error: DeliveryError, now: datetime
) -> None:
    """Refused for good, or tried again later: under the same bytes where it may have arrived."""
    batch = mine(session, outgoing.claim, outgoing.attempts, worker)
    if batch is None:
        return
    reason = f"{error.status or ''} {error.reason}".strip()
    if error.permanent and outgoing.is_repeat:
        # What this try is refused for says nothing of the earlier one.
        close(batch, BatchState.UNKNOWN, reason, now)
        return
    subject_id = _bad_recipient(outgoing, error)
    if subject_id is not None:
        batch_members.drop(session, batch.campaign_id, subject_id, ExclusionReason.REFUSED_BY_LINE)
        _again(batch, outgoing, reason, now)
        return
    if error.permanent:
        close(batch, BatchState.REFUSED, reason, now)
        return
    spread = 0.5 + retries.by_chance(batch.retry_key[:4])
    wait = min(retries.wait(SECOND, batch.attempts, spread=spread), MAX_WAIT)
    _again(batch, outgoing, reason, now + wait, may_have_arrived=error.unknown)


def rate_limited(
    session: Session, outgoing: OutgoingBatch, worker: str, reason: str, until: datetime
) -> None:
    """LINE takes no more for now (429): nothing was carried out by this try."""
    batch = mine(session, outgoing.claim, outgoing.attempts, worker)
    if batch is not None:
        _again(batch, outgoing, reason, until)


def mine(session: Session, claimed: Claim, attempts: int, worker: str) -> Batch | None:
    """The batch, locked, if it is still this worker's and at this attempt."""
    key = (claimed.campaign_id, claimed.number)
    return leases.mine(session, Batch, key, worker, attempts, BatchState.QUEUED)


def close(batch: Batch, state: BatchState, reason: str | None, now: datetime) -> None:
    """Settle a batch."""
    leases.close(batch, state, reason)
    batch.settled_at = now


def close_stopped(session: Session, campaign_id: str, now: datetime) -> None:
    """What a stopped campaign leaves: never sent, or unknown where a call had begun.

    Batches whose call is going on right now are left to whoever makes it; ask again later.
    """
    idle = leases.is_free(Batch, database_of(session).time())
    for is_tried, state in ((False, BatchState.STOPPED), (True, BatchState.UNKNOWN)):
        tried = Batch.tried_at.is_not(None) if is_tried else Batch.tried_at.is_(None)
        session.execute(
            update(Batch)
            .where(Batch.campaign_id == campaign_id, Batch.state == BatchState.QUEUED, idle, tried)
            .values(state=state, settled_at=now, reason="stopped", lease_until=None)
            .execution_options(synchronize_session=False)
        )


def is_over(session: Session, campaign_id: str, wave: RolloutStage) -> bool:
    """Whether nothing of a wave is left to be sent."""
    query = select(Batch.number).where(
        Batch.campaign_id == campaign_id, Batch.wave == wave, Batch.state == BatchState.QUEUED
    )
    return session.scalar(query.limit(1)) is None


def _mine(claimed: Claim, attempts: int, worker: str) -> dict[str, Any]:
    return {
        "of_campaign": claimed.campaign_id,
        "of_number": claimed.number,
        "of_worker": worker,
        "of_attempts": attempts,
    }


def _count(
    session: Session,
    claimed: Claim,
    worker: str,
    retry_key: str,
    digest: str,
    reached: int,
    tried_at: datetime,
) -> None:
    """Write down what is about to go out, under a lease that begins now."""
    values: dict[str, Any] = {
        "of_key": retry_key,
        "of_digest": digest,
        "of_reached": reached,
        "of_tried_at": tried_at,
    }
    database = database_of(session)
    values |= _mine(claimed, claimed.attempts, worker) | leases.times(database, LEASE)
    begun(database.has_own_clock, LEASE).count(session, values)


def _end(
    session: Session,
    claimed: Claim,
    worker: str,
    state: BatchState,
    reason: str | None,
    now: datetime,
) -> None:
    batch = mine(session, claimed, claimed.attempts, worker)
    if batch is not None:
        close(batch, state, reason, now)
        if state is BatchState.EMPTY:
            batch.reached = 0


def _again(
    batch: Batch,
    outgoing: OutgoingBatch,
    reason: str,
    due_at: datetime,
    *,
    may_have_arrived: bool = False,
) -> None:
    """Back into the queue; free to change where no try under this key can have arrived."""
    if not (may_have_arrived or outgoing.is_repeat):
        batch.tried_at = None
    leases.put_off(batch, due_at, reason)


def _bad_recipient(outgoing: OutgoingBatch, error: DeliveryError) -> str | None:
    """Whom LINE named as one that it does not know, in `to[n]` of its reason."""
    named = _BAD_RECIPIENT.search(error.reason) if error.status == 400 else None
    if named is None or int(named[1]) >= len(outgoing.subjects):
        return None
    return outgoing.subjects[int(named[1])]
