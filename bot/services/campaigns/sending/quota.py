"""The month's messages: what LINE says is left, what campaigns may have of it, what more costs.

A part (QUOTA_RESERVE) is kept for links, resets and answers: no campaign can touch it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_CEILING

from sqlalchemy import Select, and_, delete, func, or_, select
from sqlalchemy.orm import Session

from bot.clock import BANGKOK
from bot.services.delivery import mails
from bot.settings import Settings
from bot.texts import THAI
from models.campaign import Campaign
from models.inserts import inserting
from models.outbox import Push
from models.rate_limit import QuotaReading
from models.recipient import ACCEPTED, Batch, BatchState
from models.subscription import Channel

# An older reading says nothing about what is left: then there is nothing to spend.
FRESH = timedelta(hours=1)
# What is further ahead was read by a clock that was wrong: machines differ by less.
SKEW = timedelta(minutes=5)
KEPT = timedelta(days=400)


@dataclass(frozen=True)
class Forecast:
    """The whole month: what was used, everyday messages at their pace, and what is planned.

    satang: beyond what the plan includes. planned: of announcements that are approved.
    """

    messages: int
    satang: int
    limit: int | None
    planned: int

    @property
    def is_short(self) -> bool:
        """Whether the month's messages will not last."""
        return self.limit is not None and self.messages > self.limit


def record(session: Session, limit: int | None, used: int, now: datetime) -> None:
    """Keep LINE's figures; the last ones of a day stay for its history."""
    today = now.astimezone(BANGKOK).date()
    figures = {"limit": limit, "used": used, "at": now}
    statement = inserting(session)(QuotaReading).values(day=today, **figures)
    # Several machines read; an answer that came late must not cover a newer one.
    is_older = or_(QuotaReading.at <= now, QuotaReading.at > now + SKEW)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[QuotaReading.day], set_=figures, where=is_older
        )
    )
    session.execute(delete(QuotaReading).where(QuotaReading.day < today - KEPT))


def latest(session: Session, now: datetime) -> QuotaReading | None:
    """The newest reading, however old."""
    return session.scalars(_readings(now).limit(1)).first()


def is_known(session: Session, now: datetime) -> bool:
    """Whether LINE's figures are fresh enough to go by."""
    return _fresh(session, now) is not None


def left_for_campaigns(
    session: Session,
    settings: Settings,
    now: datetime,
    promised: int = 0,
    *,
    is_unused: bool = False,
) -> int | None:
    """How many messages a campaign may still send; None where LINE sets no limit.

    promised: what other running campaigns still have to send. is_unused: in a month that has not
    begun. 0 where no reading is fresh: the figures are read every few minutes, and
    bot/runtime/quota_reading.py reads them at once.
    """
    reading = _fresh(session, now)
    if reading is None:
        return 0
    if reading.limit is None:
        return None
    used = 0 if is_unused else _used(session, reading)
    return max(0, reading.limit - used - settings.quota_reserve - promised)


def included_left(
    session: Session,
    settings: Settings,
    now: datetime,
    promised: int = 0,
    *,
    is_unused: bool = False,
) -> int:
    """How many more messages the month's fee covers; 0 where no reading is fresh."""
    reading = _fresh(session, now)
    if reading is None:
        return 0
    used = 0 if is_unused else _used(session, reading)
    return max(0, settings.line_included - used - promised)


def month_of(moment: datetime) -> tuple[datetime, datetime]:
    """When the month that a moment lies in begins, and when the next one does.

    LINE does not say in which zone its month begins. Ours begins in Thailand.
    """
    here = moment.astimezone(BANGKOK)
    first = here.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return first, (first + timedelta(days=32)).replace(day=1)


def cost_in_satang(messages: int, included: int, settings: Settings) -> int:
    """What messages cost beyond those that the fee covers, before tax, rounded up."""
    baht = max(0, messages - included) * settings.line_extra_price
    return int((baht * 100).to_integral_value(ROUND_CEILING))


def forecast(
    session: Session, settings: Settings, now: datetime, *, announced: int = 0, planned: int = 0
) -> Forecast | None:
    """The month's end; None while this month has no figures of its own.

    Answers and notices go on at their pace, linear by the day. Announcements do not: those that
    went out are counted once (announced), those to come by what is approved (planned).

    On its first day figures count only once they have fallen, or have been low all along: LINE's
    month may begin hours before or after ours.
    """
    month, following = month_of(now)
    newest = session.scalars(_readings(now).limit(2)).all()
    if not newest or newest[0].day < month.date():
        return None
    reading, before = newest[0], newest[1] if len(newest) > 1 else None
    is_first = reading.day == month.date()
    if is_first and before is not None and reading.used >= before.used > 0:
        return None
    passed = max(reading.at - month, timedelta(days=1))
    everyday = max(0, reading.used - announced)
    pace = max(1.0, (following - month) / passed)
    messages = reading.used - everyday + round(everyday * pace) + planned
    satang = cost_in_satang(messages, settings.line_included, settings)
    return Forecast(messages, satang, reading.limit, planned)


def tell_owner(session: Session, settings: Settings, now: datetime) -> None:
    """Mail the owner that LINE refuses messages, with LINE's own figures; once a day."""
    address = settings.owner_email
    if not address:
        return
    reading = latest(session, now)
    limit = "-" if reading is None or reading.limit is None else f"{reading.limit:,}"
    values = {"used": "-" if reading is None else f"{reading.used:,}", "limit": limit}
    mails.queue(
        session,
        mails.MailText("quota_used_up", THAI, values),
        cause=f"quota-used-up:{now.astimezone(BANGKOK):%Y-%m-%d}",
        to=address,
        now=now,
    )


def _readings(now: datetime) -> Select[QuotaReading]:
    """The newest first, without those of a clock that ran ahead: they would hide every other."""
    return (
        select(QuotaReading).where(QuotaReading.at <= now + SKEW).order_by(QuotaReading.at.desc())
    )


def _fresh(session: Session, now: datetime) -> QuotaReading | None:
    reading = latest(session, now)
    return reading if reading is not None and now - reading.at <= FRESH else None


def _used(session: Session, reading: QuotaReading) -> int:
    """LINE's figure, and what went out after it was read: LINE may not tell for a while."""
    return reading.used + _sent_since(session, reading.at)


def _sent_since(session: Session, at: datetime) -> int:
    """How many messages LINE took, or may have taken, after a moment."""
    # Few campaigns have batches of this hour, and one batch may settle a little after a stop.
    lately = select(Campaign.id).where(
        Campaign.started_at.is_not(None),
        or_(Campaign.ended_at.is_(None), Campaign.ended_at > at - FRESH),
    )
    multicast = select(func.coalesce(func.sum(func.coalesce(Batch.reached, Batch.size)), 0)).where(
        Batch.campaign_id.in_(lately),
        Batch.channel == Channel.LINE,
        or_(
            and_(Batch.state.in_(ACCEPTED), Batch.settled_at > at),
            and_(Batch.state.in_((BatchState.QUEUED, BatchState.UNKNOWN)), Batch.tried_at > at),
        ),
    )
    pushes = select(func.count()).select_from(Push).where(Push.sent_at > at)
    return (session.scalar(multicast) or 0) + (session.scalar(pushes) or 0)
