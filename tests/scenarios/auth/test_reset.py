"""A forgotten password: asked for in the chat, proven on the page, told on every channel."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.services.auth import resets, tokens
from bot.texts import translator
from bot.texts.dates import shown_clock, shown_time
from handlers.line.credentials import wait_card
from models.account import Account
from models.audit import AuditEntry
from models.mail import Mail
from models.outbox import Push
from models.secret_link import LinkPurpose, SecretLink
from tests.chat import words
from tests.clock import FakeClock
from tests.portal.snapshots import fingerprint
from tests.scenarios.auth.resetting import (
    DIGITS,
    OWN_PASSWORD,
    THAI_DIGITS,
    WORDS,
    Browser,
    ask,
    path_of,
    reset,
    settle,
    shown,
)
from tests.scenarios.story import EMAIL, language_of, register

FIRST = (
    "I give a new password through a link that opens once, and only in the LINE chat of the "
    "person who registered."
)
LANGUAGES = pytest.mark.parametrize("language", ["th", "en"])


@LANGUAGES
def test_a_reset_from_the_words_to_the_new_password(
    language, someone, app, rows, engine, all_words
):
    chat = someone("มะลิ", language)
    first, browser = settle(chat, app)
    t = language_of(chat)
    said = words(chat.says(WORDS[language]))
    assert said.startswith(t(FIRST))
    assert first.username in said
    path = path_of(chat, "Get a new password")
    assert path.startswith("/s/reset/")

    before = fingerprint(engine.bot.database)
    page = Browser(app.test_client()).get(path)
    assert page.status_code == 200
    assert t("Last {digits} digits of your phone number", digits=4) in page.text
    assert fingerprint(engine.bot.database) == before
    assert browser.get("/portal").status_code == 200, "until the POST nothing changes"

    phone = Browser(app.test_client())
    wrong = phone.post(path, {"digits": "0000"})
    assert wrong.status_code == 422
    assert t("These digits are not right. {left} tries are left.", left=4) in wrong.text
    assert browser.get("/portal").status_code == 200, "a wrong try changes nothing either"
    right = phone.post(path, {"digits": THAI_DIGITS})
    assert right.status_code == 200
    new = shown(right.text)
    assert new.username == first.username

    assert browser.get("/portal").location.startswith("/portal/sign-in")
    assert browser.sign_in(first.username, OWN_PASSWORD).status_code == 403
    assert browser.sign_in(first.username, first.password).status_code == 403
    assert browser.sign_in(new.username, new.password).status_code == 303
    assert browser.get("/portal").location.startswith("/portal/password")
    assert phone.post(path, {"digits": DIGITS}).status_code == 410

    engine.drain_pushes()
    notice = words(chat.heard())
    assert t("Your password was reset") in notice
    assert shown_time(engine.bot.clock(), language) in notice
    assert t("Freeze my account") in chat.labels()
    assert new.password not in all_words()
    assert path.removeprefix("/s/reset/").split("?")[0] not in all_words()
    to, letter = engine.bot.database.read(read_notice)
    assert to == EMAIL
    assert "/s/freeze/" in letter
    assert shown_time(engine.bot.clock(), language) in letter
    done = [entry.action for entry in sorted(rows(AuditEntry), key=lambda entry: entry.seq)]
    since = done.index("link:refuse")
    assert done[since : since + 4] == [
        "link:refuse",
        "link:open",
        "password:issue",
        "reset:notice",
    ]


def read_notice(session):
    """The address and the words of the one notice that went by mail."""
    mail = session.scalars(select(Mail).where(Mail.template == "reset_notice")).one()
    return mail.to, mail.text


@LANGUAGES
def test_a_stranger_gets_the_same_first_words_and_is_led_to_registering(
    language, someone, rows, app
):
    settle(someone("มะลิ", language), app)
    stranger = someone("คนแปลกหน้า", language)
    stranger.adds_the_account()
    t = language_of(stranger)
    said = words(stranger.says(WORDS[language]))
    assert said.startswith(t(FIRST))
    assert t("You have no account here yet. Registering takes about three minutes.") in said
    assert t("Register") in stranger.labels()
    assert t("Move my account here") in stranger.labels()
    assert rows(SecretLink, SecretLink.purpose == LinkPurpose.PASSWORD_RESET) == []


@pytest.mark.parametrize(
    "typed",
    ["0812345678", "somchai.jd@gmail.com", "สมชาย ใจดี ลืมรหัสผ่าน", "reset 081-234-5678", "link"],
)
def test_nothing_typed_makes_the_bot_tell_of_somebody_elses_account(typed, someone, app):
    """The same words to a stranger whether those details are somebody's or nobody's."""
    stranger = someone("คนแปลกหน้า")
    stranger.adds_the_account()
    nobody = words(stranger.says(typed))
    settle(someone("มะลิ"), app)
    assert words(stranger.says(typed)) == nobody


@LANGUAGES
def test_three_an_hour_and_then_the_clock_says_when(language, someone, app, clock, rows):
    chat = someone("มะลิ", language)
    settle(chat, app)
    t, began = language_of(chat), clock()
    for _ in range(3):
        ask(chat)
        clock.advance(minutes=10)
    said = words(chat.says(WORDS[language]))
    assert t("Please wait a little") in said
    assert shown_time(began + timedelta(hours=1), language) in said
    assert t("Open the last link") not in chat.labels(), "it has ended"
    assert len(resets_of(rows)) == 3
    clock.time = began + timedelta(hours=1) - timedelta(seconds=1)
    assert t("Please wait a little") in words(chat.says(WORDS[language]))
    clock.time = began + timedelta(hours=1)
    assert "/s/reset/" in ask(chat)


@LANGUAGES
def test_the_wait_says_that_the_last_link_still_works(language, someone, app, clock, rows):
    chat = someone("มะลิ", language)
    settle(chat, app)
    t, began = language_of(chat), clock()
    for _ in range(2):
        reset(chat, app)
    last = ask(chat)
    clock.advance(minutes=6)
    said = words(chat.says(WORDS[language]))
    ends = shown_clock(began + tokens.LINK_LIFE, language)
    assert t("Your last link is unused and still works until {clock}.", clock=ends) in said
    assert shown_time(began + timedelta(hours=1), language) in said
    assert path_of(chat, "Open the last link") == last
    assert len(resets_of(rows)) == 3
    answer = Browser(app.test_client()).post(last, {"digits": DIGITS})
    assert answer.status_code == 200
    assert t("Open the last link") not in labels_after(chat, WORDS[language])


def labels_after(chat, typed):
    chat.says(typed)
    return chat.labels()


def resets_of(rows):
    """Every link to a reset that was made."""
    return rows(SecretLink, SecretLink.purpose == LinkPurpose.PASSWORD_RESET)


@LANGUAGES
def test_an_unused_link_is_given_again_and_counts_once(language, someone, app, clock, rows):
    chat = someone("มะลิ", language)
    settle(chat, app)
    t, first = language_of(chat), ask(chat)
    ends = shown_clock(clock() + tokens.LINK_LIFE, language)
    again = t("You have not used this link yet, so here it is again. It works until {clock}.")
    assert again.split("{clock}")[0] not in words(chat.heard())
    for _ in range(5):
        clock.advance(minutes=1)
        said = words(chat.says(WORDS[language]))
        assert again.replace("{clock}", ends) in said
        assert path_of(chat, "Get a new password") == first
    assert len(resets_of(rows)) == 1
    clock.advance(seconds=1)
    assert ask(chat) != first, "too little of its life is left"
    assert Browser(app.test_client()).post(first, {"digits": DIGITS}).status_code == 410


def test_the_card_of_a_reset_has_one_button(someone, app):
    chat = someone("มะลิ")
    settle(chat, app)
    ask(chat)
    t = language_of(chat)
    assert t("Get a new password") in chat.labels()
    assert not {t("Send a new link"), t("Get my link")} & set(chat.labels())


def test_a_link_with_wrong_tries_keeps_them_when_it_is_given_again(someone, app, rows):
    chat = someone("มะลิ")
    settle(chat, app)
    browser = Browser(app.test_client())
    for _ in range(4):
        assert browser.post(ask(chat), {"digits": "0000"}).status_code == 422
    link = ask(chat)
    assert browser.post(link, {"digits": "0000"}).status_code == 410
    assert len(resets_of(rows)) == 1
    assert ask(chat) != link, "a dead one is replaced"


def test_six_a_day_and_no_more(someone, app, clock, rows):
    chat = someone("มะลิ")
    settle(chat, app)
    began = clock()
    for _ in range(2):
        for _ in range(3):
            reset(chat, app)
        clock.advance(hours=2)
    assert "ยังขอลิงก์ใหม่ไม่ได้" in words(chat.says("ลืมรหัสผ่าน"))
    clock.time = began + timedelta(days=1)
    ask(chat)
    assert len(resets_of(rows)) == 7


def test_a_limit_is_not_spent_by_what_it_refuses(someone, app, clock):
    chat = someone("มะลิ")
    settle(chat, app)
    for _ in range(3):
        reset(chat, app)
    for _ in range(5):
        clock.advance(minutes=10)
        chat.says("ลืมรหัสผ่าน")
    clock.advance(minutes=10)
    assert "/s/reset/" in ask(chat)


def test_everybody_together_gets_so_many_a_minute(someone, app, bot, clock):
    bot.settings = replace(bot.settings, resets_per_minute=2)
    people = [someone(name) for name in ("มะลิ", "กุหลาบ", "บัว")]
    for chat in people:
        settle(chat, app)
    ask(people[0])
    ask(people[1])
    assert "ยังขอลิงก์ใหม่ไม่ได้" in words(people[2].says("ลืมรหัสผ่าน"))
    clock.advance(seconds=30)
    assert "/s/reset/" in ask(people[2])


def test_a_request_that_is_answered_twice_gets_one_link_and_counts_once(
    someone, app, bot, clock, rows
):
    settle(someone("มะลิ"), app)
    (account,) = rows(Account)

    def give():
        return bot.database.write(
            lambda session: resets.give_link(session, account.id, 60, clock())
        )

    for count in range(1, 4):
        links = {give().token for _ in range(5)}
        assert len(links) == 1
        assert len(resets_of(rows)) == count
        assert (
            Browser(app.test_client())
            .post(f"/s/reset/{links.pop()}", {"digits": DIGITS})
            .status_code
            == 200
        )
    assert isinstance(give(), resets.ResetWait)
    assert len(resets_of(rows)) == 3


@LANGUAGES
@pytest.mark.parametrize("typed", ["reset", "link"])
def test_before_the_first_password_it_is_the_first_link_again(language, typed, someone, client):
    chat = someone("มะลิ", language)
    register(chat)
    for _ in range(4):
        chat.posts(f"a={typed}")
    path = path_of(chat, "Show my password")
    assert not path.startswith("/s/reset/")
    assert client.post(path).status_code == 200


@pytest.mark.parametrize(
    "typed", ["ขอลิงก์", "ลืมรหัส", "ตั้งรหัสผ่านใหม่", "forgot my password", "new link"]
)
def test_words_that_ask_for_a_new_password(typed, someone, app):
    chat = someone("มะลิ")
    settle(chat, app)
    chat.says(typed)
    assert path_of(chat, "Get a new password").startswith("/s/reset/")


def test_a_newer_link_kills_the_older_one(someone, app, clock):
    chat = someone("มะลิ")
    settle(chat, app)
    old = ask(chat)
    clock.advance(minutes=6)
    new = ask(chat)
    browser = Browser(app.test_client())
    assert browser.post(old, {"digits": DIGITS}).status_code == 410
    assert browser.post(new, {"digits": DIGITS}).status_code == 200


def test_a_second_reset_ends_the_first_ones_password(someone, app):
    chat = someone("มะลิ")
    settle(chat, app)
    first, second = reset(chat, app), reset(chat, app)
    browser = Browser(app.test_client())
    assert browser.sign_in(first.username, first.password).status_code == 403
    assert browser.sign_in(second.username, second.password).status_code == 303


def test_each_reset_is_told_once_in_each_channel(someone, app, rows, engine):
    chat = someone("มะลิ")
    settle(chat, app)
    for _ in range(2):
        reset(chat, app)
    engine.drain_pushes()
    engine.drain_pushes()
    assert len(rows(Push)) == len(rows(Mail, Mail.template == "reset_notice")) == 2
    assert chat.platform.paid == 2


def test_asking_changes_nothing_on_the_account(someone, app, rows):
    chat = someone("มะลิ")
    _, browser = settle(chat, app)
    for _ in range(5):
        chat.says("ลืมรหัสผ่าน")
    assert browser.get("/portal").status_code == 200
    again = Browser(app.test_client())
    (account,) = rows(Account)
    assert again.sign_in(account.username, OWN_PASSWORD).status_code == 303


def test_the_wait_is_said_in_whole_minutes_never_too_early():
    until = FakeClock()().replace(minute=4, second=1)
    said = str(wait_card(translator("en"), resets.ResetWait(until)))
    assert shown_time(until.replace(minute=5, second=0), "en") in said
