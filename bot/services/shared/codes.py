"""Codes that people copy by hand: Crockford's base 32, where an O is a 0, an I and an L a 1."""

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_READ_AS = str.maketrans("OIL", "011")
_TYPED_AS = str.maketrans("01", "OI")


def read(typed: str) -> str:
    """Typed symbols as they were drawn, in capitals; whether they are any is left to the caller."""
    return typed.upper().translate(_READ_AS)


def is_mixed(text: str) -> bool:
    """Whether it has a digit and a letter, and so is neither a word nor a number."""
    return any(char.isdigit() for char in text) and any(char.isalpha() for char in text)


def is_clear(code: str) -> bool:
    """Whether that stays so where a zero is typed as an O and a one as an I or L."""
    return is_mixed(code) and is_mixed(code.translate(_TYPED_AS))
