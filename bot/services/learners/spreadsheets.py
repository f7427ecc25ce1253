"""A spreadsheet's file as lines of text: whichever encoding and separator it was saved with."""

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from bot.errors import InputError

MAX_BYTES = 3 * 1024 * 1024  # bytes
MAX_LINES = 5000
MAX_COLUMNS = 60
MAX_WIDTH = 400  # with the empty ones that Excel leaves
MAX_CELL_LENGTH = 2000
LONG = "\u2026" * 3  # ends a cell that was longer
# How pictures, PDFs and other things begin that somebody can choose by mistake.
_OTHER = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"II*\x00", b"MM\x00*", b"%PDF", b"{\\rtf")
_PAGE = re.compile(rb"\s{0,64}<(?:!doctype|html|\?xml|svg|table)", re.IGNORECASE)
_ODD = re.compile(r"[\x01-\x08\x0e-\x19\x1b-\x1f\x7f]")  # no spreadsheet writes them
_SEPARATORS = ",;\t|"
_PACKED = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # .xlsx and .xls: no text at all
_DAMAGED = "\ufffd"  # where a byte fits in no encoding
_MOST_DAMAGED = 0.1  # of a text's bytes: above it the text is in another encoding
# Rows above the names of the columns: the school, the class, the day of printing.
_TITLES = 20
_LOOKED_AT = 64 * 1024  # characters, for the separator
_FIT = 4  # columns of a list: a line with less than half a name in it is none of them
_SUMS = re.compile(
    r"(?:ยอด|ผล)?รวม(?:ทั้งหมด|ทั้งสิ้น)?|ทั้งหมด|ทั้งสิ้น|จำนวน(?:ทั้งหมด)?|(?:grand |sub)?total|sum",
    re.IGNORECASE,
)
_UNITS = re.compile(r"(?:คน|ราย|บาท|people|persons|learners|students)?")
_NUMBERS = re.compile(r"[\d.,%:/-]{0,40}")
_ADDRESS = re.compile(r"[^\s@]{1,64}@[^\s@]{1,200}\.[^\s@]{1,60}")
# Thai or Latin letters whose UTF-8 was read as Windows-874 or Windows-1252, and saved so.
_MOJIBAKE = re.compile(
    r"(?:เ[ธน][^\sเ]?){3}|à¸|à¹|â€|Ã[\x80-\xbf\u0152-\u0192\u2013-\u203a\u20ac\u2122]|ï»¿"
)
_BOTH_ALPHABETS = re.compile(r"[A-Za-z][\u0e01-\u0e4e]|[\u0e01-\u0e4e][A-Za-z]")


@dataclass(frozen=True)
class CsvTable:
    """The names of the columns, and the lines below them with their numbers in the file.

    left_out: numbers of lines that are no people: sums, notes, the names of the columns again.
    """

    header: tuple[str, ...]
    lines: tuple[tuple[int, tuple[str, ...]], ...]
    left_out: tuple[int, ...] = field(default=())

    def samples(self, column: int, most: int = 1) -> list[str]:
        """The first cells of a column in which something stands."""
        found = (cells[column] for _, cells in self.lines if column < len(cells) and cells[column])
        return [cell for cell, _ in zip(found, range(most), strict=False)]


def decode(content: bytes) -> str:
    """The text of a file: UTF-8 or UTF-16 with or without a mark, else Thai Windows.

    Windows code page 874 is TIS-620 with a few more marks. A few bytes that fit nowhere in UTF-8
    stand in the text as U+FFFD; the cells that have one are refused one by one.
    What is no text raises InputError: file_empty, file_large, file_packed, file_other (a picture,
    a PDF, a page), file_encoding.
    """
    if not content.strip(b"\x00\r\n\t \xef\xbb\xbf"):
        raise InputError("file_empty")
    if len(content) > MAX_BYTES:
        raise InputError("file_large")
    if content.startswith(_PACKED):
        raise InputError("file_packed")
    if content.startswith(_OTHER) or _PAGE.match(content):
        raise InputError("file_other")
    for text in _decodings(content):
        if "\x00" not in text:
            if _ODD.search(text):
                raise InputError("file_other")
            return text
    raise InputError("file_encoding")


def _decodings(content: bytes) -> Iterator[str]:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        order: tuple[str, ...] = ("utf-16",)
    else:
        order = ("utf-8-sig", *_utf_16(content), "damaged", "cp874")
    for encoding in order:
        try:
            if encoding != "damaged":
                yield content.decode(encoding)
            elif (text := _nearly_utf_8(content)) is not None:
                yield text
        except UnicodeDecodeError:
            continue


def _utf_16(content: bytes) -> list[str]:
    """UTF-16 without its mark: every second byte is the high half of a Latin or Thai letter."""
    if len(content) % 2 or b"\x00" not in content:
        return []
    found = []
    for name, high in (("utf-16-le", content[1::2]), ("utf-16-be", content[::2])):
        if sum(high.count(half) for half in (b"\x00", b"\x0e", b"\x20")) * 10 >= len(high) * 9:
            found.append(name)
    return found


def _nearly_utf_8(content: bytes) -> str | None:
    """UTF-8 with a few bytes of something else in it; None where it is in another encoding."""
    text = content.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
    letters = sum(char > "\x7f" for char in text)
    damaged = text.count(_DAMAGED)
    return text if damaged <= (letters - damaged) * _MOST_DAMAGED else None


def is_garbled(cell: str) -> bool:
    """Whether a cell was read in another encoding than it was written in, here or before."""
    return _DAMAGED in cell or _MOJIBAKE.search(cell) is not None


def mixes_alphabets(cell: str) -> bool:
    """Whether a word has Thai and Latin letters side by side: é of a Western file, or a slip."""
    return _BOTH_ALPHABETS.search(cell) is not None


def read(text: str, known: Callable[[tuple[str, ...]], int] | None = None) -> CsvTable:
    """The lines of a file; empty rows and columns, titles above and sums below are left out.

    known: how many cells of a row are names of columns. Raises InputError: file_broken (a
    quotation mark that is not closed, and the like), file_long, file_wide, file_headless.
    """
    rows = _filled(_rows(text))
    if not rows:
        raise InputError("file_headless")
    top = _header_at(rows, known)
    header, below = rows[top][1], rows[top + 1 :]
    if any(_ADDRESS.fullmatch(cell) for cell in header):
        raise InputError("file_headless")  # the first person stands where the names should
    lines, left_out = [], []
    for number, cells in below:
        if _is_no_person(cells, header):
            left_out.append(number)
        else:
            lines.append((number, cells))
    if not lines:
        raise InputError("file_headless")
    if len(lines) > MAX_LINES:
        raise InputError("file_long")
    return CsvTable(header, tuple(lines), tuple(left_out))


def _rows(text: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Every row in which something stands, with its number."""
    separator, body, skipped = _separator(text)
    reader = csv.reader(io.StringIO(body, newline=""), delimiter=separator, strict=True)
    began, found = 1, 0
    try:
        for row in reader:
            number, began = began + skipped, reader.line_num + 1
            while row and not row[-1].strip():
                row.pop()
            if not row:
                continue
            found += 1
            if found > MAX_LINES + 2 * _TITLES:
                raise InputError("file_long")
            if len(row) > MAX_WIDTH or sum(map(bool, row)) > MAX_COLUMNS:
                raise InputError("file_wide")
            yield number, tuple(_cell(cell) for cell in row)
    except csv.Error:
        raise InputError("file_broken", suggestion=str(reader.line_num + skipped)) from None


def _cell(cell: str) -> str:
    if len(cell) > MAX_CELL_LENGTH:
        return cell[:MAX_CELL_LENGTH] + LONG
    said = cell.strip()
    # As our own files guard what a spreadsheet would take for a formula.
    return said[1:] if said[:1] == "'" and said[1:2] in {"=", "+", "-", "@"} else said


def _filled(found: Iterator[tuple[int, tuple[str, ...]]]) -> list[tuple[int, tuple[str, ...]]]:
    """The rows without columns in which nothing stands; raises InputError file_wide."""
    rows = list(found)
    used = sorted({index for _, row in rows for index, cell in enumerate(row) if cell})
    if len(used) > MAX_COLUMNS:
        raise InputError("file_wide")
    return [
        (number, tuple(row[index] if index < len(row) else "" for index in used))
        for number, row in rows
    ]


def _header_at(
    rows: Sequence[tuple[int, tuple[str, ...]]], known: Callable[[tuple[str, ...]], int] | None
) -> int:
    """Which row names the columns: the one with most names that we know, or the first wide one."""
    first = range(min(len(rows), _TITLES))
    if known is not None:
        counts = [known(rows[index][1]) for index in first]
        if max(counts) >= min(2, _FIT):
            return counts.index(max(counts))
    widths = [sum(map(bool, rows[index][1])) for index in first]
    return next((index for index in first if widths[index] >= _FIT), 0)


def _is_no_person(cells: tuple[str, ...], header: tuple[str, ...]) -> bool:
    """A sum, a note below the table, a running number alone, or the names of the columns again."""
    if cells == header:
        return True
    said = [cell for cell in cells if cell]
    if len(header) < _FIT or len(said) > len(header) // 2 or any("@" in cell for cell in said):
        return False
    if len(said) == 1:
        return True
    if not any(_SUMS.match(cell) for cell in said):
        return False
    rest = " ".join(_SUMS.sub("", cell, count=1) for cell in said)
    return all(_NUMBERS.fullmatch(word) or _UNITS.fullmatch(word) for word in rest.split())


def _separator(text: str) -> tuple[str, str, int]:
    """What stands between cells, the text without Excel's own hint of it, lines that this took."""
    first, _, rest = text.partition("\n")
    hint = first.strip().strip('"')
    if hint.lower().startswith("sep=") and len(hint) == 5:
        return hint[4], rest, 1
    # Of the first rows: a title above them may have a comma of its own.
    rows = text[:_LOOKED_AT].split("\n")[:_TITLES]
    counted = {mark: [_unquoted(row).count(mark) for row in rows] for mark in _SEPARATORS}
    return max(_SEPARATORS, key=lambda mark: _regularity(counted[mark])), text, 0


def _unquoted(row: str) -> str:
    return "".join(row.split('"')[::2])


def _regularity(counts: list[int]) -> tuple[int, int]:
    """How many rows a separator cuts alike, then into how many cells."""
    usual = max(counts, key=lambda count: (counts.count(count) if count else 0, count))
    return (counts.count(usual), usual) if usual else (0, 0)
