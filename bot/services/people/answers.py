"""What people answer in a chat: the value, for its own reader, without what is said around it."""

import re

from bot.errors import InputError
from bot.services.people import inputs, names
from bot.services.shared import politeness
from models.learner import ADULT_FROM, CHILD_UP_TO, AgeBand

YOUNGEST, OLDEST = 3, 110  # years that somebody who writes here can have
_AGE = re.compile(
    r"(?:(?:ผม|ดิฉัน|ฉัน|หนู|เรา|ลูก|น้อง)\s*)?(?:อายุ\s*(?:คือ|ประมาณ)?|i\s+am|i['’]?m|age(?:\s+is)?|my\s+age\s+is)?"
    r"\s*[:：=]?\s*(?P<years>\d{1,4})\s*(?:ปี|ขวบ|years?(?:\s*old)?|yrs?|y/?o|yo)?\s*(?:แล้ว|เต็ม|กว่า)?",
    re.IGNORECASE,
)
_ADULT = re.compile(r"\d{2}\s*(?:ปี)?\s*(?:ขึ้นไป|\+|or over|and over|years and over)", re.IGNORECASE)
_IN_BRACKETS = re.compile(r"<([^<>\s]+@[^<>\s]+)>")
_AROUND = re.compile(r"^mailto:|[.,;]+$", re.IGNORECASE)  # a copied link; two spaces on a phone
_BETWEEN = re.compile(r"\s*(?:หรือ|และ|กับ|,|/|;|\bor\b|\band\b)\s*", re.IGNORECASE)
_HAS_NONE = re.compile(
    r"(?:ยัง)?ไม่(?:มี|ได้ใช้|ได้ตั้ง|ใช้)\s*(?:line\s*id|ไอดี\s*(?:ไลน์|line)?|ไลน์\s*(?:ไอดี)?|id)?\s*(?:เลย)?"
    r"|(?:i\s+)?(?:don['’]?t|do\s+not)\s+have\s+(?:one|it|any|a\s+line\s*id)|(?:no|without)\s+line\s*id"
    r"|i\s+have\s+none|ข้าม|skip",
    re.IGNORECASE,
)


def phone(said: str) -> str:
    """A phone number alone. Raises InputError: phone_two."""
    number = politeness.bare(said, politeness.PHONE)
    if len(said) <= politeness.LONGEST:
        each = [part for part in _BETWEEN.split(inputs.latin_digits(number)) if part]
        if len(each) > 1 and all(sum(map(str.isdigit, part)) > 6 for part in each):
            raise InputError("phone_two")
    return number


def email(said: str) -> str:
    """An address alone. Raises InputError: email_at, email_space, email_two."""
    address = _AROUND.sub("", politeness.bare(inputs.latin_digits(said), politeness.EMAIL))
    if (within := _IN_BRACKETS.search(address)) is not None and address.count("@") == 1:
        return within[1]
    if "@" not in address:
        raise InputError("email_at")
    if len(re.findall(r"[^\s,;@]@[^\s,;@]", address)) > 1:
        raise InputError("email_two")
    if re.search(r"\s", inputs.tidy(address)):
        raise InputError("email_space")
    return address


def line_id(said: str) -> str:
    """A LINE ID alone."""
    return politeness.bare(inputs.latin_digits(said), politeness.LINE_ID)


def means_none(said: str) -> bool:
    """Whether somebody says, in whichever words, that they have no LINE ID."""
    text = politeness.unspoiled(said)
    is_short = len(said) <= politeness.LONGEST
    return inputs.means_none(text) or (is_short and _HAS_NONE.fullmatch(text) is not None)


def nickname(said: str) -> str:
    """One word that a guardian knows a child by.

    Raises InputError: name_question, and what names.nickname raises.
    """
    return names.nickname(names.bare_nickname(said))


def age_band(said: str) -> AgeBand | None:
    """The age group of a typed age; None where none was typed. Raises InputError: age_range."""
    text = politeness.unspoiled(inputs.latin_digits(said))
    if len(said) > politeness.LONGEST:
        return None
    if _ADULT.fullmatch(text) and int(text[:2]) == ADULT_FROM:
        return AgeBand.FROM_20
    if (found := _AGE.fullmatch(text)) is None:
        return None
    years = int(found["years"])
    if not YOUNGEST <= years <= OLDEST:
        raise InputError("age_range")
    if years <= CHILD_UP_TO:
        return AgeBand.UP_TO_10
    return AgeBand.FROM_20 if years >= ADULT_FROM else AgeBand.FROM_11_TO_19
