"""The one mail that a registration sends, and the address that it confirms."""

import pytest
from sqlalchemy import select

from bot.runtime import mailing
from bot.services.accounts import details, provisioning
from models.account import Account, AccountState
from models.learner import Learner
from models.mail import Mail
from models.one_time_token import OneTimeToken
from tests.chat import words
from tests.scenarios.accounts.welcoming import letters_to, link_in
from tests.scenarios.doubles import DOWN, TAKEN, make_wayward
from tests.scenarios.guardians.guardian_story import agrees, asks, finishes
from tests.scenarios.story import (
    ACTS,
    EMAIL,
    NAME,
    Step,
    language_of,
    reach,
    register,
    tap,
    tapping,
)
from tests.traces import PHONE_END

pytestmark = pytest.mark.sql

BOTH = pytest.mark.parametrize("language", ["th", "en"])
MASKED = "s•••@gmail.com"


def templates(rows):
    """Which letters were written, oldest first."""
    return [mail.template for mail in rows(Mail)]


def is_confirmed(rows):
    return rows(Learner)[0].email_verified_at is not None


def sent_to(t):
    """What the button answers while it sends."""
    return t(
        "We have sent a mail to {masked}. Please open it and press the button on the page within "
        "{span}.",
        masked=MASKED,
        span=t("{n} hours", n=24),
    )


def too_many(t):
    return t(
        "We have sent you {mails} mails within {span}. Please look for them, also among the spam, "
        "or try again in {span}.",
        mails=3,
        span=t("1 hour"),
    )


@BOTH
def test_whoever_registers_is_written_to_once(language, someone, bot, mailbox, rows, client):
    chat = someone("มะลิ", language)
    said = words(register(chat))
    t = language_of(chat)
    assert MASKED in said
    (letter,) = letters_to(bot, mailbox, EMAIL)
    assert letter.recipients == (EMAIL,)
    welcome = {"th": "ยินดีต้อนรับสู่ English Planet", "en": "Welcome to English Planet"}
    assert letter.subject == welcome[language]
    assert rows(Account)[0].username in letter.text
    for private in (NAME, "somchai.jd\n", "/s/reset", "/portal/sign-in"):
        assert private not in letter.text
    assert not PHONE_END.search(f"{letter.subject}\n{letter.text}")

    link = link_in(letter)
    assert link.endswith(f"lang={language}")
    for _ in range(3):
        page = client.get(link)
        assert (page.status_code, page.text.count("<button")) == (200, 1)
    assert not is_confirmed(rows), "a scanner spends nothing"
    assert client.post(link).status_code == 200
    assert is_confirmed(rows)
    assert client.post(link).status_code == 200, "it says that it was done before"
    assert templates(rows) == ["welcome"]
    assert t("(confirmed)") in words(chat.posts("a=account"))


def test_the_secret_of_its_link_is_stored_nowhere(someone, bot, mailbox, rows, database):
    register(someone("มะลิ"))
    secret = link_in(letters_to(bot, mailbox, EMAIL)[0]).removeprefix("/s/email/").split("?")[0]
    archived = database.read(lambda s: [(m.text, m.html) for m in s.scalars(select(Mail))])
    assert archived
    assert all(secret not in part for parts in archived for part in parts)
    assert [token.digest for token in rows(OneTimeToken)] != [secret]


def test_news_by_mail_need_no_second_mail(someone, bot, rows):
    register(someone("มะลิ"), email_news=tapping("Yes, please"))
    mailing.drain(bot)
    assert templates(rows) == ["welcome"]


def test_a_repeat_of_any_kind_writes_no_second_letter(someone, bot, engine, rows, clock, database):
    chat = someone("มะลิ")
    register(chat)
    (account,) = rows(Account)
    ACTS[Step.SUMMARY](chat)
    provisioning.provide(database, bot.provider, account.id, bot.settings, clock)
    for _ in range(2):
        database.write(lambda s: details.welcome(s, account.id, bot.settings, clock()))
    clock.advance(minutes=5)
    engine.drain_accounts()
    assert templates(rows) == ["welcome"]


def test_it_waits_for_the_account_and_comes_once(someone, bot, mailbox, rows, engine, clock):
    chat = someone("มะลิ")
    reach(chat, Step.SUMMARY)
    make_wayward(bot).errors = [DOWN, DOWN]
    ACTS[Step.SUMMARY](chat)
    assert templates(rows) == []
    for _ in range(4):
        clock.advance(minutes=10)
        engine.drain_accounts()
    assert templates(rows) == ["welcome"]
    assert rows(Account)[0].username in letters_to(bot, mailbox, EMAIL)[0].text


def test_it_says_the_username_that_was_drawn_anew(someone, bot, mailbox, rows):
    chat = someone("มะลิ")
    reach(chat, Step.SUMMARY)
    provider = make_wayward(bot)
    provider.errors = [TAKEN]
    ACTS[Step.SUMMARY](chat)
    (letter,) = letters_to(bot, mailbox, EMAIL)
    assert provider.asked[1] in letter.text
    assert provider.asked[0] not in letter.text


def test_whoever_left_before_the_account_was_there_is_not_welcomed(
    someone, bot, rows, database, clock
):
    chat = someone("มะลิ")
    reach(chat, Step.SUMMARY)
    provider = make_wayward(bot)

    def close():
        def shut(session):
            session.scalars(select(Account)).one().state = AccountState.CLOSED

        database.write(shut)

    provider.meanwhile = close
    ACTS[Step.SUMMARY](chat)
    assert templates(rows) == []


@pytest.mark.parametrize("band", ["up_to_10", "from_11_to_19"])
def test_a_childs_letter_speaks_to_the_family_at_its_address(
    band, someone, bot, mailbox, rows, database
):
    """It goes where every mail about the account goes: to the address that was given for it."""
    child, parent = someone("น้ำผึ้ง"), someone("แม่")
    code = asks(child, band)
    assert templates(rows) == [], "before the guardian has agreed nobody is written to"
    agrees(parent, code)
    finishes(child, None if band == "up_to_10" else "No, thank you")
    address = database.read(lambda session: session.scalars(select(Learner)).one().email)
    (letter,) = letters_to(bot, mailbox, address)
    assert "บุตรหลาน" in letter.text
    assert "น้ำผึ้ง" not in letter.text


@BOTH
def test_my_account_says_where_it_stands_and_sends_the_link_again(
    language, someone, bot, mailbox, rows, client, clock
):
    chat = someone("มะลิ", language)
    register(chat)
    t = language_of(chat)
    assert t("(not confirmed yet)") in words(chat.posts("a=account"))
    said = words(tap(chat, "Confirm my e-mail"))
    assert sent_to(t) in said
    assert templates(rows) == ["welcome"], "which is on its way"
    assert t("Ask our staff") in chat.labels()
    assert t("Change the address") in chat.labels()
    clock.advance(minutes=1)
    for _ in range(3):  # a double tap sends one
        assert sent_to(t) in words(tap(chat, "Send again"))
    assert templates(rows) == ["welcome", "email_confirm"]
    clock.advance(minutes=1)
    tap(chat, "Send again")
    clock.advance(minutes=1)
    assert too_many(t) in words(tap(chat, "Send again"))
    assert t("Send again") not in chat.labels()
    letters = letters_to(bot, mailbox, EMAIL)
    assert len(letters) == 3
    assert client.post(link_in(letters[0])).status_code == 410, "the newest counts"
    assert client.post(link_in(letters[-1])).status_code == 200

    assert t("(confirmed)") in words(chat.posts("a=account"))
    assert t("Confirm my e-mail") not in chat.labels()
    assert t("Your e-mail address is confirmed") in words(chat.posts("a=confirm_email"))
    assert len(rows(Mail)) == 3


def test_the_button_means_the_new_address_where_one_waits(someone, bot, mailbox, clock, rows):
    chat = someone("มะลิ")
    register(chat)
    chat.posts("a=change&item=email")
    chat.says("canary@gmail.com")
    tap(chat, "Save")
    clock.advance(minutes=1)
    assert "c•••@gmail.com" in words(chat.posts("a=confirm_email"))
    assert len(letters_to(bot, mailbox, "canary@gmail.com")) == 2
    assert len(letters_to(bot, mailbox, EMAIL)) == 1


@pytest.mark.parametrize("state", [AccountState.FROZEN, AccountState.CLOSED])
def test_nothing_is_sent_for_an_account_that_nobody_may_use(state, someone, rows, database, clock):
    chat = someone("มะลิ")
    register(chat)
    clock.advance(minutes=1)

    def shut(session):
        session.scalars(select(Account)).one().state = state
        if state is AccountState.CLOSED:
            session.scalars(select(Learner)).one().state = "closed"

    database.write(shut)
    chat.posts("a=confirm_email")
    assert templates(rows) == ["welcome"]
    assert language_of(chat)("Confirm my e-mail") not in chat.labels()


def test_a_stranger_has_nothing_to_confirm(someone, rows):
    chat = someone("คนแปลกหน้า")
    chat.adds_the_account()
    assert "ยังไม่มีบัญชี" in words(chat.posts("a=confirm_email"))
    assert rows(Mail) == []


@BOTH
def test_a_school_without_a_number_is_found_by_its_notice(language, someone, bot, mailbox):
    """Whoever gets the letter by mistake has no chat: the words end in an address to open."""
    register(someone("มะลิ", language))
    (letter,) = letters_to(bot, mailbox, EMAIL)
    assert f"{bot.settings.public_url}/privacy?lang={language}" in letter.text
