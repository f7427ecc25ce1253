"""Moments as people read them: Bangkok time, Buddhist years in Thai; and how long something is."""

from datetime import date, datetime, timedelta

from babel.dates import get_month_names

from bot.clock import BANGKOK
from bot.texts import Translator

BUDDHIST_ERA = 543


def shown_day(day: date, language: str) -> str:
    """A date in words: `23 พฤศจิกายน 2569`, `23 November 2026`."""
    month = get_month_names("wide", locale=language)[day.month]
    year = day.year + (BUDDHIST_ERA if language == "th" else 0)
    return f"{day.day} {month} {year}"


def shown_time(at: datetime, language: str) -> str:
    """A moment in words, in Bangkok."""
    day, clock = shown_day(at.astimezone(BANGKOK), language), shown_clock(at, language)
    return f"{day} เวลา {clock}" if language == "th" else f"{day}, {clock}"


def shown_clock(at: datetime, language: str) -> str:
    """What the clock says in Bangkok at a moment of today, in whole minutes and never too late."""
    clock = f"{at.astimezone(BANGKOK):%H:%M}"
    return f"{clock} น." if language == "th" else f"{clock} (Bangkok time)"


def shown_span(t: Translator, span: timedelta) -> str:
    """How long something is, in its largest whole unit: `10 minutes`, `24 hours`, `24 months`.

    A day is said as 24 hours: a deadline does not end at midnight.
    """
    if span >= timedelta(days=3 * 365):
        return t("{n} years", n=round(span / timedelta(days=365.25)))
    if span >= timedelta(days=730) and not span.days % 365:
        return t("{n} months", n=span.days // 365 * 12)
    if span > timedelta(days=1) and not span % timedelta(days=1):
        return t("{n} days", n=span.days)
    if not span % timedelta(hours=1):
        hours = span // timedelta(hours=1)
        return t("1 hour") if hours == 1 else t("{n} hours", n=hours)
    if not span % timedelta(minutes=1):
        minutes = span // timedelta(minutes=1)
        return t("1 minute") if minutes == 1 else t("{n} minutes", n=minutes)
    return t("{n} seconds", n=round(span.total_seconds()))
