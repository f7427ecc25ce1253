"""Paid messages: one a cause, under one key, to nobody who blocked us, emptied afterwards."""

from itertools import pairwise

import pytest

from bot.line.gateway import Gateway
from bot.services.chat import inbox
from models.outbox import Push, PushState
from simulator.faults import UNREADABLE

pytestmark = pytest.mark.sql


def calls(platform, endpoint="push"):
    return [call for call in platform.calls if call.endpoint == endpoint]


@pytest.fixture
def waiting(someone, line, rows):
    """Somebody to whom one push is due, because the reply token was too old."""
    chat = someone("มะลิ")
    chat.adds_the_account()
    line.faults.add("reply", "token_expired")
    chat.says("เมนู")
    assert [push.state for push in rows(Push)] == [PushState.QUEUED]
    return chat


@pytest.fixture
def drain(engine, clock):
    """Tick for so many seconds."""

    def tick(seconds):
        for _ in range(seconds):
            engine.drain_pushes()
            clock.advance(seconds=1)

    return tick


def test_a_row_is_emptied_once_it_is_sent(waiting, rows, drain, line):
    (before,) = rows(Push)
    assert before.to_sealed
    assert before.messages_sealed
    drain(1)

    (push,) = rows(Push)
    assert push.state is PushState.SENT
    assert (push.to_sealed, push.messages_sealed) == (None, None)
    assert push.request_id == calls(line)[0].request_id
    assert (push.attempts, line.paid) == (1, 1)


@pytest.mark.parametrize("fault", ["lost_response", "500_after_accept"])
def test_a_push_that_arrived_unnoticed_counts_once(fault, waiting, line, rows, drain):
    line.faults.add("push", fault)
    drain(30)

    first, second = calls(line)
    assert first.retry_key == second.retry_key == rows(Push)[0].retry_key
    assert first.body == second.body
    assert second.status == 409
    assert len(waiting.heard()) == 1
    assert line.paid == 1
    assert rows(Push)[0].state is PushState.SENT


@pytest.mark.parametrize("fault", ["500", "429_rate", "429_quota"])
def test_a_refused_push_is_tried_again_under_its_key(fault, waiting, line, rows, drain):
    line.faults.add("push", fault, 3)
    drain(60)

    assert len(calls(line)) == 4
    assert len({call.retry_key for call in calls(line)}) == 1
    assert len(waiting.heard()) == 1
    assert rows(Push)[0].state is PushState.SENT


def test_the_tries_come_at_growing_distances(waiting, line, drain):
    line.faults.add("push", "500", 100)
    drain(100)

    times = [call.at for call in calls(line)]
    gaps = [(second - first).total_seconds() for first, second in pairwise(times)]
    assert gaps == sorted(gaps)
    assert len(times) <= 8


def test_after_a_day_nobody_knows_and_nothing_more_is_sent(waiting, line, rows, clock, engine):
    """LINE forgets the key after 24 hours: a try after that could be a second message."""
    line.faults.add("push", "lost_response")
    engine.drain_pushes()
    line.faults.clear()
    clock.advance(hours=24)
    engine.drain_pushes()

    (push,) = rows(Push)
    assert push.state is PushState.UNKNOWN
    assert push.messages_sealed is None
    assert len(waiting.heard()) == 1


def test_somebody_who_blocked_us_is_not_called(waiting, line, rows, clock, drain):
    clock.advance(seconds=1)
    line.unfollow(waiting.user_id)
    drain(5)

    assert calls(line) == []
    (push,) = rows(Push)
    assert (push.state, push.reason) == (PushState.FAILED, "blocked")
    assert (push.to_sealed, push.messages_sealed) == (None, None)
    clock.advance(seconds=1)
    line.follow(waiting.user_id)
    drain(5)
    assert calls(line) == [], "what was due while they were away is not made up for"


def test_a_block_between_two_tries_counts(waiting, line, rows, clock, drain):
    line.faults.add("push", "500")
    drain(1)
    line.unfollow(waiting.user_id)
    drain(30)

    assert len(calls(line)) == 1
    assert rows(Push)[0].state is PushState.FAILED


def test_two_ticks_at_once_send_it_once(waiting, line, engine):
    engine.drain_pushes()
    engine.drain_pushes()

    assert len(calls(line)) == 1


def test_a_wrong_access_token_loses_no_push(waiting, line, rows, bot, settings, drain):
    """A mistake in our settings is not a refusal of the message: it goes out once it is mended."""
    right = bot.gateway
    bot.gateway = Gateway(settings.line_api_url, access_token="not the token")
    drain(30)
    assert {call.status for call in calls(line)} == {401}
    bot.gateway = right
    drain(120)

    assert rows(Push)[0].state is PushState.SENT
    assert len(waiting.heard()) == 1


def test_a_wrong_access_token_loses_no_reply(someone, line, bot, settings, engine, clock):
    chat = someone("มะลิ")
    chat.adds_the_account()
    right = bot.gateway
    bot.gateway = Gateway(settings.line_api_url, access_token="not the token")
    chat.says("เมนู")
    for _ in range(20):
        clock.advance(seconds=10)
        engine.sweep()
    bot.gateway = right
    for _ in range(20):
        clock.advance(seconds=10)
        engine.sweep()
        engine.drain_pushes()

    assert len(chat.heard()) == 1


def test_a_refusal_that_nobody_can_read_is_not_final(someone, line, rows, drain):
    """A proxy's page says nothing of LINE: the same push goes again under its key, and arrives."""
    for kind in UNREADABLE:
        chat = someone(f"มะลิ {kind}")
        chat.adds_the_account()
        line.faults.add("reply", "token_expired")
        chat.says("เมนู")
        line.faults.add("push", kind)
        drain(30)
        push = max(rows(Push), key=lambda row: row.id)
        assert (push.state, push.attempts) == (PushState.SENT, 2), kind
    line.faults.add("reply", "token_expired")
    chat.says("เมนู")
    line.faults.add("push", "400_null")
    drain(30)
    push = max(rows(Push), key=lambda row: row.id)
    assert (push.state, push.attempts) == (PushState.FAILED, 1)


def test_a_reply_refused_in_no_words_is_tried_again_while_its_token_lives(someone, line, engine):
    for kind in UNREADABLE:
        chat = someone(f"ฟ้า {kind}")
        chat.adds_the_account()
        line.faults.add("reply", kind)
        chat.says("เมนู")
        line.clock.advance(seconds=5)
        engine.sweep()
        for person in engine.bot.database.read(inbox.everyone_waiting):
            engine.answering.work(person)
        assert [call.status for call in calls(line, "reply")][-2:] == [400, 200], kind
    assert line.paid == 0
