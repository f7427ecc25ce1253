"""JOBS: what the clock calls, how often, and the one scheduler that ticks."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from bot.clock import BANGKOK, stopwatch
from bot.logs import failure
from bot.runtime import (
    Bot,
    archive_reading,
    auditing,
    bounce_reading,
    campaign_calendar,
    campaigning,
    counting,
    imports_exports,
    insight_reading,
    mailing,
    quota_reading,
)
from bot.runtime.engine import Engine

SLOW = 1000  # milliseconds: a tick that took longer is told even where it found nothing to do


@dataclass(frozen=True)
class Job:
    """A tick: its name, when it comes, and what it calls. Late, lost and doubled ticks are fine:
    due-ness stands in the rows."""

    name: str
    when: Any
    run: Callable[[Engine], Any]


JOBS = (
    Job("sweep", IntervalTrigger(seconds=1), Engine.sweep),
    Job("pushes", IntervalTrigger(seconds=1), Engine.drain_pushes),
    Job("quota", IntervalTrigger(minutes=3), lambda engine: quota_reading.read(engine.bot)),
    Job("campaign lists", IntervalTrigger(seconds=2), lambda engine: campaigning.count(engine.bot)),
    Job("campaigns", IntervalTrigger(seconds=2), lambda engine: campaigning.move_on(engine.bot)),
    Job("batches", IntervalTrigger(seconds=1), lambda engine: engine.campaigns.drain()),
    Job("batch mails", IntervalTrigger(seconds=2), lambda engine: engine.campaigns.drain_mails()),
    Job("calendar", IntervalTrigger(seconds=10), lambda engine: campaign_calendar.tick(engine.bot)),
    Job("insight", IntervalTrigger(minutes=10), lambda engine: insight_reading.read(engine.bot)),
    Job("mails", IntervalTrigger(seconds=2), lambda engine: mailing.drain(engine.bot)),
    Job("bounces", IntervalTrigger(minutes=3), lambda engine: bounce_reading.read(engine.bot)),
    Job("archive", IntervalTrigger(minutes=2), lambda engine: archive_reading.read(engine.bot)),
    Job("accounts", IntervalTrigger(seconds=5), Engine.drain_accounts),
    Job("drafts", IntervalTrigger(minutes=1), Engine.expire_drafts),
    Job("guardians", IntervalTrigger(minutes=1), Engine.expire_guardianships),
    Job("renewals", CronTrigger(hour=10, timezone=BANGKOK), Engine.renew_consents),
    Job("due erasures", IntervalTrigger(hours=1), Engine.erase_due),
    Job("erasures", IntervalTrigger(minutes=1), Engine.list_erasures),
    # On SQLite: what was erased or changed does not stand on in the log for long.
    Job("log", IntervalTrigger(minutes=1), lambda engine: engine.bot.database.forget_log() and 0),
    Job("audit links", IntervalTrigger(seconds=3), lambda engine: auditing.seal(engine.bot)),
    # Asked every hour, sent once a day: a machine that was down at one hour makes up for it.
    Job("audit anchor", CronTrigger(minute=7), lambda engine: auditing.send_anchor(engine.bot)),
    Job("imports", IntervalTrigger(seconds=2), lambda engine: imports_exports.advance(engine.bot)),
    Job("merges", IntervalTrigger(minutes=5), lambda engine: imports_exports.settle(engine.bot)),
    Job("counts", IntervalTrigger(minutes=2), lambda engine: counting.count(engine.bot)),
    Job("purge", CronTrigger(hour=3, minute=30, timezone=BANGKOK), Engine.purge),
)


def start(bot: Bot, engine: Engine) -> BackgroundScheduler:
    """Tick in this process until it ends."""
    scheduler = BackgroundScheduler(
        executors={"default": ThreadPoolExecutor(len(JOBS))},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        timezone=BANGKOK,
    )
    for job in JOBS:
        scheduler.add_job(guarded(bot, engine, job), job.when, id=job.name)
    scheduler.start()
    return scheduler


def guarded(bot: Bot, engine: Engine, job: Job) -> Callable[[], None]:
    """A tick that cannot take the scheduler down, nor log what a row contains."""

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
