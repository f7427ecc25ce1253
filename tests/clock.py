"""A clock that tests turn by hand."""

from datetime import UTC, datetime, timedelta


class FakeClock:
    """Callable like every Clock; stands still until it is advanced."""

    def __init__(self, start: datetime | None = None) -> None:
        self.time = start or datetime(2026, 11, 23, 3, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def advance(self, **span: float) -> None:
        """Turn forward by a timedelta's arguments, e.g. advance(hours=25)."""
        self.time += timedelta(**span)
