"""Kills workers of campaigns, by seeds, and asks LINE afterwards what everybody got.

`python -m tests.crash.campaign_kills --seeds 300` runs the whole of it; the suite runs a part.
Each seed is one campaign to a few people in small batches. Workers die at a point that the seed
names, LINE loses answers, errs, hangs and limits, people say no in between, and clocks jump over
the end of a retry key. Then somebody else goes on, once the leases are over, until nothing is left.
"""

import argparse
import tempfile
from pathlib import Path
from random import Random
from time import monotonic

from bot.services.campaigns.sending.batches import LEASE
from bot.services.shared import quiet_hours
from tests.crash.campaign_stage import Stage, stage
from tests.crash.campaign_story import Story
from tests.databases import fresh


def run(made: Stage, seed: int, *, has_keys: bool = True) -> None:
    """One campaign, from its first worker's death to its end."""
    made.clock.time = quiet_hours.next_open(made.clock() + 2 * LEASE)
    story = Story(made, seed, Random(seed), has_keys=has_keys)
    story.suffer()
    is_over = story.recover()
    story.judge(is_over=is_over)
    made.tally.seeds += 1
    made.platform.faults.clear()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=300)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--database", choices=("sqlite", "postgres"), action="append")
    options = parser.parse_args()
    is_good = True
    for kind in options.database or ("sqlite", "postgres"):
        for has_keys in (True, False):
            with (
                tempfile.TemporaryDirectory() as directory,
                fresh(kind, Path(directory)) as url,
                stage(url) as made,
            ):
                began = monotonic()
                seeds = options.seeds if has_keys else max(14, options.seeds // 6)
                for seed in range(options.first, options.first + seeds):
                    run(made, seed, has_keys=has_keys)
                keys = "with retry keys" if has_keys else "without retry keys"
                print(f"{kind}, {keys}: {made.tally.words()} in {monotonic() - began:.0f} s")
                print("\n".join(f"  {problem}" for problem in made.tally.problems), flush=True)
                is_good &= not made.tally.problems and bool(made.tally.duplicates) is not has_keys
    return 0 if is_good else 1


if __name__ == "__main__":
    raise SystemExit(main())
