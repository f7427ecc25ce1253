"""Imports: a dry run, each line once, the proof of consent, and the way into the chat."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from bot.errors import InputError
from bot.runtime import errands, imports_exports
from bot.services.consent import consents
from bot.services.delivery import mails
from bot.services.learners import imports, invitations
from bot.services.learners.import_words import ImportColumn, guess
from bot.services.learners.imports import RowOutcome
from bot.services.people import fields
from bot.services.people.fields import Item
from bot.services.subscriptions import subscriptions
from models.account import Account, AccountState
from models.audit import AuditEntry
from models.consent import ConsentEvent, Purpose
from models.conversation import Conversation
from models.imports_exports import Import, ImportState
from models.learner import Learner, PossibleDuplicate
from models.mail import Mail
from models.outbox import Push
from models.subscription import Channel
from tests.factories import make_learner
from tests.services.learners.csv_files import GOOD, HEADER, file, line

MEMBER = "m" * 32


@pytest.fixture
def bring(database, clock):
    def do(*lines, **more):
        content = file(*lines, **more)
        return database.write(lambda s: imports.bring(s, content, MEMBER, clock()))

    return do


def confirmed(session, row, now, by=MEMBER):
    """A yes to the dry run as it stands."""
    seen = imports.fingerprint(session.get_one(Import, row.id))
    return imports.confirm(session, row.id, by, seen, now)


@pytest.fixture
def go_through(bot, database, clock):
    def do(row):
        assert database.write(lambda s: confirmed(s, row, clock()))
        lines = imports_exports.advance(bot)
        errands.drain(bot)
        return lines, database.read(lambda s: s.get_one(Import, row.id))

    return do


def test_the_dry_run_says_what_becomes_of_each_line_and_changes_nothing(database, clock, bring):
    database.write(
        lambda s: make_learner(s, clock(), phone="+66899999999", email="old@gmail.com").id
    )
    row = bring(
        GOOD,
        line(),
        line(phone="0899999999", email="old@gmail.com"),
        line(age="12", email="kid@gmail.com"),
        line(on="", words="", means="", email="quiet@gmail.com"),
        line(phone="1", email="wrong@gmail.com"),
    )
    entries = lambda: database.read(lambda s: s.scalars(select(func.count(AuditEntry.seq))).one())  # noqa: E731
    before = entries()
    looked = database.read(lambda s: imports.look(s, s.get_one(Import, row.id), clock()))
    assert [(one.line.number, one.fate) for one in looked] == [
        (2, RowOutcome.ENROL),
        (3, RowOutcome.KNOWN),
        (4, RowOutcome.KNOWN),
        (5, RowOutcome.MINOR),
        (6, RowOutcome.NO_CONSENT),
        (7, RowOutcome.WRONG),
    ]
    assert entries() == before
    assert database.read(lambda s: s.scalars(select(func.count(Learner.id))).one()) == 1


def test_whoever_consented_is_enrolled_with_the_proof(
    database, clock, bring, go_through, engine, platform
):
    lines, row = go_through(bring(GOOD))
    assert lines == 1
    assert (row.state, row.enrolled, row.known, row.refused) == (ImportState.DONE, 1, 0, 0)
    assert row.content_sealed is None, "the file is gone"

    def read(session):
        learner = session.scalars(select(Learner)).one()
        chat = session.get_one(Conversation, learner.conversation_id)
        events = session.scalars(select(ConsentEvent).order_by(ConsentEvent.purpose)).all()
        account = session.scalars(select(Account)).one()
        topics = subscriptions.chosen(session, chat.id, Channel.EMAIL)
        return learner.name, learner.line_user_id, chat, events, account, topics

    name, user_id, chat, events, account, topics = database.read(read)
    assert (name, user_id) == ("สมหญิง ใจดี", "")
    assert not invitations.has_joined(chat)
    assert chat.learner_id == account.learner_id
    assert [event.purpose for event in events] == [Purpose.EMAIL_NEWS, Purpose.ENROLMENT]
    for event in events:
        assert (event.channel, event.actor) == ("import", "self")
        assert event.at == datetime(2026, 9, 30, 17, tzinfo=UTC)
        assert event.record["processing"]["collectionMethod"] == "paper form"
    assert events[0].valid_until == events[0].at + consents.NEWS_VALIDITY
    assert topics
    # The account is made like any other; nobody is pushed to who has no chat.
    clock.advance(minutes=2)
    engine.drain_accounts()
    assert database.read(lambda s: s.scalars(select(Account)).one()).state is AccountState.ACTIVE
    assert database.read(lambda s: s.scalars(select(Push)).all()) == []
    letters = database.read(lambda s: [mail.template for mail in s.scalars(select(Mail))])
    assert letters == ["invitation"], "which welcomes them already"


def test_the_letter_leads_all_the_way_into_the_chat(
    database, clock, bring, go_through, engine, client, someone, mailbox
):
    go_through(bring(GOOD))
    clock.advance(minutes=2)
    engine.drain_accounts()

    def token(session):
        mail = session.scalars(select(Mail).where(Mail.template == "invitation")).one()
        return mails.link_secret(session, mail.id)

    secret = database.read(token)
    assert client.post(f"/s/email/{secret}", base_url="https://bot.example.test").status_code == 200
    learner = database.read(lambda s: s.scalars(select(Learner)).one())
    assert learner.email_verified_at is not None

    chat = someone("สมหญิง")
    chat.adds_the_account()
    chat.says("ย้ายบัญชี")
    chat.taps("ส่งรหัสทางอีเมล")
    chat.says("somying@gmail.com")
    code = database.read(
        lambda s: mails.code_secret(
            s, s.scalars(select(Mail).where(Mail.template == "relink_code")).one().id
        )
    )
    chat.says(code)

    def joined(session):
        learner = session.scalars(select(Learner)).one()
        return learner.line_user_id, session.get_one(Conversation, learner.conversation_id)

    user_id, conversation = database.read(joined)
    assert user_id == chat.user_id
    assert invitations.has_joined(conversation)
    assert conversation.blocked_at is None
    assert database.read(lambda s: s.scalars(select(Push)).all()) == [], "there is no old chat"


def test_of_whom_no_consent_is_proved_nothing_is_kept(database, bot, bring, go_through):
    _, row = go_through(
        bring(
            line(on="", words="", means="", email="quiet@gmail.com"),
            line(age="12", email="kid@gmail.com"),
        )
    )
    assert (row.enrolled, row.refused) == (0, 2)
    for model in (Learner, ConsentEvent, Mail, Conversation):
        assert database.read(lambda s, m=model: s.scalars(select(m)).all()) == []


def test_a_no_to_an_address_is_kept(database, clock, bring, go_through):
    database.write(
        lambda s: mails.suppress(s, mails.address_index(s, GOOD[2]), "unsubscribed", clock())
    )
    go_through(bring(GOOD))
    purposes = database.read(lambda s: s.scalars(select(ConsentEvent.purpose)).all())
    assert purposes == [Purpose.ENROLMENT]


def test_the_same_file_is_gone_through_once(database, bring, go_through):
    first = bring(GOOD)
    assert bring(GOOD).id == first.id, "the same wish, not another one"
    go_through(first)
    with pytest.raises(InputError) as caught:
        bring(GOOD, separator=",", encoding="cp874")
    assert caught.value.code == "file_again"
    # Another file with the same people enrols nobody twice either.
    _, row = go_through(bring(GOOD, line(email="new@gmail.com")))
    assert (row.enrolled, row.known) == (1, 1)
    flags = database.read(lambda s: s.scalars(select(PossibleDuplicate.matched)).all())
    assert flags == ["phone"]


def test_a_crash_in_the_middle_goes_on_where_it_was(
    bot, database, settings, clock, bring, monkeypatch
):
    people = [line(phone=f"08123450{n:02}", email=f"p{n}@gmail.com") for n in range(60)]
    row = bring(*people)
    database.write(lambda s: confirmed(s, row, clock()))

    class KilledError(Exception):
        """The machine goes down before the commit."""

    def step(session, dies):
        done = imports.step(session, settings, "local", "@school", clock())
        if dies:
            raise KilledError
        return done

    for turn in range(6):
        dies = turn % 2 == 0
        if dies:
            with pytest.raises(KilledError):
                database.write(lambda s: step(s, True))
        else:
            assert database.write(lambda s: step(s, False)) == (25, 25, 10)[turn // 2]
    done = database.read(lambda s: s.get_one(Import, row.id))
    assert (done.state, done.enrolled, done.position) == (ImportState.DONE, 60, 60)
    emails = database.read(lambda s: [learner.email for learner in s.scalars(select(Learner))])
    assert len(emails) == len(set(emails)) == 60
    assert imports_exports.advance(bot) == 0


def test_a_file_that_nobody_confirms_is_forgotten_after_a_day(bot, database, clock, bring):
    row = bring(GOOD)
    clock.advance(hours=23)
    imports_exports.settle(bot)
    assert database.read(lambda s: s.get_one(Import, row.id)).state is ImportState.UPLOADED
    clock.advance(hours=1)
    assert not database.write(lambda s: confirmed(s, row, clock()))
    imports_exports.settle(bot)
    gone = database.read(lambda s: s.get_one(Import, row.id))
    assert (gone.state, gone.content_sealed) == (ImportState.FORGOTTEN, None)
    assert bring(GOOD).state is ImportState.UPLOADED, "and may be brought again"


def test_columns_are_assigned_by_hand_where_their_names_say_nothing(database, clock, bring):
    row = bring(GOOD, header=tuple("abcdefghi"))
    assert row.columns == {}
    assert not database.write(lambda s: confirmed(s, row, clock()))

    def assign(columns):
        return database.write(lambda s: imports.assign(s, row.id, columns))

    with pytest.raises(InputError) as caught:
        assign({Item.NAME: 0})
    assert (caught.value.code, caught.value.suggestion) == ("column_missing", "phone")
    with pytest.raises(InputError) as caught:
        assign({Item.NAME: 0, Item.PHONE: 1, Item.EMAIL: 1, ImportColumn.AGE: 4})
    assert caught.value.code == "column_twice"
    assign(guess(HEADER))
    looked = database.read(lambda s: imports.look(s, s.get_one(Import, row.id), clock()))
    assert [one.fate for one in looked] == [RowOutcome.ENROL]


def test_a_yes_is_for_the_columns_that_were_looked_at(database, clock, bring):
    """Another window assigns them anew between the look and the yes."""
    row = bring(GOOD)
    columns = imports.columns_of(row)
    fewer = {field: n for field, n in columns.items() if field is not ImportColumn.CONSENT_DATE}
    seen = imports.fingerprint(database.write(lambda s: imports.assign(s, row.id, fewer)))
    database.write(lambda s: imports.assign(s, row.id, columns) and None)
    with pytest.raises(InputError) as caught:
        database.write(lambda s: imports.confirm(s, row.id, MEMBER, seen, clock()))
    assert caught.value.code == "columns_changed"
    state = database.read(lambda s: s.get_one(Import, row.id)).state
    assert state is ImportState.UPLOADED
    assert database.write(lambda s: confirmed(s, row, clock()))


def test_whoever_confirms_enrols(bot, database, clock, bring):
    row, other = bring(GOOD), "o" * 32
    assert database.write(lambda s: confirmed(s, row, clock(), by=other))
    imports_exports.advance(bot)
    query = select(AuditEntry.action, AuditEntry.actor)
    acts = [tuple(entry) for entry in database.read(lambda s: s.execute(query).all())]
    assert ("import:upload", f"staff:{MEMBER}") in acts
    assert ("learner:import", f"staff:{other}") in acts


def test_the_trail_says_who_brought_whom(database, bring, go_through):
    row = bring(GOOD)
    go_through(row)
    found = database.read(
        lambda s: {
            entry.action: (entry.actor, entry.data)
            for entry in s.scalars(select(AuditEntry).order_by(AuditEntry.seq))
        }
    )
    actor = f"staff:{MEMBER}"
    assert found["import:upload"] == (actor, {"import_id": row.id, "lines": 1})
    assert found["learner:import"] == (actor, {"import_id": row.id, "line": 2})
    assert found["import:move"][1] == {
        "import_id": row.id, "state": "done", "enrolled": 1, "known": 0, "refused": 0,
    }  # fmt: skip


def test_details_of_somebody_imported_are_masked_like_anybodys(database, bring, go_through):
    go_through(bring(GOOD))
    learner = database.read(lambda s: s.scalars(select(Learner)).one())
    assert (
        database.read(
            lambda s: fields.masked(fields.Item.EMAIL, s.scalars(select(Learner)).one().email)
        )
        == "s•••@gmail.com"
    )
    assert learner.phone_index
