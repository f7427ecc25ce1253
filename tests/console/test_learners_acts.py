"""What staff do to a learner's account: link, suspend, open, close, groups; each audited."""

import re

import pytest
from sqlalchemy import select

from bot.services.accounts import holds
from bot.services.consent import consents
from bot.services.consent.consents import ConsentStatement
from bot.services.learners import tags
from models.account import Account, AccountState
from models.audit import AuditEntry
from models.campaign import CampaignState
from models.consent import ConsentState, Purpose
from models.conversation import Conversation
from models.learner import Learner, LearnerState
from models.mail import Mail
from models.outbox import Push
from models.portal import PortalAccount
from models.staff import Role
from tests.console.people import enrolled, one
from tests.factories import make_campaign

TAGS = "/console/learners/tags"


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


def act(desk, learner_id, what, **form):
    path = f"/console/learners/{learner_id}/acts/{what}"
    return desk.submit(path, path, **form)


def state_of(database):
    return one(database, Account).state


def test_an_account_is_suspended_and_opened_again(database, learner_id, support, trail, engine):
    assert act(support, learner_id, "suspend").status_code == 422, "why?"
    assert state_of(database) is AccountState.ACTIVE
    assert act(support, learner_id, "suspend", cause="misuse").status_code == 303
    assert state_of(database) is AccountState.FROZEN
    engine.drain_accounts()
    assert one(database, PortalAccount).suspended_at is not None
    [entry] = trail("account:freeze")
    assert entry.actor == f"staff:{support.member_id}"
    assert entry.data["cause"] == "staff-misuse"
    page = support.get(f"/console/learners/{learner_id}").text
    assert "ถูกล็อก" in page[page.index("</h1>") : page.index("<section")], "first of all"
    assert "ใช้งานอยู่" not in page
    listed = support.get("/console/learners").text
    assert "ถูกล็อก" in listed
    assert "ใช้งานอยู่" not in listed
    assert "acts/resume" in page
    assert "acts/suspend" not in page
    act(support, learner_id, "resume")
    assert "ใช้งานอยู่" in support.get(f"/console/learners/{learner_id}").text
    assert state_of(database) is AccountState.ACTIVE
    engine.drain_accounts()
    assert one(database, PortalAccount).suspended_at is None
    assert trail("account:unfreeze")[0].actor == f"staff:{support.member_id}"


@pytest.mark.parametrize(("cause", "letter"), [("asked", "closed"), ("ended", "closed_by_staff")])
def test_an_account_is_closed_and_its_owner_is_told(
    database, settings, clock, learner_id, support, trail, cause, letter
):
    def says_yes(session):
        learner = session.get_one(Learner, learner_id)
        chat = session.get_one(Conversation, learner.conversation_id)
        consents.record(
            session,
            chat,
            Purpose.LINE_NEWS,
            ConsentState.GIVEN,
            ConsentStatement("x"),
            settings.school,
            clock(),
        )
        return chat.id

    subject = database.write(says_yes)
    clock.advance(minutes=1)
    act(support, learner_id, "close", cause=cause)
    assert one(database, Learner).state is LearnerState.CLOSED
    assert state_of(database) is AccountState.CLOSED
    assert one(database, Mail).template == letter
    assert not database.read(lambda s: consents.holds(s, subject, Purpose.LINE_NEWS, clock()))
    [entry] = trail("account:close")
    assert entry.actor == f"staff:{support.member_id}"
    assert "acts/" not in support.get(f"/console/learners/{learner_id}").text


def test_while_a_legal_order_stands_nothing_is_closed(database, clock, learner_id, support):
    database.write(
        lambda s: holds.place(s, learner_id, "order", may_tell=True, actor="x", now=clock()).id
    )
    assert "acts/close" not in support.get(f"/console/learners/{learner_id}").text
    act(support, learner_id, "close", cause="asked")
    assert one(database, Learner).state is LearnerState.ACTIVE


def test_a_link_goes_into_the_chat_as_a_button(database, clock, learner_id, support, trail, engine):
    page = support.get(f"/console/learners/{learner_id}/acts/invite").text
    assert "โควตา" in page, "it costs a message, and says so"
    act(support, learner_id, "invite")
    push = one(database, Push)
    said = database.read(lambda s: s.get_one(Push, push.id).messages)
    assert "/s/" not in said, "a queue holds no one-time link"
    assert "ขอลิงก์" in said or "link" in said
    [entry] = trail("learner:invite")
    assert entry.data["channel"] == "line"
    answer = act(support, learner_id, "invite")
    assert "เพิ่งส่งไปเมื่อไม่ถึง 1 นาทีที่แล้ว" in support.get(answer.location).text
    assert len(database.read(lambda s: s.scalars(select(Push)).all())) == 1, "a hand that slipped"
    for _ in range(3):
        clock.advance(minutes=1)
        act(support, learner_id, "invite")
    assert len(database.read(lambda s: s.scalars(select(Push)).all())) == 3, "3 an hour"


def test_nobody_writes_to_whoever_blocked_us(database, clock, learner_id, support):
    def block(session):
        learner = session.get_one(Learner, learner_id)
        session.get_one(Conversation, learner.conversation_id).blocked_at = clock()

    database.write(block)
    act(support, learner_id, "invite")
    assert database.read(lambda s: s.scalars(select(Push)).all()) == []


def test_no_get_changes_anything(database, app, learner_id, support):
    from tests.portal.snapshots import fingerprint

    before = fingerprint(database)
    for path in (
        "/console/learners",
        "/console/learners/tags",
        f"/console/learners/{learner_id}",
        *(f"/console/learners/{learner_id}/acts/{a}" for a in ("invite", "suspend", "close")),
        "/console/duplicates",
        "/console/imports",
        "/console/imports/invitation",
        "/console/exports",
    ):
        assert support.get(path).status_code == 200, path
    assert fingerprint(database) == before
    assert support.get(f"/console/learners/{learner_id}/acts/erase").status_code == 404


def test_learners_are_put_into_groups_out_of_a_catalogue(database, learner_id, support, trail):
    page = f"/console/learners/{learner_id}"
    bad = support.submit("/console/learners/tags", "/console/learners/tags", word="0812345678")
    assert bad.status_code == 422
    for word in ("ชั้น A1", " วันเสาร์ "):
        support.submit("/console/learners/tags", "/console/learners/tags", word=word)
    assert "ชั้น A1" in support.get("/console/learners/tags").text
    support.submit(page, f"{page}/tags", tag=["ชั้น A1", "วันเสาร์", "ไม่มีในรายการ"])
    support.submit(page, f"{page}/tags", tag=["วันเสาร์"])
    assert [(e.data["tag"], e.data["is_on"]) for e in trail("learner:tag")] == [
        ("ชั้น A1", 1),
        ("วันเสาร์", 1),
        ("ชั้น A1", 0),
    ]
    assert len(trail("tag:make")) == 2
    assert re.search(r'value="วันเสาร์" checked', support.get(page).text)


def test_a_group_stays_as_typed_and_is_one_however_it_is_typed_again(support, database):
    for word in ("ห้อง A1", "ห้อง a1", "Class B-2", "CLASS b-2"):
        assert support.submit(TAGS, TAGS, word=word).status_code == 303
    assert database.read(tags.catalogue) == ["Class B-2", "ห้อง A1"]
    text = support.get(TAGS).text
    assert "ห้อง A1" in text
    assert "ห้อง a1" not in text


def test_several_are_put_into_a_group_and_it_is_renamed_and_deleted(
    database, clock, support, learner_id, trail
):
    others = {"phone": "+66899999999", "email": "other@example.test", "line_id": None}
    other_id = database.write(lambda s: enrolled(s, clock(), **others))
    support.submit(TAGS, TAGS, word="ห้อง A1")
    people = "081-234-5678\n OTHER@example.test\n\nnobody-at-all\n089 999 9999"
    answer = support.submit(TAGS, f"{TAGS}/people", tag="ห้อง A1", people=people)
    assert answer.status_code == 422
    assert "nobody-at-all</textarea>" in answer.text
    assert "089 999 9999" not in answer.text
    assert database.read(tags.sizes) == {"ห้อง A1": 2}
    assert support.submit(TAGS, f"{TAGS}/rename", old="ห้อง A1", new="ห้อง a1").status_code == 303
    assert support.submit(TAGS, f"{TAGS}/rename", old="ห้อง a1", new="ห้อง B2").status_code == 303
    assert database.read(lambda s: tags.of(s, other_id)) == ["ห้อง B2"]
    assert trail("tag:rename")[-1].data == {"tag": "ห้อง a1", "renamed": "ห้อง B2"}
    support.submit(TAGS, TAGS, word="อื่น")
    taken = support.submit(TAGS, f"{TAGS}/rename", old="ห้อง B2", new="อื่น")
    assert (taken.status_code, "มีกลุ่มชื่อนี้อยู่แล้ว" in taken.text) == (422, True)
    slip = support.submit(TAGS, f"{TAGS}/remove", old="ห้อง B2")
    assert (slip.status_code, "กรุณาติ๊กยืนยันก่อนลบ" in slip.text) == (422, True)
    assert database.read(tags.sizes) == {"ห้อง B2": 2, "อื่น": 0}
    gone = support.submit(TAGS, f"{TAGS}/remove", old="ห้อง B2", sure="yes")
    assert gone.status_code == 303
    assert trail("tag:remove")[-1].data == {"tag": "ห้อง B2", "learners": 2}
    assert support.submit(TAGS, f"{TAGS}/remove", old="อื่น").status_code == 303, "nobody is in it"
    assert database.read(tags.sizes) == {}


@pytest.mark.parametrize(
    ("state", "is_free"),
    [
        (CampaignState.DRAFT, False),
        (CampaignState.SCHEDULED, False),
        (CampaignState.DONE, True),
        (CampaignState.STOPPED, True),
    ],
)
def test_a_group_that_an_announcement_waits_for_stays(state, is_free, support, database, clock):
    support.submit(TAGS, TAGS, word="ห้อง A1")
    narrowed = {"tags": ["ห้อง A1"]}
    database.write(lambda s: make_campaign(s, clock(), state=state, audience=narrowed).id)
    for act, more in (("rename", {"new": "ห้อง B2"}), ("remove", {})):
        answer = support.submit(TAGS, f"{TAGS}/{act}", old="ห้อง A1", **more)
        assert (answer.status_code == 303) == is_free
        assert ("ประกาศที่ยังไม่ได้ส่ง" in answer.text) == (not is_free)
        if is_free:
            break


def test_too_many_lines_and_none_are_said(support):
    support.submit(TAGS, TAGS, word="ห้อง A1")
    for people, said in (("", "บรรทัดละหนึ่งคน"), ("x\n" * 301, "ครั้งละไม่เกิน 300 บรรทัด")):
        answer = support.submit(TAGS, f"{TAGS}/people", tag="ห้อง A1", people=people)
        assert answer.status_code == 422
        assert said in answer.text
