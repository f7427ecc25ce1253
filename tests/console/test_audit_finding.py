"""The audit trail is found by parts of names and groups of acts, says what it searched, exports."""

import csv
import io
import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.services.audit import audit
from bot.services.audit.audit import KEYS, Action
from bot.services.staff import audit_search
from bot.texts import THAI, translator
from handlers.console import audit_words
from models.audit import AuditEntry
from models.staff import Role, StaffSession

pytestmark = pytest.mark.sql

PAGE, FILE = "/console/audit", "/console/audit/file"


@pytest.fixture
def reader(console):
    return console(Role.PRIVACY, name="เจ้าหน้าที่คุ้มครองข้อมูล")


@pytest.fixture
def did(database, clock):
    def do(action, actor, subject="x", **data):
        values = dict.fromkeys(KEYS[action], "x") | data
        clock.advance(seconds=1)
        database.write(
            lambda s: audit.record(s, action, actor=actor, subject=subject, now=clock(), **values)
        )

    return do


def codes(response):
    return re.findall(r"<code>([^<]+)</code>", response.text)


def searched(response):
    found = re.search(r'<p class="small">(ค้นหา.*?)</p>', response.text)
    return re.sub(r"<[^>]+>|\s+", " ", found[1]).replace("  ", " ").strip()


@pytest.mark.parametrize("typed", ["ฝน", "ครูฝ", "FON"])
def test_a_part_of_a_name_finds_everybody_who_has_it(reader, console, did, typed):
    one, two = console(Role.ADMIN, name="ครูฝน Fon"), console(Role.ADMIN, name="ครูฝนทิพย์ fonthip")
    did(Action.LINK_OPENED, f"staff:{one.member_id}")
    did(Action.LINK_ISSUED, f"staff:{two.member_id}")
    did(Action.LINK_REFUSED, "learner")
    found = reader.submit(PAGE, PAGE, actor=typed)
    assert codes(found) == ["link:issue", "link:open"]
    said = searched(found)
    assert "ครูฝน Fon" in said
    assert "ครูฝนทิพย์" in said


def test_members_are_found_as_those_whom_it_happened_to(reader, console, did):
    one = console(Role.AUTHOR, name="ครูฝน")
    did(Action.STAFF_DISABLED, "operator", one.member_id)
    assert codes(reader.submit(PAGE, PAGE, subject="ฝน")) == ["staff:disable"]


def test_it_says_what_it_searched(reader, did):
    did(Action.LINK_OPENED, "learner")
    found = reader.submit(PAGE, PAGE, actor="ไม่มีใคร", action="link:open", since="2026-11-01T08:00")
    assert "ตรงกับ “ไม่มีใคร”" in searched(found)
    assert "1 พฤศจิกายน 2569" in searched(found)
    assert searched(reader.submit(PAGE, PAGE)) == "ค้นหาทั้งหมดโดยไม่มีเงื่อนไข"


def test_every_act_is_in_one_group():
    listed = [action for _, group in audit_words.groups() for action in group]
    assert sorted(listed) == sorted(Action)
    names = [name for name, _ in audit_words.groups()]
    assert all(translator(THAI)(name) != name for name in names)


def test_a_group_finds_all_its_acts(reader, did):
    for action in (Action.LINK_OPENED, Action.SESSION_OPENED, Action.CAMPAIGN_WRITTEN):
        did(action, "learner")
    page = reader.get(PAGE).text
    assert page.count("<optgroup") == len(audit_words.GROUPS)
    assert sorted(act for _, acts in audit_words.groups() for act in acts) == sorted(Action)
    found = reader.submit(PAGE, PAGE, action="group:Sign-ins, links and passwords")
    assert codes(found) == ["session:open", "link:open"]
    assert "การเข้าสู่ระบบ ลิงก์ และรหัสผ่าน" in searched(found)
    assert reader.submit(PAGE, PAGE, action="group:Nothing").status_code == 422


def rows(response):
    assert response.status_code == 200, response.text
    return list(csv.reader(io.StringIO(response.get_data(as_text=True).removeprefix("\ufeff"))))


def test_the_file_has_what_was_searched_and_is_written_down(reader, database, did):
    for number in range(audit_search.PAGE + 5):
        did(Action.LINK_OPENED, "learner", f"subject{number}")
    did(Action.TAG_MADE, "staff:unknown", "=1+1", tag='=HYPERLINK("x")')
    table = rows(reader.submit(PAGE, FILE, action="link:open"))
    assert len(table) == 1 + audit_search.PAGE + 5
    assert table[1][3] == "link:open"
    [note] = database.read(
        lambda s: s.scalars(select(AuditEntry).where(AuditEntry.action == "audit:export")).all()
    )
    assert note.data == {"fields": "action", "rows": audit_search.PAGE + 5}
    assert note.actor == f"staff:{reader.member_id}"
    [_, row] = rows(reader.submit(PAGE, FILE, action="tag:make"))
    assert row[7] == "'=1+1", "no cell is a formula"
    assert all(not cell.startswith(("=", "+", "@")) for cell in row)


def test_who_may_not_read_takes_no_file(console, reader, database, clock):
    for role in (Role.SUPPORT, Role.AUTHOR, Role.APPROVER):
        assert console(role).post(FILE).status_code == 403

    def stale(session):
        session.scalars(
            select(StaffSession).where(StaffSession.staff_id == reader.member_id)
        ).one().proved_at = clock() - timedelta(hours=1)

    database.write(stale)
    answer = reader.submit(PAGE, FILE, action="link:open")
    assert answer.location.startswith("/console/prove"), "the second factor is shown again"
