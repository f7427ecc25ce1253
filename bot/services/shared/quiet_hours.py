"""When nobody is to be woken: no news between two hours of the night in Thailand (policy R49)."""

from datetime import datetime, time, timedelta

from bot.clock import BANGKOK

BEGIN, END = time(21), time(8)


def shown_begin() -> str:
    """When the quiet hours begin, as sentences say it."""
    return f"{BEGIN:%H:%M}"


def shown_end() -> str:
    """When they end."""
    return f"{END:%H:%M}"


def is_quiet(moment: datetime) -> bool:
    """Whether no news may go out at a moment."""
    local = moment.astimezone(BANGKOK).time()
    return local >= BEGIN or local < END


def next_open(moment: datetime) -> datetime:
    """The moment itself, or the end of the quiet hours that it lies in."""
    if not is_quiet(moment):
        return moment
    local = moment.astimezone(BANGKOK)
    day = local.date() + (timedelta(days=1) if local.time() >= BEGIN else timedelta())
    return datetime.combine(day, END, BANGKOK).astimezone(moment.tzinfo)
