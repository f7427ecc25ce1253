"""The archive as one ZIP: a page to read and print, JSON for programs, a CSV a table."""

import io
import json
import re
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from html import escape

from bot.clock import BANGKOK
from bot.presentation import archive_words, data_labels
from bot.services.privacy import requests
from bot.services.privacy.personal_data_export import Archive, Row, Section
from bot.services.shared import csv_writer
from bot.texts import ENGLISH, THAI, translator
from bot.texts.dates import shown_time

_TIMES = ("at", "until")  # how columns with moments end
FROM_A_LIST = {
    "action",
    "actor",
    "age_band",
    "asked_by",
    "channel",
    "direction",
    "ground",
    "kind",
    "language",
    "provider",
    "purpose",
    "relation",
    "role",
    "state",
    "stream",
    "topic",
}
_REASONS = {"recipient", "suppression"}  # tables whose reasons nobody typed
_NAMES = {"draft", "items"}  # columns that name our columns
_TITLED = {"course", "lesson", "topic"}
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_STYLE = """
body{font:16px/1.6 "Noto Sans Thai","Sarabun",Tahoma,sans-serif;color:#1f2933;max-width:52rem;
margin:2rem auto;padding:0 1rem}
h1{color:#0b6e4f}h2{border-bottom:2px solid #0b6e4f;margin-top:2.5rem}small,.en{color:#5f6b76}
table{border-collapse:collapse;width:100%;margin:1rem 0;page-break-inside:avoid}
th{width:38%}th,td{border:1px solid #e4e7eb;padding:.4rem .6rem;text-align:left;
vertical-align:top;overflow-wrap:anywhere;white-space:pre-wrap}th{font-weight:600;background:#f5f7fa}
@media print{body{margin:0;max-width:none}a{color:inherit}}
"""


def _(sentence: str) -> str:
    """Marks a sentence for the catalogue."""
    return sentence


WHOLE = _("Everything that English Planet keeps about you")
MADE = _("Made on {when}")
CONTENTS = _("Contents")
EMPTY = _("Nothing is kept about you here")


def pack(archive: Archive, named: Mapping[str, str]) -> bytes:
    """The whole ZIP; UTF-8 everywhere. What courses and topics are called stands in `named`."""
    files = {
        "README.txt": "\ufeff" + _readme(archive),
        "index.html": page(archive, named),
        "data.json": as_json(archive),
    }
    for section in archive.sections:
        if section.rows:
            files[f"csv/{section.name}.csv"] = as_csv(section)
    stamp = archive.made_at.astimezone(BANGKOK).timetuple()[:6]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, stamp)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            target.writestr(entry, content.encode("utf-8"))
    return buffer.getvalue()


def filename(archive: Archive) -> str:
    """What the browser stores it as: a date and nothing about the person."""
    return f"english-planet-data-{archive.made_at.astimezone(BANGKOK):%Y-%m-%d}.zip"


def as_json(archive: Archive) -> str:
    """Everything for programs: names of tables and columns as we use them, times in ISO 8601."""
    content = {
        "request": archive.number,
        "made_at": _iso(archive.made_at),
        "tables": {
            section.name: {"title": section.title, "rows": section.rows}
            for section in archive.sections
        },
    }
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def as_csv(section: Section) -> str:
    """One table for a spreadsheet: with a byte order mark, and no cell that could be a formula."""
    rows = [[row.get(column) for column in section.columns] for row in section.rows]
    return csv_writer.MARK + csv_writer.text([section.columns, *rows])


def page(archive: Archive, named: Mapping[str, str]) -> str:
    """The page to read: Thai first, English beside it, no script."""
    filled = [section for section in archive.sections if section.rows]
    empty = [section for section in archive.sections if not section.rows]
    title = _both(WHOLE)
    parts = [
        f"<h1>{title}</h1>",
        f"<p>{_both(MADE, when=archive.made_at)}<br>",
        f"{_both('Request number')}: {escape(requests.number(archive.number))}</p>",
        _contents(filled),
        *(_section(section, named) for section in filled),
        f"<h2>{_both(EMPTY)}</h2>",
        "<ul>" + "".join(f"<li>{_both(section.title)}</li>" for section in empty) + "</ul>",
    ]
    thai = translator(THAI)(WHOLE)
    return (
        f'<!doctype html>\n<html lang="th">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="robots" content="noindex">\n'
        f"<title>{escape(thai)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        + "\n".join(parts)
        + "\n</body>\n</html>\n"
    )


def _contents(filled: list[Section]) -> str:
    """What is in the page, each with the number of its entries and a way to it."""
    lines = "".join(
        f'<li><a href="#{escape(each.name)}">{_both(each.title)}</a> ({len(each.rows)})</li>'
        for each in filled
    )
    head = f'<h2 id="contents">{_both(CONTENTS)}</h2>'
    return f'<nav aria-labelledby="contents">{head}<ol>{lines}</ol></nav>'


def _section(section: Section, named: Mapping[str, str]) -> str:
    rows = "".join(_table(section.name, row, named) for row in section.rows)
    return f'<h2 id="{escape(section.name)}">{_both(section.title)}</h2>\n{rows}'


def _table(table: str, row: Row, named: Mapping[str, str]) -> str:
    lines = []
    for column, value in row.items():
        if value is None or value == "":
            continue
        label = _both(data_labels.LABELS.get(column, column.replace("_", " ")))
        title = archive_words.title(named, row, column) if column in _TITLED else None
        shown = title or _shown(table, column, value)
        cell = escape(shown)
        lines.append(f'<tr><th scope="row">{label}</th><td>{cell}</td></tr>')
    return f"<table>{''.join(lines)}</table>\n"


def _shown(table: str, column: str, value: str | int) -> str:
    """A value as a Thai reader takes it; the JSON beside it has the plain one.

    What people wrote stands as they wrote it.
    """
    t = translator(THAI)
    if isinstance(value, bool):
        return t("yes") if value else t("no")
    if isinstance(value, int):
        return str(value)
    if column.endswith(_TIMES) and _MOMENT.fullmatch(value):
        return shown_time(datetime.fromisoformat(value), THAI)
    if column in _NAMES:
        return archive_words.listed(t, value)
    if column in FROM_A_LIST or (column == "reason" and table in _REASONS):
        words = archive_words.values(t) | archive_words.of_table(t, table)
        return words.get(value, value)
    return value


def _both(sentence: str, when: datetime | None = None) -> str:
    """A sentence in Thai, then in English, as HTML."""
    said = []
    for language in (THAI, ENGLISH):
        t = translator(language)
        body = t(sentence, when=shown_time(when, language)) if when else t(sentence)
        said.append(escape(body))
    return f'{said[0]} <small lang="en">{said[1]}</small>'


def _readme(archive: Archive) -> str:
    lines = []
    for language in (THAI, ENGLISH):
        t = translator(language)
        lines += [
            t("This file holds everything that English Planet keeps about you."),
            "",
            t("index.html – to read and to print; open it with any browser"),
            t("data.json – the same for programs: UTF-8, times in ISO 8601 (UTC)"),
            t("csv/ – the same for spreadsheets, one file a table"),
            t(
                "In the CSV files a leading ' stands before = + - @, so that no spreadsheet takes "
                "what you wrote for a formula."
            ),
            t("Passwords are not in it: we cannot see them. Keep this file where only you get."),
            t("Request number") + ": " + requests.number(archive.number),
            "",
            "",
        ]
    return "\r\n".join(lines)


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
