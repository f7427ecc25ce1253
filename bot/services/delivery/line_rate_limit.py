"""The rate of calls to LINE that all processes share: one row an endpoint, turns by GCRA.

LINE counts for the channel, whoever calls (reference, "Rate limits"). Reserving a turn a call
would cost a transaction a call, so turns are reserved in bulks of some hundredths of a second.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from math import inf
from typing import Any, cast

from sqlalchemy import Interval, bindparam, case, func, literal, select, update
from sqlalchemy.orm import Session

from bot.services.delivery.reserved_slots import SHARE, Offset, Turns
from bot.services.shared import gcra
from models.base import UTCDateTime
from models.database import Database, database_of
from models.inserts import insert_if_new
from models.prepared import Prepared
from models.rate_limit import LineRate

DEFAULT = 2000.0
CEILINGS: Mapping[str, float] = {"multicast": 200.0, "loading": 100.0}  # calls a second
# Seconds of calls in one bulk. Where several processes take turns, each has to work off its bulk
# at the whole channel's rate: short ones keep that possible. SQLite's one process has nobody to
# share with, and its reservation waits behind whatever else is to be written.
BULK, LONELY_BULK = 0.02, 0.3
MIN_BULK = 8
# No use of a rate reaches further ahead: beyond it a clock was wrong, and what it took is free.
FURTHEST = timedelta(seconds=30)
# Seconds until a turn for which a last look at what allows the call is good: a stop or a "no" that
# comes later must still count.
PATIENCE = 2.0
_TABLE: Any = LineRate.__table__


@dataclass(frozen=True)
class Reserved:
    """The first of some reserved turns and the time, both by the database's clock."""

    first: datetime
    now: datetime


def open_row(session: Session, endpoint: str) -> None:
    """Make the endpoint's row where it is missing."""
    past = datetime.fromisoformat("2000-01-01T00:00:00+00:00")
    insert_if_new(session, LineRate, {"endpoint": endpoint, "at": past})


def reserve(session: Session, endpoint: str, span: timedelta) -> Reserved:
    """Take the next free span of an endpoint's time."""
    database = database_of(session)
    if database.is_sqlite:
        row, clock = session.get_one(LineRate, endpoint), cast("datetime", database.time())
        row.at = gcra.taken(gcra.standing(row.at, clock, FURTHEST), clock, span)
        return Reserved(row.at - span, clock)
    statement = _step(database.has_own_clock)
    parameters: dict[str, Any] = {"of_endpoint": endpoint, "span": span}
    if not database.has_own_clock:
        parameters["now"] = database.time()
    ((until, clock, _),) = statement.rows(session, parameters)
    return Reserved(until - span, clock)


def hold_back(session: Session, endpoint: str, span: timedelta) -> None:
    """Reserve nothing before `span` from now; what several ask for at once is one pause."""
    row = session.get_one(LineRate, endpoint, with_for_update=True, populate_existing=True)
    database = database_of(session)
    if database.has_own_clock:
        clock = session.scalars(select(func.clock_timestamp(type_=UTCDateTime()))).one()
    else:
        clock = cast("datetime", database.time())
    row.at = max(gcra.standing(row.at, clock, FURTHEST), clock + span)


@cache
def _step(has_own_clock: bool) -> Prepared:
    """The step on PostgreSQL. A crash of the server may forget the last moment's turns (its log
    is not waited for): it takes longer than that to come back."""
    now: Any = func.clock_timestamp(type_=UTCDateTime())
    if not has_own_clock:
        now = bindparam("now", type_=UTCDateTime())
    standing = case((_TABLE.c.at <= now + literal(FURTHEST), _TABLE.c.at), else_=now)
    return Prepared(
        update(_TABLE)
        .where(_TABLE.c.endpoint == bindparam("of_endpoint"))
        .values(at=func.greatest(standing, now) + bindparam("span", type_=Interval()))
        .returning(_TABLE.c.at, now, func.set_config("synchronous_commit", "off", True))
    )


class RateLimiter:
    """Lets calls begin at the rate that LINE allows the channel; threads wait here for a turn."""

    def __init__(
        self,
        database: Database,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._database = database
        self._monotonic, self._wait = monotonic, wait
        self._lock = threading.Lock()
        self._lanes: dict[str, _Lane] = {}

    def take(self, endpoint: str, within: float = inf) -> bool:
        """Return when the next call to this endpoint may begin; begin it at once.

        within: seconds. Where the turn would come later than that nothing is taken, and the answer
        is False: whatever allowed the call has grown old.
        """
        lane = self._lane(endpoint)
        last = self._monotonic() + within
        # One at a time: whoever stands here gets the next turn, and the others wait in line. That
        # also holds while more turns are reserved, which is done before they run out.
        with lane.turnstile:
            while True:
                if count := lane.turns.wanted(self._monotonic()):
                    self._reserve(endpoint, lane, count)
                now = self._monotonic()
                if now > last:
                    return False
                wait = lane.turns.next(now)
                if wait == 0:
                    return True
                if wait is not None:
                    if now + wait > last:
                        return False
                    self._wait(wait)

    def back_off(self, endpoint: str, seconds: float = 1.0) -> None:
        """Have all processes leave an endpoint alone for a while: LINE answered 429.

        Threads that are refused together ask for the same pause, not for one each.
        """
        lane = self._lane(endpoint)
        with lane.turnstile:
            lane.turns.forget()
            span = timedelta(seconds=seconds)
            self._database.write(lambda session: hold_back(session, endpoint, span))

    def _lane(self, endpoint: str) -> "_Lane":
        with self._lock:
            lane = self._lanes.get(endpoint)
            if lane is None:
                self._database.write(lambda session: open_row(session, endpoint))
                per_second = CEILINGS.get(endpoint, DEFAULT) * SHARE
                seconds = LONELY_BULK if self._database.is_sqlite else BULK
                most = max(MIN_BULK, round(per_second * seconds))
                lane = self._lanes[endpoint] = _Lane(Turns(per_second, most))
            return lane

    def _reserve(self, endpoint: str, lane: "_Lane", count: int) -> None:
        span = timedelta(seconds=count * lane.turns.interval)

        def work(session: Session) -> tuple[Reserved, float, float]:
            before = self._monotonic()
            reserved = reserve(session, endpoint, span)
            return reserved, before, self._monotonic()

        reserved, before, after = self._database.write(work)
        lane.offset.saw(reserved.now.timestamp(), before, after)
        first = lane.offset.ours(reserved.first.timestamp())
        lane.turns.add(first, count, lane.offset.doubt)


@dataclass
class _Lane:
    turns: Turns
    offset: Offset = field(default_factory=Offset)
    turnstile: threading.Lock = field(default_factory=threading.Lock)
