"""Moments as people read them: Bangkok time, Buddhist years in Thai."""

from datetime import date, datetime

from babel.dates import get_month_names

from bot.clock import BANGKOK

BUDDHIST_ERA = 543


def shown_day(day: date, language: str) -> str:
    """A date in words: `23 พฤศจิกายน 2569`, `23 November 2026`."""
    month = get_month_names("wide", locale=language)[day.month]
    year = day.year + (BUDDHIST_ERA if language == "th" else 0)
    return f"{day.day} {month} {year}"


def shown_time(at: datetime, language: str) -> str:
    """A moment in words, in Bangkok."""
    local = at.astimezone(BANGKOK)
    if language == "th":
        return f"{shown_day(local, language)} เวลา {local:%H:%M} น."
    return f"{shown_day(local, language)}, {local:%H:%M} (Bangkok time)"
