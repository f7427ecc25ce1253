"""Codes that people copy by hand: drawn, shown, and read the way people type them.

They are in Crockford's base 32, where an O is a 0, an I and an L a 1. Each has a digit and a
letter, so that it is no word and no number, also where a 0 is typed as an O and a 1 as an I or L.
"""

import re
import secrets
import unicodedata
from dataclasses import dataclass
from itertools import accumulate

from bot.services.shared import politeness
from bot.unicode import nfkc, without_invisible

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
DIGITS = 6  # of a mail's code
_TOKEN = re.compile(r"[0-9A-Za-z_-]+")
_LONGEST_LINK = 1_000  # a token has some 150 characters
_READ_AS = str.maketrans("OIL", "011")
_TYPED_AS = str.maketrans("01", "OI")
_DASHES = "-\u2010\u2011\u2012\u2013\u2014"
_MOST = 60  # longer texts are no codes


@dataclass(frozen=True)
class Shape:
    """One sort of code. word: what stands before it in the message in which it is sent."""

    groups: tuple[int, ...]
    word: str = ""
    alphabet: str = ALPHABET
    is_clear_by_group: bool = False  # each group of four has its digit and letter

    @property
    def length(self) -> int:
        """How many symbols it has."""
        return sum(self.groups)

    def draw(self) -> str:
        """A new code, without its hyphens."""
        while True:
            code = "".join(secrets.choice(self.alphabet) for _ in range(self.length))
            if all(map(_is_clear, self._mixed(code))):
                return code

    def shown(self, code: str) -> str:
        """The code as it is written for people: ABCD-EFGH."""
        return "-".join(self._parts(code))

    def message(self, code: str) -> str:
        """What its holder sends, word for word."""
        return f"{self.word} {self.shown(code)}"

    def read(self, typed: str) -> str | None:
        """The code of symbols that stand together, or None where they are none."""
        code = typed.upper().translate(_READ_AS)
        return code if len(code) == self.length and set(code) <= set(self.alphabet) else None

    def is_mixed(self, code: str) -> bool:
        """Whether it has digits and letters where this shape has them."""
        return all(map(_is_mixed, self._mixed(code)))

    def _mixed(self, code: str) -> list[str]:
        fours = [part for part in self._parts(code) if len(part) == 4]
        return fours if self.is_clear_by_group else [code]

    def _parts(self, code: str) -> list[str]:
        ends = list(accumulate(self.groups))
        return [code[end - size : end] for end, size in zip(ends, self.groups, strict=True)]


# With U, 33 signs of which none looks like another: 40.2 bits, for guardians.LIFE.
GUARDIAN = Shape((4, 4), "ผู้ปกครอง", "0123456789ABCDEFGHJKMNPQRSTUVWXYZ")
# 40 bits, for ten minutes and five tries. Its word keeps it from being taken for a guardian's.
STAFF = Shape((4, 4), "พนักงาน")
# For a new LINE account, in the portal: 49 bits, for ten minutes.
MOVE = Shape((4, 4, 2), is_clear_by_group=True)

_GUARDIAN_TYPED = re.compile(
    r"(?P<word>(?:รหัส|โค้ด|โค๊ด)?ผู้ปกครอง|guardian|parent)?\W{0,3}"
    r"(?P<called>รหัส|โค้ด|โค๊ด|code)?(?:\s?(?:คือ|is))?\W{0,3}"
    r"(?P<first>[0-9a-z]{4})(?P<hyphen>\s?[-\u2010-\u2015]\s?|\s)?(?P<second>[0-9a-z]{4})\W{0,3}",
)
_GUARDIAN_WITHIN = re.compile(r"(?<![0-9a-z-])([0-9a-z]{4})-([0-9a-z]{4})(?![0-9a-z-])")
# Anywhere among words, where a code is awaited: "ลูกให้รหัสมา abcd efg2 ค่ะ".
_GUARDIAN_AMONG = re.compile(
    r"(?<![0-9a-z])([0-9a-z]{4})(?:\s?[-\u2010-\u2015]\s?|\s)?([0-9a-z]{4})(?![0-9a-z])"
)
_APART = r"[\s\-\u2010-\u2015]{0,3}"
_STAFF_TYPED = re.compile(
    rf"(?:พนักงาน|เจ้าหน้าที่|staff)[\s:]{{1,3}}([0-9a-z]{{4}}){_APART}([0-9a-z]{{4}})"
)
# What is meant as a code and is none; in English, where words may follow, only with a digit.
_STAFF_MEANT = re.compile(
    rf"(?:พนักงาน|เจ้าหน้าที่)[\s:]{{0,3}}[0-9a-z]{{2,10}}(?:{_APART}[0-9a-z]{{2,10}})?"
    rf"|staff[\s:]{{1,3}}(?=\S*[0-9])[0-9a-z]{{3,5}}{_APART}[0-9a-z]{{3,5}}"
)
# With its groups apart it is nothing else: usernames have ten symbols too, but in one piece.
_MOVE_GROUPED = re.compile(rf"\w{{4}}[{_DASHES}\s]+\w{{4}}[{_DASHES}\s]+\w{{2}}", re.ASCII)


def read_guardian(text: str, *, with_word: bool = False) -> str | None:
    """A guardian's code in a typed message: by itself, or as it is shown with words around it.

    with_word: only where the word for a guardian stands before it, as in the prefilled message.
    """
    if len(text) > 200:
        return None
    said = "".join(_decimal(char) for char in _said(text))
    found = _GUARDIAN_TYPED.fullmatch(said)
    if found is None and not with_word:
        # "ลูกให้รหัสมา ABCD-EFG2": one code with its hyphen, a letter and a digit.
        within = _GUARDIAN_WITHIN.findall(said)
        code = GUARDIAN.read("".join(within[0])) if len(within) == 1 else None
        return code if code and GUARDIAN.is_mixed(code) else None
    if found is None or (with_word and not found["word"]):
        return None
    hyphen = (found["hyphen"] or "").strip()
    typed = found["first"] + found["second"]
    if typed.isdigit() or (not hyphen and not _is_mixed(typed)):
        return None  # "2026-2027", "parent teachers"
    if not hyphen and found["hyphen"] and not (found["word"] or found["called"]):
        return None  # "room 1234"
    return GUARDIAN.read(typed)


def find_guardian(text: str) -> str | None:
    """The one guardian's code in a message that is about a code, wherever it stands there."""
    said = "".join(_decimal(char) for char in _said(text)) if len(text) <= 200 else ""
    found = [first + second for first, second in _GUARDIAN_AMONG.findall(said)]
    found = [code for code in found if _is_mixed(code)]
    return GUARDIAN.read(found[0]) if len(found) == 1 else None


def is_plain_guardian(text: str) -> bool:
    """Whether a text is nothing but such a code, with its hyphen or the word for a guardian."""
    found = _GUARDIAN_TYPED.fullmatch(_said(text)) if len(text) <= _MOST else None
    if found is None or not (found["word"] or (found["hyphen"] or "").strip()):
        return False
    return read_guardian(text) is not None


def read_staff(text: str) -> str | None:
    """The code of a member of staff, with its word before it; None for anything else."""
    found = _STAFF_TYPED.fullmatch(_said(text)) if len(text) <= _MOST else None
    if found is None or not any(char.isdigit() for char in found[1] + found[2]):
        return None  # "staff meeting"
    return STAFF.read(found[1] + found[2])


def is_meant_for_staff(text: str) -> bool:
    """Whether somebody tried to send such a code, right or mistyped: they are told so."""
    return len(text) <= _MOST and _STAFF_MEANT.fullmatch(_said(text)) is not None


def read_move(typed: str) -> str | None:
    """A code for a new LINE account in any form: case, spaces and hyphens carry nothing."""
    return MOVE.read(_bare(typed))


def is_plain_move(typed: str) -> bool:
    """Whether a text can be nothing but such a code, wherever it is typed."""
    text = politeness.bare(nfkc(typed[:_MOST]), politeness.CODE)
    return (
        _MOVE_GROUPED.fullmatch(text) is not None
        and MOVE.is_mixed(_bare(typed))
        and read_move(typed) is not None
    )


def read_digits(typed: str) -> str | None:
    """The six digits of a mail, in whichever script; None for anything else."""
    text = _bare(typed)
    if len(text) != DIGITS or not text.isdecimal():
        return None
    return "".join(map(_decimal, text))


def bare_token(text: str) -> str:
    """The secret of a link without what stood around it in a sentence: its first run of symbols.

    Mail and chat programs take a dot, a bracket, a quote or a Thai letter behind an address for a
    part of it. Our secrets are hexadecimal or base64url (RFC 4648, section 5).
    """
    found = _TOKEN.search(text[:_LONGEST_LINK])
    return found[0] if found else ""


def _said(text: str) -> str:
    """A message as the patterns know it."""
    said = without_invisible(nfkc(text)).casefold().strip()
    return politeness.unspoiled(said, is_code=True)


def _bare(typed: str) -> str:
    """The symbols alone."""
    text = nfkc(typed) if len(typed) <= _MOST else ""
    text = politeness.bare(text, politeness.CODE)
    return "".join(
        char for char in without_invisible(text) if not char.isspace() and char not in _DASHES
    )


def _decimal(char: str) -> str:
    return str(unicodedata.decimal(char)) if char.isdecimal() else char


def _is_mixed(text: str) -> bool:
    return any(char.isdigit() for char in text) and any(char.isalpha() for char in text)


def _is_clear(code: str) -> bool:
    """Whether it is mixed also where a zero is typed as an O and a one as an I or L."""
    return _is_mixed(code) and _is_mixed(code.translate(_TYPED_AS))
