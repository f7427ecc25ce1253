"""`python -m benchmarks`: every scenario in turn, the table, and var/bench/latest.json."""

import argparse
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path

from benchmarks.bench import DISTURBING, Bench
from benchmarks.report import Report, print_surroundings, surroundings
from benchmarks.scenarios import SCENARIOS
from benchmarks.servers import OUTPUT, ROOT

SECONDS, QUICK_SECONDS = 8.0, 2.0
USERS, QUICK_USERS = 2000, 300
LEAST_ROUNDS = 3


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="short runs: a smoke test, not a figure"
    )
    parser.add_argument("--seconds", type=float, help=f"of each run (default {SECONDS:g})")
    parser.add_argument("--rounds", type=int, default=LEAST_ROUNDS, help="at least 3")
    parser.add_argument("--users", type=int, help=f"who write (default {USERS})")
    parser.add_argument("--only", action="append", choices=SCENARIOS, metavar="NAME", default=[])
    parser.add_argument("--app-dir", type=Path, default=ROOT, help="where our app.py is")
    options = parser.parse_args()
    seconds = options.seconds or (QUICK_SECONDS if options.quick else SECONDS)
    rounds = max(LEAST_ROUNDS, options.rounds)
    users = options.users or (QUICK_USERS if options.quick else USERS)

    # A terminated run leaves its servers running unless it unwinds.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    about = surroundings(
        Path(tempfile.gettempdir()), rounds=rounds, seconds_a_run=seconds, users=users
    )
    print_surroundings(about)
    report = Report(about)
    bench = Bench(report, options.app_dir.resolve(), seconds, rounds, users)
    broken = []
    for name in options.only or SCENARIOS:
        scenario = SCENARIOS[name]
        print(f"{name}: {scenario.__doc__}", flush=True)
        began = time.monotonic()
        try:
            scenario(bench)
        except Exception:  # the others still have something to say
            traceback.print_exc()
            broken.append(name)
        print(f"  took {time.monotonic() - began:.0f} s\n", flush=True)
    report.about["broken"] = broken
    report.print_table()
    disturbed = sum(run["strangers_cpu"] > DISTURBING for run in report.runs)
    report.about["disturbed_runs"] = disturbed
    print(f"\n{disturbed} of {len(report.runs)} runs had to share the cores (STRANGERS above)")
    report.write(OUTPUT / "latest.json")
    print(f"written to {(OUTPUT / 'latest.json').relative_to(ROOT)}")
    if broken:
        print(f"broken: {', '.join(broken)}", file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    raise SystemExit(main())
