"""Files of learners as a school's spreadsheet writes them."""

import csv
import io

HEADER = (
    "ชื่อ-นามสกุล", "เบอร์โทร", "อีเมล", "Line ID", "อายุ",
    "วันที่ยินยอม", "ข้อความยินยอม", "ช่องทาง", "รับข่าวสาร",
)  # fmt: skip
GOOD = (
    "สมหญิง ใจดี", "081-234-5678", "somying@gmail.com", "", "25",
    "2026-10-01", "1", "กระดาษ", "รับ",
)  # fmt: skip


def file(*lines, header=HEADER, separator=",", encoding="utf-8-sig") -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=separator)
    writer.writerows([header, *lines])
    return out.getvalue().encode(encoding)


def line(**changes):
    """The good line with some cells of another content."""
    names = ("name", "phone", "email", "line_id", "age", "on", "words", "means", "news")
    return tuple(changes.get(name, cell) for name, cell in zip(names, GOOD, strict=True))
