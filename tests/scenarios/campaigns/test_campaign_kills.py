"""kill -9 in the middle of a sending: everybody once, nobody who said no, nothing left behind.

A part of what `python -m tests.crash.campaign_kills` does, with seeds of its own. A seed says
at which point the first worker dies; every run has one seed a point.
"""

from collections.abc import Sequence

import pytest

from tests.crash.campaign_kills import run
from tests.crash.campaign_stage import stage
from tests.crash.campaign_worker import ANSWERED, POINTS, TAKEN

FIRST = 1000
EACH_POINT = range(FIRST, FIRST + len(POINTS))
# Dead after LINE has accepted it and before we know: what retry keys are for.
UNKNOWING = [seed for seed in EACH_POINT if POINTS[seed % len(POINTS)] in {TAKEN, ANSWERED}]
# No more than eight a test, or their time is over on a busy machine.
MORE = [range(first, first + 8) for first in range(1007, 1055, 8)]
LONG = [pytest.param(seeds, marks=pytest.mark.long) for seeds in MORE]

# PostgreSQL has the harder case, several workers; SQLite's deaths are in the long run.
ON_BOTH = pytest.mark.parametrize(
    "database_url", [pytest.param("sqlite", marks=pytest.mark.long), "postgres"], indirect=True
)


def ids(seeds: Sequence[int]) -> str:
    return f"{seeds[0]}-{seeds[-1]}"


@pytest.mark.timeout(400)
@ON_BOTH
@pytest.mark.parametrize("seeds", [EACH_POINT, *LONG], ids=ids)
def test_killed_workers_cost_nobody_anything(seeds: Sequence[int], database_url: str) -> None:
    with stage(database_url) as made:
        for seed in seeds:
            run(made, seed)
    assert not made.tally.problems
    assert made.tally.duplicates == 0
    assert made.tally.kills.total() >= len(seeds) // 2


@pytest.mark.timeout(400)
@ON_BOTH
@pytest.mark.parametrize("seeds", [UNKNOWING, LONG[0]], ids=ids)
def test_without_retry_keys_there_are_duplicates(seeds: Sequence[int], database_url: str) -> None:
    """The control: the same deaths, and the promise does not hold."""
    with stage(database_url) as made:
        for seed in seeds:
            run(made, seed, has_keys=False)
    assert made.tally.duplicates > 0
