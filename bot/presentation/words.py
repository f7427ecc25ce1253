"""Typed words that mean a button: whole commands everywhere, sentences where none is an answer."""

import re
import unicodedata
from enum import StrEnum

from rapidfuzz import fuzz, process

from bot.presentation import wishes
from bot.services.auth import passwords
from bot.services.courses.courses import Course
from bot.services.people.fields import Item
from bot.services.shared import codes, politeness
from bot.unicode import nfkc

# What ends the open conversation; where none is open, the dispatcher knows what else is meant.
STOP, UNREGISTER = "stop", "unregister"
ENDING = {"close", "rights_erase", UNREGISTER}
ISSUING = {"reset", "link"}  # a new link kills the one that was issued before

COMMANDS: dict[str, tuple[str, ...]] = {
    "register": (
        "สมัคร", "สมัครเรียน", "ลงทะเบียน", "ลงทะเบียนเรียน", "สมัครสมาชิก", "อยากเรียน",
        "register", "sign up", "signup", "enrol", "enroll", "join",
    ),
    "account": (
        "บัญชี", "บัญชีของฉัน", "ข้อมูลของฉัน", "my account", "account", "my data",
    ),
    "change": (
        "แก้ไขข้อมูล", "แก้ข้อมูล", "เปลี่ยนเบอร์", "เปลี่ยนอีเมล", "เปลี่ยนเมล", "เปลี่ยนชื่อ",
        "เปลี่ยนนามสกุล", "แก้เบอร์", "แก้อีเมล", "แก้ชื่อ", "แก้นามสกุล",
        "change my data", "change my details", "change phone", "change email", "change my phone",
        "change my number", "change my email", "change my name", "new phone number",
    ),
    "confirm_email": (
        "ยืนยันอีเมล", "ยืนยันเมล", "confirm email", "confirm my email", "confirm my e-mail",
        "verify my email",
    ),
    "mail_missing": (
        "ไม่ได้รับอีเมล", "ไม่ได้รับเมล", "ไม่ได้อีเมล", "ไม่ได้เมล", "อีเมลไม่มา", "เมลไม่มา", "อีเมลไม่เข้า",
        "เมลไม่เข้า", "อีเมลยังไม่มา", "เมลยังไม่มา", "ยังไม่ได้รับอีเมล", "ยังไม่ได้รับเมล", "ไม่เห็นอีเมล",
        "ไม่เห็นเมล", "email did not arrive", "email not received", "did not get the email",
        "did not get email", "i got no email", "where is the email",
    ),
    "history": ("ประวัติ", "ประวัติของฉัน", "history", "my history"),
    "close": (
        "ปิดบัญชี", "ขอปิดบัญชี", "ลบบัญชี", "close account", "close my account", "delete account",
        "delete my account",
    ),
    "news": (
        "ข่าว", "ข่าวสาร", "ตั้งค่าข่าว", "พักข่าว", "พักรับข่าว", "news", "my news",
    ),
    "news_stop": (
        "เลิกรับข่าว", "เลิกรับข่าวสาร", "หยุดข่าว", "หยุดรับข่าว", "หยุดส่งข่าว", "เลิกส่งข่าว", "ยกเลิกข่าว",
        "ยกเลิกรับข่าว", "ยกเลิกการรับข่าว", "ไม่รับข่าว", "ไม่เอาข่าว", "ไม่อยากได้ข่าว", "ไม่อยากรับข่าว",
        "ไม่ต้องการข่าว", "ไม่ต้องส่งข่าว", "อย่าส่งข่าว", "ไม่อยากได้ข้อความ", "อย่าส่งข้อความ",
        "ไม่ต้องส่งข้อความ", "unsubscribe", "stop news", "no news", "no more news", "don't send news",
        "don't want news", "stop sending",
    ),
    "rights": (
        "สิทธิของฉัน", "สิทธิ", "สิทธิ์ของฉัน", "ขอสำเนาข้อมูล", "ดาวน์โหลดข้อมูล", "โหลดข้อมูล",
        "ระงับการใช้ข้อมูล", "คัดค้าน", "my rights", "rights", "download my data",
    ),
    "rights_erase": (
        "ลบข้อมูล", "ลบข้อมูลของฉัน", "delete my data", "erase my data", "delete everything",
    ),
    "requests": ("คำขอของฉัน", "my requests"),
    "relink": (
        "ย้ายบัญชี", "เปลี่ยนไลน์", "เปลี่ยนบัญชีไลน์", "เปลี่ยน line", "ย้ายไลน์", "ไลน์หาย", "ไลน์ใหม่",
        "บัญชีเดิม", "บัญชีเก่า", "ไลน์เดิมเข้าไม่ได้", "ไลน์เก่าเข้าไม่ได้", "move my account",
        "new line account", "move account", "old account", "changed line",
    ),
    "guardian": (
        "ผู้ปกครอง", "ฉันเป็นผู้ปกครอง", "รหัสผู้ปกครอง", "ลูกให้รหัส", "ลูกส่งรหัส", "รหัสจากลูก",
        "guardian", "parent",
        "i am a parent", "i am a guardian",
    ),
    "children": (
        "บุตรหลาน", "บุตรหลานของฉัน", "ลูกของฉัน", "ข้อมูลลูก", "ข้อมูลของลูก", "บัญชีลูก", "บัญชีของลูก",
        "ลบข้อมูลลูก", "ลบข้อมูลของลูก", "my child", "my children",
    ),
    UNREGISTER: (
        "ถอนความยินยอม", "ยกเลิกความยินยอม", "ยกเลิกการสมัคร", "ยกเลิกการลงทะเบียน", "withdraw",
        "withdraw consent",
    ),
    "link": (
        "ขอลิงก์", "ขอลิงก์ใหม่", "ขอลิงค์", "ขอลิงค์ใหม่", "ลิงก์ใหม่", "ลิงก์", "ลิงค์",
        "ขอลิงก์รหัสผ่านใหม่", "new link", "link",
    ),
    "reset": (
        "ลืมรหัสผ่าน", "ลืมรหัส", "รีเซ็ตรหัสผ่าน", "ตั้งรหัสผ่านใหม่", "ขอรหัสผ่าน", "เข้าสู่ระบบไม่ได้",
        "ลืมพาสเวิร์ด", "ลืมพาสเวิด", "ลืมพาส", "จำรหัสไม่ได้", "จำรหัสผ่านไม่ได้", "จำพาสไม่ได้",
        "รีเซ็ตรหัส", "เข้าไม่ได้", "เข้าระบบไม่ได้", "เข้าเรียนไม่ได้", "ล็อกอินไม่ได้", "ล็อคอินไม่ได้",
        "login ไม่ได้",
        "forgot password", "forgot my password", "lost my password", "reset password",
        "reset my password", "cannot sign in", "cannot log in", "can't sign in", "can't log in",
        "can't login",
    ),
    "password": ("รหัสผ่าน", "พาสเวิร์ด", "password"),
    "courses": (
        "คอร์ส", "คอร์สเรียน", "หลักสูตร", "บทเรียน", "เข้าเรียน", "เรียน", "course", "courses",
        "lesson", "lessons", "e-learning", "elearning",
    ),
    "policy": (
        "นโยบาย", "นโยบายความเป็นส่วนตัว", "ความเป็นส่วนตัว", "privacy", "privacy policy", "policy",
        "pdpa",
    ),
    "advice": (
        "ความปลอดภัย", "คำแนะนำด้านความปลอดภัย", "security", "security advice", "safety",
    ),
    "human": (
        "เจ้าหน้าที่", "คุยกับเจ้าหน้าที่", "ติดต่อ", "ติดต่อเจ้าหน้าที่", "ติดต่อโรงเรียน", "แอดมิน", "ถามเจ้าหน้าที่",
        "พนักงาน", "ขอคุยกับคน", "คุยกับคน", "คุยกับครู", "สอบถาม", "ร้องเรียน", "admin",
        "human", "staff", "contact", "talk to staff",
    ),
    "contact": (
        "ช่องทางติดต่อ", "ข้อมูลติดต่อ", "เบอร์โรงเรียน", "เบอร์โทรโรงเรียน",
        "contact details", "contact the school",
    ),
    "menu": (
        "เมนู", "เริ่ม", "เริ่มต้น", "เริ่มใหม่", "หน้าแรก", "หน้าหลัก", "menu", "main menu", "start", "home",
    ),
    "help": (
        "ช่วยเหลือ", "ช่วยด้วย", "ช่วย", "วิธีใช้", "ยังไง", "ทำอะไรได้บ้าง", "help", "help me", "how to", "?",
        "what can you do",
    ),
    "cancel": (
        "ยกเลิก", "เลิก", "ไม่สมัครแล้ว", "ไม่ทำแล้ว", "ไม่เอาแล้ว", "ช่างมัน", "cancel", "quit", "exit",
        "never mind", "nevermind",
    ),
    STOP: ("หยุด", "หยุดส่ง", "พอ", "พอแล้ว", "พอก่อน", "stop", "stop it", "enough"),
    "english": ("english", "eng", "ภาษาอังกฤษ", "in english"),
    "thai": ("ไทย", "ภาษาไทย", "thai"),
    "thanks": (
        "ขอบคุณ", "ขอบใจ", "โอเค", "รับทราบ", "เข้าใจแล้ว", "thank you", "thanks", "thx", "ok", "okay",
    ),
    "hello": ("สวัสดี", "หวัดดี", "ดี", "hello", "hi", "hey", "good morning", "good afternoon"),
}  # fmt: skip

# What people add to be polite; it does not change what they ask.
_POLITE = re.compile(rf"(?:\s*(?:{politeness.PARTICLES}|คั้บ|อะ|อ่ะ|มากๆ|มาก|หน่อย|please|pls|plz))+$")
# What stands around a wish and belongs to no other word: "อยาก…", "…ได้ไหม".
_BEFORE = re.compile(
    r"^(?:(?:คือ|ขอ|อยาก(?:จะ|ให้)?|ต้องการ|รบกวน|ช่วย|กรุณา|จะ|ผม|หนู|ฉัน|เรา|ดิฉัน"
    r"|please|pls|can i|could i|can you|i want(?: to)?|i would like(?: to)?|i d like(?: to)?"
    r"|i need(?: to)?|let me|show me|show)"
    r"(?:\s+|(?<=[\u0e00-\u0e7f])))+"
)
_AFTER = re.compile(
    r"(?:\s*(?:ได้(?:ไหม|มั้ย|มัย|ป่าว|ปะ|เปล่า)|ไหม|มั้ย|ยังไง|ไง|อย่างไร|ตรงไหน|ที่ไหน|ให้|ด้วย|ที|แล้ว|เลย|ก่อน"
    r"|now|here|today))+$"
)
_NEAR = 84  # of 100: one slip in five letters
_LEAST = 4  # letters below which nearness says nothing
_MOST_READ = 500  # characters that are looked at: far more than anything that means a button has
_MOST = 200  # characters of a text that can be a command
_MOST_NEAR = 60  # of one that is looked at for a word in it
_SAME = re.compile(r"([a-z\u0e01-\u0e4e])\1{2,}")  # "หยุดดดด", "hiiii"


class Heard(StrEnum):
    """What an open step takes, and so which typed words are a command there.

    TAP: a button, so everything else that is understood is a command, as where nothing is open.
    VALUE: something with a digit or an @ in it; whatever has neither is heard as at a button.
    NAME: words that anybody may be called by. Whole commands count, and sentences that ask.
    TEXT: a note, an announcement: a whole command and nothing else.
    """

    TAP = "tap"
    VALUE = "value"
    NAME = "name"
    TEXT = "text"


def normal(text: str) -> str:
    """The form in which words are compared; of a long text its beginning."""
    text = nfkc(text[:_MOST_READ]).casefold()
    text = "".join(char for char in text if unicodedata.category(char) not in {"Cf", "So"})
    # NFKC takes sara am apart; put it together again as people see it.
    text = re.sub("\u0e4d([\u0e48-\u0e4b]?)\u0e32", "\\1\u0e33", text)
    text = " ".join(re.sub(r"[!.,…~\"'’“”()\[\]]+", " ", text).split())
    text = _SAME.sub(r"\1", text)
    text = text.rstrip("? ") or text
    shorter = _POLITE.sub("", text).strip()
    return shorter or text


_EXACT = {normal(word): action for action, listed in COMMANDS.items() for word in listed}
# Languages are switched by their own word only: people come here to learn "ภาษาอังกฤษ".
_LONG = {
    word: action
    for word, action in _EXACT.items()
    if len(word) >= _LEAST and action not in {"english", "thai", STOP}
}
# A word inside a sentence says little: none that ends an account or issues a link counts there, and
# "เรียน" stands in โรงเรียน and นักเรียน too.
_CONTAINED = re.compile(
    "|".join(
        rf"\b{re.escape(word)}\b" if word.isascii() else re.escape(word)
        for word in sorted(_LONG, key=len, reverse=True)
        if len(word) >= 5 and word != "เรียน" and _LONG[word] not in ENDING | ISSUING
    )
)
_NOT = re.compile(r"ไม่|ยังไม่|อย่า|\b(?:not|don.?t|no)\b")
_ASKS = re.compile(
    r"^(?:ขอ|อยาก|ต้องการ|รบกวน|สอบถาม|ไม่|จะ)|ไหม|มั้ย|ยังไง|อะไร|เท่าไ|ตรงไหน|ที่ไหน|\?"
    r"|^(?:how|what|where|can|could|i)\b"
)
_IS_VALUE = re.compile(r"[@\d]")
_CALLED = {"ดี", "ไทย", "เริ่ม", "eng", "home", "link", "hi", "hey"}  # by which people are called too
_TO_A_COURSE = {None, "register", "courses", "english"}
_DETAILS = {
    Item.NAME: re.compile(r"ชื่อ|นามสกุล|\bname\b"),
    Item.PHONE: re.compile(r"เบอร์|โทรศัพท์|\bphone\b|\bnumber\b"),
    Item.EMAIL: re.compile(r"เมล|\be-?mail\b"),
    Item.LINE_ID: re.compile(r"ไอดีไลน์|ไลน์ไอดี|\bline id\b"),
}

_YES = {
    "ใช่",
    "ใช่แล้ว",
    "ถูกต้อง",
    "ถูก",
    "ค่ะ",
    "ครับ",
    "คับ",
    "จ้า",
    "โอเค",
    "yes",
    "y",
    "yep",
    "ok",
    "okay",
}
_NO = {"ไม่", "ไม่ใช่", "ไม่ถูก", "no", "n", "nope"}
# An answer to a card, and no wish, though typing it is not enough there.
_DECIDED = {
    "ยินยอม", "ไม่ยินยอม", "ยอมรับ", "ไม่ยอมรับ", "ตกลง", "ไม่ตกลง", "เห็นด้วย", "ไม่เห็นด้วย",
    "agree", "i agree", "disagree", "i do not agree", "i don t agree",
}  # fmt: skip


def yes_or_no(text: str, *, yes: str, no: str) -> str | None:
    """What a typed yes or no stands for, where either is harmless; None for anything else."""
    said = normal(text)
    return yes if said in _YES else no if said in _NO else None


def command(text: str, heard: Heard | None = None, offered: tuple[Course, ...] = ()) -> str | None:
    """The entry action that a text means, or None.

    heard: what the open step takes; None where nothing is open. offered: the courses; who names
    one is led to it, also with "register": the card of the course has that button.
    """
    if passwords.is_password(text) and not _is_code(text, heard):
        return "password"
    if len(text) > _MOST:
        return None
    is_free = heard in {None, Heard.TAP}
    if codes.read_staff(text) is not None or (is_free and codes.is_meant_for_staff(text)):
        return "staff_link"
    if is_free and codes.is_plain_move(text):
        return "relink"
    if codes.read_guardian(text, with_word=not is_free) is not None:
        return "guardian"
    said = normal(text)
    if heard is not None and said in _YES | _NO | _DECIDED:
        return None
    if heard is Heard.NAME and said in _CALLED:
        return None
    if (action := _whole(said)) is not None:
        return action
    if heard is Heard.TEXT or (heard is Heard.VALUE and _IS_VALUE.search(said)):
        return None
    if heard is Heard.NAME and _ASKS.search(said) is None:
        return None
    found = wishes.wish(said)
    if found in _TO_A_COURSE and course_named(text, offered) is not None:
        return "courses"
    return found or (_near(said) if is_free else None)


def _is_code(text: str, heard: Heard | None) -> bool:
    """Whether a "รหัส" is one of our own codes, and nothing else: "รหัสคือ 319132 ค่ะ".

    Where none is asked for only a guardian's with its hyphen or its word counts: "รหัสคือ abcd1234"
    is a password sooner than anything else.
    """
    if codes.is_plain_guardian(text):
        return True
    if heard is not Heard.VALUE:
        return False
    code = politeness.bare(text, politeness.CODE)
    known = (codes.read_digits(code), codes.read_guardian(code), codes.is_plain_move(code) or None)
    return not passwords.is_password(code) and any(each is not None for each in known)


def course_named(text: str, offered: tuple[Course, ...]) -> Course | None:
    """The course whose title, in either language, stands in a text."""
    said = normal(text[:_MOST])
    return next(
        (
            course
            for course in offered
            if any(normal(title) in said for title in course.title.values())
        ),
        None,
    )


def detail_named(text: str) -> Item | None:
    """The one detail that a text speaks of: "เปลี่ยนเบอร์ค่ะ"."""
    said = normal(text[:_MOST])
    found = [item for item, pieces in _DETAILS.items() if pieces.search(said)]
    return found[0] if len(found) == 1 else None


def _whole(said: str) -> str | None:
    """The command that a text is, without what people say around a wish."""
    if said in _EXACT:
        return _EXACT[said]
    asked = _AFTER.sub("", said).strip()
    if asked in _EXACT:
        return _EXACT[asked]
    bare = _BEFORE.sub("", asked, count=1).strip()
    return _EXACT.get(normal(bare)) if len(bare) >= _LEAST else None


def _near(said: str) -> str | None:
    """What is meant by words that are no command, but hold one or are close to one."""
    if not _LEAST <= len(said) <= _MOST_NEAR or _NOT.search(said):
        return None
    near = process.extractOne(said, list(_LONG), scorer=fuzz.ratio, score_cutoff=_NEAR)
    if near is not None:
        action = _LONG[near[0]]
        return None if action in ENDING | ISSUING and wishes.is_unwanted(said) else action
    found = _CONTAINED.search(said)
    return _LONG[found[0]] if found else None
