"""About how many would get an announcement: one query, before a list is counted for certain.

It leaves out what only the dry run looks at: the frequency cap and addresses whose mail came back.
"""

import json
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from bot.services.campaigns.audience import eligibility
from bot.services.campaigns.audience.filters import Audience
from bot.services.shared.keyset import KeyRange
from models.database import Database
from models.learner import Learner, LearnerState
from models.recipient import ExclusionReason
from models.subscription import Channel

FRESH = timedelta(minutes=1)
MAX_LOOKED_AT = 20_000  # of more people, a share is looked at: off by a percent at most
MAX_KEPT = 200
ENDINGS = 65536  # of the last four digits of a pseudonym but four, which are chance


@dataclass(frozen=True)
class Estimate:
    """People: looked at, and by what they would get it or why not."""

    looked_at: int
    line: int
    email: int
    left_out: dict[ExclusionReason, int]
    is_sample: bool

    @property
    def total(self) -> int:
        """How many would get it."""
        return self.line + self.email


@dataclass(frozen=True)
class _Sample(KeyRange):
    """Everybody whose pseudonym ends below a mark."""

    mark: str = ""

    def holds(self, column: Any) -> ColumnElement[bool]:
        whole = super().holds(column)
        if not self.mark:
            return whole
        return and_(whole, func.substr(column, 29, 4) < self.mark)


@dataclass
class Estimates:
    """Counts of the last minute, for all who write at once."""

    _found: dict[str, tuple[datetime, Estimate]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, database: Database, audience: Audience, topic: str, now: datetime) -> Estimate:
        """The estimate of this minute."""
        key = json.dumps([topic, audience.stored()])
        with self._lock:
            at, estimate = self._found.get(key, (None, None))
        if at is not None and estimate is not None and now - at < FRESH:
            return estimate
        estimate = database.read(lambda session: count(session, audience, topic, now))
        with self._lock:
            if len(self._found) >= MAX_KEPT:
                self._found.clear()
            self._found[key] = (now, estimate)
        return estimate


def count(
    session: Session, audience: Audience, topic: str, now: datetime, most: int = MAX_LOOKED_AT
) -> Estimate:
    """Count afresh; of many people a share, scaled up."""
    everybody = session.scalar(
        select(func.count()).select_from(Learner).where(Learner.state == LearnerState.ACTIVE)
    )
    share = min(1.0, most / max(1, everybody or 0))
    sample = _Sample("", "g", f"{int(ENDINGS * share):04x}" if share < 1 else "")
    # Where it is not, whoever asks has refused the filters that need it.
    query = eligibility.rows(sample, audience, topic, None, 1, now, is_embedded=True)
    person = query.subquery("person")
    rows = session.execute(
        select(person.c.way, person.c.left_out, func.count()).group_by(
            person.c.way, person.c.left_out
        )
    ).all()
    ways = {Channel.LINE: 0, Channel.EMAIL: 0}
    left_out: dict[ExclusionReason, int] = {}
    looked_at = 0
    for way, reason, times in rows:
        people = round(times / share)
        looked_at += people
        if reason is not None:
            left_out[ExclusionReason(reason)] = left_out.get(ExclusionReason(reason), 0) + people
        else:
            ways[Channel(way)] += people
    return Estimate(looked_at, ways[Channel.LINE], ways[Channel.EMAIL], left_out, share < 1)
