"""The code that ties a LINE account to a member of staff: drawn, shown, and read as it is typed."""

import re
import secrets
import unicodedata

from bot.services.shared import codes
from bot.services.shared.codes import ALPHABET

# 8 symbols are 40 bits, for ten minutes and five tries.
LENGTH = 8
WORD = "พนักงาน"  # stands before the code, so that it is not taken for a guardian's
_WORDS = "พนักงาน|เจ้าหน้าที่|staff"
_APART = r"[\s\-\u2010-\u2015]{0,3}"
_TYPED = re.compile(rf"(?:{_WORDS})[\s:]{{1,3}}([0-9a-z]{{4}}){_APART}([0-9a-z]{{4}})")
# What is meant as a code and is none; in English, where words may follow, only with a digit.
_MEANT = re.compile(
    rf"(?:พนักงาน|เจ้าหน้าที่)[\s:]{{0,3}}[0-9a-z]{{2,10}}(?:{_APART}[0-9a-z]{{2,10}})?"
    rf"|staff[\s:]{{1,3}}(?=\S*[0-9])[0-9a-z]{{3,5}}{_APART}[0-9a-z]{{3,5}}"
)
_MOST = 60  # longer texts are no codes


def draw() -> str:
    """A new code; always with a letter, and with a digit that nobody types as a letter."""
    while True:
        code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
        if codes.is_clear(code):
            return code


def shown(code: str) -> str:
    """The code as it is written for people: ABCD-EFGH."""
    return f"{code[:4]}-{code[4:]}"


def message(code: str) -> str:
    """What the member sends, word for word."""
    return f"{WORD} {shown(code)}"


def read(text: str) -> str | None:
    """The code in a typed message, with its word before it; None for anything else."""
    found = _TYPED.fullmatch(_normal(text)) if len(text) <= _MOST else None
    if found is None or not any(char.isdigit() for char in found[1] + found[2]):
        return None  # "staff meeting"
    code = codes.read(found[1] + found[2])
    return code if set(code) <= set(ALPHABET) else None


def is_meant(text: str) -> bool:
    """Whether somebody tried to send a code, right or mistyped: they are told so."""
    return len(text) <= _MOST and _MEANT.fullmatch(_normal(text)) is not None


def _normal(text: str) -> str:
    said = unicodedata.normalize("NFKC", text).casefold().strip()
    return "".join(char for char in said if unicodedata.category(char) != "Cf")
