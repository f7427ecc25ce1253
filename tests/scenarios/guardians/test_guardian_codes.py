"""The guardian's code: handed on, sent once, replaced, guessed at; and nothing kept beyond it."""

import re
import threading
from datetime import timedelta

import pytest

from bot.services.guardians import guardians
from bot.services.shared import codes
from handlers.line.registration.flow import Step
from models.consent import ConsentEvent, ConsentState
from models.conversation import Conversation
from models.guardianship import Guardianship, GuardianshipState
from models.inquiry import Inquiry
from tests.chat import words
from tests.factories import make_conversation
from tests.scenarios.guardians.guardian_story import (
    CODE,
    DEAD,
    NICKNAME,
    agrees,
    asks,
    code_in,
    comes_to_the_cards,
    label,
    opens,
    state,
)
from tests.scenarios.story import ACTS, reach, tap


@pytest.mark.parametrize("language", ["th", "en"])
def test_the_code_comes_with_a_page_and_words_to_forward(language, someone, client, bot):
    child = someone("Child", language)
    code = asks(child, "from_11_to_19")
    bot.basic_id = "@planet"
    address = child.opens(label(child, "Show the QR code"))
    answer = client.get(address.removeprefix("https://bot.example.test"))

    assert f"/s/guardian/{code}?lang={language}" in address
    assert answer.status_code == 200
    assert f"ผู้ปกครอง {code}" in answer.text
    assert "<svg" in answer.text
    link = re.search(r'href="(https://line.me/R/oaMessage/%40planet/\?[^"]+)"', answer.text)
    assert link
    assert link[1].endswith(code)
    assert child.opens(label(child, "Send it on LINE")).startswith("https://line.me/R/share?text=")
    said = [bubble for bubble in child.newest() if bubble.message["type"] == "text"]
    assert CODE.search(words(said)), "one plain message can be forwarded"


@pytest.mark.parametrize("typed", ["{code}", "{low}", "{bare}", "{lowbare}", "guardian {code}"])
def test_a_code_is_understood_however_it_is_typed(typed, someone, rows):
    child, guardian = someone("Child"), someone("Parent")
    code = asks(child, "from_11_to_19")
    guardian.adds_the_account()
    bare = code.replace("-", "")
    guardian.says(typed.format(code=code, low=code.lower(), bare=bare, lowbare=bare.lower()))

    assert state(rows) is GuardianshipState.OPENED


@pytest.mark.parametrize(
    "typed",
    [
        "ผู้ปกครอง รหัสคือ {lowbare} นะคะ",
        "รหัสคือ {code} ค่ะ",
        "รหัสคือ {low}",
        "ลูกให้รหัสมา {apart} ค่ะ",
        "the code from my child is {lowbare}",
    ],
)
@pytest.mark.parametrize("is_asked", [False, True])
def test_a_code_among_words_is_no_password_and_not_asked_for_again(typed, is_asked, someone, rows):
    child, guardian = someone("Child"), someone("Parent")
    code = asks(child, "from_11_to_19")
    guardian.adds_the_account()
    if is_asked:
        guardian.says("ผู้ปกครอง")
    bare, apart = code.replace("-", ""), code.replace("-", " ").replace("0", "O")
    said = typed.format(code=code, low=code.lower(), lowbare=bare.lower(), apart=apart)
    answer = words(guardian.says(said))

    assert label(guardian, "A child needs your agreement") in answer
    assert state(rows) is GuardianshipState.OPENED


@pytest.mark.parametrize("typed", ["รหัสคือ abcd1234", "รหัสผ่านคือ abcd-1234", "รหัสคือ Tk7x-2mPq-aa"])
def test_a_password_is_still_taken_for_one(typed, someone):
    guardian = someone("Parent")
    guardian.adds_the_account()

    assert label(guardian, "About your password") in words(guardian.says(typed))


def test_the_word_alone_asks_for_the_code(someone, rows):
    child, guardian = someone("Child"), someone("Parent")
    code = asks(child, "from_11_to_19")
    guardian.adds_the_account()
    asked = words(guardian.says("ผู้ปกครอง"))
    wrong = words(guardian.says("ไม่รู้"))
    guardian.says(code.replace("-", " "))

    assert "ABCD-EFG2" in asked
    assert (
        label(guardian, "That is not a code. It has {length} letters and digits.", length=8)
        in wrong
    )
    assert state(rows) is GuardianshipState.OPENED


def test_dead_codes_are_answered_alike(someone, clock, rows):
    child, other, guardian = someone("Child"), someone("Other"), someone("Parent")
    old = asks(child, "from_11_to_19")
    new = code_in(tap(child, "Get a new code") if "ขอรหัสใหม่" in child.labels() else renewed(child))
    guardian.adds_the_account()
    unknown = words(opens(guardian, "2345-ABCD"))
    replaced = words(opens(guardian, old))
    other.adds_the_account()
    opens(other, new)
    taken = words(opens(guardian, new))
    clock.advance(days=7)
    late = words(opens(other, new))

    answers = [each.splitlines() for each in (unknown, replaced, taken, late)]
    assert {each[0] for each in answers} == {label(guardian, DEAD)}
    assert len({*map(tuple, (answers[0], answers[1], answers[3]))}) == 1, "asked again"
    assert label(guardian, "Would you like a person to help?") in taken, "but not for ever"


def renewed(child):
    child.says("register")
    return tap(child, "Get a new code")


def test_a_new_code_stops_whoever_was_reading_the_old_one(someone, rows):
    child, stranger, guardian = someone("Child"), someone("Stranger"), someone("Parent")
    comes_to_the_cards(stranger, asks(child, "from_11_to_19"))
    new = code_in(renewed(child))
    said = words(tap(stranger, "I agree"))

    assert label(stranger, DEAD) in said
    agrees(guardian, new)
    assert state(rows) is GuardianshipState.AGREED
    assert [e.actor for e in rows(ConsentEvent) if e.state is ConsentState.GIVEN] == [
        "self",
        "guardian",
    ]


def test_nobody_is_their_own_guardian(someone, rows):
    child = someone("Child")
    code = asks(child, "from_11_to_19")
    said = words(opens(child, code))

    assert "รหัสนี้สำหรับผู้ปกครองของคุณ" in said
    assert state(rows) is GuardianshipState.PENDING


@pytest.mark.parametrize("language", ["th", "en"])
def test_guessing_is_limited_and_the_right_code_too_while_it_lasts(language, someone, rows, clock):
    child, guardian = someone("Child", language), someone("Parent", language)
    code = asks(child, "from_11_to_19")
    guardian.adds_the_account()
    times = guardians.GUESSES.times
    for _ in range(times):
        assert label(guardian, DEAD) in words(opens(guardian, "2345-ABCD"))
    said = words(opens(guardian, code))

    assert label(guardian, DEAD) not in said
    assert "6" in said, "the minutes to wait"
    assert state(rows) is GuardianshipState.PENDING
    clock.advance(minutes=6)
    opens(guardian, code)
    assert state(rows) is GuardianshipState.OPENED


def test_a_right_code_costs_no_guess(someone, rows):
    child, guardian = someone("Child"), someone("Parent")
    code = asks(child, "from_11_to_19")
    guardian.adds_the_account()
    for _ in range(guardians.GUESSES.times + 5):
        said = words(opens(guardian, code))

    assert NICKNAME in said


@pytest.mark.parametrize("edge", [timedelta(microseconds=1), timedelta()])
def test_the_last_moment_of_a_code(edge, someone, clock, rows):
    child, guardian = someone("Child"), someone("Parent")
    code = asks(child, "from_11_to_19")
    guardian.adds_the_account()
    clock.time += timedelta(days=7) - edge
    opens(guardian, code)

    alive = bool(edge)
    assert (state(rows) is GuardianshipState.OPENED) is alive


def test_of_many_chats_with_one_code_one_gets_it(database, clock):
    def begin(session):
        child = make_conversation(session, clock())
        row = guardians.begin(session, child, "from_11_to_19", clock())
        code = guardians.request_code(session, row, clock(), nickname="มะลิ", user_id="U" + "1" * 32)
        return code, [make_conversation(session, clock()).id for _ in range(8)]

    code, chats = database.write(begin)
    barrier, won = threading.Barrier(len(chats)), []

    def send(chat):
        barrier.wait()
        row = database.write(
            lambda session: (
                (
                    found := guardians.open_by(
                        session, session.get_one(Conversation, chat), code, clock()
                    )
                )
                and found.guardian_id
            )
        )
        if row is not None:
            won.append(chat)

    threads = [threading.Thread(target=send, args=(chat,)) for chat in chats]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(won) == 1
    (row,) = database.read(lambda session: session.query(Guardianship).all())
    assert (row.guardian_id, row.state) == (won[0], GuardianshipState.OPENED)


@pytest.mark.parametrize(
    "typed", ["สมชาย ใจดี", "มะลิ2", "https://x.com", "😀", "ก" * 41, "a@b.co", "   "]
)
def test_a_nickname_is_one_word(typed, someone, rows):
    child = someone("Child")
    reach(child, Step.AGE)
    tap(child, "11 to 19 years")
    child.says(typed)

    (row,) = rows(Guardianship)
    assert row.nickname_sealed is None
    (conversation,) = rows(Conversation)
    assert conversation.step == Step.NICKNAME


def test_a_sentence_is_no_nickname_and_told_why(someone):
    child = someone("Child")
    reach(child, Step.AGE)
    tap(child, "11 to 19 years")
    assert "คำเดียว" in words(child.says("ภาษาอังกฤษ ม.ต้น"))
    assert "คำเดียว" in words(child.says("เรียนภาษาจีน"))


def test_a_guardian_in_the_middle_of_something_else_is_asked_to_finish_it(someone, rows):
    child, guardian = someone("Child"), someone("Parent")
    code = asks(child, "from_11_to_19")
    reach(guardian, Step.PHONE)
    said = words(opens(guardian, code))

    assert "ทำเรื่องนี้ให้เสร็จ" in said
    assert state(rows) is GuardianshipState.PENDING
    assert Step.PHONE in {row.step for row in rows(Conversation)}


def test_an_age_slip_can_be_taken_to_the_staff(someone, rows):
    child = someone("Child")
    asks(child, "up_to_10")
    tap(child, "Cancel the request")
    tap(child, "Register")
    ACTS[Step.CONSENT](child)
    tap(child, "20 years and over")
    tap(child, "Ask our staff")

    assert [inquiry.topic for inquiry in rows(Inquiry)] == ["registration"]


def test_codes_are_long_enough_and_never_a_word_or_a_number():
    """33 signs, eight places, without those that are all letters or all digits: 40 bits."""
    possible = 33**8 - 23**8 - 10**8
    assert possible > 2**40
    for _ in range(500):
        code = codes.GUARDIAN.draw()
        assert set(code) <= set(codes.GUARDIAN.alphabet)
        assert codes.read_guardian(codes.GUARDIAN.shown(code).lower()) == code
        assert codes.read_guardian(codes.GUARDIAN.message(code)) == code
    for said in ("messages", "teachers", "parent teachers", "2026-2027", "08123456", "room 1234"):
        assert codes.read_guardian(said) is None
