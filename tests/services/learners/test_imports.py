"""Imports: a dry run, each line once, the proof of consent, and the way into the chat."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from bot.errors import InputError
from bot.runtime import errands, imports_exports
from bot.services.consent import consents
from bot.services.delivery import mails
from bot.services.learners import (
    import_lines,
    import_rest,
    imports,
    invitations,
    spreadsheets,
    tags,
)
from bot.services.learners.cell_dates import DateOrder
from bot.services.learners.import_fates import RowOutcome
from bot.services.learners.import_words import ImportColumn, guess
from bot.services.people import fields
from bot.services.people.fields import Item
from bot.services.privacy import undone_imports
from bot.services.subscriptions import subscriptions
from models.account import Account, AccountState
from models.audit import AuditEntry
from models.consent import ConsentEvent, Purpose
from models.conversation import Conversation
from models.imports_exports import Import, ImportState
from models.learner import Learner, PossibleDuplicate
from models.mail import Mail, MailState
from models.merges import Tag
from models.outbox import Push
from models.subscription import Channel
from tests.factories import make_learner
from tests.services.learners.csv_files import GOOD, HEADER, file, line

MEMBER = "m" * 32
NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)


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
        lambda s: (
            make_learner(
                s, clock(), name="สมหญิง ใจดี", phone="+66899999999", email="old@gmail.com"
            ).id
        )
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
    looked = database.read(lambda s: imports.dry_run(s, s.get_one(Import, row.id), clock()).looked)
    assert [(one.line.number, one.fate) for one in looked] == [
        (2, RowOutcome.ENROL),
        (3, RowOutcome.TWICE),
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
    looked = database.read(lambda s: imports.dry_run(s, s.get_one(Import, row.id), clock()).looked)
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


def test_a_family_is_several_people(database, bring, go_through):
    family = (line(name=name) for name in ("สมหญิง ใจดี", "สมชาย ใจดี", "นางสาวสมปอง ใจดี"))
    row = bring(*family, line(name="นางสาวสมหญิง  ใจดี"))
    looked = database.read(lambda s: imports.dry_run(s, s.get_one(Import, row.id), NOW).looked)
    assert [(one.fate, one.same_as, one.family) for one in looked] == [
        (RowOutcome.ENROL, None, None),
        (RowOutcome.ENROL, None, 2),
        (RowOutcome.ENROL, None, 2),
        (RowOutcome.TWICE, 2, None),
    ]
    _, done = go_through(row)
    assert (done.enrolled, done.known) == (3, 1)
    flags = database.read(lambda s: s.scalars(select(PossibleDuplicate.matched)).all())
    assert sorted(flags) == ["email"] * 3 + ["phone"] * 3
    # With another name beside somebody who is here already.
    _, done = go_through(bring(line(name="สมศรี ใจดี"), line(name="สมชาย ใจดี")))
    assert (done.enrolled, done.known) == (1, 1)


def test_what_is_unusual_waits_for_a_tick(database, clock, bring, go_through):
    row = bring(GOOD, line(name="มาดอนน่า"), line(email="somying@gmial.com"))

    def fates():
        run = database.read(lambda s: imports.dry_run(s, s.get_one(Import, row.id), clock()))
        return [one.fate for one in run.looked]

    assert fates() == [RowOutcome.ENROL, RowOutcome.UNUSUAL, RowOutcome.UNUSUAL]
    seen = database.read(lambda s: imports.fingerprint(s.get_one(Import, row.id)))
    assert database.write(lambda s: imports.accept(s, row.id, [3, 4], [3, 99]))
    assert fates() == [RowOutcome.ENROL, RowOutcome.ENROL, RowOutcome.UNUSUAL]
    with pytest.raises(InputError):
        database.write(lambda s: imports.confirm(s, row.id, MEMBER, seen, clock()))
    database.write(lambda s: imports.accept(s, row.id, [4], []))
    _, done = go_through(row)
    assert (done.enrolled, done.refused) == (2, 1)
    names = database.read(lambda s: {learner.name for learner in s.scalars(select(Learner))})
    assert names == {"สมหญิง ใจดี", "มาดอนน่า"}


def rest_of(database, row, now):
    def take(session):
        found = session.get_one(Import, row.id)
        columns, how = imports.columns_of(found), imports.rest_reading(found)
        why = lambda one, reason: reason or "; ".join(p.code for p in one.problems)  # noqa: E731
        return import_rest.take(session, found, columns, how, "เหตุผล", why, MEMBER, now)

    return database.write(take)


def test_what_did_not_go_in_comes_back_as_a_file(bot, database, clock, bring, go_through):
    bad = line(phone="=0812", name="สมใจ ใจดี", words="ข้อความ, ที่ยินยอมให้เก็บข้อมูล")
    row = bring(GOOD, bad, GOOD, line(age="12", name="สมปอง ใจดี", line_id="@song.p"))
    _, done = go_through(row)
    assert (done.enrolled, done.known, done.refused) == (1, 1, 2)
    assert done.content_sealed is None
    content = rest_of(database, row, clock())
    table = imports.table_of(spreadsheets.decode(content))
    assert table.header == (*HEADER, "เหตุผล")
    assert [cells[-1] for _, cells in table.lines] == ["phone_invalid", "same:2", "minor"]
    assert table.lines[0][1][:-1] == bad, "as it was, formulas guarded"
    # Corrected, it can be brought as it is: the last column says nothing to an import.
    again = database.write(
        lambda s: imports.bring(s, content.replace(b"=0812", b"0812345677"), MEMBER, clock())
    )
    assert imports.columns_of(again) == imports.columns_of(row)
    _, done = go_through(again)
    assert (done.enrolled, done.known, done.refused) == (1, 1, 1)
    clock.advance(hours=24)
    assert rest_of(database, row, clock()) is None
    imports_exports.settle(bot)
    assert database.read(lambda s: s.get_one(Import, row.id)).rest_sealed is None
    taken = database.read(
        lambda s: s.scalars(select(AuditEntry).where(AuditEntry.action == "import:take")).all()
    )
    assert [entry.data for entry in taken] == [{"import_id": row.id, "rows": 3}]


def test_an_import_is_taken_back_as_far_as_nobody_has_used_it(
    bot, database, clock, bring, go_through
):
    people = [line(name=f"สมหญิง {n}", email=f"p{ord(n)}@gmail.com") for n in "กขคงจฉ"]
    _, row = go_through(bring(*people))
    other = go_through(bring(line(email="other@gmail.com")))[1]

    ids = database.read(lambda s: [one.id for one in s.scalars(select(Learner).order_by("id"))])

    def use(session):
        learner = [session.get_one(Learner, one) for one in ids]
        learner[0].used_at = clock()
        learner[1].email_verified_at = clock()
        session.get_one(Conversation, learner[2].conversation_id).person = "f" * 64
        account = session.scalars(select(Account).where(Account.learner_id == ids[3])).one()
        account.issued_at = clock()

    database.write(use)
    clock.advance(hours=23)
    assert database.read(lambda s: undone_imports.unused(s, s.get_one(Import, row.id))) == 2
    assert database.write(lambda s: undone_imports.begin(s, row.id, MEMBER, clock()))
    assert not database.write(lambda s: undone_imports.begin(s, row.id, MEMBER, clock()))
    imports_exports.advance(bot)
    done = database.read(lambda s: s.get_one(Import, row.id))
    assert (done.state, done.enrolled, done.undone) == (ImportState.UNDONE, 6, 2)
    left = database.read(lambda s: {one.id for one in s.scalars(select(Learner))})
    assert left == {*ids[:4], ids[6]}
    waiting = database.read(
        lambda s: s.scalars(select(Mail).where(Mail.state == MailState.QUEUED)).all()
    )
    assert len(waiting) == 5, "whose letters are not stopped"
    erased = database.read(
        lambda s: s.scalars(select(AuditEntry.actor).where(AuditEntry.action == "learner:erase"))
    )
    assert set(erased) == {f"staff:{MEMBER}"}
    # The same file may be brought again, from its beginning.
    _, done = go_through(bring(*people))
    assert (done.enrolled, done.known, done.undone) == (2, 4, 0)
    clock.advance(hours=24)
    assert not database.write(lambda s: undone_imports.begin(s, other.id, MEMBER, clock()))


def test_a_crash_while_it_is_taken_back_leaves_nothing_half_done(
    bot, database, clock, bring, go_through
):
    people = [line(phone=f"08123450{n:02}", email=f"p{n}@gmail.com") for n in range(30)]
    _, row = go_through(bring(*people))
    database.write(lambda s: undone_imports.begin(s, row.id, MEMBER, clock()))

    class KilledError(Exception):
        """The machine goes down before the commit."""

    def dies(session):
        undone_imports.step(session, clock())
        raise KilledError

    with pytest.raises(KilledError):
        database.write(dies)
    assert database.read(lambda s: s.scalars(select(func.count(Learner.id))).one()) == 30
    imports_exports.advance(bot)
    done = database.read(lambda s: s.get_one(Import, row.id))
    assert (done.state, done.undone) == (ImportState.UNDONE, 30)
    assert database.read(lambda s: s.scalars(select(func.count(Learner.id))).one()) == 0


def test_a_reader_that_stumbles_refuses_the_line_and_not_the_import():
    """A cell that makes a reader fail in a way of its own is a problem of this cell."""
    row = import_lines._Row(("x",), {ImportColumn.LANGUAGE: 0}, DateOrder.DAY, NOW)
    assert row.checked(ImportColumn.LANGUAGE, lambda cell: str(int(cell))) == ""
    assert [problem.code for problem in row.problems] == ["cell_unreadable"]


def test_the_name_of_a_file_goes_after_some_weeks(bot, database, clock, bring):
    content = file(GOOD)
    row = database.write(lambda s: imports.bring(s, content, MEMBER, clock(), "x" * 500))
    read = lambda: database.read(lambda s: s.get_one(Import, row.id).name)  # noqa: E731
    assert read() == "x" * imports.MAX_NAME
    clock.advance(days=29)
    imports_exports.settle(bot)
    assert read()
    clock.advance(days=1)
    imports_exports.settle(bot)
    assert read() is None


def test_the_phone_and_email_of_half_the_school_are_asked_about(database, clock, bring, go_through):
    """As many as the school has learners would each be noted as a duplicate of all others."""
    row = bring(*(line(name=f"สมหญิง {letter}{letter}") for letter in "กขคงจฉชซฌญ"))
    looked = database.read(lambda s: imports.dry_run(s, s.get_one(Import, row.id), clock()).looked)
    assert [one.fate for one in looked] == [RowOutcome.ENROL] * 8 + [RowOutcome.UNUSUAL] * 2
    database.write(lambda s: imports.accept(s, row.id, [10, 11], [11]))
    _, done = go_through(row)
    assert (done.enrolled, done.refused, done.left_out) == (9, 1, {"10": "crowd"})


def test_lines_whose_dates_nobody_explained_say_so_afterwards(database, clock, bring, go_through):
    row = bring(line(on="6/5/2026"), line(name="สมใจ ใจดี", on="5/13/2026"))
    _, done = go_through(row)
    assert (done.enrolled, done.refused) == (1, 1)
    table = imports.table_of(spreadsheets.decode(rest_of(database, row, clock())))
    assert [cells[-1] for _, cells in table.lines] == ["date_two_ways"]


def in_groups(*cells):
    """Lines of different people with these cells in a column of groups."""
    names = "กขคงจฉชซฌญ"
    return [
        (*line(name=f"สมหญิง {names[n]}", email=f"g{n}@gmail.com"), cell)
        for n, cell in enumerate(cells)
    ]


def borne(database):
    """Every group with how many learners are in it."""
    return database.read(tags.sizes)


def test_a_column_of_groups_puts_the_enrolled_into_them(database, clock, bring, go_through):
    database.write(lambda s: tags.make(s, "ห้อง A1", MEMBER, clock()))
    header = (*HEADER, "ห้อง")
    cells = ("ห้อง a1", "ม.1/2; วันเสาร์", "ม.1/2 , ม.1/2", "", "081-234-5678")
    minor = (*line(name="เด็ก ดี", age="12", email="kid@gmail.com"), "ป.4")
    row = bring(*in_groups(*cells), minor, header=header)
    run = database.read(lambda s: imports.dry_run(s, s.get_one(Import, row.id), clock()))
    assert list(run.new_groups) == ["ม.1/2", "วันเสาร์"], "no group of whom nobody enrols"
    assert [one.line.groups for one in run.looked[:5]] == [
        ("ห้อง a1",), ("ม.1/2", "วันเสาร์"), ("ม.1/2",), (), (),
    ]  # fmt: skip
    assert [note.code for note in run.looked[4].line.notes] == ["tag_invalid"]
    assert borne(database) == {"ห้อง A1": 0}, "a dry run changes nothing"
    _, done = go_through(row)
    assert done.enrolled == 5, "the name of no group keeps nobody out"
    assert borne(database) == {"ม.1/2": 2, "วันเสาร์": 1, "ห้อง A1": 1}
    acts = database.read(
        lambda s: s.scalars(select(AuditEntry.actor).where(AuditEntry.action == "learner:tag"))
    )
    assert list(acts) == [f"staff:{MEMBER}"] * 4


def test_groups_of_an_import_go_with_it_where_nobody_is_left_in_them(
    bot, database, clock, bring, go_through
):
    database.write(lambda s: tags.make(s, "เดิม", MEMBER, clock()))
    row = bring(*in_groups("เดิม", "ไปด้วย", "อยู่ต่อ", "เปลี่ยนชื่อ"), header=(*HEADER, "กลุ่ม"))
    _, row = go_through(row)

    def use(session):
        tags.rename(session, "เปลี่ยนชื่อ", "ชื่อใหม่", MEMBER, clock())
        learner = session.scalars(select(Learner).where(Learner.used_at.is_(None))).all()
        stays = next(one for one in learner if tags.of(session, one.id) == ["อยู่ต่อ"])
        stays.used_at = clock()

    database.write(use)
    assert database.write(lambda s: undone_imports.begin(s, row.id, MEMBER, clock()))
    imports_exports.advance(bot)
    assert borne(database) == {"ชื่อใหม่": 0, "อยู่ต่อ": 1, "เดิม": 0}


def test_more_groups_than_there_is_room_for_are_refused_before_they_begin(database, clock, bring):
    def fill(session):
        for n in range(tags.MAX_WORDS - 1):
            session.add(Tag(word=f"g{n}", made_by=MEMBER, made_at=clock()))

    database.write(fill)
    row = bring(*in_groups("ใหม่", "ใหม่กว่า"), header=(*HEADER, "group"))
    run = database.read(lambda s: imports.dry_run(s, s.get_one(Import, row.id), clock()))
    assert (len(run.new_groups), run.room) == (2, 1)
    with pytest.raises(InputError, match="tags_full"):
        database.write(lambda s: confirmed(s, row, clock()))
    assert len(borne(database)) == tags.MAX_WORDS - 1
    unassigned = {field: at for field, at in imports.columns_of(row).items() if field != "group"}
    database.write(lambda s: imports.assign(s, row.id, unassigned))
    assert database.write(lambda s: confirmed(s, row, clock()))


def test_a_group_that_was_deleted_meanwhile_stays_deleted(bot, database, clock, bring):
    row = bring(*in_groups("ลบแล้ว"), header=(*HEADER, "รุ่น"))
    assert database.write(lambda s: confirmed(s, row, clock()))
    database.write(lambda s: tags.remove(s, "ลบแล้ว", MEMBER, clock(), is_sure=True))
    imports_exports.advance(bot)
    assert database.read(lambda s: s.get_one(Import, row.id)).enrolled == 1
    assert borne(database) == {}
