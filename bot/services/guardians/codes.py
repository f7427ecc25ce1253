"""The code that a child hands to a guardian: drawn, shown, and read the way people type it."""

import re
import secrets
import unicodedata

from bot.services.shared import codes

# Crockford's base 32 with U: 33 signs of which none looks like another. Eight of them with a
# digit and a letter among them are 40.2 bits; LIFE and the limit on guesses do the rest.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTUVWXYZ"
LENGTH = 8
WORD = "ผู้ปกครอง"  # what stands before the code in the prefilled message, in either language
_TYPED = re.compile(
    r"(?P<word>(?:รหัส)?ผู้ปกครอง|guardian|parent)?\W{0,3}"
    r"(?P<first>[0-9a-z]{4})(?P<hyphen>\s?[-\u2010-\u2015]\s?|\s)?(?P<second>[0-9a-z]{4})\W{0,3}",
)
_WITHIN = re.compile(r"(?<![0-9a-z-])([0-9a-z]{4})-([0-9a-z]{4})(?![0-9a-z-])")


def draw() -> str:
    """A new code; always with a digit and a letter, so that it is no word and no number.

    Also where a zero is typed as an O and a one as an I or L.
    """
    while True:
        code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
        if codes.is_clear(code):
            return code


def shown(code: str) -> str:
    """The code as it is written for people: ABCD-EFGH."""
    return f"{code[:4]}-{code[4:]}"


def message(code: str) -> str:
    """What the guardian sends, word for word."""
    return f"{WORD} {shown(code)}"


def read(text: str, *, with_word: bool = False) -> str | None:
    """The code in a typed message, or None: by itself, or as it is shown with words around it.

    with_word: only where the word for a guardian stands before it, as in the prefilled message.
    """
    if len(text) > 200:
        return None
    said = unicodedata.normalize("NFKC", text).casefold().strip()
    said = "".join(char for char in said if unicodedata.category(char) != "Cf")
    said = "".join(str(unicodedata.decimal(char)) if char.isdecimal() else char for char in said)
    found = _TYPED.fullmatch(said)
    if found is None and not with_word:
        return _within(said)
    if found is None or (with_word and not found["word"]):
        return None
    hyphen = (found["hyphen"] or "").strip()
    typed = found["first"] + found["second"]
    if typed.isdigit() or (not hyphen and not codes.is_mixed(typed)):
        return None  # "2026-2027", "parent teachers"
    if not hyphen and found["hyphen"] and not found["word"]:
        return None  # "room 1234"
    code = codes.read(typed)
    return code if set(code) <= set(ALPHABET) else None


def _within(said: str) -> str | None:
    """ "ลูกให้รหัสมา ABCD-EFG2": one code with its hyphen, a letter and a digit."""
    found = _WITHIN.findall(said)
    code = codes.read("".join(found[0])) if len(found) == 1 else ""
    return code if codes.is_mixed(code) and set(code) <= set(ALPHABET) else None
