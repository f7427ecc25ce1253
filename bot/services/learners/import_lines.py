"""One line of an import, read by the rules of registration: what it says, or what is wrong with it.

Nobody is enrolled whose consent is not proved by the line itself: when, to which words, by which
means (PDPA s.19). Nobody under 20 is, because the guardian's consent is given in the chat (s.20).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.clock import BANGKOK
from bot.crypto import digest
from bot.errors import InputError
from bot.services.accounts.accounts import Details
from bot.services.consent.consents import Evidence
from bot.services.learners.import_words import (
    CHILDREN,
    CONSENT,
    GROWN,
    MEANS,
    NO,
    TEENS,
    YES,
    Column,
    ImportColumn,
    plain,
)
from bot.services.people import inputs
from bot.services.people.fields import FIELDS, Item
from bot.texts import policy
from bot.unicode import nfkc
from models.conversation import Language
from models.learner import ADULT_FROM, CHILD_UP_TO, AgeBand

MIN_WORDING = 20  # characters: a sentence that somebody can have agreed to
OLDEST = timedelta(days=3653)
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ].*)?")
_THAI = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?: .*)?")
_BUDDHIST_ERA = 543
_DIGITS = str.maketrans("๐๑๒๓๔๕๖๗๘๙", "0123456789")


@dataclass(frozen=True)
class LineProblem:
    """What is wrong in which column; code names the sentence for people.

    probable: what was probably meant, where that can be told; nothing that only one person has.
    """

    field: Column
    code: str
    probable: str = ""


@dataclass(frozen=True)
class ImportLine:
    """One person as a file tells of them, complete or with its problems.

    evidence None: the consent is not proved, so the details may not be kept.
    """

    number: int
    details: Details | None
    language: Language
    evidence: Evidence | None
    words: str  # that were agreed to
    wants_news: bool
    problems: tuple[LineProblem, ...]
    warnings: tuple[LineProblem, ...] = ()  # what is only unusual, and is taken as it stands

    @property
    def is_minor(self) -> bool:
        """Whether a guardian has to consent, in the chat."""
        return any(problem.code == "minor" for problem in self.problems)

    @property
    def lacks_consent(self) -> bool:
        """Whether nothing but the proof of consent is missing."""
        return bool(self.problems) and all(p.field in CONSENT for p in self.problems)


def read(
    number: int, cells: tuple[str, ...], columns: Mapping[Column, int], now: datetime
) -> ImportLine:
    """One line, with every problem that it has and not only the first."""
    row = _Row(cells, columns)
    values = {item: row.detail(item) for item in FIELDS}
    band = row.checked(ImportColumn.AGE, _age_band)
    if band and band != AgeBand.FROM_20:
        row.problems.append(LineProblem(ImportColumn.AGE, "minor"))
    language = row.checked(ImportColumn.LANGUAGE, _language) or Language.THAI
    news = row.checked(ImportColumn.EMAIL_NEWS, _yes_or_no)
    evidence = row.evidence(now)
    details = None
    if not row.problems:
        details = Details({item: said or None for item, said in values.items()}, AgeBand(band))
    return ImportLine(
        number,
        details,
        Language(language),
        evidence if details else None,
        _words(row.said(ImportColumn.CONSENT_WORDS)),
        news == "yes",
        tuple(row.problems),
        tuple(row.warnings),
    )


class _Row:
    """One line's cells by what they hold, and what was found wrong with them."""

    def __init__(self, cells: tuple[str, ...], columns: Mapping[Column, int]) -> None:
        self.cells, self.columns = cells, columns
        self.problems: list[LineProblem] = []
        self.warnings: list[LineProblem] = []

    def said(self, field: Column) -> str:
        index = self.columns.get(field)
        return self.cells[index] if index is not None and index < len(self.cells) else ""

    def checked(self, field: Column, check: Callable[[str], str]) -> str:
        try:
            return check(self.said(field))
        except InputError as error:
            self.problems.append(LineProblem(field, error.code))
            return ""

    def detail(self, item: Item) -> str:
        """One of the learner's fields; an address that looks like a slip is warned about."""
        return self.checked(item, lambda typed: self._detail(item, typed))

    def _detail(self, item: Item, typed: str) -> str:
        try:
            return FIELDS[item].from_cell(typed)
        except InputError as error:
            if error.code != "email_slip":
                raise
            domain = (error.suggestion or "").rpartition("@")[2]
            self.warnings.append(LineProblem(item, error.code, domain))
            return FIELDS[item].from_cell(typed, insists=True)

    def evidence(self, now: datetime) -> Evidence | None:
        """When, to which words, by which means; None where any of them is missing or wrong."""
        if not any(self.said(field) for field in CONSENT):
            self.problems.append(LineProblem(ImportColumn.CONSENT_DATE, "no_consent"))
            return None
        on = self.checked(ImportColumn.CONSENT_DATE, lambda typed: _date(typed, now))
        words = self.checked(ImportColumn.CONSENT_WORDS, _known_words)
        means = self.checked(ImportColumn.CONSENT_MEANS, _means)
        if not (on and words and means):
            return None
        is_ours = words in policy.versions()
        return Evidence(
            at=datetime.fromisoformat(on),
            notice_version=words if is_ours else "other",
            notice_hash=policy.text_hash(words) if is_ours else digest(words),
            method=means,
        )


def _age_band(typed: str) -> str:
    said = plain(typed).translate(_DIGITS)
    named = {
        **dict.fromkeys(GROWN, AgeBand.FROM_20),
        **dict.fromkeys(TEENS, AgeBand.FROM_11_TO_19),
    }
    named |= dict.fromkeys(CHILDREN, AgeBand.UP_TO_10)
    if said in named:
        return named[said]
    years = said.removesuffix("ปี").removesuffix("years")
    if not years.isdigit() or int(years) > 120:
        raise InputError("age_invalid")
    if int(years) >= ADULT_FROM:
        return AgeBand.FROM_20
    return AgeBand.FROM_11_TO_19 if int(years) > CHILD_UP_TO else AgeBand.UP_TO_10


def _language(typed: str) -> str:
    said = plain(typed)
    if said in {"", "th", "thai", "ไทย", "ภาษาไทย"}:
        return Language.THAI
    if said in {"en", "english", "อังกฤษ", "ภาษาอังกฤษ"}:
        return Language.ENGLISH
    raise InputError("language_invalid")


def _yes_or_no(typed: str) -> str:
    said = plain(typed)
    if said in YES:
        return "yes"
    if said in NO:
        return "no"
    raise InputError("yes_or_no")


def _date(typed: str, now: datetime) -> str:
    said = nfkc(typed.strip()).translate(_DIGITS)
    if found := _ISO.fullmatch(said):
        year, month, day = (int(part) for part in found.groups())
    elif found := _THAI.fullmatch(said):
        day, month, year = (int(part) for part in found.groups())
    else:
        raise InputError("date_invalid")
    year -= _BUDDHIST_ERA if year > 2400 else 0
    try:
        moment = datetime(year, month, day, tzinfo=BANGKOK)
    except ValueError:
        raise InputError("date_invalid") from None
    if moment > now:
        raise InputError("date_future")
    if moment < now - OLDEST:
        raise InputError("date_old")
    return moment.isoformat()


def _words(typed: str) -> str:
    said = inputs.tidy(typed)
    number = re.sub(r"^(version|v\.?|เวอร์ชัน|ฉบับที่|ฉบับ)\s*", "", said.casefold()).translate(_DIGITS)
    return number if number in policy.versions() else said


def _known_words(typed: str) -> str:
    """A version of our own notice, or the sentence that was agreed to."""
    words = _words(typed)
    if words not in policy.versions() and len(words) < MIN_WORDING:
        raise InputError("words_short")
    return words


def _means(typed: str) -> str:
    said = plain(typed)
    for means, names in MEANS.items():
        if said in names:
            return means
    raise InputError("means_unknown")
