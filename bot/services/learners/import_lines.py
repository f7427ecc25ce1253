"""One line of an import, read by the rules of registration: what it says, or what is wrong with it.

Nobody is enrolled whose consent is not proved by the line itself: when, to which words, by which
means (PDPA s.19). Nobody under 20 is, because the guardian's consent is given in the chat (s.20).
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from bot.clock import BANGKOK
from bot.crypto import digest
from bot.errors import InputError
from bot.services.accounts.accounts import Details
from bot.services.consent.consents import Evidence
from bot.services.learners import cell_dates, spreadsheets, tags
from bot.services.learners.cell_dates import DateOrder
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
from models.conversation import Language
from models.learner import ADULT_FROM, CHILD_UP_TO, AgeBand

MIN_WORDING = 20  # characters: a sentence that somebody can have agreed to
MAX_CELL = 320  # characters of every other cell: the longest address has as many (RFC 3696)
OLDEST = timedelta(days=3653)
OLDEST_AGE = 120  # years
_BETWEEN_GROUPS = re.compile(r"[,;|\n]")
_AGE = re.compile(r"(?:อายุ)?([0-9]{1,3})(?:\.0)?(?:ปี|years?(?:old)?|yrs?|y)?")
# A proof that is there, and says something else than was meant.
_MISTYPED = {
    *("date_invalid", "date_two_ways", "date_future", "cell_long", "cell_garbled", "cell_hidden"),
    *("cell_fault", "cell_unreadable"),
}
# What a spreadsheet writes in place of what was typed.
_CUT = re.compile(r"[0-9](?:[.,][0-9]{1,15})?E\+?[0-9]{1,3}", re.IGNORECASE)
_HIDDEN = re.compile(r"#{2,255}")
_FAULTS = frozenset({"#ref!", "#n/a", "#value!", "#name?", "#div/0!", "#num!", "#null!", "#spill!"})


@dataclass(frozen=True)
class LineProblem:
    """What is wrong in which column; code names the sentence for people.

    suggestion: what was probably meant.
    """

    field: Column
    code: str
    suggestion: str | None = None


@dataclass(frozen=True)
class CellReading:
    """How a file's cells are meant, as far as somebody had to say it.

    accepted: numbers of lines whose unusual cells are meant as they stand.
    """

    order: DateOrder = DateOrder.DAY
    accepted: Collection[int] = ()


@dataclass(frozen=True)
class ImportLine:
    """One person as a file tells of them, complete or with its problems.

    values: what was read of them, as it would be stored, or as it stands where it cannot be.
    doubts: what is unusual; the line goes in where somebody says that it is meant.
    evidence None: the consent is not proved, so the details may not be kept.
    groups: of the line, as they were written. notes: what is left out of a line that goes in.
    """

    number: int
    details: Details | None
    language: Language
    evidence: Evidence | None
    words: str  # that were agreed to
    wants_news: bool
    problems: tuple[LineProblem, ...]
    doubts: tuple[LineProblem, ...] = ()
    values: Mapping[Item, str] = field(default_factory=dict)
    age_band: AgeBand | None = None
    groups: tuple[str, ...] = ()
    notes: tuple[LineProblem, ...] = ()

    @property
    def is_minor(self) -> bool:
        """Whether a guardian has to consent, in the chat."""
        return any(problem.code == "minor" for problem in self.problems)

    @property
    def lacks_consent(self) -> bool:
        """Whether nothing but the proof of consent is missing; what is mistyped is no proof yet."""
        return bool(self.problems) and all(
            problem.field in CONSENT and problem.code not in _MISTYPED for problem in self.problems
        )


def read(
    number: int,
    cells: tuple[str, ...],
    columns: Mapping[Column, int],
    now: datetime,
    how: CellReading = CellReading(),
) -> ImportLine:
    """One line, with every problem that it has and not only the first."""
    row = _Row(cells, columns, how.order, now)
    values = {item: row.detail(item) for item in FIELDS}
    band = row.band()
    language = row.checked(ImportColumn.LANGUAGE, _language) or Language.THAI
    news = row.checked(ImportColumn.EMAIL_NEWS, _yes_or_no)
    evidence = row.evidence()
    groups = row.groups()
    details = None
    if not row.problems and band and (not row.doubts or number in how.accepted):
        details = Details({item: said or None for item, said in values.items()}, band)
    return ImportLine(
        number,
        details,
        Language(language),
        evidence if not row.problems else None,
        _words(row.said(ImportColumn.CONSENT_WORDS)),
        news == "yes",
        tuple(row.problems),
        tuple(row.doubts),
        {item: said or row.said(item) for item, said in values.items()},
        band,
        groups,
        tuple(row.notes),
    )


class _Row:
    """One line's cells by what they hold, and what was found wrong with them."""

    def __init__(
        self,
        cells: tuple[str, ...],
        columns: Mapping[Column, int],
        order: DateOrder,
        now: datetime,
    ) -> None:
        self.cells, self.columns, self.order, self.now = cells, columns, order, now
        self.problems: list[LineProblem] = []
        self.doubts: list[LineProblem] = []
        self.notes: list[LineProblem] = []

    def said(self, column: Column) -> str:
        """What stands in a column; first names and surnames stand in two."""
        said = self._cell(column)
        surname = self._cell(ImportColumn.SURNAME) if column is Item.NAME else ""
        return f"{said} {surname}".strip()

    def _cell(self, column: Column) -> str:
        index = self.columns.get(column)
        return self.cells[index] if index is not None and index < len(self.cells) else ""

    def checked(self, column: Column, check: Callable[[str], str]) -> str:
        """What a check makes of a cell; empty, and a problem, where it refuses."""
        try:
            return check(self._sound(column))
        except InputError as error:
            self.problems.append(LineProblem(column, error.code, error.suggestion))
        except ValueError:  # of a reader that met what it does not know
            self.problems.append(LineProblem(column, "cell_unreadable"))
        return ""

    def detail(self, item: Item) -> str:
        """A learner's field as it is stored; what is only unusual is a doubt."""
        field = FIELDS[item]

        def read(typed: str) -> str:
            if _CUT.fullmatch(typed):
                raise InputError("cell_cut")
            try:
                found = field.from_cell(typed)
            except InputError as error:
                if field.insisted is None:
                    raise
                try:
                    found = field.from_cell(typed, insists=True)
                except InputError:
                    raise error from None
                self.doubts.append(LineProblem(item, error.code, error.suggestion))
                return found
            if item is Item.NAME and spreadsheets.mixes_alphabets(found):
                self.doubts.append(LineProblem(item, "name_mixed"))
            return found

        return self.checked(item, read)

    def _sound(self, column: Column) -> str:
        """A cell that a reader may be given: its length is looked at before anything else."""
        typed = self.said(column)
        is_wording = column is ImportColumn.CONSENT_WORDS
        if len(typed) > (spreadsheets.MAX_CELL_LENGTH if is_wording else MAX_CELL):
            raise InputError("cell_long")
        if spreadsheets.is_garbled(typed):
            raise InputError("cell_garbled")
        if _HIDDEN.fullmatch(typed):
            raise InputError("cell_hidden")
        if typed.casefold() in _FAULTS:
            raise InputError("cell_fault")
        return typed

    def band(self) -> AgeBand | None:
        """The age band, out of the age or the birth date: of both the one that protects more."""
        found = []
        if self._cell(ImportColumn.AGE) or not self._cell(ImportColumn.BIRTH):
            found.append(self.checked(ImportColumn.AGE, _age_band))
        if self._cell(ImportColumn.BIRTH):
            found.append(self.checked(ImportColumn.BIRTH, self._band_of_birth))
        if not all(found):
            return None
        band = min((AgeBand(one) for one in found), key=list(AgeBand).index)
        if band is not AgeBand.FROM_20:
            self.problems.append(LineProblem(ImportColumn.AGE, "minor"))
        return band

    def _band_of_birth(self, typed: str) -> str:
        today = self.now.astimezone(BANGKOK).date()
        bands = {_band(_years(born, today)) for born in cell_dates.days(typed, self.order)}
        if len(bands) > 1:
            raise InputError("date_two_ways")
        return bands.pop()

    def groups(self) -> tuple[str, ...]:
        """Groups of the line, each once; what names none is noted, and keeps nobody out."""
        found: dict[str, str] = {}
        try:
            said = self._sound(ImportColumn.GROUP)
            for part in filter(str.strip, _BETWEEN_GROUPS.split(said)):
                word = tags.read(part)
                found.setdefault(word.casefold(), word)
        except InputError as error:
            self.notes.append(LineProblem(ImportColumn.GROUP, error.code))
            return ()
        return tuple(found.values())[: tags.MAX_EACH]

    def evidence(self) -> Evidence | None:
        """When, to which words, by which means; None where any of them is missing or wrong."""
        if not any(self._cell(column) for column in CONSENT):
            self.problems.append(LineProblem(ImportColumn.CONSENT_DATE, "no_consent"))
            return None
        on = self.checked(ImportColumn.CONSENT_DATE, self._moment)
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

    def _moment(self, typed: str) -> str:
        if not typed:
            raise InputError("date_missing")
        day = cell_dates.read(typed, self.order)
        moment = datetime(day.year, day.month, day.day, tzinfo=BANGKOK)
        if moment > self.now:
            raise InputError("date_future")
        if moment < self.now - OLDEST:
            raise InputError("date_old")
        return moment.isoformat()


def _years(born: date, today: date) -> int:
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def _band(years: int) -> AgeBand:
    if not 0 <= years <= OLDEST_AGE:
        raise InputError("age_invalid")
    if years >= ADULT_FROM:
        return AgeBand.FROM_20
    return AgeBand.FROM_11_TO_19 if years > CHILD_UP_TO else AgeBand.UP_TO_10


def _age_band(typed: str) -> str:
    said = inputs.latin_digits(plain(typed))
    named = {
        **dict.fromkeys(GROWN, AgeBand.FROM_20),
        **dict.fromkeys(TEENS, AgeBand.FROM_11_TO_19),
        **dict.fromkeys(CHILDREN, AgeBand.UP_TO_10),
    }
    if said in named:
        return named[said]
    found = _AGE.fullmatch(said)
    if found is None:
        raise InputError("age_invalid")
    return _band(int(found[1]))


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


def _words(typed: str) -> str:
    said = inputs.tidy(typed)
    number = re.sub(r"^(version|v\.?|เวอร์ชัน|ฉบับที่|ฉบับ)\s*", "", said.casefold())
    number = inputs.latin_digits(number)
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
