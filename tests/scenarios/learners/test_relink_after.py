"""After an account moved to another LINE account: what waits, the old chat, and the way back."""

from handlers.line.registration.flow import Step
from models.account import Account
from models.consent import ConsentEvent
from models.conversation import Conversation
from models.inquiry import Inquiry
from models.learner import Learner
from models.outbox import Push
from tests.chat import words
from tests.scenarios.auth.resetting import OWN_PASSWORD, Browser, reset, settle
from tests.scenarios.learners.relinking import code_of, does_not_fit
from tests.scenarios.story import language_of, reach, tap


def test_a_half_finished_registration_of_the_newcomer_ends_and_its_wishes_move(someone, app, rows):
    _, browser = settle(someone("มะลิ"), app)
    code = code_of(browser)
    new = someone("มะลิเครื่องใหม่")
    reach(new, Step.PHONE)
    new.posts("a=human&topic=account")
    before = rows(Conversation)[-1].id
    new.posts("a=relink")
    new.says(code)
    (conversation,) = rows(Conversation)
    assert (conversation.flow, conversation.draft_sealed) == (None, None)
    assert [wish.conversation_id for wish in rows(Inquiry)] == [conversation.id]
    theirs = rows(ConsentEvent, ConsentEvent.subject_id == before)
    assert [event.state for event in theirs] == ["given", "withdrawn"]


def test_the_old_chats_freeze_button_works_after_it_was_cut_off(someone, app, rows, engine):
    old = someone("มะลิ")
    _, browser = settle(old, app)
    new = someone("ขโมย")
    new.adds_the_account()
    new.says(code_of(browser))
    engine.drain_pushes()
    old.heard()
    assert "ถูกล็อก" in words(tap(old, "Freeze my account"))
    assert rows(Account)[0].state == "frozen"
    assert "ถูกล็อก" in words(new.says("ลืมรหัสผ่าน"))


def test_a_frozen_account_does_not_move(someone, app, rows, engine):
    old = someone("มะลิ")
    _, browser = settle(old, app)
    code = code_of(browser)
    reset(old, app)
    engine.drain_pushes()
    old.heard()
    tap(old, "Freeze my account")
    new = someone("ขโมย")
    new.adds_the_account()
    assert does_not_fit(language_of(new)) in words(new.says(code))
    assert len(rows(Conversation)) == 2


def test_what_waits_for_the_old_chat_goes_nowhere(someone, app, rows, engine):
    old = someone("มะลิ")
    settle(old, app)
    shown = reset(old, app)  # its notice still waits
    browser = Browser(app.test_client())
    browser.sign_in(shown.username, shown.password)
    page = "/portal/password"
    browser.submit(page, page, chosen=OWN_PASSWORD, again=OWN_PASSWORD)
    new = someone("มะลิเครื่องใหม่")
    new.adds_the_account()
    new.says(code_of(browser))
    engine.drain_pushes()
    assert [push.state for push in rows(Push)] == ["dropped", "sent"]
    assert "ย้ายบัญชีของคุณแล้ว" in words(old.heard())


def test_one_may_move_back_again(someone, app, rows):
    old, new = someone("มะลิ"), someone("มะลิเครื่องใหม่")
    _, browser = settle(old, app)
    new.adds_the_account()
    new.says(code_of(browser))
    shown = reset(new, app)
    browser.sign_in(shown.username, shown.password)
    page = "/portal/password"
    browser.submit(page, page, chosen=OWN_PASSWORD, again=OWN_PASSWORD)
    old.says("สวัสดี")
    assert "ย้ายบัญชีมาที่นี่แล้ว" in words(old.says(code_of(browser)))
    assert len(rows(Learner)) == len(rows(Conversation)) == 1
