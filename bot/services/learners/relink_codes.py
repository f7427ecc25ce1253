"""Codes for a new LINE account: the portal's and the mail's, however people type them."""

import re
import secrets
import unicodedata

from bot.services.delivery.mails import CODE_DIGITS
from bot.services.shared import codes
from bot.services.shared.codes import ALPHABET

# As in temporary passwords; for ten minutes.
LENGTH = 10
_DASHES = "-\u2010\u2011\u2012\u2013\u2014"
_MOST = 60  # longer texts are no codes
# With its groups apart it is nothing else: usernames have ten symbols too, but in one piece.
_GROUPED = re.compile(rf"\w{{4}}[{_DASHES}\s]+\w{{4}}[{_DASHES}\s]+\w{{2}}", re.ASCII)


def draw() -> str:
    """A new code; digits and letters in both groups of four, so that it is no words (49 bits).

    Also where a zero is typed as an O and a one as an I or L.
    """
    while True:
        code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
        if all(map(codes.is_clear, _groups(code))):
            return code


def shown(code: str) -> str:
    """`ABCD-EFGH-JK`."""
    return f"{code[:4]}-{code[4:8]}-{code[8:]}"


def read(typed: str) -> str | None:
    """A code of the portal in any form: case, spaces and hyphens carry nothing."""
    text = codes.read(_bare(typed))
    return text if len(text) == LENGTH and all(char in ALPHABET for char in text) else None


def is_plain(typed: str) -> bool:
    """Whether a text can be nothing but such a code, wherever it is typed."""
    text = unicodedata.normalize("NFKC", typed[:_MOST]).strip()
    return (
        _GROUPED.fullmatch(text) is not None
        and all(map(codes.is_mixed, _groups(_bare(typed))))
        and read(typed) is not None
    )


def read_digits(typed: str) -> str | None:
    """The six digits of a mail, in whichever script; None for anything else."""
    text = _bare(typed)
    if len(text) != CODE_DIGITS or not text.isdecimal():
        return None
    return "".join(str(unicodedata.decimal(char)) for char in text)


def _bare(typed: str) -> str:
    text = unicodedata.normalize("NFKC", typed) if len(typed) <= _MOST else ""
    return "".join(
        char
        for char in text
        if not char.isspace() and char not in _DASHES and unicodedata.category(char) != "Cf"
    )


def _groups(code: str) -> tuple[str, str]:
    return code[:4], code[4:8]
