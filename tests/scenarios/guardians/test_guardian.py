"""Under 20 a guardian decides too: the age groups by what the guardian says, in both languages."""

import pytest

from bot.services.consent import consents
from handlers.line.registration.flow import Step
from models.account import Account
from models.consent import ConsentEvent, ConsentState, Purpose
from models.conversation import Conversation
from models.guardianship import Guardianship, GuardianshipState, Relation
from models.learner import AgeBand, Learner
from models.outbox import Push
from tests.chat import words
from tests.scenarios.guardians.guardian_story import (
    BANDS,
    CALLED,
    NICKNAME,
    agrees,
    asks,
    comes_to_the_cards,
    finishes,
    label,
    names_the_band,
    opens,
    resume,
)
from tests.scenarios.story import ACTS, language_of, question, reach, register, tap

LANGUAGES = pytest.mark.parametrize("language", ["th", "en"])
EACH_BAND = pytest.mark.parametrize("band", BANDS)


def ledger(rows):
    """What the ledger says, in order: who, what, how."""
    return [(event.actor, event.purpose, event.state) for event in rows(ConsentEvent)]


def guardianship(rows):
    (row,) = rows(Guardianship)
    return row


def holds(database, child_row, purpose, clock):
    return database.read(lambda s: consents.holds(s, child_row.child_id, purpose, clock()))


@LANGUAGES
@EACH_BAND
def test_yes_enrols_the_child(band, language, someone, rows, database, clock, engine):
    child, guardian = someone("Child", language), someone("Parent", language)
    code = asks(child, band)
    agrees(guardian, code)
    assert engine.drain_pushes() == 1
    told = words(child.heard())
    said = finishes(child)

    assert label(child, "Your parent or guardian has agreed") in told
    assert label(child, "Thank you. Your registration is complete.") in words(said)
    (learner,) = rows(Learner)
    assert learner.age_band == band
    assert len(rows(Account)) == 1
    row = guardianship(rows)
    assert row.state is GuardianshipState.AGREED
    assert row.relation is Relation.PARENT
    assert holds(database, row, Purpose.ENROLMENT, clock)
    assert not holds(database, row, Purpose.LINE_NEWS, clock)


@LANGUAGES
@EACH_BAND
def test_no_ends_it_and_the_child_is_told(band, language, someone, rows, engine, all_words):
    child, guardian = someone("Child", language), someone("Parent", language)
    comes_to_the_cards(guardian, asks(child, band))
    said = words(tap(guardian, "I do not agree"))
    assert engine.drain_pushes() == 1

    assert label(child, "Your parent or guardian did not agree") in words(child.heard())
    assert label(
        guardian, "Thank you. We keep nothing of the child’s details, and tell them so."
    ) in (said)
    assert ledger(rows)[-1] == ("guardian", Purpose.ENROLMENT, ConsentState.REFUSED)
    assert ("system", Purpose.ENROLMENT, ConsentState.INVALIDATED) in ledger(rows)
    assert guardianship(rows).state is GuardianshipState.REFUSED
    stored = all_words()
    for gone in (NICKNAME, CALLED, child.user_id, guardian.user_id):
        assert gone not in stored
    assert rows(Learner) == []


@LANGUAGES
@EACH_BAND
def test_silence_dies_after_seven_days(
    band, language, someone, rows, clock, engine, all_words, database
):
    child = someone("Child", language)
    asks(child, band)
    clock.advance(days=7, seconds=-1)
    assert engine.expire_guardianships() == 0
    assert label(child, "Waiting for your parent or guardian") in words(child.says("register"))
    clock.advance(seconds=1)
    assert engine.expire_guardianships() == 1
    assert engine.expire_guardianships() == 0

    row = guardianship(rows)
    assert row.state is GuardianshipState.EXPIRED
    last = ConsentState.INVALIDATED if band == "up_to_10" else ConsentState.EXPIRED
    assert ledger(rows)[-1] == ("system", Purpose.ENROLMENT, last)
    assert not holds(database, row, Purpose.ENROLMENT, clock)
    stored = all_words()
    assert NICKNAME not in stored
    assert child.user_id not in stored
    assert label(child, "May we keep your details?") in words(child.says("register"))


@LANGUAGES
def test_from_twenty_nobody_else_is_asked(language, someone, rows):
    chat = someone("Grown Up", language)
    register(chat)

    assert rows(Guardianship) == []
    assert rows(Learner)[0].age_band is AgeBand.FROM_20


def test_up_to_ten_the_childs_own_consent_does_not_count_and_from_eleven_it_does(
    someone, rows, database, clock
):
    younger, older = someone("หนึ่ง"), someone("สอง")
    asks(younger, "up_to_10")
    asks(older, "from_11_to_19")
    states = {
        row.age_band: database.read(
            lambda s, row=row: consents.is_agreed_by(
                s, row.child_id, Purpose.ENROLMENT, consents.SELF, clock()
            )
        )
        for row in rows(Guardianship)
    }

    assert states == {AgeBand.UP_TO_10: False, AgeBand.FROM_11_TO_19: True}


@pytest.mark.parametrize("silent_for", ["drafts", "nobody"])
def test_a_pending_request_outlives_the_draft(silent_for, someone, rows, clock, engine, database):
    child, guardian = someone("Child"), someone("Parent")
    code = asks(child, "from_11_to_19")
    clock.advance(days=5)
    if silent_for == "drafts":
        engine.expire_drafts()
    agrees(guardian, code)

    assert label(child, "Thank you. Your registration is complete.") in words(finishes(child))
    assert holds(database, guardianship(rows), Purpose.ENROLMENT, clock)


@pytest.mark.parametrize(
    ("band", "own", "theirs", "flows"),
    [
        ("from_11_to_19", "Yes, please", "yes", True),
        ("from_11_to_19", "Yes, please", "no", False),
        ("from_11_to_19", "No, thank you", "yes", False),
        ("from_11_to_19", "No, thank you", "no", False),
        ("up_to_10", "Yes, please", "yes", True),
        ("up_to_10", "Yes, please", "no", False),
    ],
)
def test_news_needs_the_guardians_own_yes(band, own, theirs, flows, someone, rows, database, clock):
    child, guardian = someone("Child"), someone("Parent")
    agrees(guardian, asks(child, band), line_news=theirs, email_news=theirs)
    finishes(child, own)
    row = guardianship(rows)

    for purpose in (Purpose.LINE_NEWS, Purpose.EMAIL_NEWS):
        assert holds(database, row, purpose, clock) is flows


@pytest.mark.parametrize("answers", [("yes", "no"), ("no", "yes")])
def test_each_purpose_is_answered_for_itself(answers, someone, rows, database, clock):
    child, guardian = someone("Child"), someone("Parent")
    agrees(guardian, asks(child, "up_to_10"), *answers)
    finishes(child)
    row = guardianship(rows)
    news = [
        holds(database, row, purpose, clock) for purpose in (Purpose.LINE_NEWS, Purpose.EMAIL_NEWS)
    ]

    assert news == [answer == "yes" for answer in answers]
    assert holds(database, row, Purpose.ENROLMENT, clock)


def test_up_to_ten_the_child_is_not_asked_about_news(someone, rows):
    child, guardian = someone("Child"), someone("Parent")
    agrees(guardian, asks(child, "up_to_10"))
    child.says("register")
    for step in (Step.NAME, Step.PHONE, Step.EMAIL):
        ACTS[step](child)
    summary = words(ACTS[Step.LINE_ID](child))

    assert label(child, "Is everything right?") in summary
    assert label(child, "Your parent or guardian decides") in summary
    assert child.posts("s=registration.summary&v=line_news")
    assert {row.step for row in rows(Conversation) if row.flow} == {Step.SUMMARY}


@LANGUAGES
def test_the_guardian_reads_whose_registration_it_is_and_what_for(language, someone, rows):
    child, guardian = someone("Child", language), someone("Parent", language)
    code = asks(child, "from_11_to_19")
    guardian.adds_the_account()
    first = words(opens(guardian, code))
    tap(guardian, "I am the legal guardian")
    tap(guardian, "Yes, {age} or older", age=20)
    card = words(guardian.says(CALLED)[1:])
    tap(guardian, "I agree")

    assert NICKNAME in first
    assert label(guardian, "11 to 19 years") in first
    given = rows(ConsentEvent)[-1]
    assert (given.actor, given.state) == ("guardian", ConsentState.GIVEN)
    assert given.text == card, "the ledger keeps the words that were seen"
    assert given.language == language
    for name in (NICKNAME, CALLED):
        assert name not in given.text + str(given.record)
    assert guardianship(rows).relation is Relation.GUARDIAN


def test_typing_or_an_old_card_is_no_consent(someone, rows):
    child, guardian = someone("Child"), someone("Parent")
    comes_to_the_cards(guardian, asks(child, "from_11_to_19"))
    for typed in ("ยินยอม", "yes", "ครับ"):
        guardian.says(typed)
    guardian.posts("s=guardian.enrolment&v=yes&c=" + "0" * 16)
    guardian.posts("s=guardian.enrolment&v=yes")

    assert ("guardian", Purpose.ENROLMENT, ConsentState.GIVEN) not in ledger(rows)
    assert guardianship(rows).state is GuardianshipState.OPENED


@pytest.mark.parametrize(
    "taps", [["Neither"], ["I am the parent", "No, younger"]], ids=["relation", "age"]
)
def test_who_may_not_agree_passes_the_code_on(taps, someone, rows):
    child, friend, guardian = someone("Child"), someone("Friend"), someone("Parent")
    code = asks(child, "from_11_to_19")
    friend.adds_the_account()
    opens(friend, code)
    for sentence in taps:
        said = words(tap(friend, sentence))

    assert "รหัสยังใช้ได้" in said
    assert guardianship(rows).guardian_id is None
    agrees(guardian, code)
    assert guardianship(rows).state is GuardianshipState.AGREED


def test_a_learner_under_twenty_is_nobodys_guardian(someone, rows):
    child, guardian, sibling = someone("Child"), someone("Parent"), someone("Sibling")
    agrees(guardian, asks(sibling, "from_11_to_19"))
    finishes(sibling)
    code = asks(child, "up_to_10")
    opens(sibling, code)

    assert rows(Guardianship)[-1].state is GuardianshipState.PENDING


def test_a_guardian_may_be_a_learner_and_have_several_children(someone, rows):
    guardian = someone("Parent")
    register(guardian)
    for name in ("หนึ่ง", "สอง"):
        child = someone(name)
        reach(child, Step.AGE)
        code = names_the_band(child, "up_to_10", name)
        opens(guardian, code)
        tap(guardian, "I am the parent")
        tap(guardian, "Yes, {age} or older", age=20)
        guardian.says(CALLED)
        tap(guardian, "I agree")
        tap(guardian, "No, thank you")
        tap(guardian, "No, thank you")

    said = words(guardian.says("บุตรหลานของฉัน"))
    assert [row.state for row in rows(Guardianship)] == [GuardianshipState.AGREED] * 2
    assert "หนึ่ง" in said
    assert "สอง" in said


@pytest.mark.parametrize("ending", ["open", "cancelled", "refused"])
@pytest.mark.parametrize("later", ["20 years and over", "11 to 19 years"])
def test_starting_again_makes_nobody_older(ending, later, someone, rows, clock):
    child, guardian = someone("Child"), someone("Parent")
    code = asks(child, "up_to_10")
    if ending == "cancelled":
        tap(child, "Cancel the request")
    elif ending == "refused":
        comes_to_the_cards(guardian, code)
        tap(guardian, "I do not agree")
    if ending == "open":
        assert label(child, "Waiting for your parent or guardian") in words(child.says("register"))
        return
    resume(child, Step.AGE)
    said = words(tap(child, later))

    assert "ขอใช้ตามนั้นก่อน" in said
    assert question(label_of(child), Step.AGE) in said
    assert "ถามเจ้าหน้าที่" in child.labels() or "20 ปีขึ้นไป" in child.labels()
    clock.advance(days=7)
    tap(child, "Cancel")
    resume(child, Step.AGE)
    assert question(label_of(child), Step.NAME) in words(tap(child, "20 years and over"))


def label_of(chat):
    """The translator of a person."""
    return lambda sentence, **values: label(chat, sentence)


def test_the_child_is_told_once(someone, rows, engine):
    child, guardian = someone("Child"), someone("Parent")
    agrees(guardian, asks(child, "from_11_to_19"))
    for _ in range(3):
        engine.drain_pushes()

    assert [push.cause for push in rows(Push)] == [f"guardian-agreed:{guardianship(rows).id}"]


@pytest.mark.parametrize("asked", ["บัญชีของฉัน", "ข่าวสาร", "ประวัติ"])
def test_a_child_who_waits_is_told_so_instead_of_being_a_stranger(someone, asked: str) -> None:
    child = someone("น้องฟ้า")
    t = language_of(child)
    reach(child, Step.AGE)
    child.taps(t("11 to 19 years"))
    child.says("ฟ้า")
    said = words(child.says(asked))
    assert t("You have no account yet: it begins once a parent or guardian agreed.") in said
    assert t("Register") not in child.labels()
    shown = words(child.taps(t("See where it stands")))
    assert t("Waiting for your parent or guardian") in shown


def test_whoever_mistyped_their_own_name_is_shown_where_to_change_it(someone):
    child, guardian = someone("Child"), someone("Parent")
    comes_to_the_cards(guardian, asks(child, "from_11_to_19"))
    said = words(guardian.says("พิมพ์ชื่อผิดค่ะ ขอแก้ชื่อ"))

    assert label(guardian, "If your name is not right, tap “Change” beside it.") in said
    assert CALLED in said, "the card with the name is there again"
    assert label(guardian, "You have no account here yet.") not in said
    agreed = words(tap(guardian, "I agree") and guardian.says("ขอแก้ชื่อ"))
    assert label(guardian, "You need no account of your own to agree for a child.") in agreed


def test_a_guardian_without_an_account_is_led_to_the_children(someone):
    child, guardian = someone("Child"), someone("Parent")
    agrees(guardian, asks(child, "from_11_to_19"))
    said = words(guardian.says("ข้อมูลของลูกผิดค่ะ"))

    told = "You have no account of your own. For a child’s, tap “My children”."
    assert label(guardian, told) in said
    assert label(guardian, "My children") in guardian.labels()


def test_a_guardian_with_an_account_corrects_the_name_on_the_card_too(someone):
    child, guardian = someone("Child"), someone("Parent")
    register(guardian)
    comes_to_the_cards(guardian, asks(child, "from_11_to_19"))
    said = words(guardian.says("ขอแก้ชื่อ"))

    assert label(guardian, "If your name is not right, tap “Change” beside it.") in said
    assert CALLED in said


def test_whoever_begins_something_else_gives_the_code_back(someone, rows):
    child, guardian, other = someone("Child"), someone("Parent"), someone("Other")
    register(guardian)
    code = asks(child, "from_11_to_19")
    comes_to_the_cards(guardian, code)
    said = words(guardian.says("ขอแก้เบอร์โทร"))

    left = "Nothing has been agreed, and we keep nothing about you. The code works until {when}."
    assert label(guardian, left, when="|").split("|")[0] in said
    assert guardianship(rows).state is GuardianshipState.PENDING
    other.adds_the_account()
    assert label(other, "A child needs your agreement") in words(opens(other, code))
