"""Unicode's normal forms of what strangers type, at a cost that grows with its length alone.

`unicodedata.normalize` sorts every run of combining marks by insertion and holds the interpreter
meanwhile: 60,000 marks behind one letter stop everybody else for many seconds. No writing has such
runs, so a longer one loses what is over the limit of UAX #15, section 12 ("Stream-Safe Text
Format"), before it is sorted.
"""

import re
import unicodedata
from typing import Literal

MOST_MARKS = 30  # behind one letter, as UAX #15 has it
_FORMAT = frozenset({"Cf", "Co", "Cs"})
# Letters and marks that show nothing (Default_Ignorable_Code_Point of Unicode), and Braille's
# blank: people paste them where a field may not be empty. Selectors of emoji are none of them.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180e\u180f\u2800\u3164\uffa0")
_SELECTOR = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")


def nfc(text: str) -> str:
    """A text in NFC (UAX #15): the same letters, however they were put together."""
    return _normal("NFC", text)


def nfkc(text: str) -> str:
    """A text in NFKC: also the same width and style of letters and digits."""
    return _normal("NFKC", text)


def without_invisible(text: str) -> str:
    """A text without the characters that show nothing; spaces and controls stay."""
    if text.isascii():
        return text
    return "".join(char for char in text if not _shows_nothing(char))


def _shows_nothing(char: str) -> bool:
    return char in _BLANK or unicodedata.category(char) in _FORMAT


def is_blank(text: str) -> bool:
    """Whether nothing of a text can be seen."""
    return not any(
        unicodedata.category(char)[0] not in "CZ" and not _SELECTOR.fullmatch(char)
        for char in without_invisible(text)
    )


def trimmed(text: str) -> str:
    """A text without the blanks and invisible characters at its ends, or empty where it is blank.

    What is copied from a chat or a page brings them along: zero-width spaces, a byte order mark, a
    no-break space. Tags stay, because flags end with them.
    """
    if is_blank(text):
        return ""
    begin, end = 0, len(text)
    while _is_edge(text[begin]):
        begin += 1
    while _is_edge(text[end - 1]):
        end -= 1
    return text[begin:end]


def _is_edge(char: str) -> bool:
    is_tag = "\U000e0020" <= char <= "\U000e007f"
    return char.isspace() or (_shows_nothing(char) and not is_tag)


def _normal(form: Literal["NFC", "NFKC"], text: str) -> str:
    return text if text.isascii() else unicodedata.normalize(form, _with_short_runs(text))


def _with_short_runs(text: str) -> str:
    run, kept = 0, []
    for char in text:
        run = run + 1 if unicodedata.combining(char) else 0
        if run <= MOST_MARKS:
            kept.append(char)
    return text if len(kept) == len(text) else "".join(kept)
