"""One measured run: the load, the processor time of everybody in it, and the line that says so."""

import json
import resource
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.load import ask
from benchmarks.report import Report
from benchmarks.servers import ROOT, Server, busy_seconds

WARM_UP_MESSAGES = 600
NOTICEABLE = 0.03  # cores
DISTURBING = 0.25  # cores


@dataclass
class Bench:
    report: Report
    app_dir: Path
    seconds: float
    rounds: int
    users: int
    bystanders: list[Server] = field(default_factory=list)  # up, and meant to be idle

    def load(
        self, scenario: str, target: Server, line: Server, /, **options: Any
    ) -> dict[str, Any]:
        """One run: the stub is emptied, the load is sent, everybody's processor time is kept."""
        ask(line.netloc, "/__reset")
        arguments = [target.url]
        for name, value in options.items():
            arguments += [f"--{name.replace('_', '-')}", str(value)]
        others = [server for server in self.bystanders if server is not target]
        idle = sum(server.cpu_seconds() for server in others)
        busy, children = busy_seconds(), _children_seconds()
        cpu, wall = target.cpu_seconds(), time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.load", *arguments],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"the load generator failed:\n{done.stderr[-2000:]}")
        run: dict[str, Any] = json.loads(done.stdout)
        spent = time.monotonic() - wall
        seen = ask(line.netloc, "/__stats")
        used, stood_by = target.cpu_seconds() - cpu, sum(s.cpu_seconds() for s in others) - idle
        ours = used + stood_by + _children_seconds() - children
        if target is not line:
            ours += seen["cpu_seconds"]
        run |= {
            "scenario": scenario,
            "target": target.name,
            "options": options,
            # Its whole time, over the length of the load only.
            "server_cpu": used / max(run["seconds"], 0.001),
            "stub_cpu": seen["cpu_seconds"] / max(run["seconds"], 0.001),
            "stub": seen,
            "bystanders_cpu": stood_by / spent,
            # Neither the server nor the rig: somebody else on this machine, or its host.
            "strangers_cpu": max(0.0, (busy_seconds() - busy - ours) / spent),
            "wall_seconds": spent,
        }
        return run

    def keep(self, run: dict[str, Any], number: int) -> None:
        run["round"] = number
        self.report.runs.append(run)
        ack, reply = run["ack_ms"], run.get("reply_ms")
        parts = []
        if reply and run["options"].get("loop") == "open":
            parts.append(f"{run['in_time_per_second']:7.1f} answered/s")
            parts.append(f"reply p50 {reply['p50']:6.1f} p99 {reply['p99']:6.1f} ms")
            parts.append(f"ack p99 {ack['p99']:5.1f} ms")
            parts.append(f"backlog {run['backlog_at_end']}")
            parts.append(f"drained in {run['drained_after_ms']:.0f} ms")
            parts.append(f"sent late by p99 {run['late_ms']['p99']:.1f} ms")
        elif reply:
            parts.append(f"{run['answered_per_second']:7.1f} answered/s of {run['sent']} sent")
        else:
            parts.append(f"{run['per_second']:7.1f} req/s")
            parts.append(f"ack p50 {ack['p50']:5.1f} p99 {ack['p99']:5.1f} ms")
        if run["failed"]:
            parts.append(f"FAILED {run['failed']} {run['status']} {run['errors']}")
        if run["ran_out"]:
            parts.append("ran out of requests")
        cores = f"server {run['server_cpu']:.2f} stub {run['stub_cpu']:.2f}"
        cores += f" generator {run['generator_cpu']:.2f}"
        if run["bystanders_cpu"] > NOTICEABLE:
            cores += f" BYSTANDERS {run['bystanders_cpu']:.2f}"
        if run["strangers_cpu"] > DISTURBING:
            cores += f" STRANGERS {run['strangers_cpu']:.2f}"
        print(f"  {number}  {run['target']:<22} {', '.join(parts)}; cores: {cores}", flush=True)

    def warm_up(self, target: Server, line: Server, /, **options: Any) -> None:
        self.load("warm-up", target, line, count=WARM_UP_MESSAGES, users=self.users, **options)

    def introduce(self, target: Server, stub: Server, latency_ms: float) -> None:
        """Everybody who will write later adds the bot first."""
        ask(stub.netloc, "/__reset?latency_ms=0")
        run = self.load(
            "introductions",
            target,
            stub,
            kind="follow",
            users=self.users,
            stub=stub.netloc,
            quiet=2,
        )
        if run["failed"]:
            raise RuntimeError(f"follow events were refused: {run['status']} {run['errors']}")
        # Waits for the replies: none of these may stand in the way of a measured one.
        self.warm_up(target, stub, stub=stub.netloc)
        time.sleep(1.0)
        ask(stub.netloc, f"/__reset?latency_ms={latency_ms}")


def _children_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
