"""What a request to a guardian keeps, and how it ends: cancelled, unused, or as an agreement."""

import pytest

from handlers.line.registration.flow import Step
from models.consent import ConsentEvent, ConsentState, Purpose
from models.conversation import Conversation
from models.guardianship import Guardianship, GuardianshipState
from models.learner import Learner
from models.subscription import Subscription
from tests.chat import words
from tests.scenarios.guardians.guardian_story import (
    CALLED,
    DEAD,
    NICKNAME,
    agrees,
    asks,
    code_in,
    comes_to_the_cards,
    finishes,
    label,
    opens,
    state,
)
from tests.scenarios.story import ACTS, EMAIL, LINE_ID, NAME, reach, tap
from tests.traces import PHONE_END


@pytest.mark.parametrize("band", ["up_to_10", "from_11_to_19"])
def test_nothing_is_kept_beyond_the_pending_request(band, someone, rows, all_words):
    """A child who types everything at once leaves one word and the way back; nothing else."""
    child = someone("Canary Displayname")
    reach(child, Step.AGE)
    tap(child, {"up_to_10": "Up to 10 years", "from_11_to_19": "11 to 19 years"}[band])
    assert child.user_id not in all_words(), "not even that before there is a request"
    for typed in (NAME, "081-234-5678", EMAIL, f"{LINE_ID} 99", "เด็กหญิง มะลิ"):
        child.says(typed)
    child.says(NICKNAME)
    for typed in (NAME, "081-234-5678", EMAIL):
        child.says(typed)

    stored = all_words()
    for detail in (NAME, EMAIL, LINE_ID, "เด็กหญิง", "Displayname"):
        assert detail not in stored
    assert not PHONE_END.search(stored)
    assert stored.count(NICKNAME) == 1
    assert stored.count(child.user_id) == 1
    assert rows(Learner) == []
    (row,) = rows(Guardianship)
    assert row.guardian_called_sealed is row.guardian_line_sealed is None
    (conversation,) = rows(Conversation)
    assert conversation.draft_sealed is None


def test_before_the_yes_nothing_of_the_guardian_is_kept_but_their_draft(
    someone, rows, all_words, clock, engine
):
    child, guardian = someone("Child"), someone("Parent")
    comes_to_the_cards(guardian, asks(child, "from_11_to_19"))
    assert guardian.user_id not in all_words()
    assert all_words().count(CALLED) == 1
    clock.advance(hours=24)
    engine.expire_drafts()

    assert CALLED not in all_words()
    assert state(rows) is GuardianshipState.OPENED


def test_cancelling_by_the_guardian_gives_the_code_back(someone, rows, all_words):
    child, guardian, other = someone("Child"), someone("Parent"), someone("Other")
    code = asks(child, "from_11_to_19")
    comes_to_the_cards(guardian, code)
    said = words(guardian.says("ยกเลิก"))

    assert "คุณยังไม่ได้ให้ความยินยอม" in said
    assert CALLED not in all_words()
    agrees(other, code)
    assert state(rows) is GuardianshipState.AGREED


def test_the_name_taken_back_is_asked_for_again(someone, rows, all_words):
    child, guardian = someone("Child"), someone("Parent")
    comes_to_the_cards(guardian, asks(child, "from_11_to_19"))
    (said,) = [b for b in guardian.platform.room(guardian.user_id) if b.text == CALLED]
    guardian.platform.unsend(guardian.user_id, said.message_id)
    assert CALLED not in all_words()
    again = words(tap(guardian, "I agree"))

    assert "ชื่อ-นามสกุล" in again
    assert state(rows) is GuardianshipState.OPENED


def taken_back(chat, said):
    (bubble,) = [one for one in chat.platform.room(chat.user_id) if one.text == said]
    chat.platform.unsend(chat.user_id, bubble.message_id)


def test_a_nickname_taken_back_ends_the_code_and_is_asked_for_again(someone, rows, all_words):
    child, guardian = someone("Child"), someone("Parent")
    code = asks(child, "from_11_to_19")
    opens(guardian, code)
    taken_back(child, NICKNAME)
    assert NICKNAME not in all_words()
    assert state(rows) is GuardianshipState.PENDING
    assert label(guardian, DEAD) in words(opens(guardian, code))
    asked = words(child.says("register"))
    assert "มะลิ" in asked, "asked for the nickname again"
    code = code_in(child.says("มะปราง"))
    agrees(guardian, code)
    assert state(rows) is GuardianshipState.AGREED
    # The agreement stands without it.
    taken_back(child, "มะปราง")
    assert "มะปราง" not in all_words()
    assert state(rows) is GuardianshipState.AGREED


def test_another_message_taken_back_leaves_the_nickname(someone, rows, all_words):
    child, other = someone("Child"), someone("Other")
    asks(child, "from_11_to_19")
    for chat in (child, other):
        chat.says("สวัสดี")
        taken_back(chat, "สวัสดี")
    assert NICKNAME in all_words()


def test_cancelling_by_the_child_erases_the_request(someone, rows, all_words, database, clock):
    child, guardian = someone("Child"), someone("Parent")
    code = asks(child, "from_11_to_19")
    tap(child, "Cancel the request")
    guardian.adds_the_account()

    assert label(guardian, DEAD) in words(opens(guardian, code))
    assert NICKNAME not in all_words()
    assert [(e.actor, e.state) for e in rows(ConsentEvent)] == [
        ("self", ConsentState.GIVEN),
        ("self", ConsentState.WITHDRAWN),
    ]


def test_cancelling_after_the_yes_ends_both_voices(someone, rows, all_words, engine):
    child, guardian = someone("Child"), someone("Parent")
    agrees(guardian, asks(child, "from_11_to_19"), "yes", "yes")
    engine.drain_pushes()
    child.says("register")
    ACTS[Step.NAME](child)
    child.says("ยกเลิก")

    assert state(rows) is GuardianshipState.ENDED
    stored = all_words()
    for gone in (NICKNAME, CALLED, NAME, child.user_id, guardian.user_id):
        assert gone not in stored
    newest = {event.purpose: event for event in rows(ConsentEvent)}
    assert {event.actor for event in newest.values()} == {"system"}
    assert {event.state for event in newest.values()} == {ConsentState.EXPIRED}
    assert set(newest) == set(Purpose)
    assert rows(Subscription) == []


def test_an_agreement_that_is_not_used_dies_after_thirty_days(someone, rows, clock, engine):
    child, guardian = someone("Child"), someone("Parent")
    agrees(guardian, asks(child, "up_to_10"))
    clock.advance(days=30)
    assert engine.expire_guardianships() == 1

    assert state(rows) is GuardianshipState.EXPIRED
    assert label(child, "May we keep your details?") in words(child.says("register"))


def test_an_agreement_that_was_used_stays(someone, rows, clock, engine):
    child, guardian = someone("Child"), someone("Parent")
    agrees(guardian, asks(child, "up_to_10"))
    finishes(child)
    clock.advance(days=400)
    assert engine.expire_guardianships() == 0

    assert state(rows) is GuardianshipState.AGREED
