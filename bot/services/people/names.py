"""Names of people: what is one, in every script, and where it stands in an answer of a chat.

In an answer politeness and "my name is" go, and nothing of the name. Thai is written without
spaces, so a particle may stand at the end of a surname: นาคะ, มีค่า, วัฒนะ.
"""

import re
import unicodedata

from bot.errors import InputError
from bot.services.people import inputs
from bot.services.shared.politeness import LONGEST
from bot.unicode import nfkc

NAME_LIMIT = 100
NICKNAME_LIMIT = 40
_MOST_WORDS = 12
_MOST_MARKS = 8  # behind one letter: a Tibetan or Burmese stack has fewer

# What stands in names beside letters, by what it means there.
_SIGNS = {
    " ": " ",
    **dict.fromkeys("-‐‑‒–—―−⁃－﹣゠＝", "-"),
    **dict.fromkeys("'’‘‛`´′＇׳״", "'"),
    **dict.fromkeys('"“”„‟＂', '"'),
    **dict.fromkeys(".．", "."),
    **dict.fromkeys(",，", ","),
    **dict.fromkeys("·・‧•∙་", "·"),
    **dict.fromkeys("(（", "("),
    **dict.fromkeys(")）", ")"),
    "/": "/",
    "@": "@",
}
# The shape of a name, with one L for the letters of a word: Mary-Ann, J.-P., 't Hooft, King, Jr.,
# Maria (May) Garcia, Tan Ah Kow @ Tan Ah Lek.
_WORD = r"['-]?L(?:(?:\.['-]?|['·/-])L)*['.·-]?"
_ASIDE = rf"['\"]{_WORD}(?: {_WORD})?['\"]|\({_WORD}(?: {_WORD})?\)"
_SHAPE = re.compile(rf"(?:{_WORD})(?:(?:,? | [@-] |@)(?:{_WORD}|{_ASIDE}))*")
# Son or daughter of, as passports of Malaysia and Singapore write it, and wife of.
_CHILD_OF = re.compile(r"(?<!\S)(?:a/[lp]|[sdw]/o)(?!\S)", re.IGNORECASE)
_ADDRESS = re.compile(r"^@|\S@\S*\.|^\S+@\S+$|@$")
_LINK = re.compile(
    r"https?:|www\.|://|[^\s.]{2}\.(?:com|net|org|info|th|io|ly|gg|app|xyz|link|page|site|shop)\b"
    # These end names too, so it is a link where it is written as links are: St.Co, but not evil.co
    r"|[^\s.]{3}\.(?:(?-i:co|CO|me|ME|tv|TV|cc|CC)\b|ไทย(?:\s|$))|\S\.\w+/\w",
    re.IGNORECASE,
)
# Full names of these are written without a space between.
_UNSPACED = ("CJK ", "HIRAGANA ", "KATAKANA", "HANGUL ", "IDEOGRAPHIC ")

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
    r"กี่(?:บาท|ปี|ขวบ|วัน|เดือน|คน|ชั่วโมง|ชม|โมง|บท|คอร์ส|ครั้ง|นาที|สาขา|รอบ)",
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


# Words of sentences, and words that are names as well and so tell of one only beside them.
_STRONG = frozenset(
    re.findall(
        r"\S+",
        """the is are was were want wants need needs please hello thank thanks your have has haven't
        don't dont doesn't didn't can't cannot what where why which this that these with about
        because would could should english course courses learn learning study price interested
        contact call sorry know tell""",
    )
)
_WEAK = frozenset(
    re.findall(
        r"\S+",
        """i i'm i'd my to you me it its for not and we he she they can will do does am in on at of
        from name how when now here there today tomorrow later back yes no ok okay a an""",
    )
)
_STATEMENTS = (
    r"อยาก(?:เรียน|ได้|สมัคร|รู้|ทราบ|ให้)|ต้องการ(?:เรียน|สมัคร|ติดต่อ|ทราบ|ให้|สอบถาม)",
    r"สนใจ(?:$|\s|เรียน|คอร์ส|สมัคร|จะ|ภาษา|ครับ|ค่ะ)|(?:เรียน|สอน|คอร์ส)ภาษา|ภาษาอังกฤษ",
    r"(?:โทร|ติดต่อ|ตอบ|ส่ง)(?:มา(?:$|\s|ครับ|ค่ะ|ที่|นะ)|กลับ|หา(?!ญ))|(?:ช่วย|ขอ|รบกวน)\S*หน่อย|รบกวน(?:สอบ|ช่วย|ติดต่อ)",
    r"ยังไม่|ไม่(?:ได้|มี|เข้าใจ|ทราบ|รู้|เอา|สะดวก|แน่ใจ)|พรุ่งนี้|เมื่อวาน|ตอนนี้|ค่อย(?:บอก|สมัคร)|เรียบร้อยแล้ว",
    r"[我你您吗呢们请]|想学|です|ます(?:$|か)|ください|ません|でしょう",
    r"(?:니다|세요|니까|어요|아요|해요|에요)(?:$|\s)",
    r"ຂ້ອຍ(?:ຢາກ|ຊື່)|ຢາກຮຽນ|ខ្ញុំ(?:ចង់|ឈ្មោះ)|ចង់រៀន|(?:ပါတယ်|ပါသလား|ပါရစေ)(?:$|\s)",
    r"[\u3040-\u30fa\u30fc-\u30ff\u3400-\u9fff\uac00-\ud7af]{13}",  # no name is so long
)
_STATES = re.compile("|".join(_STATEMENTS))


def full_name(text: str, *, accept_single: bool = False) -> str:
    """A name in the letters of any script, as it is stored.

    Raises InputError: name_empty, name_long, name_digits, name_link, name_letters, name_sentence,
    name_single.
    """
    name = _in_one_width(inputs.tidy(text))
    if not name:
        raise InputError("name_empty")
    if len(name) > NAME_LIMIT:
        raise InputError("name_long")
    if _LINK.search(name) or _ADDRESS.search(name):
        raise InputError("name_link")
    if any(unicodedata.category(char)[0] == "N" for char in name):
        raise InputError("name_digits")
    _check_shape(name)
    if is_sentence(name):
        raise InputError("name_sentence")
    if not accept_single and " " not in name and not _is_unspaced(name):
        raise InputError("name_single")
    return name


def nickname(text: str) -> str:
    """One word that a guardian knows a child by, and no more than that.

    Raises InputError: name_empty, name_long, name_words, name_digits, name_link, name_letters,
    name_sentence.
    """
    if len(inputs.tidy(text)) > NICKNAME_LIMIT:
        raise InputError("name_long")
    name = full_name(text, accept_single=True)
    if " " in name:
        raise InputError("name_words")
    return name


def is_sentence(name: str) -> bool:
    """Whether a text asks, wishes or says something instead of naming somebody."""
    words = re.sub("[‘’]", "'", name).casefold().replace(",", " ").split()
    strong = sum(word in _STRONG for word in words)
    is_said = strong > 1 or (strong > 0 and any(word in _WEAK for word in words))
    return is_said or len(words) > _MOST_WORDS or is_question(name) or bool(_STATES.search(name))


def _in_one_width(name: str) -> str:
    """Full-width, half-width and ornamental letters as plain ones (Unicode's "wide", "font")."""
    if name.isascii():
        return name
    plain = "".join(
        nfkc(char)
        if unicodedata.decomposition(char).startswith(("<wide>", "<narrow>", "<font>"))
        else char
        for char in name
    )
    return inputs.tidy(plain)


def _check_shape(name: str) -> None:
    """Raises InputError: name_letters where something is no letter, or is where no name has it."""
    shape, letters, run = "", 0, 0
    is_word = False
    for char in name:
        kind = unicodedata.category(char)
        run = run + 1 if kind in {"Mn", "Mc"} else 0
        if run > _MOST_MARKS or "\ufe00" <= char <= "\ufe0f":  # heaped up, or an emoji's
            raise InputError("name_letters")
        if run:
            letters += shape.endswith("L")
            shape += "" if shape.endswith("L") else "?"
        elif kind[0] == "L":
            letters += 1 + (unicodedata.east_asian_width(char) == "W")
            is_word = is_word or kind != "Lm"
            shape += "" if shape.endswith("L") else "L"
        elif char in _SIGNS:
            shape += _SIGNS[char]
        else:
            raise InputError("name_letters")
    if not is_word or letters < 2:  # a letter with its vowel is a name: ดี
        raise InputError("name_empty")
    is_joined = "@" in shape and " @ " not in shape and shape.count(" ") < 2
    if "/" in _CHILD_OF.sub("", name) or is_joined or not _SHAPE.fullmatch(shape):
        raise InputError("name_letters")


def _is_unspaced(name: str) -> bool:
    return len(name) > 1 and all(
        unicodedata.name(char, "").startswith(_UNSPACED) or char in _SIGNS for char in name
    )


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
