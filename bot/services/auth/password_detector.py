"""Whether a message looks like somebody typing a password: it is answered with a warning (R32)."""

import re
import unicodedata

_OF = r"(?:\s*(?:ของ)?\s*(?:ฉัน|ผม|หนู|เรา|ดิฉัน|เค้า|พี่|น้อง))?"
_THAI = r"(?:รหัสผ่าน|รหัสเข้าระบบ|พาสเวิร์ด|พาสเวิด|พาสเวิร์ท|พาสเวอร์ด|พาสเวิรด|พาสเวิร์|พาสเวิส|รหัส|พาส)"
_LATIN = r"(?:pass\s?word|passwort|passwd|pass\s?code|pass\s?phrase|password|pass|pwd|pw|psw)"
# The word, then something that says "here it comes", then anything at all.
_SAID = re.compile(
    rf"(?:{_THAI}{_OF}\s*(?:คือว่า|คือ|เป็น|ว่า|=|:|→|->)\s*\S)"
    rf"|(?:\b{_LATIN}\s*(?:is|was|=|:|→|->|คือ|เป็น)(?<!\w)?\s*\S)"
)
# The word, and beside it one piece that has a digit or a sign in it: `password hunter2`.
_BESIDE = re.compile(rf"(?:{_THAI}{_OF}|\b(?:my\s+)?{_LATIN})\s+(?=\S*[0-9!@#$%^&*_+=])\S{{4,}}\s*")
# What the one-time page shows: four groups of four.
_OURS = re.compile(r"(?:^|\s)[0-9a-z]{4}(?:[-\u2010-\u2014][0-9a-z]{4}){3}(?:\s|$)")


def is_password(text: str) -> bool:
    """Whether a text gives a password away, or tries to."""
    said = unicodedata.normalize("NFKC", text[:2000]).casefold()
    said = "".join(char for char in said if unicodedata.category(char) != "Cf")
    return bool(_SAID.search(said) or _BESIDE.fullmatch(said.strip()) or _OURS.search(said))
