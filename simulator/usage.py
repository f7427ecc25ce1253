"""What was sent and what it costs: recipients by month against the quota, and by day."""

from collections import Counter
from datetime import datetime, timedelta, timezone

from simulator.rates import quota_exceeded

# LINE's statistics count days in UTC+9; when the month begins is not published, so it is the same.
LINE_TIME = timezone(timedelta(hours=9))


class Usage:
    """Counts recipients, not messages (documentation, "Messaging API pricing")."""

    def __init__(self, quota: int | None) -> None:
        self.quota = quota
        self.free = 0
        self.delivered: Counter[tuple[str, str]] = Counter()
        self._paid: Counter[str] = Counter()

    def paid(self, now: datetime) -> int:
        return self._paid[self._month(now)]

    def check(self, recipients: int, now: datetime) -> None:
        """Nobody gets anything when not everybody can."""
        if recipients and self.quota is not None and self.paid(now) + recipients > self.quota:
            raise quota_exceeded()

    def count_paid(self, via: str, recipients: int, now: datetime) -> None:
        self._paid[self._month(now)] += recipients
        self.delivered[via, day(now)] += recipients

    def count_free(self, now: datetime) -> None:
        self.free += 1
        self.delivered["reply", day(now)] += 1

    @staticmethod
    def _month(now: datetime) -> str:
        return now.astimezone(LINE_TIME).strftime("%Y%m")


def day(now: datetime) -> str:
    return now.astimezone(LINE_TIME).strftime("%Y%m%d")
