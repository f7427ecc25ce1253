"""E-mails as they are written: one file a letter and language, filled in and put into HTML."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path

from bot.texts import LANGUAGES, THAI

HERE = Path(__file__).parent / "mails"
KEPT = {"link": "{link}", "code": "{code}"}  # filled in when the mail is sent


@dataclass(frozen=True)
class Letter:
    """Subject line, plain text and HTML of one mail."""

    title: str
    text: str
    html: str


def letter(name: str, language: str, values: Mapping[str, str]) -> Letter:
    """A letter with its gaps filled; raises KeyError for a gap that nobody filled."""
    title, body = _source(name, language if language in LANGUAGES else THAI)
    filled = {**values, **KEPT}
    text = body.format(**filled)
    return Letter(title.format(**filled), text, f"<pre>{escape(text)}</pre>")


def names() -> tuple[str, ...]:
    """Every letter that there is."""
    return tuple(sorted({path.name.split(".")[0] for path in HERE.glob("*.md")}))


@cache
def _source(name: str, language: str) -> tuple[str, str]:
    """Subject and body; the file's first line is `Subject: ...`, then an empty line."""
    first, _, body = (HERE / f"{name}.{language}.md").read_text(encoding="utf-8").partition("\n")
    return first.removeprefix("Subject: ").strip(), body.strip() + "\n"
