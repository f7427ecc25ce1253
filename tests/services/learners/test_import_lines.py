"""What spreadsheets make of a file, and what each line of it has to say and prove."""

from datetime import UTC, datetime

import pytest

from bot.errors import InputError
from bot.services.learners import import_lines, spreadsheets
from bot.services.learners.import_words import ImportColumn, guess
from bot.services.people.fields import Item
from tests.services.learners.csv_files import GOOD, HEADER, file, line

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)


def read(cells, now=NOW):
    return import_lines.read(2, cells, guess(HEADER), now)


def codes(found) -> dict[str, str]:
    return {problem.field.value: problem.code for problem in found.problems}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "tis-620", "cp874"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_the_file_is_read_however_excel_wrote_it(encoding, separator):
    content = file(GOOD, separator=separator, encoding=encoding)
    table = spreadsheets.read(spreadsheets.decode(content))
    assert table.header == HEADER
    assert table.lines == ((2, GOOD),)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_empty"),
        (b"\xef\xbb\xbf \r\n", "file_empty"),
        (b"PK\x03\x04rest", "file_packed"),
        (b"\xd0\xcf\x11\xe0rest", "file_packed"),
        (b"a,b\x00\n", "file_encoding"),
        (b"\xfe\xdb\xdc\xfd", "file_encoding"),
        (b"x" * (spreadsheets.MAX_BYTES + 1), "file_large"),
    ],
)
def test_what_is_no_text_is_refused(content, code):
    with pytest.raises(InputError) as caught:
        spreadsheets.decode(content)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('name\n"open', "file_broken"),
        ("name\n", "file_headless"),
        ("name\n" + "x\n" * (spreadsheets.MAX_LINES + 1), "file_long"),
        ("x," * 70 + "x\n1\n", "file_wide"),
    ],
)
def test_what_is_no_table_is_refused(text, code):
    with pytest.raises(InputError) as caught:
        spreadsheets.read(text)
    assert caught.value.code == code


def test_numbers_are_those_of_the_file():
    """Excel's hint, empty lines and cells of several lines do not move them."""
    text = 'sep=;\nname;note\n\n"ก ข";"one\ntwo"\nค ง;x\n'
    assert [number for number, _ in spreadsheets.read(text).lines] == [4, 6]


def test_columns_are_known_by_their_names():
    assert guess(HEADER) == {
        Item.NAME: 0,
        Item.PHONE: 1,
        Item.EMAIL: 2,
        Item.LINE_ID: 3,
        ImportColumn.AGE: 4,
        ImportColumn.CONSENT_DATE: 5,
        ImportColumn.CONSENT_WORDS: 6,
        ImportColumn.CONSENT_MEANS: 7,
        ImportColumn.EMAIL_NEWS: 8,
    }
    assert guess(("Full Name", "E-Mail", "LINE_ID")) == {
        Item.NAME: 0,
        Item.EMAIL: 1,
        Item.LINE_ID: 2,
    }


def test_a_line_is_read_by_the_rules_of_registration():
    found = read(line(phone="812345678", line_id="@Somying.JD", on="๑/๑๐/๒๕๖๙"))
    assert found.problems == ()
    assert found.details.phone == "+66812345678"
    assert found.details.values[Item.LINE_ID] == "somying.jd"
    assert found.evidence.at == datetime(2026, 9, 30, 17, tzinfo=UTC)
    assert found.evidence.method == "paper form"
    assert found.wants_news


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"name": "สมหญิง 5"}, "name", "name_digits"),
        ({"phone": "0812"}, "phone", "phone_invalid"),
        ({"email": "somying"}, "email", "email_invalid"),
        ({"line_id": "ก"}, "line_id", "line_id_invalid"),
        ({"age": "?"}, "age", "age_invalid"),
        ({"age": "19"}, "age", "minor"),
        ({"age": "9 ปี"}, "age", "minor"),
        ({"on": "32/1/2569"}, "consent_date", "date_invalid"),
        ({"on": "2026-11-24"}, "consent_date", "date_future"),
        ({"on": "2015-01-01"}, "consent_date", "date_old"),
        ({"on": ""}, "consent_date", "date_missing"),
        ({"words": "yes"}, "consent_words", "words_short"),
        ({"means": "โทรศัพท์"}, "consent_means", "means_unknown"),
        ({"on": "", "words": "", "means": ""}, "consent_date", "no_consent"),
        ({"news": "maybe"}, "email_news", "yes_or_no"),
    ],
)
def test_each_problem_names_its_column(changes, field, code):
    found = read(line(**changes))
    assert codes(found) == {field: code}
    assert found.details is None
    assert found.evidence is None


def test_a_slip_in_an_address_is_a_doubt_and_an_address_abroad_is_none():
    """Only the person knows their address; whoever imports says that it is meant so."""
    [doubt] = read(line(email="somying@gmial.com")).doubts
    assert (doubt.field, doubt.code) == (Item.EMAIL, "email_slip")
    assert read(line(email="taro@yahoo.co.jp")).doubts == ()


def test_all_problems_of_a_line_are_told_at_once():
    found = read(line(name="", phone="x", email="", age=""))
    assert set(codes(found)) == {"name", "phone", "email", "age"}


@pytest.mark.parametrize(
    ("changes", "lacks"),
    [
        ({"on": "", "words": "", "means": ""}, True),
        ({"on": ""}, True),
        ({"means": "โทรศัพท์"}, True),
        ({"on": "32/1/2569"}, False),
        ({"on": "2030-01-01"}, False),
        ({"words": "x" * 3000}, False),
    ],
)
def test_a_mistyped_proof_is_to_be_corrected_and_no_lack_of_it(changes, lacks):
    assert read(line(**changes)).lacks_consent == lacks
