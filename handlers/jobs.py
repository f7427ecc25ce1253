"""JOBS: what the clock calls, how often, and the one scheduler that ticks."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from bot.clock import BANGKOK
from bot.runtime import Bot, mailing
from bot.runtime.engine import Engine


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
    Job("mails", IntervalTrigger(seconds=2), lambda engine: mailing.drain(engine.bot)),
    Job("accounts", IntervalTrigger(seconds=5), Engine.drain_accounts),
    Job("drafts", IntervalTrigger(minutes=1), Engine.expire_drafts),
    Job("guardians", IntervalTrigger(minutes=1), Engine.expire_guardianships),
    Job("renewals", CronTrigger(hour=10, timezone=BANGKOK), Engine.renew_consents),
    Job("due erasures", IntervalTrigger(hours=1), Engine.erase_due),
    Job("erasures", IntervalTrigger(minutes=1), Engine.list_erasures),
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
        try:
            job.run(engine)
        except Exception as error:
            bot.log.error("job.failed", job=job.name, error=type(error).__name__)

    return tick
