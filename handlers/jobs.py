"""JOBS: what is called again and again, how often, and the one ticker that does so."""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from apscheduler.triggers.cron import CronTrigger

from bot.clock import BANGKOK, Clock, stopwatch
from bot.logs import failure
from bot.runtime import (
    Bot,
    archive_reading,
    auditing,
    bounce_reading,
    campaign_calendar,
    campaigning,
    counting,
    errands,
    imports_exports,
    insight_reading,
    mailing,
    quota_reading,
    waiting_work,
)
from bot.runtime.engine import Engine

LOOK = timedelta(seconds=20)  # between two looks at the calendar
SLOW = 1000  # milliseconds: a tick that took longer is told even where it found nothing to do


@dataclass(frozen=True)
class Job:
    """A tick: its name, when it comes, and what it calls. Late, lost and doubled ticks are fine:
    due-ness stands in the rows."""

    name: str
    when: timedelta | CronTrigger
    run: Callable[[Engine], Any]


JOBS = (
    Job("clock", timedelta(seconds=5), lambda engine: engine.clock_watch.look()),
    Job("sweep", timedelta(seconds=1), Engine.sweep),
    Job("pushes", timedelta(seconds=1), Engine.drain_pushes),
    Job("errands", timedelta(seconds=1), lambda engine: errands.drain(engine.bot)),
    Job("quota", timedelta(minutes=3), lambda engine: quota_reading.read(engine.bot)),
    Job("campaign lists", timedelta(seconds=2), lambda engine: campaigning.count(engine.bot)),
    Job("campaigns", timedelta(seconds=2), lambda engine: campaigning.move_on(engine.bot)),
    Job("batches", timedelta(seconds=1), lambda engine: engine.campaigns.drain()),
    Job("batch mails", timedelta(seconds=2), lambda engine: engine.campaigns.drain_mails()),
    Job("calendar", timedelta(seconds=10), lambda engine: campaign_calendar.tick(engine.bot)),
    Job("insight", timedelta(minutes=10), lambda engine: insight_reading.read(engine.bot)),
    Job("mails", timedelta(seconds=2), lambda engine: mailing.drain(engine.bot)),
    Job("bounces", timedelta(minutes=3), lambda engine: bounce_reading.read(engine.bot)),
    Job("archive", timedelta(minutes=2), lambda engine: archive_reading.read(engine.bot)),
    Job("accounts", timedelta(seconds=5), Engine.drain_accounts),
    Job("drafts", timedelta(minutes=1), Engine.expire_drafts),
    Job("guardians", timedelta(minutes=1), Engine.expire_guardianships),
    Job("renewals", CronTrigger(hour=10, timezone=BANGKOK), Engine.renew_consents),
    Job("due erasures", timedelta(hours=1), Engine.erase_due),
    Job("erasures", timedelta(minutes=1), Engine.list_erasures),
    # On SQLite: what was erased or changed does not stand on in the log for long.
    Job("log", timedelta(minutes=1), lambda engine: engine.bot.database.forget_log() and 0),
    Job("audit links", timedelta(seconds=3), lambda engine: auditing.seal(engine.bot)),
    # Asked every hour, sent once a day: a machine that was down at one hour makes up for it.
    Job("audit anchor", CronTrigger(minute=7), lambda engine: auditing.send_anchor(engine.bot)),
    Job("imports", timedelta(seconds=2), lambda engine: imports_exports.advance(engine.bot)),
    Job("merges", timedelta(minutes=5), lambda engine: imports_exports.settle(engine.bot)),
    Job("waiting", timedelta(minutes=1), lambda engine: waiting_work.tell(engine.bot)),
    Job("counts", timedelta(minutes=2), lambda engine: counting.count(engine.bot)),
    Job("name words", timedelta(minutes=1), Engine.index_names),
    Job("purge", CronTrigger(hour=3, minute=30, timezone=BANGKOK), Engine.purge),
)


class Ticker:
    """Calls each job from a thread of its own, never twice at once, until it is told to stop.

    Threads wait by a clock that nobody sets: one that is set forward or back stops no job. Where a
    tick took longer than its interval, those that it missed are one.
    """

    def __init__(self, jobs: Iterable[tuple[Job, Callable[[], None]]], clock: Clock) -> None:
        self._clock = clock
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(job.when, tick), name=job.name, daemon=True)
            for job, tick in jobs
        ]

    def start(self) -> None:
        """Begin to tick."""
        for thread in self._threads:
            thread.start()

    def shutdown(self, *, wait: bool) -> None:
        """Begin no tick more; wait: until those that are on are done."""
        self._stopping.set()
        for thread in self._threads if wait else ():
            thread.join()

    def _run(self, when: timedelta | CronTrigger, tick: Callable[[], None]) -> None:
        calendar = None if isinstance(when, timedelta) else Calendar(when, self._clock())
        every = (LOOK if isinstance(when, CronTrigger) else when).total_seconds()
        following = time.monotonic() + every
        while not self._stopping.wait(max(following - time.monotonic(), 0)):
            if calendar is None or calendar.is_due(self._clock()):
                tick()
            following = max(following + every, time.monotonic())


class Calendar:
    """The times of a rule, by the clock on the wall: each is due once."""

    def __init__(self, rule: CronTrigger, now: datetime) -> None:
        self._rule = rule
        self._following = self._after(now)

    def is_due(self, now: datetime) -> bool:
        """Whether a time of the rule has come since the last look; several are one.

        Where the clock was set back the times that it had come to come again: a job may run twice.
        """
        coming, due = self._after(now), now >= self._following
        if due or coming < self._following:
            self._following = coming
        return due

    def _after(self, now: datetime) -> datetime:
        found: datetime | None = self._rule.get_next_fire_time(None, now + timedelta.resolution)
        if found is None:
            raise ValueError("a rule of a job never ends")
        return found


# On PostgreSQL workers tick; a web process looks after what another one left in the middle.
WEB_JOBS = tuple(job for job in JOBS if job.name == "sweep")


def begin(engine: Engine, jobs: Sequence[Job] = JOBS) -> Callable[[bool], None]:
    """Answer and tick, at once or as soon as this process may; returns what ends both.

    Ending waits for running ticks where it is called with True, and always for the answers.
    """
    ticking: list[Ticker] = []
    engine.start(lambda: ticking.append(start(engine.bot, engine, jobs)))

    def end(wait: bool) -> None:
        engine.wait_no_more()
        for ticker in ticking:
            ticker.shutdown(wait=wait)
        engine.stop()

    return end


def start(bot: Bot, engine: Engine, jobs: Sequence[Job] = JOBS) -> Ticker:
    """Tick in this process until it ends."""
    ticker = Ticker([(job, guarded(bot, engine, job)) for job in jobs], bot.clock)
    ticker.start()
    return ticker


def guarded(bot: Bot, engine: Engine, job: Job) -> Callable[[], None]:
    """A tick that cannot take the ticker down, nor log what a row contains."""

    def tick() -> None:
        took = stopwatch()
        try:
            found = job.run(engine)
        except Exception as error:
            bot.log.error("job.failed", job=job.name, ms=took(), **failure(error))
            return
        ms = took()
        # Most ticks find nothing to do: twenty jobs of that would bury every other line.
        log = bot.log.info if found or ms >= SLOW else bot.log.debug
        log("job.done", job=job.name, ms=ms)

    return tick
