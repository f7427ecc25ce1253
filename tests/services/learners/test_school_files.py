"""Lists as schools have them: what is read of each, and what is asked about."""

from datetime import UTC, datetime

import pytest

from bot.errors import InputError
from bot.services.learners import import_lines, import_words, imports, spreadsheets
from bot.services.learners.cell_dates import DateOrder, question
from bot.services.learners.import_lines import CellReading
from bot.services.learners.import_words import ImportColumn
from bot.services.people.fields import Item
from models.learner import AgeBand
from tests.services.learners.csv_files import GOOD, HEADER, file, line

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
PROOF = ("2026-10-01", "1", "กระดาษ")
PROVEN = ("วันที่ยินยอม", "ข้อความยินยอม", "ช่องทาง")


def lines(content: bytes, how=CellReading()):  # noqa: B008
    """Every line of a file by the names of its columns."""
    table = imports.table_of(spreadsheets.decode(content))
    columns = import_words.guess(table.header)
    return [import_lines.read(number, cells, columns, NOW, how) for number, cells in table.lines]


def only(**changes):
    found = lines(file(line(**changes)))
    assert len(found) == 1
    return found[0]


def codes(found) -> dict[str, str]:
    return {problem.field.value: problem.code for problem in (*found.problems, *found.doubts)}


def as_windows(text: str, page: str, *, kept: bool = True) -> str:
    """UTF-8 read as a code page of Windows, which keeps bytes that mean nothing, or drops them."""

    def read(byte: int) -> str:
        try:
            return bytes([byte]).decode(page)
        except UnicodeDecodeError:
            return chr(byte) if kept else ""

    return "".join(map(read, text.encode()))


@pytest.mark.parametrize(
    ("age", "band"),
    [
        ("๒๐", AgeBand.FROM_20),
        ("25.0", AgeBand.FROM_20),
        ("34 ปี", AgeBand.FROM_20),
        ("อายุ 41 ปี", AgeBand.FROM_20),
        ("30 years old", AgeBand.FROM_20),
        ("010", AgeBand.UP_TO_10),
        *[
            (odd, None)
            for odd in ("20²", "½", "-5", "1e400", "๒²", "twenty", "", "999", "+20", "٢٠")
        ],
    ],
)
def test_no_age_is_more_than_a_number(age, band):
    found = only(age=age)
    assert found.age_band == band
    if band is None:
        assert codes(found) == {"age": "age_invalid"}


ODD = (
    *(
        "20²",
        "½",
        "๒๐",
        "-5",
        "1e400",
        "=1+1",
        "@x",
        "+66",
        "'=x",
        "\ud800".encode("utf-8", "replace"),
    ),
    *("\u200b", "\u0e48" * 400, "ก" * 3000, " ", "#REF!", "####", "NaN", "∞", "Ⅻ", "①", "9" * 400),
    *("31/12/9999", "0/0/0000", "30/2/2569", "2026-13-45", "a@b@c", "‮", "😀", "\n\n", '"', "NULL"),
)


@pytest.mark.parametrize("place", range(len(HEADER)))
def test_no_cell_stops_an_import(place):
    for odd in ODD:
        cell = odd.decode() if isinstance(odd, bytes) else odd
        cells = [*GOOD[:place], cell, *GOOD[place + 1 :]]
        for order in DateOrder:
            found = lines(file(cells), CellReading(order))
            assert len(found) <= 1


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("ชื่อ,เบอร์,อีเมล,อายุ\n".encode(), "file_headless"),
        (b"a,b,c,d\n" + b"1,\x00,3,4\n", "file_encoding"),
        ("ก,ข,ค,ง\n\ud800,1,2,3\n".encode("utf-16-le", "surrogatepass"), "file_encoding"),
        ((",".join("c" * 200) + "\n" + "1\n").encode(), "file_wide"),
        (b"x," * 100_000 + b"\n1\n", "file_wide"),
        (("สมหญิง ใจดี,0812345678,a@gmail.com,25\n" * 2).encode(), "file_headless"),
    ],
)
def test_what_is_no_list_says_so(content, code):
    with pytest.raises(InputError) as caught:
        imports.table_of(spreadsheets.decode(content))
    assert caught.value.code == code


def test_two_hundred_columns_of_excel_are_those_that_are_filled():
    empty = ("",) * 190
    found = lines(file((*GOOD, *empty), (*("",) * 9, *empty), header=(*HEADER, *empty)))
    assert [one.problems for one in found] == [()]


@pytest.mark.parametrize(
    ("header", "cells", "name"),
    [
        (("ชื่อ", "นามสกุล"), ("สมหญิง", "ใจดี"), "สมหญิง ใจดี"),
        (("คำนำหน้า", "ชื่อ", "นามสกุล"), ("นางสาว", "สมหญิง", "ใจดี"), "สมหญิง ใจดี"),
        (("firstname", "lastname"), ("Somying", "Jaidee"), "Somying Jaidee"),
        (("First name", "Surname"), ("Somying", "Jaidee"), "Somying Jaidee"),
        (("ลำดับ", "ชื่อจริง", "สกุล"), ("1", "สมหญิง", "ใจดี"), "สมหญิง ใจดี"),
        (("ชื่อ - นามสกุล *",), ("สมหญิง ใจดี",), "สมหญิง ใจดี"),
        (("Full name (Thai)",), ("สมหญิง ใจดี",), "สมหญิง ใจดี"),
    ],
)
def test_a_name_is_put_together_of_its_columns(header, cells, name):
    rest = ("เบอร์โทร", "Email Address", "อายุ", *PROVEN)
    found = lines(
        file((*cells, "0812345678", "a@gmail.com", "25", *PROOF), header=(*header, *rest))
    )
    assert [one.values[Item.NAME] for one in found] == [name]
    assert found[0].problems == found[0].doubts == ()


@pytest.mark.parametrize(
    ("born", "band"),
    [
        ("1/2/2540", AgeBand.FROM_20),
        ("1997-02-01", AgeBand.FROM_20),
        ("24/11/2006", AgeBand.FROM_11_TO_19),  # twenty tomorrow
        ("23/11/2549", AgeBand.FROM_20),  # twenty today
        ("15 มิ.ย. 2540", AgeBand.FROM_20),
        ("15 มิถุนายน 2540", AgeBand.FROM_20),
        ("15-Jun-1997", AgeBand.FROM_20),
        ("๑/๒/๒๕๕๙", AgeBand.UP_TO_10),
        ("1/2/2570", None),
        ("1/2/1850", None),
        ("yesterday", None),
    ],
)
def test_of_a_birth_date_the_band_is_kept(born, band):
    header = ("ชื่อ-นามสกุล", "เบอร์โทร", "อีเมล", "วันเดือนปีเกิด", *PROVEN)
    found = lines(file((GOOD[0], GOOD[1], GOOD[2], born, *PROOF), header=header))[0]
    assert found.age_band == band
    assert (found.details is not None) == (band is AgeBand.FROM_20)


@pytest.mark.parametrize(
    "said",
    [
        "15/6/2026, 14:30:05", "15/6/2569, 14:30:05", "2026/06/15 2:30:05 PM GMT+7",
        "2026-06-15T14:30:05+07:00", "15/06/2026 14:30", "15.6.2026", "15 มิ.ย. 2569 14:30",
        "15 June 2026", "15-มิ.ย.-2569",
    ],
)  # fmt: skip
def test_times_of_forms_are_days(said):
    header = ("ประทับเวลา", "ชื่อ-นามสกุล", "เบอร์โทร", "อีเมล", "อายุ", *PROVEN[1:])
    found = lines(file((said, GOOD[0], GOOD[1], GOOD[2], "25", *PROOF[1:]), header=header))[0]
    assert found.problems == ()
    assert f"{found.evidence.at:%Y-%m-%d}" == "2026-06-15"


def test_titles_above_and_sums_below_are_no_people():
    width = len(HEADER)

    def row(*cells):
        return (*cells, *("",) * (width - len(cells)))

    content = file(
        row("โรงเรียนภาษา, สาขาสีลม"),
        row("รายชื่อผู้เรียน", "", "ปี 2569"),
        row(),
        HEADER,
        GOOD,
        row("รวมพล ใจดี", "0812345679", "r@gmail.com", "", "25", *PROOF, "ไม่"),
        HEADER,
        row("รวม", "", "", "", "2 คน"),
        row("รวมทั้งสิ้น 2 คน"),
        row("ลงชื่อ ............ ผู้จัดทำ"),
        row("", "3"),
        header=row("English Planet"),
    )
    table = imports.table_of(spreadsheets.decode(content))
    assert table.header == HEADER
    assert [number for number, _ in table.lines] == [6, 7]
    assert table.left_out == (8, 9, 10, 11, 12)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-8", "cp874", "utf-16"])
@pytest.mark.parametrize("separator", "|;\t,")
def test_marks_and_separators_are_found(encoding, separator):
    table = imports.table_of(
        spreadsheets.decode(file(GOOD, separator=separator, encoding=encoding))
    )
    assert (table.header, table.lines) == (HEADER, ((2, GOOD),))


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"phone": "8.10001E+08"}, {"phone": "cell_cut"}),
        ({"phone": "8,1E8"}, {"phone": "cell_cut"}),
        ({"phone": "########"}, {"phone": "cell_hidden"}),
        ({"email": "#N/A"}, {"email": "cell_fault"}),
        ({"name": "ส" * 400}, {"name": "cell_long"}),
        ({"words": "ก" * 2500}, {"consent_words": "cell_long"}),
        ({"name": "สมหญิง"}, {"name": "name_single"}),
        ({"email": "somying@gmial.com"}, {"email": "email_slip"}),
        ({"name": "Jos้ Garcia"}, {"name": "name_mixed"}),
        ({"name": "สมหญิง ใจดี".encode().decode("cp874", "replace")}, {"name": "cell_garbled"}),
        ({"name": as_windows("สมหญิง ใจดี", "cp874")}, {"name": "cell_garbled"}),
        ({"name": as_windows("มนตรี ชัย", "cp874", kept=False)}, {"name": "cell_garbled"}),
        ({"name": as_windows("สมหญิง ใจดี", "cp1252")}, {"name": "cell_garbled"}),
        ({"name": "José García".encode().decode("cp1252", "replace")}, {"name": "cell_garbled"}),
    ],
)
def test_what_a_spreadsheet_did_to_a_cell_is_said(changes, found):
    assert codes(only(**changes)) == found


def test_what_is_only_unusual_goes_in_where_it_is_meant():
    content = file(line(name="สมหญิง"), line(email="somying@gmial.com"), line(phone="0812"))
    assert [one.details for one in lines(content)] == [None] * 3
    meant = lines(content, CellReading(accepted={2, 3, 4}))
    assert [one.details is not None for one in meant] == [True, True, False]
    assert meant[0].details.values[Item.NAME] == "สมหญิง"
    assert meant[1].details.email == "somying@gmial.com"
    assert lines(content)[1].doubts[0].suggestion == "somying@gmail.com"


def test_one_western_byte_spoils_its_own_line():
    good = file(GOOD, line(name="Jose Garcia"), header=HEADER, encoding="utf-8")
    found = lines(good.replace(b"Jose", b"Jos\xe9"))
    assert [codes(one) for one in found] == [{}, {"name": "cell_garbled"}]
    # A file that is Thai Windows altogether is none of these.
    assert [codes(one) for one in lines(file(GOOD, encoding="cp874"))] == [{}]


@pytest.mark.parametrize(
    ("cells", "asked"),
    [
        (["6/5/2026", "5/13/2026"], ("5/13/2026", "6/5/2026")),
        (["6/5/2026", "15/13/2026"], ("15/13/2026", "6/5/2026")),
        (["6/15/2026"], ("6/15/2026", "6/15/2026")),
        (["6/5/2026", "15/6/2026"], None),
        (["15/13/2026"], None),
        (["2026-05-13", "x", "6/5/2026"], None),
    ],
)
def test_dates_that_can_be_read_two_ways_are_asked_about(cells, asked):
    assert question(cells) == asked


def test_a_two_way_date_waits_for_the_order():
    content = file(line(on="6/5/2026"), line(on="6/15/2026"))
    day, month, unsure = (
        [codes(one) or f"{one.evidence.at:%m-%d}" for one in lines(content, CellReading(order))]
        for order in (DateOrder.DAY, DateOrder.MONTH, DateOrder.UNSURE)
    )
    assert day == ["05-06", {"consent_date": "date_invalid"}]
    assert month == ["06-05", "06-15"]
    assert unsure == [{"consent_date": "date_two_ways"}, "06-15"]


def test_two_columns_of_one_heading_are_asked_about():
    header = ("ชื่อ-นามสกุล", "อีเมล", "เบอร์โทร", "อีเมล", "อายุ")
    table = imports.table_of(
        spreadsheets.decode(
            file(("สมหญิง ใจดี", "", "0812345678", "a@gmail.com", "25"), header=header)
        )
    )
    assert import_words.doubtful(table.header) == {Item.EMAIL: (1, 3)}
    guessed = import_words.guess(table.header)
    assert Item.EMAIL not in guessed
    assert (guessed[Item.NAME], guessed[ImportColumn.AGE]) == (0, 4)
    assert (table.samples(1), table.samples(3)) == ([], ["a@gmail.com"])
