"""Counts what the dashboard shows, by a job; a page then reads a few rows, however many people.

Counting may take seconds at a million learners: it reads a snapshot and locks nobody out.
"""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, func, select
from sqlalchemy.orm import Session

from bot.clock import BANGKOK
from bot.services.campaigns.audience import estimate
from bot.services.campaigns.audience.filters import Audience
from bot.services.learners.invitations import IMPORTED
from models.consent import ConsentEvent, ConsentState, Purpose
from models.conversation import Conversation
from models.inserts import inserting
from models.learner import Learner, LearnerState
from models.statistic import Statistic
from models.subscription import Channel, Subscription

REGISTERED = "registered"  # on that day; all others are as things stood on that day
LEARNERS = "learners"
FUNNEL = ("funnel:greeted", "funnel:consented", "funnel:finished", "funnel:signed_in")
BLOCKED = ("blocked:now", "blocked:lately")
SUBSCRIBERS = "subscribers"  # subscribers:<channel>:<topic>
REACHED = "reached"  # reached:<topic>

WEEKS = 12  # of registrations, whole ones from Monday
LATELY = timedelta(days=30)
FRESH = timedelta(minutes=9)  # younger counts are not counted again, whichever machine made them
KEPT = timedelta(days=800)

Counts = dict[tuple[str, date], int]


def today(now: datetime) -> date:
    """The day in Bangkok."""
    return now.astimezone(BANGKOK).date()


def first_day(now: datetime) -> date:
    """The Monday with which the oldest week shown begins."""
    day = today(now)
    return day - timedelta(days=day.weekday() + 7 * (WEEKS - 1))


def is_due(session: Session, now: datetime) -> bool:
    """Whether nobody has counted in the last minutes."""
    newest = session.scalar(
        select(func.max(Statistic.counted_at)).where(Statistic.day == today(now).isoformat())
    )
    return newest is None or now - newest >= FRESH


def counted(session: Session, now: datetime) -> Counts:
    """Everything that is to be written down now."""
    day = today(now)
    found: Counts = {(REGISTERED, on): _registered(session, on) for on in _open(session, now)}
    as_of_now = {
        LEARNERS: _count(session, select(Learner.id).where(Learner.state == LearnerState.ACTIVE)),
        **_funnel(session, now - LATELY),
        **_blocked(session, now - LATELY),
        **_subscribers(session),
        **_reached(session, now),
    }
    return found | {(name, day): value for name, value in as_of_now.items()}


def keep(session: Session, counts: Counts, now: datetime) -> None:
    """Write counts down over older ones of the same day; what is very old goes."""
    day = today(now).isoformat()
    rows = [
        {"name": name, "day": on.isoformat(), "value": value, "counted_at": now}
        for (name, on), value in sorted(counts.items())
    ]
    statement = inserting(session)(Statistic)
    over = {"value": statement.excluded.value, "counted_at": statement.excluded.counted_at}
    session.execute(
        statement.values(rows).on_conflict_do_update(
            index_elements=["name", "day"], set_=over, where=Statistic.counted_at <= now
        )
    )
    # A topic that has vanished is not counted any more: its last count of the day must not stay.
    gone = (Statistic.day == day) & Statistic.name.not_in([name for name, _ in counts])
    old = Statistic.day < (today(now) - KEPT).isoformat()
    session.execute(delete(Statistic).where(gone | old))


def _open(session: Session, now: datetime) -> list[date]:
    """Days whose registrations are not settled: without a row, or counted while they lasted."""
    first, last = first_day(now), today(now)
    known = session.execute(
        select(Statistic.day, Statistic.counted_at).where(
            Statistic.name == REGISTERED, Statistic.day >= first.isoformat()
        )
    )
    settled = {day for day, at in known if at >= _begin(date.fromisoformat(day) + _DAY)}
    days = [first + n * _DAY for n in range((last - first).days + 1)]
    return [day for day in days if day.isoformat() not in settled]


_DAY = timedelta(days=1)


def _begin(day: date) -> datetime:
    return datetime.combine(day, time(), BANGKOK)


def _registered(session: Session, day: date) -> int:
    on_that_day = (Learner.created_at >= _begin(day), Learner.created_at < _begin(day + _DAY))
    return _count(session, select(Learner.id).where(*on_that_day))


def _count(session: Session, query: Any) -> int:
    found: int = session.execute(select(func.count()).select_from(query.subquery())).scalar_one()
    return found


def _funnel(session: Session, since: datetime) -> Mapping[str, int]:
    """How far those came who were greeted since then; each step holds the next one.

    Whoever the school enrolled from a file was greeted by nobody before they join the chat.
    """
    said_yes = exists().where(
        ConsentEvent.subject_id == Conversation.id,
        ConsentEvent.purpose == Purpose.ENROLMENT,
        ConsentEvent.state == ConsentState.GIVEN,
    )
    greeted = select(Conversation.id).where(Conversation.created_at >= since, _has_chat())
    finished = greeted.join(Learner, Learner.conversation_id == Conversation.id)
    steps = (
        greeted,
        greeted.where(said_yes),
        finished,
        finished.where(Learner.used_at.is_not(None)),
    )
    values: list[int] = []
    for step in steps:
        values.append(min([_count(session, step), *values[-1:]]))
    return dict(zip(FUNNEL, values, strict=True))


def _has_chat() -> ColumnElement[bool]:
    """Imported people who have not joined have a row without a chat: nothing was said in it."""
    return Conversation.person.not_like(f"{IMPORTED}%")


def _blocked(session: Session, since: datetime) -> Mapping[str, int]:
    row = session.execute(
        select(
            func.count(Conversation.blocked_at),
            func.count(Conversation.blocked_at).filter(Conversation.blocked_at >= since),
        ).where(_has_chat())
    ).one()
    return dict(zip(BLOCKED, row, strict=True))


def _subscribers(session: Session) -> Mapping[str, int]:
    """By channel and topic; who blocked the account gets nothing on LINE."""
    every = select(Subscription.channel, Subscription.topic, func.count())
    by_line = every.join(Conversation, Conversation.id == Subscription.subject_id).where(
        Subscription.channel == Channel.LINE, Conversation.blocked_at.is_(None)
    )
    by_mail = every.where(Subscription.channel != Channel.LINE)
    found: dict[str, int] = {}
    for query in (by_line, by_mail):
        grouped = query.group_by(Subscription.channel, Subscription.topic)
        for channel, topic, count in session.execute(grouped):
            found[subscribers(channel, topic)] = count
    return found


def _reached(session: Session, now: datetime) -> Mapping[str, int]:
    """By topic, who would get an announcement now, each once, as its author is told too."""
    topics = session.scalars(select(Subscription.topic).distinct().order_by(Subscription.topic))
    return {
        reached(topic): estimate.count(session, Audience(), topic, now).total for topic in topics
    }


def reached(topic: str) -> str:
    """The name under which it is counted who can be reached with a topic."""
    return f"{REACHED}:{topic}"


def subscribers(channel: Channel, topic: str) -> str:
    """The name under which one channel's subscribers of a topic are counted."""
    return f"{SUBSCRIBERS}:{channel.value}:{topic}"
