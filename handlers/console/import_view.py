"""What the pages of an import show of its file: columns with samples, lines as they were read.

Whoever brought the file sees it in full, for a file of their own is no look at somebody's details;
colleagues see it masked, like every learner.
"""

from collections import Counter
from typing import Any

from bot.clock import BANGKOK
from bot.services.learners import spreadsheets
from bot.services.learners.cell_dates import DateOrder
from bot.services.learners.import_fates import Looked, RowOutcome
from bot.services.learners.import_lines import ImportLine
from bot.services.learners.imports import DryRun
from bot.services.learners.spreadsheets import CsvTable
from bot.services.people import fields
from bot.services.people.fields import FIELDS
from bot.texts import Translator, policy
from bot.texts.dates import shown_day
from handlers import figures
from handlers.console import import_words, learner_words

PAGE = 100  # lines on one page; what needs somebody comes first
MOST_SHOWN = 60  # characters of a cell
_ORDER = (
    *(RowOutcome.WRONG, RowOutcome.UNUSUAL, RowOutcome.TWICE, RowOutcome.KNOWN),
    *(RowOutcome.NO_CONSENT, RowOutcome.MINOR, RowOutcome.ENROL),
)


def columns(t: Translator, table: CsvTable, *, in_full: bool) -> list[str]:
    """The name of every column, with the first cell of it that says something."""
    found = []
    for index, name in enumerate(table.header):
        said = _cut(name) or t("column {n}", n=index + 1)
        samples = table.samples(index)
        sample = _shown(samples[0], in_full=in_full) if samples else ""
        found.append(t("{name} (such as {sample})", name=said, sample=sample) if sample else said)
    return found


def is_garbled(table: CsvTable) -> bool:
    """Whether the names of the columns, or the first lines, were read in a wrong encoding."""
    first = [cell for _, cells in table.lines[:PAGE] for cell in cells]
    return any(spreadsheets.is_garbled(cell) for cell in (*table.header, *first))


def dry_run(t: Translator, dry: DryRun, number: int, *, in_full: bool) -> dict[str, Any]:
    """What a page of the dry run shows: counts, questions, and one page of the lines."""
    ordered = sorted(dry.looked, key=lambda one: (_ORDER.index(one.fate), one.line.number))
    most = max(-(-len(ordered) // PAGE), 1)
    number = min(max(number, 1), most)
    counts = Counter(one.fate for one in dry.looked)
    return {
        "counts": [(_fate(t, fate), counts[fate]) for fate in import_words.FATES],
        "enrolled": counts[RowOutcome.ENROL],
        "invited": counts[RowOutcome.NO_CONSENT] + counts[RowOutcome.MINOR],
        "unusual": counts[RowOutcome.UNUSUAL],
        "lines": [
            _line(t, one, in_full=in_full) for one in ordered[(number - 1) * PAGE : number * PAGE]
        ],
        "number": number,
        "pages": most,
        "left_out": ", ".join(map(str, dry.table.left_out[:20])),
        "is_garbled": is_garbled(dry.table),
        "question": dry.question,
        "order": dry.order,
        "orders": {
            DateOrder.DAY.value: t("The day first ({example})", example="31/12/2026"),
            DateOrder.MONTH.value: t("The month first ({example})", example="12/31/2026"),
        },
    }


def _line(t: Translator, one: Looked, *, in_full: bool) -> dict[str, Any]:
    line = one.line
    return {
        "number": line.number,
        "fate": _fate(t, one.fate),
        "is_good": one.fate is RowOutcome.ENROL,
        "values": _values(t, line, in_full=in_full),
        "consent": _consent(t, line),
        "problems": import_words.problems(t, line.problems),
        "doubts": import_words.problems(t, line.doubts),
        "is_asked": bool(line.doubts or one.crowd) and not line.problems,
        "beside": import_words.beside(t, one),
    }


def _values(t: Translator, line: ImportLine, *, in_full: bool) -> list[tuple[str, str]]:
    """Name, phone, e-mail and LINE ID as they would be stored, and the age band."""
    wrong = {problem.field for problem in line.problems}
    found = []
    for item, value in line.values.items():
        if item in wrong or not value:
            said = _shown(value, in_full=in_full)
        else:
            said = fields.shown(item, value) if in_full else fields.masked(item, value)
        if said or FIELDS[item].is_needed:
            found.append((t(FIELDS[item].label), said or "–"))
    band = learner_words.words()(line.age_band) if line.age_band else "–"
    return [*found, (t("Age group"), band)]


def _consent(t: Translator, line: ImportLine) -> str:
    """When, to which words, by which means, and whether to news; empty where nothing is proved."""
    if line.evidence is None:
        return ""
    day = shown_day(line.evidence.at.astimezone(BANGKOK).date(), t.language)
    is_ours = line.words in policy.versions()
    words = t("privacy notice {n}", n=line.words) if is_ours else f"“{_cut(line.words)}”"
    means = t(import_words.MEANS[line.evidence.method])
    news = t("news by e-mail: yes") if line.wants_news else t("news by e-mail: no")
    return " · ".join((day, words, means, news))


def _fate(t: Translator, fate: RowOutcome) -> str:
    return figures.fill(t, import_words.FATES[fate])


def _shown(cell: str, *, in_full: bool) -> str:
    """A cell as it stands, cut; for colleagues its first letter."""
    said = _cut(cell)
    return said if in_full or not said else f"{said[0]}•••"


def _cut(cell: str) -> str:
    said = " ".join(cell[: MOST_SHOWN + 1].split())
    return f"{said[:MOST_SHOWN]}…" if len(said) > MOST_SHOWN else said
