"""A new LINE account: moved by a proof, in one piece, the old one cut off and told."""

import re

import pytest

from bot.services.shared import codes
from models.audit import AuditEntry
from models.consent import ConsentEvent
from models.conversation import Conversation
from models.learner import Learner
from models.mail import Mail
from models.outbox import Push
from tests.chat import words
from tests.scenarios.auth.resetting import DIGITS, Browser, ask, reset, settle
from tests.scenarios.learners.relinking import code_of, does_not_fit
from tests.scenarios.story import EMAIL, language_of, register, tap

pytestmark = pytest.mark.sql

LANGUAGES = pytest.mark.parametrize("language", ["th", "en"])
TYPED = {"th": "ย้ายบัญชี", "en": "move my account"}


@LANGUAGES
def test_the_portals_code_moves_the_account(language, someone, app, rows, engine, line):
    old = someone("มะลิ", language)
    first, browser = settle(old, app)
    dead_link = ask(old)
    subject = rows(Conversation)[0].id
    proofs = {event.id for event in rows(ConsentEvent)}
    code = code_of(browser)
    assert re.fullmatch(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{2}", code)

    new = someone("มะลิเครื่องใหม่", language)
    new.adds_the_account()
    t = language_of(new)
    assert t("Move your account here") in words(new.says(TYPED[language]))
    tap(new, "I have the code")
    said = words(new.says(code))
    assert t("Your account is here now") in said
    assert first.username in said

    (conversation,) = rows(Conversation)
    assert conversation.id == subject, "the ledger's subject stays"
    assert {event.id for event in rows(ConsentEvent)} == proofs
    assert first.username in words(new.posts("a=account"))
    assert browser.get("/portal").location.startswith("/portal/sign-in")
    assert Browser(app.test_client()).post(dead_link, {"digits": DIGITS}).status_code == 410

    engine.drain_pushes()
    told = words(old.heard())
    assert t("Your account moved") in told
    assert t("Freeze my account") in old.labels()
    assert [push.person for push in rows(Push)] != [conversation.person]
    assert t("You have no account here yet. Registering takes about three minutes.") in words(
        old.posts("a=account")
    ), "the old chat is a stranger's"
    (mail,) = rows(Mail, Mail.template == "relinked")
    assert mail.subject_id == subject
    moved = [entry for entry in rows(AuditEntry) if entry.action == "learner:relink"]
    assert [entry.data["proof"] for entry in moved] == ["portal"]
    again = reset(new, app)
    assert browser.sign_in(again.username, again.password).status_code == 303
    engine.drain_pushes()
    assert t("Your password was reset") in words(new.heard())


def test_knowing_phone_and_name_moves_nothing(someone, app, rows):
    settle(someone("มะลิ"), app)
    new = someone("คนแปลกหน้า")
    new.adds_the_account()
    new.says("ย้ายบัญชี")
    for typed in ("0812345678", "081-234-5678", "สมชาย ใจดี", "5678", EMAIL):
        new.says(typed)
    assert len(rows(Conversation)) == 2


@pytest.mark.parametrize(
    "shape", [str, str.lower, lambda c: c.replace("-", " "), lambda c: f"  {c.lower()}  "]
)
def test_a_code_is_understood_outside_the_flow_too(shape, someone, app, rows):
    _, browser = settle(someone("มะลิ"), app)
    code = code_of(browser)
    new = someone("มะลิเครื่องใหม่")
    new.adds_the_account()
    assert "ย้ายบัญชีมาที่นี่แล้ว" in words(new.says(shape(code)))
    assert len(rows(Conversation)) == 1


@pytest.mark.parametrize("typed", ["O", "I", "L"])
def test_letters_that_look_like_digits_are_read_as_them(typed):
    assert (
        codes.read_move(f"abcd-efgh-{typed}2") == "ABCDEFGH" + ("0" if typed == "O" else "1") + "2"
    )


@pytest.mark.parametrize(
    "typed", ["abcdefghjk", "epbcdfgh34", "room 1234 ab", "2026-2027-28", "four-five-or", "A" * 200]
)
def test_what_only_resembles_a_code_is_none(typed):
    assert not codes.is_plain_move(typed)


def test_a_code_lives_ten_minutes_works_once_and_a_newer_one_kills_it(someone, app, clock, rows):
    _, browser = settle(someone("มะลิ"), app)
    older = code_of(browser)
    newer = code_of(browser)
    new = someone("มะลิเครื่องใหม่")
    new.adds_the_account()
    t = language_of(new)
    assert does_not_fit(t) in words(new.says(older))
    clock.advance(minutes=10)
    assert does_not_fit(t) in words(new.says(newer))
    last = code_of(browser)
    assert t("Your account is here now") in words(new.says(last))
    third = someone("คนที่สาม")
    third.adds_the_account()
    assert does_not_fit(t) in words(third.says(last))
    assert len(rows(Conversation)) == 2


def test_whoever_is_registered_is_refused_kindly_and_keeps_the_code(someone, app, rows):
    _, browser = settle(someone("มะลิ"), app)
    code = code_of(browser)
    other = someone("กุหลาบ")
    register(other)
    said = words(other.says(code))
    assert "บัญชีของคุณอยู่ในแชตนี้แล้ว" in said
    assert len(rows(Learner)) == len(rows(Conversation)) == 2


def test_guesses_are_held_back(someone, app):
    chat = someone("คนแปลกหน้า")
    chat.adds_the_account()
    said = ""
    for number in range(12):
        said = words(chat.says(f"ABC{number % 10}-EFG2-{number + 10}"))
    assert "ลองหลายครั้งเกินไป" in said
    assert "เวลา" in said


def test_cancel_leaves_everything_as_it_was(someone, app, rows):
    chat = someone("คนแปลกหน้า")
    chat.adds_the_account()
    chat.says("ย้ายบัญชี")
    chat.taps("ส่งรหัสทางอีเมล")
    chat.says(EMAIL)
    chat.says("ยกเลิก")
    assert rows(Conversation)[0].draft_sealed is None


def test_wrong_answers_do_not_go_on_for_ever(someone):
    chat = someone("คนแปลกหน้า")
    chat.adds_the_account()
    chat.says("ย้ายบัญชี")
    chat.taps("มีรหัสแล้ว")
    said = [words(chat.says("อะไรนะ")) for _ in range(5)]
    assert "หยุดไว้ตรงนี้ก่อน" in said[-1]
    assert all("หยุดไว้ตรงนี้ก่อน" not in text for text in said[:-1])
