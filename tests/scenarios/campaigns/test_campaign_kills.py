"""kill -9 in the middle of a sending: everybody once, nobody who said no, nothing left behind.

A part of what `python -m tests.crash.campaign_kills` does, with seeds of its own.
"""

import pytest

from tests.crash.campaign_kills import run
from tests.crash.campaign_stage import stage

SEEDS = 8  # for each test: more of them, and their time is over on a busy machine


@pytest.mark.timeout(400)
@pytest.mark.parametrize("first", [1000])
def test_killed_workers_cost_nobody_anything(first: int, database_url: str) -> None:
    with stage(database_url) as made:
        for seed in range(first, first + SEEDS):
            run(made, seed)
    assert not made.tally.problems
    assert made.tally.duplicates == 0
    assert made.tally.kills.total() >= SEEDS // 2


@pytest.mark.timeout(400)
def test_without_retry_keys_there_are_duplicates(database_url: str) -> None:
    """The control: the same deaths, and the promise does not hold."""
    with stage(database_url) as made:
        for seed in range(1000, 1000 + SEEDS):
            run(made, seed, has_keys=False)
    assert made.tally.duplicates > 0
