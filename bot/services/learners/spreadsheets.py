"""A spreadsheet's file as lines of text: whichever encoding and separator Excel chose."""

import csv
import io
import re
from dataclasses import dataclass

from bot.errors import InputError

MAX_BYTES = 3 * 1024 * 1024  # bytes
MAX_LINES = 5000
MAX_COLUMNS = 60
MAX_CELL_LENGTH = 2000
# How pictures, PDFs and other things begin that somebody can choose by mistake.
_OTHER = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"II*\x00", b"MM\x00*", b"%PDF", b"{\\rtf")
_PAGE = re.compile(rb"\s*<(?:!doctype|html|\?xml|svg|table)", re.IGNORECASE)
_ODD = re.compile(r"[\x01-\x08\x0e-\x19\x1b-\x1f\x7f]")  # no spreadsheet writes them
_SEPARATORS = ",;\t"
_PACKED = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # .xlsx and .xls: no text at all


@dataclass(frozen=True)
class CsvTable:
    """The names of the columns, and the lines below them with their numbers in the file."""

    header: tuple[str, ...]
    lines: tuple[tuple[int, tuple[str, ...]], ...]


def decode(content: bytes) -> str:
    """The text of a file: UTF-8 with or without a mark, UTF-16 with one, else Thai Windows.

    Windows code page 874 is TIS-620 with a few more marks; what is neither raises InputError:
    file_empty, file_large, file_packed, file_other (a picture, a PDF, a page), file_encoding.
    """
    if not content.strip(b"\x00\r\n\t \xef\xbb\xbf"):
        raise InputError("file_empty")
    if len(content) > MAX_BYTES:
        raise InputError("file_large")
    if content.startswith(_PACKED):
        raise InputError("file_packed")
    if content.startswith(_OTHER) or _PAGE.match(content):
        raise InputError("file_other")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        order: tuple[str, ...] = ("utf-16",)
    else:
        order = ("utf-8-sig", "cp874")
    for encoding in order:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            if _ODD.search(text):
                raise InputError("file_other")
            return text
    raise InputError("file_encoding")


def read(text: str) -> CsvTable:
    """The lines of a file, empty ones left out.

    Raises InputError: file_broken (a quotation mark that is not closed, and the like), file_long,
    file_wide, file_headless.
    """
    separator, body, skipped = _separator(text)
    reader = csv.reader(io.StringIO(body, newline=""), delimiter=separator, strict=True)
    header: tuple[str, ...] | None = None
    lines: list[tuple[int, tuple[str, ...]]] = []
    began = 1
    try:
        for row in reader:
            number, began = began + skipped, reader.line_num + 1
            cells = tuple(cell.strip()[:MAX_CELL_LENGTH] for cell in row)
            if not any(cells):
                continue
            if len(cells) > MAX_COLUMNS:
                raise InputError("file_wide")
            if header is None:
                header = cells
                continue
            if len(lines) == MAX_LINES:
                raise InputError("file_long")
            lines.append((number, cells))
    except csv.Error:
        raise InputError("file_broken", suggestion=str(reader.line_num + skipped)) from None
    if header is None or not lines:
        raise InputError("file_headless")
    return CsvTable(header, tuple(lines))


def _separator(text: str) -> tuple[str, str, int]:
    """What stands between cells, the text without Excel's own hint of it, lines that this took."""
    first, _, rest = text.partition("\n")
    hint = first.strip().strip('"')
    if hint.lower().startswith("sep=") and len(hint) == 5:
        return hint[4], rest, 1
    unquoted = "".join(first.split('"')[::2])
    return max(_SEPARATORS, key=unquoted.count), text, 0
