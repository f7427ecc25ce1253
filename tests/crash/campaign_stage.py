"""Where campaigns are killed: a database, a LINE, people, and a process that forks workers."""

import json
import os
import secrets
import subprocess
import sys
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from app import create_app
from bot.runtime import Bot
from bot.settings import ROOT, Settings
from models.subscription import Channel
from simulator.platform import Platform
from simulator.server import serve
from tests.clock import FakeClock
from tests.news import Subscriber

KILLED = -9
CROWD = 24  # who said no is replaced


@dataclass
class Tally:
    """What some seeds came to; problems name their seed."""

    seeds: int = 0
    kills: Counter[str] = field(default_factory=Counter)
    delivered: int = 0
    duplicates: int = 0
    withdrawn: int = 0
    decided: int = 0
    problems: list[str] = field(default_factory=list)

    def words(self) -> str:
        points = ", ".join(f"{point} {times}" for point, times in sorted(self.kills.items()))
        return (
            f"{self.seeds} seeds, {self.kills.total()} kills ({points});"
            f" {self.delivered} delivered, {self.duplicates} twice,"
            f" {self.withdrawn} said no in between, {self.decided} batches left to a person,"
            f" {len(self.problems)} problems"
        )


class Stage:
    """A database, a LINE, and a process that forks workers."""

    def __init__(
        self,
        settings: Settings,
        platform: Platform,
        clock: FakeClock,
        workers: subprocess.Popen[str],
    ) -> None:
        self.platform, self.clock, self.workers = platform, clock, workers
        self.bot: Bot = create_app(settings, clock=clock).extensions["bot"]
        self.crowd: list[Subscriber] = []
        self.tally = Tally()

    def people(self, count: int) -> list[Subscriber]:
        while len(self.crowd) < CROWD:
            name = f"คน {len(self.platform.people)}"
            self.crowd.append(Subscriber(self.bot, self.platform, Channel.LINE, name=name))
        return self.crowd[:count]

    def jobs(self, *jobs: dict[str, Any]) -> list[int]:
        """Run workers at the same time, to their ends."""
        assert self.workers.stdin is not None
        assert self.workers.stdout is not None
        self.workers.stdin.write(json.dumps(jobs) + "\n")
        self.workers.stdin.flush()
        ends: list[int] = json.loads(self.workers.stdout.readline())
        for job, end in zip(jobs, ends, strict=True):
            if end == KILLED:
                self.tally.kills[job["point"]] += 1
            elif end:
                self.tally.problems.append(f"a worker ended with {end}: {job}")
        return ends


@contextmanager
def stage(database_url: str) -> Iterator[Stage]:
    """Everything that seeds need, on one empty database."""
    clock = FakeClock()
    secret, token, data_key = secrets.token_hex(16), secrets.token_hex(32), secrets.token_bytes(32)
    platform = Platform(clock=clock, channel_secret=secret, access_token=token, quota=None)
    with serve(platform) as line_url:
        environment = {
            "PATH": os.environ["PATH"],
            "PUBLIC_URL": "https://bot.example.test",
            "SECRET_KEY": secrets.token_urlsafe(32),
            "DATA_KEYS": f"k1:{b64encode(data_key).decode()}",
            "DATABASE_URL": database_url,
            "LINE_CHANNEL_SECRET": secret,
            "LINE_CHANNEL_ACCESS_TOKEN": token,
            "LINE_API_URL": line_url,
            "LOG_LEVEL": "error",
        }
        workers = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.campaign_worker"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        made = Stage(Settings.from_env(environment), platform, clock, workers)
        try:
            yield made
        finally:
            made.bot.close()
            assert workers.stdin is not None
            workers.stdin.close()
            workers.wait(30)
            assert workers.stdout is not None
            workers.stdout.close()
