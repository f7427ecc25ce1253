"""The page of the audit trail: what it finds, how far it turns, and that reading is an act."""

import re
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import delete, event, select

from bot.runtime import auditing
from bot.services.audit import audit
from bot.services.audit.audit import KEYS, Action
from bot.texts import THAI, translator
from handlers.console import audit_details, audit_words
from models.audit import AuditEntry
from models.merges import Unmasking
from models.staff import Role
from tests.console.people import enrolled
from tests.services.audit.trails import act

pytestmark = pytest.mark.sql

PAGE = "/console/audit"


@pytest.fixture
def reader(console):
    return console(Role.PRIVACY, name="เจ้าหน้าที่คุ้มครองข้อมูล")


def shown(response) -> list[str]:
    """The number of the link that each entry on a page names."""
    return re.findall(r'ลิงก์ \(รหัส\):</span> <span class="text-break">link(\d+)', response.text)


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
    assert entry.data == {"fields": "action,subject", "rows": 1, "reasons": 0}
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


def test_whoever_did_it_is_found_by_the_words_of_the_rows(reader, console, database, clock):
    console(Role.ADMIN, name="ครูฝน").submit(PAGE, PAGE, action="link:open")
    act(database, clock, 1)

    def by_learner(session):
        values = dict.fromkeys(KEYS[Action.LINK_OPENED], "x")
        audit.record(
            session, Action.LINK_OPENED, actor="learner", subject="x", now=clock(), **values
        )

    database.write(by_learner)
    assert reader.submit(PAGE, PAGE, actor="ครูฝน").text.count("<code>audit:read</code>") == 1
    found = reader.submit(PAGE, PAGE, actor="ผู้เรียน").text
    assert found.count("<code>link:open</code>") == found.count("<code>") == 1
    assert "23 พฤศจิกายน 2569 10:" in found


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
    assert "กำลังลงลำดับ" in reader.submit(PAGE, PAGE, action="link:issue").text
    auditing.seal(bot)
    assert "ลำดับ 1<" in reader.submit(PAGE, PAGE, action="link:issue").text
    auditing.send_anchor(bot)
    assert "ส่งค่ายืนยันออกไปเก็บล่าสุด" in reader.get(PAGE).text


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"action": "no:such"}, "action"),
        ({"actor": "x" * 49}, "actor"),
        ({"subject": "x" * 49}, "subject"),
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


@pytest.mark.parametrize("after", ["", "x", "x|1", "2026-11-23T10:00|1", "|", "9" * 99])
def test_a_place_to_go_on_from_that_makes_no_sense_is_the_beginning(reader, database, clock, after):
    act(database, clock, 1)
    assert shown(reader.submit(PAGE, PAGE, action="link:issue", after=after)) == ["1"]


@pytest.mark.parametrize("role", [Role.AUTHOR, Role.APPROVER, Role.SUPPORT])
def test_whoever_answers_people_or_writes_does_not_read_it(console, role):
    assert console(role).get(PAGE).status_code == 403


@contextmanager
def counted(database):
    """Every query that is asked meanwhile."""
    asked: list[str] = []

    def note(_connection, _cursor, statement, *_):
        if statement.lstrip().upper().startswith("SELECT"):
            asked.append(statement)

    engines = {database.engine, database._engine}
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    yield asked
    for engine in engines:
        event.remove(engine, "before_cursor_execute", note)


def test_the_number_of_queries_does_not_grow(reader, database, clock):
    def queries() -> int:
        with counted(database) as asked:
            reader.submit(PAGE, PAGE, action="link:issue")
        return len(asked)

    act(database, clock, 0)
    before = queries()
    for number in range(60):
        act(database, clock, number)
    assert queries() == before


def test_every_act_and_every_detail_has_words():
    t = translator(THAI)
    assert set(audit_words.ACTS) == set(Action)
    assert len({t(said) for said in audit_words.ACTS.values()}) == len(Action), "told apart"
    noted = frozenset().union(*KEYS.values())
    assert set(audit_details.KEYS) == noted
    for code in Action:
        assert audit_words.act(t, code) != code


def test_an_entry_is_told_in_words_with_the_code_beside_it(reader, database, clock):
    act(database, clock, 1)
    said = reader.submit(PAGE, PAGE, action="link:issue").text
    assert "<strong>สร้างลิงก์ใช้ครั้งเดียว</strong>" in said
    assert "<code>link:issue</code>" in said
    assert '<option value="link:issue" selected>สร้างลิงก์ใช้ครั้งเดียว</option>' in said
    english = reader.submit(f"{PAGE}?lang=en", f"{PAGE}?lang=en", action="audit:read").text
    assert "<strong>Audit trail read</strong>" in english
    assert "Searched by:" in english
    assert ">Act<" in english, "the field, not its code"


@pytest.mark.parametrize(
    ("actor", "said"),
    [
        ("system", "ระบบ"),
        ("learner", "ผู้เรียน"),
        ("learner:0123", "ผู้เรียน"),
        ("guardian", "ผู้ปกครอง"),
        ("staff:gone", "เจ้าหน้าที่"),
        ("somebody", ""),
    ],
)
def test_whoever_did_it_is_named_for_what_they_are(actor, said):
    assert audit_words.who(translator(THAI), actor, "") == said
    assert audit_words.who(translator(THAI), actor, "ครูใจดี") == "ครูใจดี"


def test_values_of_ours_are_words_and_names_of_people_stay():
    t = translator(THAI)
    told = dict(audit_details.told(t, "import:move", {"state": "running", "rows": 3}))
    assert told == {"สถานะ": "กำลังดำเนินการ", "จำนวนแถว": "3"}
    told = dict(audit_details.told(t, "staff:add", {"roles": "admin,author"}))
    assert told == {"บทบาท": "ผู้ดูแลระบบ, ผู้เขียน"}
    assert audit_details.told(t, "learner:tag", {"tag": "other", "is_on": 1}) == [
        ("เปิดใช้", "ใช่"),
        ("กลุ่ม", "other"),
    ]
    assert audit_details.told(t, "no:such", {"odd": "x"}) == [("odd", "x")]


REASON = "โทรมาแจ้งว่าเปลี่ยนเบอร์ 081-234-5678"


@pytest.fixture
def looked(console, database, clock):
    """A learner whose details a colleague has seen in full."""
    learner_id = database.write(lambda s: enrolled(s, clock()))
    page = f"/console/learners/{learner_id}"
    colleague = console(Role.SUPPORT, name="ครูช่วยเหลือ")
    colleague.submit(page, f"{page}/unmask", category="asked", reason=REASON)
    return learner_id


def test_the_privacy_officer_reads_why_details_were_seen(reader, database, looked):
    said = reader.submit(PAGE, PAGE, subject=looked).text
    assert REASON in said
    assert "เจ้าของข้อมูลขอความช่วยเหลือ" in said
    assert "ครูช่วยเหลือ" in said
    entry = database.read(
        lambda s: s.scalars(select(AuditEntry).where(AuditEntry.action == "audit:read")).one()
    )
    assert entry.data == {"fields": "subject", "rows": 1, "reasons": 1}
    assert REASON not in str(entry.data)


def test_whoever_may_see_no_details_reads_no_reason(console, database, looked):
    said = console(Role.ADMIN).submit(PAGE, PAGE, subject=looked).text
    assert "learner:unmask" in said
    assert REASON not in said
    assert "แสดงเฉพาะผู้มีสิทธิ์ดูข้อมูลแบบเต็ม" in said
    entry = database.read(
        lambda s: s.scalars(select(AuditEntry).where(AuditEntry.action == "audit:read")).one()
    )
    assert entry.data["reasons"] == 0


def test_a_reason_goes_with_its_person(reader, database, clock, looked):
    database.write(lambda s: s.execute(delete(Unmasking)) and None)
    said = reader.submit(PAGE, PAGE, subject=looked).text
    assert "learner:unmask" in said
    assert "ลบไปพร้อมข้อมูลของเจ้าของแล้ว" in said


def test_reasons_need_no_query_each(reader, console, database, clock, looked):
    def queries() -> int:
        with counted(database) as asked:
            reader.submit(PAGE, PAGE, action="learner:unmask")
        return len(asked)

    before = queries()
    page, colleague = f"/console/learners/{looked}", console(Role.SUPPORT)
    for _ in range(15):
        colleague.submit(page, f"{page}/unmask", category="check", reason=REASON)
    assert queries() == before


def test_it_speaks_english_too(reader):
    assert "Every act of people" in reader.get(f"{PAGE}?lang=en").text
