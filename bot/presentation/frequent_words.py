"""Which of the owner's frequent questions a text asks."""

import re
from collections.abc import Iterable
from functools import lru_cache

from rapidfuzz import fuzz

from bot.presentation.words import Heard, normal
from bot.services.chat.frequent_questions import FrequentQuestion
from bot.services.people import names

_MOST = 200  # characters of a text that asks one thing
_NEAR = 84  # of 100: one slip in five letters
_LEAST = 4  # letters below which nearness says nothing
_NO_NAME = 8  # letters from which a whole wording is no name
# One thing that is said in many ways, so that nobody has to write a wording down for each.
_ALIKE = tuple(
    (re.compile(pattern), said)
    for pattern, said in (
        (r"\s*(?:มั้ย|มัย|ไม๊|ม้าย|(?:หรือ|รึ)(?:เปล่า|ป่าว|ไม่)|ป่าว|เปล่า|ป่ะ)(?:$|(?=\s|คะ|ครับ|นะ))", "ไหม"),
        (r"อย่างไร|ยังงัย|ยังไงบ้าง", "ยังไง"),
        (r"เท่า?(?:ไหร่?|ไร|ไหล่|ไหร)", "เท่าไหร่"),
        (r"(?<=[\u0e00-\u0e7f]) (?=[\u0e00-\u0e7f])", ""),
        (r"คอส", "คอร์ส"),
        (r"แอพ", "แอป"),
        (r"บ้าง$|อะ$|อ่ะ$", ""),
        (r"^(?:(?:ขอ|อยาก|ต้องการ)?(?:สอบถาม|ถาม|ทราบ|รู้)(?:ว่า|เรื่อง|หน่อย)?|รบกวน|คือ|แล้ว)+(?=.)", ""),
        (r"\b(?:what s|whats|what is|what are)\b", "what is"),
        (r"\b(?:the|a|an|your|please|pls)\b ?", ""),
    )
)
# Something went wrong, so it is no question of many: people have to look at it.
_TROUBLE = re.compile(
    r"ผิด|หาย|ไม่(?:ได้(?:รับ|เรียน|เข้า|$)|มา|ขึ้น|เข้า|ถึง|สำเร็จ|มีใคร)|ยังไม่|ได้\S*แล้ว"
    r"|\b(?:wrong|can ?not|can ?t|did|(?:did|does|has|have)n ?t|not|never|already|but|off)\b"
)


def asked(text: str, questions: Iterable[FrequentQuestion]) -> FrequentQuestion | None:
    """The question whose wording the text is, holds, or is close to; the closest one, or None."""
    if len(text) > _MOST:
        return None
    said = _normal(text)
    best, found = 0.0, None
    for question in questions:
        likeness = max(_likeness(said, _normal(wording)) for wording in question.asked)
        if likeness > best:
            best, found = likeness, question
    return found


def answered(text: str, questions: Iterable[FrequentQuestion]) -> FrequentQuestion | None:
    """The question that a text asks, where the owner has given its answer."""
    found = asked(text, questions)
    return found if found is not None and found.is_set else None


def heard_as(
    text: str, heard: Heard, questions: Iterable[FrequentQuestion]
) -> FrequentQuestion | None:
    """The answered question that a text asks where a step waits for an answer of this kind.

    Where a name is waited for it has to ask, or to be one of the wordings as a whole; a single
    Latin word or a short one may be what somebody is called.
    """
    if heard is Heard.TEXT or "@" in text:
        return None
    found = answered(text, questions)
    if found is None or heard is not Heard.NAME or names.is_question(text):
        return found
    said = _normal(text)
    is_called = len(said) < _NO_NAME or (said.isascii() and " " not in said)
    return None if is_called or said not in map(_normal, found.asked) else found


def _likeness(said: str, wording: str) -> float:
    """How far a text is a wording: 0 where it is not, more for what is longer and closer."""
    if said == wording:
        return 1000.0
    if len(wording) >= _LEAST and _holds(said, wording) and _TROUBLE.search(said) is None:
        return 200.0 + len(wording)
    if min(len(said), len(wording)) < _LEAST:
        return 0.0
    return fuzz.ratio(said, wording, score_cutoff=_NEAR)


def _holds(said: str, wording: str) -> bool:
    if wording not in said:
        return False
    return not wording.isascii() or re.search(rf"\b{re.escape(wording)}\b", said) is not None


@lru_cache(maxsize=4096)
def _normal(text: str) -> str:
    said = normal(text)
    for pattern, alike in _ALIKE:
        said = pattern.sub(alike, said)
    return said.strip() or normal(text)
