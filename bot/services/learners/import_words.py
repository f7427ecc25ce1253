"""What columns and cells of an import are called, in the words of people's spreadsheets."""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum

from bot.services.people import inputs
from bot.services.people.fields import FIELDS, Item


class ImportColumn(StrEnum):
    """What a column can hold besides a learner's own fields."""

    SURNAME = "surname"  # beside a column of first names
    AGE = "age"
    BIRTH = "birth"  # the age band is kept, the date is not
    LANGUAGE = "language"
    CONSENT_DATE = "consent_date"
    CONSENT_WORDS = "consent_words"
    CONSENT_MEANS = "consent_means"
    EMAIL_NEWS = "email_news"
    GROUP = "group"


Column = Item | ImportColumn
COLUMNS: tuple[Column, ...] = (*Item, *ImportColumn)
# Each of them, or what can stand in its place.
NEEDED: tuple[Column, ...] = (
    *(item for item, field in FIELDS.items() if field.is_needed),
    ImportColumn.AGE,
)
INSTEAD: dict[Column, Column] = {ImportColumn.AGE: ImportColumn.BIRTH}
CONSENT = (ImportColumn.CONSENT_DATE, ImportColumn.CONSENT_WORDS, ImportColumn.CONSENT_MEANS)
_BESIDE = re.compile(r"[(\[（][^()\[\]（）]{0,100}[)\]）]")
MAX_HEADING = 200  # characters: a longer one is no name of a column
# What forms, schools' lists and other e-learning systems call a learner's own fields, too.
_ALSO: dict[Column, frozenset[str]] = {
    Item.NAME: frozenset(
        {
            *("firstname", "first", "givenname", "forename", "ชื่อจริง", "ชื่อผู้เรียน", "ชื่อนักเรียน"),
            *("studentname", "learnername", "nameandsurname", "namesurname", "ชื่อและนามสกุล"),
            *("ชื่อ–นามสกุล", "ชื่อ/นามสกุล", "ชื่อ-นามสกุลผู้เรียน", "ชื่อนามสกุลผู้เรียน", "ชื่อเต็ม"),
        }
    ),
    Item.PHONE: frozenset(
        {
            *(
                "phone1",
                "phonenumber",
                "mobilephone",
                "mobilenumber",
                "telephonenumber",
                "cellphone",
            ),
            *("โทร.", "มือถือ", "เบอร์มือถือ", "เบอร์ติดต่อ", "โทรศัพท์มือถือ", "เบอร์โทรศัพท์มือถือ"),
            *("เบอร์โทรติดต่อ", "หมายเลขโทรศัพท์มือถือ"),
        }
    ),
    Item.EMAIL: frozenset(
        {"emailaddress", "e-mailaddress", "ที่อยู่อีเมล", "ที่อยู่อีเมล์", "อีเมลผู้เรียน", "อีเมลติดต่อ"}
    ),
    Item.LINE_ID: frozenset({"idline", "ไอดีline", "ไลน์ไอดี", "lineไอดี"}),
}
# In the words of people's spreadsheets, without spaces and in small letters.
CALLED: dict[Column, frozenset[str]] = {
    **{item: field.called for item, field in FIELDS.items()},
    ImportColumn.SURNAME: frozenset(
        {"surname", "lastname", "last", "familyname", "นามสกุล", "สกุล", "นามสกุลผู้เรียน"}
    ),
    ImportColumn.BIRTH: frozenset(
        {
            *("birth", "birthdate", "birthday", "dateofbirth", "dob", "borndate", "born"),
            *("วันเกิด", "วันเดือนปีเกิด", "วัน/เดือน/ปีเกิด", "ว/ด/ปเกิด", "ว.ด.ป.เกิด", "วดปเกิด"),
            *("เกิดวันที่", "วันที่เกิด", "วันเดือนปีที่เกิด"),
        }
    ),
    ImportColumn.AGE: frozenset({"age", "ageband", "อายุ", "ช่วงอายุ"}),
    ImportColumn.LANGUAGE: frozenset({"language", "ภาษา"}),
    ImportColumn.CONSENT_DATE: frozenset(
        {
            "consentdate",
            "dateofconsent",
            "consent:date",
            "วันที่ยินยอม",
            "วันที่ให้ความยินยอม",
            "ความยินยอม:วันที่",
        }
    ),
    ImportColumn.CONSENT_WORDS: frozenset(
        {
            "consentwording",
            "consent:wordingorversion",
            "consenttext",
            "consentversion",
            "wording",
            "ข้อความยินยอม",
            "ข้อความที่ยินยอม",
            "เวอร์ชัน",
            "ความยินยอม:ข้อความหรือฉบับที่",
        }
    ),
    ImportColumn.CONSENT_MEANS: frozenset(
        {
            "consentchannel",
            "consentmeans",
            "consent:onpaper,web,e-mailorline",
            "channel",
            "ช่องทาง",
            "ช่องทางยินยอม",
            "ช่องทางที่ยินยอม",
            "ความยินยอม:ทางกระดาษเว็บอีเมลหรือline",
        }
    ),
    ImportColumn.EMAIL_NEWS: frozenset(
        {
            "emailnews",
            "e-mailnews",
            "newsbye-mail",
            "newsbyemail",
            "agreedtonewsbye-mail",
            "news",
            "newsletter",
            "ข่าวสาร",
            "ข่าวสารทางอีเมล",
            "รับข่าวสาร",
            "ยินยอมรับข่าวสารทางอีเมล",
        }
    ),
    ImportColumn.GROUP: frozenset(
        {
            *("group", "groups", "class", "classroom", "room", "tag", "tags", "cohort"),
            *("กลุ่ม", "กลุ่มเรียน", "ห้อง", "ห้องเรียน", "ชั้น", "ชั้นเรียน", "ชั้น/ห้อง", "รุ่น"),
        }
    ),
}
# Written, or by electronic means (PDPA s.19): a voice on the telephone proves nothing.
# When a form was sent is when its yes was said; a column that says so itself comes first.
_STAMPS = frozenset(
    {"timestamp", "submittedat", "submissiontime", "ประทับเวลา", "การประทับเวลา", "เวลาที่ส่ง"}
)
MEANS: dict[str, frozenset[str]] = {
    "paper form": frozenset(
        {"paper", "paperform", "form", "กระดาษ", "แบบฟอร์ม", "เอกสาร", "ใบสมัคร"}
    ),
    "web form": frozenset(
        {"web", "website", "webform", "online", "googleform", "เว็บ", "เว็บไซต์", "ออนไลน์"}
    ),
    "e-mail": frozenset({"email", "e-mail", "mail", "อีเมล", "อีเมล์"}),
    "LINE chat": frozenset({"line", "linechat", "ไลน์"}),
}
YES = frozenset({"yes", "y", "1", "true", "x", "✓", "✔", "ใช่", "ยินยอม", "รับ", "ตกลง"})
NO = frozenset({"", "no", "n", "0", "false", "-", "ไม่", "ไม่ใช่", "ไม่ยินยอม", "ไม่รับ"})
GROWN = frozenset({"20+", "20ปีขึ้นไป", "from20", "adult", "ผู้ใหญ่", "≥20"})
TEENS = frozenset({"11-19", "11–19", "11-19ปี", "from11to19"})
CHILDREN = frozenset({"0-10", "≤10", "upto10", "ไม่เกิน10ปี"})


def column(name: str) -> Column:
    """What a stored column holds; raises ValueError."""
    return Item(name) if name in set(Item) else ImportColumn(name)


def missing_of(columns: Mapping[Column, int]) -> list[Column]:
    """Details that are needed and have no column."""
    return [one for one in NEEDED if one not in columns and INSTEAD.get(one) not in columns]


def guess(header: Sequence[str]) -> dict[Column, int]:
    """Which column holds what, as far as its name tells; of two alike neither is taken."""
    return {field: found[0] for field, found in _matches(header).items() if len(found) == 1}


def doubtful(header: Sequence[str]) -> dict[Column, tuple[int, ...]]:
    """What several columns may hold, by their names: somebody has to choose."""
    return {field: found for field, found in _matches(header).items() if len(found) > 1}


def count_known(row: Sequence[str]) -> int:
    """How many cells of a row are names of columns."""
    return sum(map(len, _matches(row).values()))


def _matches(header: Sequence[str]) -> dict[Column, tuple[int, ...]]:
    named = [_heading(cell) for cell in header]
    found: dict[Column, tuple[int, ...]] = {}
    for field, names in CALLED.items():
        own = names | _ALSO.get(field, frozenset()) | {plain(field.value)}
        if matching := tuple(index for index, name in enumerate(named) if own & name):
            found[field] = matching
    if ImportColumn.CONSENT_DATE not in found:
        stamps = tuple(index for index, name in enumerate(named) if name & _STAMPS)
        if stamps:
            found[ImportColumn.CONSENT_DATE] = stamps
    return found


def _heading(cell: str) -> frozenset[str]:
    """A column's name as it stands, and without what is explained or marked beside it."""
    if not cell or len(cell) > MAX_HEADING:
        return frozenset()
    short = _BESIDE.sub("", cell).strip(" *:：.\n")
    return frozenset({plain(cell), plain(short)} - {""})


def plain(cell: str) -> str:
    """A cell without what people write in several ways: case, spaces, underscores."""
    return inputs.tidy(cell).casefold().replace(" ", "").replace("_", "")
