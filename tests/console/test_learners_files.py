"""Duplicates, imports and exports in the console: what a member of staff clicks through."""

import io
import re

import pytest
from sqlalchemy import func, select

from bot.runtime import imports_exports
from bot.services.courses import progress
from bot.services.learners import imports
from handlers.console.import_samples import COLUMNS
from models.account import Account, AccountState
from models.imports_exports import ExportRequest, ExportState, Import, ImportState
from models.learner import AgeBand, Learner, LearnerState, PossibleDuplicate
from models.merges import Merge
from models.portal import PortalAccount
from models.staff import Role
from tests.console.people import SECRETS, enrolled
from tests.services.learners.csv_files import GOOD, file, line

pytestmark = pytest.mark.sql

REASON = "รายชื่อสำหรับสมุดเช็กชื่อ"


@pytest.fixture
def support(console):
    return console(Role.SUPPORT)


@pytest.fixture
def pair(database, clock):
    """Two registrations that gave the same phone, the older one first."""

    def make(**overrides):
        def work(session):
            one, other = enrolled(session, clock()), enrolled(session, clock(), **overrides)
            for matched in ("phone", "email"):
                session.add(
                    PossibleDuplicate(
                        learner_id=other, other_id=one, matched=matched, found_at=clock()
                    )
                )
            return one, other

        return database.write(work)

    return make


def usernames(database):
    return database.read(lambda s: s.scalars(select(Account.username)).all())


def test_a_pair_shows_what_tells_the_two_apart(database, clock, support, pair):
    one, other = pair()

    def use(session):
        key = select(Account.id).where(Account.learner_id == other).scalar_subquery()
        query = select(PortalAccount).where(PortalAccount.external_key == key)
        account = session.scalars(query).one()
        for lesson in ("one", "two"):
            progress.mark_done(session, account.id, "course", lesson, clock())
        session.get_one(Learner, other).used_at = clock()

    database.write(use)
    left, right = support.get(f"/console/duplicates/{one}/{other}").text.split("<dl", 2)[1:]
    assert 'คอร์สที่เริ่มแล้ว</dt><dd class="col-7">0</dd>' in left
    assert 'คอร์สที่เริ่มแล้ว</dt><dd class="col-7">1</dd>' in right
    for side in (left, right):
        assert "ข่าวสารทาง LINE" in side
        assert "ข่าวสารทางอีเมล" in side


def test_a_pair_is_compared_merged_and_parted_again(bot, database, clock, support, pair):
    one, other = pair()
    listed = support.get("/console/duplicates").text
    page = f"/console/duplicates/{one}/{other}"
    assert listed.count(page) == 1, "one pair, whatever is the same"
    both = support.get(page).text
    for secret in SECRETS:
        assert secret not in listed + both
    assert both.count("081-2•••") == 2
    assert both.index("ผลของการรวมบัญชี") < both.index("/merge"), "what it does is read first"
    answer = support.submit(page, f"/console/duplicates/{other}/{one}/merge")
    assert answer.headers["Location"].startswith("/console/duplicates/")
    assert database.read(lambda s: s.get_one(Learner, one).state) is LearnerState.ACTIVE
    answer = support.submit(page, f"/console/duplicates/{other}/{one}/merge", sure="yes")
    assert answer.status_code == 303
    assert database.read(lambda s: s.get_one(Learner, one).state) is LearnerState.CLOSED
    assert database.read(lambda s: s.get_one(Learner, other).state) is LearnerState.ACTIVE
    listed = support.get("/console/duplicates").text
    assert page not in listed
    for username in usernames(database):
        assert username in both
        assert username in listed
    merge = re.search(r"/console/duplicates/merges/(\w+)/undo", listed)
    support.submit("/console/duplicates", merge[0])
    assert database.read(lambda s: s.get_one(Learner, one).state) is LearnerState.ACTIVE
    assert page in support.get("/console/duplicates").text
    support.submit(page, f"/console/duplicates/{one}/{other}/merge", sure="yes")
    clock.advance(hours=24)
    imports_exports.settle(bot)
    closed = database.read(
        lambda s: s.scalars(select(Account.state).where(Account.learner_id == other)).one()
    )
    assert closed is AccountState.CLOSED


def test_a_child_with_a_parents_phone_is_no_duplicate(database, support, pair):
    one, other = pair(age_band=AgeBand.UP_TO_10)
    page = f"/console/duplicates/{one}/{other}"
    text = support.get(page).text
    assert "ทั้งสองไม่ได้อยู่ในช่วงอายุเดียวกัน" in text
    assert "/merge" not in text, "not offered"
    token = support.token(page)
    support.post(f"/console/duplicates/{one}/{other}/merge", {"token": token, "sure": "yes"})
    assert database.read(lambda s: s.scalars(select(Merge)).all()) == [], "nor done"
    support.submit(page, f"{page}/dismiss")
    assert page not in support.get("/console/duplicates").text
    assert support.get(page).status_code == 404


def test_only_what_was_flagged_can_be_merged(database, clock, support, pair):
    one, other = pair()
    third = database.write(lambda s: enrolled(s, clock()))
    token = support.token(f"/console/duplicates/{one}/{other}")
    form = {"token": token, "sure": "yes"}
    answer = support.post(f"/console/duplicates/{one}/{third}/merge", form)
    assert answer.status_code == 404


def upload(desk, content, name="learners.csv"):
    token = desk.token("/console/imports")
    data = {"token": token, "file": (io.BytesIO(content), name)}
    return desk.request("POST", "/console/imports", data=data, content_type="multipart/form-data")


def test_a_file_becomes_learners(bot, database, console, support):
    content = file(
        GOOD,
        line(email="kid@gmail.com", age="12"),
        line(email="quiet@gmail.com", on="", words="", means=""),
        line(email="wrong@gmail.com", phone="0812"),
    )
    answer = upload(support, content)
    assert answer.status_code == 303
    columns = answer.location
    text = support.get(columns).text
    assert text.count("selected") >= 9, "known by their names"
    holds = ("name", "phone", "email", "line_id", "age")
    holds += ("consent_date", "consent_words", "consent_means", "email_news")
    assigned = support.submit(columns, columns, **{name: str(n) for n, name in enumerate(holds)})
    check = assigned.location
    dry = support.get(check).text
    for number in (3, 4, 5):
        assert f">บรรทัด {number}</div>" in dry
    assert "<table" not in dry, "a phone is too narrow for it"
    for said in ("ต้องเชิญพร้อมผู้ปกครอง", "ไม่มีหลักฐานความยินยอม", "เบอร์โทรศัพท์ที่ใช้ได้"):
        assert said in dry or said == "เบอร์โทรศัพท์ที่ใช้ได้"
    assert "wrong@gmail.com" in dry, "what was read is shown"
    colleague = console(Role.SUPPORT).get(check).text
    assert "gmail.com" in colleague
    assert "wrong@gmail.com" not in colleague, "masked for whoever did not bring it"
    assert database.read(lambda s: s.scalars(select(func.count(Learner.id))).one()) == 0
    state = lambda: database.read(lambda s: s.scalars(select(Import.state)).one())  # noqa: E731
    answer = support.submit(check, f"{check}/confirm", seen="of other columns")
    assert "คอลัมน์หรือตัวเลือกไปแล้ว" in support.get(answer.location).text
    assert state() is ImportState.UPLOADED
    seen = re.search(r'name="seen" value="(\w+)"', dry)[1]
    support.submit(check, f"{check}/confirm", seen=seen)
    assert state() is ImportState.RUNNING
    imports_exports.advance(bot)
    assert database.read(lambda s: s.scalars(select(func.count(Learner.id))).one()) == 1
    assert "1" in support.get(check).text
    again = upload(support, content)
    assert again.status_code == 422
    assert "นำเข้าไปแล้ว" in again.text


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PK\x03\x04", "CSV UTF-8"),
        (b"\x89PNG\r\n\x1a\n", "รูปภาพ"),
        (b"\xff\xd8\xff\xe0 JFIF", "รูปภาพ"),
        (b"%PDF-1.7\n", "PDF"),
        (b"<!DOCTYPE html><table>", "หน้าเว็บ"),
        (b"name,age\nx\x02,1", "ไม่ใช่รายชื่อ"),
        ("เรียนครู\nนี่คือจดหมาย".encode(), "ไฟล์นี้มี 1 คอลัมน์"),
        (b"", "ไฟล์ว่างเปล่า"),
        (b'name\n"x', "เครื่องหมายคำพูด"),
        (b"name\n" + b"x\n" * 5001, "5,000"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(support, content, said):
    answer = upload(support, content)
    assert answer.status_code == 422
    assert "is-invalid" in answer.text
    assert said in answer.text
    assert re.search(r'role="alert"[^>]*autofocus>.*href="#file"', answer.text, re.DOTALL)


def test_a_column_that_is_needed_is_named(support):
    columns = upload(support, file(GOOD, header=tuple("abcdefghi"))).location
    answer = support.submit(columns, columns, name="0", phone="", email="2", age="4")
    assert answer.status_code == 422
    assert re.search(r'id="phone-problem">[^<]*โทรศัพท์', answer.text)
    assert 'href="#phone"' in answer.text
    twice = support.submit(columns, columns, name="0", phone="1", email="2", age="2")
    assert twice.status_code == 422
    assert 'id="age-problem"' in twice.text


def test_the_columns_say_what_is_needed_for_consent(support):
    columns = upload(support, file(GOOD)).location
    text = support.get(columns).text
    assert text.count("จำเป็นเพื่อเป็นหลักฐานความยินยอม") == 3
    assert "ถ้าไม่มีคอลัมน์ความยินยอมครบทั้งสาม" in text


@pytest.mark.parametrize("language", ["th", "en"])
def test_the_sample_is_a_file_as_it_should_be(database, support, language):
    answer = support.get(f"/console/imports/sample?lang={language}")
    assert answer.mimetype == "text/csv"
    assert "attachment" in answer.headers["Content-Disposition"]
    assert answer.data.startswith(b"\xef\xbb\xbf")
    assert set(re.findall(r"@([\w.]+)", answer.text)) == {"example.com"}
    check = upload(support, answer.data).location
    row = database.read(lambda s: s.scalars(select(Import)).one())
    assert imports.columns_of(row) == dict(zip(COLUMNS, range(len(COLUMNS)), strict=True))
    chosen = {field.value: str(index) for index, field in enumerate(COLUMNS)}
    dry = support.get(support.submit(check, check, **chosen).location).text
    assert "ลงทะเบียน 2 คน" in dry or "Enrol 2 people" in dry
    assert "ไม่มีหลักฐานความยินยอม" in dry or "no proof of consent" in dry


def test_a_file_is_forgotten_on_request(database, support):
    columns = upload(support, file(GOOD)).location
    import_id = columns.split("/")[3]
    support.submit(columns, f"/console/imports/{import_id}/cancel")
    row = database.read(lambda s: s.get_one(Import, import_id))
    assert (row.state, row.content_sealed) == (ImportState.FORGOTTEN, None)


def test_the_invitation_names_nobody_and_leads_to_our_account(bot, support):
    bot.basic_id = "@english-planet"
    text = support.get("/console/imports/invitation").text
    assert "https://line.me/R/ti/p/%40english-planet" in text
    assert "<svg" in text


def ask(desk, **form):
    form = {"column": ["name", "phone"], "details": "masked", "reason": REASON} | form
    return desk.submit("/console/exports", "/console/exports", **form)


def row_of(database):
    return database.read(lambda s: s.scalars(select(ExportRequest)).one())


def test_a_small_file_is_taken_once(database, clock, support):
    database.write(lambda s: enrolled(s, clock()))
    assert ask(support).status_code == 303
    row = row_of(database)
    take = f"/console/exports/{row.id}/take"
    answer = support.submit("/console/exports", take)
    assert answer.mimetype == "text/csv"
    assert "attachment" in answer.headers["Content-Disposition"]
    assert answer.headers["Cache-Control"] == "no-store"
    text = answer.data.decode("utf-8-sig")
    assert text.splitlines()[0] == "ชื่อ-นามสกุล,เบอร์โทรศัพท์"
    for secret in SECRETS:
        assert secret not in text
    assert support.submit("/console/exports", take).status_code == 303


def test_a_large_file_needs_another_member(database, clock, console, support):
    database.write(lambda s: [enrolled(s, clock()) for _ in range(101)] and None)
    ask(support, details="full")
    row = row_of(database)
    assert (row.state, row.rows, row.in_full) == (ExportState.WAITING, 101, True)
    base = f"/console/exports/{row.id}"
    officer = console(Role.PRIVACY)
    shown = officer.get("/console/exports").text
    assert REASON in shown
    assert f"{base}/approve" in shown
    colleague = console(Role.SUPPORT)
    assert REASON not in colleague.get("/console/exports").text
    assert colleague.submit("/console/exports", f"{base}/approve").status_code == 403
    officer.submit("/console/exports", f"{base}/approve")
    text = support.submit("/console/exports", f"{base}/take").data.decode("utf-8-sig")
    assert text.count("081-234-5678") == 101


def test_nobody_approves_their_own_file(database, clock, console):
    database.write(lambda s: [enrolled(s, clock()) for _ in range(101)] and None)
    both = console(Role.PRIVACY, Role.SUPPORT)
    ask(both)
    row = row_of(database)
    assert f"{row.id}/approve" not in both.get("/console/exports").text
    both.submit("/console/exports", f"/console/exports/{row.id}/approve")
    assert row_of(database).state is ExportState.WAITING


def test_a_wish_without_a_reason_or_a_column_is_refused(database, clock, support):
    database.write(lambda s: enrolled(s, clock()))
    short = ask(support, reason="x")
    assert (short.status_code, 'id="reason-problem"' in short.text) == (422, True)
    assert 'href="#reason"' in short.text
    none = ask(support, column=[])
    assert (none.status_code, 'id="columns-problem"' in none.text) == (422, True)
    assert 'href="#column-name"' in none.text
    assert none.text.index('href="#column-name"') < none.text.index('action="/console/exports"')
    assert database.read(lambda s: s.scalars(select(ExportRequest)).all()) == []
