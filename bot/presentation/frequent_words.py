"""Which of the owner's frequent questions a text asks."""

import re
from collections.abc import Iterable
from functools import lru_cache

from rapidfuzz import fuzz

from bot.presentation.words import normal
from bot.services.chat.frequent_questions import FrequentQuestion

_MOST = 200  # characters of a text that asks one thing
_NEAR = 84  # of 100: one slip in five letters
_LEAST = 4  # letters below which nearness says nothing


def asked(text: str, questions: Iterable[FrequentQuestion]) -> FrequentQuestion | None:
    """The question whose wording the text is, holds, or is close to; the closest one, or None."""
    if len(text) > _MOST:
        return None
    said = normal(text)
    best, found = 0.0, None
    for question in questions:
        likeness = max(_likeness(said, _normal(wording)) for wording in question.asked)
        if likeness > best:
            best, found = likeness, question
    return found


def _likeness(said: str, wording: str) -> float:
    """How far a text is a wording: 0 where it is not, more for what is longer and closer."""
    if said == wording:
        return 1000.0
    if len(wording) >= _LEAST and _holds(said, wording):
        return 200.0 + len(wording)
    if min(len(said), len(wording)) < _LEAST:
        return 0.0
    return fuzz.ratio(said, wording, score_cutoff=_NEAR)


def _holds(said: str, wording: str) -> bool:
    if wording not in said:
        return False
    return not wording.isascii() or re.search(rf"\b{re.escape(wording)}\b", said) is not None


@lru_cache(maxsize=4096)
def _normal(wording: str) -> str:
    return normal(wording)
