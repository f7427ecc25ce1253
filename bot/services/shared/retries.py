"""How long to wait for another try: twice as long after each, up to a longest wait."""

from datetime import timedelta

_FAR = 20  # doublings, after which every wait is its longest


def wait(
    first: timedelta, failures: int, longest: timedelta | None = None, *, spread: float = 1
) -> timedelta:
    """The wait after so many failures.

    spread: a factor by chance, so that what failed together does not come back together; it also
    varies the longest wait.
    """
    doubled: timedelta = first * 2 ** min(failures, _FAR)
    return (doubled if longest is None else min(doubled, longest)) * spread


def by_chance(hexadecimal: str) -> float:
    """From 0 to 1, by four hexadecimal digits that are chance."""
    return int(hexadecimal, 16) / 0xFFFF
