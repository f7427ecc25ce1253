"""A registration by somebody who writes as people do, and finds their place in it."""

import re

import pytest

from handlers.line.registration.flow import Step
from models.consent import ConsentEvent, ConsentState, Purpose
from models.conversation import Conversation
from models.guardianship import Guardianship, GuardianshipState
from models.learner import AgeBand, Learner
from tests.chat import words
from tests.scenarios.guardians.guardian_story import (
    CALLED,
    DETAILS,
    NICKNAME,
    agrees,
    asks,
    comes_to_the_cards,
    opens,
)
from tests.scenarios.story import ACTS, ORDER, language_of, question, reach, resume, tap

PLACE = re.compile(r"(?m)^(\d/\d)\b")


def step_of(rows):
    return rows(Conversation)[0].step


def places(said):
    return PLACE.findall(words(said))


def test_politeness_all_the_way(someone, rows, database):
    chat = someone("ณัฐนุช")
    reach(chat, Step.AGE)
    chat.says("อายุ 34 ค่ะ")
    chat.says("ใช่ค่ะ")
    chat.says("ชื่อณัฐนุช ศรีสุวรรณ์ค่ะ")
    chat.says("เบอร์ ๐๘๙-123-4567 ค่ะ")
    slip = words(chat.says("natnuch.s@gmial.com ค่ะ"))
    assert "natnuch.s@gmail.com" in slip
    assert "natnuch.s@gmial.com" in slip
    tap(chat, "Yes, correct it")
    chat.says("ไม่มีไลน์ไอดีค่ะ")
    tap(chat, "No, thank you")
    tap(chat, "No, thank you")
    ACTS[Step.SUMMARY](chat)

    def details(session):
        (learner,) = session.query(Learner)
        return learner.name, learner.phone, learner.email, learner.line_id, learner.age_band

    assert database.read(details) == (
        "ณัฐนุช ศรีสุวรรณ์",
        "+66891234567",
        "natnuch.s@gmail.com",
        None,
        AgeBand.FROM_20,
    )


@pytest.mark.parametrize("language", ["th", "en"])
def test_a_question_is_answered_kindly_and_the_name_asked_again(language, someone, rows, all_words):
    chat = someone("มะลิ", language)
    t = language_of(chat)
    reach(chat, Step.NAME)
    asked = {"th": "ขอสอบถาม ราคาก่อนได้ไหมคะ", "en": "How much does it cost?"}[language]
    for _ in range(4):
        said = words(chat.says(asked))
        assert (
            t("That looks like a question or a wish, so I have not taken it for an answer.") in said
        )
        assert t("Do you have a question first?") in said
        assert question(t, Step.NAME) in said

    assert t("Ask our staff") in chat.labels()
    assert '"tries"' not in all_words(), "it was no wrong answer"
    assert question(t, Step.NAME) in words(tap(chat, "See the courses"))
    assert step_of(rows) == Step.NAME


@pytest.mark.parametrize("step", [Step.PHONE, Step.EMAIL, Step.LINE_ID])
def test_a_question_is_told_as_one_at_every_detail(step, someone):
    chat = someone("มะลิ")
    t = language_of(chat)
    reach(chat, step)
    said = words(chat.says("ทำไมต้องบอกคะ"))
    assert t("Do you have a question first?") in said
    assert question(t, step) in said


def test_the_reason_of_a_refusal_is_the_true_one(someone):
    chat = someone("มะลิ")
    t = language_of(chat)
    reach(chat, Step.EMAIL)
    for said, why in (
        ("มะลิค่ะ", "There is no @ in that. An e-mail address looks like this: somchai@gmail.com"),
        (
            "ma li@gmail.com",
            "There is a space in the address. Please write the address only, without spaces.",
        ),
        (
            "a@gmail.com หรือ b@gmail.com",
            "That looks like two e-mail addresses. Please write one only.",
        ),
    ):
        assert t(why) in words(chat.says(said)), said


@pytest.mark.parametrize(
    ("answer", "kept"),
    [
        ("ใช่", "สมหญิง รักไทย"),
        ("ใช่ค่ะ", "สมหญิง รักไทย"),
        ("มี “คะ” ด้วย", "สมหญิง รักไทยคะ"),
        ("สมหญิง รักไทยคะ", "สมหญิง รักไทยคะ"),
        ("สมหญิง รักชาติ", "สมหญิง รักชาติ"),
    ],
)
def test_what_may_be_politeness_or_a_surname_is_asked_about(answer, kept, someone, line, rows):
    chat = someone("มะลิ")
    t = language_of(chat)
    reach(chat, Step.NAME)
    event = line.text(chat.user_id, "สมหญิง รักไทยคะ")
    assert words(chat.heard()) == t("Is your name “{name}”?", name="สมหญิง รักไทย")
    said = chat.taps(answer) if answer in chat.labels() else chat.says(answer)
    assert question(t, Step.PHONE) in words(said)
    for step in (Step.PHONE, Step.EMAIL, Step.LINE_ID, Step.LINE_NEWS, Step.EMAIL_NEWS):
        said = ACTS[step](chat)
    assert kept in words(said).split("\n")
    if answer.startswith(("ใช่", "มี")):
        line.unsend(chat.user_id, event["message"]["id"])
        ACTS[Step.SUMMARY](chat)
        assert step_of(rows) == Step.NAME, "the message with the name was taken back"


@pytest.mark.parametrize(
    ("typed", "group", "then"),
    [
        ("34", "20 years and over", Step.NAME),
        ("15", "11 to 19 years", Step.NICKNAME),
        ("๑๗ปี", "11 to 19 years", Step.NICKNAME),
        ("หนู 8 ขวบค่ะ", "Up to 10 years", Step.NICKNAME),
    ],
)
@pytest.mark.parametrize("yes", ["tapped", "typed"])
def test_a_typed_age_is_confirmed_before_it_counts(yes, typed, group, then, someone, rows):
    chat = someone("มะลิ")
    t = language_of(chat)
    reach(chat, Step.AGE)
    said = words(chat.says(typed))

    assert said == t("{group}, right?", group=t(group))
    assert step_of(rows) == Step.AGE
    assert rows(Guardianship) == []
    tap(chat, "Yes, that is right") if yes == "tapped" else chat.says("ใช่ค่ะ")
    assert step_of(rows) == then


@pytest.mark.parametrize("no", ["tapped", "typed"])
def test_a_typed_age_can_be_denied(no, someone, rows):
    chat = someone("มะลิ")
    t = language_of(chat)
    reach(chat, Step.AGE)
    chat.says("15")
    said = tap(chat, "No, another group") if no == "tapped" else chat.says("ไม่ใช่ค่ะ")
    assert question(t, Step.AGE) in words(said)
    assert t("{group}, right?", group=t("20 years and over")) == words(chat.says("21"))
    tap(chat, "Yes, that is right")
    assert step_of(rows) == Step.NAME


def test_a_yes_without_an_age_and_an_age_that_nobody_has_count_for_nothing(someone, rows):
    chat = someone("มะลิ")
    reach(chat, Step.AGE)
    for typed in ("ใช่", "2549", "200", "ม.3", "0"):
        chat.says(typed)
        assert "20 ปีขึ้นไป" in chat.labels(), typed
        chat.says("ใช่")
    assert step_of(rows) == Step.AGE


def test_an_age_that_was_taken_back_is_forgotten(someone, line, rows):
    chat = someone("มะลิ")
    reach(chat, Step.AGE)
    event = line.text(chat.user_id, "34")
    line.unsend(chat.user_id, event["message"]["id"])
    chat.says("ใช่")
    assert step_of(rows) == Step.AGE


def test_each_question_shows_its_place(someone):
    chat = someone("มะลิ")
    reach(chat, Step.CONSENT)
    shown = {}
    for step, following in zip(ORDER, (*ORDER[1:], None), strict=True):
        shown[following] = places(ACTS[step](chat))
    expected = {step: [f"{place}/7"] for place, step in enumerate(ORDER[1:-1], 1)}
    assert shown == {**expected, Step.SUMMARY: [], None: []}


def test_a_change_has_no_place(someone, line):
    chat = someone("มะลิ")
    reach(chat, Step.SUMMARY)
    line.tap(chat.user_id, chat.edit("phone"))
    said = chat.heard()
    assert question(language_of(chat), Step.PHONE) in words(said)
    assert places(said) == []


@pytest.mark.parametrize(
    ("band", "line_news", "email_news", "total"),
    [
        ("from_11_to_19", "yes", "yes", 7),
        ("from_11_to_19", "no", "yes", 6),
        ("from_11_to_19", "yes", "no", 6),
        ("from_11_to_19", "no", "no", 5),
        ("up_to_10", "yes", "yes", 5),
    ],
)
def test_a_child_is_asked_only_what_the_guardian_allowed(
    band, line_news, email_news, total, someone, rows
):
    child, guardian = someone("Child"), someone("Parent")
    t = language_of(child)
    agrees(guardian, asks(child, band), line_news, email_news)
    child.heard()
    shown = [places(child.says("register"))]
    shown += [places(ACTS[step](child)) for step in DETAILS]
    while t("No, thank you") in child.labels():
        shown.append(places(tap(child, "No, thank you")))

    assert [each for each in shown if each] == [[f"{n}/{total}"] for n in range(2, total + 1)]
    assert question(t, Step.SUMMARY) in words(child.newest())
    own = {e.purpose for e in rows(ConsentEvent) if e.actor == "self"} - {Purpose.ENROLMENT}
    allowed = {Purpose.LINE_NEWS: line_news, Purpose.EMAIL_NEWS: email_news}
    wanted = {p for p, said in allowed.items() if said == "yes"} if band != "up_to_10" else set()
    assert own == wanted


@pytest.mark.parametrize("step", [Step.CONSENT, Step.LINE_NEWS, Step.EMAIL_NEWS, Step.SUMMARY])
def test_ok_gets_a_nudge_and_not_the_whole_card(step, someone, rows):
    chat = someone("มะลิ")
    t = language_of(chat)
    reach(chat, step)
    (said,) = chat.says("โอเค")
    assert said.message["type"] == "text"
    assert question(t, step) not in words([said])
    assert {t("Show it again"), t("Cancel")} <= set(chat.labels())
    assert question(t, step) in words(tap(chat, "Show it again"))
    assert step_of(rows) == step


def test_the_receipt_is_quieter_than_the_question(someone):
    chat = someone("มะลิ")
    reach(chat, Step.CONSENT)
    receipt, asked = tap(chat, "I agree")
    bubble = receipt.message["contents"]
    assert "header" not in bubble
    assert "footer" not in bubble
    assert {part["size"] for part in bubble["body"]["contents"]} == {"sm"}
    assert question(language_of(chat), Step.AGE) in words([asked])


@pytest.mark.parametrize("step", [step for step in ORDER if step is not Step.CONSENT])
def test_the_old_cards_no_ends_a_registration(step, someone, rows, all_words):
    chat = someone("มะลิ")
    reach(chat, Step.CONSENT)
    no = chat.button(language_of(chat)("I do not agree"))["data"]
    tap(chat, "Cancel")
    resume(chat, step)
    said = words(chat.posts(no))

    assert "ไม่ได้เก็บข้อมูลของคุณไว้" in said
    (conversation,) = rows(Conversation)
    assert (conversation.flow, conversation.draft_sealed) == (None, None)
    latest = {event.purpose: event.state for event in rows(ConsentEvent)}
    assert latest[Purpose.ENROLMENT] is ConsentState.WITHDRAWN
    assert ConsentState.GIVEN not in latest.values()
    for kept in ("081-234-5678", "somchai.jd@gmail.com", "+66812345678"):
        assert kept not in all_words()


def test_the_old_cards_no_ends_a_request_that_waits(someone, rows, all_words):
    child = someone("Child")
    reach(child, Step.CONSENT)
    no = child.button(language_of(child)("I do not agree"))["data"]
    tap(child, "Cancel")
    resume(child, Step.AGE)
    tap(child, "11 to 19 years")
    child.says(NICKNAME)
    child.posts(no)

    assert [row.state for row in rows(Guardianship)] == [GuardianshipState.ENDED]
    assert NICKNAME not in all_words()


def test_after_the_registration_the_old_cards_no_leads_to_withdrawing(someone, rows):
    chat = someone("มะลิ")
    reach(chat, Step.CONSENT)
    no = chat.button(language_of(chat)("I do not agree"))["data"]
    tap(chat, "Cancel")
    resume(chat, Step.SUMMARY)
    ACTS[Step.SUMMARY](chat)
    chat.posts(no)

    assert language_of(chat)("Withdraw my consent") in chat.labels()
    assert len(rows(Learner)) == 1
    assert [e.state for e in rows(ConsentEvent) if e.purpose is Purpose.ENROLMENT][-1] is (
        ConsentState.GIVEN
    )


def test_where_nothing_is_under_way_the_old_cards_no_is_an_old_button(someone, rows):
    chat = someone("มะลิ")
    reach(chat, Step.CONSENT)
    no = chat.button(language_of(chat)("I do not agree"))["data"]
    tap(chat, "I do not agree")
    assert "ขั้นตอนนี้เสร็จไปแล้ว" in words(chat.posts(no))
    assert [event.state for event in rows(ConsentEvent)] == [ConsentState.REFUSED]


@pytest.mark.parametrize("language", ["th", "en"])
def test_a_guardian_sees_her_name_and_may_correct_it(language, someone, rows, database):
    child, guardian = someone("Child", language), someone("Parent", language)
    comes_to_the_cards(guardian, asks(child, "from_11_to_19"), "วรรณา รักษากูลค่ะ")
    shown = words(guardian.newest())
    assert language_of(guardian)("Your name") in shown
    assert "วรรณา รักษากูล\n" in shown
    tap(guardian, "Change")
    assert CALLED in words(guardian.says(CALLED))
    tap(guardian, "I agree")

    (called,) = database.read(lambda s: [row.guardian_called for row in s.query(Guardianship)])
    assert called == CALLED


@pytest.mark.parametrize("typed", ["45 ค่ะ", "ใช่ค่ะ", "ค่ะ", "yes"])
def test_a_guardian_may_type_the_age(typed, someone):
    child, guardian = someone("Child"), someone("Parent")
    t = language_of(guardian)
    code = asks(child, "from_11_to_19")
    guardian.adds_the_account()
    opens(guardian, code)
    (nudge,) = guardian.says("โอเค")
    assert nudge.message["type"] == "text"
    tap(guardian, "I am the parent")
    for unsure in ("15", "500", "ไม่", "อะไรนะ"):
        assert t("Please tap one of the buttons.") in words(guardian.says(unsure))
    assert question(t, Step.NAME) in words(guardian.says(typed))


def test_one_slip_in_a_code_is_asked_again_and_the_code_may_be_polite(someone, rows):
    child, guardian = someone("Child"), someone("Parent")
    code = asks(child, "from_11_to_19")
    guardian.adds_the_account()
    wrong = ("Z" if code[0] != "Z" else "Y") + code[1:]
    said = words(opens(guardian, wrong))
    assert "ABCD-EFG2" in said, "the question about the code"
    guardian.says(f"รหัส {code.replace('-', ' ')} ค่ะ")

    assert rows(Guardianship)[0].state is GuardianshipState.OPENED


def test_the_waiting_card_shows_the_code_and_sends_it_again(someone, rows, all_words):
    child, guardian = someone("Child"), someone("Parent")
    t = language_of(child)
    code = asks(child, "from_11_to_19")
    said = child.says("register")
    assert words(said).count(code) >= 2, "on the card, and in a message to forward"
    assert {t("Send it on LINE"), t("Show the QR code"), t("Get a new code")} <= set(child.labels())
    assert code in child.opens(t("Show the QR code"))
    agrees(guardian, code)
    assert rows(Guardianship)[0].code_sealed is None, "it has been used"
    assert code.replace("-", "") not in all_words()


@pytest.mark.parametrize("ending", ["cancelled", "refused"])
def test_no_code_outlives_its_request(ending, someone, rows):
    child, guardian = someone("Child"), someone("Parent")
    code = asks(child, "from_11_to_19")
    if ending == "cancelled":
        tap(child, "Cancel the request")
    else:
        comes_to_the_cards(guardian, code)
        tap(guardian, "I do not agree")
    assert rows(Guardianship)[0].code_sealed is None


def test_a_guardians_old_no_leads_to_taking_the_yes_back(someone, rows):
    child, guardian = someone("Child"), someone("Parent")
    t = language_of(guardian)
    comes_to_the_cards(guardian, asks(child, "from_11_to_19"))
    no = guardian.button(t("I do not agree"))["data"]
    tap(guardian, "I agree")
    guardian.posts(no)
    tap(guardian, "Withdraw")
    tap(guardian, "Withdraw")

    assert rows(Guardianship)[0].state is GuardianshipState.ENDED
    assert [e.state for e in rows(ConsentEvent) if e.actor == "guardian"][-1] is (
        ConsentState.WITHDRAWN
    )
