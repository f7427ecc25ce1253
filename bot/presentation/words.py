"""Typed words that mean a button: exact ones everywhere, near ones where nothing is being asked."""

import re
import unicodedata

from rapidfuzz import fuzz, process

from bot.services.auth import passwords
from bot.services.shared import codes

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
    "history": ("ประวัติ", "ประวัติของฉัน", "history", "my history"),
    "close": (
        "ปิดบัญชี", "ขอปิดบัญชี", "ลบบัญชี", "close account", "close my account", "delete account",
        "delete my account",
    ),
    "news": (
        "ข่าว", "ข่าวสาร", "ตั้งค่าข่าว", "เลิกรับข่าว", "เลิกรับข่าวสาร", "หยุดข่าว", "หยุดรับข่าว",
        "หยุดส่งข่าว", "เลิกส่งข่าว", "ยกเลิกข่าว", "ยกเลิกรับข่าว", "ยกเลิกการรับข่าว", "พักข่าว",
        "พักรับข่าว", "ไม่รับข่าว", "ไม่เอาข่าว", "ไม่อยากได้ข่าว", "ไม่อยากรับข่าว", "ไม่ต้องการข่าว",
        "ไม่ต้องส่งข่าว", "อย่าส่งข่าว", "ไม่อยากได้ข้อความ", "อย่าส่งข้อความ", "ไม่ต้องส่งข้อความ",
        "unsubscribe", "news", "stop news", "my news", "no news", "no more news",
        "don't send news", "don't want news", "stop sending",
    ),
    "rights": (
        "สิทธิของฉัน", "สิทธิ", "สิทธิ์ของฉัน", "ลบข้อมูล", "ลบข้อมูลของฉัน", "ขอสำเนาข้อมูล",
        "ดาวน์โหลดข้อมูล", "โหลดข้อมูล", "ระงับการใช้ข้อมูล", "คัดค้าน", "my rights", "rights",
        "delete my data", "erase my data", "delete everything", "download my data",
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
    "withdraw": ("ถอนความยินยอม", "ขอถอนความยินยอม", "withdraw", "withdraw consent"),
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
    "menu": ("เมนู", "เริ่ม", "เริ่มต้น", "หน้าแรก", "menu", "start", "home"),
    "help": ("ช่วยเหลือ", "ช่วยด้วย", "วิธีใช้", "help", "how to", "?"),
    "cancel": ("ยกเลิก", "หยุด", "เลิก", "ไม่สมัครแล้ว", "cancel", "stop", "quit", "exit"),
    "english": ("english", "eng", "ภาษาอังกฤษ", "in english"),
    "thai": ("ไทย", "ภาษาไทย", "thai"),
    "thanks": (
        "ขอบคุณ", "ขอบใจ", "โอเค", "รับทราบ", "เข้าใจแล้ว", "thank you", "thanks", "thx", "ok", "okay",
    ),
    "hello": ("สวัสดี", "หวัดดี", "ดี", "hello", "hi", "hey", "good morning", "good afternoon"),
}  # fmt: skip

# What people add to be polite; it does not change what they ask.
_POLITE = re.compile(
    r"(?:ครับ|คับ|คร้าบ|ค้าบ|ฮะ|ค่ะ|คะ|ค่า|จ้า|จ้ะ|จ๊ะ|นะ|น้า|อ่ะ|มากๆ|มาก|หน่อย|please|pls)+$"
)
_INSIDE = {"cancel", "help", "english", "thai", "human", "policy"}
_NEAR = 84  # of 100: one slip in five letters
_LEAST = 4  # letters below which nearness says nothing


def normal(text: str) -> str:
    """The form in which words are compared."""
    text = unicodedata.normalize("NFKC", text).casefold()
    text = "".join(char for char in text if unicodedata.category(char) != "Cf")
    # NFKC takes sara am apart; put it together again as people see it.
    text = re.sub("\u0e4d([\u0e48-\u0e4b]?)\u0e32", "\\1\u0e33", text)
    text = " ".join(re.sub(r"[!.,…~\"'()\[\]]+", " ", text).split())
    shorter = _POLITE.sub("", text).strip()
    return shorter or text


_EXACT = {normal(word): action for action, listed in COMMANDS.items() for word in listed}
# Languages are switched by their own word only: people come here to learn "ภาษาอังกฤษ".
_LONG = {
    word: action
    for word, action in _EXACT.items()
    if len(word) >= _LEAST and action not in {"english", "thai"}
}
# "เรียน" stands in โรงเรียน and นักเรียน too: inside a sentence it says nothing.
_CONTAINED = sorted(
    (word for word in _LONG if len(word) >= 5 and word != "เรียน"), key=len, reverse=True
)
_NOT = re.compile(r"ไม่|ยังไม่|อย่า|\b(?:not|don.?t|no)\b")
# "เข้าไม่ได้" and "ไม่อยากได้ข่าว" say no themselves, and mean just that inside a sentence too.
_REFUSING = sorted((word for word in _LONG if _NOT.search(word)), key=len, reverse=True)


_YES = {"ใช่", "ใช่แล้ว", "ถูกต้อง", "ถูก", "โอเค", "yes", "y", "yep", "ok", "okay"}
_NO = {"ไม่", "ไม่ใช่", "ไม่ถูก", "no", "n", "nope"}


def yes_or_no(text: str, *, yes: str, no: str) -> str | None:
    """What a typed yes or no stands for, where either is harmless; None for anything else."""
    said = normal(text)
    return yes if said in _YES else no if said in _NO else None


def command(text: str, *, inside: bool) -> str | None:
    """The entry action that a text means, or None.

    inside: a flow is waiting for an answer, so only whole words that must always work count.
    Thai is written without spaces, so elsewhere a long command word inside a sentence counts too.
    """
    if passwords.is_password(text):
        return "password"
    if len(text) > 200:
        return None
    if codes.read_staff(text) is not None or (not inside and codes.is_meant_for_staff(text)):
        return "staff_link"
    if not inside and codes.is_plain_move(text):
        return "relink"
    if codes.read_guardian(text, with_word=inside) is not None:
        return "guardian"
    said = normal(text)
    action = _EXACT.get(said)
    if inside:
        return action if action in _INSIDE else None
    return action or _near(said)


def _near(said: str) -> str | None:
    """What is meant by words that are no command, but hold one or are close to one."""
    for word in _REFUSING:
        if _stands_in(word, said):
            return _LONG[word]
    if len(said) < _LEAST or _NOT.search(said):
        return None
    near = process.extractOne(said, list(_LONG), scorer=fuzz.ratio, score_cutoff=_NEAR)
    if near is not None:
        return _LONG[near[0]]
    for word in _CONTAINED:
        if _stands_in(word, said):
            return _LONG[word]
    return None


def _stands_in(word: str, said: str) -> bool:
    if word.isascii():
        return re.search(rf"\b{re.escape(word)}\b", said) is not None
    return word in said
