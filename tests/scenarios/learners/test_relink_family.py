"""Moving to another LINE account among children and guardians, and what a newcomer had asked."""

import pytest

from models.conversation import Conversation
from models.guardianship import Guardianship, GuardianshipState
from models.learner import Learner
from models.privacy import PrivacyRequest
from tests.chat import words
from tests.portal.conftest import OWN_PASSWORD, Browser
from tests.scenarios.auth.resetting import DIGITS, path_of, settle, shown
from tests.scenarios.guardians.guardian_story import agrees, asks, finishes
from tests.scenarios.learners.relinking import code_of
from tests.scenarios.story import language_of

LANGUAGES = pytest.mark.parametrize("language", ["th", "en"])
NOT_HERE = (
    "This chat belongs to a parent or guardian, so an account of somebody under {age} cannot move "
    "here. Please use a LINE account of your own."
)


def signed_in(chat, app):
    """A browser of somebody who has just registered, with a password of their own."""
    browser = Browser(app.test_client())
    first = shown(browser.post(path_of(chat, "Show my password")).text)
    assert browser.sign_in(first.username, first.password).status_code == 303
    page = "/portal/password"
    browser.submit(page, page, chosen=OWN_PASSWORD, again=OWN_PASSWORD)
    return browser


@LANGUAGES
def test_no_child_becomes_its_own_guardian(language, someone, app, rows):
    """The parent's phone is the nearest one when a child's is lost."""
    child, parent = someone("Child", language), someone("Parent", language)
    agrees(parent, asks(child, "from_11_to_19"))
    finishes(child)
    code = code_of(signed_in(child, app))
    said = words(parent.says(code))

    assert language_of(parent)(NOT_HERE, age=20) in said
    (bond,) = rows(Guardianship)
    assert bond.state is GuardianshipState.AGREED
    assert bond.guardian_id != bond.child_id == rows(Learner)[0].conversation_id
    assert len(rows(Conversation)) == 2


def test_a_childs_new_phone_keeps_its_guardian(someone, app, rows):
    child, parent = someone("น้ำผึ้ง"), someone("แม่")
    agrees(parent, asks(child, "from_11_to_19"))
    finishes(child)
    code = code_of(signed_in(child, app))
    new = someone("น้ำผึ้งเครื่องใหม่")
    new.adds_the_account()
    new.says(code)

    (bond,) = rows(Guardianship)
    assert (bond.state, bond.child_id) == ("agreed", rows(Learner)[0].conversation_id)
    assert "น้ำผึ้ง" in words(parent.says("my children"))


def test_a_guardian_who_learns_too_takes_the_children_along(someone, app, rows):
    parent, child = someone("แม่"), someone("น้ำผึ้ง")
    _, browser = settle(parent, app)
    agrees(parent, asks(child, "up_to_10"))
    new = someone("แม่เครื่องใหม่")
    new.adds_the_account()
    new.says(code_of(browser))

    assert "น้ำผึ้ง" in words(new.says("my children"))
    assert "น้ำผึ้ง" not in words(parent.says("my children"))


def test_what_a_newcomer_asked_for_a_child_is_theirs_still(someone, app, rows):
    """A guardian's new phone agrees and asks first, and takes the old account along after that."""
    _, browser = settle(someone("แม่"), app)
    new, child = someone("แม่เครื่องใหม่"), someone("น้ำผึ้ง")
    agrees(new, asks(child, "up_to_10"))
    new.posts(f"a=child_correct&g={rows(Guardianship)[0].id}")
    new.says("ชื่อเล่นสะกดผิด")
    new.says(code_of(browser))

    (request,) = rows(PrivacyRequest)
    assert request.guardian_id == rows(Learner)[0].conversation_id
    assert "ขอแก้ไขข้อมูล (สำหรับ น้ำผึ้ง)" in words(new.says("คำขอของฉัน"))


def test_what_a_newcomer_had_asked_for_is_theirs_still(someone, app, rows):
    _, browser = settle(someone("มะลิ"), app)
    new = someone("มะลิเครื่องใหม่")
    new.adds_the_account()
    new.posts("a=rights_download")
    link = path_of(new, "Get my data")
    new.says(code_of(browser))

    (request,) = rows(PrivacyRequest)
    assert (request.subject_id, request.learner_id) == (
        rows(Conversation)[0].id,
        rows(Learner)[0].id,
    )
    assert Browser(app.test_client()).post(link, {"digits": DIGITS}).status_code == 410
