"""How LINE counts characters: UTF-16 units in most places, what the eye sees in labels.

Source: Messaging API documentation, "Character counting in a text".
"""

import unicodedata

ZERO_WIDTH_JOINER = "\u200d"
# Thai and Lao SARA AM is a letter to Unicode's categories but extends the cluster before it.
SPACING_EXTENDERS = frozenset("\u0e33\u0eb3")


def utf16_units(text: str) -> int:
    """Length as LINE counts message text: a character outside the BMP counts two."""
    return len(text) + sum(1 for character in text if ord(character) > 0xFFFF)


def _is_regional(character: str) -> bool:
    return 0x1F1E6 <= ord(character) <= 0x1F1FF


def _extends(character: str) -> bool:
    """Marks, joiners, variation selectors, skin tones and tags stay with what stands before."""
    code = ord(character)
    return (
        character == ZERO_WIDTH_JOINER
        or character in SPACING_EXTENDERS
        or unicodedata.combining(character) != 0
        or unicodedata.category(character) in {"Mn", "Me", "Mc"}
        or 0x1F3FB <= code <= 0x1F3FF
        or 0xE0020 <= code <= 0xE007F
    )


def graphemes(text: str) -> list[str]:
    """The text in the clusters that a reader would call characters."""
    clusters: list[str] = []
    for character in text:
        if clusters and _joins(clusters[-1], character):
            clusters[-1] += character
        else:
            clusters.append(character)
    return clusters


def _joins(cluster: str, character: str) -> bool:
    last = cluster[-1]
    if character == "\n" and last == "\r":
        return True
    if last in "\r\n" or character in "\r\n":
        return False
    if _extends(character):
        return True
    if last == ZERO_WIDTH_JOINER:
        return unicodedata.category(character) == "So"
    flags = len(cluster)
    return _is_regional(character) and all(map(_is_regional, cluster)) and flags % 2 == 1


def grapheme_count(text: str) -> int:
    """Length as LINE counts labels, action texts, template texts and rich menu names."""
    return len(graphemes(text))
