"""A name as people answer it in a chat: politeness and "my name is" go, and nothing of the name.

Thai is written without spaces, so a particle may stand at the end of a surname: นาคะ, มีค่า, วัฒนะ.
"""

import re

from bot.errors import InputError
from bot.services.people import inputs
from bot.services.shared.politeness import LONGEST

# What no name ends with; whoever says it is polite.
_SURE = re.compile(
    r"\s*(?:ครับผม|ครับ|(?<!บัง)คับ|คัฟ|คร้าบ|คร๊าบ|ค้าบ|ค่ะ|ค้ะ|ค๊ะ|ค๊า|จ้ะ|ขอบคุณ)$"
    r"|(?<=\S)\s+(?:kh?ra[pb]|krub|kub|kab|please|pls|thanks|thank you|thx)$",
    re.IGNORECASE,
)
# What names end with too. By itself it is a particle, and so it is where no name can go on.
_DOUBTFUL = re.compile(r"(?:(?P<apart>\s)|(?P<closed>[์่้๊๋็ีื]))?(?P<said>คะ|ค่า)$")
_SOFT = re.compile(r"\s(?:จ้า|จ๊ะ|ฮะ|นะ|น้า)$")  # too weak to be asked about
_AFTER_ALL = re.compile(r"(?:\s|(?<=[์่้๊๋็ีื]))(?:นะ|น่ะ|น้า)$")
_LATIN = re.compile(r"\s(?:ka+|kha|na)$", re.IGNORECASE)
_ENDINGS = ("นาคะ", "โภคะ", "มรรคะ", "มัคคะ", "มีค่า", "ล้ำค่า", "ทรงค่า", "สูงค่า", "คุณค่า", "เลอค่า")
_NA = (
    "ชนะ", "ธนะ", "รัตนะ", "วัฒนะ", "มานะ", "กาญจนะ", "พันธนะ", "วาสนะ", "เสนะ", "ภูวนะ", "ปรีชานะ",
    "อาสนะ", "ศาสนะ", "ยุวนะ", "พัฒนะ", "ทัศนะ", "จันทนะ", "ฐานะ", "ชีนะ", "จีนะ",
)  # fmt: skip

_GREETING = (
    r"(?:(?:สวัสดี|หวัดดี)(?:ค่ะ|คะ|ครับ|คับ|จ้า)+\s*|(?:ค่ะ|ครับ|คับ)\s+"
    r"|(?:hello|hi)(?:,\s*|\s+(?=(?:my|i\W?m|i\s+am|name|this)\b)))"
)
_SELF = r"(?:ผม|ดิฉัน|ฉัน|หนู|เรา|ลูก|น้อง|แม่|พ่อ)"
_THAI_LABEL = (
    rf"{_SELF}?\s?ชื่อ"
    r"(?:\s?จริง(?!ใจ|จัง|ยะ)|\s?เต็ม(?=[\s:])|\s?เล่น)?"
    r"(?:\s?(?:[-–/]|และ|กับ)?\s?นามสกุล|\s?[-–/]\s?สกุล|\s?สกุล(?=[\s:]+\S+\s+\S))?"
    rf"(?:\s?(?:ของ)?{_SELF}(?=\s?(?:คือ|[:：=])))?"
    r"(?:\s*(?:คือ|[:：=]|[-–]\s))*\s*"
)
_LATIN_LABEL = (
    r"(?:my\s+)?(?:full\s+)?(?:nick)?name(?:\s*(?:is\b|[:：=])|['’]s\b)\s*"
    r"|(?:i\s+am|i['’]?m|this\s+is|call\s+me|it['’]s)\s+"
)
_BEFORE = re.compile(rf"^{_GREETING}?(?:{_THAI_LABEL}|{_LATIN_LABEL})?", re.IGNORECASE)
_SURNAME = re.compile(r"\s*นามสกุล\s*(?:คือ|[:：=])?\s*")

_PARTICLE = r"(?:คะ|ครับ|คับ|นะ|อะ)"
_ASKING = (
    r"\?|？",
    # ไหม is silk, and stands in names: it asks behind what can be asked about.
    rf"(?:ได้|ใช่|ดี|แพง|ฟรี|มี|(?:ต้อง|เรียน|สมัคร|ใช้|จ่าย|ให้)\S*)(?:ไหม|มัย|ม้าย)(?:$|\s|{_PARTICLE})",
    rf"^มี\S+ไหม(?:$|{_PARTICLE})",
    r"มั้ย|(?:หรือ|รึ)(?:เปล่า|ป่าว|ยัง|ไม่)",
    rf"(?:เหรอ|หรอ|ป่ะ){_PARTICLE}?$|หรือ{_PARTICLE}$|ใคร(?:{_PARTICLE}|$)",
    r"เท่าไ|ยังไง|ยังงัย|อย่างไร|อะไร|ทำไม|เมื่อไ|(?:ที่|ตอน|อัน|แบบ|คอร์ส)ไหน",
    r"กี่(?:บาท|ปี|วัน|เดือน|คน|ชั่วโมง|ชม|โมง|บท|คอร์ส|ครั้ง|นาที)",
    r"(?:ขอ|สอบ|อยาก)ถาม|(?:อยาก|ขอ)ทราบ|อยากรู้|(?:^|\s|ถาม|ทราบ|รู้|ดู)ราคา",
    r"^(?:หนู|ผม|ดิฉัน|ฉัน|เรา)?\s?(?:อยาก|ไม่)",
    r"^(?:ขอ(?!น)\S*ก่อน|รอ(?:แป๊บ|ก่อน|สักครู่)|แป๊บ|เดี๋ยว)",
    r"^(?:what|what'?s|why|which|question|tell\s+me)\b",
    r"^how\s+(?:much|many|long|old|far|often|can|do|does|is|are|to|about)\b",
    r"^(?:where\s+(?:is|are|do|can)|when\s+(?:is|do|does|will|can)|who\s+(?:is|are))\b",
    r"^(?:can|could|may|should|will|do|am)\s+(?:i|you|we|it|they)\b|^do(?:es)?\s+(?:it|the)\b",
    r"^(?:is\s+(?:it|this|that|there|the)|are\s+(?:you|there|the|we))\b",
    r"^(?:i\s+(?:want|need|would|have|don)|i'?d\s)",
    r"^(?:the\s+)?price(?:\s+(?:is|of|for)\b|$)",
)
_ASKS = re.compile("|".join(_ASKING), re.IGNORECASE)


def is_question(said: str) -> bool:
    """Whether somebody asks or wishes something instead of giving a name; ไหม is a name too."""
    return len(said) <= LONGEST and _ASKS.search(inputs.tidy(said)) is not None


def bare(said: str) -> str:
    """The name alone, as it was said.

    Raises InputError: name_question; name_polite with the whole name as suggestion, where only
    the person knows whether the last word is politeness or belongs to the name.
    """
    if len(said) > LONGEST:
        return said
    if is_question(said):
        raise InputError("name_question")
    name, is_doubtful = _without_politeness(
        _SURNAME.sub(" ", _BEFORE.sub("", inputs.tidy(said))).strip()
    )
    if is_doubtful:
        raise InputError("name_polite", suggestion=name)
    return name


def is_repeated(before: str | None, said: str) -> bool:
    """Whether the name that was refused is said again, politely or not: then it is meant."""
    return before is not None and whole(before) == whole(said)


def shorter(name: str) -> str:
    """A doubtful name without what may be politeness at its end."""
    return re.sub(r"(?:คะ|ค่า|นะ|\s(?:ka+|kha|na))$", "", name, flags=re.IGNORECASE)


def whole(said: str) -> str:
    """A doubtful name with what may be politeness at its end; any other without."""
    try:
        return bare(said)
    except InputError as error:
        return error.suggestion or inputs.tidy(said)


def bare_nickname(said: str) -> str:
    """A nickname alone, where what sounds polite is politeness.

    Raises InputError: name_question.
    """
    try:
        return bare(said)
    except InputError as error:
        if error.suggestion is None:
            raise
        return shorter(error.suggestion)


def _without_politeness(name: str) -> tuple[str, bool]:
    """The name, and whether its end may be politeness."""
    was_polite, before = False, None
    while name != before:
        before = name = name.rstrip(" ,!~…")
        if name.endswith(_ENDINGS) or (was_polite and name.endswith(_NA)):
            return name, False
        if (found := _DOUBTFUL.search(name)) is not None:
            bare_name = name[: found.start("said")].rstrip()
            if not (found["apart"] or found["closed"] or bare_name.endswith("นะ") or not bare_name):
                return name, True
            name, was_polite = bare_name, True
            continue
        name = _SURE.sub("", name)
        was_polite = was_polite or name != before
        if was_polite and not name.endswith(_NA):
            name = _AFTER_ALL.sub("", name)
        words = name.split()
        if len(words) > 2 and words[-2] != "แซ่":
            name = _LATIN.sub("", _SOFT.sub("", name))
    return name, (was_polite and name.endswith("นะ")) or bool(_LATIN.search(name))
