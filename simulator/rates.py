"""Rate limits: a token bucket for every endpoint, filled by the clock that is passed in."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from simulator.problems import ApiError


@dataclass(frozen=True)
class Rate:
    """So many calls in so many seconds; the bucket holds one second's worth, or one window's.

    LINE does not publish its bucket's size: for limits by the second it is one second's calls here,
    for limits by the minute or the hour the whole window's.
    """

    calls: float
    seconds: float = 1.0


DEFAULT = Rate(2000)
HOURLY = Rate(60, 3600)
RATES: Mapping[str, Rate] = {
    "multicast": Rate(200),
    "loading": Rate(100),
    "broadcast": HOURLY,
    "narrowcast": HOURLY,
    "webhook/test": HOURLY,
    "insight/aggregation": HOURLY,
    "webhook/endpoint:get": Rate(1000, 60),
    "webhook/endpoint:set": Rate(1000, 60),
    "richmenu/create": Rate(100, 3600),
    "richmenu/delete": Rate(100, 3600),
    "richmenu/alias:delete": Rate(100, 3600),
    "richmenu/batch": Rate(3, 3600),
    "richmenu/list": Rate(10),
}


@dataclass
class _Bucket:
    left: float
    at: datetime


class RateLimits:
    """The limits of the reference, "Rate limits"; replace entries of `table` to tighten them."""

    def __init__(self, table: Mapping[str, Rate] = RATES, default: Rate = DEFAULT) -> None:
        self.table = dict(table)
        self.default = default
        self._buckets: dict[str, _Bucket] = {}

    def take(self, endpoint: str, now: datetime) -> None:
        rate = self.table.get(endpoint, self.default)
        bucket = self._buckets.setdefault(endpoint, _Bucket(rate.calls, now))
        passed = max(0.0, (now - bucket.at).total_seconds())
        bucket.left = min(rate.calls, bucket.left + passed * rate.calls / rate.seconds)
        bucket.at = now
        # A hair of slack, so that a whole period of small steps fills a whole call.
        if bucket.left < 1 - 1e-9:
            raise rate_exceeded()
        bucket.left -= 1


def rate_exceeded() -> ApiError:
    """No Retry-After: LINE documents none."""
    return ApiError(429, "The API rate limit has been exceeded. Try again later.")


def quota_exceeded() -> ApiError:
    """The same status as a rate limit; only the words differ (reference, "Error messages")."""
    return ApiError(429, "You have reached your monthly limit.")
