"""Moments as people in Thailand read them: Bangkok time, Buddhist years in Thai."""

from datetime import datetime

from babel.dates import format_datetime

from bot.clock import BANGKOK

BUDDHIST_ERA = 543


def shown_time(at: datetime, language: str) -> str:
    """23 พฤศจิกายน 2569 เวลา 10:05 น. in Thai; 23 November 2026, 10:05 in English."""
    local = at.astimezone(BANGKOK)
    if language == "th":
        month = format_datetime(local, "MMMM", locale="th")
        year = local.year + BUDDHIST_ERA
        return f"{local.day} {month} {year} เวลา {local:%H:%M} น."
    return format_datetime(local, "d MMMM y, HH:mm", locale="en")
