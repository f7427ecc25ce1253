"""The shared rate: never above LINE's ceiling in any second, and close to it when there is work."""

import heapq
import random
import threading
from bisect import bisect_left
from datetime import timedelta
from itertools import pairwise

import pytest

from bot.crypto import Keyring
from bot.services.delivery import line_rate_limit
from bot.services.delivery.line_rate_limit import CEILINGS, RateLimiter
from bot.services.delivery.reserved_slots import SHARE, TOLERANCE, Offset, Turns
from models.database import Database
from models.rate_limit import LineRate
from tests.clock import FakeClock


class Simulated:
    """Processes with clocks of their own, threads that are held up, and one row in a database."""

    def __init__(self, ceiling, *, processes=3, threads=8, call=(0.001, 0.02), hiccup=0.0, seed=1):
        self.chance = random.Random(seed)
        self.ceiling, self.call, self.hiccup = ceiling, call, hiccup
        self.row = 0.0
        self.calls: list[float] = []
        self.thrown_away = 0
        per_second = ceiling * SHARE
        most = max(line_rate_limit.MIN_BULK, round(per_second * line_rate_limit.BULK))
        self.processes = [
            {
                "turns": Turns(per_second, most),
                "offset": Offset(),
                "ahead": self.chance.uniform(-1e6, 1e6),  # of its clock
                "free_at": 0.0,  # of its turnstile
            }
            for _ in range(processes)
        ]
        self.threads = [
            (self.chance.uniform(0, 0.01), number, process)
            for number, process in enumerate(self.processes * threads)
        ]
        heapq.heapify(self.threads)

    def run(self, seconds):
        """Each thread takes a turn, calls, and comes back, in the order of the true time."""
        while self.threads[0][0] < seconds:
            at, number, process = heapq.heappop(self.threads)
            heapq.heappush(self.threads, (self._step(at, process), number, process))
        return self

    def _step(self, at, process):
        if at < process["free_at"]:
            return process["free_at"] + 1e-7  # somebody else stands in the turnstile
        turns, ahead = process["turns"], process["ahead"]
        if count := turns.wanted(at + ahead):
            asked, answered = at, at + self.chance.uniform(0.0002, 0.004)
            there = self.chance.uniform(asked, answered)
            first = max(self.row, there)
            self.row = first + count * turns.interval
            process["offset"].saw(there, asked + ahead, answered + ahead)
            first_here = process["offset"].ours(first)
            assert first_here - ahead >= first - 1e-9, "no turn is early"
            turns.add(first_here, count, process["offset"].doubt)
            process["free_at"] = answered
            return answered
        wait = turns.next(at + ahead)
        if wait == 0:
            self.calls.append(at)
            return at + self.chance.uniform(*self.call)
        late = self.chance.expovariate(1 / self.hiccup) if self.hiccup else 0.0
        process["free_at"] = at + (wait or 0) + late
        return process["free_at"]

    def densest_second(self):
        calls = sorted(self.calls)
        return max(bisect_left(calls, at + 1.0) - index for index, at in enumerate(calls))

    def in_second(self, second):
        return sum(second <= at < second + 1 for at in self.calls)


@pytest.mark.parametrize("ceiling", [200, 2000])
@pytest.mark.parametrize("seed", range(5))
def test_three_processes_use_the_rate_and_never_exceed_it(ceiling, seed):
    run = Simulated(ceiling, threads=16, seed=seed).run(5.0)

    assert run.densest_second() <= ceiling
    assert min(run.in_second(second) for second in range(1, 5)) >= 0.92 * ceiling


@pytest.mark.parametrize("seed", range(5))
def test_held_up_threads_lose_their_turns_and_never_burst(seed):
    """Wake-ups are late by 10 ms on average, some by 100: still no second is too dense."""
    run = Simulated(2000, threads=32, hiccup=0.01, seed=seed).run(5.0)

    assert run.densest_second() <= 2000


def test_a_process_that_is_alone_uses_the_rate():
    run = Simulated(2000, processes=1, threads=64).run(4.0)

    assert run.densest_second() <= 2000
    assert run.in_second(2) >= 0.95 * 2000


def test_what_a_slow_process_cannot_use_is_left_to_the_others():
    run = Simulated(2000, processes=2, threads=64)
    slow = run.processes[0]
    keep = [0, 2]
    run.threads = [one for one in run.threads if one[2] is not slow or one[1] in keep]
    heapq.heapify(run.threads)
    run.run(4.0)

    assert run.in_second(2) >= 0.92 * 2000


def test_turns_that_nobody_met_are_lost():
    turns = Turns(100.0, 8)
    turns.add(10.0, 2)

    assert turns.next(9.9) == pytest.approx(0.1)
    assert turns.next(10.0 + TOLERANCE) == 0.0
    assert turns.next(10.01 + TOLERANCE + 0.001) is None


def test_the_bulk_grows_with_use_and_shrinks_with_loss():
    turns = Turns(1000.0, 16)
    sizes = []
    now = 0.0
    for _ in range(5):
        sizes.append(turns.wanted(now))
        turns.add(now, sizes[-1])
        while turns.next(now) is not None:
            now += turns.interval
    assert sizes == [2, 4, 8, 16, 16]
    turns.add(now, 16)
    assert turns.wanted(now + 10) == 1


def test_the_offset_is_narrowed_and_a_set_clock_is_believed():
    offset = Offset()
    offset.saw(1000.5, 0.4, 0.9)
    offset.saw(1001.0, 0.9, 1.01)
    assert offset.doubt == pytest.approx(0.11)
    assert offset.ours(1001.0) == pytest.approx(1.01)
    offset.saw(2000.0, 2.0, 2.1)
    assert offset.doubt == pytest.approx(0.1)
    assert offset.ours(2000.0) == pytest.approx(2.1)


def test_far_databases_do_not_stop_the_calls():
    turns = Turns(100.0, 8)
    turns.add(1.0, 1, doubt=0.2)
    assert turns.next(1.0) == 0.0


class Waiting:
    """A monotonic clock that only waiting moves."""

    def __init__(self, clock):
        self.clock, self.time = clock, 0.0

    def __call__(self):
        return self.time

    def wait(self, seconds):
        self.time += seconds
        self.clock.advance(seconds=seconds)


@pytest.fixture
def stage(database_url):
    clock = FakeClock()
    database = Database(database_url, Keyring({"k1": bytes(range(32))}), clock)
    time = Waiting(clock)
    yield database, clock, time
    database.close()


def test_turns_are_spread_over_the_time(stage):
    database, _, time = stage
    rate_limiter = RateLimiter(database, monotonic=time, wait=time.wait)
    begun = []
    for _ in range(389):
        rate_limiter.take("multicast")
        begun.append(time())

    assert begun[-1] == pytest.approx(388 / (SHARE * CEILINGS["multicast"]), rel=0.01)
    assert max(bisect_left(begun, at + 1.0) - i for i, at in enumerate(begun)) <= 200


def test_two_processes_share_one_row(stage):
    database, _, time = stage
    pacers = [RateLimiter(database, monotonic=time, wait=time.wait) for _ in range(2)]
    begun = 0
    while time() < 2.0:
        for rate_limiter in pacers:
            rate_limiter.take("multicast")
            begun += 1

    # Each bulk is worked off in turn here, so the two wait for each other; above they do not.
    assert begun <= 2 * 200 + 1


def test_a_pause_holds_for_everybody(stage):
    database, _, time = stage
    first, second = (RateLimiter(database, monotonic=time, wait=time.wait) for _ in range(2))
    first.take("push")
    first.back_off("push", 2.0)
    second.take("push")

    assert time() >= 2.0
    first.take("multicast")
    assert time() < 2.5, "other endpoints have rows of their own"


def test_threads_that_are_refused_together_make_one_pause(stage):
    database, clock, time = stage
    rate_limiter = RateLimiter(database, monotonic=time, wait=time.wait)
    for _ in range(20):
        rate_limiter.back_off("multicast", 1.0)
    at = database.read(lambda session: session.get_one(LineRate, "multicast").at)

    assert at == clock() + timedelta(seconds=1)


def test_a_turn_that_is_too_far_away_is_left(stage):
    database, _, time = stage
    rate_limiter = RateLimiter(database, monotonic=time, wait=time.wait)
    rate_limiter.back_off("multicast", 20.0)

    assert rate_limiter.take("multicast", 2.0) is False
    assert time() <= 2.0
    time.wait(20.0)
    assert rate_limiter.take("multicast", 2.0) is True


def test_reservations_of_many_threads_do_not_overlap(database_url):
    """With the databases' own clocks and real concurrency."""
    database = Database(database_url, Keyring({"k1": bytes(range(32))}))
    database.write(lambda session: line_rate_limit.open_row(session, "push"))
    span, taken = timedelta(milliseconds=5), []

    def work():
        taken.extend(
            database.write(lambda session: line_rate_limit.reserve(session, "push", span)).first
            for _ in range(10)
        )

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    at = database.read(lambda session: session.get_one(LineRate, "push").at)
    database.close()

    taken.sort()
    assert len(taken) == 80
    gaps = [second - first for first, second in pairwise(taken)]
    assert min(gaps) >= span
    assert at == taken[-1] + span


def test_what_was_given_away_by_a_clock_that_was_ahead_is_free(database, clock):
    """Otherwise nothing would be sent until the clock has caught up."""
    second = timedelta(seconds=1)
    database.write(lambda session: line_rate_limit.open_row(session, "push"))
    clock.advance(hours=25)
    database.write(lambda session: line_rate_limit.reserve(session, "push", second))
    database.write(lambda session: line_rate_limit.hold_back(session, "push", second))
    for hours in (25, 1):
        clock.advance(hours=-hours)
        found = database.write(lambda session: line_rate_limit.reserve(session, "push", second))
        assert found.first == found.now == clock()
    clock.advance(hours=-1)
    database.write(lambda session: line_rate_limit.hold_back(session, "push", second))
    found = database.write(lambda session: line_rate_limit.reserve(session, "push", second))
    assert found.first == clock() + second
