"""How long a text is for LINE."""


def units(text: str) -> int:
    """Length in UTF-16 code units, as LINE counts texts."""
    return len(text.encode("utf-16-le")) // 2
