"""Dates in cells of a spreadsheet: Christian and Buddhist years, names of months, times behind."""

import re
from collections.abc import Iterable
from datetime import date
from enum import StrEnum

from babel.dates import get_month_names

from bot.errors import InputError
from bot.services.people import inputs
from bot.texts.dates import BUDDHIST_ERA
from bot.unicode import nfkc

LONGEST = 60  # characters
_FIRST_YEAR, _LAST_YEAR = 1900, 2200
_BEHIND = r"(?:[T,\s]\s?[\w:.,\s+-]*)?"  # a time of day, as forms write it
_ISO = re.compile(rf"(\d{{4}})[-/.](\d{{1,2}})[-/.](\d{{1,2}}){_BEHIND}")
_SHORT = re.compile(rf"(\d{{1,2}})[/.-](\d{{1,2}})[/.-](\d{{4}}){_BEHIND}")
_NAMED = re.compile(rf"(\d{{1,2}})[\s-]?([^\W\d][^\d\s-]{{1,11}}|[^\W\d]+)[\s-]?(\d{{4}}){_BEHIND}")
_MONTHS = {
    name.casefold().replace(".", ""): number
    for language in ("th", "en")
    for width in ("wide", "abbreviated")
    for number, name in get_month_names(width, locale=language).items()
}


class DateOrder(StrEnum):
    """What a file means by 6/5/2026."""

    DAY = "day"  # first, as in Thailand
    MONTH = "month"  # first, as in the United States
    UNSURE = "unsure"  # some of its dates can only be meant otherwise: somebody has to say


def question(cells: Iterable[str]) -> tuple[str, str] | None:
    """A date that cannot have the day first, and one that can be meant both ways; None without.

    Where one date of a file has the month first, or is wrong, nobody knows about the others.
    """
    odd = two_ways = None
    for cell in cells:
        found = _SHORT.fullmatch(_plain(cell))
        if found is None:
            continue
        one, other = int(found[1]), int(found[2])
        if other > 12:
            odd = odd or cell
        elif one <= 12 and one != other:
            two_ways = two_ways or cell
        if odd and two_ways:
            return odd, two_ways
    return (odd, odd) if odd and _is_month_first(odd) else None


def _is_month_first(cell: str) -> bool:
    found = _SHORT.fullmatch(_plain(cell))
    return found is not None and int(found[1]) <= 12


def read(cell: str, order: DateOrder) -> date:
    """The date; raises InputError date_invalid, or date_two_ways where it can be meant two ways."""
    found = days(cell, order)
    if len(found) > 1:
        raise InputError("date_two_ways")
    return found[0]


def days(cell: str, order: DateOrder) -> list[date]:
    """Every date that a cell can mean; raises InputError date_invalid where that is none."""
    said = _plain(cell)
    if found := _ISO.fullmatch(said):
        year, month, day = (int(part) for part in found.groups())
        readings = [(year, month, day)]
    elif found := _SHORT.fullmatch(said):
        one, other, year = (int(part) for part in found.groups())
        ways = {DateOrder.DAY: [(other, one)], DateOrder.MONTH: [(one, other)]}
        both = [(other, one), (one, other)]
        readings = [(year, *way) for way in ways.get(order, both)]
    elif (found := _NAMED.fullmatch(said)) and (named := _month(found[2])):
        readings = [(int(found[3]), named, int(found[1]))]
    else:
        raise InputError("date_invalid")
    dates = sorted({that for reading in readings if (that := _date(*reading)) is not None})
    if not dates:
        raise InputError("date_invalid")
    return dates


def _plain(cell: str) -> str:
    return inputs.latin_digits(nfkc(cell.strip())) if len(cell) <= LONGEST else ""


def _month(name: str) -> int | None:
    return _MONTHS.get(name.casefold().replace(".", ""))


def _date(year: int, month: int, day: int) -> date | None:
    year -= BUDDHIST_ERA if year > _LAST_YEAR else 0
    try:
        return date(year, month, day) if _FIRST_YEAR <= year <= _LAST_YEAR else None
    except ValueError:
        return None
