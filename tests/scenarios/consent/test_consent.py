"""Consent is one tap on the card that was shown, and nothing else; under 20 it ends there."""

import pytest

from bot.services.consent import consents
from handlers.line.registration.consent import card_id
from handlers.line.registration.flow import Step
from models.account import Account
from models.consent import ConsentEvent, ConsentState, Purpose
from models.conversation import Conversation
from models.inbox import EventState, WebhookEvent
from models.learner import Learner
from tests.chat import words
from tests.scenarios.story import EMAIL, LINE_ID, NAME, language_of, question, reach, tap
from tests.traces import PHONE_END

pytestmark = pytest.mark.usefixtures("by_chat")


def states(rows):
    """What the ledger says, in order."""
    return [(event.purpose, event.state) for event in rows(ConsentEvent)]


def step_of(rows):
    (conversation,) = rows(Conversation)
    return conversation.step


@pytest.mark.parametrize("language", ["th", "en"])
def test_declining_leaves_nothing_that_says_who_it_was(language, someone, rows, all_words):
    chat = someone("Mali Raksakul", language)
    reach(chat, Step.CONSENT)
    said = words(tap(chat, "I do not agree"))

    assert ("ไม่ได้เก็บข้อมูลของคุณไว้" if language == "th" else "kept none of your details") in said
    assert states(rows) == [(Purpose.ENROLMENT, ConsentState.REFUSED)]
    stored = all_words()
    assert chat.user_id not in stored
    assert "Mali" not in stored
    assert rows(Learner) == []
    for event in rows(WebhookEvent):
        assert event.state is EventState.DONE
        assert event.payload_sealed is None
        assert event.answer_sealed is None
    (conversation,) = rows(Conversation)
    assert (conversation.flow, conversation.step, conversation.draft_sealed) == (None, None, None)
    assert language_of(chat)("Register") in chat.labels(), "the way back is open"


@pytest.mark.parametrize(
    "typed",
    ["ครับ", "ค่ะ", "ยินยอม", "ยินยอมครับ", "ตกลง", "โอเค", "yes", "I agree", "ok", "1", "👍"],
)
def test_typing_is_no_consent(typed, someone, rows):
    chat = someone("มะลิ")
    reach(chat, Step.CONSENT)
    said = words(chat.says(typed))

    assert states(rows) == []
    assert step_of(rows) == Step.CONSENT
    assert question(language_of(chat), Step.CONSENT) not in said, "a nudge, not the whole card"
    assert "“ยินยอม” หรือ “ไม่ยินยอม”" in said
    assert question(language_of(chat), Step.CONSENT) in words(tap(chat, "Show it again"))
    assert "ยินยอม" in chat.labels()


@pytest.mark.parametrize("kind", ["sticker", "image", "audio"])
def test_no_other_message_is_consent_either(kind, someone, rows):
    chat = someone("มะลิ")
    reach(chat, Step.CONSENT)
    chat.sends(kind)

    assert states(rows) == []
    assert step_of(rows) == Step.CONSENT


@pytest.mark.parametrize(
    "data",
    [
        "s=registration.consent&v=yes",
        "s=registration.consent&v=yes&c=",
        "s=registration.consent&v=yes&c=" + "0" * 16,
        "s=registration.consent&v=yes&c=" + card_id("another wording"),
        "s=registration.consent&v=no&c=" + "f" * 16,
    ],
)
def test_a_button_of_other_words_shows_the_words_that_count(data, someone, rows):
    chat = someone("มะลิ")
    reach(chat, Step.CONSENT)
    said = words(chat.posts(data))

    assert states(rows) == []
    assert step_of(rows) == Step.CONSENT
    assert language_of(chat)("The text has changed since that card. Please read the new one.") in (
        said
    )
    assert "ยินยอม" in chat.labels()


@pytest.mark.parametrize("value", ["", "YES", "maybe", "yes ", "ยินยอม", "true"])
def test_a_button_of_another_value_is_no_consent(value, someone, rows):
    chat = someone("มะลิ")
    reach(chat, Step.CONSENT)
    bound = chat.button("ยินยอม")["data"].partition("c=")[2]

    assert chat.posts(f"s=registration.consent&v={value}&c={bound}")
    assert states(rows) == []
    assert step_of(rows) == Step.CONSENT


def test_two_taps_are_one_consent(someone, line, rows):
    chat = someone("มะลิ")
    reach(chat, Step.CONSENT)
    button = chat.button("ยินยอม")
    first = line.postback(chat.user_id, button["data"], deliver_now=False)
    second = line.postback(chat.user_id, button["data"], deliver_now=False)
    line.send_events([first, second])

    assert states(rows) == [(Purpose.ENROLMENT, ConsentState.GIVEN)]
    assert step_of(rows) == Step.AGE
    assert "ปุ่มนี้เป็นของขั้นตอนก่อนหน้า" in words(chat.heard())


def test_an_old_card_of_an_ended_registration_is_no_consent(someone, rows):
    chat = someone("มะลิ")
    reach(chat, Step.CONSENT)
    agree = chat.button("ยินยอม")["data"]
    chat.taps("ไม่ยินยอม")
    said = words(chat.posts(agree))

    assert "ขั้นตอนนี้เสร็จไปแล้ว" in said
    assert states(rows) == [(Purpose.ENROLMENT, ConsentState.REFUSED)]
    assert step_of(rows) is None


def test_the_thai_card_tapped_after_a_change_of_language_counts_for_its_own_words(someone, rows):
    chat = someone("มะลิ")
    card = words(reach(chat, Step.CONSENT)).partition("\n")[2]
    agree = chat.button("ยินยอม")["data"]
    chat.says("English")
    chat.posts(agree)

    (event,) = rows(ConsentEvent)
    assert event.text == card
    assert event.language == "th", "the language of the words that were seen"


def test_news_asked_in_thai_and_answered_after_a_change_of_language(someone, rows):
    """The ledger keeps the words above the button that was tapped, not those of today."""
    chat = someone("มะลิ")
    asked = words(reach(chat, Step.LINE_NEWS)).partition("\n")[2]
    yes = chat.button("รับข่าวสาร")["data"]
    chat.says("English")
    chat.posts(yes)

    given = [event for event in rows(ConsentEvent) if event.purpose is Purpose.LINE_NEWS]
    # Either that question counts with its own words, or it is asked again.
    assert [(event.text, event.language) for event in given] in ([(asked, "th")], [])


@pytest.mark.parametrize(
    ("band", "states_then"),
    [
        ("Up to 10 years", [ConsentState.GIVEN, ConsentState.INVALIDATED]),
        ("11 to 19 years", [ConsentState.GIVEN]),
    ],
)
@pytest.mark.parametrize("language", ["th", "en"])
def test_under_twenty_nothing_is_asked_but_a_nickname(
    band, states_then, language, someone, rows, all_words
):
    chat = someone("Mali Raksakul", language)
    reach(chat, Step.AGE)
    said = words(tap(chat, band))

    assert ("ผู้ปกครอง" if language == "th" else "parent or guardian") in said
    assert states(rows) == [(Purpose.ENROLMENT, state) for state in states_then]
    if len(states_then) == 2:
        invalidated = rows(ConsentEvent)[-1]
        assert invalidated.actor == "system"
        assert invalidated.webhook_event_id in {event.id for event in rows(WebhookEvent)}
    assert rows(Learner) == rows(Account) == []
    assert step_of(rows) == Step.NICKNAME
    stored = all_words()
    assert chat.user_id not in stored
    assert "Mali" not in stored


@pytest.mark.parametrize("value", ["from_99", "", "FROM_20", "20", "from_20 "])
def test_a_forged_age_group_is_asked_again(value, someone, rows):
    chat = someone("มะลิ")
    reach(chat, Step.AGE)
    chat.posts(f"s=registration.age&v={value}")

    assert step_of(rows) == Step.AGE
    assert language_of(chat)("20 years and over") in chat.labels()


def test_the_age_cannot_be_changed_to_get_round_the_gate(someone, rows):
    """Forged postbacks for another step, or for an item that has no edit button."""
    chat = someone("มะลิ")
    reach(chat, Step.SUMMARY)

    assert chat.posts("s=registration.age&v=from_20")
    assert chat.posts("s=registration.summary&v=age")
    assert chat.posts("s=registration.summary&v=consent")
    assert step_of(rows) == Step.SUMMARY
    assert rows(Learner) == []


def test_no_detail_is_stored_before_the_consent(someone, database, rows, all_words):
    chat = someone("มะลิ")
    reach(chat, Step.CONSENT)
    for typed in (NAME, "081-234-5678", EMAIL, LINE_ID):
        chat.says(typed)

    stored = all_words()
    for detail in (NAME, EMAIL, LINE_ID):
        assert detail not in stored
    assert not PHONE_END.search(stored)
    (conversation,) = rows(Conversation)
    held = database.read(lambda s: consents.latest(s, conversation.id, Purpose.ENROLMENT))
    assert held is None


@pytest.mark.parametrize("step", [Step.CONSENT, Step.AGE])
def test_whoever_types_instead_of_tapping_is_offered_a_person(someone, step: Step) -> None:
    chat = someone("มะลิ")
    t = language_of(chat)
    reach(chat, step)
    offer = t("Would you like a person to help?")
    told = [words(chat.says("แล้วแต่เลยอะ")) for _ in range(3)]
    assert [offer in said for said in told] == [False, False, True]
    assert question(t, step) in told[-1]
    assert t("Ask our staff") in words(chat.says("คุยกับคนได้มั้ยอะ"))
