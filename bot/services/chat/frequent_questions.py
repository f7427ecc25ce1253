"""The questions that the owner has answered beforehand: read, checked, read again when changed."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.errors import BotError
from bot.services.shared.owner_files import OwnerFile
from bot.texts import LANGUAGES

ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
MAX_ID_LENGTH = 40
MAX_QUESTIONS = 100
MAX_LENGTH = {"title": 40, "says": 500, "asked": 80}  # characters
BUTTONS = ("courses", "register", "reset", "news", "account")  # entries of the chat


@dataclass
class AnswersError(BotError):
    """The answers folder cannot be used; lists every problem at once, for who edits."""

    problems: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return "answers: " + "; ".join(self.problems)


@dataclass(frozen=True)
class FrequentQuestion:
    """A question, how people word it, and what the school says; the latter by language."""

    id: str
    title: Mapping[str, str]
    asked: tuple[str, ...]  # in all languages: people mix them
    says: Mapping[str, str]
    link: str | None
    button: str | None  # an entry of the chat

    @property
    def is_set(self) -> bool:
        """Whether the owner has given the answer."""
        return all(self.says.values())


def load(directory: Path) -> tuple[FrequentQuestion, ...]:
    """All questions; none where the file was never good, which `doctor` tells."""
    try:
        return _FILE.load(directory)
    except AnswersError:
        return ()


def read(directory: Path) -> tuple[FrequentQuestion, ...]:
    """Read and check the file afresh; raises AnswersError, or OSError where it cannot be read."""
    try:
        data = tomllib.loads((directory / "answers.toml").read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise AnswersError([f"answers.toml: {error}"]) from error
    checker = _Checker()
    questions = checker.questions(data)
    if checker.problems:
        raise AnswersError(checker.problems)
    return questions


class _Checker:
    """Turns tables into questions and collects what is wrong with them."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def questions(self, data: Mapping[str, Any]) -> tuple[FrequentQuestion, ...]:
        found = data.get("answer", [])
        if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
            self.problems.append("each question stands under [[answer]]")
            return ()
        if len(found) > MAX_QUESTIONS:
            self.problems.append(f"has {len(found)} questions; at most {MAX_QUESTIONS} are read")
            return ()
        questions = tuple(self.question(entry) for entry in found)
        ids = [each.id for each in questions]
        self.problems += [f"id {each} stands twice" for each in {*ids} if ids.count(each) > 1]
        return questions

    def question(self, entry: Mapping[str, Any]) -> FrequentQuestion:
        found = entry.get("id")
        if not (isinstance(found, str) and len(found) <= MAX_ID_LENGTH and ID.fullmatch(found)):
            self.problems.append("an id has only a-z, 0-9 and single hyphens")
            found = "?"
        says = self.both(entry, "says", found)
        if any(says.values()) and not all(says.values()):
            self.problems.append(f"{found}: says needs both languages, or neither")
        button = entry.get("button") or None
        if button is not None and button not in BUTTONS:
            self.problems.append(f"{found}: button must be one of {', '.join(BUTTONS)}")
        link = entry.get("link") or None
        if link is not None and not (isinstance(link, str) and link.startswith("https://")):
            self.problems.append(f"{found}: link must begin with https://")
        title = self.both(entry, "title", found)
        self.problems += [
            f"{found}: title.{language} is missing" for language, text in title.items() if not text
        ]
        return FrequentQuestion(found, title, self.asked(entry, found), says, link, button)

    def asked(self, entry: Mapping[str, Any], where: str) -> tuple[str, ...]:
        found = entry.get("asked")
        lists = found.values() if isinstance(found, dict) else ()
        wordings = [each for one in lists if isinstance(one, list) for each in one]
        said = tuple(each.strip() for each in wordings if isinstance(each, str) and each.strip())
        if not said or len(said) < len(wordings):
            self.problems.append(f"{where}: asked needs lists of wordings")
        most = MAX_LENGTH["asked"]
        if any(len(each) > most for each in said):
            self.problems.append(f"{where}: a wording is longer than {most} characters")
        return said

    def both(self, entry: Mapping[str, Any], key: str, where: str) -> Mapping[str, str]:
        found = entry.get(key)
        texts = found if isinstance(found, dict) else {}
        said = {language: str(texts.get(language, "")).strip() for language in LANGUAGES}
        for language, text in said.items():
            if len(text) > MAX_LENGTH[key]:
                most = MAX_LENGTH[key]
                self.problems.append(f"{where}: {key}.{language} is longer than {most} characters")
        return said


_FILE = OwnerFile("answers.toml", read, AnswersError, lambda why: AnswersError([why]))
