"""Erasing a person: everything of theirs goes, the proof stays, other people lose nothing."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import LargeBinary, func, select
from structlog.testing import capture_logs

from bot.presentation import data_labels
from bot.services.accounts import holds
from bot.services.privacy import data_map, erasure, erasure_list
from bot.services.privacy.data_map import ErasureAction, Subject
from bot.services.privacy.erasure import HeldError
from models.audit import AuditEntry
from models.consent import ConsentEvent
from models.conversation import Conversation
from models.guardianship import Guardianship, GuardianshipState
from models.inbox import EventState, WebhookEvent
from models.learner import Learner
from models.mail import Mail, MailState
from models.privacy import Erasure, PendingErasure, PrivacyRequest
from models.tables import metadata
from tests.factories import make_account, make_conversation, make_learner
from tests.services.privacy.canaries import make_guardianship, plant, sealed

# Under the pseudonym: what was said to which text, the order, the recipient, a digest's reason.
MINIMAL_PROOF = {"consent_event", "suppression", "legal_hold", "disclosure"}


@pytest.fixture
def planted(database, clock):
    return database.write(lambda session: plant(session, "k4n4r1", clock()))


def everything(database, bot) -> dict[str, str]:
    """Every value of every table, sealed columns opened."""
    found = {}
    for table in metadata.sorted_tables:
        rows = database.read(lambda s, t=table: s.execute(select(t)).mappings().all())
        texts = []
        for row in rows:
            for column in table.columns:
                value = row[column.name]
                if value is not None and isinstance(column.type, LargeBinary):
                    place = f"{table.name}|{column.name}|{row['id']}"
                    value = bot.keyring.open(value, place).decode()
                texts.append(json.dumps(value, ensure_ascii=False, default=str))
        found[table.name] = "\n".join(texts)
    return found


def test_an_export_finds_the_person_in_every_table(database, planted, clock):
    found = database.read(
        lambda session: {
            table.name: table.rows(session, planted.subject) for table in data_map.TABLES
        }
    )
    for table in data_map.TABLES:
        if table.withheld:
            assert found[table.name] == []
            continue
        assert found[table.name], f"{table.name}: nothing is exported"
        text = json.dumps(found[table.name], ensure_ascii=False)
        for word in planted.words.get(table.name, []):
            assert word in text, f"{table.name}: {word} is missing"
        assert all(name in data_labels.LABELS for row in found[table.name] for name in row)


def test_an_export_holds_no_secret_and_nobody_else(database, planted, clock):
    other = database.write(lambda session: plant(session, "0th3r", clock()))
    text = database.read(
        lambda session: json.dumps(
            [table.rows(session, planted.subject) for table in data_map.TABLES],
            ensure_ascii=False,
        )
    )
    assert "hash-k4n4r1" not in text
    for words in other.words.values():
        assert [word for word in words if word in text] == []


def test_only_rows_about_somebody_else_are_withheld():
    """And digests that say nothing beside the name itself."""
    withheld = {table.name for table in data_map.TABLES if table.withheld}
    of_staff = {"staff", "staff_session", "staff_passkey", "kept_form"}
    assert withheld - of_staff - {"learner_name_word"} == {
        "possible_duplicate",
        "pending_erasure",
        "learner_merge",
        "learner_import",
        "export_request",
    }


def test_after_an_erasure_nothing_of_the_person_is_left(database, bot, planted, clock):
    before = everything(database, bot)
    for name, words in planted.words.items():
        assert all(json.dumps(word, ensure_ascii=False)[1:-1] in before[name] for word in words)
    database.write(lambda session: erasure.erase(session, planted.subject, clock()))

    after = everything(database, bot)
    for words in planted.words.values():
        for word in words:
            left = {name for name, text in after.items() if word in text}
            assert left <= MINIMAL_PROOF, word
    assert "hash-k4n4r1" not in "".join(after.values())


def test_each_table_meets_the_fate_that_the_map_says(database, planted, clock):
    def count(session):
        return {table.name: len(table.rows(session, planted.subject)) for table in data_map.TABLES}

    before = database.read(count)
    database.write(lambda session: erasure.erase(session, planted.subject, clock()))
    after = database.read(count)
    for table in data_map.TABLES:
        if table.fate is ErasureAction.DELETED:
            assert after[table.name] == 0, table.name
    assert after["consent_event"] == before["consent_event"] == 1
    assert after["disclosure"] == before["disclosure"] == 1


def test_the_proof_and_the_trail_stay_under_a_pseudonym(database, planted, clock):
    rows = database.write(lambda session: erasure.erase(session, planted.subject, clock()))

    def left(session):
        trail = session.scalars(select(AuditEntry).where(AuditEntry.action == "learner:erase"))
        listed = session.scalars(select(Erasure).order_by(Erasure.id.desc())).first()
        return trail.one().data, listed, session.scalars(select(ConsentEvent)).one()

    data, listed, event = database.read(left)
    assert data == {"rows": rows}
    assert rows > 10
    assert (listed.subject_id, listed.learner_id) == (
        planted.subject.conversation_id,
        planted.subject.learner_id,
    )
    assert event.subject_id == planted.subject.conversation_id


def test_a_mail_leaves_a_tombstone_with_a_keyed_hash(database, planted, clock):
    database.write(lambda session: erasure.erase(session, planted.subject, clock()))
    mails = database.read(lambda session: list(session.scalars(select(Mail))))
    assert {mail.state for mail in mails} == {MailState.DROPPED, MailState.SENT}
    for mail in mails:
        assert mail.reason.startswith("erased ")
        assert mail.text_sealed is mail.to_sealed is mail.address_index is mail.subject_id is None
        assert len(mail.reason.split()[1]) == 64


def test_a_request_stays_without_what_was_written(database, planted, clock):
    database.write(lambda session: erasure.erase(session, planted.subject, clock()))
    request = database.read(lambda session: session.scalars(select(PrivacyRequest)).one())
    assert request.detail_sealed is None
    assert request.closed_at is not None


def test_a_hold_stops_it_and_nothing_is_changed(database, bot, planted, clock):
    place = {"may_tell": False, "actor": "test", "now": clock()}
    hold_id = database.write(
        lambda session: holds.place(session, planted.subject.learner_id, "order", **place).id
    )
    before = everything(database, bot)
    with pytest.raises(HeldError) as caught:
        database.write(lambda session: erasure.erase(session, planted.subject, clock()))
    assert caught.value.hold_id == hold_id
    assert everything(database, bot) == before

    database.write(lambda s: holds.release(s, hold_id, actor="test", now=clock()))
    assert database.write(lambda session: erasure.erase(session, planted.subject, clock())) > 10


def test_nobody_else_loses_anything(database, bot, planted, clock):
    other = database.write(lambda session: plant(session, "0th3r", clock()))
    database.write(lambda session: erasure.erase(session, planted.subject, clock()))
    after = everything(database, bot)
    for name, words in other.words.items():
        for word in words:
            assert json.dumps(word, ensure_ascii=False)[1:-1] in after[name]


def test_a_stranger_can_be_erased_too(database, clock):
    chat_id = database.write(lambda session: make_conversation(session, clock()).id)
    database.write(lambda session: erasure.erase(session, Subject(chat_id), clock()))
    assert database.read(lambda session: session.get(Conversation, chat_id)) is None


def test_a_second_erasure_finds_nothing(database, planted, clock):
    database.write(lambda session: erasure.erase(session, planted.subject, clock()))
    again = database.write(lambda session: erasure.erase(session, planted.subject, clock()))
    assert again <= 1  # the request's row, which has nothing left to lose


def test_what_a_handler_sets_afterwards_reaches_no_table(database, clock):
    """The chat that asked for it still holds its conversation when the flow ends."""

    def work(session):
        learner = make_learner(session, clock())
        chat = session.get_one(Conversation, learner.conversation_id)
        chat.learner_id = learner.id
        erasure.erase(session, Subject(chat.id, learner.id), clock())
        chat.flow = chat.step = None
        chat.draft_json = None
        session.flush()

    database.write(work)
    left = database.read(lambda s: s.execute(select(func.count(Conversation.id))).scalar())
    assert left == 0


def test_an_event_that_is_being_answered_is_finished_first(database, clock):
    def work(session):
        chat = make_conversation(session, clock())
        for state in (EventState.ANSWERING, EventState.DONE):
            row = WebhookEvent(
                id=str(state),
                person=chat.person,
                kind="message",
                happened_at=clock(),
                received_at=clock(),
                state=state,
            )
            sealed(session, row, answer="[]")
        erasure.erase(session, Subject(chat.id), clock())

    database.write(work)
    rows = database.read(lambda s: {row.id: row for row in s.scalars(select(WebhookEvent))})
    assert rows["answering"].person is not None
    assert rows["done"].person is None
    assert rows["done"].answer_sealed is None


def test_erasing_a_guardian_ends_what_they_said_for_the_child(database, clock):
    def work(session):
        child, guardian = (make_conversation(session, clock()) for _ in range(2))
        row = make_guardianship(clock(), child_id=child.id, guardian_id=guardian.id)
        sealed(session, row, nickname="น้องนิด", guardian_called="แม่นิด", guardian_line="Ux")
        erasure.erase(session, Subject(guardian.id), clock())

    database.write(work)
    row = database.read(lambda session: session.scalars(select(Guardianship)).one())
    assert row.state is GuardianshipState.ENDED
    assert row.guardian_id is row.guardian_called_sealed is row.guardian_line_sealed is None
    assert row.nickname_sealed is None, "an ended one names nobody"


def test_the_bytes_of_the_files_are_overwritten(database, bot, planted, clock):
    """SQLite keeps deleted cells unless told otherwise, and its log keeps what was there before.

    The names of courses are not sealed; what is sealed can be read with the key.
    """
    if not database.is_sqlite:
        pytest.skip("PostgreSQL frees dead rows at its own time; what names people is sealed")
    path = Path(database.url.removeprefix("sqlite:///"))

    def raw() -> bytes:
        return b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))

    words = [b"course-k4n4r1", b"wish-k4n4r1", b"topic-k4n4r1", b"user-k4n4r1", b"hash-k4n4r1"]
    words += [database.read(lambda s: s.get(Learner, planted.subject.learner_id).name_sealed)]
    assert all(word in raw() for word in words)
    database.write(lambda session: erasure.erase(session, planted.subject, clock()))
    assert [word for word in words if word in raw()] == []


def listed(bot):
    return [
        each.subject_id for each in erasure_list.read(bot.settings.backup_dir, bot.keyring).erased
    ]


def test_the_list_outside_knows_it_before_anybody_is_told(database, bot, planted, clock, tmp_path):
    bot.settings = replace(bot.settings, backup_dir=tmp_path / "backups")

    def given_up(session):
        erasure.erase(session, planted.subject, clock())
        raise LookupError

    with pytest.raises(LookupError):
        database.write(given_up)
    assert listed(bot) == []
    database.write(lambda session: erasure.erase(session, planted.subject, clock()))
    assert planted.subject.conversation_id in listed(bot)


def test_a_list_that_cannot_be_written_hinders_no_erasure(database, bot, planted, clock, tmp_path):
    (tmp_path / "file").touch()
    bot.settings = replace(bot.settings, backup_dir=tmp_path / "file")
    with capture_logs() as logs:
        database.write(lambda session: erasure.erase(session, planted.subject, clock()))
    assert [(line["event"], line["setting"]) for line in logs] == [
        ("erasure.not_followed", "BACKUP_DIR")
    ]
    assert database.read(lambda s: s.get(Learner, planted.subject.learner_id)) is None


@pytest.fixture
def held_account(database, clock):
    def work(session):
        learner = make_learner(session, clock())
        session.get_one(Conversation, learner.conversation_id).learner_id = learner.id
        account = make_account(session, learner, clock())
        return Subject(learner.conversation_id, learner.id), account.id

    return database.write(work)


def test_the_elearning_system_is_told_until_it_confirms(database, bot, engine, held_account, clock):
    from tests.scenarios.doubles import DOWN, make_wayward

    subject, account_id = held_account
    provider = make_wayward(bot)
    provider.closing_errors = [DOWN, DOWN]
    database.write(lambda session: erasure.erase(session, subject, clock()))
    pending = lambda: database.read(lambda s: s.get(PendingErasure, account_id))  # noqa: E731
    for attempts in (1, 2):
        engine.drain_accounts()
        assert pending().attempts == attempts
        engine.drain_accounts()
        assert pending().attempts == attempts, "not before its time"
        clock.advance(hours=1)
    engine.drain_accounts()
    assert pending() is None
    assert database.read(lambda s: s.get(Learner, subject.learner_id)) is None
