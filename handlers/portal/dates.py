"""Moments as people read them: Bangkok time, Buddhist year in Thai."""

from datetime import date, datetime, timedelta

from babel.dates import get_month_names

from bot.clock import BANGKOK
from bot.texts import THAI

BUDDHIST = 543


def day(moment: date, language: str) -> str:
    """A date in words: `23 พฤศจิกายน 2569`, `23 November 2026`."""
    month = get_month_names("wide", locale=language)[moment.month]
    year = moment.year + (BUDDHIST if language == THAI else 0)
    return f"{moment.day} {month} {year}"


def spoken(moment: datetime, language: str) -> str:
    """A moment in words, in Bangkok."""
    local = moment.astimezone(BANGKOK)
    if language == THAI:
        return f"{day(local, language)} เวลา {local:%H:%M} น."
    return f"{day(local, language)}, {local:%H:%M} (Bangkok time)"


def minutes(span: timedelta) -> int:
    """A wait in whole minutes, never less than it is."""
    return max(1, -int(-span.total_seconds() // 60))
