"""Many pushes and LINE's limits: each once, in order, and none lost to a limit that passes."""

import threading
from dataclasses import replace

import pytest
from sqlalchemy import select, update

from bot.receipts import Receipt
from bot.runtime.pushing import Pushing
from bot.services.delivery import outbox
from models.mail import Mail
from models.outbox import Push, PushState

pytestmark = pytest.mark.sql


def calls(platform):
    return [call for call in platform.calls if call.endpoint == "push"]


@pytest.fixture
def queue(bot, clock):
    """Queue pushes to somebody: queue(chat, "1", "2")."""

    def add(chat, *texts):
        def work(session):
            for text in texts:
                outbox.queue(
                    session,
                    cause=f"{chat.user_id}:{text}",
                    person=f"person of {chat.user_id}",
                    to=chat.user_id,
                    messages=[{"type": "text", "text": text}],
                    now=clock(),
                )
                clock.advance(milliseconds=1)

        bot.database.write(work)

    return add


@pytest.fixture
def people(someone, line):
    found = [someone(f"คน {number}") for number in range(12)]
    for chat in found:
        chat.adds_the_account()
        chat.heard()
    line.usage.quota = None
    return found


def test_each_goes_out_once_and_in_its_persons_order(people, queue, engine, line, rows):
    numbers = [str(number) for number in range(20)]
    for number in numbers:
        for chat in people:
            queue(chat, number)

    assert engine.drain_pushes() == 240
    assert engine.drain_pushes() == 0
    for chat in people:
        heard = [call for call in calls(line) if call.body["to"] == chat.user_id]
        assert [call.body["messages"][0]["text"] for call in heard] == numbers
    assert len({call.retry_key for call in calls(line)}) == len(calls(line)) == 240
    assert {push.state for push in rows(Push)} == {PushState.SENT}
    assert {push.request_id for push in rows(Push)} == {call.request_id for call in calls(line)}


def test_several_workers_send_each_once(people, queue, bot, line, rows):
    for chat in people:
        queue(chat, *map(str, range(10)))
    workers = [Pushing(replace(bot, worker=f"worker-{number}")) for number in range(3)]
    threads = [threading.Thread(target=worker.drain) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(calls(line)) == 120
    assert {push.state for push in rows(Push)} == {PushState.SENT}


def test_a_full_second_is_no_failure_of_the_message(people, queue, engine, clock, line, rows):
    queue(people[0], "1")
    line.faults.add("push", "429_rate", 3)
    for _ in range(12):
        engine.drain_pushes()
        clock.advance(seconds=1)
    (push,) = rows(Push)
    assert (push.state, push.attempts, push.held) == (PushState.SENT, 4, 3)

    queue(people[0], "2")
    line.faults.add("push", "429_rate", 5)
    for _ in range(20):
        engine.drain_pushes()
        clock.advance(seconds=1)
    assert len(calls(line)) == 10, "the waits do not grow"


def test_a_used_up_quota_stops_all_and_is_told(people, queue, bot, engine, clock, line, rows):
    bot.settings = replace(bot.settings, owner_email="owner@example.test")
    for chat in people:
        queue(chat, *map(str, range(20)))
    line.usage.quota = line.paid
    engine.drain_pushes()
    tried = len(calls(line))
    assert tried < 80, "what is on its way when LINE says no, and no more"
    for _ in range(4):
        clock.advance(minutes=1)
        engine.drain_pushes()
    assert len(calls(line)) == tried
    assert {push.state for push in rows(Push)} == {PushState.QUEUED}
    assert len(bot.database.read(lambda session: list(session.scalars(select(Mail.id))))) == 1

    line.usage.quota = None
    for _ in range(4):
        clock.advance(minutes=2)
        engine.drain_pushes()
    assert {push.state for push in rows(Push)} == {PushState.SENT}
    arrived = [call for call in calls(line) if call.status == 200]
    assert len(arrived) == len({call.retry_key for call in arrived}) == 240


def test_what_limits_kept_back_for_a_day_was_surely_not_sent(
    people, queue, engine, clock, line, rows
):
    queue(people[0], "1")
    line.usage.quota = line.paid
    engine.drain_pushes()
    clock.advance(hours=24)
    line.usage.quota = None
    engine.drain_pushes()

    (push,) = rows(Push)
    assert (push.state, push.reason) == (PushState.FAILED, "limit reached")
    assert push.messages_sealed is None


def test_a_worker_without_its_lease_marks_nothing(people, queue, bot, clock, database, rows):
    queue(people[0], "1")

    def begun(worker):
        claimed = database.write(lambda session: outbox.claim(session, worker, clock(), 9))
        return database.write(
            lambda session: outbox.begin_all(session, claimed, worker, clock(), bot.gate)
        )

    first = begun("slow")
    clock.advance(seconds=21)
    (second,) = begun("quick")
    late = [(one, Receipt("r")) for one in first]
    database.write(lambda session: outbox.sent(session, late, "slow", clock()))
    (push,) = rows(Push)
    assert (push.state, push.worker) == (PushState.QUEUED, "quick")
    stale = replace(second, attempts=1)
    database.write(lambda session: outbox.sent(session, [(stale, Receipt("r"))], "quick", clock()))
    assert rows(Push)[0].state is PushState.QUEUED
    database.write(lambda session: outbox.sent(session, [(second, Receipt("r"))], "quick", clock()))
    assert (rows(Push)[0].state, rows(Push)[0].request_id) == (PushState.SENT, "r")


def test_what_cannot_be_read_is_closed_and_holds_nobody_up(
    people, queue, engine, database, line, rows
):
    queue(people[0], "1")
    database.write(lambda session: session.execute(update(Push).values(to_sealed=b"x")) and None)
    queue(people[1], "2")
    engine.drain_pushes()

    assert len(calls(line)) == 1
    states = {push.person: (push.state, push.reason) for push in rows(Push)}
    assert set(states.values()) == {
        (PushState.FAILED, "cannot be read"),
        (PushState.SENT, None),
    }


def test_what_was_claimed_and_not_begun_is_given_back(people, queue, engine, line, clock, rows):
    """A quota that ends in the middle leaves no lease behind, nor counts tries never made."""
    for chat in people:
        queue(chat, *map(str, range(40)))
    line.usage.quota = line.paid
    engine.drain_pushes()

    assert all(push.lease_until is None for push in rows(Push))
    assert sum(push.attempts for push in rows(Push)) < 300
    assert all(push.attempts == push.held for push in rows(Push))
