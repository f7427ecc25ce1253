"""When a repeated announcement comes, in a sentence."""

from collections.abc import Sequence
from datetime import datetime

from babel.dates import get_day_names

from bot.clock import BANGKOK
from bot.services.campaigns.workflow import schedules
from bot.texts import THAI, Translator
from bot.texts.dates import shown_day


def words(rule: str, t: Translator, until: datetime | None = None) -> str:
    """A rule in a sentence: `ทุกวันจันทร์และพฤหัสบดี เวลา 10:00 น. จนถึง 31 ธันวาคม 2569`."""
    read = schedules.parsed(rule)
    if read is None:
        return rule
    at = f"{read.at:%H:%M}"
    if read.weekdays == schedules.WEEKDAYS:
        said = t("every day at {time}", time=at)
    elif read.weekdays:
        said = t("every {days} at {time}", days=_listed(read.weekdays, t), time=at)
    elif read.day == schedules.LAST:
        said = t("on the last day of every month at {time}", time=at)
    else:
        said = t("on day {day} of every month at {time}", day=read.day, time=at)
    if until is None:
        return said
    day = shown_day(until.astimezone(BANGKOK), t.language)
    return t("{rule}, until {day}", rule=said, day=day)


def _listed(weekdays: Sequence[str], t: Translator) -> str:
    names = get_day_names("wide", locale=t.language)
    said = [str(names[schedules.WEEKDAYS.index(day)]) for day in weekdays]
    if t.language == THAI:  # "ทุกวันจันทร์และพฤหัสบดี": the word for day is said once
        said = [said[0], *(name.removeprefix("วัน") for name in said[1:])]
    if len(said) == 1:
        return said[0]
    return t("{some} and {last}", some=", ".join(said[:-1]), last=said[-1])
