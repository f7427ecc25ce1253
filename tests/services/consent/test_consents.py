"""The consent ledger: nothing in it is ever changed, and its last event is what holds."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, text, update
from sqlalchemy.exc import DBAPIError

from bot.services.consent import consents
from bot.services.consent.consents import ConsentStatement
from bot.settings import School
from models.audit import AuditEntry
from models.consent import ConsentEvent, ConsentState, Purpose
from tests.factories import make_consent_event, make_conversation

SCHOOL = School(controller="บริษัท โรงเรียน จำกัด", email="dpo@school.example", account_years=2)


def recorded(database, now, purpose=Purpose.ENROLMENT, state=ConsentState.GIVEN):
    """One event of a new conversation; its id and the conversation's."""

    def write(session):
        conversation = make_conversation(session, now)
        said = ConsentStatement("ยินยอม", webhook_event_id="01TEST")
        event = consents.record(session, conversation, purpose, state, said, SCHOOL, now)
        return event.id, conversation.id

    return database.write(write)


@pytest.mark.parametrize("model", [ConsentEvent, AuditEntry])
@pytest.mark.parametrize("verb", ["update", "delete"])
def test_the_database_itself_refuses_changes(model, verb, database, clock):
    recorded(database, clock())
    change = update(model).values(at=clock()) if verb == "update" else delete(model)
    with pytest.raises(DBAPIError, match="append-only"):
        database.write(lambda session: session.execute(change))

    assert database.read(lambda session: session.query(model).count()) == 1


@pytest.mark.parametrize("table", ["consent_event", "audit_entry"])
def test_raw_sql_is_refused_too(table, database, clock):
    recorded(database, clock())
    for statement in (f"UPDATE {table} SET at = at", f"DELETE FROM {table}"):
        with pytest.raises(DBAPIError, match="append-only"), database.engine.begin() as connection:
            connection.execute(text(statement))


def test_a_table_cannot_be_emptied_at_once(database, clock):
    recorded(database, clock())
    statement = "DELETE FROM consent_event" if database.is_sqlite else "TRUNCATE consent_event"
    with pytest.raises(DBAPIError, match="append-only"), database.engine.begin() as connection:
        connection.execute(text(statement))


@pytest.mark.parametrize(
    ("purpose", "days"),
    [(Purpose.ENROLMENT, None), (Purpose.LINE_NEWS, 730), (Purpose.EMAIL_NEWS, 730)],
)
def test_news_is_given_for_a_time_and_enrolment_with_the_account(purpose, days, database, clock):
    event_id, subject = recorded(database, clock(), purpose)

    event = database.read(lambda session: session.get(ConsentEvent, event_id))
    assert event.valid_until == (clock() + timedelta(days=days) if days else None)

    def holds_after(span):
        return database.read(
            lambda session: consents.holds(session, subject, purpose, clock() + span)
        )

    assert holds_after(timedelta(days=729))
    assert holds_after(timedelta(days=730)) is (days is None)


@pytest.mark.parametrize("state", [state for state in ConsentState if state != "given"])
def test_only_given_permits_anything(state, database, clock):
    _, subject = recorded(database, clock(), state=state)

    assert not database.read(
        lambda session: consents.holds(session, subject, Purpose.ENROLMENT, clock())
    )


def test_the_record_names_the_controller_and_how_to_withdraw(database, clock):
    event_id, subject = recorded(database, clock(), Purpose.EMAIL_NEWS)
    record = database.read(lambda session: session.get(ConsentEvent, event_id)).record

    assert record["header"]["piiPrincipalId"] == subject
    assert record["parties"][0]["name"] == SCHOOL.controller
    assert {item["type"] for item in record["processing"]["piiInformation"]} == {
        "e-mail address",
        "full name",
    }
    assert record["processing"]["withdrawalMethod"]


def test_purposes_and_people_do_not_mix(database, clock):
    _, mine = recorded(database, clock(), Purpose.LINE_NEWS)
    _, theirs = recorded(database, clock(), Purpose.LINE_NEWS, ConsentState.REFUSED)

    def held(session):
        return [
            (consents.holds(session, subject, purpose, clock()))
            for subject in (mine, theirs)
            for purpose in Purpose
        ]

    assert database.read(held) == [False, True, False, False, False, False]


STEPS = st.lists(
    st.tuples(
        st.sampled_from(list(Purpose)),
        st.sampled_from(list(ConsentState)),
        st.integers(min_value=1, max_value=500),  # days until the next event
    ),
    max_size=8,
)


@settings(
    derandomize=True,
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=STEPS, later=st.integers(min_value=0, max_value=1500))
def test_whatever_was_said_the_last_word_of_each_purpose_counts(database, clock, steps, later):
    start = clock()

    def write(session):
        now = start
        conversation = make_conversation(session, now)
        for purpose, state, days in steps:
            consents.record(
                session, conversation, purpose, state, ConsentStatement("x"), SCHOOL, now
            )
            session.flush()
            now += timedelta(days=days)
        return conversation.id, now + timedelta(days=later)

    subject, asked_at = database.write(write)
    expected = dict.fromkeys(Purpose, False)
    now = start
    for purpose, state, days in steps:
        end = now + timedelta(days=730) if purpose is not Purpose.ENROLMENT else None
        expected[purpose] = state is ConsentState.GIVEN and (end is None or asked_at < end)
        now += timedelta(days=days)

    def fold(session):
        return {purpose: consents.holds(session, subject, purpose, asked_at) for purpose in Purpose}

    assert database.read(fold) == expected
    told = database.read(lambda session: consents.history(session, subject))
    assert [(event.purpose, event.state) for event in told] == [step[:2] for step in steps]


def test_a_receipt_by_hand_is_an_event_like_any_other(database, clock):
    """Rows of the factory and of the service fold together."""
    _, subject = recorded(database, clock())
    database.write(
        lambda session: (
            make_consent_event(
                session,
                clock() + timedelta(seconds=1),
                subject_id=subject,
                state=ConsentState.WITHDRAWN,
            )
            and None
        )
    )

    assert not database.read(
        lambda session: consents.holds(
            session, subject, Purpose.ENROLMENT, clock() + timedelta(seconds=2)
        )
    )
