"""Changing an item from the summary, confirming once, and the way out of every step."""

import pytest

from handlers.line.registration.flow import Step
from models.account import Account
from models.consent import ConsentEvent, ConsentState, Purpose
from models.conversation import Conversation
from models.learner import Learner
from models.portal import PortalAccount
from tests.chat import words
from tests.scenarios.story import (
    ACTS,
    EMAIL,
    EVERY_STEP,
    LINE_ID,
    NAME,
    language_of,
    question,
    reach,
    tap,
)

pytestmark = pytest.mark.usefixtures("by_chat")

CHANGES = {
    Step.NAME: ("สมหญิง ใจงาม", "สมหญิง ใจงาม"),
    Step.PHONE: ("02-123-4567", "02-123-4567"),
    Step.EMAIL: ("somying@outlook.co.th", "somying@outlook.co.th"),
    Step.LINE_ID: ("somying", "somying"),
}


def conversation_of(rows):
    (conversation,) = rows(Conversation)
    return conversation


@pytest.mark.parametrize("item", CHANGES)
@pytest.mark.parametrize("language", ["th", "en"])
def test_one_item_is_changed_and_the_others_stay(item, language, someone):
    chat = someone("มะลิ", language)
    reach(chat, Step.SUMMARY)
    asked = words(chat.platform.tap(chat.user_id, chat.edit(item)) and chat.heard())
    typed, shown = CHANGES[item]
    said = words(chat.says(typed))

    assert question(language_of(chat), item) in asked
    assert question(language_of(chat), Step.SUMMARY) in said
    assert shown in said
    kept = {Step.NAME: NAME, Step.PHONE: "081-234-5678", Step.EMAIL: EMAIL, Step.LINE_ID: LINE_ID}
    for other in set(kept) - {item}:
        assert kept[other] in said


@pytest.mark.parametrize("item", [Step.LINE_NEWS, Step.EMAIL_NEWS])
def test_news_can_be_changed_before_confirming(item, someone, rows):
    chat = someone("มะลิ")
    reach(chat, Step.SUMMARY)
    chat.platform.tap(chat.user_id, chat.edit(item))
    chat.heard()
    said = words(tap(chat, "Yes, please"))

    assert question(language_of(chat), Step.SUMMARY) in said
    purpose = Purpose(str(item))
    states = [event.state for event in rows(ConsentEvent) if event.purpose is purpose]
    assert states == [ConsentState.REFUSED, ConsentState.GIVEN]


def test_a_change_that_is_begun_has_to_be_finished(someone, rows):
    """The old summary's confirm button is not a way round the open question."""
    chat = someone("มะลิ")
    reach(chat, Step.SUMMARY)
    confirm = chat.button("ยืนยันและสมัคร")["data"]
    chat.platform.tap(chat.user_id, chat.edit(Step.PHONE))
    chat.heard()
    said = words(chat.posts(confirm))

    assert question(language_of(chat), Step.PHONE) in said
    assert rows(Learner) == []


@pytest.mark.parametrize("typed", ["ยืนยัน", "ใช่", "ok", "ยืนยันและสมัคร"])
def test_typing_at_the_summary_confirms_nothing(typed, someone, rows):
    chat = someone("มะลิ")
    reach(chat, Step.SUMMARY)
    said = words(chat.says(typed))

    t = language_of(chat)
    please = t("Please tap “Confirm and register”, or “Change” beside what is not right.")
    assert said == please or question(t, Step.SUMMARY) in said
    assert rows(Learner) == []


@pytest.mark.parametrize(
    ("typed", "item"),
    [
        ("เปลี่ยนเบอร์ค่ะ", Step.PHONE),
        ("ขอแก้อีเมลค่ะ", Step.EMAIL),
        ("change my name", Step.NAME),
        ("หยุดข่าว", Step.LINE_NEWS),
        ("ไม่รับข่าวแล้วค่ะ", Step.LINE_NEWS),
    ],
)
def test_what_is_wrong_can_be_said_at_the_summary(typed, item, someone, rows):
    """There is no account yet to change, and no news to stop: it is about what the card shows."""
    chat = someone("มะลิ")
    reach(chat, Step.SUMMARY, line_news=lambda c: tap(c, "Yes, please"))
    said = words(chat.says(typed))

    assert question(language_of(chat), item) in said
    assert (conversation_of(rows).step, rows(Learner)) == (str(item), [])
    tap(chat, "Keep it as it was")
    assert conversation_of(rows).step == str(Step.SUMMARY)


def test_all_news_that_was_agreed_to_is_asked_about_again(someone, rows):
    chat = someone("มะลิ")
    yes = {"line_news": lambda c: tap(c, "Yes, please"), "email_news": "Yes, please"}
    reach(chat, Step.EMAIL_NEWS, line_news=yes["line_news"])
    tap(chat, yes["email_news"])
    chat.says("หยุดข่าว")
    tap(chat, "No, thank you")
    assert conversation_of(rows).step == str(Step.EMAIL_NEWS)
    tap(chat, "No, thank you")

    assert conversation_of(rows).step == str(Step.SUMMARY)
    latest = {event.purpose: event.state for event in rows(ConsentEvent)}
    assert {latest[Purpose.LINE_NEWS], latest[Purpose.EMAIL_NEWS]} <= {
        ConsentState.REFUSED,
        ConsentState.WITHDRAWN,
    }


def test_two_taps_on_confirm_register_once(someone, line, rows):
    chat = someone("มะลิ")
    reach(chat, Step.SUMMARY)
    data = chat.button("ยืนยันและสมัคร")["data"]
    taps = [line.postback(chat.user_id, data, deliver_now=False) for _ in range(3)]
    line.send_events(taps)
    said = words(chat.heard())

    assert len(rows(Learner)) == len(rows(Account)) == len(rows(PortalAccount)) == 1
    assert said.count("ขอบคุณค่ะ สมัครเรียบร้อยแล้ว") == 1


@pytest.mark.parametrize("step", EVERY_STEP)
def test_cancelling_erases_what_was_given(step, someone, rows, all_words):
    chat = someone("มะลิ")
    reach(chat, step, line_news=lambda c: tap(c, "Yes, please"))
    said = words(chat.says("ยกเลิก"))

    assert "ยกเลิกการสมัครและลบข้อมูล" in said
    conversation = conversation_of(rows)
    assert (conversation.flow, conversation.step) == (None, None)
    assert (conversation.draft_sealed, conversation.expires_at) == (None, None)
    stored = all_words()
    for detail in (chat.user_id, NAME, "+66812345678", EMAIL, LINE_ID, "gmial"):
        assert detail not in stored
    assert rows(Learner) == []
    latest = {event.purpose: event.state for event in rows(ConsentEvent)}
    assert ConsentState.GIVEN not in latest.values(), "nothing given on the way is left in force"
    if step is not Step.CONSENT:
        assert latest[Purpose.ENROLMENT] is ConsentState.WITHDRAWN


@pytest.mark.parametrize("step", [Step.AGE, Step.NAME, Step.SUMMARY])
def test_the_cancel_button_does_the_same(step, someone, rows):
    chat = someone("มะลิ")
    reach(chat, step)
    tap(chat, "Cancel")

    assert conversation_of(rows).flow is None
    assert "สมัครเรียน" in chat.labels()


def test_nothing_to_cancel_is_said_kindly(someone, rows):
    chat = someone("มะลิ")
    chat.adds_the_account()

    assert "ไม่มีอะไรให้ยกเลิก" in words(chat.says("ยกเลิก"))
    assert rows(ConsentEvent) == []


def test_after_cancelling_everything_is_asked_anew(someone, rows):
    chat = someone("มะลิ")
    reach(chat, Step.SUMMARY)
    chat.says("ยกเลิก")
    chat.taps("สมัครเรียน")
    for step in (Step.CONSENT, Step.AGE):
        ACTS[step](chat)

    assert conversation_of(rows).step == Step.NAME
    states = [event.state for event in rows(ConsentEvent) if event.purpose is Purpose.ENROLMENT]
    assert states == [ConsentState.GIVEN, ConsentState.WITHDRAWN, ConsentState.GIVEN]


def test_registering_from_within_goes_on_where_it_was(someone, rows):
    chat = someone("มะลิ")
    reach(chat, Step.PHONE)
    said = words(chat.posts("a=register"))

    assert "มาทำต่อจากที่ค้างไว้กันนะคะ" in said
    assert question(language_of(chat), Step.PHONE) in said
    assert conversation_of(rows).step == Step.PHONE
