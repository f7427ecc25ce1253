"""A guardian who is gone: what they permitted permits nothing any more, and binds no next one."""

import pytest

from bot.presentation import rights_words
from bot.services.consent import consents
from bot.texts import translator
from models.consent import ConsentState, Purpose
from models.guardianship import Guardianship, GuardianshipState
from models.learner import Learner
from models.outbox import Push
from tests.chat import words
from tests.factories import make_consent_event, make_conversation, make_guardianship
from tests.scenarios.guardians.guardian_story import agrees, asks, code_in, finishes
from tests.scenarios.story import tap

LANGUAGES = pytest.mark.parametrize("language", ["th", "en"])
NEWS = (Purpose.LINE_NEWS, Purpose.EMAIL_NEWS)


def erases_everything(chat):
    chat.posts("a=rights_erase")
    tap(chat, "Erase everything")


@LANGUAGES
def test_a_guardian_reads_what_their_own_erasure_ends(language, someone):
    child, guardian, nobody = (someone(who, language) for who in ("Child", "Parent", "Nobody"))
    agrees(guardian, asks(child, "from_11_to_19"))
    nobody.adds_the_account()
    told = rights_words.of_erasure_for_guardians(translator(language))

    assert told in words(guardian.posts("a=rights_erase"))
    assert told not in words(nobody.posts("a=rights_erase"))


@LANGUAGES
@pytest.mark.parametrize(("band", "news"), [("up_to_10", None), ("from_11_to_19", "Yes, please")])
def test_news_to_a_child_ends_with_the_guardian(
    band, news, language, someone, rows, database, clock
):
    child, guardian = someone("Child", language), someone("Parent", language)
    agrees(guardian, asks(child, band), "yes", "yes")
    finishes(child, news)
    (learner,) = rows(Learner)

    def holding():
        return database.read(
            lambda s: [consents.holds(s, learner.conversation_id, p, clock()) for p in NEWS]
        )

    assert holding() == [True, True]
    erases_everything(guardian)

    assert [row.state for row in rows(Guardianship)] == [GuardianshipState.ENDED]
    assert holding() == [False, False]
    assert rows(Push, Push.topic.is_not(None)) == []


@pytest.mark.parametrize("days", [-1, 0, 1])
def test_a_yes_counts_for_the_agreement_in_which_it_was_said(days, database, clock):
    """A new guardian begins with nothing, whatever the one before had permitted."""

    def write(session):
        child = make_conversation(session, clock())
        before = {"actor": "guardian", "subject_id": child.id, "purpose": Purpose.LINE_NEWS}
        make_consent_event(session, clock(), **before)
        make_guardianship(
            session, clock(), child_id=child.id, state=GuardianshipState.ENDED, age_band="up_to_10"
        )
        clock.advance(days=1)
        agreed_at = clock()
        make_guardianship(session, agreed_at, child_id=child.id, age_band="up_to_10")
        clock.advance(days=days)
        make_consent_event(session, clock(), **before | {"state": ConsentState.GIVEN})
        clock.advance(days=5)
        return consents.holds(session, child.id, Purpose.LINE_NEWS, clock())

    assert database.write(write) is (days >= 0)


def test_a_child_whose_guardian_left_may_ask_another_one(someone, rows, database, clock):
    child, first, second = someone("น้ำผึ้ง"), someone("แม่"), someone("พ่อ")
    agrees(first, asks(child, "up_to_10"), "yes", "yes")
    erases_everything(first)
    child.says("register")
    tap(child, "I agree")
    tap(child, "Up to 10 years")
    agrees(second, code_in(child.says("น้ำผึ้ง")), "no", "no")
    said = words(finishes(child))

    assert "สมัครเรียบร้อยแล้ว" in said
    (learner,) = rows(Learner)
    assert not any(
        database.read(
            lambda s: [consents.holds(s, learner.conversation_id, p, clock()) for p in NEWS]
        )
    )
