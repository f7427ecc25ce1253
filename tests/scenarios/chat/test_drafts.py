"""Unfinished registrations: taken up within a day, erased after it, and unsent messages."""

import pytest

from handlers.line.registration.flow import Step
from models.consent import ConsentEvent, ConsentState, Purpose
from models.conversation import Conversation
from models.learner import Learner
from tests.chat import words
from tests.scenarios.story import (
    ACTS,
    EMAIL,
    LINE_ID,
    NAME,
    ORDER,
    PHONE,
    language_of,
    question,
    reach,
    resume,
)

pytestmark = pytest.mark.sql


def conversation_of(rows):
    (conversation,) = rows(Conversation)
    return conversation


def states(rows):
    return [event.state for event in rows(ConsentEvent) if event.purpose is Purpose.ENROLMENT]


def message_of(chat, text):
    """The id of the newest message in which this person said something."""
    said = [b for b in chat.platform.room(chat.user_id) if b.who == "person" and b.text == text]
    return said[-1].message_id


def test_a_day_later_it_goes_on_where_it_was(someone, rows, clock, engine):
    chat = someone("มะลิ")
    reach(chat, Step.PHONE)
    clock.advance(hours=23)
    assert engine.expire_drafts() == 0
    said = words(chat.says(PHONE))

    assert question(language_of(chat), Step.EMAIL) in said
    clock.advance(hours=23)
    assert question(language_of(chat), Step.LINE_ID) in words(chat.says(EMAIL))


def test_a_greeting_shows_where_it_was(someone, clock):
    chat = someone("มะลิ")
    reach(chat, Step.PHONE)
    clock.advance(hours=20)

    assert question(language_of(chat), Step.PHONE) in words(chat.posts("a=hello"))


def test_after_a_day_a_tick_erases_it(someone, rows, clock, engine, all_words):
    chat = someone("มะลิ")
    reach(chat, Step.SUMMARY)
    clock.advance(hours=24)
    assert engine.expire_drafts() == 1
    assert engine.expire_drafts() == 0

    conversation = conversation_of(rows)
    assert (conversation.flow, conversation.step) == (None, None)
    assert (conversation.draft_sealed, conversation.expires_at) == (None, None)
    assert states(rows) == [ConsentState.GIVEN, ConsentState.EXPIRED]
    assert rows(ConsentEvent)[-1].actor == "system"
    stored = all_words()
    for detail in (NAME, "+66812345678", EMAIL, LINE_ID, chat.user_id):
        assert detail not in stored


@pytest.mark.parametrize("act", ["text", "old button"])
def test_after_a_day_writing_again_erases_it_too(act, someone, rows, clock, all_words):
    chat = someone("มะลิ")
    reach(chat, Step.SUMMARY)
    confirm = chat.button("ยืนยันและสมัคร")["data"]
    clock.advance(hours=24)
    said = words(chat.says("0812345678") if act == "text" else chat.posts(confirm))

    assert question(language_of(chat), Step.SUMMARY) not in said
    assert rows(Learner) == []
    assert conversation_of(rows).draft_sealed is None
    assert states(rows) == [ConsentState.GIVEN, ConsentState.EXPIRED]
    assert "สมัครเรียน" in chat.labels()
    assert NAME not in all_words()


def test_what_has_expired_can_be_begun_again(someone, rows, clock):
    chat = someone("มะลิ")
    reach(chat, Step.SUMMARY)
    clock.advance(hours=25)
    chat.says("สมัครเรียน")
    for step in ORDER:
        ACTS[step](chat)

    assert len(rows(Learner)) == 1
    assert states(rows) == [ConsentState.GIVEN, ConsentState.EXPIRED, ConsentState.GIVEN]


def test_the_news_of_an_expired_registration_is_not_in_force(someone, rows, clock, engine):
    chat = someone("มะลิ")
    reach(chat, Step.EMAIL_NEWS, line_news=lambda c: c.taps("รับข่าวสาร"))
    clock.advance(hours=24)
    engine.expire_drafts()

    news = [event.state for event in rows(ConsentEvent) if event.purpose is Purpose.LINE_NEWS]
    assert news == [ConsentState.GIVEN, ConsentState.EXPIRED]


@pytest.mark.parametrize(
    ("item", "typed"),
    [
        (Step.NAME, NAME),
        (Step.PHONE, PHONE),
        (Step.EMAIL, EMAIL),
        (Step.LINE_ID, LINE_ID),
    ],
)
def test_an_unsent_message_takes_its_detail_with_it(item, typed, someone, rows, all_words):
    chat = someone("มะลิ")
    reach(chat, Step.SUMMARY)
    confirm = chat.button("ยืนยันและสมัคร")["data"]
    spoken = len(chat.bubbles())
    chat.platform.unsend(chat.user_id, message_of(chat, typed))

    assert len(chat.bubbles()) == spoken, "there is no reply token to answer with"
    kept = {
        Step.NAME: NAME,
        Step.PHONE: "+66812345678",
        Step.EMAIL: EMAIL,
        Step.LINE_ID: LINE_ID,
    }
    stored = all_words()
    # The LINE ID stands inside the address.
    assert kept.pop(item) not in (stored.replace(EMAIL, "") if item is Step.LINE_ID else stored)
    assert all(value in stored for value in kept.values())
    said = words(chat.posts(confirm))
    assert rows(Learner) == []
    assert question(language_of(chat), item) in said
    assert question(language_of(chat), Step.SUMMARY) in words(ACTS[item](chat))
    chat.posts(confirm)
    assert len(rows(Learner)) == 1


def test_an_unsent_message_of_an_earlier_step_is_asked_again_in_the_end(someone):
    chat = someone("มะลิ")
    reach(chat, Step.LINE_ID)
    chat.platform.unsend(chat.user_id, message_of(chat, PHONE))

    assert question(language_of(chat), Step.PHONE) in words(ACTS[Step.LINE_ID](chat))
    assert question(language_of(chat), Step.LINE_NEWS) in words(ACTS[Step.PHONE](chat))


def test_a_detail_given_again_survives_the_first_message(someone, rows):
    chat = someone("มะลิ")
    reach(chat, Step.SUMMARY)
    first = message_of(chat, PHONE)
    chat.platform.tap(chat.user_id, chat.edit(Step.PHONE))
    chat.says("02-123-4567")
    confirm = chat.button("ยืนยันและสมัคร")["data"]
    chat.platform.unsend(chat.user_id, first)
    chat.posts(confirm)

    assert len(rows(Learner)) == 1


def test_an_unsent_slip_is_forgotten(someone, all_words):
    """The address that was typed, and the one that we thought was meant."""
    chat = someone("มะลิ")
    said = reach(chat, Step.EMAIL_SLIP)
    assert "gmial" in words(said)
    chat.platform.unsend(chat.user_id, message_of(chat, "somchai.jd@gmial.com"))

    stored = all_words()
    assert "gmial" not in stored
    assert EMAIL not in stored


def test_an_unsent_single_name_is_forgotten(someone, all_words):
    """It was not taken yet, and stands in the draft all the same."""
    chat = someone("มะลิ")
    reach(chat, Step.NAME)
    chat.says("ประไพพรรณ")
    chat.platform.unsend(chat.user_id, message_of(chat, "ประไพพรรณ"))

    assert "ประไพพรรณ" not in all_words()


def test_a_corrected_slip_leaves_nothing_behind(someone, all_words):
    """Typing another address instead of tapping: the first one is not needed any more."""
    chat = someone("มะลิ")
    reach(chat, Step.EMAIL_SLIP)
    chat.says("another.one@outlook.com")

    stored = all_words()
    assert "another.one@outlook.com" in stored
    assert "gmial" not in stored


def test_unsending_something_else_changes_nothing(someone, rows):
    chat = someone("มะลิ")
    chat.adds_the_account()
    chat.says("สวัสดี")
    greeting = message_of(chat, "สวัสดี")
    resume(chat, Step.PHONE)
    chat.platform.unsend(chat.user_id, greeting)

    assert conversation_of(rows).step == Step.PHONE
    assert question(language_of(chat), Step.EMAIL) in words(chat.says(PHONE))


def test_an_unsent_detail_that_is_being_changed_is_forgotten_too(someone, line, rows, all_words):
    chat, sent = someone("มะลิ"), []

    def give_phone(chat):
        sent.append(line.text(chat.user_id, PHONE)["message"]["id"])
        return chat.heard()

    reach(chat, Step.SUMMARY, phone=give_phone)
    line.tap(chat.user_id, chat.edit("phone"))
    assert "+66812345678" in all_words(), "kept, in case nothing better comes"
    line.unsend(chat.user_id, sent[0])

    assert "+66812345678" not in all_words()
