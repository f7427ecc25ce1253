"""Imports in the console: what is shown of a file, what is asked about, and what can follow."""

import io
import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.runtime import imports_exports
from models.imports_exports import Import, ImportState
from models.learner import Learner
from models.staff import Role
from tests.services.learners.csv_files import GOOD, HEADER, file, line


@pytest.fixture
def support(console):
    return console(Role.SUPPORT, name="ครูนำเข้า ใจดี")


@pytest.fixture
def bring(support):
    """Bring a file and take the columns as they are guessed; returns the dry run's address."""

    def do(content, name="รายชื่อ.csv"):
        token = support.token("/console/imports")
        data = {"token": token, "file": (io.BytesIO(content), name)}
        kind = "multipart/form-data"
        answer = support.request("POST", "/console/imports", data=data, content_type=kind)
        assert answer.status_code == 303
        return answer.location.removesuffix("/columns")

    return do


def confirm(support, check, bot=None):
    seen = re.search(r'name="seen" value="(\w+)"', support.get(check).text)[1]
    support.submit(check, f"{check}/confirm", seen=seen)
    if bot is not None:
        imports_exports.advance(bot)


def test_a_cell_that_no_reader_knows_is_shown_and_corrected(support, bring):
    check = bring(file(line(age="20²"), line(age="½"), GOOD))
    for _ in range(2):
        answer = support.get(check)
        assert answer.status_code == 200
    text = answer.text
    assert text.count("<strong>อายุ:</strong>") == 2
    assert "ลงทะเบียน 1 คน" in text


def test_the_dry_run_shows_what_would_be_stored(support, bring):
    check = bring(file(line(phone="812345678", email=" Somying@GMAIL.com", on="๑/๑๐/๒๕๖๙")))
    text = support.get(check).text
    for said in ("สมหญิง ใจดี", "081-234-5678", "Somying@gmail.com", "20 ปีขึ้นไป", "รายชื่อ.csv"):
        assert said in text
    assert "1 ตุลาคม 2569 · ประกาศความเป็นส่วนตัวฉบับที่ 1 · กระดาษ · รับข่าวสารทางอีเมล" in text


def test_big_files_are_paged(support, bring):
    people = [line(phone=f"08123{n:05}", email=f"p{n}@gmail.com") for n in range(230)]
    check = bring(file(*people, line(phone="0812")))
    first = support.get(check).text
    assert first.count(">บรรทัด ") == 100
    assert first.index(">บรรทัด 232<") < first.index(">บรรทัด 2<"), "what needs somebody is first"
    last = support.get(f"{check}?page=3").text
    assert last.count(">บรรทัด ") == 31
    for odd in ("99", "0", "-1", "x", "๒", "9" * 30):
        assert support.get(f"{check}?page={odd}").status_code == 200


def test_a_garbled_file_says_so(support, bring):
    garbled = file(GOOD, header=HEADER, encoding="utf-8").replace("สมหญิง".encode(), b"Jos\xe9")
    check = bring(garbled)
    assert "ตัวอักษรบางส่วนในไฟล์นี้เพี้ยน" in support.get(check).text
    assert "ตัวอักษรบางส่วนในไฟล์นี้เพี้ยน" in support.get(f"{check}/columns").text


def test_dates_that_can_be_read_two_ways_are_asked_about(support, bring):
    check = bring(file(line(on="6/5/2026"), line(name="สมใจ ใจดี", on="5/13/2026")))
    text = support.get(check).text
    assert "ในไฟล์นี้มีทั้ง 5/13/2026 และ 6/5/2026" in text
    assert "อ่านได้สองแบบ" in text
    support.submit(check, f"{check}/dates", order="nonsense")
    support.submit(check, f"{check}/dates", order="unsure")
    assert "อ่านได้สองแบบ" in support.get(check).text
    support.submit(check, f"{check}/dates", order="month")
    text = support.get(check).text
    assert "5 มิถุนายน 2569" in text
    assert "13 พฤษภาคม 2569" in text
    assert re.search(r'id="order-month"[^>]* checked', text)


def test_two_columns_of_one_heading_are_asked_about_with_a_sample(console, support, bring):
    header = ("ชื่อ-นามสกุล", "เบอร์โทร", "อีเมล", "อีเมล", "อายุ")
    check = bring(file(("ก ข", "0812345678", "a@x.co", "b@y.co", "25"), header=header))
    answer = support.get(check)
    assert answer.location == f"{check}/columns"
    text = support.get(answer.location).text
    assert 'id="email-problem"' in text
    assert "อีเมล (เช่น a@x.co)" in text
    assert "อีเมล (เช่น b@y.co)" in text
    assert "a•••" in console(Role.SUPPORT).get(answer.location).text
    columns = {"name": "0", "phone": "1", "email": "3", "age": "4"}
    assert support.submit(answer.location, answer.location, **columns).location == check
    assert "b@y.co" in support.get(check).text


def test_a_birth_date_stands_in_place_of_the_age(support, bring):
    header = ("ชื่อ", "นามสกุล", "เบอร์โทร", "อีเมล", "วันเกิด")
    check = bring(file(("ก", "ข", "0812345678", "a@x.co", "1/2/2540"), header=header))
    text = support.get(check).text
    assert "20 ปีขึ้นไป" in text
    assert "2540" not in text, "the date is not kept, and need not be shown"


def test_what_is_unusual_is_taken_where_it_is_ticked(bot, database, support, bring):
    check = bring(file(GOOD, line(name="มาดอนน่า"), line(email="a@gmial.com")))
    text = support.get(check).text
    assert text.count("ใช้ตามนี้") == 2
    assert "…@gmail.com" in text, "what was probably meant"
    support.submit(check, f"{check}/lines", shown=["3", "4"], line=["3", "๔", "9" * 20, "x"])
    text = support.get(check).text
    assert re.search(r'id="line-3"[^>]* checked', text)
    assert not re.search(r'id="line-4"[^>]* checked', text)
    confirm(support, check, bot)
    assert len(database.read(lambda s: s.scalars(select(Learner.id)).all())) == 2


def test_afterwards_there_is_the_rest_and_the_way_back(bot, database, clock, support, bring):
    check = bring(file(GOOD, line(phone="0812", name="สมใจ ใจดี")))
    confirm(support, check)
    text = support.get(check).text
    assert f'data-poll="{check}/progress"' in text
    assert '<noscript><meta http-equiv="refresh"' in text
    assert "connect-src 'self'" in support.get(check).headers["Content-Security-Policy"]
    imports_exports.advance(bot)
    live = support.get(f"{check}/progress").text
    assert "<html" not in live
    assert 'data-state="done"' in live
    assert "data-poll" not in live
    listed = support.get("/console/imports").text
    for said in ("รายชื่อ.csv", "ครูนำเข้า ใจดี"):
        assert said in listed
    answer = support.submit(check, f"{check}/rest")
    assert answer.mimetype == "text/csv"
    assert "attachment" in answer.headers["Content-Disposition"]
    reasons = answer.data.decode("utf-8-sig").splitlines()
    assert reasons[0].endswith(",เหตุผล")
    assert "เบอร์โทรศัพท์: " in reasons[1]
    support.submit(check, f"{check}/undo")
    assert database.read(lambda s: s.scalars(select(Import.state)).one()) is ImportState.DONE
    support.submit(check, f"{check}/undo", sure="yes")
    assert database.read(lambda s: s.scalars(select(Import.state)).one()) is ImportState.UNDOING
    imports_exports.advance(bot)
    assert database.read(lambda s: s.scalars(select(Learner.id)).all()) == []
    assert "ยกเลิก 1" in support.get("/console/imports").text


def test_after_a_day_nothing_is_left_to_take_or_undo(bot, database, clock, support, bring):
    check = bring(file(GOOD, line(phone="0812")))
    confirm(support, check, bot)
    tokens = support.token(check)
    clock.advance(minutes=20)
    with_rest = support.get(check).text
    assert f"{check}/rest" in with_rest
    assert f"{check}/undo" in with_rest

    def over(session):
        row = session.scalars(select(Import)).one()
        row.expires_at -= timedelta(days=1)

    database.write(over)
    text = support.get(check).text
    assert f"{check}/rest" not in text
    assert f"{check}/undo" not in text
    assert support.post(f"{check}/rest", {"token": tokens}).status_code == 303
    support.post(f"{check}/undo", {"token": tokens, "sure": "yes"})
    assert database.read(lambda s: s.scalars(select(Import.state)).one()) is ImportState.DONE


@pytest.mark.parametrize("way", ["", "/progress", "/columns"])
def test_an_import_that_is_none_is_not_found(support, way):
    assert support.get(f"/console/imports/nothing{way}").status_code == 404
    token = support.token("/console/imports")
    for act in ("lines", "dates", "rest", "undo", "confirm", "cancel"):
        assert support.post(f"/console/imports/nothing/{act}", {"token": token}).status_code == 303
