"""Typed words that mean something for members of staff only; for everybody else they are words."""

import re

from bot.presentation.words import normal

STOP = "campaign_stopping"
STAFF_COMMANDS: dict[str, tuple[str, ...]] = {
    "announce": ("ประกาศ", "announce", "announcement"),
    "approvals": ("รออนุมัติ", "อนุมัติ", "approvals", "approve"),
    "sending": ("กำลังส่ง", "sending", "progress"),
    "campaign_latest": ("ดูผล", "ดูผลการนับ", "ผลการนับ", "สถานะ", "status", "see the count"),
    STOP: (
        "หยุด", "หยุดก่อน", "หยุดส่ง", "หยุดส่งก่อน", "หยุดทันที", "หยุดเดี๋ยวนี้",
        "stop", "stop it", "stop now", "stop sending",
    ),
}  # fmt: skip
# "ประกาศ วันหยุด ...": Thai needs no space behind the word, English does. People slip in its last
# letter, as the three sound alike.
_WORD = r"(?:ประกา[ศสษ]|ปะกา[ศสษ]|announce(?:ment)?(?![a-z]))"
_ANNOUNCE = re.compile(rf"\s*{_WORD}[\s:：]*", re.IGNORECASE)
# Formal announcements begin like that themselves: it is the text and not a request to us.
_FORMAL = re.compile(r"\s*ขอประกาศ\s*(?!หน่อย|ให้หน่อย|ที(?=\s|$)|$)")
_POLITE = r"(?:\s*(?:นะ)?(?:ครับ|คับ|ค่ะ|คะ))?"
_WISH = re.compile(
    r"\s*(?:(?:รบกวน|ช่วย|อยาก|ต้องการ|ขอ|ฝาก|จะ|ให้|เขียน|ลง|ทำ|ส่ง|สร้าง|ผม|ฉัน|ดิฉัน|หนู|ครู"
    r"|(?:please|can|could|you|i|i[’']d|want|would|like|to|help|me|make|write|send|an?|new)(?![a-z]))"
    rf"\s*)+{_WORD}"
    rf"(?:\s*(?:ให้หน่อย|ให้ด้วย|หน่อย|ให้ที(?=\s|ว่า|$)){_POLITE})?(?:\s*(?:ว่า|that(?![a-z])))?[\s:：]*",
    re.IGNORECASE,
)
_ASKED = re.compile(rf"\s*{_WORD}\s*(?:ให้)?หน่อย{_POLITE}(?:\s*ว่า)?[\s:：]*", re.IGNORECASE)
_STOP = re.compile(
    r"\s*(?:(?:ช่วย|ขอ|รบกวน|อยาก|ต้องการ|please)\s*)*"
    r"(?:(?:หยุด|ระงับ|ยกเลิก)(?:การ)?(?:ส่ง)?|stop (?:sending )?(?:the |this |that )?)"
    rf"\s*{_WORD}",
    re.IGNORECASE,
)
_MOST = 60  # characters of a command; what is longer is somebody's text
_HEAD = 200  # characters in which a wish to announce something is said
_EXACT = {normal(word): action for action, listed in STAFF_COMMANDS.items() for word in listed}


def command(text: str, *, inside: bool) -> str | None:
    """The entry action that a member of staff means, or None.

    inside: a flow is waiting for an answer, so only the whole words that stop something count.
    """
    if inside:
        said = normal(text) if len(text) < _MOST else ""
        return STOP if _EXACT.get(said) == STOP or _STOP.fullmatch(said) else None
    if any(wish.match(text[:_HEAD]) for wish in (_ANNOUNCE, _FORMAL, _WISH)):
        return "announce"
    if len(text) >= _MOST:
        return None
    return STOP if _STOP.match(text) else _EXACT.get(normal(text))


def body(text: str) -> str:
    """What is to be announced: what stands behind the word, or behind the request for it."""
    if _FORMAL.match(text):
        return text.strip()
    found = _ASKED.match(text) or _ANNOUNCE.match(text) or _WISH.match(text)
    return text[found.end() if found else 0 :].strip()
