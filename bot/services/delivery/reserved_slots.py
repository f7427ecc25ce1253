"""When calls to LINE may begin: turns reserved in bulk, kept by our own clock, lost if missed.

A turn is a moment; turns of one endpoint lie at least 1 / (SHARE of LINE's ceiling) apart over all
processes, and each is used within TOLERANCE of its moment or not at all. So no span of a second
ever holds more than SHARE * (1 + TOLERANCE) = 99.9 % of the ceiling: a process that was held up
cannot make up for it in a burst.
"""

from collections import deque
from math import inf

SHARE = 0.97
TOLERANCE = 0.03  # seconds
# What is left of it where the database is far away: below this no turn could ever be met.
MIN_TOLERANCE = 0.005


class Offset:
    """How far the database's clock is ahead of our monotonic one.

    Each answer of the database bounds it from both sides; the bounds of several answers are
    narrower than those of any one. Where they contradict each other a clock was set: the newest
    alone counts.
    """

    def __init__(self) -> None:
        self._low, self._high = -inf, inf

    def saw(self, theirs: float, before: float, after: float) -> None:
        """Their clock read `theirs` at some moment between our `before` and `after`."""
        low, high = theirs - after, theirs - before
        self._low, self._high = max(self._low, low), min(self._high, high)
        if self._low > self._high:
            self._low, self._high = low, high

    @property
    def doubt(self) -> float:
        """How many seconds the bounds lie apart."""
        return self._high - self._low

    def ours(self, theirs: float) -> float:
        """The latest moment of ours that theirs can be: no turn is taken early."""
        return theirs - self._low


class Turns:
    """The turns of one endpoint that one process has reserved and not yet used.

    It asks for more before it runs out, for twice as many after each bulk that was used, and for
    fewer after turns were lost: what a process cannot use is left to the others.
    """

    def __init__(self, per_second: float, most: int) -> None:
        self.interval = 1 / per_second
        self._most = most
        self._bulk = 1
        self._lost = 0
        self._waiting: deque[tuple[float, float]] = deque()  # its moment, and when it is lost

    def wanted(self, now: float) -> int:
        """How many to reserve now; 0 while enough are left."""
        self._drop(now)
        if self._waiting and len(self._waiting) > self._bulk // 2:
            return 0
        self._bulk = max(1, self._bulk - 2 * self._lost) if self._lost else 2 * self._bulk
        self._bulk, self._lost = min(self._bulk, self._most), 0
        return self._bulk

    def add(self, first: float, count: int, doubt: float = 0.0) -> None:
        """Reserved turns, the first one at the moment `first` of our clock."""
        tolerance = max(TOLERANCE - doubt, MIN_TOLERANCE)
        for number in range(count):
            moment = first + number * self.interval
            self._waiting.append((moment, moment + tolerance))

    def next(self, now: float) -> float | None:
        """Seconds until the next turn, which is taken where that is 0; None where none is left."""
        self._drop(now)
        if not self._waiting:
            return None
        wait = self._waiting[0][0] - now
        if wait > 0:
            return wait
        self._waiting.popleft()
        return 0.0

    def forget(self) -> None:
        """Give up what is reserved, because LINE wants a pause."""
        self._waiting.clear()
        self._bulk, self._lost = 1, 0

    def _drop(self, now: float) -> None:
        while self._waiting and self._waiting[0][1] < now:
            self._waiting.popleft()
            self._lost += 1
