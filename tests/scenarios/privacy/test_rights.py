"""The rights of the PDPA by chat: each one in both languages, and what it leaves behind."""

import pytest

from bot.services.privacy.requests import number
from models.account import Account, AccountState
from models.consent import ConsentEvent, ConsentState, Purpose
from models.conversation import Conversation
from models.inquiry import Inquiry
from models.learner import Learner, LearnerState
from models.mail import Mail
from models.portal import PortalAccount
from models.privacy import Erasure, PrivacyRequest, RequestKind, RequestState
from tests.chat import words
from tests.samples import every
from tests.scenarios.story import EMAIL, NAME, language_of, register, tap, tapping

LANGUAGES = pytest.mark.parametrize("language", ["th", "en"])
YES = "Yes, please"
WORDS = {"th": "สิทธิของฉัน", "en": "my rights"}


@pytest.fixture
def member(someone):
    """Makes somebody who has registered, with both kinds of news."""

    def make(language="th"):
        chat = someone("มะลิ", language)
        register(chat, line_news=tapping(YES), email_news=tapping(YES))
        return chat

    return make


def requests(rows, kind):
    return rows(PrivacyRequest, PrivacyRequest.kind == kind)


def states(rows, purpose):
    return [event.state for event in rows(ConsentEvent, ConsentEvent.purpose == purpose)]


@LANGUAGES
def test_the_card_names_every_right_with_a_button(language, member):
    chat = member(language)
    t = language_of(chat)
    said = words(chat.says(WORDS[language]))

    for right in (
        "See and download my data",
        "Correct my data",
        "Object to all news",
        "Stop the use of my data",
        "Withdraw my consent",
        "Erase my data",
    ):
        assert t(right) in said
    for button in ("Download", "Correct", "Object", "Stop use", "Withdraw", "Erase"):
        assert t(button) in chat.labels()
    assert "PDPC" in said


@LANGUAGES
def test_objecting_ends_all_news_at_once_with_one_tap(language, member, rows):
    chat = member(language)
    chat.says(WORDS[language])
    said = words(tap(chat, "Object"))
    t = language_of(chat)

    for purpose in (Purpose.LINE_NEWS, Purpose.EMAIL_NEWS):
        assert states(rows, purpose) == [ConsentState.GIVEN, ConsentState.WITHDRAWN]
    assert rows(Learner)[0].objected_at is not None
    assert rows(Account)[0].state is AccountState.ACTIVE
    assert said.count(t("Consent receipt")) == 2
    (request,) = requests(rows, RequestKind.OBJECT)
    assert request.state is RequestState.DONE
    assert request.closed_at is not None
    chat.says(WORDS[language])
    assert t("Object") not in chat.labels()


def test_objecting_twice_is_one_request(member, rows):
    chat = member()
    chat.posts("a=rights_object")
    chat.posts("a=rights_object")

    assert len(requests(rows, RequestKind.OBJECT)) == 1


@LANGUAGES
def test_restricting_and_lifting_again(language, member, rows):
    chat = member(language)
    t = language_of(chat)
    chat.says(WORDS[language])
    assert t("The use of your data is stopped") in words(tap(chat, "Stop use"))
    assert rows(Learner)[0].restricted_at is not None
    chat.posts("a=rights_restrict")
    assert len(requests(rows, RequestKind.RESTRICT)) == 1
    chat.says(WORDS[language])
    tap(chat, "Lift")

    assert rows(Learner)[0].restricted_at is None
    assert [one.state for one in requests(rows, RequestKind.UNRESTRICT)] == [RequestState.DONE]


@LANGUAGES
def test_a_note_to_correct_something_goes_sealed_to_the_staff(language, member, rows, database):
    chat = member(language)
    t = language_of(chat)
    chat.says(WORDS[language])
    tap(chat, "Correct")
    said = words(chat.says("วันที่ในใบรับรองไม่ถูกต้อง ยกเลิกข่าวด้วย"))

    assert t("Your request has arrived") in said
    (request,) = requests(rows, RequestKind.CORRECT)
    assert request.state is RequestState.ACKNOWLEDGED
    assert (request.due_at - request.opened_at).days == 30
    assert (request.acknowledge_by - request.opened_at).days == 15
    detail = database.read(lambda session: session.get(PrivacyRequest, request.id).detail)
    assert detail == "วันที่ในใบรับรองไม่ถูกต้อง ยกเลิกข่าวด้วย"
    mail = rows(Mail, Mail.template == "request_received")
    assert len(mail) == 1
    assert rows(Conversation)[0].flow is None


def test_a_note_may_be_500_characters_and_not_501(member, rows):
    chat = member()
    chat.posts("a=rights_correct")
    said = words(chat.says("ก" * 501))
    assert "501" in said
    assert requests(rows, RequestKind.CORRECT) == []
    chat.says("ก" * 500)
    assert len(requests(rows, RequestKind.CORRECT)) == 1


def test_a_second_note_is_added_to_the_open_request(member, rows, database):
    chat = member()
    for note in ("ข้อแรกไม่ถูก", "ข้อสองก็ไม่ถูก"):
        chat.posts("a=rights_correct")
        chat.says(note)

    (request,) = requests(rows, RequestKind.CORRECT)
    detail = database.read(lambda session: session.get(PrivacyRequest, request.id).detail)
    assert detail == "ข้อแรกไม่ถูก\nข้อสองก็ไม่ถูก"
    assert len(rows(Mail, Mail.template == "request_received")) == 1


@pytest.mark.parametrize(("gone", "left"), [(0, "ข้อสองก็ไม่ถูก\nทั้งสองบรรทัด"), (1, "ข้อแรกไม่ถูก")])
def test_a_note_goes_with_its_message(gone, left, member, line, rows, database):
    chat, notes = member(), ("ข้อแรกไม่ถูก", "ข้อสองก็ไม่ถูก\nทั้งสองบรรทัด")
    said = []
    for note in notes:
        chat.posts("a=rights_correct")
        said.append(line.text(chat.user_id, note))
    line.unsend(chat.user_id, said[gone]["message"]["id"])

    (request,) = requests(rows, RequestKind.CORRECT)
    detail = database.read(lambda session: session.get(PrivacyRequest, request.id).detail)
    assert detail == left
    line.unsend(chat.user_id, said[1 - gone]["message"]["id"])
    (request,) = requests(rows, RequestKind.CORRECT)
    assert request.detail_sealed is None
    assert request.state is RequestState.ACKNOWLEDGED, "it was asked all the same"


def test_a_note_can_be_left_unwritten(member, rows):
    chat = member()
    chat.posts("a=rights_correct")
    chat.says("ยกเลิก")

    assert requests(rows, RequestKind.CORRECT) == []
    assert rows(Conversation)[0].flow is None


@LANGUAGES
def test_withdrawing_opens_an_erasure_with_its_clock(language, member, rows):
    chat = member(language)
    t = language_of(chat)
    chat.says(WORDS[language])
    tap(chat, "Withdraw")
    assert rows(Account)[0].state is AccountState.ACTIVE, "nothing happens before it is confirmed"
    said = words(tap(chat, "Withdraw"))

    assert t("You have withdrawn, and your account is closed.") in said
    assert rows(Learner)[0].state is LearnerState.WITHDRAWN
    assert rows(Account)[0].state is AccountState.CLOSED
    for purpose in Purpose:
        assert states(rows, purpose) == [ConsentState.GIVEN, ConsentState.WITHDRAWN]
    (withdrawal,) = requests(rows, RequestKind.WITHDRAW)
    assert withdrawal.state is RequestState.DONE
    (erasure,) = requests(rows, RequestKind.ERASE)
    assert erasure.state is RequestState.ACKNOWLEDGED
    assert (erasure.due_at - erasure.opened_at).days == 90
    assert rows(Inquiry) == []


@LANGUAGES
def test_erasing_leaves_no_data_and_the_reply_still_arrives(
    language, member, rows, all_words, engine
):
    chat = member(language)
    t = language_of(chat)
    chat.says(WORDS[language])
    told = words(tap(chat, "Erase"))
    assert t("Erase all my data?") in told
    assert len(rows(Learner)) == 1
    said = words(tap(chat, "Erase everything"))

    assert t("Your data has been erased") in said
    assert t("Register") in chat.labels(), "the menu is a stranger's"
    for model in (Learner, Account, PortalAccount, Conversation):
        assert rows(model) == []
    left = all_words()
    for canary in (NAME, EMAIL, "+66812345678", chat.user_id):
        assert canary not in left
    (request,) = requests(rows, RequestKind.ERASE)
    assert request.state is RequestState.DONE
    assert number(request.id) in said
    assert len(rows(Erasure)) == 1
    assert ConsentState.GIVEN in states(rows, Purpose.ENROLMENT), "the proof stays"


@LANGUAGES
def test_after_an_erasure_the_person_is_a_stranger_and_can_register_again(
    language, member, rows, client
):
    chat = member(language)
    t = language_of(chat)
    chat.posts("a=rights_erase")
    tap(chat, "Erase everything")
    before = len(rows(ConsentEvent))
    said = words(chat.posts("a=account"))
    assert t("You have no account here yet. Registering takes about three minutes.") in said
    register(chat)

    (learner,) = rows(Learner)
    (conversation,) = rows(Conversation)
    assert learner.conversation_id == conversation.id
    old = {event.subject_id for event in rows(ConsentEvent)[:before]}
    assert conversation.id not in old, "nothing ties the proof that is left to the newcomer"
    link = chat.opens(t("Show my password")).removeprefix("https://bot.example.test")
    assert client.post(link).status_code == 200


def test_erasing_answers_what_else_was_asked_for(member, rows):
    chat = member()
    chat.posts("a=rights_correct")
    chat.says("ชื่อบนใบรับรองไม่ถูก")
    chat.posts("a=rights_erase")
    tap(chat, "Erase everything")

    assert {one.state for one in rows(PrivacyRequest)} == {RequestState.DONE}
    assert all(one.detail_sealed is None for one in rows(PrivacyRequest))


@pytest.mark.parametrize("typed", ["ใช่", "yes", "ลบทั้งหมด"])
def test_typing_does_not_erase(typed, member, rows):
    chat = member()
    chat.posts("a=rights_erase")
    chat.says(typed)

    assert len(rows(Learner)) == 1
    assert requests(rows, RequestKind.ERASE) == []


def test_keeping_changes_nothing(member, rows):
    chat = member()
    chat.posts("a=rights_erase")
    tap(chat, "Keep my data")

    assert len(rows(Learner)) == 1
    assert rows(PrivacyRequest) == []


@LANGUAGES
def test_a_stranger_is_shown_the_way_to_register(language, someone, rows):
    chat = someone("มะลิ", language)
    chat.adds_the_account()
    t = language_of(chat)

    def shows_the_way(action):
        said = words(chat.posts(f"a={action}"))
        assert t("You have no account here yet. Registering takes about three minutes.") in said
        assert rows(PrivacyRequest) == []

    wishes = ("rights_object", "rights_restrict", "rights_unrestrict", "rights_correct", "withdraw")
    every({action: action for action in wishes}, shows_the_way)


@LANGUAGES
def test_a_stranger_sees_and_erases_what_little_is_kept(language, someone, rows):
    chat = someone("มะลิ", language)
    chat.adds_the_account()
    t = language_of(chat)
    said = words(chat.says(WORDS[language]))
    little = (
        "You have not registered, so we keep little: where this chat stands, its language, and "
        "what you asked of us or agreed to here. “Download” shows all of it."
    )
    assert t(little) in said
    tap(chat, "Download")
    assert chat.opens(t("Get my data")).startswith("https://bot.example.test/s/data/")
    chat.says(WORDS[language])
    tap(chat, "Erase")
    assert t("Your data has been erased") in words(tap(chat, "Erase everything"))

    assert rows(Conversation) == []
    assert rows(Erasure) != []
    assert words(chat.says("help"))


def test_a_wish_to_be_erased_in_the_middle_of_registering_forgets_the_draft(
    someone, rows, all_words
):
    chat = someone("มะลิ")
    chat.adds_the_account()
    tap(chat, "Register")
    tap(chat, "I agree")
    tap(chat, "20 years and over")
    chat.says("กานดา คานารี")
    chat.posts("a=rights_erase")
    tap(chat, "Erase everything")

    assert "คานารี" not in all_words()
    assert rows(Conversation) == []
