"""The month's messages: what LINE says is left, what campaigns may have of it, what more costs.

A part (QUOTA_RESERVE) is kept for links, resets and answers: no campaign can touch it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from email.utils import parseaddr

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from bot.clock import BANGKOK
from bot.services import mails
from bot.settings import Settings
from bot.texts import THAI
from models.database import database_of
from models.pace import QuotaReading

# An older reading says nothing about what is left: then there is nothing to spend.
FRESH = timedelta(hours=1)
KEPT = timedelta(days=400)


@dataclass(frozen=True)
class Forecast:
    """The whole month at the pace of its first days; satang: beyond what the plan includes."""

    messages: int
    satang: int
    limit: int | None

    @property
    def is_short(self) -> bool:
        """Whether the month's messages will not last."""
        return self.limit is not None and self.messages > self.limit


def record(session: Session, limit: int | None, used: int, now: datetime) -> None:
    """Keep LINE's figures; the last ones of a day stay for its history."""
    insert = sqlite.insert if database_of(session).is_sqlite else postgresql.insert
    today = now.astimezone(BANGKOK).date()
    figures = {"limit": limit, "used": used, "at": now}
    statement = insert(QuotaReading).values(day=today, **figures)
    # Several machines read; an answer that came late must not cover a newer one.
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[QuotaReading.day], set_=figures, where=QuotaReading.at <= now
        )
    )
    session.execute(delete(QuotaReading).where(QuotaReading.day < today - KEPT))


def latest(session: Session) -> QuotaReading | None:
    """The newest reading, however old."""
    return session.scalars(select(QuotaReading).order_by(QuotaReading.day.desc()).limit(1)).first()


def is_known(session: Session, now: datetime) -> bool:
    """Whether LINE's figures are fresh enough to go by."""
    reading = latest(session)
    return reading is not None and now - reading.at <= FRESH


def left_for_campaigns(
    session: Session, settings: Settings, now: datetime, promised: int = 0
) -> int | None:
    """How many messages a campaign may still send; None where LINE sets no limit.

    promised: what other running campaigns still have to send. 0 where no reading is fresh: the
    figures are read every few minutes, and bot/runtime/quota_reading.py reads them at once.
    """
    reading = latest(session)
    if reading is None or now - reading.at > FRESH:
        return 0
    if reading.limit is None:
        return None
    return max(0, reading.limit - reading.used - settings.quota_reserve - promised)


def included_left(session: Session, settings: Settings, now: datetime, promised: int = 0) -> int:
    """How many more messages this month's fee covers; 0 where no reading is fresh."""
    reading = latest(session)
    if reading is None or now - reading.at > FRESH:
        return 0
    return max(0, settings.line_included - reading.used - promised)


def cost_in_satang(messages: int, included: int, settings: Settings) -> int:
    """What messages cost beyond those that the fee covers, before tax, rounded up."""
    baht = max(0, messages - included) * settings.line_extra_price
    return int((baht * 100).to_integral_value(ROUND_CEILING))


def cost_in_baht(messages: int, left_included: int, settings: Settings) -> Decimal:
    """The same in baht, with two decimals."""
    return Decimal(cost_in_satang(messages, left_included, settings)) / 100


def forecast(session: Session, settings: Settings, now: datetime) -> Forecast | None:
    """The month's end, linear by the day; None while this month has no figures of its own.

    LINE does not say in which zone its month begins. Ours begins in Thailand; on its first day
    figures count only once they have fallen, or have been low all along.
    """
    here = now.astimezone(BANGKOK)
    month = here.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    newest = session.scalars(select(QuotaReading).order_by(QuotaReading.day.desc()).limit(2)).all()
    if not newest or newest[0].day < month.date():
        return None
    reading, before = newest[0], newest[1] if len(newest) > 1 else None
    is_first = reading.day == month.date()
    if is_first and before is not None and reading.used >= before.used > 0:
        return None
    following = (month + timedelta(days=32)).replace(day=1)
    passed = max(reading.at - month, timedelta(days=1))
    messages = max(reading.used, round(reading.used * ((following - month) / passed)))
    satang = cost_in_satang(messages, settings.line_included, settings)
    return Forecast(messages, satang, reading.limit)


def tell_owner(session: Session, settings: Settings, now: datetime) -> None:
    """Mail the owner that LINE refuses messages, with LINE's own figures; once a day."""
    _, address = parseaddr(settings.owner_email or "")
    if not address:
        return
    reading = latest(session)
    limit = "-" if reading is None or reading.limit is None else f"{reading.limit:,}"
    mails.queue(
        session,
        cause=f"quota-used-up:{now.astimezone(BANGKOK):%Y-%m-%d}",
        template="quota_used_up",
        language=THAI,
        to=address,
        values={"used": "-" if reading is None else f"{reading.used:,}", "limit": limit},
        now=now,
    )
