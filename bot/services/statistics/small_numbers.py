"""Hides small numbers, and as many others as it takes that nobody can work them out.

A count under five may tell about a person. It is hidden as "fewer than 5"; what would give it away
by subtraction is withheld with it (complementary suppression). This protects one page; it cannot
hide that a figure grew by one between two looks at it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

MIN_SHOWN = 5
_MOST_SMALL = MIN_SHOWN - 1


class Mark(StrEnum):
    """Why a figure does not stand there."""

    SMALL = "small"  # it is under five
    WITHHELD = "withheld"  # it would tell another one


@dataclass(frozen=True)
class Cell:
    """A figure that may be shown, or why not."""

    value: int | None
    mark: Mark | None = None


_SMALL, _WITHHELD = Cell(None, Mark.SMALL), Cell(None, Mark.WITHHELD)


def alone(value: int) -> Cell:
    """A figure that no other one on the page adds up with."""
    return Cell(value) if value >= MIN_SHOWN else _SMALL


def with_total(parts: Sequence[int]) -> tuple[list[Cell], Cell]:
    """Parts and their sum, which stands beside them.

    As many of the smaller parts are withheld as leave every small one with its whole range from 0
    to 4; where that is impossible, the sum is withheld instead.
    """
    small = {place for place, value in enumerate(parts) if value < MIN_SHOWN}
    total = alone(sum(parts))
    withheld: set[int] = set()
    if small and total.value is not None:
        others = sorted(set(range(len(parts))) - small, key=lambda place: parts[place])
        while not _is_safe(parts, small, withheld):
            if not others:
                withheld, total = set(), _WITHHELD
                break
            withheld.add(others.pop(0))
    cells = [
        _SMALL if place in small else _WITHHELD if place in withheld else Cell(value)
        for place, value in enumerate(parts)
    ]
    return cells, total


def _is_safe(parts: Sequence[int], small: set[int], withheld: set[int]) -> bool:
    """Whether every small part could be anything from 0 to 4, for somebody who knows the sum."""
    hidden = sum(parts[place] for place in small | withheld)
    room = hidden - MIN_SHOWN * len(withheld)  # what the withheld ones hold at least
    if withheld:
        return room >= _MOST_SMALL
    return _MOST_SMALL <= room <= _MOST_SMALL * (len(small) - 1)


def nested(values: Sequence[int]) -> list[Cell]:
    """Figures of which each holds the next: five or more lie between two that are shown."""
    cells: list[Cell] = []
    last: int | None = None
    for value in values:
        if value < MIN_SHOWN:
            cells.append(_SMALL)
        elif last is not None and last - value < MIN_SHOWN:
            cells.append(_WITHHELD)
        else:
            cells.append(Cell(value))
            last = value
    return cells
