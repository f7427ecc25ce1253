"""Imports in words: what is wrong with a file, a column, a line."""

from bot.presentation import input_words
from bot.services.learners.import_lines import MIN_WORDING, LineProblem
from bot.services.learners.import_words import Column, ImportColumn, column
from bot.services.learners.imports import RowOutcome
from bot.services.learners.spreadsheets import MAX_BYTES, MAX_LINES
from bot.services.people import fields
from bot.texts import Translator
from bot.texts import marked as _
from handlers import figures
from models.imports_exports import ImportState

FIELDS: dict[Column, str] = {
    **{item: field.label for item, field in fields.FIELDS.items()},
    ImportColumn.AGE: _("Age"),
    ImportColumn.LANGUAGE: _("Language"),
    ImportColumn.CONSENT_DATE: _("Consent: date"),
    ImportColumn.CONSENT_WORDS: _("Consent: wording or version"),
    ImportColumn.CONSENT_MEANS: _("Consent: on paper, web, e-mail or LINE"),
    ImportColumn.EMAIL_NEWS: _("Agreed to news by e-mail"),
}
FATES: dict[RowOutcome, str] = {
    RowOutcome.ENROL: _("will be enrolled"),
    RowOutcome.KNOWN: _("is here already"),
    RowOutcome.WRONG: _("to be corrected"),
    RowOutcome.NO_CONSENT: _("no proof of consent: to be invited"),
    RowOutcome.MINOR: _("under {adult_age}: to be invited with a parent or guardian"),
}
STATES: dict[ImportState, str] = {
    ImportState.UPLOADED: _("waits to be confirmed"),
    ImportState.RUNNING: _("is being gone through"),
    ImportState.DONE: _("gone through"),
    ImportState.FORGOTTEN: _("forgotten"),
}
_PROBLEMS: dict[str, str] = {
    "email_letters": _("Before the @ there are letters or quotes that mail does not carry."),
    "email_slip": _("Probably a slip in the domain, such as gmial.com. Please correct it."),
    "age_invalid": _("Please write the age in years, or {adult_age}+."),
    "minor": _("Under {adult_age} a parent or guardian has to consent, in the chat (PDPA s.20)."),
    "language_invalid": _("Please write th or en, or leave it empty for Thai."),
    "no_consent": _("No proof of consent in this line."),
    "date_invalid": _("This is no date. Please write it as 2026-10-31 or 31/10/2569."),
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
    if input_words.is_known(code):
        return input_words.why(t, code)
    return figures.fill(t, _PROBLEMS[code])


def problems(t: Translator, found: tuple[LineProblem, ...]) -> list[tuple[str, str]]:
    """The column and the words of everything that is wrong with a line."""
    return [(t(FIELDS[one.field]), problem(t, one.code)) for one in found]
