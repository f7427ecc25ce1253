"""The console's pages with few learners and with a million: milliseconds and queries."""

import json
import os
import subprocess
import sys
from contextlib import closing
from typing import Any

from benchmarks import crowd
from benchmarks.bench import Bench
from benchmarks.campaigns import FEW, MANY, PATIENCE, QUICK_MANY, Rig
from benchmarks.report import Row
from benchmarks.servers import Servers

BAR_MS = 200
TIMES = 25


def console(bench: Bench) -> None:
    """Every list page of the console at a million learners, on PostgreSQL."""
    many = QUICK_MANY if bench.seconds < 4 else MANY
    seen = {}
    for people in (FEW, many):
        with Servers(bench.app_dir) as servers:
            url = servers.postgres_url().replace("postgresql://", "postgresql+psycopg://", 1)
            rig = Rig(bench, servers, url, people)
            with closing(rig.database):
                seen[people] = _pages(bench, rig)
    for name, at_many in seen[many].items():
        at_few = seen[FEW][name]
        figures = f"{at_few['p50']:.0f} ms", f"p50 {at_many['p50']:.0f} ms"
        worst = at_many["worst"]
        bar = (f"< {BAR_MS} ms", worst < BAR_MS)
        bench.report.add(
            Row("console", f"{name}, {many:,} learners", *figures, f"worst {worst:.0f} ms", *bar)
        )
        counts = at_few["queries"], at_many["queries"]
        equal = ("no more", counts[1] <= counts[0])
        bench.report.add(
            Row("console", f"{name}: queries", *map(str, counts), str(counts[1]), *equal)
        )


def _pages(bench: Bench, rig: Rig) -> dict[str, dict[str, Any]]:
    campaign_id = rig.counted()
    crowd.settle(rig.database)
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.console_worker", campaign_id, str(TIMES)],
        cwd=bench.app_dir,
        env=os.environ | rig.environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
    )
    figures: dict[str, dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    for name, page in figures.items():
        print(
            f"     {name}: p50 {page['p50']:.1f} ms, worst {page['worst']:.1f} ms, "
            f"{page['queries']} queries",
            flush=True,
        )
    return figures
