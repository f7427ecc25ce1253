"""The dashboard's figures as they may be shown: counts, quota and forecast, next sends."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from bot.services.campaigns.reporting import month
from bot.services.campaigns.reporting.month import Use
from bot.services.campaigns.sending import quota
from bot.services.campaigns.sending.quota import Forecast
from bot.services.statistics import statistics
from bot.services.statistics.small_numbers import Cell, alone, nested, with_total
from bot.settings import Settings
from models.campaign import IS_OPEN, Campaign
from models.rate_limit import QuotaReading
from models.statistic import Statistic
from models.subscription import Channel

DAY_WEEKS = 4  # how many of the weeks are shown by the day
NEXT = 5


@dataclass(frozen=True)
class Week:
    """Registrations of one week from Monday; `days` only for the last weeks."""

    monday: date
    total: Cell
    days: tuple[tuple[date, Cell], ...]


@dataclass(frozen=True)
class Send:
    """An announcement that goes out next."""

    id: str
    name: str
    due_at: datetime | None
    state: str
    messages: int | None


@dataclass(frozen=True)
class Dashboard:
    """What stands on the page. `counted_at` None: nothing was ever counted."""

    counted_at: datetime | None
    learners: Cell
    weeks: tuple[Week, ...]
    funnel: tuple[Cell, ...]
    blocked: tuple[Cell, ...]
    subscribers: dict[tuple[Channel, str], Cell]
    reached: dict[str, Cell]
    reading: QuotaReading | None
    by_use: Mapping[Use, int]
    forecast: Forecast | None
    next: tuple[Send, ...]

    @property
    def elsewhere(self) -> int:
        """What LINE counts beyond what we sent: by hand in its manager, or by another program."""
        used = self.reading.used if self.reading else 0
        return max(0, used - sum(self.by_use.values()))


def dashboard(session: Session, settings: Settings, now: datetime) -> Dashboard:
    """A few queries, however many people and announcements there are."""
    newest = session.execute(
        select(Statistic.day, Statistic.counted_at)
        .where(Statistic.name == statistics.LEARNERS)
        .order_by(Statistic.day.desc())
        .limit(1)
    ).first()
    since = statistics.first_day(now).isoformat()
    rows = session.execute(
        select(Statistic.name, Statistic.day, Statistic.value).where(
            or_(
                and_(Statistic.name == statistics.REGISTERED, Statistic.day >= since),
                Statistic.day == (newest.day if newest else ""),
            )
        )
    ).all()
    per_day = {row.day: row.value for row in rows if row.name == statistics.REGISTERED}
    last = {row.name: row.value for row in rows if newest and row.day == newest.day}
    by_use = month.by_use(session, now)
    return Dashboard(
        counted_at=newest.counted_at if newest else None,
        learners=alone(last.get(statistics.LEARNERS, 0)),
        weeks=_weeks(per_day, now),
        funnel=tuple(nested([last.get(name, 0) for name in statistics.FUNNEL])),
        blocked=tuple(nested([last.get(name, 0) for name in statistics.BLOCKED])),
        subscribers=_subscribers(last),
        reached=_reached(last),
        by_use=by_use,
        reading=quota.latest(session, now),
        forecast=quota.forecast(
            session,
            settings,
            now,
            announced=by_use[Use.ANNOUNCEMENTS],
            planned=month.planned(session, now),
        ),
        next=_next(session),
    )


def _weeks(per_day: dict[str, int], now: datetime) -> tuple[Week, ...]:
    first, today = statistics.first_day(now), statistics.today(now)
    found: list[Week] = []
    for number in range(statistics.WEEKS):
        monday = first + timedelta(days=7 * number)
        days = [monday + timedelta(days=n) for n in range(7)]
        days = [day for day in days if day <= today]
        values = [per_day.get(day.isoformat(), 0) for day in days]
        if number < statistics.WEEKS - DAY_WEEKS:
            found.append(Week(monday, alone(sum(values)), ()))
            continue
        cells, total = with_total(values)
        found.append(Week(monday, total, tuple(zip(days, cells, strict=True))))
    return tuple(found)


def _subscribers(last: dict[str, int]) -> dict[tuple[Channel, str], Cell]:
    """No sums stand beside them: one person may have chosen several topics."""
    found: dict[tuple[Channel, str], Cell] = {}
    for name, value in last.items():
        kind, _, rest = name.partition(":")
        if kind == statistics.SUBSCRIBERS:
            channel, _, topic = rest.partition(":")
            found[Channel(channel), topic] = alone(value)
    return found


def _reached(last: dict[str, int]) -> dict[str, Cell]:
    begin = f"{statistics.REACHED}:"
    return {
        name.removeprefix(begin): alone(value)
        for name, value in last.items()
        if name.startswith(begin)
    }


def _next(session: Session) -> tuple[Send, ...]:
    query = (
        select(Campaign.id, Campaign.name, Campaign.due_at, Campaign.state, Campaign.cost_messages)
        .where(IS_OPEN)
        .order_by(Campaign.due_at, Campaign.id)
        .limit(NEXT)
    )
    return tuple(Send(*row) for row in session.execute(query))
