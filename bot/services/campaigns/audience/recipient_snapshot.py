"""The dry run: a campaign's list is counted, written down and never changed, only shortened."""

import hashlib
from collections import Counter
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import (
    Integer,
    Select,
    String,
    and_,
    case,
    cast,
    delete,
    func,
    insert,
    literal,
    null,
    select,
    text,
    update,
)
from sqlalchemy.orm import Session

from bot.services.campaigns.audience import eligibility, filters
from bot.services.shared import keyset
from bot.services.shared.keyset import KeyRange
from bot.services.subscriptions import frequency_cap
from bot.settings import Settings
from models.base import session_keyring
from models.campaign import Campaign, CampaignState, RolloutStage
from models.conversation import Language
from models.database import database_of
from models.learner import Learner
from models.mail import Mail, Suppression
from models.recipient import Batch, BatchState, ExclusionReason, Recipient
from models.subscription import Channel

# People looked at in one unit of work: on SQLite everybody else who writes waits for it.
SQLITE_STRETCH, POSTGRESQL_STRETCH = 5_000, 50_000
BATCH_SIZE = 500  # the most that one multicast may name
FIRST_PERCENT = 1
FIRST_SHARE = 65536 * FIRST_PERCENT // 100  # of the 65,536 endings of a pseudonym
FIRST_FROM = 100  # learners: one percent of fewer is nobody
KINDS_OF_BATCH = 8  # two channels, two languages, two waves


def advance(session: Session, campaign_id: str, settings: Settings, now: datetime) -> bool:
    """Count the next range of people; whether there is more to do.

    One unit of work each: it starts where the last one was committed, so a crash repeats at most
    one, from nothing. What an earlier list left behind is deleted first.
    """
    campaign = session.get(Campaign, campaign_id, with_for_update=True)
    if campaign is None or campaign.state is not CampaignState.IN_REVIEW:
        return False
    if campaign.frozen_at is not None:
        return False
    if campaign.counted_to is None and _forget_some(session, campaign):
        return True
    size = SQLITE_STRETCH if database_of(session).is_sqlite else POSTGRESQL_STRETCH
    found = keyset.following(session, campaign.counted_to or "", size)
    if found is None:
        campaign.frozen_at = now
        return False
    key_range, is_more = found
    has_first = is_more or campaign.chunks > 0 or keyset.has(session, key_range, FIRST_FROM)
    _write(session, campaign, key_range, size, has_first, settings, now)
    campaign.counted_to = key_range.to
    campaign.chunks += 1
    if not is_more:
        campaign.frozen_at = now
    return is_more


def restart(campaign: Campaign) -> None:
    """Count anew: of the old list nothing counts any more."""
    campaign.counted_to = campaign.frozen_at = None
    campaign.chunks = 0
    campaign.counts = {}
    campaign.list_digest = None


def _forget_some(session: Session, campaign: Campaign) -> bool:
    """Delete some rows of an earlier list; whether there were any."""
    some = (
        select(Recipient.subject_id)
        .where(Recipient.campaign_id == campaign.id)
        .limit(SQLITE_STRETCH)
    )
    gone = session.execute(
        delete(Recipient).where(
            Recipient.campaign_id == campaign.id, Recipient.subject_id.in_(some)
        )
    )
    if gone.rowcount:  # type: ignore[attr-defined]
        return True
    session.execute(delete(Batch).where(Batch.campaign_id == campaign.id))
    return False


def _write(
    session: Session,
    campaign: Campaign,
    key_range: KeyRange,
    size: int,
    has_first: bool,
    settings: Settings,
    now: datetime,
) -> None:
    if not database_of(session).is_sqlite:
        session.execute(text("SET LOCAL work_mem TO '64MB'"))  # a range is sorted in memory
    base = campaign.chunks * KINDS_OF_BATCH * (size // BATCH_SIZE + 1)
    when = max(campaign.send_at or now, now)
    near = frequency_cap.campaigns_near(session, when, but=campaign.id)
    query = eligibility.rows(
        key_range,
        filters.read(campaign.audience),
        campaign.topic,
        frequency_cap.lately(key_range, near, when),
        settings.news_per_month,
        now,
        is_embedded=settings.system.is_embedded,
    )
    table: Any = Recipient.__table__
    session.execute(
        insert(table).from_select(_COLUMNS, _numbered(query, campaign, base, has_first))
    )
    _leave_out_suppressed(session, campaign, key_range)
    _batches(session, campaign, base, now)
    _tally(session, campaign, key_range)


_COLUMNS = [
    "campaign_id",
    "subject_id",
    "learner_id",
    "language",
    "channel",
    "left_out",
    "wave",
    "batch",
    "revision",
    "until",
]


def _numbered(query: Select[Any], campaign: Campaign, base: int, has_first: bool) -> Select[Any]:
    """The rows with their language, wave and batch; who is left out has none."""
    # Each person is looked at once: inlined, the reasons would be found anew for every column.
    row = query.cte("person").prefix_with("MATERIALIZED", dialect="postgresql")
    is_in = row.c.left_out.is_(None)
    said: Any = cast(row.c.language, String)
    for language in Language:
        if language not in campaign.content:  # told in the other one: better than nothing
            others = [each for each in Language if each in campaign.content]
            said = case((said == language.value, literal(others[0].value)), else_=said)
    channel = case((is_in, row.c.way))
    start = int(campaign.id[-4:], 16) % (65536 - FIRST_SHARE)  # not the same people each time
    ending = func.substr(row.c.subject_id, 29, 4)
    end = start + FIRST_SHARE if has_first else start
    is_first = and_(ending >= f"{start:04x}", ending < f"{end:04x}")
    wave = case((is_first, RolloutStage.FIRST.value), else_=RolloutStage.REST.value)
    number = func.row_number().over(partition_by=(channel, said, wave), order_by=row.c.subject_id)
    kind = (
        case((row.c.way == Channel.EMAIL.value, 4), else_=0)
        + case((said == Language.ENGLISH.value, 2), else_=0)
        + case((is_first, 1), else_=0)
    )
    batch = base + kind + KINDS_OF_BATCH * ((number - 1) // BATCH_SIZE)
    return select(
        literal(campaign.id),
        row.c.subject_id,
        row.c.learner_id,
        said,
        channel,
        row.c.left_out,
        case((is_in, wave)),
        cast(case((is_in, batch), else_=null()), Integer),
        row.c.revision,
        row.c.until,
    )


def _leave_out_suppressed(session: Session, campaign: Campaign, key_range: KeyRange) -> None:
    """Addresses whose mail came back are known by digest only, under a key of their own.

    No column of a learner can be joined with that: the addresses are opened, all in one go.
    """
    suppressed = set(session.scalars(select(Suppression.address_index)))
    if not suppressed:
        return
    mine = and_(Recipient.campaign_id == campaign.id, key_range.holds(Recipient.subject_id))
    reached = session.execute(
        select(Recipient.subject_id, Learner.id, Learner.email_sealed)
        .join(Learner, Recipient.learner_id == Learner.id)
        .where(mine, Recipient.channel == Channel.EMAIL)
    )
    keyring = session_keyring(session)
    held = []
    for subject_id, learner_id, sealed in reached:
        email = keyring.open(sealed, f"learner|email_sealed|{learner_id}").decode()
        if not suppressed.isdisjoint(Mail.to.lookups(session, email)):
            held.append(subject_id)
    for at in range(0, len(held), BATCH_SIZE):
        session.execute(
            update(Recipient)
            .where(
                Recipient.campaign_id == campaign.id,
                Recipient.subject_id.in_(held[at : at + BATCH_SIZE]),
            )
            .values(channel=None, wave=None, batch=None, left_out=ExclusionReason.SUPPRESSED)
            .execution_options(synchronize_session=False)
        )


def _batches(session: Session, campaign: Campaign, base: int, now: datetime) -> None:
    groups = session.execute(
        select(
            Recipient.batch,
            Recipient.wave,
            Recipient.channel,
            Recipient.language,
            func.count().label("size"),
        )
        .where(Recipient.campaign_id == campaign.id, Recipient.batch >= base)
        .group_by(Recipient.batch, Recipient.wave, Recipient.channel, Recipient.language)
    ).all()
    made = [
        {
            "campaign_id": campaign.id,
            "number": group.batch,
            "wave": group.wave,
            "channel": group.channel,
            "language": group.language,
            "size": group.size,
            "state": BatchState.QUEUED,
            "retry_key": str(uuid4()),
            "due_at": now,
            "attempts": 0,
        }
        for group in groups
    ]
    if made:
        session.execute(insert(Batch), made)


def _tally(session: Session, campaign: Campaign, key_range: KeyRange) -> None:
    """Add what a range came to, and let the digest go over everybody who is to get it."""
    mine = and_(Recipient.campaign_id == campaign.id, key_range.holds(Recipient.subject_id))
    counts = Counter(campaign.counts)
    for channel, language, left_out, wave, times in session.execute(
        select(
            Recipient.channel, Recipient.language, Recipient.left_out, Recipient.wave, func.count()
        )
        .where(mine)
        .group_by(Recipient.channel, Recipient.language, Recipient.left_out, Recipient.wave)
    ):
        counts["looked_at"] += times
        if left_out is not None:
            counts[f"left_out.{left_out}"] += times
            continue
        counts[f"{channel}"] += times
        counts[f"{channel}.{language}"] += times
        if wave is RolloutStage.FIRST:
            counts["first"] += times
    campaign.counts = dict(sorted(counts.items()))
    digest = hashlib.sha256((campaign.list_digest or "").encode())
    listed = session.execute(
        select(Recipient.subject_id, Recipient.batch)
        .where(mine, Recipient.batch.is_not(None))
        .order_by(Recipient.subject_id)
    )
    digest.update("\n".join(f"{subject_id} {batch}" for subject_id, batch in listed).encode())
    campaign.list_digest = digest.hexdigest()
