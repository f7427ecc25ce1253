"""What people say around a value: a greeting and its name before it, politeness after it.

Only for values whose letters cannot be mistaken for it: numbers, addresses and codes. Names need
more care (bot/services/people/names.py).
"""

import re

LONGEST = 300  # characters; longer texts are no values, and are left as they are

PARTICLES = r"(?:ครับผม|ครับ|คับ|คัฟ|คร้าบ|คร๊าบ|ค้าบ|ฮับ|ฮะ|ค่ะ|ค้ะ|ค๊ะ|คะ|ค่า|ค๊า|จ้า|จ้ะ|จ๊ะ|นะ|น้า|น่ะ)"
LATIN_PARTICLES = r"(?:ka+|kha+|kh?ra[pb]|krub|kub|kab|na|please|pls|plz|thanks?(?:\s+you)?|thx)"
_GAP = r"[\s,.!~…]{0,5}"
_THAI = rf"{_GAP}(?:{PARTICLES}|ขอบคุณ(?:มาก)?|ๆ)"
_LATIN = rf"[,.!]?\s{_GAP}{LATIN_PARTICLES}"
_AFTER = re.compile(rf"(?:{_THAI}|{_LATIN})+[\s,.!~…]*$", re.IGNORECASE)
_AFTER_IN_THAI = re.compile(rf"(?:{_THAI})+[\s,.!~…]*$")
_GREETING = r"(?:สวัสดี|หวัดดี|นี่|นี้|ได้|โอเค|ok|okay|hello|hi)"
_BEFORE = rf"(?:{_GREETING}\s*{PARTICLES}*[\s,:]*(?<![a-z])|{PARTICLES}+[\s,:]+)*"
_OWNER = r"(?:(?:ของ)?\s*(?:ผม|ดิฉัน|ฉัน|หนู|เรา|ลูก|แม่|พ่อ|น้อง)|\b(?:my|our|the)\s)"
_NEW = r"(?:\s*ใหม่)?"  # a detail is changed as often as it is given
_LINK = r"\s*(?:(?:คือ|เป็น|ว่า|ชื่อ|is\b|[:：=.]|[-–]\s)\s*)*"
# What is meant where a value is asked for, by what it is called.
PHONE = (
    r"(?:(?:เบอร์|หมายเลข)\s*(?:โทร(?:ศัพท์)?|มือถือ|ติดต่อ)*|โทร(?:ศัพท์)?\s*(?:มือถือ)?|มือถือ"
    r"|(?:telephone|mobile|phone|tel)(?:\s*(?:number|no\b))?|number)"
)
EMAIL = r"(?:อีเมลล์|อีเมล์?|เมลล์|เมล์?|(?:e-?mail|mail)(?:\s+address)?(?=[\s:：=]))"
LINE_ID = r"(?:ไอดี\s*(?:ไลน์|line)?|(?:ไลน์|line)\s*ไอดี|ไลน์|(?:line\s*id|line|id)(?=[\s:：=]))"
CODE = r"(?:(?:รหัส|โค้ด|โค๊ด|เลข)\s*(?:ยืนยัน|จาก\S+)?|(?:code|otp)(?=[\s:：=]))"
_CALLED = {
    called: re.compile(
        rf"^{_BEFORE}(?:{_OWNER}?\s*(?:\bnew\s)?\s*{called}{_NEW}\s*{_OWNER}?{_NEW}{_LINK})?",
        re.IGNORECASE,
    )
    for called in (PHONE, EMAIL, LINE_ID, CODE)
}


def bare(said: str, called: str) -> str:
    """A value alone, without what it is called before it and politeness after it.

    Where nothing else was said the text stays as it is, so that its reader can say what is wrong.
    """
    text = unspoiled(said, is_code=called is CODE)
    return _CALLED[called].sub("", text).strip() or text if len(said) <= LONGEST else said


def unspoiled(said: str, *, is_code: bool = False) -> str:
    """A text without the politeness at its end; the text itself where it is nothing else.

    is_code: Latin letters are symbols of the code, also where they spell "na" or "ka".
    """
    if len(said) > LONGEST:
        return said
    text = said.strip()
    return (_AFTER_IN_THAI if is_code else _AFTER).sub("", text).strip() or text
