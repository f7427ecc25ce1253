"""The rights on pages: the same as in chat, with the password where it counts."""

import io
import json
import zipfile
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import update

from bot.services.accounts import holds
from bot.services.privacy.requests import number
from models.account import Account
from models.conversation import Conversation
from models.learner import AgeBand, Learner, LearnerState
from models.mail import Mail
from models.portal import PortalSession
from models.privacy import PrivacyRequest, RequestKind, RequestState
from tests.portal.conftest import OWN_PASSWORD, TOKEN, Browser

pytestmark = pytest.mark.sql

PAGE = "/portal/rights"
LANGUAGES = pytest.mark.parametrize("language", ["th", "en"])


@pytest.fixture
def rows(bot):
    """All rows of a model."""

    def read(model):
        return bot.database.read(lambda session: session.query(model).all())

    return read


def only(rows, kind):
    (found,) = [one for one in rows(PrivacyRequest) if one.kind is kind]
    return found


@LANGUAGES
def test_the_page_offers_every_right(language, browser, settled):
    said = browser.get(f"{PAGE}?lang={language}").text

    for path in ("download", "correct", "object", "restrict", "withdraw", "erase"):
        assert f"{PAGE}/{path}" in said
    assert ("สิทธิของฉัน" if language == "th" else "My rights") in said


def test_the_download_needs_the_password(browser, settled, rows):
    refused = browser.submit(PAGE, f"{PAGE}/download", current="wrong")
    assert refused.status_code == 422
    assert rows(PrivacyRequest) == []
    answer = browser.submit(PAGE, f"{PAGE}/download", current=OWN_PASSWORD)

    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith("attachment")
    content = json.loads(zipfile.ZipFile(io.BytesIO(answer.data)).read("data.json"))
    assert content["tables"]["learner"]["rows"][0]["name"] == "สมหญิง ใจดี"
    assert only(rows, RequestKind.ACCESS).state is RequestState.DONE
    assert len(rows(Mail)) == 1, "a download is told of by mail"


@LANGUAGES
def test_a_note_becomes_a_request_with_its_clock(language, browser, settled, rows):
    page = f"{PAGE}?lang={language}"
    answer = browser.submit(page, f"{PAGE}/correct?lang={language}", note="ชื่อกลางหายไป")

    assert answer.status_code == 303
    request = only(rows, RequestKind.CORRECT)
    assert request.channel == "portal"
    assert (request.due_at - request.opened_at).days == 30
    assert number(request.id) in browser.get(answer.location).text


@pytest.mark.parametrize("note", ["", "   ", "ก" * 501])
def test_a_note_that_is_none_stays_on_the_page(note, browser, settled, rows):
    answer = browser.submit(PAGE, f"{PAGE}/correct", note=note)
    assert answer.status_code == 422
    assert rows(PrivacyRequest) == []
    assert note.strip() in answer.text


def test_objecting_and_restricting_count_at_once(browser, settled, rows):
    assert browser.submit(PAGE, f"{PAGE}/object").status_code == 303
    assert browser.submit(PAGE, f"{PAGE}/restrict").status_code == 303
    (learner,) = rows(Learner)
    assert learner.objected_at is not None
    assert learner.restricted_at is not None
    assert browser.submit(PAGE, f"{PAGE}/unrestrict").status_code == 303

    assert rows(Learner)[0].restricted_at is None
    kinds = {one.kind for one in rows(PrivacyRequest)}
    assert kinds == {RequestKind.OBJECT, RequestKind.RESTRICT, RequestKind.UNRESTRICT}
    assert {one.state for one in rows(PrivacyRequest)} == {RequestState.DONE}


@pytest.mark.parametrize("kind", ["withdraw", "erase"])
@LANGUAGES
def test_ending_tells_its_consequences_and_needs_the_password(
    language, kind, browser, settled, rows
):
    page = f"{PAGE}/{kind}?lang={language}"
    told = browser.get(page).text
    closes = {"withdraw": ("ปิดทันที", "closed at once"), "erase": ("ไม่มีใครกู้คืนได้", "bring it back")}
    assert closes[kind][language == "en"] in told
    refused = browser.submit(page, f"{PAGE}/{kind}", current="wrong")

    assert refused.status_code == 422
    assert rows(PrivacyRequest) == []
    assert rows(Learner)[0].state is LearnerState.ACTIVE


def test_withdrawing_closes_the_account_and_ends_the_session(browser, settled, rows):
    page = f"{PAGE}/withdraw"
    answer = browser.submit(page, page, current=OWN_PASSWORD)

    assert answer.status_code == 200
    assert "Log Out" not in answer.text
    assert rows(Learner)[0].state is LearnerState.WITHDRAWN
    assert rows(PortalSession) == []
    assert only(rows, RequestKind.ERASE).state is RequestState.ACKNOWLEDGED
    assert browser.get("/portal").location == "/portal/sign-in"
    assert browser.sign_in(settled.username, OWN_PASSWORD).status_code == 403


def test_erasing_takes_everything_and_ends_the_session(browser, settled, rows):
    page = f"{PAGE}/erase"
    answer = browser.submit(page, page, current=OWN_PASSWORD)

    assert answer.status_code == 200
    assert number(only(rows, RequestKind.ERASE).id) in answer.text
    assert rows(Learner) == rows(Account) == rows(PortalSession) == []
    assert browser.get("/portal").location == "/portal/sign-in"
    assert browser.sign_in(settled.username, OWN_PASSWORD).status_code == 403


def test_two_erasures_at_once_are_one(browser, settled, rows, app):
    """Both pages were open; whoever comes second finds nobody, and no error."""
    page = f"{PAGE}/erase"
    token = TOKEN.search(browser.get(page).text)[1]
    cookie = browser.cookie()

    def press(_):
        other = Browser(app.test_client())
        other.set_cookie(cookie)
        return other.post(page, {"token": token, "current": OWN_PASSWORD}).status_code

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(press, range(4)))
    assert answers.count(200) == 1
    assert max(answers) < 500
    assert only(rows, RequestKind.ERASE).state is RequestState.DONE
    assert rows(Learner) == []


def test_restricting_twice_at_once_is_one_request(browser, settled, rows, app):
    token, cookie = TOKEN.search(browser.get(PAGE).text)[1], browser.cookie()

    def press(_):
        other = Browser(app.test_client())
        other.set_cookie(cookie)
        return other.post(f"{PAGE}/restrict", {"token": token}).status_code

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(press, range(4))) == {303}
    assert only(rows, RequestKind.RESTRICT).state is RequestState.DONE


@pytest.mark.parametrize("may_tell", [True, False])
def test_a_hold_stops_the_erasure_here_too(may_tell, browser, settled, rows, bot, clock):
    bot.database.write(
        lambda session: (
            holds.place(
                session, settled.learner_id, "คดี", may_tell=may_tell, actor="staff", now=clock()
            ).id
        )
    )
    page = f"{PAGE}/erase"
    answer = browser.submit(page, page, current=OWN_PASSWORD)

    assert ("คำสั่งของศาล" in answer.text) is may_tell
    assert only(rows, RequestKind.ERASE).state is RequestState.HELD
    assert len(rows(Learner)) == len(rows(Conversation)) == 1


@pytest.mark.parametrize("kind", ["withdraw", "erase"])
def test_up_to_ten_years_the_guardian_decides(kind, browser, settled, rows, bot):
    bot.database.write(lambda s: s.execute(update(Learner).values(age_band=AgeBand.UP_TO_10)))
    page = f"{PAGE}/{kind}"
    answer = browser.submit(page, page, current=OWN_PASSWORD)

    assert answer.status_code == 403
    assert "ผู้ปกครอง" in answer.text
    assert rows(PrivacyRequest) == []
    assert len(rows(Learner)) == 1


@pytest.mark.parametrize(
    "path", ["download", "correct", "object", "restrict", "unrestrict", "withdraw", "erase"]
)
def test_a_form_without_its_token_does_nothing(path, browser, settled, rows):
    answer = browser.post(f"{PAGE}/{path}", {"current": OWN_PASSWORD, "note": "x"})

    assert answer.status_code == 403
    assert rows(PrivacyRequest) == []
    assert rows(Learner)[0].restricted_at is None
