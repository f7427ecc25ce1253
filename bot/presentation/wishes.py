"""What a sentence wishes: pieces that stand together in it, whatever is said around them.

A rule names an entry and the pieces that lead to it, the more particular rule first. What ends or
opens something has a guard beside it: nobody who writes "don't delete my account" is asked whether
to delete it. The wordings by which this is measured stand in tests/presentation/wordings.toml.
"""

import re
from dataclasses import dataclass

_KEY = (
    r"(?:ร[ะั]?หั[สด](?:ผ่?าน|เข้า)?(?!ผู้ปก|ไปร|วิชา|นักเรียน|จาก|สินค้า)|พาส|"
    r"\bpass?[ -]?(?:word|wrd|w)?\b|\bpw\b|\bpwd\b)"
)
_LOST = (
    r"(?:ลืม|หาย|จำ.{0,16}ไม่(?:ได้|ออก)|\bforg[eo]t|\blost\b|\blose\b|"
    r"can ?(?:t|not) remember)"
)
_CHILD = (
    r"(?:ลูก(?!ค้า|ชิ้น|บอล|ศิษย์)|บุตร|(?:ของ|ให้|ดู)น้อง|^น้อง|"
    r"\bmy (?:kid|child|son|daughter)|\bchild(?:ren)?\b)"
)
_ACCOUNT = r"(?:บัญชี|แอ็?ค|\baccount|\bacc\b|ไอดี(?:เรา|ของ|ผม|หนู|ฉัน)|สมาชิก)"
_MINE = r"(?:ของ)?(?:ฉัน|ผม|หนู|เรา|ดิฉัน|ตัวเอง|กู|เค้า|ชั้น)"
_NEWS = (
    r"(?:ข่าว|โปรโม|โปร(?!แกรม|ไฟล์|ด)|โฆษณา|ข้อความ|แจ้งเตือน|\bnews|\bads?\b|"
    r"promo|\bmessag|\bspam)"
)
_DETAIL = (
    r"(?:เบอร์|อีเมล|อีเมว|เมล(?!์)|ชื่อ|นามสกุล|ไอดีไลน์|ไลน์ไอดี|ข้อมูล(?:ส่วนตัว)?|"
    r"\be-?mail|\bphone\b|\bnumber\b|\bname\b|\bline id\b|\bdetails\b)"
)
_MAIL = r"(?:อีเมล|อีเมว|อิเมล|เมล(?!์)|\be-?mails?\b|\bmails?\b)"
_ASKS = (
    r"(?:ไหม|มั้ย|มัย|ป่าว|เปล่า|ได้ยัง|หรือ|เท่า?ไห?[รล]|\bcan\b|\bis\b|\bare\b|"
    r"\bwhat\b|\bok\b|\?)"
)
# Said about ending something by somebody who does not want it, or asks what became of it.
_UNWANTED = re.compile(
    r"อย่า(?!ง)|ไม่(?:ได้|เคย|คิด|อยาก|ต้องการ|ให้)*(?:จะ|อยาก)*(?:ลบ|ปิด|ยกเลิก|ถอน)|"
    r"กลัว|(?:โดน|ถูก)(?:ลบ|ปิด|ระงับ|ยกเลิก)|(?:ลบ|ปิด|ยกเลิก)ไป|ถ้า|ทำไม|ใคร|"
    r"\b(?:don t|do not|did|didn t|never|why|who|what happens|if|already|was|has)\b"
)
_KNOWN = re.compile(
    r"ไม่(?:ได้|เคย)?ลืม|อย่า(?!ง)|(?<!ไม่)ได้แล้ว|"
    r"\b(?:did not|didn t|don t|never|not) (?:forg|lost|lose)|\b(?:now|again) i remember"
)
# Thai begins behind a Latin word without a space: "passหาย".
_SEAM = re.compile(r"(?<=[a-z0-9])(?=[\u0e00-\u0e7f])|(?<=[\u0e00-\u0e7f])(?=[a-z0-9])")

_THAI = re.compile(r"[\u0e00-\u0e7f]")
_LATIN = re.compile(r"[a-z]")

Pieces = tuple[re.Pattern[str], ...]


@dataclass(frozen=True)
class Rule:
    """The entry to which a sentence leads that holds all pieces of a way, and not the guard's.

    in_english: the ways without a Thai letter, which no Thai sentence has to be searched for.
    """

    entry: str
    ways: tuple[Pieces, ...]
    in_english: re.Pattern[str] | None
    guard: re.Pattern[str] | None

    def fits(self, said: str, *, has_latin: bool) -> bool:
        """Whether the sentence, in its normal form, is such a wish."""
        if not any(all(piece.search(said) for piece in way) for way in self.ways):
            english = self.in_english if has_latin else None
            if english is None or english.search(said) is None:
                return False
        return self.guard is None or self.guard.search(said) is None


def _rule(
    entry: str, *ways: str | tuple[str, str], guard: str | re.Pattern[str] | None = None
) -> Rule:
    """Any of the ways is enough; two pieces of one may stand in either order."""
    alone = [way for way in ways if isinstance(way, str)]
    english = "|".join(way for way in alone if _THAI.search(way) is None)
    thai = "|".join(way for way in alone if _THAI.search(way) is not None)
    compiled: list[Pieces] = [(re.compile(thai),)] if thai else []
    compiled += [tuple(map(re.compile, way)) for way in ways if not isinstance(way, str)]
    return Rule(
        entry,
        tuple(compiled),
        re.compile(english) if english else None,
        re.compile(guard) if guard else None,
    )


RULES = (
    _rule(
        "guardian",
        (
            r"รหัส.{0,4}(?:จาก|ของ)(?:ลูก|น้อง)|(?:ลูก|น้อง).{0,4}(?:ส่ง|ให้|บอก)รหัส|"
            r"รหัสผู้ปกครอง|ผู้ปกครอง.{0,6}รหัส"
        ),
        r"\bcode\b.{0,12}\b(?:child|son|daughter|kid)",
    ),
    _rule("register", r"ยังไม่(?:เคย|ได้)?(?:สมัคร|ลงทะเบียน|มีบัญชี)", guard=r"อยาก|ไม่เอา"),
    _rule(
        "mail_missing",
        (
            rf"ไม่(?:เคย)?(?:ได้(?:รับ)?|เห็น|เจอ).{{0,8}}{_MAIL}|"
            rf"{_MAIL}.{{0,14}}ไม่(?:มา|เข้า(?!ใจ)|ถึง|เห็น|เจอ|ได้รับ|ส่งมา)|"
            rf"{_MAIL}.{{0,6}}(?:หาย|อยู่ไหน)"
        ),
        (
            rf"\b(?:not|never|(?:did|have|has)n t|where|missing)\b.{{0,20}}{_MAIL}|"
            rf"{_MAIL}.{{0,16}}\b(?:not|never|(?:did|has)n t|missing)\b"
        ),
        guard=rf"อยาก|ต้อง|อย่า|เปลี่ยน|แก้|{_KEY}|{_NEWS}|\b(?:want|send me|change|have an?|right)\b",
    ),
    _rule(
        "news_stop",
        (
            rf"(?:หยุด|เลิก|ยกเลิก|งด|ปิด|อย่า(?!ง)|ไม่(?:อยาก|ต้อง|เอา|รับ|ขอรับ|"
            rf"สนใจ)).{{0,14}}{_NEWS}"
        ),
        r"(?:หยุด|เลิก|ไม่ต้อง|อย่า(?!ง)|ไม่อยากให้)ส่ง|ไม่รับโปร|\bunsubscribe",
        rf"\b(?:stop|no more|don t (?:want|send)|quit|end)\b.{{0,24}}{_NEWS}",
        r"\bstop (?:sending|messaging|texting)",
        guard=r"ไม่ได้(?:รับ|ข่าว)|น้อยลง|วันหยุด|ยกเลิกข้อความ",
    ),
    _rule(
        "news",
        (_NEWS, r"(?:น้อย|บ่อย|เยอะ|ลด|พัก|เลือก|ตั้งค่า|ได้รับ|สมัครรับ|อยากรับ|ขอรับ|หัวข้อ)"),
        (_NEWS, r"\b(?:less|fewer|too many|too much|settings|choose|pause)\b"),
        r"(?:ได้|มี|รับ)ข่าว",
        guard=r"มีโปร|ส่วนลด|ลดราคา",
    ),
    # What goes to people: money, certificates, hours, the place, for whom it is.
    _rule(
        "question",
        (
            r"ราคา|กี่บาท|ค่า(?:เรียน|ใช้จ่าย|คอร์ส|สมัคร|เทอม|ธรรมเนียม|บริการ)|ฟรี|เสียเงิน|"
            r"เสียตัง|ผ่อน|ส่วนลด|มีโปร|เก็บเงิน"
        ),
        (
            r"จ่าย|โอน(?!ย้าย)|ชำระ|พร้อมเพย์|เลข(?:ที่)?บัญชี|ใบเสร็จ|ใบกำกับ|คืนเงิน|เงินคืน|รีฟัน|"
            r"ถอนเงิน|สลิป"
        ),
        r"(?<!อายุ)เท่า?ไห?[รล]่?",
        (
            r"\bprice|\bhow much\b|\bcosts?\b|\bis it free\b|\bfor free\b|\bdiscount|"
            r"\bpay\b|\bpayment|\brefund|\bmoney\b"
        ),
        (
            r"ยกเลิก(?:การเรียน|คอร์?ส|เรียน)|ใบประกาศ|ใบเซอร์|ใบรับรอง|เกียรติบัตร|วุฒิบัตร|"
            r"เซอร์ติ|\bcertificat"
        ),
        (
            r"(?<!รับ)เปิด(?!รับ|บัญชี|ลิง).{0,8}(?:กี่โมง|ไหม|มั้ย|วัน|ถึง|ตอนไหน)|ปิดกี่โมง|"
            r"เวลาทำการ|หยุดวัน|วันหยุด"
        ),
        (
            r"\bopening hours|\boffice hours|\bopen\b.{0,6}(?:today|on|now|until)|"
            r"\bwhen\b.{0,12}\bopen\b"
        ),
        (
            r"โรงเรียน.{0,6}(?:อยู่|ที่ไหน|ตรงไหน|สาขา)|(?<!อี)ที่อยู่(?!อีเมล)|แผนที่|กี่สาขา|"
            r"\bwhere is the school|\bwhere are you\b"
        ),
        (r"(?:อายุ|ขวบ|ป ?\d|ม ?\d|อนุบาล|ประถม|มัธยม|สูงอายุ|เด็ก(?!เข้า))", _ASKS),
        (
            r"เรียนสด|สอนสด|ออนไลน์|ฝรั่ง|เจ้าของภาษา|เหมาะกับ|\bwhat age|\bhow old|"
            r"\byears? old|\blive (?:class|lesson)"
        ),
        guard=r"คอร์?ส.{0,4}(?:เด็ก|สำหรับ)|ลืม",
    ),
    # Getting in.
    _rule(
        "relink",
        (
            r"ย้าย(?:บัญชี|ไลน์|ไปไลน์|มาไลน์|แอค)|เปลี่ยน(?:บัญชี)?(?:ไลน์(?!ไอดี)|เครื่อง|มือถือ|"
            r"โทรศัพท์)"
        ),
        (
            r"เปลี่ยน ?line(?! ?id)|(?:ไลน์|line)(?:เก่า|เดิม|ใหม่|หาย)|มือถือหาย|โทรศัพท์หาย|"
            r"เครื่องหาย|บัญชีเ(?:ก่า|ดิม)"
        ),
        (
            r"\bmove (?:my |the )?account|\bnew (?:phone|line|mobile)\b(?! ?number)|"
            r"\bold (?:line|account)\b|\bchanged (?:my )?(?:line|phone)\b(?! ?number)"
        ),
    ),
    _rule(
        "reset",
        (_KEY, _LOST),
        rf"(?:ขอ|ตั้ง|รี(?:เซ็?[ตทด])?|อยากได้|ออก).{{0,6}}{_KEY}",
        rf"\breset\b.{{0,10}}{_KEY}|\bnew {_KEY}",
        guard=_KNOWN,
    ),
    _rule(
        "password",
        rf"{_KEY}.{{0,16}}(?:ผิด|ไม่ถูก|ไม่ผ่าน|ใช้ไม่ได้|ไม่เข้า|ไม่ได้)|\bwrong {_KEY}",
        rf"(?:เปลี่ยน|แก้|\bchange\b.{{0,8}}?){_KEY}",
    ),
    _rule(
        "reset",
        (
            r"เข้า(?!ใจ).{0,12}ไม่(?:ได้|เข้า)|ล[๊้]?[็อ]ก?[คกอ]?อ?ิ?น.{0,6}ไม่(?:ได้|เข้า)|"
            r"(?:log ?in|sign ?in) ?ไม่(?:ได้|เข้า)"
        ),
        r"\b(?:can ?(?:t|not)|unable to)\b.{0,8}(?:log|sign|get) ?in",
        guard=_KNOWN,
    ),
    _rule(
        "link",
        r"(?:ขอ|ส่ง).{0,6}ลิง[กค]์?|ลิง[กค]์?.{0,8}(?:ใหม่|หมด|ใช้ไม่|เปิดไม่|กดไม่|เสีย)",
        r"\bnew link|\blink\b.{0,10}(?:expired|again|broken|not work|doesn|หมดอายุ)",
        guard=r"อย่า(?!ง)|ไม่ต้อง|คอร์ส|ซูม|zoom",
    ),
    # Somebody else's matters before one's own.
    _rule(
        "children",
        (
            rf"{_CHILD}.{{0,18}}(?:ถึงไหน|กี่บท|เป็น(?:ยัง)?ไง|ข้อมูล|บัญชี|แอค|ประวัติ|progress|"
            rf"account|data|doing|lesson)"
        ),
        (
            rf"(?:ลบ|ปิด|ยกเลิก|ถอน|แก้|เปลี่ยน|ไม่ให้|ดู|\bdelete|\bclose|\bcancel|\berase|"
            rf"\bchange).{{0,24}}{_CHILD}"
        ),
        guard=r"อย่า(?!ง)",
    ),
    _rule(
        "close",
        rf"(?:ลบ|ปิด|ยกเลิก|เลิกใช้|เลิกเป็น|ออกจาก(?=สมาชิก|การเป็น)).{{0,10}}{_ACCOUNT}",
        rf"{_ACCOUNT}.{{0,12}}(?:ลบ|ปิด)(?=ให้|ที|ทิ้ง|เลย)",
        rf"\b(?:delete|close|remove|cancel|deactivate)\b.{{0,12}}{_ACCOUNT}",
        guard=_UNWANTED,
    ),
    _rule(
        "rights_erase",
        (
            r"ลบ.{0,10}(?:ข้อมูล|ทุกอย่าง|ประวัติ|ทั้งหมด|เบอร์|อีเมล|ชื่อ)|ข้อมูล.{0,16}(?:ลบ|"
            r"เอา)ออก"
        ),
        (
            r"\b(?:delete|erase|remove)\b.{0,14}(?:data|everything|details|"
            r"information|me\b)|\bforget me\b"
        ),
        guard=_UNWANTED,
    ),
    _rule(
        "unregister",
        r"(?:ถอน|ยกเลิก).{0,6}(?:ความ)?ยินยอม|ไม่ยินยอม|ถอนตัว|ถอนชื่อ|\bwithdraw",
        r"ยกเลิก(?:การ)?(?:สมัคร|ลงทะเบียน|เป็น)",
        r"\bcancel\b.{0,8}registration",
        guard=_UNWANTED,
    ),
    # One's own data and account.
    _rule("requests", r"คำขอ.{0,12}(?:ถึงไหน|ของ|สถานะ)|\bmy requests?\b"),
    _rule("account", r"ชื่อผู้ใช้|ยูส|\buser ?(?:name)?\b|ไอดี(?:เข้า|ของ).{0,6}เรียน", guard=r"ยังไม่เคย"),
    _rule("human", r"เบอร์(?:ติดต่อ|โรงเรียน|โทรโรงเรียน|เจ้าหน้าที่|แอดมิน|โทรติดต่อ|ของโรงเรียน)"),
    _rule(
        "change",
        (
            rf"(?:เปลี่ยน|แก้|อั[พป]เด[ตท]|ใส่ใหม่).{{0,10}}{_DETAIL}|{_DETAIL}.{{0,8}}(?:ผิด|"
            rf"ใหม่|เปลี่ยน)|สะกด.{{0,6}}ผิด"
        ),
        (
            rf"\b(?:change|changed|update|edit|correct|fix|new)\b.{{0,16}}{_DETAIL}|"
            rf"{_DETAIL}.{{0,12}}\b(?:wrong|changed|misspel)"
        ),
        guard=rf"{_KEY}|อย่า(?!ง)|\bdon t\b",
    ),
    _rule(
        "policy",
        r"นโยบาย|ความเป็นส่วนตัว(?!.{0,6}ลบ)",
        (
            r"ข้อมูล.{0,16}(?:ทำ(?:อะ)?ไร|ทำไม|ขาย|รั่ว|ปลอดภัย|ไปใช้)|ปลอดภัย(?:ไหม|มั้ย|ป่าว|"
            r"เปล่า)"
        ),
        (
            r"\bprivacy\b|\bwith my data\b|\bdata\b.{0,8}\b(?:safe|secure|sell|"
            r"sold)\b|\b(?:safe|secure)\b.{0,12}\bdata\b"
        ),
    ),
    _rule(
        "rights",
        r"สิทธิ|\bpdpa\b|\bmy rights\b",
        (
            rf"(?:มี|เก็บ|รู้)ข้อมูล(?:อะไร|ไร)|ข้อมูล(?:อะไร|ไร)?{_MINE}|ข้อมูลส่วนตัว|(?:สำเนา|"
            rf"โหลด|ไฟล์)ข้อมูล"
        ),
        (
            r"\b(?:what|which)\b.{0,16}\b(?:know|data|have)\b.{0,14}\b(?:about me|"
            r"of me|of mine)\b|\bdownload\b.{0,8}\bdata\b"
        ),
    ),
    # People, courses, beginning.
    _rule(
        "human",
        (
            r"เจ้าหน้าที่|จนท|แอดมิน|ติดต่อ|คุย(?:กับ|กะ)(?:คน|ครู|แอด|พนักงาน|admin|ใคร)|"
            r"ร้องเรียน|มีปัญหา|ปรึกษา"
        ),
        (
            r"มีใคร(?:อยู่|ตอบ|ว่าง)|^ตอบ(?:หน่อย|ด้วย|ที)?$|โทร(?:หา|กลับ|คุย)|^ครู$|^(?:อยาก|"
            r"ขอ)?(?:สอบ)?ถาม(?:หน่อย|เพิ่ม(?:เติม)?)?$"
        ),
        (
            r"\b(?:human|real person|a person|someone|somebody|anyone there|staff|"
            r"admin|agent|customer service|call me|i have a question)\b"
        ),
        guard=r"\bannounce",
    ),
    _rule(
        "english",
        r"^(?:ขอ|เปลี่ยน|พูด|ใช้|เอา|สลับ)(?:เป็น)?(?:ภาษา)?(?:อังกฤษ|english)$",
        r"\b(?:speak|in|to|use)\b (?:english)$|^english(?: please| pls)?$",
    ),
    _rule(
        "thai",
        r"^(?:ขอ|เปลี่ยน|พูด|ใช้|เอา|สลับ)(?:เป็น)?(?:ภาษา)?ไทย(?:ได้ไหม|ได้มั้ย)?$",
        r"\b(?:speak|in|to|use)\b thai$|^thai(?: please| pls)?$",
    ),
    _rule(
        "help",
        (
            r"ทำ(?:อะ)?ไรได้|ใช้(?:งาน)?(?:บอท)?(?:ยังไง|ไง|อย่างไร)|วิธี(?:ใช้|การ)|"
            r"^(?:ต้อง)?ทำ(?:ยัง)?ไง(?:ต่อ|ดี)?$|^(?:งง|ยังไง)"
        ),
        r"ไม่เข้าใจ|ต้องกด|กดตรงไหน|เป็นบอท|เป็นคน(?:หรือ|รึ|ไหม|มั้ย|จริง)|คำสั่ง",
        (
            r"\bwhat can (?:you|i) do|\bhow (?:does|do) (?:this|it|i use)|"
            r"\bi (?:don t|do not) understand|\bare you (?:a |an )?(?:bot|robot|human|"
            r"ai|real)"
        ),
    ),
    _rule("menu", r"เมนู|หน้า(?:แรก|หลัก)|\bmain menu\b"),
    _rule(
        "register",
        (
            r"สหมัคร|สมัค(?!รสมาน)|ลงทะเบีย|ลงเรียน|สนใจเรียน|อยาก(?:จะ)?(?:มา)?เรียน|(?:จะ|"
            r"ให้ลูก|ให้น้อง)เรียน(?:ต้อง|ด้วย)"
        ),
        r"\bregis|\bsign (?:me )?up\b|\benrol|\bcreate\b.{0,6}\baccount|\bjoin\b",
        guard=(
            r"ไม่(?:อยาก|ได้|เอา|สน|คิด)?(?:จะ)?(?:สมัคร|เรียน|ลงทะเบียน)|ยกเลิก|\b(?:not|"
            r"don t)\b"
        ),
    ),
    _rule(
        "courses",
        (
            r"คอ(?:ร์)?ส(?!ตูม|เพล|เมติก)|หลักสูตร|บทเรียน|(?:เข้า|เริ่ม|ดู|ไป)(?:ห้อง)?เรียน|"
            r"เรียนต่อ|เรียน(?:อะ)?ไร|สอน"
        ),
        (
            r"พื้นฐาน|(?:ขอ|สอบถาม|อยากได้)?(?:รายละเอียด|ข้อมูลเพิ่ม)|เรียนกี่|"
            r"เรียน.{0,12}(?:ไหม|มั้ย)$|\bcourses?\b|\blessons?\b|\bclass(?:es)?\b|"
            r"\bstudy\b"
        ),
        guard=r"ไม่ได้?(?:เข้า|ไป)เรียน|โดดเรียน",
    ),
    _rule("thanks", r"^(?:ขอบคุณ|ขอบใจ|แต๊ง|แต้ง|thank|thx|โอเค|รับทราบ).{0,16}$"),
    _rule(
        "hello",
        r"^(?:สวัสดี|หวัดดี|ดีจ้า|ฮัลโหล|ฮาย).{0,14}$",
        r"^(?:hello|hi+|hey+|good (?:morning|afternoon|evening))\b.{0,14}$",
    ),
)


def wish(said: str) -> str | None:
    """The entry that a sentence in its normal form leads to, or None."""
    said = _SEAM.sub(" ", said)
    has_latin = _LATIN.search(said) is not None
    return next((rule.entry for rule in RULES if rule.fits(said, has_latin=has_latin)), None)


def is_unwanted(said: str) -> bool:
    """Whether a sentence speaks of an end that is not wanted, or of a password that is known."""
    return _UNWANTED.search(said) is not None or _KNOWN.search(said) is not None
