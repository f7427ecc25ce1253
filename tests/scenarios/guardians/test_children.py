"""My children: the guardian sees, starts, stops, withdraws and erases in the child's place."""

import pytest

from bot.services.consent import consents
from models.account import Account, AccountState
from models.consent import ConsentEvent, ConsentState, Purpose
from models.guardianship import Guardianship, GuardianshipState
from models.learner import Learner, LearnerState
from models.outbox import Push, PushState
from models.privacy import PrivacyRequest, RequestKind
from tests.chat import words
from tests.scenarios.guardians.guardian_story import CALLED, NICKNAME, agrees, asks, finishes, label
from tests.scenarios.story import NAME, tap

LANGUAGES = pytest.mark.parametrize("language", ["th", "en"])


@pytest.fixture
def family(someone, engine):
    """A registered child of eleven or more, and the guardian."""

    def make(language="th", band="from_11_to_19", news="Yes, please", theirs="no"):
        child, guardian = someone("Child", language), someone("Parent", language)
        agrees(guardian, asks(child, band), theirs, theirs)
        finishes(child, news)
        engine.drain_pushes()
        child.heard()
        return child, guardian

    return make


def flows(database, rows, clock, purpose):
    (learner,) = rows(Learner)
    return database.read(lambda s: consents.holds(s, learner.conversation_id, purpose, clock()))


@LANGUAGES
def test_news_is_started_and_stopped_by_the_guardian(language, family, rows, database, clock):
    _, guardian = family(language, theirs="yes")
    card = words(guardian.says("my children"))
    assert NICKNAME in card
    tap(guardian, "Stop")
    assert not flows(database, rows, clock, Purpose.LINE_NEWS)
    tap(guardian, "Start")
    tap(guardian, "Yes, please")
    assert flows(database, rows, clock, Purpose.LINE_NEWS)
    tap(guardian, "Stop")

    assert not flows(database, rows, clock, Purpose.LINE_NEWS)
    actors = [(e.actor, e.state) for e in rows(ConsentEvent) if e.purpose is Purpose.LINE_NEWS]
    assert actors[-2:] == [("guardian", ConsentState.GIVEN), ("guardian", ConsentState.WITHDRAWN)]


@pytest.mark.parametrize("band", ["up_to_10", "from_11_to_19"])
def test_a_child_of_any_age_stops_news(band, family, rows, database, clock):
    child, _ = family(band=band, theirs="yes")
    assert flows(database, rows, clock, Purpose.LINE_NEWS)
    child.posts("a=news_off&p=line_news")

    assert not flows(database, rows, clock, Purpose.LINE_NEWS)


def test_a_card_tells_that_the_child_has_said_no(family):
    _, guardian = family(news="No, thank you", theirs="yes")

    assert label(guardian, "Yes from you; the child has not agreed") in words(
        guardian.says("ลูกของฉัน")
    )


@LANGUAGES
def test_withdrawing_closes_the_account_and_tells_the_child(
    language, family, rows, all_words, engine, database, clock
):
    child, guardian = family(language, theirs="yes")
    guardian.says("my children")
    consequence = words(tap(guardian, "Withdraw"))
    said = words(tap(guardian, "Withdraw"))
    assert engine.drain_pushes() == 1

    assert label(guardian, "Withdraw your agreement?") in consequence
    assert label(guardian, "You have withdrawn, and the child’s account is closed.") in said
    assert label(child, "Your parent or guardian has withdrawn their agreement") in words(
        child.heard()
    )
    assert rows(Learner)[0].state is LearnerState.WITHDRAWN
    assert rows(Account)[0].state is AccountState.CLOSED
    for purpose in Purpose:
        assert not flows(database, rows, clock, purpose)
    (row,) = rows(Guardianship)
    assert row.state is GuardianshipState.ENDED
    assert CALLED not in all_words()
    assert guardian.user_id not in all_words()
    asked = {request.kind: request.asked_by for request in rows(PrivacyRequest)}
    assert asked == {RequestKind.WITHDRAW: "guardian", RequestKind.ERASE: "guardian"}


@LANGUAGES
def test_a_child_does_not_hear_that_it_withdrew_what_the_guardian_did(language, family, engine):
    child, guardian = family(language)
    guardian.says("my children")
    tap(guardian, "Withdraw")
    tap(guardian, "Withdraw")
    engine.drain_pushes()
    child.heard()
    by_itself = label(child, "You have withdrawn already; your account is closed.")

    for typed in ("my account", "ถอนความยินยอม", "register"):
        told = words(child.says(typed))
        assert (
            label(
                child,
                "Your parent or guardian has withdrawn their agreement, so your account is closed. "
                "Our staff can help.",
            )
            in told
        )
        assert by_itself.removesuffix(".").removesuffix("ค่ะ") not in told


def test_withdrawing_before_the_child_has_registered_ends_it_all(someone, rows, all_words, engine):
    child, guardian = someone("Child"), someone("Parent")
    agrees(guardian, asks(child, "from_11_to_19"), "yes", "yes")
    child.says("register")
    child.says(NAME)
    guardian.says("บุตรหลานของฉัน")
    tap(guardian, "Withdraw")
    tap(guardian, "Withdraw")
    engine.drain_pushes()

    assert "ผู้ปกครองของคุณถอนความยินยอมแล้ว" in words(child.heard())
    stored = all_words()
    for gone in (NAME, NICKNAME, CALLED, child.user_id, guardian.user_id):
        assert gone not in stored
    assert rows(Learner) == []
    assert label(child, "May we keep your details?") in words(child.says("register"))


@LANGUAGES
def test_erasing_takes_everything(language, family, rows, all_words, engine):
    child, guardian = family(language)
    guardian.says("my children")
    tap(guardian, "Erase")
    said = words(tap(guardian, "Erase everything"))
    engine.drain_pushes()

    assert label(guardian, "The child’s data has been erased") in said
    assert rows(Learner) == rows(Guardianship) == []
    assert NAME not in all_words()
    assert child.user_id not in all_words()
    assert label(child, "Your parent or guardian had your data erased") in words(child.heard())


def test_the_guardian_gets_the_childs_data_by_a_link(family, rows):
    _, guardian = family()
    guardian.says("บุตรหลานของฉัน")
    tap(guardian, "See and download data")

    assert "/s/" in guardian.opens("รับข้อมูล") or guardian.labels()
    (request,) = rows(PrivacyRequest)
    assert (request.kind, request.asked_by) == (RequestKind.ACCESS, "guardian")
    assert request.learner_id == rows(Learner)[0].id


def test_the_guardian_has_something_corrected(family, rows):
    _, guardian = family()
    guardian.says("บุตรหลานของฉัน")
    tap(guardian, "Have data corrected")
    guardian.says("นามสกุลสะกดผิด ข่าวสาร")

    (request,) = rows(PrivacyRequest)
    assert (request.kind, request.asked_by) == (RequestKind.CORRECT, "guardian")
    assert rows(PrivacyRequest)[0].detail_sealed is not None


@pytest.mark.parametrize(
    "action",
    ["child_news_on", "child_news_off", "child_data", "child_correct", "child_withdraw",
     "child_erase"],
)  # fmt: skip
def test_nobody_else_touches_a_child(action, family, someone, rows):
    _, guardian = family(theirs="yes")
    (row,) = rows(Guardianship)
    before = len(rows(ConsentEvent))
    stranger = someone("Stranger")
    stranger.adds_the_account()
    said = words(stranger.posts(f"a={action}&g={row.id}&p=line_news"))
    for step in ("news", "withdrawing", "erasing"):
        stranger.posts(f"s=children.{step}&v=yes")

    assert "ความยินยอมนี้สิ้นสุดแล้วค่ะ" in said
    assert rows(PrivacyRequest) == []
    assert len(rows(ConsentEvent)) == before
    assert guardian.says("บุตรหลานของฉัน")


def test_the_childs_own_withdrawal_ends_what_is_kept_of_the_guardian(family, rows, all_words):
    child, guardian = family()
    child.says("ถอนความยินยอม")
    tap(child, "Withdraw")

    assert rows(Learner)[0].state is LearnerState.WITHDRAWN
    assert rows(Guardianship)[0].state is GuardianshipState.ENDED
    assert CALLED not in all_words()
    assert "ยังไม่มีรายชื่อ" in words(guardian.says("บุตรหลานของฉัน"))


def test_up_to_ten_the_child_cannot_withdraw_alone(family, rows):
    child, _ = family(band="up_to_10")
    child.says("ถอนความยินยอม")

    assert rows(Learner)[0].state is LearnerState.ACTIVE


def test_a_push_to_the_child_is_paid_once(family, rows):
    _, guardian = family()
    guardian.says("บุตรหลานของฉัน")
    tap(guardian, "Withdraw")
    button = guardian.button("ถอนความยินยอม")["data"]
    guardian.posts(button)
    guardian.posts(button)

    assert len([push for push in rows(Push) if push.state is PushState.QUEUED]) == 1
