"""Adding the account, blocking it and coming back; strangers, and profiles that LINE withholds."""

import pytest

from handlers.line.registration.flow import Step
from models.conversation import Conversation
from tests.chat import words
from tests.scenarios.story import language_of, question, reach, register


def conversation_of(rows):
    (conversation,) = rows(Conversation)
    return conversation


@pytest.mark.parametrize(
    ("spoken", "language"),
    [("th", "th"), ("en", "en"), ("en-GB", "en"), ("ja", "th"), (None, "th"), ("th-TH", "th")],
)
def test_the_first_hello_is_in_the_language_of_the_profile(spoken, language, someone, rows):
    chat = someone("มะลิ", spoken)
    said = words(chat.adds_the_account())

    assert conversation_of(rows).language == language
    greeting = {"th": "ยินดีต้อนรับสู่ English Planet", "en": "Welcome to English Planet"}
    assert greeting[language] in said
    assert {"th": "English", "en": "ภาษาไทย"}[language] in chat.labels()


@pytest.mark.parametrize("fault", ["500", "429_rate", "lost_response"])
def test_a_profile_that_cannot_be_asked_means_thai(fault, someone, rows, line):
    chat = someone("Ben", "en")
    line.faults.add("profile", fault)

    assert "ยินดีต้อนรับสู่ English Planet" in words(chat.adds_the_account())
    assert conversation_of(rows).language == "th"


def test_the_profile_is_asked_once_and_the_name_in_it_is_not_kept(someone, platform, all_words):
    chat = someone("Benjamin Button", "en")
    chat.adds_the_account()
    chat.says("hello")
    chat.says("courses")

    assert [call.endpoint for call in platform.calls].count("profile") == 1
    assert "Benjamin" not in all_words()


def test_blocking_is_noted_and_coming_back_is_greeted(someone, rows, platform, clock):
    chat = someone("มะลิ")
    first = words(chat.adds_the_account())
    clock.advance(minutes=1)
    said = len(chat.bubbles())
    platform.unfollow(chat.user_id)

    assert conversation_of(rows).blocked_at == clock()
    assert len(chat.bubbles()) == said
    clock.advance(minutes=1)
    again = words(chat.adds_the_account())
    assert conversation_of(rows).blocked_at is None
    assert "ยินดีต้อนรับกลับ" in again
    assert again != first


def test_coming_back_to_an_open_registration_goes_on_there(someone, platform, clock, rows):
    chat = someone("มะลิ")
    reach(chat, Step.EMAIL)
    clock.advance(minutes=1)
    platform.unfollow(chat.user_id)
    clock.advance(hours=1)
    said = words(chat.adds_the_account())

    assert question(language_of(chat), Step.EMAIL) in said
    assert conversation_of(rows).step == Step.EMAIL


def test_a_learner_who_comes_back_gets_the_learners_menu(someone, platform, clock):
    chat = someone("มะลิ")
    register(chat)
    clock.advance(minutes=1)
    platform.unfollow(chat.user_id)
    clock.advance(days=30)
    chat.adds_the_account()

    assert "บัญชีของฉัน" in chat.labels()
    assert "สมัครเรียน" not in chat.labels()


def test_somebody_who_writes_without_adding_the_account_is_answered(someone, rows):
    chat = someone("มะลิ")
    said = chat.says("สวัสดีค่ะ")

    assert words(said)
    assert "สมัครเรียน" in chat.labels()


def test_a_language_that_was_chosen_stays(someone, rows, platform, clock):
    chat = someone("มะลิ")
    chat.adds_the_account()
    chat.taps("English")
    assert conversation_of(rows).language_chosen
    clock.advance(minutes=1)
    platform.unfollow(chat.user_id)
    clock.advance(minutes=1)

    assert "Welcome back!" in words(chat.adds_the_account())
