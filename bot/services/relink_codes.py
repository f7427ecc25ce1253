"""Codes for a new LINE account: the portal's and the mail's, however people type them."""

import re
import secrets
import unicodedata

# Crockford's base 32, as in temporary passwords: 10 symbols, for ten minutes.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 10
DIGITS = 6
_READ_AS = str.maketrans("OIL", "011")
_UNCLEAR = str.maketrans("01", "OI")
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
        if _is_mixed(code) and _is_mixed(code.translate(_UNCLEAR)):
            return code


def shown(code: str) -> str:
    """`ABCD-EFGH-JK`."""
    return f"{code[:4]}-{code[4:8]}-{code[8:]}"


def read(typed: str) -> str | None:
    """A code of the portal in any form: case, spaces and hyphens carry nothing."""
    text = _bare(typed).upper().translate(_READ_AS)
    return text if len(text) == LENGTH and all(char in ALPHABET for char in text) else None


def is_plain(typed: str) -> bool:
    """Whether a text can be nothing but such a code, wherever it is typed."""
    text = unicodedata.normalize("NFKC", typed[:_MOST]).strip()
    return (
        _GROUPED.fullmatch(text) is not None and _is_mixed(_bare(typed)) and read(typed) is not None
    )


def read_digits(typed: str) -> str | None:
    """The six digits of a mail, in whichever script; None for anything else."""
    text = _bare(typed)
    if len(text) != DIGITS or not text.isdecimal():
        return None
    return "".join(str(unicodedata.decimal(char)) for char in text)


def _bare(typed: str) -> str:
    text = unicodedata.normalize("NFKC", typed) if len(typed) <= _MOST else ""
    return "".join(
        char
        for char in text
        if not char.isspace() and char not in _DASHES and unicodedata.category(char) != "Cf"
    )


def _is_mixed(code: str) -> bool:
    return all(
        any(char.isdigit() for char in group) and any(char.isalpha() for char in group)
        for group in (code[:4], code[4:8])
    )
