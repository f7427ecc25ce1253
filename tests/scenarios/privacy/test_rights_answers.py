"""The staff's side of requests: deadlines, answers, refusals, legal holds, and a child's limits."""

import re
from itertools import product

import pytest
from sqlalchemy import insert, select, update

from bot.services.accounts import holds
from bot.services.people.subjects import Subject
from bot.services.privacy import answers, requests, rights
from bot.services.privacy.requests import ANSWER, MOVES, Asked, RequestError
from models.audit import AuditEntry
from models.consent import ConsentState, Purpose
from models.conversation import Conversation
from models.learner import AgeBand, Learner
from models.mail import Mail
from models.outbox import Push
from models.privacy import PrivacyRequest, RequestKind, RequestState
from tests.chat import words
from tests.samples import every, numbered
from tests.scenarios.story import NAME, language_of, register, tap

LANGUAGES = pytest.mark.parametrize("language", ["th", "en"])
REASON = "กฎหมายบัญชีให้เก็บใบเสร็จไว้ 5 ปี"
NOTE = "คานารี-ข้อความในคำขอ"


@pytest.fixture
def chat(someone):
    made = someone("มะลิ")
    register(made)
    return made


@pytest.fixture
def flask(app):
    """Runs a command of the staff; its exit code and what it printed."""

    def run(*arguments):
        result = app.test_cli_runner().invoke(args=list(arguments))
        return result.exit_code, result.output

    return run


def note(chat, text=NOTE):
    chat.posts("a=rights_correct")
    chat.says(text)


def one(rows, kind):
    (found,) = rows(PrivacyRequest, PrivacyRequest.kind == kind)
    return found


def test_the_list_has_the_nearest_deadline_first_and_no_person(chat, flask, rows, clock):
    note(chat)
    clock.advance(days=1)
    chat.posts("a=withdraw")
    tap(chat, "Withdraw")
    code, said = flask("requests")

    assert code == 0
    lines = said.splitlines()
    assert [line.split()[1] for line in lines[:2]] == ["correct", "erase"]
    assert "29 day(s) left" in lines[0]
    assert "90 day(s) left" in lines[1]
    assert lines[-1] == "2 open, 0 overdue"
    for canary in (NAME, NOTE, chat.user_id, "somchai"):
        assert canary not in said


@pytest.mark.parametrize(
    ("days", "seconds", "expected"),
    [(29, 86_399, "0 day(s) left"), (30, 0, "0 day(s) left"), (30, 1, "OVERDUE by 1 day(s)")],
)
def test_an_overdue_request_stays_on_the_list_and_says_so(
    days, seconds, expected, chat, flask, clock, rows
):
    note(chat)
    clock.advance(days=days, seconds=seconds)
    _, said = flask("requests")

    assert expected in said
    assert one(rows, RequestKind.CORRECT).state is RequestState.ACKNOWLEDGED


def test_until_it_is_acknowledged_the_nearer_clock_counts(database, chat, rows, clock):
    """Fifteen days to acknowledge, whatever time the answer may take."""

    def open_one(session):
        learner = session.query(Learner).one()
        asked = Asked(Subject(learner.conversation_id, learner.id), channel="staff")
        request = requests.open_request(session, asked, RequestKind.ERASE, clock())
        before = requests.days_left(request, clock())
        requests.move(session, request, RequestState.ACKNOWLEDGED, clock(), actor="staff")
        return before, requests.days_left(request, clock())

    assert database.write(open_one) == (15, 90)


@LANGUAGES
def test_a_refusal_tells_the_person_the_reason_and_where_to_complain(
    language, someone, flask, rows, engine
):
    chat = someone("มะลิ", language)
    register(chat)
    note(chat)
    request = one(rows, RequestKind.CORRECT)
    code, said = flask("request-refuse", request.id, "--reason", REASON)
    engine.drain_pushes()
    heard = words(chat.heard())

    assert (code, REASON in said) == (0, False)
    assert REASON in heard
    assert "PDPC" in heard
    assert language_of(chat)("We cannot do what you asked for") in heard
    assert REASON in words(chat.posts("a=requests"))
    assert len(rows(Mail, Mail.template == "request_refused")) == 1
    assert len(rows(Push)) == 1
    refused = one(rows, RequestKind.CORRECT)
    assert refused.state is RequestState.REFUSED
    assert refused.reason_sealed is not None
    assert REASON not in str([entry.data for entry in rows(AuditEntry)])


@pytest.mark.parametrize("reason", ["", "   "])
def test_a_refusal_without_a_reason_is_none(reason, chat, flask, rows):
    note(chat)
    code, said = flask("request-refuse", one(rows, RequestKind.CORRECT).id, "--reason", reason)

    assert code != 0
    assert "needs a reason" in said
    assert one(rows, RequestKind.CORRECT).state is RequestState.ACKNOWLEDGED


def test_done_tells_the_person_once(chat, flask, rows, engine):
    note(chat)
    request = one(rows, RequestKind.CORRECT)
    assert flask("request-done", request.id)[0] == 0
    again, said = flask("request-done", request.id)
    engine.drain_pushes()

    assert again != 0
    assert "already" in said
    assert requests.number(request.id) in words(chat.heard())
    assert len(rows(Mail, Mail.template == "request_done")) == 1
    assert len(rows(Push)) == 1


def test_reading_a_note_is_written_into_the_audit_trail(chat, flask, rows):
    note(chat)
    request = one(rows, RequestKind.CORRECT)
    code, said = flask("request-show", request.id)

    assert (code, said.strip()) == (0, NOTE)
    read = rows(AuditEntry, AuditEntry.action == "request:read")
    assert [entry.data for entry in read] == [{"request_id": request.id}]


def test_the_number_that_people_read_out_is_enough(chat, flask, rows, database):
    note(chat)
    request = one(rows, RequestKind.CORRECT)
    number = requests.number(request.id)
    assert re.fullmatch(r"[0-9A-F]{4}-[0-9A-F]{4}", number)
    assert number in flask("requests")[1]
    for typed in (number, number.lower().replace("-", ""), request.id):
        assert flask("request-show", typed)[1].strip() == NOTE
    twin = f"{'0' * 24}{request.id[-8:]}"

    def copied(session):
        same = {c.key: c for c in PrivacyRequest.__table__.columns if c.key != "id"}
        row = session.execute(select(*same.values())).mappings().one()
        session.execute(insert(PrivacyRequest).values(id=twin, **row))

    database.write(copied)
    code, said = flask("request-done", number)
    assert code == 1
    assert twin in said
    assert request.id in said
    for typed in ("%", "_" * 8, number[:4], ""):
        assert flask("request-show", typed)[0] == 1


@pytest.mark.parametrize("command", ["request-show", "request-done", "request-acknowledge"])
def test_an_unknown_number_is_one_line(command, flask, app):
    code, said = flask(command, "0" * 32)
    assert code == 1
    assert said.count("\n") == 1
    assert "Traceback" not in said


def test_the_staff_carry_out_an_erasure_and_the_person_hears_of_it(
    chat, flask, rows, engine, all_words
):
    chat.posts("a=withdraw")
    tap(chat, "Withdraw")
    request = one(rows, RequestKind.ERASE)
    assert flask("request-done", request.id)[0] == 0
    engine.drain_pushes()

    assert requests.number(request.id) in words(chat.heard())
    assert rows(Learner) == rows(Conversation) == []
    for canary in (NAME, chat.user_id):
        assert canary not in all_words()
    assert one(rows, RequestKind.ERASE).state is RequestState.DONE


def hold(database, clock, *, may_tell):
    def place(session):
        learner = session.query(Learner).one()
        return holds.place(
            session, learner.id, "คดีลับ-คานารี", may_tell=may_tell, actor="staff", now=clock()
        ).id

    return database.write(place)


@pytest.mark.parametrize("may_tell", [True, False])
@LANGUAGES
def test_a_legal_hold_stops_the_erasure(language, may_tell, someone, rows, database, clock):
    chat = someone("มะลิ", language)
    register(chat)
    hold(database, clock, may_tell=may_tell)
    chat.posts("a=rights_erase")
    said = words(tap(chat, "Erase everything"))

    assert len(rows(Learner)) == 1
    assert one(rows, RequestKind.ERASE).state is RequestState.HELD
    order = {"th": "คำสั่งของศาล", "en": "order of a court"}[language]
    assert (order in said) is may_tell
    assert "คานารี" not in said
    chat.posts("a=rights_erase")
    tap(chat, "Erase everything")
    assert one(rows, RequestKind.ERASE).state is RequestState.HELD, "asked twice is asked once"


def test_a_held_erasure_is_carried_out_once_the_hold_is_lifted(chat, flask, rows, database, clock):
    number = hold(database, clock, may_tell=True)
    chat.posts("a=rights_erase")
    tap(chat, "Erase everything")
    request = one(rows, RequestKind.ERASE)
    code, said = flask("request-done", request.id)
    assert code == 1
    assert number in said
    assert len(rows(Learner)) == 1
    database.write(lambda session: holds.release(session, number, actor="staff", now=clock()))

    assert flask("request-done", request.id)[0] == 0
    assert rows(Learner) == []


def test_withdrawing_under_a_hold_closes_the_account_and_keeps_the_data(
    chat, rows, database, clock
):
    hold(database, clock, may_tell=False)
    chat.posts("a=withdraw")
    tap(chat, "Withdraw")

    assert one(rows, RequestKind.WITHDRAW).state is RequestState.DONE
    assert one(rows, RequestKind.ERASE).state is RequestState.HELD
    assert len(rows(Learner)) == 1


@pytest.mark.parametrize("action", ["withdraw", "rights_erase"])
@LANGUAGES
def test_up_to_ten_years_the_guardian_ends_it(action, language, someone, rows, database):
    chat = someone("มะลิ", language)
    register(chat)
    database.write(lambda s: s.execute(update(Learner).values(age_band=AgeBand.UP_TO_10)))
    said = words(chat.posts(f"a={action}"))

    assert ("ผู้ปกครอง" if language == "th" else "guardian") in said
    assert rows(Conversation)[0].flow is None
    assert rows(PrivacyRequest) == []


def test_the_guardian_uses_the_same_services(chat, rows, database, clock, settings):
    def withdraw_and_erase(session):
        learner = session.query(Learner).one()
        learner.age_band = AgeBand.UP_TO_10
        asked = Asked(Subject(learner.conversation_id, learner.id), by="guardian")
        found = rights.withdraw(session, asked, "อ่านแล้ว", settings.school, "local", clock())
        actor, purpose, state = found.event.actor, found.event.purpose, found.event.state
        erased = rights.erase(session, asked, clock())
        return actor, purpose, state, erased.is_held

    expected = ("guardian", Purpose.ENROLMENT, ConsentState.WITHDRAWN, False)
    assert database.write(withdraw_and_erase) == expected
    assert rows(Learner) == []
    assert {request.asked_by for request in rows(PrivacyRequest)} == {"guardian"}


def test_a_child_alone_is_refused_by_the_service_too(chat, rows, database, clock):
    def erase(session):
        learner = session.query(Learner).one()
        learner.age_band = AgeBand.UP_TO_10
        rights.erase(session, Asked(Subject(learner.conversation_id, learner.id)), clock())

    with pytest.raises(rights.GuardianNeededError):
        database.write(erase)
    assert len(rows(Learner)) == 1


def test_a_request_moves_only_as_the_table_says(database, chat, clock, rows):
    class Undone(Exception):
        """Takes back what was tried, so that each try meets the same rows."""

    def tries(move):
        state, wanted = move
        did_move = False

        def attempt(session):
            nonlocal did_move
            learner = session.query(Learner).one()
            asked = Asked(Subject(learner.conversation_id, learner.id))
            request = requests.open_request(session, asked, RequestKind.CORRECT, clock())
            request.state = state
            session.flush()
            try:
                requests.move(session, request, wanted, clock(), actor="staff", reason=REASON)
                session.flush()
                did_move = True
            except RequestError:
                did_move = False
            raise Undone

        with pytest.raises(Undone):
            database.write(attempt)
        assert did_move is (wanted in MOVES[state])

    every(numbered(product(RequestState, RequestState)), tries)
    assert rows(PrivacyRequest) == []


def test_a_request_by_the_portal_is_answered_by_mail_alone(chat, rows, database, clock):
    def ask_and_answer(session):
        learner = session.query(Learner).one()
        asked = Asked(Subject(learner.conversation_id, learner.id), channel="portal")
        request = rights.correct(session, asked, NOTE, clock())
        answers.done(session, request.id, clock())
        return request.due_at - request.opened_at

    assert database.write(ask_and_answer) == ANSWER
    assert len(rows(Mail, Mail.template == "request_done")) == 1
    assert rows(Push) == []
