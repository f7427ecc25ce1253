"""Where the time comes from: a function that is passed in, so that tests can turn it."""

from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

Clock = Callable[[], datetime]

BANGKOK = ZoneInfo("Asia/Bangkok")


def system_clock() -> datetime:
    """The machine's time as an aware UTC datetime."""
    return datetime.now(UTC)
