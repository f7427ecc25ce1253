"""Imports in words: what is wrong with a file, a column, a line."""

from bot.presentation import input_words
from bot.services.learners import import_rest
from bot.services.learners.import_fates import Looked, RowOutcome
from bot.services.learners.import_lines import MAX_CELL, MIN_WORDING, ImportLine, LineProblem
from bot.services.learners.import_words import Column, ImportColumn, column
from bot.services.learners.spreadsheets import MAX_BYTES, MAX_LINES
from bot.services.people import fields
from bot.texts import Translator
from bot.texts import marked as _
from handlers import figures
from models.imports_exports import ImportState

FIELDS: dict[Column, str] = {
    **{item: field.label for item, field in fields.FIELDS.items()},
    ImportColumn.SURNAME: _("Surname, where it has its own column"),
    ImportColumn.AGE: _("Age"),
    ImportColumn.BIRTH: _("Birth date, in place of the age"),
    ImportColumn.LANGUAGE: _("Language"),
    ImportColumn.CONSENT_DATE: _("Consent: date"),
    ImportColumn.CONSENT_WORDS: _("Consent: wording or version"),
    ImportColumn.CONSENT_MEANS: _("Consent: on paper, web, e-mail or LINE"),
    ImportColumn.EMAIL_NEWS: _("Agreed to news by e-mail"),
}
FATES: dict[RowOutcome, str] = {
    RowOutcome.ENROL: _("will be enrolled"),
    RowOutcome.UNUSUAL: _("unusual: please look"),
    RowOutcome.KNOWN: _("is here already"),
    RowOutcome.TWICE: _("stands in the file twice"),
    RowOutcome.WRONG: _("to be corrected"),
    RowOutcome.NO_CONSENT: _("no proof of consent: to be invited"),
    RowOutcome.MINOR: _("under {adult_age}: to be invited with a parent or guardian"),
}
STATES: dict[ImportState, str] = {
    ImportState.UPLOADED: _("waits to be confirmed"),
    ImportState.RUNNING: _("being worked on"),
    ImportState.DONE: _("completed"),
    ImportState.UNDOING: _("is being taken back"),
    ImportState.UNDONE: _("taken back"),
    ImportState.FORGOTTEN: _("forgotten"),
}
MEANS: dict[str, str] = {
    "paper form": _("paper"),
    "web form": _("web"),
    "e-mail": _("E-mail"),
    "LINE chat": _("LINE"),
}
_PROBLEMS: dict[str, str] = {
    "email_letters": _("Before the @ there are letters or quotes that mail does not carry."),
    "age_invalid": _("Please write the age in years, or {adult_age}+."),
    "minor": _("Under {adult_age} a parent or guardian has to consent, in the chat (PDPA s.20)."),
    "language_invalid": _("Please write th or en, or leave it empty for Thai."),
    "name_single": _("One name only, without a surname."),
    "name_mixed": _("Thai and Latin letters stand side by side in this name. Is that meant?"),
    "cell_cut": _("Excel has cut this number: format the column as text, and type it again."),
    "cell_hidden": _("Excel wrote ### because the column was too narrow. Please widen it."),
    "cell_fault": _("Excel wrote a fault of a formula here. Please type what belongs here."),
    "cell_garbled": _(
        "This looks garbled. Please save the list as “CSV UTF-8” and bring it again."
    ),
    "cell_unreadable": _("I cannot read this. Please type it again."),
    "date_two_ways": _("This date can be read two ways. Please say above which comes first."),
    "no_consent": _("No proof of consent in this line."),
    "date_invalid": _("This is no date. Please write it as 2026-10-31 or 31/10/2569."),
    "date_missing": _("Please write the day of the consent."),
    "date_future": _("This date has not come yet."),
    "date_old": _("This consent is older than {oldest}. Please ask for it again."),
    "means_unknown": _(
        "Please write paper, web, e-mail or LINE. What was only said on the phone is no proof."
    ),
    "yes_or_no": _("Please write yes or no."),
    "file_empty": _("This file is empty. Please choose a CSV file."),
    "file_packed": _(
        "This is an Excel workbook. In Excel please choose File, Save As, “CSV UTF-8”, and bring "
        "that file."
    ),
    "file_other": _(
        "This is a picture, a PDF or a web page, not a list. Please choose a CSV file: in Excel or "
        "Google Sheets save the list as CSV."
    ),
    "file_encoding": _("This file is no text that I can read. Please save it as “CSV UTF-8”."),
    "file_wide": _("This file has more than {columns} columns."),
    "file_headless": _("Please put the names of the columns in the first line, people below."),
    "file_again": _("This very file was imported before. Nobody is enrolled twice."),
    "column_twice": _("One column was chosen for two details. Each needs its own."),
}


def problem(t: Translator, code: str, detail: str | None = None) -> str:
    """What is wrong."""
    if code == "cell_long":
        return t("This is longer than {most} characters.", most=MAX_CELL)
    if code == "email_slip" and detail:
        # The rest of the address is the person's own: a colleague sees the line masked.
        return t("Did you mean {email}?", email="…@" + detail.rpartition("@")[2])
    if code == "file_large":
        return t("This file is larger than {most} MB.", most=MAX_BYTES // 1024 // 1024)
    if code == "file_long":
        return t("This file has more than {most} lines. Please split it.", most=f"{MAX_LINES:,}")
    if code == "file_narrow":
        return t(
            "I found {n} column(s) in this file. A list has at least four: full name, phone, "
            "e-mail and age. Please save it as “CSV UTF-8”, or begin with our sample file.",
            n=detail or "0",
        )
    if code == "file_broken":
        return t("Line {line} has a quotation mark that is not closed.", line=detail or "?")
    if code == "words_short":
        return t(
            "Please write the sentence that was agreed to (at least {least} characters), or the "
            "number of our privacy notice.",
            least=MIN_WORDING,
        )
    if code == "column_missing":
        field = t(FIELDS[column(detail)]) if detail else ""
        return t("Please say which column holds: {field}.", field=field)
    if code not in _PROBLEMS:
        return input_words.why(t, code)
    return figures.fill(t, _PROBLEMS[code])


def problems(t: Translator, found: tuple[LineProblem, ...]) -> list[tuple[str, str]]:
    """The column and the words of everything that is wrong with a line."""
    return [(t(FIELDS[one.field]), problem(t, one.code, one.suggestion)) for one in found]


def beside(t: Translator, looked: Looked) -> list[str]:
    """Who else has the same details."""
    if looked.same_as is not None:
        return [t("Same as line {n}.", n=looked.same_as)]
    if looked.crowd is not None:
        return [t("{n} others have this phone and e-mail. Is it their own?", n=looked.crowd)]
    if looked.family is None:
        return []
    if looked.family:
        return [
            t(
                "Same phone and e-mail as line {n}, another name: both go in and are noted as "
                "possible duplicates.",
                n=looked.family,
            )
        ]
    return [
        t(
            "Somebody with this phone and e-mail and another name is here already: this one goes "
            "in too and is noted as a possible duplicate."
        )
    ]


def stayed(t: Translator, line: ImportLine, reason: str) -> str:
    """Why a line did not go in, in one sentence for each cause."""
    if reason.startswith(import_rest.SAME):
        return t("Same as line {n}.", n=reason.removeprefix(import_rest.SAME))
    if reason == import_rest.KNOWN:
        return t("Somebody with this name, phone and e-mail is here already.")
    if reason == import_rest.CROWD:
        return t("Many others have this phone and e-mail. Please write their own.")
    said = problems(t, line.problems) + problems(t, line.doubts)
    return " ".join(f"{label}: {why}" for label, why in said) or t("Please look at this line.")
