"""Jobs come round whatever the clock on the wall says, and a rule of the calendar comes once."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from apscheduler.triggers.cron import CronTrigger

from bot.clock import BANGKOK
from handlers.jobs import JOBS, Calendar, Job, Ticker
from tests.clock import FakeClock

AT_TEN = CronTrigger(hour=10, timezone=BANGKOK)
NOON = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)  # in Bangkok


@pytest.mark.parametrize("step", [timedelta(hours=25), -timedelta(hours=25), -timedelta(hours=1)])
def test_a_clock_that_is_set_stops_no_job(step):
    clock, came = FakeClock(), [threading.Semaphore(0) for _ in range(2)]
    jobs = [Job("often", timedelta(milliseconds=1), print), Job("also", timedelta(0), print)]
    ticker = Ticker([(job, turn.release) for job, turn in zip(jobs, came, strict=True)], clock)
    ticker.start()
    try:
        for _ in range(2):
            assert all(turn.acquire(timeout=10) for turn in came for _ in range(3))
            clock.time += step
    finally:
        ticker.shutdown(wait=True)
    assert not any(thread.is_alive() for thread in ticker._threads)


def test_a_job_is_never_on_twice_at_once():
    on, seen, done = threading.Lock(), [], threading.Semaphore(0)

    def tick():
        seen.append(on.acquire(blocking=False))
        done.release()
        on.release()

    ticker = Ticker([(Job("one", timedelta(0), print), tick)], FakeClock())
    ticker.start()
    assert all(done.acquire(timeout=10) for _ in range(5))
    ticker.shutdown(wait=True)
    assert all(seen)


@pytest.mark.parametrize(
    ("turns", "due"),
    [
        # hours after noon at which somebody looks, and whether ten o'clock has come
        ([1, 21, 23, 47], [False, False, True, True]),
        ([22, 22, 22.1], [True, False, False]),
        ([70, 71], [True, False]),  # three mornings that were missed are one
        ([25, 0, 21, 22], [True, False, False, True]),  # ahead for a while, then right again
        ([-1, 0, 22], [False, False, True]),
        ([-3, -1.9, 0, 22], [False, True, False, True]),  # what came twice comes twice
    ],
)
def test_a_time_of_the_calendar_comes_once(turns, due):
    calendar = Calendar(AT_TEN, NOON)
    assert [calendar.is_due(NOON + timedelta(hours=hours)) for hours in turns] == due


def test_the_clock_is_looked_after_more_often_than_a_minute():
    (watch,) = [job for job in JOBS if job.name == "clock"]
    assert watch.when <= timedelta(seconds=10)
