"""Personal data as its owner recognises it and a glance over the shoulder does not."""

import re

STARS = "•••"


def masked_name(name: str) -> str:
    """All but the last word, and the first letter of that; no other name, title or Jr. behind."""
    first, _, last = re.split(r" @ |,", name)[0].rpartition(" ")
    return f"{first} {_initial(last)}{STARS}" if first else f"{_initial(last)}{STARS}"


def _initial(word: str) -> str:
    """The first letter; a Thai vowel that is written first says nothing without its consonant."""
    return word[:2] if word[:1] in "เแโใไ" else word[:1]


def masked_phone(shown: str) -> str:
    """The beginning; its end is the second proof of a password reset."""
    return f"{shown[:-7]}{STARS}"


def masked_email(address: str) -> str:
    """The first letter and the domain."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}{STARS}@{domain}"


def masked_line_id(line_id: str) -> str:
    """The first two characters."""
    return f"{line_id[:2]}{STARS}"
