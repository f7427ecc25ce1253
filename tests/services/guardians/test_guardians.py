"""Nobody under 20 is enrolled without the guardian's living yes, whoever asks for it."""

from datetime import timedelta

import pytest

from bot.errors import GuardianMissingError
from bot.services.accounts import accounts
from bot.services.accounts.accounts import Details
from bot.services.chat import drafts
from bot.services.consent import consents
from bot.services.consent.consents import ConsentStatement
from bot.services.guardians import ends, guardians
from bot.services.people.fields import Item
from bot.services.privacy import requests
from bot.settings import School
from models.consent import ConsentState, Purpose
from models.conversation import Conversation
from models.guardianship import Guardianship, Relation
from models.learner import AgeBand
from models.privacy import PrivacyRequest, RequestKind, RequestState
from tests.factories import PERSON, make_conversation

SCHOOL = School()
MINORS = (AgeBand.UP_TO_10, AgeBand.FROM_11_TO_19)
USER = "U" + "5" * 32


def enrol(session, child, band, now):
    details = Details({item: PERSON[item] for item in Item if item is not Item.LINE_ID}, band)
    return accounts.enrol(session, child, USER, details, "local", now)


def say(session, child, state, actor, now, purpose=Purpose.ENROLMENT):
    return consents.record(
        session, child, purpose, state, ConsentStatement("x", actor=actor), SCHOOL, now
    )


def family(session, band, now, *, agreed=True):
    """A child's chat whose guardian has agreed, or is still reading."""
    child, guardian = make_conversation(session, now), make_conversation(session, now)
    row = guardians.begin(session, child, band, now)
    code = guardians.request_code(session, row, now, nickname="มะลิ", user_id=USER)
    assert guardians.open_by(session, guardian, code, now) is row
    if agreed:
        guardians.agree(session, row, Relation.PARENT, "วรรณา ใจดี", "U" + "6" * 32, now)
    return child, row


def refused(database, work):
    with pytest.raises(GuardianMissingError):
        database.write(work)
    return True


@pytest.mark.parametrize("band", MINORS)
def test_without_a_guardian_it_is_refused(band, database, clock):
    def work(session):
        child = make_conversation(session, clock())
        say(session, child, ConsentState.GIVEN, "self", clock())
        enrol(session, child, band, clock())

    assert refused(database, work)


@pytest.mark.parametrize("band", MINORS)
def test_with_both_yeses_it_is_done(band, database, clock):
    def work(session):
        child, _ = family(session, band, clock())
        say(session, child, ConsentState.GIVEN, "self", clock())
        say(session, child, ConsentState.GIVEN, "guardian", clock() + timedelta(seconds=1))
        session.flush()
        return enrol(session, child, band, clock() + timedelta(seconds=2)).id

    assert database.write(work)


@pytest.mark.parametrize("band", MINORS)
@pytest.mark.parametrize("state", [s for s in ConsentState if s is not ConsentState.GIVEN])
def test_a_guardian_who_said_anything_else_last_stops_it(band, state, database, clock):
    def work(session):
        child, _ = family(session, band, clock())
        say(session, child, ConsentState.GIVEN, "self", clock())
        say(session, child, ConsentState.GIVEN, "guardian", clock() + timedelta(seconds=1))
        say(session, child, state, "guardian", clock() + timedelta(seconds=2))
        session.flush()
        enrol(session, child, band, clock() + timedelta(seconds=3))

    assert refused(database, work)


def test_from_eleven_the_guardian_alone_is_not_enough(database, clock):
    def work(session):
        child, _ = family(session, AgeBand.FROM_11_TO_19, clock())
        say(session, child, ConsentState.GIVEN, "guardian", clock())
        session.flush()
        enrol(session, child, AgeBand.FROM_11_TO_19, clock() + timedelta(seconds=1))

    assert refused(database, work)


@pytest.mark.parametrize("band", MINORS)
def test_a_request_that_is_open_makes_nobody_twenty(band, database, clock):
    def work(session):
        child, _ = family(session, band, clock(), agreed=False)
        say(session, child, ConsentState.GIVEN, "self", clock())
        session.flush()
        enrol(session, child, AgeBand.FROM_20, clock() + timedelta(seconds=1))

    assert refused(database, work)


@pytest.mark.parametrize("band", MINORS)
def test_an_agreement_that_is_over_does_not_enrol_later(band, database, clock):
    def work(session):
        child, row = family(session, band, clock())
        say(session, child, ConsentState.GIVEN, "self", clock())
        say(session, child, ConsentState.GIVEN, "guardian", clock() + timedelta(seconds=1))
        ends.end(session, row, "withdrawn", clock())
        session.flush()
        enrol(session, child, band, clock() + timedelta(seconds=2))

    assert refused(database, work)


def test_only_a_parent_or_legal_guardian_agrees(database, clock):
    def work(session):
        _, row = family(session, AgeBand.UP_TO_10, clock(), agreed=False)
        guardians.agree(session, row, Relation.OTHER, "ใคร ก็ได้", USER, clock())

    with pytest.raises(ValueError, match="parent"):
        database.write(work)


def test_a_guardian_who_waits_for_an_answer_is_not_forgotten(database, clock):
    """And once forgotten, what they asked for the child stays the child's alone."""

    def ask(session):
        guardian = make_conversation(session, clock())
        child = make_conversation(session, clock())
        request = requests.open_request(
            session, requests.for_child(guardian, child), RequestKind.CORRECT, clock(), "โน้ต"
        )
        return guardian.id, child.id, request.id

    guardian_id, child_id, number = database.write(ask)
    later = clock() + timedelta(days=400)
    assert guardian_id not in database.read(lambda s: list(s.scalars(drafts.strangers(later))))

    def forget(session):
        request = session.get_one(PrivacyRequest, number)
        requests.move(session, request, RequestState.DONE, clock(), actor="staff")
        assert guardian_id in list(session.scalars(drafts.strangers(later)))
        drafts.forget(session, [guardian_id])

    database.write(forget)
    kept = database.read(lambda s: s.get_one(PrivacyRequest, number))
    assert (kept.subject_id, kept.guardian_id, kept.detail_sealed) == (child_id, None, None)


def test_chats_with_a_guardianship_are_not_forgotten_as_strangers(database, clock):
    def work(session):
        child, row = family(session, AgeBand.UP_TO_10, clock())
        make_conversation(session, clock())
        session.flush()
        return child.id, row.guardian_id

    kept = set(database.write(work))
    later = clock() + timedelta(days=1)
    found = database.read(lambda session: set(session.scalars(drafts.strangers(later))))
    everyone = {row.id for row in database.read(lambda s: s.query(Conversation).all())}
    assert everyone - found == kept
    assert len(found) == 1


def test_an_ended_guardianship_names_nobody(database, clock):
    def work(session):
        _, row = family(session, AgeBand.UP_TO_10, clock())
        ends.end(session, row, "withdrawn", clock())

    database.write(work)
    (row,) = database.read(lambda s: s.query(Guardianship).all())
    sealed = (row.nickname_sealed, row.child_line_sealed, row.guardian_line_sealed)
    assert (*sealed, row.guardian_called_sealed) == (None,) * 4
