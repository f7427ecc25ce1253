"""The step of every rate limit (GCRA): one moment tells what has been used of a rate.

`at` is the moment until which all turns are taken, one each `interval`; what lies up to `burst`
ahead of now may still go.
"""

from datetime import datetime, timedelta


def standing(at: datetime, now: datetime, furthest: timedelta) -> datetime:
    """The moment as it counts now.

    furthest: how far ahead use alone can have put it. What lies beyond was written by a clock that
    was wrong and has been set back since: nothing of it is taken.
    """
    return at if at <= now + furthest else now


def taken(at: datetime, now: datetime, span: timedelta) -> datetime:
    """The moment after a span more is taken; `line_rate_limit` has the same in SQL."""
    return max(at, now) + span


def room(at: datetime, now: datetime, interval: timedelta, burst: timedelta) -> int:
    """How many turns are free."""
    return max((now + burst - max(at, now)) // interval, 0)


def wait(at: datetime, now: datetime, interval: timedelta, burst: timedelta) -> timedelta:
    """How long until one turn is free; zero where one is."""
    return max(taken(at, now, interval) - now - burst, timedelta())
