"""My account: what a learner sees there, news in one tap, and withdrawing altogether."""

import pytest

from models.account import Account, AccountState
from models.consent import ConsentEvent, ConsentState, Purpose
from models.conversation import Conversation
from models.learner import Learner, LearnerState
from models.portal import PortalAccount
from models.privacy import PrivacyRequest, RequestKind, RequestState
from tests.chat import words
from tests.samples import every
from tests.scenarios.story import EMAIL, LINE_ID, PHONE, language_of, register, tap, tapping
from tests.traces import PHONE_END

YES, NO = "Yes, please", "No, thank you"
NEWS = (Purpose.LINE_NEWS, Purpose.EMAIL_NEWS)


def history(rows, purpose):
    return [event.state for event in rows(ConsentEvent) if event.purpose is purpose]


def news_button(chat, label, purpose):
    """The small button beside one kind of news on the newest account card."""
    for bubble in reversed(chat.bubbles()):
        found = [
            action
            for action in _actions(bubble.message)
            if action.get("label") == label and f"p={purpose}" in action.get("data", "")
        ]
        if found:
            return found[0]
    raise AssertionError(f"no button {label} for {purpose}")


def _actions(part):
    if isinstance(part, dict):
        if part.get("type") == "postback":
            yield part
        for value in part.values():
            yield from _actions(value)
    elif isinstance(part, list):
        for item in part:
            yield from _actions(item)


@pytest.mark.parametrize("line_news", [YES, NO])
@pytest.mark.parametrize("email_news", [YES, NO])
def test_every_answer_to_the_news_leads_to_the_link(line_news, email_news, someone, rows, client):
    chat = someone("มะลิ")
    said = words(register(chat, line_news=tapping(line_news), email_news=tapping(email_news)))

    link = chat.opens("ดูรหัสผ่าน").removeprefix("https://bot.example.test")
    assert client.post(link).status_code == 200
    expected = {YES: ConsentState.GIVEN, NO: ConsentState.REFUSED}
    assert history(rows, Purpose.LINE_NEWS) == [expected[line_news]]
    assert history(rows, Purpose.EMAIL_NEWS) == [expected[email_news]]
    assert said.count("หลักฐานความยินยอม") == [line_news, email_news].count(YES)
    card = words(chat.says("บัญชีของฉัน"))
    assert card.count("เริ่มรับ") == [line_news, email_news].count(NO)
    assert card.count("หยุดรับ") == [line_news, email_news].count(YES)


@pytest.mark.parametrize("language", ["th", "en"])
def test_registering_again_shows_the_account(language, someone, rows):
    chat = someone("มะลิ", language)
    register(chat)
    said = words(chat.posts("a=register"))

    assert language_of(chat)("You are registered already. This is your account:") in said
    (account,) = rows(Account)
    assert account.username in said
    assert len(rows(Learner)) == 1


def test_the_card_hides_what_need_not_be_read_over_a_shoulder(someone):
    chat = someone("มะลิ")
    register(chat)
    card = words(chat.says("บัญชีของฉัน"))

    for whole in (EMAIL, LINE_ID, PHONE, "+66812345678", "ใจดี"):
        assert whole not in card
    assert "081-2" in card
    assert not PHONE_END.search(card), "the last four digits are the second proof of a reset"


@pytest.mark.parametrize("purpose", NEWS)
@pytest.mark.parametrize("language", ["th", "en"])
def test_news_is_stopped_with_one_tap(purpose, language, someone, rows, platform):
    chat = someone("มะลิ", language)
    register(chat, line_news=tapping(YES), email_news=tapping(YES))
    chat.says("account")
    t = language_of(chat)
    before = len(platform.calls)
    platform.tap(chat.user_id, news_button(chat, t("Stop"), purpose))
    said = words(chat.heard())

    assert history(rows, purpose) == [ConsentState.GIVEN, ConsentState.WITHDRAWN]
    other = next(one for one in NEWS if one is not purpose)
    assert history(rows, other) == [ConsentState.GIVEN]
    assert t("Consent receipt") in said
    assert len(platform.calls) == before + 1
    assert rows(Account)[0].state is AccountState.ACTIVE


@pytest.mark.parametrize("purpose", NEWS)
def test_news_is_never_begun_without_its_question(purpose, someone, rows, platform):
    chat = someone("มะลิ")
    register(chat)
    chat.says("บัญชีของฉัน")
    platform.tap(chat.user_id, news_button(chat, "เริ่มรับ", purpose))
    chat.heard()
    assert history(rows, purpose) == [ConsentState.REFUSED]
    chat.says("ครับ")
    assert history(rows, purpose) == [ConsentState.REFUSED], "a typed yes is no consent"
    chat.taps("รับข่าวสาร")

    assert history(rows, purpose) == [ConsentState.REFUSED, ConsentState.GIVEN]
    event = rows(ConsentEvent)[-1]
    assert event.valid_until is not None
    assert (event.valid_until - event.at).days == 730


def test_news_runs_out_after_its_time(someone, rows, clock, platform):
    chat = someone("มะลิ")
    register(chat, line_news=tapping(YES))
    clock.advance(days=729)
    assert "หยุดรับ" in words(chat.says("บัญชีของฉัน"))
    clock.advance(days=2)
    assert "หยุดรับ" not in words(chat.says("บัญชีของฉัน"))


@pytest.mark.parametrize("data", ["a=news_off", "a=news_off&p=enrolment", "a=news_on&p=x%00"])
def test_forged_news_buttons_change_nothing(data, someone, rows):
    chat = someone("มะลิ")
    register(chat, line_news=tapping(YES))
    before = len(rows(ConsentEvent))

    assert chat.posts(data)
    assert len(rows(ConsentEvent)) == before
    assert rows(Conversation)[0].flow is None


@pytest.mark.parametrize("language", ["th", "en"])
def test_withdrawing_closes_the_account_and_stops_all_news(language, someone, rows, client):
    chat = someone("มะลิ", language)
    register(chat, line_news=tapping(YES), email_news=tapping(YES))
    t = language_of(chat)
    link = chat.opens(t("Show my password")).removeprefix("https://bot.example.test")
    chat.says("account")
    told = words(tap(chat, "Withdraw"))
    assert ("ปิดทันที" if language == "th" else "closed at once") in told
    assert rows(Account)[0].state is AccountState.ACTIVE, "nothing happens before it is confirmed"
    said = words(tap(chat, "Withdraw"))

    assert t("You have withdrawn, and your account is closed.") in said
    assert t("Consent receipt") in said
    (account,) = rows(Account)
    assert (account.state, account.due_at) == (AccountState.CLOSED, None)
    assert rows(PortalAccount)[0].closed_at is not None
    assert rows(Learner)[0].state is LearnerState.WITHDRAWN
    for purpose in Purpose:
        assert history(rows, purpose) == [ConsentState.GIVEN, ConsentState.WITHDRAWN]
    (erasure,) = rows(PrivacyRequest, PrivacyRequest.kind == RequestKind.ERASE)
    assert erasure.state is RequestState.ACKNOWLEDGED
    assert client.post(link).status_code == 410, "a link that was on its way is dead"


def test_keeping_the_account_changes_nothing(someone, rows):
    chat = someone("มะลิ")
    register(chat)
    chat.says("บัญชีของฉัน")
    tap(chat, "Withdraw")
    assert "เหมือนเดิม" in words(tap(chat, "Keep my account"))

    assert rows(Account)[0].state is AccountState.ACTIVE
    assert history(rows, Purpose.ENROLMENT) == [ConsentState.GIVEN]


@pytest.mark.parametrize("typed", ["ใช่", "yes", "ถอนความยินยอม"])
def test_typing_does_not_withdraw(typed, someone, rows):
    chat = someone("มะลิ")
    register(chat)
    chat.posts("a=withdraw")
    chat.says(typed)

    assert rows(Account)[0].state is AccountState.ACTIVE
    assert rows(Conversation)[0].step == "withdrawing"


def test_after_withdrawing_every_way_in_says_so(someone, rows):
    chat = someone("มะลิ")
    register(chat)
    chat.posts("a=withdraw")
    tap(chat, "Withdraw")

    assert "บัญชีของคุณปิดแล้ว" in words(chat.posts("a=link"))
    assert "ดูรหัสผ่าน" not in chat.labels()
    assert "คุณเคยถอนความยินยอมไว้" in words(chat.posts("a=register"))
    assert "คุณถอนความยินยอมและปิดบัญชีไปแล้ว" in words(chat.posts("a=withdraw"))
    assert "ปิดบัญชีไปแล้ว" in words(chat.posts("a=account"))
    assert chat.posts("a=news_on&p=line_news")
    assert history(rows, Purpose.LINE_NEWS) == [ConsentState.REFUSED]
    assert len(rows(Learner)) == len(rows(Account)) == 1


@pytest.mark.parametrize("language", ["th", "en"])
def test_a_stranger_is_shown_the_way_to_register(language, someone, rows):
    chat = someone("มะลิ", language)
    chat.adds_the_account()
    t = language_of(chat)

    def shows_the_way(action):
        said = words(chat.posts(f"a={action}&p=line_news"))
        assert t("You have no account here yet. Registering takes about three minutes.") in said
        assert t("Register") in chat.labels()
        assert rows(ConsentEvent) == []

    actions = ("account", "link", "withdraw", "news_on", "news_off")
    every({action: action for action in actions}, shows_the_way)


def test_a_first_link_comes_again_while_it_is_unused_and_a_newer_one_replaces_it(
    someone, client, clock
):
    chat = someone("มะลิ")
    register(chat)

    def link():
        return chat.opens("ดูรหัสผ่าน").removeprefix("https://bot.example.test")

    first = link()
    chat.says("ขอลิงก์")
    assert link() == first
    assert "ขอลิงก์รหัสผ่านใหม่" not in chat.labels(), "one button"
    clock.advance(minutes=6)
    chat.says("ขอลิงก์")
    second = link()
    assert first != second
    assert client.post(first).status_code == 410
    assert client.post(second).status_code == 200
