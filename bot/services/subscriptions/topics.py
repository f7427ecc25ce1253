"""The topics of news as they stand in the news folder: read, checked, read again when changed."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from bot.errors import BotError
from bot.services.shared.owner_files import OwnerFile
from bot.texts import LANGUAGES
from bot.unicode import trimmed

ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
MAX_ID_LENGTH = 40  # as wide as the columns that hold it
MAX_TOPICS = 10  # all of them stand on one card, once for each channel
MAX_LENGTH = {"title": 40, "about": 120}  # characters that a phone shows in a line or two


class NewsKind(StrEnum):
    """The four kinds of content that the school's policy names (R18)."""

    NEWS = "news"
    ARTICLE = "article"
    VIDEO = "video"
    COURSE_INFO = "course_info"


@dataclass
class TopicsError(BotError):
    """The news folder cannot be used; lists every problem at once, for the person who edits."""

    problems: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return "topics: " + "; ".join(self.problems)


@dataclass(frozen=True)
class Topic:
    id: str
    kind: NewsKind
    title: Mapping[str, str]
    about: Mapping[str, str]  # one line
    is_default: bool  # chosen for people who say yes to news, until they choose otherwise


def load(directory: Path) -> tuple[Topic, ...]:
    """All topics in the order of the file; raises TopicsError listing what is wrong."""
    return _FILE.load(directory)


def find(directory: Path, topic_id: str) -> Topic | None:
    """A topic by its id; None for one that has vanished from the file."""
    return next((topic for topic in load(directory) if topic.id == topic_id), None)


def read(directory: Path) -> tuple[Topic, ...]:
    """Read and check the file afresh."""
    try:
        data = tomllib.loads((directory / "topics.toml").read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TopicsError([f"topics.toml: {error}"]) from error
    checker = _TopicsChecker()
    topics = checker.topics(data)
    if checker.problems:
        raise TopicsError(checker.problems)
    return topics


class _TopicsChecker:
    """Turns tables into topics and collects what is wrong with them."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def topics(self, data: Mapping[str, Any]) -> tuple[Topic, ...]:
        found = data.get("topic")
        if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
            self.problems.append("needs at least one [[topic]]")
            return ()
        if not 1 <= len(found) <= MAX_TOPICS:
            self.problems.append(f"has {len(found)} topics; from 1 to {MAX_TOPICS} can be shown")
        topics = tuple(self.topic(entry) for entry in found)
        ids = [topic.id for topic in topics]
        self.problems += [f"topic id {each} stands twice" for each in {*ids} if ids.count(each) > 1]
        return topics

    def topic(self, entry: Mapping[str, Any]) -> Topic:
        topic_id = entry.get("id")
        if not (
            isinstance(topic_id, str) and len(topic_id) <= MAX_ID_LENGTH and ID.fullmatch(topic_id)
        ):
            self.problems.append("topic: an id has only a-z, 0-9 and single hyphens")
            topic_id = "?"
        kind = entry.get("kind")
        if kind not in set(NewsKind):
            self.problems.append(f"{topic_id}: kind must be one of {', '.join(NewsKind)}")
            kind = NewsKind.NEWS
        is_default = entry.get("default")
        if not isinstance(is_default, bool):
            self.problems.append(f"{topic_id}: default must be true or false")
        return Topic(
            topic_id,
            NewsKind(kind),
            self.both(entry, "title", topic_id),
            self.both(entry, "about", topic_id),
            is_default is True,
        )

    def both(self, entry: Mapping[str, Any], key: str, where: str) -> Mapping[str, str]:
        found = entry.get(key)
        texts = found if isinstance(found, dict) else {}
        said = {language: trimmed(str(texts.get(language, ""))) for language in LANGUAGES}
        for language, text in said.items():
            if not text:
                self.problems.append(f"{where}: {key}.{language} is missing")
            elif len(text) > MAX_LENGTH[key]:
                most = MAX_LENGTH[key]
                self.problems.append(f"{where}: {key}.{language} is longer than {most} characters")
        return said


_FILE = OwnerFile("topics.toml", read, TopicsError, lambda why: TopicsError([why]))
