"""Where the time comes from: a function that is passed in, so that tests can turn it."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

Clock = Callable[[], datetime]

BANGKOK = ZoneInfo("Asia/Bangkok")


def system_clock() -> datetime:
    """The machine's time as an aware UTC datetime."""
    return datetime.now(UTC)


def is_waiting(until: datetime | None, now: datetime, longest: timedelta) -> bool:
    """Whether a wait that was remembered is still on.

    longest: how long it can be at most. One that ends later was written by a clock that was wrong,
    and is over: otherwise a clock that is set back would stop whoever waits.
    """
    return until is not None and now < until <= now + longest


def stopwatch() -> Callable[[], int]:
    """Begin to measure; the function that is returned says how many milliseconds have passed.

    It goes by a clock that nobody sets, so it never runs backwards. It is for logs only: what
    decides anything goes by the clock that is passed in.
    """
    began = time.perf_counter()
    return lambda: int(1000 * (time.perf_counter() - began))
