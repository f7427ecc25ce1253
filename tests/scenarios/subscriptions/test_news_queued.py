"""What was queued before somebody said no: asked again at the last moment, for one and for many."""

from datetime import timedelta
from urllib.parse import parse_qsl

import pytest
from sqlalchemy import insert

from bot.services.consent import consents
from bot.services.delivery import outbox
from models.base import new_id
from models.consent import Purpose
from models.conversation import Conversation
from models.outbox import Push, PushState
from models.subscription import Channel
from tests.chat import actions
from tests.news import Subscriber, allow_many, states

pytestmark = pytest.mark.sql

QUEUED, SENT, DROPPED = PushState.QUEUED, PushState.SENT, PushState.DROPPED


def test_an_own_earlier_try_is_not_counted_against_it(reader, engine, rows, line, clock, bot):
    allow_many(bot, 1)
    reader.is_sent("c1")
    line.faults.add("push", "500", 2)
    for _ in range(10):
        engine.drain_pushes()
        clock.advance(seconds=2)

    assert [state for state, _ in states(rows)] == [SENT]
    assert len(reader.chat.heard()) == 1


def test_a_no_between_two_tries_counts(reader, engine, rows, line, clock):
    reader.is_sent("c1")
    line.faults.add("push", "500")
    engine.drain_pushes()
    reader.chat.posts("a=news_off&p=line_news")
    reader.chat.heard()
    clock.advance(seconds=30)
    engine.drain_pushes()

    assert states(rows) == [(DROPPED, "no consent")]
    assert line.paid == 0


def test_a_consent_that_runs_out_while_news_waits_is_none(reader, engine, rows, clock):
    clock.advance(days=729)
    reader.is_sent("c1: in time")
    engine.drain_pushes()
    reader.is_sent("c2: too late")
    clock.advance(days=1)
    engine.drain_pushes()

    assert states(rows) == [(SENT, None), (DROPPED, "no consent")]


@pytest.mark.parametrize("many", [400, pytest.param(10_000, marks=pytest.mark.long)])
def test_ten_thousand_wait_and_somebody_stops(many, bot, line, engine, database, clock, rows):
    """None of what waits reaches them afterwards; the others' news goes on."""
    allow_many(bot)
    line.usage.quota = None
    leaves, stays = (Subscriber(bot, line, Channel.LINE, name=name) for name in ("มะลิ", "Ben"))
    leaves.is_sent("first")
    engine.drain_pushes()
    body, due = '[{"type":"text","text":"ข่าว"}]', clock()

    def fill(session):
        made = []
        people = {row.id: row.person for row in session.query(Conversation)}
        for number in range(many):
            # Every eighth of the first 160 is theirs, and the very last forty.
            is_theirs = (number < 160 and number % 8 == 0) or number >= many - 40
            one = leaves if is_theirs else stays
            push_id = new_id()
            made.append(
                {
                    "id": push_id,
                    "cause": f"c{number}",
                    "person": people[one.subject_id],
                    "to_sealed": bot.keyring.seal(
                        one.chat.user_id.encode(), f"push|to_sealed|{push_id}"
                    ),
                    "messages_sealed": bot.keyring.seal(
                        body.encode(), f"push|messages_sealed|{push_id}"
                    ),
                    "retry_key": f"00000000-0000-4000-8000-{number:012d}",
                    "state": QUEUED,
                    "created_at": due,
                    "due_at": due + timedelta(microseconds=number),
                    "attempts": 0,
                    "purpose": Purpose.LINE_NEWS,
                    "topic": "courses",
                    "subject_id": one.subject_id,
                }
            )
        session.execute(insert(Push), made)

    database.write(fill)
    clock.advance(seconds=1)
    engine.drain_pushes(20)
    before = len(leaves.chat.heard())
    assert before > 1, "some of it arrived before the no"
    button = next(
        action
        for bubble in leaves.chat.bubbles()
        for action in actions(bubble.message)
        if ("a", "news_off") in parse_qsl(action.get("data", ""))
    )
    line.tap(leaves.chat.user_id, button)
    answered = len(leaves.chat.heard())
    for _ in range(7):
        engine.drain_pushes(20)

    def last_forty(session):
        session.query(Push).filter(Push.due_at >= due + timedelta(microseconds=many - 40)).update(
            {"due_at": due - timedelta(seconds=1)}
        )

    database.write(last_forty)
    for _ in range(2):
        engine.drain_pushes(20)

    assert answered == 2, "the answer and its receipt"
    assert leaves.chat.heard() == []
    theirs = rows(Push, Push.subject_id == leaves.subject_id)
    assert {push.state for push in theirs} == {SENT, DROPPED}
    assert sum(push.state is DROPPED for push in theirs) == 61 - before
    assert len(stays.chat.heard()) == 8 * 20 - 20
    assert len(rows(Push, Push.state == QUEUED)) == many - 160 - 40


def test_a_no_between_claim_and_call_counts(reader, bot, database, clock):
    reader.is_sent("c1")
    (claimed,) = database.write(lambda session: outbox.claim(session, bot.worker, clock()))
    reader.chat.posts("a=news_off&p=line_news")

    assert (
        database.write(
            lambda session: outbox.begin(session, claimed, bot.worker, clock(), bot.gate)
        )
        is None
    )
    assert not database.read(
        lambda session: consents.holds(session, reader.subject_id, Purpose.LINE_NEWS, clock())
    )
