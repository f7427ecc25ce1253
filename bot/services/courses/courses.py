"""The courses as they stand in the courses folder: read, checked, and read again when changed."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bot.errors import BotError
from bot.services.shared.owner_files import OwnerFile
from bot.texts import LANGUAGES, THAI
from bot.unicode import trimmed

ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass
class CoursesError(BotError):
    """The courses folder cannot be used; lists every problem at once, for the person who edits."""

    problems: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return "courses: " + "; ".join(self.problems)


@dataclass(frozen=True)
class Lesson:
    id: str
    title: Mapping[str, str]
    minutes: int
    video: str  # https, or empty
    path: Path  # explained in Thai; an English one may lie beside it

    def article(self, language: str) -> "Article":
        """The text in a language where the owner has written it, in Thai where not."""
        other = self.path.with_suffix(f".{language}.md")
        if language != THAI and other.is_file():
            return Article(other.read_text(encoding="utf-8-sig"), language)
        return Article(self.path.read_text(encoding="utf-8-sig"), THAI)


@dataclass(frozen=True)
class Article:
    """A lesson's text as CommonMark, and the language that it explains in."""

    text: str
    language: str


@dataclass(frozen=True)
class Course:
    id: str
    title: Mapping[str, str]
    summary: Mapping[str, str]
    level: str
    lessons: tuple[Lesson, ...]

    def lesson(self, lesson_id: str) -> Lesson | None:
        return next((lesson for lesson in self.lessons if lesson.id == lesson_id), None)

    def after(self, lesson: Lesson) -> Lesson | None:
        """The lesson that comes next, or None after the last one."""
        where = self.lessons.index(lesson) + 1
        return self.lessons[where] if where < len(self.lessons) else None

    @property
    def minutes(self) -> int:
        return sum(lesson.minutes for lesson in self.lessons)


def load(directory: Path) -> tuple[Course, ...]:
    """All courses in the order of the file; raises CoursesError listing what is wrong."""
    return _FILE.load(directory)


def find(courses: tuple[Course, ...], course_id: str) -> Course | None:
    return next((course for course in courses if course.id == course_id), None)


def read(directory: Path) -> tuple[Course, ...]:
    """Read and check the folder afresh."""
    try:
        data = tomllib.loads((directory / "courses.toml").read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CoursesError([f"courses.toml: {error}"]) from error
    checker = _CoursesChecker(directory)
    courses = tuple(checker.course(entry) for entry in checker.tables(data, "course", ""))
    checker.unique([course.id for course in courses], "course")
    if checker.problems:
        raise CoursesError(checker.problems)
    return courses


class _CoursesChecker:
    """Turns tables into courses and collects what is wrong with them."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.problems: list[str] = []

    def tables(self, data: Mapping[str, Any], key: str, where: str) -> list[Mapping[str, Any]]:
        found = data.get(key, [])
        if isinstance(found, list) and found and all(isinstance(each, dict) for each in found):
            return found
        self.problems.append(f"{where}needs at least one [[{key}]]")
        return []

    def course(self, entry: Mapping[str, Any]) -> Course:
        where = self.id(entry, "course")
        lessons = tuple(
            self.lesson(each, where) for each in self.tables(entry, "lesson", f"{where}: ")
        )
        self.unique([lesson.id for lesson in lessons], f"{where}: lesson")
        return Course(
            id=where,
            title=self.both(entry, "title", where),
            summary=self.both(entry, "summary", where),
            level=str(entry.get("level", "")),
            lessons=lessons,
        )

    def lesson(self, entry: Mapping[str, Any], course_id: str) -> Lesson:
        lesson_id = self.id(entry, f"{course_id}: lesson")
        where = f"{course_id}/{lesson_id}"
        minutes = entry.get("minutes")
        if type(minutes) is not int or not 1 <= minutes <= 600:
            self.problems.append(f"{where}: minutes must be a whole number from 1 to 600")
            minutes = 1
        video = entry.get("video", "")
        if not isinstance(video, str) or (video and not _is_https(video)):
            self.problems.append(f"{where}: video must be empty or begin with https://")
            video = ""
        path = self.directory / course_id / f"{lesson_id}.md"
        if not path.is_file():
            self.problems.append(f"{where}: the file {where}.md is missing")
        return Lesson(lesson_id, self.both(entry, "title", where), minutes, video, path)

    def id(self, entry: Mapping[str, Any], where: str) -> str:
        found = entry.get("id")
        if isinstance(found, str) and len(found) <= 64 and ID.fullmatch(found):
            return found
        self.problems.append(f"{where}: an id has only a-z, 0-9 and single hyphens")
        return "?"

    def both(self, entry: Mapping[str, Any], key: str, where: str) -> Mapping[str, str]:
        found = entry.get(key)
        texts = found if isinstance(found, dict) else {}
        said = {language: trimmed(str(texts.get(language, ""))) for language in LANGUAGES}
        self.problems += [
            f"{where}: {key}.{each} is missing" for each in LANGUAGES if not said[each]
        ]
        return said

    def unique(self, ids: list[str], what: str) -> None:
        self.problems += [
            f"{what} id {each} stands twice" for each in {*ids} if ids.count(each) > 1
        ]


def _is_https(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname)


_FILE = OwnerFile("courses.toml", read, CoursesError, lambda why: CoursesError([why]))
