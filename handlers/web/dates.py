"""Spans of time as people read them."""

from datetime import timedelta


def minutes(span: timedelta) -> int:
    """A wait in whole minutes, never less than it is."""
    return max(1, -int(-span.total_seconds() // 60))
