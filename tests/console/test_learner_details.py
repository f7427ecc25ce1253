"""Staff correct a detail: by the rules of registration, noted, and the person is told."""

import pytest
from sqlalchemy import select

from models.account import Account, AccountState
from models.audit import AuditEntry
from models.learner import Learner
from models.mail import Mail
from models.one_time_token import OneTimeToken
from models.staff import Role
from tests.console.people import SECRETS, enrolled

pytestmark = pytest.mark.sql


@pytest.fixture
def learner_id(database, clock):
    return database.write(lambda s: enrolled(s, clock()))


@pytest.fixture
def support(console):
    return console(Role.SUPPORT)


def correct(desk, learner_id, item, value, **more):
    page = f"/console/learners/{learner_id}/details/{item}"
    return desk.submit(page, page, value=value, **more)


def kept(database, learner_id, item):
    return database.read(lambda s: getattr(s.get_one(Learner, learner_id), item))


def letters(database):
    return database.read(lambda s: s.scalars(select(Mail.template).order_by(Mail.id)).all())


@pytest.mark.parametrize(
    ("item", "typed", "stored"),
    [
        ("name", "สมหญิง  รักเรียน", "สมหญิง รักเรียน"),
        ("phone", "๐๘๑ ๙๙๙ ๐๐๐๐", "+66819990000"),
        ("line_id", "@Somying.New", "somying.new"),
        ("line_id", " ", None),
    ],
)
def test_a_detail_is_corrected_noted_and_told(database, support, learner_id, item, typed, stored):
    page = support.get(f"/console/learners/{learner_id}").text
    assert f"/console/learners/{learner_id}/details/{item}" in page
    form = support.get(f"/console/learners/{learner_id}/details/{item}").text
    assert not any(secret in form for secret in SECRETS), "masked"
    answer = correct(support, learner_id, item, typed)
    assert answer.status_code == 303
    assert kept(database, learner_id, item) == stored
    assert letters(database) == [f"changed_{item}"]
    query = select(AuditEntry).where(AuditEntry.action == "learner:change")
    entry = database.read(lambda s: s.scalars(query).one())
    assert (entry.actor, entry.subject) == (f"staff:{support.member_id}", learner_id)
    assert entry.data["item"] == item
    assert typed.strip() not in str(entry.data) or not typed.strip()
    # The same once more changes nothing and tells nobody.
    correct(support, learner_id, item, typed)
    assert len(letters(database)) == 1


def test_a_new_address_counts_when_its_link_was_used(database, support, learner_id):
    before = kept(database, learner_id, "email")
    correct(support, learner_id, "email", "right@example.com")
    assert kept(database, learner_id, "email") == before
    assert letters(database) == ["email_confirm"]
    waiting = database.read(lambda s: s.scalars(select(OneTimeToken)).one())
    assert waiting.used_at is None
    query = select(AuditEntry).where(AuditEntry.action == "learner:propose-email")
    entry = database.read(lambda s: s.scalars(query).one())
    assert entry.actor == f"staff:{support.member_id}"
    assert "right@" not in str(entry.data)
    for n in range(4):
        answer = correct(support, learner_id, "email", f"other{n}@example.com")
    assert "3 ครั้ง" in support.get(answer.location).text, "nobody's mailbox is filled through us"
    assert len(letters(database)) == 3


@pytest.mark.parametrize(
    ("item", "typed", "may_insist"),
    [
        ("phone", "0812", False),
        ("phone", "", False),
        ("name", "สมหญิง 5", False),
        ("name", "x" * 3000, False),
        ("name", "มาดอนน่า", True),
        ("email", "somying@gmial.com", True),
        ("email", "nowhere", False),
        ("line_id", "ก", False),
    ],
)
def test_what_is_wrong_is_said_and_what_is_unusual_is_asked_about(
    database, support, learner_id, item, typed, may_insist
):
    before = kept(database, learner_id, item)
    answer = correct(support, learner_id, item, typed)
    assert answer.status_code == 422
    assert 'id="value-problem"' in answer.text
    assert ('name="sure"' in answer.text) == may_insist
    assert kept(database, learner_id, item) == before
    assert letters(database) == []
    if may_insist:
        assert correct(support, learner_id, item, typed, sure="yes").status_code == 303
        assert letters(database) == ["email_confirm" if item == "email" else f"changed_{item}"]


def test_a_locked_account_is_left_alone(database, support, learner_id):
    def lock(session):
        session.scalars(select(Account)).one().state = AccountState.FROZEN

    database.write(lock)
    answer = correct(support, learner_id, "name", "สมหญิง รักเรียน")
    assert "ถูกล็อก" in support.get(answer.location).text
    assert letters(database) == []
    page = support.get(f"/console/learners/{learner_id}").text
    assert "/details/name" not in page


def test_only_what_there_is_can_be_corrected(support, learner_id):
    assert support.get(f"/console/learners/{learner_id}/details/age_band").status_code == 404
    assert support.get("/console/learners/nobody/details/name").status_code == 404
    page = f"/console/learners/{learner_id}/details/name"
    token = support.token(page)
    wrong = "/console/learners/nobody/details/name"
    assert support.post(wrong, {"token": token, "value": "ก ขค"}).status_code == 404
