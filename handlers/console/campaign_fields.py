"""The fields of an announcement's form: filled from a campaign, read back as a draft."""

from dataclasses import dataclass, field
from datetime import date, datetime, time

from werkzeug.datastructures import MultiDict

from bot.clock import BANGKOK
from bot.services.campaigns.audience import filters
from bot.services.campaigns.audience.filters import Audience
from bot.services.campaigns.content.problems import CampaignError, FieldProblem
from bot.services.campaigns.workflow import schedules
from bot.services.campaigns.workflow.campaigns import Draft
from bot.texts.dates import BUDDHIST_ERA
from handlers.console import campaign_parts
from handlers.console.campaign_parts import Said
from models.campaign import Campaign
from models.conversation import Language
from models.subscription import Channel

NOW, AT, RULE = "now", "at", "rule"
_LINES = ("name", "topic", "language", "course", "active_days", "quiet_days", "send_day",
          "send_time", "repeat", "month_day", "time", "until")  # fmt: skip


@dataclass
class Fields:
    """Everything as it was typed; nothing of it needs to be right."""

    content: Said
    name: str = ""
    topic: str = ""
    channels: list[str] = field(default_factory=lambda: [str(each) for each in Channel])
    language: str = ""
    course: str = ""
    active_days: str = ""
    quiet_days: str = ""
    tags: list[str] = field(default_factory=list)
    send: str = NOW
    send_day: str = ""
    send_time: str = ""
    repeat: str = "weekly"
    weekdays: list[str] = field(default_factory=list)
    month_day: str = ""
    time: str = ""
    until: str = ""
    revision: int = 0


def empty() -> Fields:
    """The form of a new announcement: one Thai text to begin with."""
    content = campaign_parts.of({})
    campaign_parts.change(content, "add:th.parts:text")
    return Fields(content)


def of(campaign: Campaign) -> Fields:
    """The form of a campaign."""
    audience = filters.read(campaign.audience)
    rule = schedules.form(campaign.rule, campaign.rule_until)
    at = campaign.send_at.astimezone(BANGKOK) if campaign.send_at else None
    return Fields(
        content=campaign_parts.of(campaign.content),
        name=campaign.name,
        topic=campaign.topic,
        channels=sorted(audience.channels),
        language=audience.language or "",
        course=audience.course or "",
        active_days=str(audience.active_days or ""),
        quiet_days=str(audience.quiet_days or ""),
        tags=list(audience.tags),
        send=RULE if campaign.rule else AT if at else NOW,
        send_day=f"{at:%Y-%m-%d}" if at else "",
        send_time=f"{at:%H:%M}" if at else "",
        repeat=rule.repeat if campaign.rule else "weekly",
        weekdays=list(rule.weekdays),
        month_day=rule.month_day,
        time=rule.time,
        until=rule.until,
        revision=campaign.revision,
    )


def read(form: MultiDict[str, str]) -> Fields:
    """What was typed."""
    revision = form.get("revision", "0")
    return Fields(
        content=campaign_parts.read(form.items()),
        channels=[each for each in form.getlist("channels") if each in set(Channel)],
        tags=form.getlist("tags"),
        send=form.get("send", NOW),
        weekdays=[each for each in form.getlist("weekdays") if each in schedules.WEEKDAYS],
        revision=int(revision) if revision.isdecimal() and len(revision) < 10 else 0,
        **{name: " ".join(form.get(name, "").split()).replace("\0", "") for name in _LINES},
    )


def draft(fields: Fields) -> Draft:
    """The draft that the fields say; raises CampaignError for what cannot even be kept."""
    found: list[FieldProblem] = []
    audience = _audience(fields, found)
    send_at = _moment(fields, found) if fields.send == AT else None
    rule, until = None, None
    if fields.send == RULE:
        try:
            rule, until = schedules.read_form(
                fields.repeat, fields.weekdays, fields.month_day, fields.time, fields.until
            )
        except CampaignError as error:
            found += error.problems
    if found:
        raise CampaignError(found)
    return Draft(
        name=fields.name,
        topic=fields.topic,
        content=campaign_parts.stored(fields.content),
        audience=audience,
        send_at=send_at,
        rule=rule,
        rule_until=until,
    )


def audience(fields: Fields) -> Audience:
    """The filters alone; raises CampaignError."""
    found: list[FieldProblem] = []
    made = _audience(fields, found)
    if found:
        raise CampaignError(found)
    return made


def _audience(fields: Fields, found: list[FieldProblem]) -> Audience:
    return Audience(
        channels=frozenset(Channel(each) for each in fields.channels),
        language=Language(fields.language) if fields.language in set(Language) else None,
        course=fields.course or None,
        active_days=_days(fields.active_days, "active_days", found),
        quiet_days=_days(fields.quiet_days, "quiet_days", found),
        tags=tuple(sorted(set(fields.tags))),
    )


def _days(typed: str, name: str, found: list[FieldProblem]) -> int | None:
    if not typed:
        return None
    if typed.isdecimal() and len(typed) <= 4 and 1 <= int(typed) <= filters.MAX_ACTIVITY_DAYS:
        return int(typed)
    found.append(FieldProblem(name, "out_of_range", most=filters.MAX_ACTIVITY_DAYS))
    return None


def _moment(fields: Fields, found: list[FieldProblem]) -> datetime | None:
    try:
        day = date.fromisoformat(fields.send_day)
        if day.year > 2400:  # a year of the Buddhist era, typed by hand
            day = day.replace(year=day.year - BUDDHIST_ERA)
        at = time.fromisoformat(fields.send_time.replace(".", ":"))
        return datetime.combine(day, at.replace(tzinfo=None), BANGKOK)
    except ValueError:
        is_missing = not fields.send_day or not fields.send_time
        found.append(FieldProblem("send_at", "needed" if is_missing else "unknown"))
        return None
