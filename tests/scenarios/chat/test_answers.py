"""Wrong answers: each gets its own sentence, and after three of them a person is offered."""

import pytest

from bot.errors import InputError
from bot.presentation.input_words import why
from bot.services.people import inputs, names
from handlers.line.registration.flow import Step
from models.conversation import Conversation
from models.inquiry import Inquiry
from models.learner import Learner
from tests.chat import words
from tests.scenarios.story import ACTS, EMAIL, NAME, SLIP, language_of, question, reach, saying, tap

# An answer for each code that a step can refuse with.
WRONG: dict[Step, dict[str, str]] = {
    Step.NAME: {
        "name_empty": "\u200b.",
        "name_long": "ก" * 101,
        "name_digits": "สมชาย 99",
        "name_link": "https://example.com",
        "name_letters": "สมชาย 😀 ใจดี",
        "name_single": "สมชาย",
        "name_sentence": "ยังไม่สะดวกตอนนี้",
    },
    Step.PHONE: {
        "phone_letters": "เบอร์นี้",
        "phone_invalid": "0812",
        "phone_country": "+44 20 7946",
    },
    Step.EMAIL: {"email_invalid": "somchai@", "email_letters": "สมชาย@gmail.com"},
    Step.LINE_ID: {"line_id_invalid": "สมชาย"},
}
READERS = {
    Step.NAME: names.full_name,
    Step.PHONE: inputs.phone,
    Step.EMAIL: inputs.email,
    Step.LINE_ID: inputs.line_id,
}
LANGUAGES = pytest.mark.parametrize("language", ["th", "en"])


def step_of(rows):
    (conversation,) = rows(Conversation)
    return conversation.step


def test_the_table_above_is_right():
    for step, answers in WRONG.items():
        for code, typed in answers.items():
            with pytest.raises(InputError) as caught:
                READERS[step](typed)
            assert caught.value.code == code


@LANGUAGES
def test_each_reason_has_a_sentence_of_its_own(language):
    t = language_of(type("Chat", (), {"person": type("Person", (), {"language": language})}))
    codes = [code for answers in WRONG.values() for code in answers]
    assert len({why(t, code) for code in codes}) == len(codes)


@pytest.mark.parametrize("step", WRONG)
@LANGUAGES
def test_a_wrong_answer_is_told_why_and_asked_again(step, language, someone, rows, platform):
    chat = someone("มะลิ", language)
    reach(chat, step)
    t = language_of(chat)
    for code, typed in WRONG[step].items():
        said = words(chat.says(typed))
        assert why(t, code) in said
        assert question(t, step) in said
        assert step_of(rows) == step

    ACTS[step](chat)
    assert step_of(rows) != step
    assert [call.error for call in platform.calls if call.status >= 400] == []


@pytest.mark.parametrize(
    "name",
    [
        "Rajesh a/l Kumar",
        "Tan Ah Kow @ Tan Ah Lek",
        "Martin Luther King, Jr.",
        "李小龙",
        "ສົມຊາຍ ໃຈດີ",
    ],
)
def test_a_name_as_its_owner_writes_it_is_taken_at_once(name, someone, rows):
    chat = someone("มะลิ")
    reach(chat, Step.NAME)
    chat.says(name)

    assert step_of(rows) == Step.PHONE


@pytest.mark.parametrize("step", WRONG)
@LANGUAGES
def test_after_three_tries_a_person_is_offered(step, language, someone, rows):
    chat = someone("มะลิ", language)
    reach(chat, step)
    typed = next(iter(WRONG[step].values()))
    t = language_of(chat)
    ask, offer = t("Ask our staff"), t("Would you like a person to help?")
    for _ in range(2):
        assert offer not in str([bubble.message for bubble in chat.says(typed)])
    answer = chat.says(typed)
    said = words(answer)

    assert offer in str([bubble.message for bubble in answer])
    assert question(language_of(chat), step) in said
    assert rows(Inquiry) == []
    chat.taps(ask)
    chat.taps(ask)
    (inquiry,) = rows(Inquiry)
    assert inquiry.topic == "registration"
    assert step_of(rows) == step, "the registration waits meanwhile"


@pytest.mark.parametrize("topic", ["'; DROP TABLE inquiry; --", "x" * 200, "", "erase"])
def test_a_forged_topic_is_a_general_wish(topic, someone, rows):
    chat = someone("มะลิ")
    chat.adds_the_account()
    chat.posts(f"a=human&topic={topic}")

    assert [inquiry.topic for inquiry in rows(Inquiry)] == ["general"]


def test_a_single_name_said_twice_is_meant(someone, rows):
    chat = someone("มะลิ")
    reach(chat, Step.NAME)
    chat.says("สมชาย")
    assert step_of(rows) == Step.NAME
    chat.says("สมหญิง")
    assert step_of(rows) == Step.NAME, "another single name is not the same name twice"
    chat.says("สมหญิง ")
    assert step_of(rows) == Step.PHONE


def summary_of(chat, *, after):
    """Go on from the LINE ID to the summary and read it."""
    for step in (Step.LINE_ID, Step.LINE_NEWS, Step.EMAIL_NEWS):
        after = ACTS[step](chat)
    return words(after)


def test_the_correction_of_an_address_is_taken(someone):
    chat = someone("มะลิ")
    reach(chat, Step.EMAIL_SLIP)
    said = tap(chat, "Yes, correct it")

    assert "somchai.jd@gmail.com" in summary_of(chat, after=said)


def test_an_unusual_address_is_kept_as_typed(someone):
    chat = someone("มะลิ")
    reach(chat, Step.EMAIL_SLIP)
    said = tap(chat, "No, mine is right")

    assert SLIP in summary_of(chat, after=said)


@pytest.mark.parametrize(
    ("typed", "next_step"),
    [
        (EMAIL, Step.LINE_ID),
        ("other@hotmial.com", Step.EMAIL_SLIP),
        ("not an address", Step.EMAIL_SLIP),
    ],
)
def test_another_address_instead_of_a_tap(typed, next_step, someone, rows):
    chat = someone("มะลิ")
    reach(chat, Step.EMAIL_SLIP)
    chat.says(typed)

    assert step_of(rows) == next_step


def test_a_forged_choice_at_the_correction_asks_again(someone, rows):
    chat = someone("มะลิ")
    reach(chat, Step.EMAIL_SLIP)
    said = words(chat.posts("s=registration.email_slip&v=__proto__"))

    assert question(language_of(chat), Step.EMAIL_SLIP) in said
    assert step_of(rows) == Step.EMAIL_SLIP


def test_somebody_without_a_line_id_says_so_with_a_button(someone, database, rows):
    chat = someone("มะลิ")
    reach(chat, Step.SUMMARY, line_id=lambda c: tap(c, "I have none"))
    tap(chat, "Confirm and register")

    assert len(rows(Learner)) == 1
    assert database.read(lambda s: s.query(Learner).one().line_id) is None


def test_a_command_word_is_never_taken_for_a_detail(someone, all_words):
    chat = someone("มะลิ")
    reach(chat, Step.LINE_ID)
    said = words(chat.says("help"))

    assert question(language_of(chat), Step.LINE_ID) in said
    assert '"line_id": "help"' not in all_words()


@pytest.mark.parametrize(
    "typed", ["<script>alert(1)</script> x", "'; DROP TABLE learner; --", "{name} {t.language}"]
)
def test_markup_and_code_are_no_names(typed, someone, rows):
    chat = someone("มะลิ")
    reach(chat, Step.NAME)
    said = words(chat.says(typed))

    assert typed not in said
    assert step_of(rows) == Step.NAME


@pytest.mark.parametrize("typed", [NAME, "Jean-Luc O’Neill", "ม.ล. ก ข"])
def test_kept_names_appear_in_the_summary_as_they_were_typed(typed, someone):
    chat = someone("มะลิ")

    assert typed in words(reach(chat, Step.SUMMARY, name=saying(typed)))
