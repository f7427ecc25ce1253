"""What works from every step: another language, help, a person, and what the bot cannot read."""

from itertools import product

import pytest

from bot.texts import translator
from handlers.line.registration.flow import Step
from models.conversation import Conversation
from models.inquiry import Inquiry
from simulator.rooms import Bubble
from tests.chat import words
from tests.samples import every, sampled
from tests.scenarios.story import ACTS, EVERY_STEP, question, reach

THAI, ENGLISH = translator("th"), translator("en")
THANKS = {
    "sticker": "Thank you for the sticker!",
    "image": "Thank you for the picture. I cannot look at pictures, so I have not kept it.",
    "video": "Thank you for the video. I cannot watch videos, so I have not kept it.",
    "audio": "Thank you for the voice message. I cannot listen to it, so I have not kept it.",
    "location": "Thank you for the location. I do not need it, so I have not kept it.",
}


ASKED = [Step.NAME, Step.PHONE, Step.SUMMARY]
EMPTY = ["", "s=&v=", "&".join(["a=b"] * 40)]


def step_of(rows):
    (conversation,) = rows(Conversation)
    return conversation.step


def tappable(said: list[Bubble]) -> bool:
    return "quickReply" in said[-1].message or said[-1].message["type"] == "flex"


@pytest.mark.parametrize("step", EVERY_STEP)
def test_nothing_stops_a_registration(step, someone, rows, platform):
    """One visit to each step: everything that is no answer leads back to its question."""
    chat = someone("มะลิ")
    reach(chat, step)
    for kind, thanks in THANKS.items():
        said = chat.sends(kind)
        assert THAI(thanks) in words(said)
        assert question(THAI, step) in words(said)
        assert tappable(said)
    for typed, answer in (
        ("help", THAI("Help")),
        ("นโยบาย", THAI("Privacy policy")),
        ("เจ้าหน้าที่", "บันทึกแล้ว"),
    ):
        said = chat.says(typed)
        if typed in {"help", "เจ้าหน้าที่"} or step in {Step.CONSENT}:
            assert question(THAI, step) in words(said), (typed, answer)
        assert tappable(said)
    assert len(rows(Inquiry)) == 1
    for button in ("a=courses", "a=advice", "a=policy", "a=help", "a=menu", "a=hello"):
        said = chat.posts(button)
        assert question(THAI, step) in words(said), button
        assert tappable(said)
    assert step_of(rows) == step
    assert [call.error for call in platform.calls if call.status >= 400] == []


@pytest.mark.parametrize("step", sampled(EVERY_STEP, EVERY_STEP[::2]))
def test_another_language_asks_the_same_again(step, someone, rows):
    chat = someone("มะลิ")
    reach(chat, step)
    english = chat.says("English")
    assert "From now on we speak English." in words(english)
    assert question(ENGLISH, step) in words(english)
    assert "Cancel" in chat.labels()
    thai = chat.says("ภาษาไทย")

    assert question(THAI, step) in words(thai)
    assert step_of(rows) == step
    (conversation,) = rows(Conversation)
    assert conversation.language_chosen


@pytest.mark.parametrize("step", sampled(EVERY_STEP, EVERY_STEP[1::2]))
def test_a_button_of_another_step_leads_back(step, someone, rows):
    chat = someone("มะลิ")
    reach(chat, step)
    other = Step.SUMMARY if step is not Step.SUMMARY else Step.AGE
    for data in (
        f"s=registration.{other}&v=confirm",
        "s=account.withdrawing&v=yes",
        "a=unknown",
        "x=y",
    ):
        said = words(chat.posts(data))
        assert "ปุ่มนี้เป็นของขั้นตอนก่อนหน้า" in said
        assert question(THAI, step) in said
    assert step_of(rows) == step


@pytest.mark.parametrize(
    ("step", "data"), sampled(product(ASKED, EMPTY), list(zip(ASKED, EMPTY, strict=True)))
)
def test_a_button_that_says_nothing_is_no_answer(data, step, someone, rows, all_words):
    chat = someone("มะลิ")
    reach(chat, step)
    said = words(chat.posts(data))

    assert question(THAI, step) in said
    assert step_of(rows) == step
    assert '"tries"' not in all_words(), "it was not a wrong answer"


def test_the_questions_are_translated():
    for step in EVERY_STEP:
        assert question(THAI, step) != question(ENGLISH, step)


@pytest.mark.parametrize("language", ["th", "en"])
def test_what_is_not_understood_is_answered_with_buttons(language, someone):
    chat = someone("มะลิ", language)
    chat.adds_the_account()
    t = translator(language)

    def is_answered_with_buttons(typed):
        said = chat.says(typed)
        assert t("What would you like to do?") in words(said)
        for label in ("Register", "Courses", "Privacy policy", "Help", "Ask our staff"):
            assert t(label) in chat.labels()

    nonsense = ["ฝนตกหนักมาก", "asdfghjkl", "???", "\u200b", "0812345678"]
    every({ascii(typed): typed for typed in nonsense}, is_answered_with_buttons)


def test_outside_a_registration_other_messages_are_answered_too(someone):
    chat = someone("มะลิ")
    chat.adds_the_account()

    def is_thanked_for(kind):
        assert THAI(THANKS[kind]) in words(chat.sends(kind))
        assert THAI("Register") in chat.labels()

    every({kind: kind for kind in THANKS}, is_thanked_for)


def test_a_kind_of_message_that_does_not_exist_yet_is_answered(someone, line, post):
    chat = someone("มะลิ")
    reach(chat, Step.NAME)
    event = line.text(chat.user_id, "x", deliver_now=False)
    event["message"] = {"type": "hologram", "id": "1"}

    assert post(event) == 200
    assert question(THAI, Step.NAME) in words(chat.heard())


def test_the_consent_step_is_no_dead_end(someone, rows):
    chat = someone("มะลิ")
    reach(chat, Step.CONSENT)
    for _ in range(5):
        chat.says("อะไรนะ")
    ACTS[Step.CONSENT](chat)

    assert step_of(rows) == Step.AGE
