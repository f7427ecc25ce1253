"""What the gate says of news is done to the row; words about one's own account go unasked."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.services.delivery import outbox
from bot.services.delivery.gate import Drop, Go, News, Wait
from models.consent import Purpose
from models.outbox import Push, PushState


class Porter:
    """A gate that says one thing, and remembers how often it was asked."""

    def __init__(self, decision):
        self.decision, self.asked = decision, 0

    def open_queues(self, session, now):
        return []

    def decide(self, session, row, now):
        self.asked += 1
        return self.decision

    def is_undeliverable(self, session, mail, code, now, *, is_dead):
        raise AssertionError("nothing was refused")


@pytest.fixture
def begin(database, clock):
    """Queue a push, claim it and ask the gate; the call that may be made, and the row."""

    def begun(gate, news=None):
        def queue(session):
            to = {"cause": "c", "person": "p", "to": "U1"}
            outbox.queue(session, messages=[], now=clock(), news=news, **to)

        database.write(queue)
        (claimed,) = database.write(lambda session: outbox.claim(session, "w", clock()))
        outgoing = database.write(
            lambda session: outbox.begin(session, claimed, "w", clock(), gate)
        )
        return outgoing, database.read(lambda session: session.scalars(select(Push)).one())

    return begun


NEWS = News("s", Purpose.LINE_NEWS, "courses")


def test_news_that_may_go_go(begin):
    outgoing, push = begin(Porter(Go()), NEWS)
    assert outgoing
    assert (push.state, push.attempts) == (PushState.QUEUED, 1)


def test_news_that_have_to_wait_are_let_go_of_until_then(begin, clock):
    until = clock() + timedelta(hours=1)
    outgoing, push = begin(Porter(Wait(until)), NEWS)
    assert outgoing is None
    assert (push.state, push.attempts) == (PushState.QUEUED, 0)
    assert (push.due_at, push.lease_until) == (until, None)


def test_news_that_are_dropped_say_why(begin):
    outgoing, push = begin(Porter(Drop("objected")), NEWS)
    assert outgoing is None
    assert (push.state, push.reason, push.to_sealed) == (PushState.DROPPED, "objected", None)


def test_words_about_the_own_account_go_unasked(begin):
    gate = Porter(Drop("never"))
    outgoing, _ = begin(gate)
    assert outgoing
    assert gate.asked == 0
