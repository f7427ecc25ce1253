"""Typed words that mean something for members of staff only; for everybody else they are words."""

import re

from bot.services.words import normal

STAFF_COMMANDS: dict[str, tuple[str, ...]] = {
    "announce": ("ประกาศ", "announce", "announcement"),
    "approvals": ("รออนุมัติ", "อนุมัติ", "approvals", "approve"),
    "sending": ("กำลังส่ง", "sending", "progress"),
    "campaign_latest": ("ดูผล", "ดูผลการนับ", "ผลการนับ", "สถานะ", "status", "see the count"),
}
# "ประกาศ วันหยุด ...": Thai needs no space behind the word, English does.
_ANNOUNCE = re.compile(r"\s*(?:ประกาศ|announce(?:ment)?(?![a-z]))[\s:：]*", re.IGNORECASE)
_EXACT = {normal(word): action for action, listed in STAFF_COMMANDS.items() for word in listed}


def command(text: str) -> str | None:
    """The entry action that a member of staff means, or None."""
    if _ANNOUNCE.match(text):
        return "announce"
    return _EXACT.get(normal(text)) if len(text) < 60 else None


def body(text: str) -> str:
    """What is to be announced: what stands behind the word."""
    return _ANNOUNCE.sub("", text, count=1).strip()
