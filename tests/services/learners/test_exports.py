"""Exports: a reason, another’s yes over 100 rows, once, and nothing that a spreadsheet runs."""

import csv
import io
import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.errors import InputError
from bot.runtime import imports_exports
from bot.services.learners import exports, tags
from bot.services.learners.exports import Chosen, Column
from bot.services.people.fields import Item
from bot.services.shared import csv_writer
from models.audit import AuditEntry
from models.conversation import Language
from models.imports_exports import ExportRequest, ExportState
from models.learner import Learner, LearnerState
from tests.factories import make_account, make_learner

ME, OTHER = "m" * 32, "o" * 32
REASON = "รายชื่อสำหรับสมุดเช็กชื่อของคลาสวันเสาร์"
DETAILS = (Item.NAME, Item.PHONE, Item.EMAIL, Item.LINE_ID)


@pytest.fixture
def crowd(database, clock):
    def make(count, **overrides):
        def work(session):
            for _ in range(count):
                make_account(session, make_learner(session, clock(), **overrides), clock())

        database.write(work)

    return make


@pytest.fixture
def ask(database, clock):
    def do(*columns, chosen=None, in_full=False, by=ME, reason=REASON):
        return database.write(
            lambda s: exports.request_export(
                s,
                columns or DETAILS,
                chosen or Chosen(),
                reason,
                in_full=in_full,
                member_id=by,
                now=clock(),
            )
        )

    return do


@pytest.fixture
def decide(database, clock):
    def do(row, by=OTHER, is_yes=True):
        return database.write(lambda s: exports.decide(s, row.id, by, clock(), is_yes=is_yes))

    return do


@pytest.fixture
def take(database, clock):
    def do(row, by=ME):
        taken = database.write(lambda s: exports.take(s, row.id, by, clock()))
        if taken is None:
            return None
        return database.read(lambda s: exports.made(s, taken, str))

    return do


def rows(content: bytes) -> list[list[str]]:
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("=1+1", "'=1+1"),
        ("+66", "'+66"),
        ("-5", "'-5"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("  =1", "'  =1"),
        ("one\r\ntwo", "one two"),
        ("\n=1", "' =1"),
        ("สมหญิง", "สมหญิง"),
        ("", ""),
    ],
)
def test_no_cell_is_a_formula_or_two_lines(cell, shown):
    assert csv_writer.safe(cell, is_flat=True) == shown


def test_few_rows_are_taken_at_once_and_only_once(crowd, ask, take):
    crowd(2, name="=cmd|'/c calc'!A1 ก")
    row = ask()
    assert (row.state, row.rows) == (ExportState.APPROVED, 2)
    assert take(row, by=OTHER) is None, "only for whoever asked"
    header, *found = rows(take(row))
    assert header == ["name", "phone", "email", "line_id"]
    assert found[0][0].startswith("'="), found
    assert found[0][1:] == ["081-2•••", "s•••@example.test", "so•••"]
    assert take(row) is None


def test_masked_or_in_full(crowd, ask, take):
    crowd(1)
    masked = rows(take(ask()))[1]
    assert masked == ["สมหญิง ใจ•••", "081-2•••", "s•••@example.test", "so•••"]
    full = rows(take(ask(in_full=True)))[1]
    assert full == ["สมหญิง ใจดี", "081-234-5678", "somying@example.test", "somying.jd"]


def test_over_a_hundred_rows_need_somebody_else(crowd, ask, decide, take):
    crowd(101)
    row = ask()
    assert row.state is ExportState.WAITING
    assert take(row) is None
    assert not decide(row, by=ME), "never oneself"
    assert decide(row)
    assert not decide(row, is_yes=False), "once"
    assert len(rows(take(row))) == 102


def test_a_refusal_stays_one(crowd, ask, decide, take):
    crowd(101)
    row = ask()
    assert decide(row, is_yes=False)
    assert not decide(row)
    assert take(row) is None


def test_slices_of_a_crowd_are_counted_together(crowd, ask, clock):
    """Two files of 60 are one of 120."""
    crowd(60)
    assert ask().state is ExportState.APPROVED
    assert ask().state is ExportState.WAITING
    assert ask(by=OTHER).state is ExportState.APPROVED, "each member for themselves"
    clock.advance(hours=24)
    assert ask().state is ExportState.APPROVED


def test_what_was_taken_a_moment_ago_counts_for_a_day(crowd, ask, take, clock):
    """Asked for yesterday, taken at the last second: no reason to take as many again at once."""
    crowd(100)
    first = ask()
    clock.advance(hours=24, seconds=-1)
    assert take(first)
    clock.advance(seconds=2)
    assert ask().state is ExportState.WAITING
    clock.advance(hours=24)
    assert ask().state is ExportState.APPROVED


def test_a_yes_covers_the_people_that_it_was_asked_for(database, ask, decide, take, clock):
    def tagged(session, *names):
        learners = [make_learner(session, clock(), name=name).id for name in names]
        for learner_id in learners:
            tags.choose(session, learner_id, ["class"], ME, clock())
        return learners

    def begin(session):
        tags.make(session, "class", ME, clock())
        make_learner(session, clock(), name="ลับ คนหนึ่ง")
        return tagged(session, *(f"ชื่อ ที่{n}" for n in range(101)))

    first = database.write(begin)
    row = ask(chosen=Chosen(tag="class"))
    assert row.state is ExportState.WAITING
    assert decide(row)

    def swap(session):
        tags.choose(session, first[0], [], ME, clock())
        session.flush()
        other = session.scalars(
            select(Learner.id).where(Learner.id.not_in(first)).order_by(Learner.id).limit(1)
        ).one()
        tags.choose(session, other, ["class"], ME, clock())
        return other

    other = database.write(swap)
    with pytest.raises(InputError) as caught:
        take(row)
    assert caught.value.code == "people_changed"
    stays = database.read(lambda s: s.get_one(ExportRequest, row.id))
    assert (stays.state, stays.taken_at) == (ExportState.APPROVED, None), "nothing is spent"
    database.write(lambda s: tags.choose(s, other, [], ME, clock()))
    with pytest.raises(InputError):
        take(row)
    database.write(lambda s: tags.choose(s, first[0], ["class"], ME, clock()))
    assert len(rows(take(row))) == 102


def test_a_wish_ends_after_a_day(crowd, ask, decide, take, clock):
    crowd(101)
    late, later = ask(), ask()
    decide(late)
    clock.advance(hours=24)
    assert take(late) is None
    assert not decide(later)


def test_who_came_after_the_wish_is_not_in_the_file(crowd, ask, take, clock):
    crowd(1)
    row = ask()
    clock.advance(minutes=1)
    crowd(3)
    assert len(rows(take(row))) == 2


def test_who_stopped_the_use_of_their_data_is_in_no_file(crowd, ask, take, clock):
    crowd(1)
    crowd(1, restricted_at=clock())
    assert ask().rows == 1


def test_which_learners(crowd, ask, take, database, clock):
    crowd(1)
    crowd(1, language=Language.ENGLISH)
    crowd(1, state=LearnerState.CLOSED)

    def tagged(session):
        learner = make_learner(session, clock())
        tags.make(session, "วันเสาร์", ME, clock())
        tags.choose(session, learner.id, ["วันเสาร์"], ME, clock())

    database.write(tagged)
    assert ask().rows == 3
    assert ask(chosen=Chosen(language=Language.ENGLISH)).rows == 1
    assert ask(chosen=Chosen(state=LearnerState.CLOSED)).rows == 1
    row = ask(Column.TAGS, Column.USERNAME, Column.STATE, chosen=Chosen(tag="วันเสาร์"))
    assert rows(take(row))[1] == ["วันเสาร์", "", "active"]


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"reason": "because"}, "short_reason"),
        ({"reason": "x" * 501}, "long_reason"),
        ({"chosen": Chosen(tag="nobody")}, "no_rows"),
    ],
)
def test_without_a_reason_or_rows_there_is_no_wish(crowd, ask, wish, code):
    crowd(1)
    with pytest.raises(InputError) as caught:
        ask(**wish)
    assert caught.value.code == code


def test_the_trail_has_every_step_and_no_detail(crowd, ask, decide, take, database):
    crowd(101)
    row = ask(in_full=True)
    decide(row)
    take(row)
    entries = database.read(
        lambda s: [
            (entry.action, entry.actor, entry.data)
            for entry in s.scalars(select(AuditEntry).order_by(AuditEntry.seq))
            if entry.action.startswith("export:")
        ]
    )
    assert [(action, actor) for action, actor, _ in entries] == [
        ("export:ask", f"staff:{ME}"),
        ("export:move", f"staff:{OTHER}"),
        ("export:move", f"staff:{ME}"),
    ]
    assert [data["rows"] for _, _, data in entries] == [101, 101, 101]
    assert REASON not in json.dumps([data for *_, data in entries], ensure_ascii=False)


def test_the_reason_is_forgotten_in_time(bot, crowd, ask, database, clock):
    crowd(1)
    row = ask()
    assert database.read(lambda s: s.get_one(ExportRequest, row.id).reason) == REASON
    clock.time += timedelta(days=31)
    imports_exports.settle(bot)
    assert database.read(lambda s: s.scalars(select(ExportRequest)).all()) == []
