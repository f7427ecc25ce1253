"""My account in chat: each detail is changed with the checks of registration, old and new shown."""

import pytest
from sqlalchemy import select

from models.account import Account, AccountState
from models.audit import AuditEntry
from models.conversation import Conversation
from models.learner import Learner, LearnerState, PossibleDuplicate
from models.mail import Mail
from tests.chat import words
from tests.scenarios.story import EMAIL, LINE_ID, NAME, PHONE, language_of, register, tap

NEW = {
    "name": ("สมชัย รักเรียน", "สมชัย รักเรียน"),
    "phone": ("089-999-0000", "+66899990000"),
    "line_id": ("new.somchai", "new.somchai"),
}
DIGITS = "5678"
LABELS = {"name": "Full name", "phone": "Phone", "email": "E-mail", "line_id": "LINE ID"}


def kept(database, item):
    """What is stored of an item, opened."""
    return database.read(lambda s: getattr(s.scalars(select(Learner)).one(), item))


def begin(chat, item):
    """Open the change of an item by typing, and get to where its value is asked."""
    chat.says("แก้ไขข้อมูล" if language_of(chat).language == "th" else "change my details")
    said = tap(chat, LABELS[item])
    return chat.says(DIGITS) if item == "phone" else said


@pytest.mark.parametrize("item", NEW)
@pytest.mark.parametrize("language", ["th", "en"])
def test_a_detail_is_changed_after_old_and_new_were_shown(
    item, language, someone, rows, database, all_words
):
    chat = someone("มะลิ", language)
    register(chat)
    t = language_of(chat)
    typed, stored = NEW[item]
    old = kept(database, item)
    begin(chat, item)
    shown = words(chat.says(typed))
    assert typed in shown
    assert old not in shown, "the old value is masked"
    assert kept(database, item) == old, "nothing is stored before it is confirmed"
    assert t("Saved. This is what we have now:") in words(tap(chat, "Save"))

    assert kept(database, item) == stored
    assert rows(Conversation)[0].flow is None
    assert old not in all_words().splitlines(), "only a digest of the old value is left"
    (entry,) = rows(AuditEntry, AuditEntry.action == "learner:change")
    assert entry.data["item"] == item
    assert len(entry.data["old"]) == len(entry.data["new"]) == 64
    (mail,) = [mail for mail in rows(Mail) if mail.template.startswith("changed_")]
    assert mail.template == f"changed_{item}"


@pytest.mark.parametrize("item", ["name", "phone", "email", "line_id"])
def test_the_card_leads_to_each_detail(item, someone, rows):
    chat = someone("มะลิ")
    register(chat)
    chat.says("บัญชีของฉัน")
    said = words(chat.posts(f"a=change&item={item}"))

    assert rows(Conversation)[0].flow == "details"
    assert ("4 ตัวท้าย" in said) == (item == "phone")


@pytest.mark.parametrize(
    ("item", "bad"),
    [
        ("name", "สมชาย 123"),
        ("name", "http://evil.example"),
        ("name", "😀😀"),
        ("phone", "12345"),
        ("phone", "abc"),
        ("email", "not an address"),
        ("line_id", "no"),
        ("line_id", "ชื่อไทย"),
    ],
)
def test_a_bad_value_is_explained_and_not_stored(item, bad, someone, rows, database):
    chat = someone("มะลิ")
    register(chat)
    old = kept(database, item)
    begin(chat, item)
    if item == "line_id" and bad == "no":
        assert "ไม่มี" in words(chat.says(bad)), "this is how people say that they have none"
    else:
        assert chat.says(bad)
        assert rows(Conversation)[0].step == "value"
    assert kept(database, item) == old


def test_three_bad_values_bring_a_person(someone, rows):
    chat = someone("มะลิ")
    register(chat)
    begin(chat, "email")
    for bad in ("one", "two"):
        assert "เจ้าหน้าที่" not in words(chat.says(bad))
    assert "ถามเจ้าหน้าที่" in (chat.says("three") and chat.labels())


def test_a_single_name_said_twice_is_meant(someone, database):
    chat = someone("มะลิ", "en")
    register(chat)
    begin(chat, "name")
    chat.says("Somchai")
    chat.says("Somchai")
    tap(chat, "Save")
    assert kept(database, "name") == "Somchai"


def test_a_line_id_can_be_removed(someone, database, all_words):
    chat = someone("มะลิ")
    register(chat)
    begin(chat, "line_id")
    tap(chat, "Remove it")
    tap(chat, "Save")

    assert kept(database, "line_id") is None
    assert LINE_ID not in all_words().splitlines()
    begin(chat, "line_id")
    assert language_of(chat)("Remove it") not in chat.labels()


def test_the_same_value_changes_nothing(someone, rows):
    chat = someone("มะลิ")
    register(chat)
    begin(chat, "name")
    chat.says(NAME)
    assert "อยู่แล้ว" in words(tap(chat, "Save"))
    assert rows(AuditEntry, AuditEntry.action == "learner:change") == []


@pytest.mark.parametrize("way", ["button", "word"])
def test_a_change_can_be_left(way, someone, rows, database):
    chat = someone("มะลิ")
    register(chat)
    begin(chat, "name")
    chat.says("สมชัย รักเรียน")
    said = words(tap(chat, "Cancel") if way == "button" else chat.says("ยกเลิก"))

    assert "เหมือนเดิม" in said
    assert kept(database, "name") == NAME
    assert rows(Conversation)[0].draft_sealed is None


def test_writing_it_again_asks_again(someone, database):
    chat = someone("มะลิ")
    register(chat)
    begin(chat, "name")
    chat.says("สมชัย รักเรียน")
    tap(chat, "Write it again")
    chat.says("สมศรี รักเรียน")
    tap(chat, "Save")
    assert kept(database, "name") == "สมศรี รักเรียน"


def test_a_value_taken_back_is_forgotten(someone, line, rows, database, all_words):
    chat = someone("มะลิ")
    register(chat)
    begin(chat, "name")
    chat.says("สมชัย รักเรียน")
    room = chat.platform.room(chat.user_id)
    message = [b for b in room if b.who == "person" and b.text == "สมชัย รักเรียน"][-1]
    chat.platform.unsend(chat.user_id, message.message_id)

    assert "สมชัย" not in all_words()
    chat.posts("s=details.confirm&v=save")
    assert kept(database, "name") == NAME


def test_nobody_replaces_the_number_without_knowing_it(someone, rows, database, clock):
    """Its last digits are the second proof of a password reset."""
    chat = someone("มะลิ")
    register(chat)
    assert DIGITS not in words(chat.says("บัญชีของฉัน")), "the card does not give them away"
    chat.posts("a=change&item=phone")
    for wrong in ("0000", "1111", "12", "2222", "๙๙๙๙"):
        chat.says(wrong)
        assert rows(Conversation)[0].step == "proof"
    chat.says(DIGITS)
    assert rows(Conversation)[0].flow is None, "five tries a day"
    chat.posts("a=change&item=phone")
    chat.says(DIGITS)
    assert rows(Conversation)[0].flow is None
    clock.advance(days=1, minutes=1)
    chat.posts("a=change&item=phone")
    chat.says("๕๖๗๘")
    assert rows(Conversation)[0].step == "value"


def test_words_without_a_digit_are_no_try(someone, rows):
    chat = someone("มะลิ")
    register(chat)
    t = language_of(chat)
    chat.posts("a=change&item=phone")
    for said in ("ใช่ค่ะ", "ได้ค่ะ", "-", "เดี๋ยวดูก่อนนะคะ", "ค่ะ", "โอเค"):
        assert t("Those are not the digits that we have.") not in words(chat.says(said))
        assert rows(Conversation)[0].step == "proof"
    chat.says(DIGITS)
    assert rows(Conversation)[0].step == "value"


def test_a_forged_button_does_not_skip_the_proof(someone, database):
    chat = someone("มะลิ")
    register(chat)
    chat.posts("a=change&item=phone")
    chat.posts("s=details.value&v=none")
    chat.posts("s=details.confirm&v=save")
    chat.says("089-999-0000")
    assert kept(database, "phone") == "+66812345678"


def test_flags_of_equal_details_follow_the_change(someone, rows, database):
    first, second = someone("มะลิ"), someone("Ben", "en")
    register(first)
    register(second)
    assert {flag.matched for flag in rows(PossibleDuplicate)} == {"phone", "email", "line_id"}
    begin(second, "phone")
    second.says("089-999-0000")
    tap(second, "Save")
    assert {flag.matched for flag in rows(PossibleDuplicate)} == {"email", "line_id"}
    begin_again = second.posts("a=change&item=phone")
    assert begin_again
    second.says("0000")
    second.says(PHONE)
    tap(second, "Save")
    flags = [flag for flag in rows(PossibleDuplicate) if flag.matched == "phone"]
    assert len(flags) == 1


def test_while_frozen_nothing_is_changed(someone, rows, database):
    chat = someone("มะลิ")
    register(chat)
    database.write(
        lambda s: setattr(s.scalars(select(Account)).one(), "state", AccountState.FROZEN)
    )
    assert "ถูกล็อก" in words(chat.posts("a=change&item=name"))
    assert rows(Conversation)[0].flow is None


def test_a_freeze_in_the_middle_stops_the_change(someone, rows, database):
    chat = someone("มะลิ")
    register(chat)
    begin(chat, "name")
    chat.says("สมชัย รักเรียน")
    database.write(
        lambda s: setattr(s.scalars(select(Account)).one(), "state", AccountState.FROZEN)
    )
    tap(chat, "Save")
    assert kept(database, "name") == NAME
    assert rows(Conversation)[0].flow is None


@pytest.mark.parametrize("action", ["change", "history", "close"])
@pytest.mark.parametrize("language", ["th", "en"])
def test_a_stranger_is_shown_the_way_to_register(action, language, someone, rows):
    chat = someone("มะลิ", language)
    chat.adds_the_account()
    said = words(chat.posts(f"a={action}&item=name"))
    none = "You have no account here yet. Registering takes about three minutes."
    assert language_of(chat)(none) in said
    assert rows(Conversation)[0].flow is None


@pytest.mark.parametrize("data", ["a=change&item=state", "a=change&item=%00", "a=change&item=id"])
def test_a_forged_item_is_asked_for_instead(data, someone, rows):
    chat = someone("มะลิ")
    register(chat)
    chat.posts(data)
    assert rows(Conversation)[0].step == "item"


def test_typed_words_lead_here(someone, rows):
    chat = someone("มะลิ")
    register(chat)
    for said, step in (("แก้ไขข้อมูล", "item"), ("เปลี่ยนเบอร์", "proof"), ("เปลี่ยนอีเมลค่ะ", "value")):
        chat.says(said)
        assert rows(Conversation)[0].step == step


def test_an_address_is_not_changed_without_its_link(someone, database, rows):
    chat = someone("มะลิ")
    register(chat)
    begin(chat, "email")
    chat.says("new@gmail.com")
    tap(chat, "Save")
    assert kept(database, "email") == EMAIL
    assert rows(Learner)[0].state is LearnerState.ACTIVE
