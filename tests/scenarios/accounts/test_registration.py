"""The way from the first hello to the one-time link, in Thai and in English."""

from dataclasses import dataclass

import pytest
from sqlalchemy import select

from bot.texts import policy
from models.account import Account, AccountState
from models.consent import ConsentEvent, ConsentState, Purpose
from models.conversation import Conversation, Language
from models.inbox import WebhookEvent
from models.learner import AgeBand, Learner
from models.portal import PortalAccount
from tests.chat import words

pytestmark = pytest.mark.usefixtures("by_chat")


@dataclass(frozen=True)
class Script:
    """What one person taps and types, with the labels that stand on their phone."""

    language: str
    register: str
    agree: str
    grown_up: str
    name: str
    phone: str
    slip: str
    correct: str
    line_id: str
    yes: str
    no: str
    confirm: str
    password: str
    mentions: tuple[str, ...]  # what the consent card says


THAI = Script(
    language="th",
    register="สมัครเรียน",
    agree="ยินยอม",
    grown_up="20 ปีขึ้นไป",
    name="สมชาย ใจดี",
    phone="๐๘๑-๒๓๔ ๕๖๗๘",
    slip="Somchai.J@gmial.com",
    correct="ใช่ แก้ให้เลย",
    line_id="Somchai.J",
    yes="รับข่าวสาร",
    no="ไม่รับข่าวสาร",
    confirm="ยืนยันและสมัคร",
    password="ดูรหัสผ่าน",
    mentions=("ชื่อ-นามสกุล", "เบอร์โทรศัพท์", "อีเมล", "LINE ID", "ถอนความยินยอมได้ทุกเมื่อ"),
)
ENGLISH = Script(
    language="en",
    register="Register",
    agree="I agree",
    grown_up="20 years and over",
    name="Somchai Jaidee",
    phone="+66 (0)81 234 5678",
    slip="Somchai.J@gmial.com",
    correct="Yes, correct it",
    line_id="Somchai.J",
    yes="Yes, please",
    no="No, thank you",
    confirm="Confirm and register",
    password="Show my password",
    mentions=("full name", "phone number", "e-mail", "LINE ID", "withdraw at any time"),
)
BOTH = pytest.mark.parametrize("script", [THAI, ENGLISH], ids=["thai", "english"])


def walk(chat, script):
    """The whole story; what was said at each turn."""
    said = [chat.adds_the_account(), chat.taps(script.register), chat.taps(script.agree)]
    said += [chat.taps(script.grown_up)]
    said += [chat.says(text) for text in (script.name, script.phone, script.slip)]
    said += [chat.taps(script.correct), chat.says(script.line_id)]
    said += [chat.taps(script.yes), chat.taps(script.no)]
    return [*said, chat.taps(script.confirm)]


@BOTH
def test_it_ends_with_the_one_time_link_and_costs_nothing(script, someone, platform, client):
    chat = someone("มะลิ", script.language)
    turns = walk(chat, script)

    assert all(turns), "every act was answered"
    link = chat.opens(script.password)
    assert link.startswith("https://bot.example.test/s/")
    path = link.removeprefix("https://bot.example.test")
    assert client.get(path).status_code == 200
    assert client.post(path).status_code == 200
    assert platform.paid == 0
    assert platform.free == len(turns)
    assert [call for call in platform.calls if call.status >= 400] == []


@BOTH
def test_one_learner_and_one_account_come_of_it(script, someone, database, rows):
    walk(someone("มะลิ", script.language), script)

    def details(session):
        learner = session.scalars(select(Learner)).one()
        return learner.name, learner.phone, learner.email, learner.line_id, learner.age_band

    assert database.read(details) == (
        script.name,
        "+66812345678",
        "Somchai.J@gmail.com",
        "somchai.j",
        AgeBand.FROM_20,
    )
    (account,) = rows(Account)
    (theirs,) = rows(PortalAccount)
    assert account.state is AccountState.ACTIVE
    assert (theirs.external_key, theirs.username) == (account.id, account.username)
    (conversation,) = rows(Conversation)
    assert (conversation.flow, conversation.step, conversation.draft_sealed) == (None, None, None)
    assert conversation.language == script.language


@BOTH
def test_the_ledger_holds_what_was_said_to_which_words(script, someone, rows):
    chat = someone("มะลิ", script.language)
    turns = walk(chat, script)

    events = sorted(rows(ConsentEvent), key=lambda event: event.id)
    assert [(event.purpose, event.state) for event in events] == [
        (Purpose.ENROLMENT, ConsentState.GIVEN),
        (Purpose.LINE_NEWS, ConsentState.GIVEN),
        (Purpose.EMAIL_NEWS, ConsentState.REFUSED),
    ]
    known = {event.id: event.kind for event in rows(WebhookEvent)}
    assert [known[event.webhook_event_id] for event in events] == ["postback"] * 3
    assert len({event.webhook_event_id for event in events}) == 3
    # The card, and the two questions, word for word as they stood in the chat.
    card, line_news, email_news = turns[1], turns[8], turns[9]
    assert events[0].text == words(card).partition("\n")[2]
    assert words(line_news) == f"6/7\n{events[1].text}"
    assert words(email_news) == f"7/7\n{events[2].text}"
    for event in events:
        assert event.language is Language(script.language)
        assert event.notice_version == policy.CURRENT
        assert event.notice_hash == policy.text_hash(policy.CURRENT)
        assert (event.channel, event.actor) == ("line", "self")


@BOTH
def test_each_record_has_the_sections_of_27560(script, someone, rows):
    walk(someone("มะลิ", script.language), script)

    for event in rows(ConsentEvent):
        header, processing = event.record["header"], event.record["processing"]
        assert header == {
            "schemaVersion": "ISO/IEC TS 27560:2023",
            "recordId": event.id,
            "piiPrincipalId": event.subject_id,
        }
        for mandatory in (
            "privacyNotice",
            "language",
            "purpose",
            "piiInformation",
            "piiControllers",
            "storageLocations",
            "retentionPeriod",
            "jurisdiction",
            "recipientThirdParties",
            "withdrawalMethod",
        ):
            assert processing[mandatory], mandatory
        assert processing["language"] == script.language
        assert event.notice_hash in processing["privacyNotice"]
        (party,) = event.record["parties"]
        assert set(party) >= {"partyId", "name", "address", "contact", "type"}


@BOTH
def test_exactly_the_four_details_are_asked(script, someone, database):
    chat = someone("มะลิ", script.language)
    turns = walk(chat, script)

    card = words(turns[1])
    assert all(mention in card for mention in script.mentions)
    sealed = {column.name for column in Learner.__table__.columns if "_sealed" in column.name}
    assert sealed == {
        "line_user_id_sealed",  # LINE's own name for the chat; nobody is asked for it
        "name_sealed",
        "phone_sealed",
        "email_sealed",
        "line_id_sealed",
    }
    # The questions between the age group and the news are four, and the slip's.
    asked = [words(turn) for turn in turns[3:8]]
    for marks, text in zip(
        (("สมชาย ใจดี",), ("081-234-5678",), ("@gmail.com",), ("gmial",), ("LINE ID",)),
        asked,
        strict=True,
    ):
        assert all(mark in text for mark in marks)


@BOTH
def test_the_card_comes_before_any_question(script, someone, all_words):
    chat = someone("มะลิ", script.language)
    chat.adds_the_account()
    chat.taps(script.register)

    assert script.agree in chat.labels()
    stored = all_words()
    assert chat.user_id not in stored
    assert "มะลิ" not in stored


def test_a_receipt_comes_at_once_with_the_page_that_shows_it(someone, client):
    chat = someone("มะลิ")
    chat.adds_the_account()
    chat.taps("สมัครเรียน")
    said = words(chat.taps("ยินยอม"))

    assert "หลักฐานความยินยอม" in said
    assert "23 พฤศจิกายน 2569" in said
    page = chat.opens("เปิดหลักฐาน").removeprefix("https://bot.example.test")
    assert client.get(page).status_code == 200


def test_the_summary_shows_every_detail_as_it_will_be_kept(someone):
    chat = someone("มะลิ")
    shown = words(walk(chat, THAI)[-2])

    for text in ("สมชาย ใจดี", "081-234-5678", "Somchai.J@gmail.com", "somchai.j"):
        assert text in shown
