"""Learners in the console: found by one exact detail, masked, opened for a reason, acted on."""

import re
from contextlib import contextmanager

import pytest
from sqlalchemy import event, select

from bot.services.consent import consents
from bot.services.consent.consents import ConsentStatement
from bot.services.delivery import mails
from bot.services.learners import unmasking
from models.account import Account
from models.audit import AuditEntry
from models.base import new_id
from models.consent import ConsentState, Purpose
from models.conversation import Conversation
from models.learner import AgeBand, Learner
from models.mail import Mail, MailState
from models.merges import Unmasking
from models.staff import Role
from tests.console.people import SECRETS, enrolled, one
from tests.factories import PERSON, make_guardianship

pytestmark = pytest.mark.sql

REASON = "โทรมาบอกว่าอีเมลพิมพ์ผิด"
PLAIN = re.compile(r"<[^>]+>|\s+")


@pytest.fixture
def learner_id(database, clock):
    return database.write(lambda s: enrolled(s, clock()))


@pytest.fixture
def support(console):
    return console(Role.SUPPORT)


@pytest.fixture
def trail(database):
    def read(action):
        query = select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.seq)
        return database.read(lambda s: list(s.scalars(query)))

    return read


def search(desk, by, typed):
    return desk.submit("/console/learners", "/console/learners/search", by=by, typed=typed)


def username(database):
    return one(database, Account).username


@pytest.mark.parametrize(
    ("by", "typed"),
    [
        ("phone", "081 234 5678"),
        ("phone", "+66 (0)81-234-5678"),
        ("phone", "๐๘๑๒๓๔๕๖๗๘"),
        ("email", " SOMYING@gmail.com "),
        ("line_id", "@Somying.JD"),
        ("username", None),
        ("name", "สมหญิง"),
        ("name", "ใจดี  สมหญิง"),
        ("name", "คุณสมหญิง"),
        ("name", "สมหญิงใจดี"),
    ],
)
def test_an_exact_detail_finds_its_owner_masked(database, clock, support, trail, by, typed):
    learner_id = database.write(lambda s: enrolled(s, clock(), email="somying@gmail.com"))
    other = {"phone": "+66899999999", "email": "x@gmail.com", "line_id": "other.one"}
    other["name"] = "สมชาย ใจงาม"
    database.write(lambda s: enrolled(s, clock(), **other))
    typed = (
        typed
        or database.read(
            lambda s: s.scalars(
                select(Account.username).where(Account.learner_id == learner_id)
            ).one()
        ).upper()
    )
    answer = search(support, by, typed)
    assert answer.status_code == 303, "a page that one can come back to"
    assert answer.headers["Location"] == f"/console/learners/{learner_id}"
    body = support.get(answer.headers["Location"]).text
    for secret in (*SECRETS, "somying@gmail.com"):
        assert secret not in body
    assert "081-2•••" in body
    [entry] = trail("learner:search")
    assert (entry.actor, entry.subject) == (f"staff:{support.member_id}", None)
    assert entry.data == {"kind": by, "found": 1}


@pytest.mark.parametrize(
    ("by", "typed", "said"),
    [
        ("phone", "somying", "กรุณาพิมพ์โดยไม่มีตัวอักษร"),
        ("email", "somying", "อีเมล"),
        ("line_id", "ก", "LINE ID"),
        ("name", "0812345678", "ชื่อ"),
        ("phone", "  ", "กรุณาพิมพ์ข้อมูลที่ค้นหาให้ครบ"),
    ],
)
def test_what_cannot_be_searched_for_says_why(learner_id, support, trail, by, typed, said):
    answer = search(support, by, typed)
    assert answer.status_code == 422
    assert "is-invalid" in answer.text
    assert said in answer.text
    assert "การลงทะเบียนล่าสุด" not in answer.text, "nothing stands below it"
    assert trail("learner:search") == []


def test_half_a_detail_finds_nobody(learner_id, support):
    assert "ไม่พบผู้ที่ให้ข้อมูลนี้" in search(support, "line_id", "somyin").text
    assert "ไม่พบผู้ที่ให้ข้อมูลนี้" in search(support, "name", "สมห").text
    assert "ไม่พบผู้ที่ให้ข้อมูลนี้" in search(support, "phone", "081-234-5679").text


def test_the_newest_come_a_page_at_a_time_each_once(database, clock, support):
    def crowd(session):
        return [enrolled(session, clock()) for _ in range(120)]

    ids = database.write(crowd)
    seen, page = [], "/console/learners"
    while page:
        text = support.get(page).text
        for secret in SECRETS:
            assert secret not in text
        seen += re.findall(r'/console/learners/([0-9a-f]{32})"', text)
        following = re.search(r'/console/learners\?before=([0-9a-f]{32})" rel="next"', text)
        page = following and f"/console/learners?before={following[1]}"
    assert seen == sorted(ids, reverse=True)


@contextmanager
def counted(database):
    statements = []

    def note(_connection, _cursor, statement, *_rest):
        if not statement.startswith(("PRAGMA", "BEGIN", "SET")):
            statements.append(statement)

    engines = {database.engine, database._engine}
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    yield statements
    for engine in engines:
        event.remove(engine, "before_cursor_execute", note)


def test_the_number_of_queries_does_not_grow(database, clock, support):
    """Lists of learners and of duplicates, with 2 and with 60 people."""
    from models.learner import PossibleDuplicate

    def crowd(session, count):
        ids = [enrolled(session, clock()) for _ in range(count)]
        for pair in zip(ids[::2], ids[1::2], strict=True):
            session.add(
                PossibleDuplicate(
                    learner_id=pair[1], other_id=pair[0], matched="phone", found_at=clock()
                )
            )

    numbers = []
    for count in (2, 58):
        database.write(lambda s, count=count: crowd(s, count))
        found = []
        for path in ("/console/learners", "/console/duplicates"):
            with counted(database) as statements:
                assert support.get(path).status_code == 200
            found.append(len(statements))
        numbers.append(found)
    assert numbers[0] == numbers[1]
    assert max(numbers[0]) < 10


def test_the_page_shows_what_helps_and_no_detail(database, settings, clock, support):
    def make(session):
        learner_id = enrolled(session, clock(), age_band=AgeBand.FROM_11_TO_19)
        learner = session.get_one(Learner, learner_id)
        chat = session.get_one(Conversation, learner.conversation_id)
        make_guardianship(session, clock(), child_id=chat.id)
        for state in (ConsentState.GIVEN, ConsentState.WITHDRAWN):
            clock.advance(seconds=1)
            consents.record(
                session,
                chat,
                Purpose.EMAIL_NEWS,
                state,
                ConsentStatement("x"),
                settings.school,
                clock(),
            )
        return learner_id

    answer = support.get(f"/console/learners/{database.write(make)}")
    assert answer.status_code == 200
    text = PLAIN.sub(" ", answer.text)
    for secret in (*SECRETS, PERSON["line_user_id"]):
        assert secret not in answer.text
    for told in ("11 ถึง 19 ปี", "ผู้ปกครอง", "ยินยอมเมื่อ", "ไม่มีผล", "ถอนความยินยอม"):
        assert told in text, told


def test_an_unknown_learner_is_not_found(support):
    assert support.get("/console/learners/" + "0" * 32).status_code == 404


def unmask(desk, learner_id, **form):
    page = f"/console/learners/{learner_id}"
    return desk.submit(page, f"{page}/unmask", **form)


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({}, "กรุณาเลือกว่าดูเพื่ออะไร"),
        ({"category": "curious", "reason": REASON}, "กรุณาเลือกว่าดูเพื่ออะไร"),
        ({"category": "asked"}, "อย่างน้อย 10 ตัวอักษร"),
        ({"category": "asked", "reason": "        .        "}, "อย่างน้อย 10 ตัวอักษร"),
        ({"category": "asked", "reason": "x" * 501}, "ไม่เกิน 500"),
    ],
)
def test_without_a_reason_nothing_is_shown(database, learner_id, support, trail, form, said):
    answer = unmask(support, learner_id, **form)
    assert answer.status_code == 422
    assert said in answer.text
    [field] = re.findall(r'<li><a class="alert-link" href="#(\w+)">', answer.text)
    assert answer.text.index('role="alert"') < answer.text.index("<section"), "at the top"
    assert f'id="{field}" name="{field}"' in answer.text
    for secret in SECRETS:
        assert secret not in answer.text
    assert trail("learner:unmask") == []
    assert database.read(lambda s: s.scalars(select(Unmasking)).all()) == []


def test_with_a_reason_the_details_are_shown_once_and_noted(database, learner_id, support, trail):
    answer = unmask(support, learner_id, category="asked", reason=REASON)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    for shown in ("สมหญิง ใจดี", "081-234-5678", "somying@example.test", "somying.jd"):
        assert shown in answer.text
    assert PERSON["line_user_id"] not in answer.text
    assert "081-234-5678" not in support.get(f"/console/learners/{learner_id}").text
    [entry] = trail("learner:unmask")
    look = one(database, Unmasking)
    assert entry.data == {"unmasking_id": look.id, "category": "asked"}
    assert (entry.actor, entry.subject) == (f"staff:{support.member_id}", learner_id)
    assert database.read(lambda s: s.get_one(Unmasking, look.id).reason) == REASON


def test_so_many_looks_a_day_and_no_more(database, clock, learner_id, console, support):
    def looks(session):
        for _ in range(unmasking.MAX_A_DAY - 1):
            session.add(
                Unmasking(
                    id=new_id(),
                    learner_id=learner_id,
                    member_id=support.member_id,
                    category="check",
                    at=clock(),
                )
            )

    database.write(looks)
    assert unmask(support, learner_id, category="asked", reason=REASON).status_code == 200
    refused = unmask(support, learner_id, category="asked", reason=REASON)
    assert refused.status_code == 422
    assert "081-234-5678" not in refused.text
    officer = console(Role.PRIVACY)
    assert unmask(officer, learner_id, category="rights", reason=REASON).status_code == 200
    clock.advance(hours=24, minutes=1)
    fresh = console(Role.SUPPORT)
    assert unmask(fresh, learner_id, category="asked", reason=REASON).status_code == 200


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (MailState.UNKNOWN, "nobody knows whether it arrived"),
        (MailState.FAILED, "not delivered"),
        (MailState.SENT, None),
    ],
)
def test_staff_see_that_the_last_mail_may_not_have_arrived(state, said, database, clock, support):
    def make(session):
        learner = session.get_one(Learner, enrolled(session, clock()))
        mail_id = mails.queue_to(
            session, learner, cause="told", template="changed_name", now=clock()
        )
        session.flush()
        session.get_one(Mail, mail_id).state = state
        return learner.id

    page = support.get(f"/console/learners/{database.write(make)}?lang=en").text
    told = ["nobody knows whether it arrived", "not delivered"]
    assert [each for each in told if each in page] == ([said] if said else [])
