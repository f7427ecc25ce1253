"""What columns and cells of an import are called, in the words of people's spreadsheets."""

from enum import StrEnum

from bot.services.people import inputs
from bot.services.people.fields import FIELDS, Item


class ImportColumn(StrEnum):
    """What a column can hold besides a learner's own fields."""

    AGE = "age"
    LANGUAGE = "language"
    CONSENT_DATE = "consent_date"
    CONSENT_WORDS = "consent_words"
    CONSENT_MEANS = "consent_means"
    EMAIL_NEWS = "email_news"


Column = Item | ImportColumn
COLUMNS: tuple[Column, ...] = (*Item, *ImportColumn)
NEEDED: tuple[Column, ...] = (
    *(item for item, field in FIELDS.items() if field.is_needed),
    ImportColumn.AGE,
)
CONSENT = (ImportColumn.CONSENT_DATE, ImportColumn.CONSENT_WORDS, ImportColumn.CONSENT_MEANS)
# In the words of people's spreadsheets, without spaces and in small letters.
CALLED: dict[Column, frozenset[str]] = {
    **{item: field.called for item, field in FIELDS.items()},
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
}
# Written, or by electronic means (PDPA s.19): a voice on the telephone proves nothing.
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


def guess(header: tuple[str, ...]) -> dict[Column, int]:
    """Which column holds what, as far as its name tells."""
    named = [plain(cell) for cell in header]
    found: dict[Column, int] = {}
    for field, names in CALLED.items():
        own = names | {plain(field.value)}
        for index, name in enumerate(named):
            if name in own and index not in found.values():
                found[field] = index
                break
    return found


def plain(cell: str) -> str:
    """A cell without what people write in several ways: case, spaces, underscores."""
    return inputs.tidy(cell).casefold().replace(" ", "").replace("_", "")
