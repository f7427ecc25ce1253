"""How far a sending has come: people by wave and channel, its pace, what went wrong, each batch."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from bot.services.campaigns.reporting import listing
from bot.services.campaigns.workflow.rollout import STAFF_COPY
from models.campaign import Campaign, CampaignAction, CampaignEvent, CampaignState, RolloutStage
from models.outbox import Push, PushState
from models.recipient import ACCEPTED, LOST, Batch, BatchState
from models.subscription import Channel

PACE = timedelta(minutes=1)  # over which the rate is taken
PAGE = 50
MAX_ERRORS = 20
_REACHED = func.coalesce(Batch.reached, Batch.size)


@dataclass(frozen=True)
class ProgressLine:
    """One wave on one channel: people on the list, and of them settled."""

    wave: RolloutStage
    channel: Channel
    people: int
    settled: int

    @property
    def is_over(self) -> bool:
        return self.settled >= self.people


@dataclass(frozen=True)
class Failure:
    """One kind of error: in which state it left batches, what was said, how many."""

    state: BatchState
    reason: str
    batches: int
    people: int


@dataclass(frozen=True)
class Decision:
    """What somebody decided; by None: it did so by itself."""

    at: datetime
    verdict: CampaignAction
    by: str | None
    note: str | None


@dataclass(frozen=True)
class Progress:
    """by_state: people by the outcome of their batch; per_second over the last minute.

    What has gone out counts those whom its request named, what waits all of its batch. `people`
    and `settled` are of the frozen list, with whoever was taken off or erased since.
    """

    lines: tuple[ProgressLine, ...]
    by_state: dict[BatchState, int]
    batches: int
    settled_batches: int
    failures: tuple[Failure, ...]
    per_second: float | None

    @property
    def people(self) -> int:
        return sum(line.people for line in self.lines)

    @property
    def waiting(self) -> int:
        return self.by_state.get(BatchState.QUEUED, 0)

    @property
    def settled(self) -> int:
        return sum(line.settled for line in self.lines)

    @property
    def accepted(self) -> int:
        return sum(self.by_state.get(state, 0) for state in ACCEPTED)

    @property
    def left(self) -> timedelta | None:
        """About how long the rest takes at this pace, the pauses between waves aside."""
        if not self.per_second or not self.waiting:
            return None
        return timedelta(seconds=round(self.waiting / self.per_second))


def of(session: Session, campaign: Campaign, now: datetime) -> Progress:
    """The figures of this moment: three queries, whatever the number of people."""
    rows = session.execute(
        select(
            Batch.wave,
            Batch.channel,
            Batch.state,
            func.count(),
            func.sum(case((Batch.state == BatchState.QUEUED, Batch.size), else_=_REACHED)),
            func.sum(Batch.size),
        )
        .where(Batch.campaign_id == campaign.id)
        .group_by(Batch.wave, Batch.channel, Batch.state)
    ).all()
    by_state: dict[BatchState, int] = {}
    groups: dict[tuple[RolloutStage, Channel], list[int]] = {}
    batches = settled = 0
    for wave, channel, state, count, people, size in rows:
        by_state[state] = by_state.get(state, 0) + people
        group = groups.setdefault((wave, channel), [0, 0])
        group[0] += size
        batches += count
        if state is not BatchState.QUEUED:
            group[1] += size
            settled += count
    lines = tuple(
        ProgressLine(wave, channel, *groups[wave, channel])
        for wave in RolloutStage
        for channel in Channel
        if (wave, channel) in groups
    )
    return Progress(
        lines,
        by_state,
        batches,
        settled,
        _failures(session, campaign),
        _pace(session, campaign, now),
    )


def staff_copies(session: Session, campaign_id: str) -> tuple[int, int]:
    """Copies for colleagues, which are no batches, and of them those that wait no more."""
    waits = case((Push.state == PushState.QUEUED, 0), else_=1)
    query = select(func.count(), func.coalesce(func.sum(waits), 0)).where(
        Push.cause.startswith(STAFF_COPY.format(campaign_id), autoescape=True)
    )
    copies, settled = session.execute(query).one()
    return copies, settled


def batches_after(
    session: Session, campaign_id: str, after: int, state: BatchState | None = None
) -> tuple[Sequence[Batch], int | None]:
    """A page of batches by number, and where the next goes on."""
    query = select(Batch).where(Batch.campaign_id == campaign_id, Batch.number > after)
    if state is not None:
        query = query.where(Batch.state == state)
    found = session.scalars(query.order_by(Batch.number).limit(PAGE + 1)).all()
    return found[:PAGE], found[PAGE - 1].number if len(found) > PAGE else None


def decisions(session: Session, campaign_id: str) -> list[Decision]:
    """What was decided about it, the newest first."""
    query = select(CampaignEvent).where(CampaignEvent.campaign_id == campaign_id)
    newest = query.order_by(CampaignEvent.at.desc(), CampaignEvent.id.desc()).limit(PAGE)
    events = session.scalars(newest).all()
    called = listing.names(session, (event.staff_id for event in events))
    return [
        Decision(
            event.at,
            event.verdict,
            called.get(event.staff_id, "–") if event.staff_id else None,
            event.note,
        )
        for event in events
    ]


def _failures(session: Session, campaign: Campaign) -> tuple[Failure, ...]:
    """What was refused or is unknown, and what is being tried again."""
    rows = session.execute(
        select(Batch.state, Batch.reason, func.count(), func.sum(_REACHED))
        .where(
            Batch.campaign_id == campaign.id,
            Batch.reason.is_not(None),
            Batch.state.in_((*LOST, BatchState.QUEUED)),
        )
        .group_by(Batch.state, Batch.reason)
        .order_by(func.count().desc())
        .limit(MAX_ERRORS)
    )
    return tuple(Failure(row[0], row[1] or "", row[2], row[3]) for row in rows)


def _pace(session: Session, campaign: Campaign, now: datetime) -> float | None:
    if campaign.state is not CampaignState.SENDING:
        return None
    people, first = session.execute(
        select(func.sum(_REACHED), func.min(Batch.settled_at)).where(
            Batch.campaign_id == campaign.id,
            Batch.state.in_(ACCEPTED),
            Batch.settled_at > now - PACE,
        )
    ).one()
    if not people or first is None:
        return None
    return float(people / max(1.0, (now - first).total_seconds()))
