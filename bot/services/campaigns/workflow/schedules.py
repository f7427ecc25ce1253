"""When a repeated announcement comes: rules as cron lines in Bangkok's time.

Two shapes only, so that every rule can be said in a sentence: on days of the week, or on a day of
the month. APScheduler's CronTrigger finds the times.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from apscheduler.triggers.cron import CronTrigger

from bot.clock import BANGKOK
from bot.services.campaigns.content.problems import CampaignError, FieldProblem
from bot.services.shared import quiet_hours
from bot.services.subscriptions import frequency_cap
from bot.texts.dates import BUDDHIST_ERA

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LAST = "last"
LATEST_DAY = 28  # every month has it; whoever means the end says so
WINDOW = frequency_cap.WINDOW  # of the frequency cap
_RULE = re.compile(r"(\d{1,2}) (\d{1,2}) (\*|\d{1,2}|last) \* (\*|[a-z]{3}(?:,[a-z]{3})*)")
_TIME = re.compile(r"([01]?\d|2[0-3])[:.]([0-5]\d)")


@dataclass(frozen=True)
class Form:
    """A rule as a form shows it; `repeat` is no, weekly or monthly."""

    repeat: str = "no"
    weekdays: tuple[str, ...] = ()
    month_day: str = ""
    time: str = ""
    until: str = ""


def weekly(weekdays: Sequence[str], at: time) -> str:
    """The rule of some days of every week."""
    days = ",".join(day for day in WEEKDAYS if day in weekdays)
    return f"{at.minute} {at.hour} * * {days}"


def monthly(day: int | str, at: time) -> str:
    """The rule of one day of every month: 1 to 28, or `last`."""
    return f"{at.minute} {at.hour} {day} * *"


def read_form(
    repeat: str, weekdays: Sequence[str], month_day: str, at: str, until: str
) -> tuple[str | None, datetime | None]:
    """The rule that was filled in and its end; raises CampaignError naming every wrong field.

    until is yyyy-mm-dd as a date field sends it, or empty: without an end.
    """
    if repeat in {"", "no"}:
        return None, None
    found: list[FieldProblem] = []
    clock, last = _time(at), _day(until)
    if repeat not in {"weekly", "monthly"}:
        found.append(FieldProblem("repeat", "unknown"))
    if clock is None:
        found.append(FieldProblem("time", "needed" if not at.strip() else "unknown"))
    days = [day for day in WEEKDAYS if day in weekdays]
    if repeat == "weekly" and not days:
        found.append(FieldProblem("weekdays", "choose_one"))
    day = month_day.strip().lstrip("0") or ("0" if month_day.strip() else "")
    if repeat == "monthly" and not (
        day == LAST or (day.isdecimal() and day.isascii() and 1 <= int(day) <= LATEST_DAY)
    ):
        found.append(FieldProblem("month_day", "out_of_range", most=LATEST_DAY))
    if until.strip() and last is None:
        found.append(FieldProblem("until", "unknown"))
    if found or clock is None:
        raise CampaignError(found)
    rule = weekly(days, clock) if repeat == "weekly" else monthly(day, clock)
    return rule, datetime.combine(last, time(23, 59), BANGKOK) if last else None


def form(rule: str | None, until: datetime | None) -> Form:
    """What a form shows for a stored rule."""
    read = parsed(rule)
    if read is None:
        return Form()
    return Form(
        "weekly" if read.weekdays else "monthly",
        read.weekdays,
        read.day,
        f"{read.at:%H:%M}",
        f"{until.astimezone(BANGKOK):%Y-%m-%d}" if until else "",
    )


def problems(rule: str | None, until: datetime | None, now: datetime) -> list[FieldProblem]:
    """What is wrong with a rule, by field: quiet hours (policy R49), or no time left."""
    if rule is None:
        return []
    read = parsed(rule)
    if read is None:
        return [FieldProblem("rule", "unknown")]
    found = []
    if quiet_hours.is_quiet(datetime.combine(date(2026, 1, 1), read.at, BANGKOK)):
        found.append(FieldProblem("time", "quiet"))
    if not next_times(rule, now, 1, until):
        found.append(FieldProblem("until", "past"))
    return found


def next_times(
    rule: str, after: datetime, most: int, until: datetime | None = None
) -> list[datetime]:
    """The next moments of a rule after one, at most so many and none behind its end."""
    found: list[datetime] = []
    for moment in _times(rule, after):
        if len(found) >= most or (until is not None and moment > until):
            break
        found.append(moment.astimezone(after.tzinfo))
    return found


def times_within(rule: str, now: datetime, until: datetime | None = None) -> int:
    """How often a series comes within 30 days, as far as it goes on."""
    end = min(filter(None, (until, now + WINDOW)))
    return len(next_times(rule, now, WINDOW.days, end))


def is_too_often(rule: str, now: datetime, most: int) -> bool:
    """Whether it comes more often in 30 days than one person may get news at all.

    Allowed, but said: its readers would get nothing else, and miss some of it.
    """
    times = next_times(rule, now, most + 1)
    return len(times) > most and times[-1] - times[0] < WINDOW


@dataclass(frozen=True)
class ScheduleRule:
    """A rule taken apart."""

    at: time
    weekdays: tuple[str, ...]  # none of them: by the day of the month
    day: str


def parsed(rule: str | None) -> ScheduleRule | None:
    """A rule as it is stored, taken apart; None where it is none."""
    found = _RULE.fullmatch(rule or "")
    if found is None:
        return None
    minute, hour, day, weekdays = found.groups()
    if int(minute) > 59 or int(hour) > 23 or (day == "*") == (weekdays == "*"):
        return None
    listed = () if weekdays == "*" else tuple(weekdays.split(","))
    if any(each not in WEEKDAYS for each in listed):
        return None
    if day.isdecimal() and not 1 <= int(day) <= LATEST_DAY:
        return None
    in_order = tuple(each for each in WEEKDAYS if each in listed)
    return ScheduleRule(time(int(hour), int(minute)), in_order, "" if day == "*" else day)


def _times(rule: str, after: datetime) -> Iterator[datetime]:
    trigger = CronTrigger.from_crontab(rule, timezone=BANGKOK)
    moment = after.astimezone(BANGKOK)
    while True:
        following = trigger.get_next_fire_time(None, moment + timedelta(microseconds=1))
        if following is None:
            return
        moment = following
        yield moment


def _time(text: str) -> time | None:
    found = _TIME.fullmatch(text.strip())
    return time(int(found[1]), int(found[2])) if found else None


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text.strip())
        # A year of the Buddhist era, typed by hand.
        return found.replace(year=found.year - BUDDHIST_ERA) if found.year > 2400 else found
    except ValueError:
        return None
