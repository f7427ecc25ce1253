"""CSV as spreadsheets open it (RFC 4180): no cell is taken for a formula (OWASP, CSV Injection)."""

import csv
import io
from collections.abc import Iterable, Sequence

MARK = "\ufeff"  # by which a spreadsheet knows UTF-8
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
Cell = str | int | None


def text(rows: Iterable[Sequence[Cell]], *, is_flat: bool = False) -> str:
    """Some rows. is_flat: what has several lines is put on one."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows([safe(cell, is_flat=is_flat) for cell in row] for row in rows)
    return out.getvalue()


def safe(cell: Cell, *, is_flat: bool = False) -> Cell:
    """A cell that no spreadsheet takes for a formula, nor, where it is flat, for two lines."""
    if not isinstance(cell, str):
        return cell
    said = " ".join(cell.replace("\x00", "").splitlines()) if is_flat else cell
    is_formula = cell.startswith(_FORMULA) or said.lstrip().startswith(_FORMULA)
    return f"'{said}" if is_formula else said
