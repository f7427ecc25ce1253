"""The gate of disclosures, the record of processing, and the commands about them."""

import csv
import io

import pytest

from bot.services.consent import consents
from bot.services.consent.consents import ConsentStatement
from bot.services.people import subjects
from bot.services.privacy import data_map, disclosures, requirements
from bot.services.privacy.disclosures import Order
from bot.services.shared.processors import DisclosureError
from bot.settings import School
from models.consent import ConsentState, Purpose
from models.conversation import Conversation
from models.learner import Learner
from models.privacy import Disclosure, Ground, LegalHold, RequestKind, RequestState
from tests.factories import make_learner
from tests.services.privacy.canaries import sealed

SCHOOL = School(controller="=โรงเรียน", hosting="Host, ไทย", account_years=2)
ORDER = Order("ศาลอาญา", "12/2569")


@pytest.fixture
def learner_id(database, clock):
    def work(session):
        row = make_learner(session, clock())
        session.get_one(Conversation, row.conversation_id).learner_id = row.id
        return row.id

    return database.write(work)


PROOFS = {"consent_id", "processor_id", "order"}


@pytest.fixture
def disclose(database, learner_id, clock):
    def call(ground, **values):
        given = {
            "recipient": "ผู้รับ",
            "items": ["full name"],
            "approved_by": ["staff:a", "staff:b"],
            "school": SCHOOL,
            "now": clock(),
        } | values
        proofs = {name: given.pop(name) for name in PROOFS & given.keys()}
        proof = disclosures.GroundProof(ground, **proofs)
        return database.write(lambda s: disclosures.disclose(s, learner_id, proof, **given).id)

    return call


def give_consent(database, clock, learner_id, state=ConsentState.GIVEN):
    def work(session):
        chat = session.get_one(Conversation, session.get_one(Learner, learner_id).conversation_id)
        said = ConsentStatement("ยินยอม", webhook_event_id="x")
        return consents.record(session, chat, Purpose.EMAIL_NEWS, state, said, SCHOOL, clock()).id

    return database.write(work)


@pytest.mark.parametrize("ground", Ground)
@pytest.mark.parametrize(
    "proofs",
    [
        {},
        {"consent_id": "x", "processor_id": "line"},
        {"processor_id": "line", "order": ORDER},
        {"consent_id": "x", "processor_id": "line", "order": ORDER},
    ],
    ids=["none", "consent and service", "service and law", "all"],
)
def test_without_exactly_one_ground_nothing_is_given(ground, proofs, disclose, database):
    with pytest.raises(DisclosureError, match="exactly one ground"):
        disclose(ground, **proofs)
    assert database.read(lambda s: s.query(Disclosure).count()) == 0


def test_the_proof_of_another_ground_does_not_do(disclose):
    with pytest.raises(DisclosureError, match="exactly one ground"):
        disclose(Ground.LAW, processor_id="line")


@pytest.mark.parametrize("items", [[], ["password"], ["full name", "everything"]])
def test_only_items_of_the_list_can_be_given(items, disclose):
    with pytest.raises(DisclosureError, match="items"):
        disclose(Ground.LAW, order=ORDER, items=items)


def test_a_living_consent_of_this_person_is_a_ground(disclose, database, clock, learner_id):
    consent_id = give_consent(database, clock, learner_id)
    assert disclose(Ground.CONSENT, consent_id=consent_id)


def test_a_withdrawn_consent_gives_nothing_more(disclose, database, clock, learner_id):
    consent_id = give_consent(database, clock, learner_id)
    clock.advance(seconds=1)
    give_consent(database, clock, learner_id, ConsentState.WITHDRAWN)
    with pytest.raises(DisclosureError, match="not in force"):
        disclose(Ground.CONSENT, consent_id=consent_id)


def test_somebody_elses_consent_gives_nothing(disclose, database, clock):
    other = database.write(lambda s: make_learner(s, clock()).id)
    with pytest.raises(DisclosureError, match="no such consent"):
        disclose(Ground.CONSENT, consent_id=give_consent(database, clock, other))


def test_a_processor_gets_only_what_it_needs(disclose):
    assert disclose(Ground.SERVICE, processor_id="line", items=["LINE userId"])
    with pytest.raises(DisclosureError, match="does not need"):
        disclose(Ground.SERVICE, processor_id="line", items=["LINE userId", "phone number"])
    with pytest.raises(DisclosureError, match="register"):
        disclose(Ground.SERVICE, processor_id="adverts", items=["LINE userId"])


@pytest.mark.parametrize(
    ("order", "people", "missing"),
    [
        (Order("", "12/2569"), ["a", "b"], "agency"),
        (Order("ศาล", " "), ["a", "b"], "number"),
        (ORDER, ["a"], "two different"),
        (ORDER, ["a", " a "], "two different"),
        (ORDER, [], "two different"),
    ],
)
def test_an_order_needs_agency_number_and_two_people(order, people, missing, disclose):
    with pytest.raises(DisclosureError, match=missing):
        disclose(Ground.LAW, order=order, approved_by=people)


def test_whoever_has_stopped_the_use_is_given_only_by_order(disclose, database, clock, learner_id):
    database.write(lambda s: setattr(s.get_one(Learner, learner_id), "restricted_at", clock()))
    with pytest.raises(DisclosureError, match=r"s\.34"):
        disclose(Ground.SERVICE, processor_id="line", items=["LINE userId"])
    assert disclose(Ground.LAW, order=ORDER)


def test_a_disclosure_is_in_the_persons_export(disclose, database, learner_id):
    disclose(Ground.LAW, order=ORDER, items=["full name", "e-mail address"])
    table = next(table for table in data_map.TABLES if table.name == "disclosure")
    rows = database.read(lambda s: table.rows(s, subjects.of_learner(s, learner_id)))
    assert [(row["recipient"], row["reference"], row["items"]) for row in rows] == [
        ("ศาลอาญา", "12/2569", "e-mail address, full name")
    ]
    assert [
        row.ground for row in database.read(lambda s: disclosures.of_learner(s, learner_id))
    ] == [Ground.LAW]


def test_the_record_of_processing_has_every_part_of_section_39(app, bot, database, clock):
    from dataclasses import replace

    from models.base import new_id
    from models.privacy import PrivacyRequest

    bot.settings = replace(bot.settings, school=SCHOOL)

    def refuse(session):
        row = PrivacyRequest(
            id=new_id(),
            subject_id=new_id(),
            kind=RequestKind.ERASE,
            state=RequestState.REFUSED,
            asked_by="self",
            channel="line",
            opened_at=clock(),
            acknowledge_by=clock(),
            due_at=clock(),
        )
        sealed(session, row, reason="ลับ")

    database.write(refuse)
    result = app.test_cli_runner().invoke(args=["ropa"])
    assert result.exit_code == 0
    assert result.output.startswith("\ufeff")
    rows = list(csv.reader(io.StringIO(result.output.removeprefix("\ufeff"))))
    assert {len(row) for row in rows} == {5}
    sections = {row[0][:3] for row in rows[1:]}
    assert {f"({number})" for number in range(1, 9)} <= sections
    assert {row[1] for row in rows if row[0] == "(1) data"} == {
        table.name for table in data_map.TABLES
    }
    assert ["(7) refused requests", "erase", "", "", "1"] in rows
    assert "'=โรงเรียน" in result.output, "a spreadsheet must not take it for a formula"
    assert "ลับ" not in result.output


def test_the_record_goes_into_a_file(app, tmp_path):
    target = tmp_path / "ropa.csv"
    assert app.test_cli_runner().invoke(args=["ropa", "--to", str(target)]).exit_code == 0
    assert target.read_bytes().startswith(b"\xef\xbb\xbf")


def test_a_hold_is_placed_and_released_by_command(app, database, learner_id):
    runner = app.test_cli_runner()
    placed = runner.invoke(args=["hold-place", learner_id, "--reason", "ศาล 1/2569"])
    assert placed.exit_code == 0
    row = database.read(lambda s: s.query(LegalHold).one())
    assert row.id in placed.output
    assert row.may_tell is False
    assert "ศาล" not in placed.output
    assert runner.invoke(args=["hold-release", row.id]).exit_code == 0
    assert runner.invoke(args=["hold-release", row.id]).exit_code == 1
    assert runner.invoke(args=["hold-place", "nobody", "--reason", "x"]).exit_code == 1


def test_the_selfcheck_prints_every_demand_with_its_test_or_the_word_open(app):
    output = app.test_cli_runner().invoke(args=["privacy-selfcheck"]).output
    for requirement in requirements.load():
        assert f"{requirement.id} " in output
        assert all(proof in output for proof in requirement.proofs)
        assert requirement.open in output
