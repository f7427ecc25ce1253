"""The lines of an import that did not go in: kept for a day, to be corrected and brought again."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from bot.services.audit import audit
from bot.services.audit.audit import Action
from bot.services.learners import import_lines
from bot.services.learners.import_lines import CellReading, ImportLine
from bot.services.learners.import_words import Column
from bot.services.learners.spreadsheets import CsvTable
from bot.services.shared import csv_writer
from models.imports_exports import Import

WRITTEN = ""  # the reason stands in the line itself
KNOWN = "known"
CROWD = "crowd"  # more people with one phone and e-mail than a family has
SAME = "same:"  # and the number of the line above that is the same person

Why = Callable[[ImportLine, str], str]


def kept(table: CsvTable, left_out: dict[str, Any]) -> str | None:
    """The lines with these numbers as one text, or None where all went in."""
    lines = [[number, list(cells)] for number, cells in table.lines if str(number) in left_out]
    return json.dumps({"header": list(table.header), "lines": lines}) if lines else None


def take(
    session: Session,
    row: Import,
    columns: dict[Column, int],
    how: CellReading,
    heading: str,
    why: Why,
    member_id: str,
    now: datetime,
) -> bytes | None:
    """The file, with why each line stayed behind in a last column; None where there is none.

    Whoever takes it is written down: details of people leave the house with it.
    """
    if row.rest is None or now >= row.expires_at:
        return None
    found = json.loads(row.rest)
    table = [[*found["header"], heading]]
    width = len(found["header"])
    for number, cells in found["lines"]:
        line = import_lines.read(number, tuple(cells), columns, now, how)
        reason = why(line, str(row.left_out.get(str(number), WRITTEN)))
        table.append([*cells, *[""] * (width - len(cells)), reason])
    audit.by_staff(
        session, Action.IMPORT_REST_TAKEN, member_id, now, import_id=row.id, rows=len(table) - 1
    )
    return (csv_writer.MARK + csv_writer.text(table, is_flat=True)).encode()
