"""My children on the portal: every right in the child's place, with the guardian's own password."""

import io
import json
import re
import zipfile

import pytest

from bot.presentation import rights_words
from bot.services.accounts import holds
from bot.services.consent import consents
from bot.services.people.fields import Item
from bot.texts import translator
from models.account import Account, AccountState
from models.base import new_id
from models.consent import ConsentEvent, ConsentState, Purpose
from models.conversation import Conversation
from models.guardianship import Guardianship, GuardianshipState
from models.learner import AgeBand, Learner, LearnerState
from models.mail import Mail
from models.outbox import Push
from models.privacy import PrivacyRequest, RequestKind, RequestState
from tests.factories import make_account, make_consent_event, make_guardianship, make_learner
from tests.portal.conftest import OWN_PASSWORD

pytestmark = pytest.mark.sql

PAGE = "/portal/children"
NAME, CHILDS, HERS = "มะลิ", "mali@example.test", "mae@example.test"
LANGUAGES = pytest.mark.parametrize("language", ["th", "en"])


@pytest.fixture
def rows(bot):
    """All rows of a model."""
    return lambda model: bot.database.read(lambda session: session.query(model).all())


@pytest.fixture
def bond(bot, settled, clock):
    """The id of the agreement of the learner who is signed in, for a registered child."""

    def make(session):
        guardian = session.get_one(Learner, settled.learner_id)
        guardian.email = HERS
        session.get_one(Conversation, guardian.conversation_id).learner_id = guardian.id
        child = make_learner(session, clock(), age_band=AgeBand.FROM_11_TO_19, email=CHILDS)
        child.line_user_id = "U" + new_id()
        session.get_one(Conversation, child.conversation_id).learner_id = child.id
        make_account(session, child, clock())
        make_consent_event(
            session, clock(), subject_id=child.conversation_id, purpose=Purpose.LINE_NEWS
        )
        bond = make_guardianship(
            session,
            clock(),
            child_id=child.conversation_id,
            guardian_id=guardian.conversation_id,
        )
        bond.nickname = NAME
        return bond.id

    return bot.database.write(make)


def wish(browser, bond, name, language="th", **more):
    page = f"{PAGE}?lang={language}"
    return browser.submit(page, page, child=bond, wish=name, **more)


def child_of(rows):
    (bond,) = rows(Guardianship)
    return next(one for one in rows(Learner) if one.conversation_id == bond.child_id)


def told(database):
    """Every letter about a request, by address and template."""
    return database.read(
        lambda session: sorted(
            (mail.to, mail.template)
            for mail in session.query(Mail)
            if mail.template.startswith(("request_", "guardian_"))
        )
    )


@LANGUAGES
def test_before_their_own_erasure_a_guardian_reads_what_ends_for_the_child(browser, bond, language):
    page = browser.get(f"/portal/rights/erase?lang={language}")

    assert rights_words.of_erasure_for_guardians(translator(language)) in page.text


def test_only_a_guardian_is_shown_the_way(browser, settled, bot, clock):
    assert PAGE not in browser.get("/portal/account").text
    assert "ยังไม่มีรายชื่อ" in browser.get(PAGE).text

    def agree(session):
        guardian = session.get_one(Learner, settled.learner_id)
        make_guardianship(session, clock(), guardian_id=guardian.conversation_id)

    bot.database.write(agree)
    assert PAGE in browser.get("/portal/account").text


@LANGUAGES
def test_each_wish_is_the_guardians(language, browser, bond, rows, database):
    """One table: what is asked twice is one request; the guardian's letters go to the guardian."""
    wishes = {
        "correct": RequestKind.CORRECT,
        "object": RequestKind.OBJECT,
        "restrict": RequestKind.RESTRICT,
        "unrestrict": RequestKind.UNRESTRICT,
    }
    faults = []
    for name, kind in wishes.items():
        for _ in range(2):
            answer = wish(browser, bond, name, language, note="สะกดผิด")
            if not answer.location.startswith(PAGE) or "done=saved" not in answer.location:
                faults.append(f"{name}: {answer.location}")
        found = [one for one in rows(PrivacyRequest) if one.kind is kind]
        (one,) = rows(Guardianship)
        got = [(each.asked_by, each.guardian_id, each.channel) for each in found]
        if got != [("guardian", one.guardian_id, "portal")]:
            faults.append(f"{name}: {got}")
    assert not faults, "\n".join(faults)
    assert told(database) == [
        (HERS, "request_received"),
        *[(CHILDS, "guardian_asked")] * 4,
    ]
    listed = browser.get(f"/portal/rights?lang={language}").text
    assert listed.count(NAME) == 4
    assert child_of(rows).objected_at is not None


def test_news_is_started_and_stopped(browser, bond, rows, database, clock):
    def flows():
        learner = child_of(rows)
        return database.read(
            lambda s: consents.holds(s, learner.conversation_id, Purpose.LINE_NEWS, clock())
        )

    card = re.search(r'name="card" value="([0-9a-f]+)"', browser.get(PAGE).text)[1]
    assert "done=stale" in wish(browser, bond, "start", purpose="line_news", card="x").location
    assert not flows()
    wish(browser, bond, "start", purpose="line_news", card=card)
    assert flows()
    wish(browser, bond, "stop", purpose="line_news")

    assert not flows()
    last = max(
        (e for e in rows(ConsentEvent) if e.actor == "guardian"), key=lambda one: (one.at, one.id)
    )
    assert (last.state, last.channel) == (ConsentState.WITHDRAWN, "portal")


def test_the_download_needs_the_guardians_password(browser, bond, rows, database):
    path = f"{PAGE}/download"
    assert browser.submit(PAGE, path, child=bond, current="wrong").status_code == 422
    assert rows(PrivacyRequest) == []
    answer = browser.submit(PAGE, path, child=bond, current=OWN_PASSWORD)

    assert answer.status_code == 200
    content = json.loads(zipfile.ZipFile(io.BytesIO(answer.data)).read("data.json"))
    assert content["tables"]["learner"]["rows"][0][Item.EMAIL] == CHILDS
    (request,) = rows(PrivacyRequest)
    assert (request.state, request.asked_by) == (RequestState.DONE, "guardian")
    assert told(database) == [(HERS, "request_ready"), (CHILDS, "guardian_asked")]


@LANGUAGES
@pytest.mark.parametrize("kind", ["withdraw", "erase"])
def test_an_end_is_asked_about_and_told_to_the_child(kind, language, browser, bond, rows, database):
    page = f"{PAGE}/{kind}?lang={language}&child={bond}"
    path = f"{PAGE}/{kind}?lang={language}"
    asked = browser.get(page)
    assert NAME in asked.text
    assert browser.submit(page, path, child=bond, current="wrong").status_code == 422
    assert rows(PrivacyRequest) == []
    answer = browser.submit(page, path, child=bond, current=OWN_PASSWORD)

    assert answer.status_code == 200
    assert {one.asked_by for one in rows(PrivacyRequest)} == {"guardian"}
    (said,) = database.read(lambda s: [push.messages for push in s.query(Push)])
    assert ("ข้อมูลของคุณถูกลบตามที่ผู้ปกครองขอ" in said) is (kind == "erase")
    assert ("ผู้ปกครองของคุณถอนความยินยอมแล้ว" in said) is (kind == "withdraw")
    assert (CHILDS, "request_received") not in told(database)
    if kind == "erase":
        assert len(rows(Learner)) == 1
        assert rows(Guardianship) == []
    else:
        learner = child_of(rows)
        assert learner.state is LearnerState.WITHDRAWN
        states = [one.state for one in rows(Account) if one.learner_id == learner.id]
        assert states == [AccountState.CLOSED]
        assert rows(Guardianship)[0].state is GuardianshipState.ENDED
    assert browser.get("/portal").status_code == 200, "the guardian is still signed in"


def test_an_order_is_told_and_nothing_goes(browser, bond, rows, database, clock):
    learner = child_of(rows)
    database.write(
        lambda s: holds.place(s, learner.id, "ศาล", may_tell=True, actor="test", now=clock())
    )
    page = f"{PAGE}/erase?child={bond}"
    answer = browser.submit(page, f"{PAGE}/erase", child=bond, current=OWN_PASSWORD)

    assert "คำสั่งของศาล" in answer.text
    assert len(rows(Learner)) == 2
    assert rows(Push) == []


def test_nobody_elses_child_is_touched(browser, settled, rows, bot, clock):
    def make(session):
        child = make_learner(session, clock(), age_band=AgeBand.FROM_11_TO_19)
        return make_guardianship(session, clock(), child_id=child.conversation_id).id

    token, faults = _token(browser), []
    for child in (bot.database.write(make), "x", "", "ก" * 32):
        form = {"token": token, "child": child, "note": "x", "current": OWN_PASSWORD}
        for name in ("start", "stop", "object", "restrict", "unrestrict", "correct"):
            answer = browser.post(PAGE, {**form, "wish": name})
            if "done=gone" not in (answer.location or ""):
                faults.append((name, child, answer.status_code))
        for name in ("download", "withdraw", "erase"):
            answer = browser.post(f"{PAGE}/{name}", form)
            if answer.status_code != 410:
                faults.append((name, child, answer.status_code))
        for name in ("withdraw", "erase"):
            answer = browser.get(f"{PAGE}/{name}", query_string={"child": child})
            if "done=gone" not in (answer.location or ""):
                faults.append((name, child, answer.status_code))
    assert not faults, faults
    assert rows(PrivacyRequest) == []
    assert rows(ConsentEvent) == []
    assert len(rows(Learner)) == 2


def _token(browser):
    return re.search(r'name="token" value="([^"]+)"', browser.get("/portal/account").text)[1]


def test_a_note_that_is_none_stays_with_its_child(browser, bond, rows):
    for note in ("", "ก" * 501):
        answer = wish(browser, bond, "correct", note=note)
        assert answer.status_code == 422
        assert 'aria-describedby="unclear"' in answer.text
    assert rows(PrivacyRequest) == []
