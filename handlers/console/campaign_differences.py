"""Two versions of an announcement side by side: where they differ, said in words."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.presentation import campaign_words, formatting, schedule_words
from bot.presentation.labels import label
from bot.services.campaigns.audience import filters
from bot.services.campaigns.workflow.campaigns import Draft
from bot.services.courses import courses
from bot.services.subscriptions import topics
from bot.settings import Settings
from bot.texts import Translator
from handlers.console import campaign_parts
from models.campaign import Campaign

Facts = dict[str, tuple[Any, str]]  # by the field's path: the value to compare, and its words


@dataclass(frozen=True)
class Difference:
    """One field of two versions; of pictures the id, so that both can be looked at."""

    place: str
    mine: str
    theirs: str
    is_picture: bool


def of(campaign: Campaign) -> Draft:
    """What stands in a campaign's row, as a form would hand it in."""
    return Draft(
        name=campaign.name,
        topic=campaign.topic,
        content=campaign_parts.stored(campaign_parts.of(campaign.content)),
        audience=filters.read(campaign.audience),
        send_at=campaign.send_at,
        rule=campaign.rule,
        rule_until=campaign.rule_until,
    )


def between(t: Translator, mine: Draft, theirs: Draft, settings: Settings) -> list[Difference]:
    """Every field that differs; what only the other version has stands last."""
    here, there = _facts(t, mine, settings), _facts(t, theirs, settings)
    nothing = (None, "")
    return [
        Difference(
            campaign_words.place(t, path),
            here.get(path, nothing)[1],
            there.get(path, nothing)[1],
            path.endswith(".picture"),
        )
        for path in here | there
        if here.get(path, nothing)[0] != there.get(path, nothing)[0]
    ]


def _facts(t: Translator, draft: Draft, settings: Settings) -> Facts:
    audience = draft.audience
    topic_titles = {each.id: each.title for each in topics.load(settings.news_dir)}
    course_titles = {each.id: each.title for each in courses.load(settings.courses_dir)}
    channels = [label(each, t) for each in sorted(audience.channels)]
    readers = {
        None: t("All languages"),
        "th": t("Only people who read Thai"),
        "en": t("Only people who read English"),
    }
    found: Facts = {
        "name": (draft.name, draft.name),
        "topic": (draft.topic, _title(t, topic_titles, draft.topic)),
    }
    found |= {path: (value, said) for path, value, said in _content(t, "", draft.content)}
    return found | {
        "channels": (audience.channels, ", ".join(channels)),
        "language": (audience.language, readers[audience.language]),
        "course": (
            audience.course,
            _title(t, course_titles, audience.course)
            if audience.course
            else t("All, with or without a course"),
        ),
        "active_days": (audience.active_days, _days(t, audience.active_days)),
        "quiet_days": (audience.quiet_days, _days(t, audience.quiet_days)),
        "tags": (set(audience.tags), ", ".join(sorted(audience.tags))),
        "send": ((draft.send_at, draft.rule, draft.rule_until), _plan(t, draft, settings)),
    }


def _content(t: Translator, path: str, value: Any) -> Iterator[tuple[str, Any, str]]:
    """Every filled field of the content by its path."""
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from _content(t, f"{path}.{key}" if path else key, each)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _content(t, f"{path}.{index}", each)
    elif value:
        is_kind = path.endswith(".type")
        yield path, value, t(campaign_words.PARTS[value]) if is_kind else str(value)


def _title(t: Translator, titles: Mapping[str, Mapping[str, str]], found: str) -> str:
    return titles.get(found, {}).get(t.language, found)


def _days(t: Translator, days: int | None) -> str:
    return "" if days is None else t("{n} days", n=days)


def _plan(t: Translator, draft: Draft, settings: Settings) -> str:
    if draft.rule is not None:
        return schedule_words.words(draft.rule, t, draft.rule_until)
    if draft.send_at is not None:
        return formatting.moment(t, draft.send_at)
    return formatting.at_once(t, settings)
