"""Passwords typed into the chat: answered with a warning, stored nowhere, wherever one stands."""

import pytest

from bot.presentation import words as typed_words
from bot.services.auth.passwords import is_password
from handlers.line.registration.flow import Step
from models.conversation import Conversation
from tests.chat import words
from tests.samples import every, sampled
from tests.scenarios.story import EVERY_STEP, language_of, question, reach, tap

WARNING = (
    "Never type a password in this chat; our staff never ask for it. If you wrote one just now, "
    "we have not kept it: please choose a new one."
)
CANARY = "hunter2กระต่าย"
GIVEN_AWAY = [
    "my password is {}",
    "My new password: {}",
    "password={}",
    "pw: {}",
    "PWD {}",
    "pass word is {}",
    "passcode {}",
    "hello, the password was {} but it does not work",
    "not working, password is {}",
    "รหัสผ่านคือ {}",
    "รหัสผ่านของฉันคือ{}",
    "รหัสผ่านผมคือ {} ครับ",
    "ไม่ได้ รหัสผ่าน: {}",
    "พาสเวิร์ด {}",
    "พาสเวิร์ดคือ {}",
    "พาสเวิดหนู = {}",
    "รหัส {}",
    "รหัสว่า {}",
    "password คือ {}",
    "ＰＡＳＳＷＯＲＤ： {}",
]
HARMLESS = [
    "สมชาย ใจดี",
    "somchai.jd@gmail.com",
    "pass.word@gmail.com",
    "081-234-5678",
    "pw-1234",
    "Pass Suwan",
    "Passakorn Wasuwan",
    "พาสกร คงดี",
    "รหัสไปรษณีย์",
    "รหัสผู้ปกครอง",
    "ABCD-EFG2",
    "ABC1-EFG2-JK",
    "wordpass is fine",
    "compass: north",
]


@pytest.mark.parametrize("typed", GIVEN_AWAY)
def test_it_looks_like_a_password(typed):
    said = typed.format(CANARY)
    assert is_password(said)
    for heard in (None, *typed_words.Heard):
        assert typed_words.command(said, heard) == "password"


@pytest.mark.parametrize(
    "typed", ["7k2m-9d4x-aaaa-bbbb", "รหัส 7K2M-9D4X-AAAA-BBBB", "x 7k2m-9d4x-aaaa-bb00"]
)
def test_our_own_temporary_passwords_are_known(typed):
    assert is_password(typed)


@pytest.mark.parametrize("typed", HARMLESS)
def test_it_does_not(typed):
    assert not is_password(typed)


def warns(chat, typed, all_words):
    said = words(chat.says(typed.format(CANARY)))
    t = language_of(chat)
    assert t(WARNING) in said
    assert t("Send a new link") in chat.labels()
    assert CANARY not in all_words()
    assert "hunter2" not in all_words()


@pytest.mark.parametrize("language", ["th", "en"])
def test_nothing_of_it_is_kept(language, someone, all_words):
    chat = someone("มะลิ", language)
    chat.adds_the_account()
    every({typed: typed for typed in GIVEN_AWAY}, lambda typed: warns(chat, typed, all_words))


@pytest.mark.long
@pytest.mark.parametrize("language", ["th", "en"])
@pytest.mark.parametrize("typed", GIVEN_AWAY)
def test_nothing_of_it_is_kept_where_it_is_the_first_word(language, typed, someone, all_words):
    chat = someone("มะลิ", language)
    chat.adds_the_account()
    warns(chat, typed, all_words)


@pytest.mark.parametrize("step", sampled(EVERY_STEP, EVERY_STEP[::2]))
def test_in_the_middle_of_a_registration_it_is_no_answer(step, someone, all_words, rows):
    chat = someone("มะลิ")
    reach(chat, step)
    t = language_of(chat)
    for typed in ("my password is {}", "รหัสผ่านคือ {}", "pw: {}"):
        said = words(chat.says(typed.format("กระต่ายดำ")))
        assert t(WARNING) in said
        assert question(t, step) in said
    assert "กระต่ายดำ" not in all_words()
    assert rows(Conversation)[0].step == step


@pytest.mark.parametrize("way", ["I have the code", "Code by e-mail"])
def test_in_the_middle_of_moving_it_is_no_answer(way, someone, all_words):
    chat = someone("มะลิ")
    chat.adds_the_account()
    chat.says("ย้ายบัญชี")
    tap(chat, way)
    assert language_of(chat)(WARNING) in words(chat.says(f"รหัสผ่านคือ {CANARY}"))
    assert CANARY not in all_words()


def test_a_long_message_around_it_changes_nothing(someone, all_words):
    chat = someone("มะลิ")
    reach(chat, Step.NAME)
    said = chat.says("สวัสดี " * 60 + f"รหัสผ่านคือ {CANARY}")
    assert language_of(chat)(WARNING) in words(said)
    assert CANARY not in all_words()
