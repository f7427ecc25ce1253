"""The page of the audit trail: what it finds, how far it turns, and that reading is an act."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import event, select

from bot.runtime import auditing
from models.audit import AuditEntry
from models.staff import Role
from tests.services.trails import act

ROWS = re.compile(r"<code>([^<]+)</code>")
PAGE = "/console/audit"


@pytest.fixture
def reader(console):
    return console(Role.PRIVACY, name="เจ้าหน้าที่คุ้มครองข้อมูล")


def shown(response) -> list[str]:
    """The number of the link that each entry on a page names."""
    return re.findall(r'link_id</span> <span class="codes">link(\d+)', response.text)


def numbers(*range_of) -> list[str]:
    return [str(number) for number in range(*range_of)]


def test_nothing_is_read_before_it_is_asked_for(reader, database, clock):
    act(database, clock, 1)
    assert shown(reader.get(PAGE)) == []
    assert database.read(lambda s: s.scalars(select(AuditEntry.action)).all()) == ["link:issue"]


def test_reading_is_an_act(reader, database, clock):
    act(database, clock, 1, subject="somebody")
    found = reader.submit(PAGE, PAGE, subject="somebody", action="link:issue")
    assert shown(found) == ["1"]
    entry = database.read(
        lambda s: s.scalars(select(AuditEntry).where(AuditEntry.action == "audit:read")).one()
    )
    assert entry.actor == f"staff:{reader.member_id}"
    assert entry.subject == "somebody"
    assert entry.data == {"fields": "action,subject", "rows": 1}
    assert "เจ้าหน้าที่คุ้มครองข้อมูล" in reader.submit(PAGE, PAGE, action="audit:read").text


def test_each_field_narrows(reader, database, clock):
    start = clock()
    for number in range(6):
        act(database, clock, number)
    assert shown(reader.submit(PAGE, PAGE, action="link:issue")) == numbers(5, -1, -1)
    assert shown(reader.submit(PAGE, PAGE, actor="actor2")) == ["5", "2"]
    assert shown(reader.submit(PAGE, PAGE, subject="subject0")) == ["5", "0"]
    assert shown(reader.submit(PAGE, PAGE, actor="actor2", subject="subject2")) == ["2"]
    local = start + timedelta(hours=7, seconds=2)
    since, until = (f"{at:%Y-%m-%dT%H:%M:%S}" for at in (local, local + timedelta(seconds=2)))
    found = reader.submit(PAGE, PAGE, since=since, until=until)
    assert shown(found) == ["3", "2"]
    nothing = reader.submit(PAGE, PAGE, subject="nobody")
    assert "ไม่มีรายการที่ตรงกับเงื่อนไข" in nothing.text


def test_members_are_found_by_their_username(reader, console, database):
    other = console(Role.ADMIN, name="ผู้ดูแลระบบ")
    other.submit(PAGE, PAGE, action="link:open")
    from models.staff import Staff

    username = database.read(lambda s: s.get_one(Staff, other.member_id).username)
    assert "ผู้ดูแลระบบ" in reader.submit(PAGE, PAGE, actor=username).text


def test_pages_turn_without_a_gap_even_among_equal_times(reader, database, clock):
    same = clock()
    for number in range(45):
        act(database, clock, number, at=same)
    form, seen = {"action": "link:issue"}, []
    for _ in range(3):
        found = reader.submit(PAGE, PAGE, **form)
        seen += shown(found)
        cursor = re.search(r'name="after" value="([^"]+)"', found.text)
        form = form | {"after": cursor[1] if cursor else ""}
    assert seen == numbers(44, -1, -1)
    assert form["after"] == ""


def test_entries_show_their_place_in_the_chain(reader, bot, database, clock):
    act(database, clock, 1)
    assert "…" in reader.submit(PAGE, PAGE, action="link:issue").text
    auditing.seal(bot)
    assert "ลำดับ 1<" in reader.submit(PAGE, PAGE, action="link:issue").text
    auditing.send_anchor(bot)
    assert "หลักยึดล่าสุด" in reader.get(PAGE).text


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"action": "no:such"}, "action"),
        ({"actor": "x" * 49}, "actor"),
        ({"subject": "x\x00"}, "subject"),
        ({"since": "yesterday"}, "since"),
        ({"until": "0001-01-01T00:00"}, "until"),
        ({"since": "2026-11-23T10:00", "until": "2026-11-23T10:00"}, "until"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(reader, database, form, field):
    found = reader.submit(PAGE, PAGE, **form)
    assert found.status_code == 422
    assert f'id="{field}-problem"' in found.text
    assert database.read(lambda s: s.scalars(select(AuditEntry)).all()) == []


@pytest.mark.parametrize("after", ["", "x", "x|1", "2026-11-23T10:00|1", "|", "\x00", "9" * 99])
def test_a_place_to_go_on_from_that_makes_no_sense_is_the_beginning(reader, database, clock, after):
    act(database, clock, 1)
    assert shown(reader.submit(PAGE, PAGE, action="link:issue", after=after)) == ["1"]


@pytest.mark.parametrize("role", [Role.AUTHOR, Role.APPROVER, Role.SUPPORT])
def test_whoever_answers_people_or_writes_does_not_read_it(console, role):
    assert console(role).get(PAGE).status_code == 403


def test_the_number_of_queries_does_not_grow(reader, database, clock):
    def queries() -> int:
        asked: list[str] = []

        def note(_connection, _cursor, statement, *_):
            asked.append(statement)

        engines = {database.engine, database._engine}
        for engine in engines:
            event.listen(engine, "before_cursor_execute", note)
        reader.submit(PAGE, PAGE, action="link:issue")
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)
        return len([s for s in asked if s.lstrip().upper().startswith("SELECT")])

    act(database, clock, 0)
    before = queries()
    for number in range(60):
        act(database, clock, number)
    assert queries() == before


def test_it_speaks_english_too(reader):
    assert "Every act of people" in reader.get(f"{PAGE}?lang=en").text
