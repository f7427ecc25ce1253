"""Many threads, many people: each person's events run one after another, nobody waits for good."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from bot.dispatch import Flow, HandlerResult
from bot.line import messages as line_messages
from bot.runtime.per_user_queue import PerUserQueue
from models.inbox import EventState, WebhookEvent
from tests.chat import words
from tests.scenarios.doubles import add_flow

pytestmark = pytest.mark.sql

PEOPLE, TEXTS = 5, 10


@pytest.fixture
def started(engine):
    """The engine's threads, running; they end when the test does."""
    engine.lanes.start()
    yield engine
    engine.lanes.stop()


@pytest.fixture
def echo(bot):
    """A conversation that says what it hears, and notes who is inside at the same time."""
    flow = Flow("echo")
    inside, guard, clashes = [], threading.Lock(), []

    @flow.entry("echo")
    def echoed(event, ctx):
        with guard:
            clashes.extend(other for other in inside if other == ctx.user_id)
            inside.append(ctx.user_id)
        heard = int(ctx.draft.get("heard", 0)) + 1
        ctx.draft["heard"] = heard
        with guard:
            inside.remove(ctx.user_id)
        return HandlerResult((line_messages.text(f"{event.postback['n']} / {heard}"),))

    add_flow(bot, flow)
    return clashes


def batch(line, clock, chats):
    """So many taps of each person, mixed, each a moment after the last."""
    events = []
    for number in range(TEXTS):
        for chat in chats:
            clock.advance(milliseconds=1)
            events.append(line.postback(chat.user_id, f"a=echo&n={number}", deliver_now=False))
    return events


def deliver(app, line, events):
    body = line.webhooks.body(events)
    headers = line.webhooks.headers(body)
    return app.test_client().post("/line/webhook", data=body, headers=headers).status_code


def numbers(chat):
    return [int(words([bubble]).partition(" ")[0]) for bubble in chat.heard()]


def test_one_delivery_for_five_people_is_answered_in_order(
    someone, line, app, started, echo, clock, rows
):
    chats = [someone(f"คนที่ {number}") for number in range(PEOPLE)]
    assert deliver(app, line, batch(line, clock, chats)) == 200
    started.lanes.stop()

    for chat in chats:
        assert numbers(chat) == list(range(TEXTS))
    assert echo == [], "nobody's events ran side by side"
    assert {event.state for event in rows(WebhookEvent)} == {EventState.DONE}


def test_many_deliveries_at_once_lose_and_double_nothing(
    someone, line, app, started, echo, clock, rows
):
    """Each tap in a webhook of its own, all posted at once from many threads."""
    chats = [someone(f"คนที่ {number}") for number in range(PEOPLE)]
    events = batch(line, clock, chats)
    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(lambda event: deliver(app, line, [event]), events)) == {200}
    started.lanes.stop()

    for chat in chats:
        assert sorted(numbers(chat)) == list(range(TEXTS))
    assert echo == []
    assert {event.state for event in rows(WebhookEvent)} == {EventState.DONE}


def test_sweeps_beside_running_threads_say_nothing_twice(someone, line, app, started, echo, clock):
    chats = [someone(f"คนที่ {number}") for number in range(PEOPLE)]
    events = batch(line, clock, chats)
    clock.advance(seconds=6)  # whatever is stored now is old enough for the sweep
    done = threading.Event()

    def sweep():
        while not done.is_set():
            started.sweep()

    sweeper = threading.Thread(target=sweep)
    sweeper.start()
    for event in events:
        assert deliver(app, line, [event]) == 200
    done.set()
    sweeper.join()
    started.lanes.stop()

    for chat in chats:
        assert numbers(chat) == list(range(TEXTS))
    assert line.paid == 0


def test_a_person_in_hand_is_not_given_to_a_second_thread():
    """Handed in again while being worked on: once more afterwards, by the same thread."""
    entered, go_on = threading.Event(), threading.Event()
    seen, at_work = [], []

    def work(person, *_):
        at_work.append(person)
        assert at_work.count(person) == 1
        seen.append((person, threading.current_thread().name))
        entered.set()
        assert go_on.wait(60)
        at_work.remove(person)

    lanes = PerUserQueue(work, threads=4)
    lanes.start()
    lanes.submit("one")
    assert entered.wait(60)
    for _ in range(10):
        lanes.submit("one")
    go_on.set()
    lanes.stop()

    assert [person for person, _ in seen] == ["one", "one"]
    assert len({thread for _, thread in seen}) == 1


def test_one_slow_person_keeps_nobody_else_waiting():
    others = {f"person {number}" for number in range(20)}
    all_done, release = threading.Event(), threading.Event()
    done = set()

    def work(person, *_):
        if person == "slow":
            assert release.wait(60)
            return
        done.add(person)
        if done == others:
            all_done.set()

    lanes = PerUserQueue(work, threads=2)
    lanes.start()
    lanes.submit("slow")
    for person in others:
        lanes.submit(person)
    assert all_done.wait(60), "the second thread does all the others"
    release.set()
    lanes.stop()


def test_what_was_submitted_before_the_start_is_worked_on():
    done = []
    lanes = PerUserQueue(lambda person, *_: done.append(person), threads=1)
    for person in ("a", "b", "a"):
        lanes.submit(person)
    lanes.start()
    lanes.start()
    lanes.stop()

    assert done == ["a", "a", "b"], "once more for who was handed in twice"
