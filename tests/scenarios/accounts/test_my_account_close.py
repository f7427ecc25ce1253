"""Closing one's account by chat: told first, done at once, and kindly open to coming back."""

import pytest
from sqlalchemy import select

from bot.runtime import mailing
from bot.services.consent import consents
from bot.services.consent.consents import ConsentStatement
from bot.services.learners import closing
from models.account import Account, AccountState
from models.consent import ConsentEvent, ConsentState, Purpose
from models.conversation import Conversation
from models.inquiry import Inquiry
from models.learner import AgeBand, Learner, LearnerState
from models.portal import PortalAccount
from models.subscription import Subscription
from tests.chat import words
from tests.scenarios.story import EMAIL, NAME, language_of, register, tap, tapping

YES = "Yes, please"


def close(chat):
    chat.posts("a=close")
    return words(tap(chat, "Close account"))


@pytest.mark.parametrize("language", ["th", "en"])
def test_closing_ends_the_way_in_and_all_news(
    language, someone, rows, database, clock, client, bot, mailbox
):
    chat = someone("มะลิ", language)
    register(chat, line_news=tapping(YES), email_news=tapping(YES))
    t = language_of(chat)
    link = chat.opens(t("Show my password")).removeprefix("https://bot.example.test")
    said = words(chat.says("ปิดบัญชี" if language == "th" else "close my account"))
    assert t("Close your account?") in said
    assert rows(Learner)[0].state is LearnerState.ACTIVE, "nothing happens before it is confirmed"
    assert t("Your account is closed, and all news has stopped. Thank you.") in words(
        tap(chat, "Close account")
    )

    (learner,) = rows(Learner)
    assert (learner.state, learner.closed_at) == (LearnerState.CLOSED, clock())
    assert (rows(Account)[0].state, rows(Account)[0].due_at) == (AccountState.CLOSED, None)
    assert rows(PortalAccount)[0].closed_at is not None
    assert rows(Subscription) == []
    for purpose in (Purpose.LINE_NEWS, Purpose.EMAIL_NEWS):
        events = rows(ConsentEvent, ConsentEvent.purpose == purpose)
        assert events[-1].state is ConsentState.WITHDRAWN
        assert t("Close your account?") not in events[-1].text
        assert "E-Learning" in events[-1].text
    assert client.post(link).status_code == 410, "a link that was on its way is dead"
    mailing.drain(bot)
    told = {
        "th": "ปิดบัญชี English Planet ของคุณแล้ว",
        "en": "Your English Planet account is closed",
    }
    assert told[language] in [mail.subject for mail in mailbox.of(EMAIL)]


def test_the_details_stay_for_their_time_and_the_enrolment_is_not_withdrawn(
    someone, rows, database
):
    chat = someone("มะลิ")
    register(chat)
    close(chat)
    assert database.read(lambda s: s.scalars(select(Learner)).one().name) == NAME
    states = [
        event.state for event in rows(ConsentEvent, ConsentEvent.purpose == Purpose.ENROLMENT)
    ]
    assert states == [ConsentState.GIVEN]


@pytest.mark.parametrize("typed", ["ใช่", "yes", "ปิดบัญชี", "ครับ"])
def test_typing_does_not_close(typed, someone, rows):
    chat = someone("มะลิ")
    register(chat)
    chat.posts("a=close")
    chat.says(typed)
    assert rows(Learner)[0].state is LearnerState.ACTIVE


def test_keeping_the_account_changes_nothing(someone, rows):
    chat = someone("มะลิ")
    register(chat)
    chat.posts("a=close")
    assert "เหมือนเดิม" in words(tap(chat, "Go on with my account"))
    assert rows(Learner)[0].state is LearnerState.ACTIVE
    assert rows(Conversation)[0].flow is None


@pytest.mark.parametrize("asked", ["สวัสดี", "เมนู", "บัญชีของฉัน", "แก้ไขข้อมูล", "ปิดบัญชี"])
def test_whoever_closed_and_writes_again_is_met_kindly(asked, someone, rows):
    chat = someone("มะลิ")
    register(chat)
    close(chat)
    said = words(chat.says(asked))

    assert "กลับมาเรียนกับเราได้เสมอ" in said
    assert "23 พฤศจิกายน 2569" in said
    assert "ถามเจ้าหน้าที่" in chat.labels()
    tap(chat, "Ask our staff")
    assert [inquiry.topic for inquiry in rows(Inquiry)] == ["account"]
    assert len(rows(Learner)) == 1


def test_tapping_twice_closes_once(someone, rows, line):
    chat = someone("มะลิ")
    register(chat, line_news=tapping(YES))
    chat.posts("a=close")
    button = chat.button("ปิดบัญชี")["data"]
    chat.posts(button)
    before = len(rows(ConsentEvent))
    assert chat.posts(button)
    assert len(rows(ConsentEvent)) == before


@pytest.mark.parametrize("band", list(AgeBand))
def test_up_to_ten_years_the_guardian_closes(band, someone, rows, database):
    chat = someone("มะลิ")
    register(chat)
    database.write(lambda s: setattr(s.scalars(select(Learner)).one(), "age_band", band))
    said = words(chat.posts("a=close"))
    if band is AgeBand.UP_TO_10:
        assert "ผู้ปกครองเป็นผู้ปิดบัญชี" in said
        assert rows(Conversation)[0].flow is None
    else:
        tap(chat, "Close account")
    is_closed = rows(Learner)[0].state is LearnerState.CLOSED
    assert is_closed == (band is not AgeBand.UP_TO_10)


def test_what_a_guardian_agreed_to_ends_as_well(someone, rows, database, clock, settings):
    chat = someone("มะลิ")
    register(chat)

    def agree(session):
        conversation = session.scalars(select(Conversation)).one()
        for actor in (consents.SELF, consents.GUARDIAN):
            consents.record(
                session,
                conversation,
                Purpose.LINE_NEWS,
                ConsentState.GIVEN,
                ConsentStatement("x", actor=actor),
                settings.school,
                clock(),
            )
        session.scalars(select(Learner)).one().age_band = AgeBand.FROM_11_TO_19

    database.write(agree)
    clock.advance(seconds=1)
    close(chat)
    subject = rows(Conversation)[0].id
    assert not database.read(lambda s: consents.holds(s, subject, Purpose.LINE_NEWS, clock()))


def test_closing_twice_at_once_is_closing_once(someone, rows, database, clock, settings):
    chat = someone("มะลิ")
    register(chat, line_news=tapping(YES))

    def once():
        def unit(session):
            learner = session.scalars(select(Learner)).one()
            said = ConsentStatement("x", channel="portal")
            found = closing.close(session, learner, "local", said, settings.school, clock())
            return found is not None

        return database.write(unit)

    assert [once(), once()] == [True, False]
    assert len(rows(ConsentEvent, ConsentEvent.state == ConsentState.WITHDRAWN)) == 1
