"""A new LINE account with the e-mail address alone: who lost the chat lost the username too."""

import pytest
from sqlalchemy import select

from bot.runtime import mailing
from bot.services.accounts import freezing
from bot.services.delivery import mails
from models.account import Account
from models.audit import AuditEntry
from models.conversation import Conversation
from models.guardianship import Guardianship
from models.learner import Learner
from models.mail import Mail
from models.one_time_token import OneTimeToken
from models.outbox import Push
from tests.chat import words
from tests.scenarios.accounts.welcoming import letters_to, link_in
from tests.scenarios.guardians.guardian_story import agrees, asks, finishes
from tests.scenarios.learners.relinking import digits_in, does_not_fit
from tests.scenarios.story import EMAIL, language_of, register, saying, tap

pytestmark = pytest.mark.sql

TYPED = {"th": "ย้ายบัญชี", "en": "move my account"}
OTHER = "kulap.r@gmail.com"


def on_its_way(t):
    """The answer to every address."""
    first = t(
        "If this address was confirmed for an account, {digits} digits are on their way to it. "
        "Please type them here within {span}.",
        digits=6,
        span=t("{n} minutes", n=10),
    )
    second = t(
        "Nothing there? Please look among the spam too. An address that was never confirmed gets "
        "no code; then our staff help you."
    )
    return f"{first}\n{second}"


def here_now(t):
    return t("Your account is here now")


def asks_for_a_code(chat, address=EMAIL):
    """From a chat without an account to the question for the digits; what is said there."""
    chat.adds_the_account()
    chat.says(TYPED[language_of(chat).language])
    tap(chat, "Code by e-mail")
    return words(chat.says(address))


@pytest.fixture
def confirm(bot):
    """Every learner's address is one that they confirmed."""

    def done():
        def write(session):
            for learner in session.scalars(select(Learner)):
                learner.email_verified_at = bot.clock()

        bot.database.write(write)

    return done


@pytest.fixture
def codes(bot, mailbox):
    """The digits of each mail that reached an address, oldest first."""

    def read(address=EMAIL):
        mailing.drain(bot)
        found = [digits_in(letter.text) for letter in mailbox.of(address)]
        return [digits for digits in found if digits]

    return read


@pytest.mark.parametrize("language", ["th", "en"])
def test_from_the_welcome_to_a_new_phone_with_the_address_only(
    language, someone, bot, mailbox, client, rows, engine, codes
):
    old = someone("มะลิ", language)
    register(old)
    subject = rows(Conversation)[0].id
    (letter,) = letters_to(bot, mailbox, EMAIL)
    assert client.post(link_in(letter)).status_code == 200

    new = someone("มะลิเครื่องใหม่", language)
    t = language_of(new)
    assert on_its_way(t) in asks_for_a_code(new, EMAIL.upper())
    (digits,) = codes()
    username = rows(Account)[0].username
    assert f"{username} · สมชาย ใ" in mailbox.of(EMAIL)[-1].text, "which account it is"
    wrong = f"{(int(digits) + 1) % 10**6:06d}"
    assert does_not_fit(t) in words(new.says(wrong))
    assert len(set(new.labels())) == len(new.labels()), "no button twice"
    said = words(new.says(f"รหัสคือ {digits[:3]} {digits[3:]} ค่ะ"))
    assert here_now(t) in said
    assert username in said

    (conversation,) = rows(Conversation)
    assert conversation.id == subject == rows(Learner)[0].conversation_id
    engine.drain_pushes()
    assert t("Your account moved") in words(old.heard())
    assert t("Freeze my account") in old.labels()
    mailing.drain(bot)
    assert len(rows(Mail, Mail.template == "relinked")) == 1
    moved = [entry for entry in rows(AuditEntry) if entry.action == "learner:relink"]
    assert [entry.data["proof"] for entry in moved] == ["email"]


@pytest.mark.parametrize("case", ["right", "not confirmed", "another address", "frozen"])
def test_the_same_words_whether_an_account_is_known_or_not(case, someone, rows, confirm, bot):
    register(someone("มะลิ"))
    if case != "not confirmed":
        confirm()
    if case == "frozen":
        freeze(bot)
    new = someone("คนแปลกหน้า")
    t = language_of(new)
    heard = [asks_for_a_code(new, OTHER if case == "another address" else EMAIL)]
    heard += [words(new.says("12345x")), words(new.says("000000")), words(new.says("000000"))]
    assert heard == [
        on_its_way(t),
        f"{t('The code in the mail has {digits} digits.', digits=6)}\n{on_its_way(t)}",
        f"{does_not_fit(t)}\n{on_its_way(t)}",
        f"{does_not_fit(t)}\n{on_its_way(t)}",
    ]
    assert len(rows(Mail, Mail.template == "relink_code")) == (1 if case == "right" else 0)
    assert len(rows(Conversation)) == 2


def freeze(bot):
    """The owner's emergency stop."""

    def pressed(session):
        account = session.scalars(select(Account)).one()
        authority = freezing.authority(bot.keyring, account.id, bot.clock())
        freezing.freeze(session, authority, "chat", bot.clock())

    bot.database.write(pressed)


def test_the_username_is_no_way_round_an_unconfirmed_address(someone, rows, codes):
    """The welcome with the username in it may have gone to a stranger."""
    register(someone("มะลิ"))
    new = someone("คนแปลกหน้า")
    new.adds_the_account()
    new.says("ย้ายบัญชี")
    tap(new, "Code by e-mail")
    new.says(rows(Account)[0].username)
    new.says(EMAIL)
    assert codes() == []
    assert "ถามเจ้าหน้าที่" in new.labels()


def test_a_code_is_good_in_the_chat_that_asked_for_it_only(someone, rows, confirm, codes):
    register(someone("มะลิ"))
    confirm()
    thief, victim = someone("คนแปลกหน้า"), someone("มะลิเครื่องใหม่")
    for chat in (victim, thief):
        asks_for_a_code(chat)
    for digits in codes():
        assert does_not_fit(language_of(victim)) in words(victim.says(digits))
    assert len(rows(Conversation)) == 3


def test_a_code_lives_ten_minutes(someone, rows, confirm, codes, clock):
    register(someone("มะลิ"))
    confirm()
    new = someone("มะลิเครื่องใหม่")
    asks_for_a_code(new)
    (digits,) = codes()
    clock.advance(minutes=10)
    assert does_not_fit(language_of(new)) in words(new.says(digits))
    assert len(rows(Conversation)) == 2


def test_five_wrong_codes_kill_the_right_one(someone, rows, confirm, codes):
    register(someone("มะลิ"))
    confirm()
    new = someone("คนแปลกหน้า")
    asks_for_a_code(new)
    (digits,) = codes()
    for step in range(1, 6):
        new.says(f"{(int(digits) + step) % 10**6:06d}")
    asks_anew = [words(new.says("ย้ายบัญชี")), words(tap(new, "Code by e-mail"))]
    assert asks_anew
    assert rows(OneTimeToken, OneTimeToken.purpose == "email_code")[0].tries == 5
    new.says(digits)
    assert len(rows(Conversation)) == 2


def test_a_second_tap_sends_no_second_code_and_moves_nothing_twice(
    someone, rows, confirm, codes, clock
):
    register(someone("มะลิ"))
    confirm()
    new = someone("มะลิเครื่องใหม่")
    t = language_of(new)
    asks_for_a_code(new)
    for _ in range(3):
        assert on_its_way(t) in words(tap(new, "Send a new code"))
    new.says(EMAIL)
    assert len(codes()) == 1
    clock.advance(minutes=1)
    tap(new, "Send a new code")
    older, newer = codes()
    if older != newer:
        assert does_not_fit(t) in words(new.says(older))
    assert here_now(t) in words(new.says(newer))
    assert here_now(t) not in words(new.says(newer))
    assert len(rows(AuditEntry, AuditEntry.action == "learner:relink")) == 1
    assert len(rows(Learner)) == len(rows(Conversation)) == 1


def test_an_address_with_a_slip_is_typed_anew_at_once(someone, rows, confirm, codes):
    register(someone("มะลิ"))
    confirm()
    new = someone("มะลิเครื่องใหม่")
    t = language_of(new)
    asks_for_a_code(new, "somchai.jd@gmail.co")
    assert on_its_way(t) in words(new.says(EMAIL))
    assert here_now(t) in words(new.says(codes()[-1]))


def test_a_family_with_one_address_gets_a_mail_for_each_account(
    someone, rows, confirm, codes, mailbox, bot
):
    parent, child = someone("แม่"), someone("ลูก")
    register(parent, name=saying("สมหญิง ใจดี"))
    register(child, name=saying("น้ำผึ้ง ใจดี"))
    confirm()
    new = someone("ลูกเครื่องใหม่")
    t = language_of(new)
    assert asks_for_a_code(new) == on_its_way(t), "as if there were one, or none"
    assert len(set(codes())) == 2
    (hers,) = [each for each in mailbox.of(EMAIL) if "น้ำผึ้ง" in each.text]
    assert here_now(t) in words(new.says(digits_in(hers.text)))
    (moved,) = rows(AuditEntry, AuditEntry.action == "learner:relink")
    name = bot.database.read(lambda session: session.get(Learner, moved.subject).name)
    assert name == "น้ำผึ้ง ใจดี"
    assert len(rows(Learner)) == len(rows(Conversation)) == 2
    assert "สมหญิง" in words(parent.posts("a=account")), "hers is where it was"


def test_a_childs_bond_goes_along_and_a_guardians_chat_takes_no_child(
    someone, rows, confirm, codes, bot
):
    child, parent = someone("น้ำผึ้ง"), someone("แม่")
    agrees(parent, asks(child, "from_11_to_19"))
    finishes(child)
    confirm()
    address = bot.database.read(lambda session: session.scalars(select(Learner)).one().email)
    t = language_of(parent)
    parent.says("ย้ายบัญชี")
    tap(parent, "Code by e-mail")
    parent.says(address)
    assert here_now(t) not in words(parent.says(codes(address)[-1]))
    assert len(rows(Conversation)) == 2

    new = someone("น้ำผึ้งเครื่องใหม่")
    asks_for_a_code(new, address)
    assert here_now(t) in words(new.says(codes(address)[-1]))
    (bond,) = rows(Guardianship)
    assert (bond.state, bond.child_id) == ("agreed", rows(Learner)[0].conversation_id)


def test_one_address_gets_a_few_mails_an_hour_whoever_asks(someone, rows, confirm, clock):
    register(someone("มะลิ"))
    register(someone("กุหลาบ"), name=saying("กุหลาบ ใจดี"))
    confirm()
    for number in range(7):
        chat = someone(f"คนแปลกหน้า {number}")
        assert asks_for_a_code(chat) == on_its_way(language_of(chat))
    assert len(rows(Mail, Mail.template == "relink_code")) == 2 * 3, "three for each account"


@pytest.mark.parametrize("address", [EMAIL, OTHER])
def test_one_chat_asks_a_few_times_an_hour(address, someone, confirm, clock):
    register(someone("มะลิ"))
    confirm()
    chat = someone("คนแปลกหน้า")
    said = [asks_for_a_code(chat, address)]
    for _ in range(5):
        clock.advance(minutes=1)
        said.append(words(tap(chat, "Send a new code")))
    t = language_of(chat)
    assert all(on_its_way(t) in text for text in said[:5])
    assert "ลองหลายครั้งเกินไป" in said[5]


def test_what_waits_is_dropped_where_the_owner_asks_from_a_third_chat(
    someone, rows, confirm, codes
):
    """Of two chats that ask, the newer one's code lives; the older one's is dead."""
    register(someone("มะลิ"))
    confirm()
    first, second = someone("เครื่องหนึ่ง"), someone("เครื่องสอง")
    asks_for_a_code(first)
    (older,) = codes()
    asks_for_a_code(second)
    newer = codes()[-1]
    t = language_of(first)
    assert does_not_fit(t) in words(first.says(older))
    assert here_now(t) in words(second.says(newer))
    assert [push.state for push in rows(Push)] == ["queued"]


def test_no_two_mails_of_a_family_hold_the_same_digits(someone, confirm, rows, monkeypatch):
    """Six digits may meet by chance: then another mail is drawn, or the wrong one would move."""
    register(someone("แม่"))
    register(someone("ลูก"), name=saying("น้ำผึ้ง ใจดี"))
    confirm()
    real, seen = mails.code_secret, []

    def meeting(session, mail_id):
        seen.append(mail_id)
        return "123456" if len(seen) < 4 else real(session, mail_id)

    monkeypatch.setattr(mails, "code_secret", meeting)
    asks_for_a_code(someone("เครื่องใหม่"))
    assert len(rows(Mail, Mail.template == "relink_code")) == 2
    assert len({token.digest for token in rows(OneTimeToken) if token.purpose == "email_code"}) == 2
    assert len(seen) == 4


def test_an_address_that_the_old_chat_asked_for_is_not_confirmed_any_more(
    someone, bot, mailbox, client, rows, confirm, codes
):
    """Whoever has the old phone would move the account back with it."""
    old = someone("มะลิ")
    register(old)
    confirm()
    old.posts("a=change&item=email")
    old.says(OTHER)
    tap(old, "Save")
    link = link_in(letters_to(bot, mailbox, OTHER)[0])
    new = someone("มะลิเครื่องใหม่")
    asks_for_a_code(new)
    assert here_now(language_of(new)) in words(new.says(codes()[-1]))
    assert client.post(link).status_code == 410


def test_whoever_asks_too_early_is_led_to_confirm_the_address(someone, confirm):
    chat = someone("มะลิ")
    register(chat)
    t = language_of(chat)
    chat.says("ย้ายบัญชี")
    assert t("Confirm my e-mail") in chat.labels()
    confirm()
    chat.says("ย้ายบัญชี")
    assert t("Confirm my e-mail") not in chat.labels()
