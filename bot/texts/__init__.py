"""Thai and English: sentences stand in English where they are said, Thai in the catalogue."""

from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from bot.settings import NEUTRAL
from bot.texts import tone

HERE = Path(__file__).parent
THAI, ENGLISH = "th", "en"
LANGUAGES = (THAI, ENGLISH)


class Translator:
    """Says a sentence in one language; placeholders are `{name}` and filled after translation.

    is_terse: to staff, who read no particle whatever the school's tone is.
    """

    def __init__(self, language: str, *, is_terse: bool = False) -> None:
        self.language = language if language in LANGUAGES else THAI
        self._is_terse = is_terse
        self._sentences = catalogue() if self.language == THAI else {}

    def __call__(self, sentence: str, /, **values: object) -> str:
        thai = self._sentences.get(sentence)
        said = sentence if thai is None else self._toned(thai)
        return said.format(**values) if values else said

    def _toned(self, thai: str) -> str:
        return tone.toned(thai, NEUTRAL) if self._is_terse else tone.said(thai)


@cache
def translator(language: str, *, is_terse: bool = False) -> Translator:
    """The Translator of a language; an unknown one gets Thai."""
    return Translator(language, is_terse=is_terse)


def marked(sentence: str) -> str:
    """Marks a sentence of a table for the catalogue; it is imported as `_`."""
    return sentence


def both(sentence: str) -> str:
    """A sentence in Thai and in English, for places where nobody's language is known."""
    return f"{translator(THAI)(sentence)}\n\n{sentence}"


@cache
def catalogue() -> dict[str, str]:
    """All Thai sentences by their English form, from every file of th/; fuzzy ones are left out."""
    found: dict[str, str] = {}
    for path in sorted((HERE / "th").glob("*.po")):
        for message in read_file(path):
            if message.id and message.string and not message.fuzzy:
                found[str(message.id)] = str(message.string)
    return found


def read_file(path: Path) -> Catalog:
    """One catalogue file, parsed; raises where it is malformed."""
    with path.open("rb") as file:
        return read_po(file, locale=THAI, abort_invalid=True)


def units(text: str) -> int:
    """Length in UTF-16 code units, as LINE counts texts."""
    return len(text.encode("utf-16-le")) // 2
