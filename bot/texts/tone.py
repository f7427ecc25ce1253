"""How the school ends Thai sentences: they are written with ค่ะ and คะ, and may be said otherwise.

Only what is written here is changed: it is done before gaps are filled, so words of people stay.
"""

import re
from functools import lru_cache

from bot.settings import KA, KHRAP, NEUTRAL

# A syllable of a longer word ("คะแนน") goes on in Thai; a particle ends what it stands in.
_PARTICLE = re.compile(r"(?:ค่ะ|คะ)(?![ก-๛])")
_ENDING = re.compile(r" ?(?:นะ)?(?:ค่ะ|คะ)(?![ก-๛])")


class _Process:
    """What this process speaks in."""

    tone = KA


@lru_cache(maxsize=4096)
def toned(sentence: str, tone: str) -> str:
    """A Thai sentence in a tone: as it is written, with ครับ, or without a particle."""
    if tone == KHRAP:
        return _PARTICLE.sub("ครับ", sentence)
    if tone == NEUTRAL:
        return _ENDING.sub("", sentence)
    return sentence


def speak_in(tone: str) -> None:
    """Decide the tone of this process; the roof does it, from the settings."""
    _Process.tone = tone


def said(sentence: str) -> str:
    """A Thai sentence in the tone of this process."""
    return toned(sentence, _Process.tone)
