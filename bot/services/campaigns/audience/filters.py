"""Who may get a campaign: the narrowing filters that staff choose, checked and put into SQL."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, exists, false, select

from bot.services.campaigns.content.problems import FieldProblem
from bot.services.courses import courses, progress
from bot.settings import Settings
from models.conversation import Conversation, Language
from models.learner import Learner
from models.subscription import Channel
from models.tag import LearnerTag

MAX_ACTIVITY_DAYS = 3650  # days
MAX_TAGS = 10
BY_USE = ("course", "active_days", "quiet_days")


@dataclass(frozen=True)
class Audience:
    """Every filter narrows; an empty one leaves everybody in. All of them hold together.

    course: has begun it. active_days: signed in to E-Learning within so many days; quiet_days: has
    not. tags: bears at least one of them. channels: on which ways it may go out at all.
    """

    channels: frozenset[Channel] = frozenset(Channel)
    language: Language | None = None
    course: str | None = None
    active_days: int | None = None
    quiet_days: int | None = None
    tags: tuple[str, ...] = field(default_factory=tuple)

    @property
    def asks_for_use(self) -> list[str]:
        """The filters that only an embedded e-learning system can answer."""
        return [name for name in BY_USE if getattr(self, name) is not None]

    def stored(self) -> dict[str, Any]:
        """As the campaign's row keeps it, in one form only: it is part of what is approved."""
        return {
            "channels": sorted(self.channels),
            "language": self.language,
            "course": self.course,
            "active_days": self.active_days,
            "quiet_days": self.quiet_days,
            "tags": sorted(set(self.tags)),
        }


def read(stored: Mapping[str, Any]) -> Audience:
    """The audience of a campaign's row."""
    language = stored.get("language")
    return Audience(
        channels=frozenset(Channel(each) for each in stored.get("channels", list(Channel))),
        language=Language(language) if language else None,
        course=stored.get("course"),
        active_days=stored.get("active_days"),
        quiet_days=stored.get("quiet_days"),
        tags=tuple(stored.get("tags", ())),
    )


def problems(audience: Audience, settings: Settings) -> list[FieldProblem]:
    """What is wrong with some filters, by field."""
    found = []
    if not audience.channels:
        found.append(FieldProblem("channels", "choose_one"))
    if settings.system.is_embedded:
        found += _problems_of_use(audience, settings)
    else:
        found += [FieldProblem(name, "not_told") for name in audience.asks_for_use]
    if len(audience.tags) > MAX_TAGS:
        found.append(FieldProblem("tags", "too_many", most=MAX_TAGS))
    return found


def _problems_of_use(audience: Audience, settings: Settings) -> list[FieldProblem]:
    found = []
    known = {course.id for course in courses.load(settings.courses_dir)}
    if audience.course is not None and audience.course not in known:
        found.append(FieldProblem("course", "unknown"))
    for name in ("active_days", "quiet_days"):
        days = getattr(audience, name)
        if days is not None and not 1 <= days <= MAX_ACTIVITY_DAYS:
            found.append(FieldProblem(name, "out_of_range", most=MAX_ACTIVITY_DAYS))
    return found


def conditions(
    audience: Audience, now: datetime, *, is_embedded: bool
) -> list[ColumnElement[bool]]:
    """The filters over `learner` joined with `conversation`."""
    if audience.asks_for_use and not is_embedded:
        # The system was changed since it was approved. Nobody is known to have signed in, so
        # "not for so long" would mean everybody.
        return [false()]
    found: list[ColumnElement[bool]] = []
    if audience.language is not None:
        found.append(Conversation.language == audience.language)
    if audience.course is not None:
        found.append(progress.has_begun(audience.course))
    if audience.active_days is not None:
        found.append(Learner.used_at >= now - timedelta(days=audience.active_days))
    if audience.quiet_days is not None:
        since = now - timedelta(days=audience.quiet_days)
        found.append(Learner.used_at.is_(None) | (Learner.used_at < since))
    if audience.tags:
        found.append(
            exists(
                select(LearnerTag.learner_id).where(
                    LearnerTag.learner_id == Learner.id, LearnerTag.tag.in_(audience.tags)
                )
            )
        )
    return found
