"""Announcements to many: the list is frozen, the batches go out, beside the naive loop."""

import json
import os
import secrets
import subprocess
import sys
import time
from base64 import urlsafe_b64encode
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from benchmarks import crowd
from benchmarks.bench import Bench
from benchmarks.load import ask
from benchmarks.report import Row
from benchmarks.servers import MIGRATE, Servers, busy_seconds, cpu_seconds, line_environment
from bot.crypto import Keyring
from bot.presentation.presenter import LinePresenter
from bot.services.campaigns.audience.filters import Audience
from bot.services.campaigns.workflow import campaigns
from bot.services.campaigns.workflow.campaigns import Draft
from bot.services.shared import quiet_hours
from bot.settings import Settings
from models.campaign import CampaignState, RolloutStage
from models.database import Database
from models.recipient import Batch, BatchState

FEW, MANY, ON_SQLITE = 10_000, 1_000_000, 100_000
QUICK_MANY, QUICK_ON_SQLITE = 50_000, 10_000
WORKERS = 2
FREEZE_BAR, RATE_BAR, MEMORY_BAR = 30.0, 180.0, 1.2
PATIENCE = 900.0
WORDS = "เปิดคอร์สใหม่แล้ววันนี้ สมัครได้ที่ปุ่มด้านล่าง"
CONTENT = {
    language: {"title": "คอร์สใหม่", "parts": [{"type": "text", "text": WORDS}]}
    for language in ("th", "en")
}
NAIVE_LOOP = """
import sys, time, uuid
from linebot.v3.messaging import (
    ApiClient, ApiException, Configuration, MessagingApi, MulticastRequest, TextMessage
)
host, calls = sys.argv[1], int(sys.argv[2])
people = [f"U{number:032x}" for number in range(calls * 500)]
with ApiClient(Configuration(host=host, access_token="bench")) as client:
    api, refused, began = MessagingApi(client), 0, time.monotonic()
    for at in range(0, len(people), 500):
        words = TextMessage(text=sys.argv[3])
        request = MulticastRequest(to=people[at : at + 500], messages=[words])
        try:
            api.multicast(request, x_line_retry_key=str(uuid.uuid4()))
        except ApiException as error:
            if error.status != 429:
                raise
            refused += 1  # it keeps no pace: these 500 get nothing
    print((calls - refused) / (time.monotonic() - began), refused)
"""


class Rig:
    """One database with so many subscribers, and a LINE."""

    def __init__(self, bench: Bench, servers: Servers, url: str, people: int) -> None:
        self.bench, self.people = bench, people
        self.stub = servers.start_stub(0)
        self.servers = servers
        key = secrets.token_bytes(32)
        self.keyring = Keyring({"k1": key})
        self.environment = line_environment(self.stub) | {
            "DATABASE_URL": url,
            "PUBLIC_URL": "https://bench.example",
            "SECRET_KEY": secrets.token_urlsafe(32),
            "DATA_KEYS": "k1:" + urlsafe_b64encode(key).decode(),
            "LOG_LEVEL": "warning",
        }
        self.settings = Settings.from_env(self.environment)
        self._run([*MIGRATE])
        self.database = Database(url, self.keyring, presenter=LinePresenter())
        began = time.monotonic()
        crowd.fill(self.database, self.keyring, people)
        print(
            f"     {people:,} subscribers written in {time.monotonic() - began:.0f} s", flush=True
        )

    def measure(self, name: str, workers: int) -> dict[str, Any]:
        """Count the list, send it, look at what LINE saw."""
        campaign_id = self._ask()
        counted = self._worker("count")
        self._approve(campaign_id)
        crowd.settle(self.database)
        ask(self.stub.netloc, "/__reset")
        began, busy, of_database = time.monotonic(), busy_seconds(), self._database_seconds()
        sent = self._workers("send", workers)
        spent, of_database = time.monotonic() - began, self._database_seconds() - of_database
        all_cpu = (busy_seconds() - busy) / spent
        seen = ask(self.stub.netloc, "/__stats")
        sendings = seen["sendings"]
        calls = sendings["accepted"]["multicast"]
        seconds = sendings["last"]["multicast"] - sendings["first"]["multicast"]
        run = {
            "scenario": "campaigns",
            "target": name,
            "people": self.people,
            "frozen_in": counted["seconds"],
            "count_rss_mb": counted["max_rss_mb"],
            "calls": calls,
            "seconds": seconds,
            "per_second": (calls - 1) / seconds if seconds else 0.0,
            "densest_second": ask(self.stub.netloc, "/__seconds")["multicast"]["densest"],
            "limited": sendings["limited"].get("multicast", 0),
            "again": sendings["again"].get("multicast", 0),
            "reached": sendings["people"],
            "twice": sendings["twice"],
            "unsent": self._unsent(campaign_id),
            "worker_cpu": [each["cpu_seconds"] / spent for each in sent],
            "worker_rss_mb": max(each["max_rss_mb"] for each in sent),
            "stub_cpu": seen["cpu_seconds"] / spent,
            "database_cpu": of_database / spent,
            "all_cpu": all_cpu,
        }
        ours_cpu = sum(run["worker_cpu"]) + run["stub_cpu"] + run["database_cpu"]
        run["strangers_cpu"] = max(0.0, all_cpu - ours_cpu)
        ours = " and ".join(f"{used:.2f}" for used in run["worker_cpu"])
        print(
            f"     {name}, {self.people:,}: frozen in {run['frozen_in']:.1f} s; "
            f"{run['per_second']:.1f} calls/s, densest second {run['densest_second']}, "
            f"429 {run['limited']}, 409 {run['again']}, reached {run['reached']:,}, "
            f"twice {run['twice']}, unsent {run['unsent']}; "
            f"{run['worker_rss_mb']:.0f} MB (counting {run['count_rss_mb']:.0f}); "
            f"cores: workers {ours} database {run['database_cpu']:.2f} stub {run['stub_cpu']:.2f}"
            f" STRANGERS {run['strangers_cpu']:.2f}",
            flush=True,
        )
        self.bench.report.runs.append(run)
        return run

    def counted(self) -> str:
        """A campaign whose list everybody is on, waiting for its approval."""
        campaign_id = self._ask()
        self._worker("count")
        return campaign_id

    def naive(self, calls: int) -> float:
        """The SDK's typed multicast in a loop over ids in memory, remembering nothing."""
        ask(self.stub.netloc, "/__reset")
        command = [
            sys.executable,
            "-c",
            NAIVE_LOOP,
            f"http://{self.stub.netloc}",
            str(calls),
            WORDS,
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=PATIENCE)
        rate, refused = map(float, done.stdout.split())
        print(
            f"     naive loop: {rate:.1f} calls/s taken, {refused:.0f} of {calls} refused with 429"
        )
        return rate

    def _ask(self) -> str:
        now = quiet_hours.next_open(datetime.now(UTC)) + timedelta(seconds=1)
        draft = Draft("bench", "courses", CONTENT, Audience())

        def make(session: Session) -> str:
            campaign = campaigns.create(session, draft, "a" * 32, self.settings, now)
            campaigns.request_approval(session, campaign, "a" * 32, self.settings, now)
            return campaign.id

        return self.database.write(make)

    def _approve(self, campaign_id: str) -> None:
        """As if the hold-back minutes and the first waves were over: all of it may go now."""
        past = datetime.now(UTC) - timedelta(days=1)

        def approve(session: Session) -> None:
            campaign = campaigns.locked(session, campaign_id)
            campaign.state, campaign.approved_digest = CampaignState.SENDING, campaign.digest
            campaign.started_at, campaign.wave = past, RolloutStage.REST
            # No tick looks after it here, and at night the worker's clock is ahead of ours.
            campaign.wave_due_at, campaign.alive_at = past, datetime.now(UTC) + timedelta(days=1)
            session.execute(
                update(Batch)
                .where(Batch.campaign_id == campaign_id)
                .values(wave=RolloutStage.REST, due_at=past)
            )

        self.database.write(approve)

    def _database_seconds(self) -> float:
        """What PostgreSQL has used; SQLite works in the worker."""
        server = self.servers.postgres
        return cpu_seconds(server.get_pid()) if server is not None else 0.0

    def _unsent(self, campaign_id: str) -> int:
        query = select(func.count()).select_from(Batch)
        query = query.where(Batch.campaign_id == campaign_id, Batch.state != BatchState.SENT)
        return self.database.read(lambda session: session.scalar(query)) or 0

    def _worker(self, verb: str) -> dict[str, Any]:
        return self._workers(verb, 1)[0]

    def _workers(self, verb: str, count: int) -> list[dict[str, Any]]:
        running = [
            subprocess.Popen(
                [sys.executable, "-m", "benchmarks.campaign_worker", verb],
                cwd=self.bench.app_dir,
                env=os.environ | self.environment,
                stdout=subprocess.PIPE,
                text=True,
            )
            for _ in range(count)
        ]
        figures = []
        for process in running:
            said, _ = process.communicate(timeout=PATIENCE)
            figures.append(json.loads(said.splitlines()[-1]))
        return figures

    def _run(self, command: list[str]) -> None:
        subprocess.run(
            [sys.executable, *command],
            cwd=self.bench.app_dir,
            env=os.environ | self.environment,
            check=True,
            capture_output=True,
        )


def campaigns_scenario(bench: Bench) -> None:
    """A million subscribers on PostgreSQL, a hundred thousand on SQLite: each exactly once."""
    is_quick = bench.seconds < 4
    many, on_sqlite = (QUICK_MANY, QUICK_ON_SQLITE) if is_quick else (MANY, ON_SQLITE)
    runs = {}
    for name, people, workers in (
        ("PostgreSQL, few", FEW, WORKERS),
        ("PostgreSQL", many, WORKERS),
        ("SQLite, one process", on_sqlite, 1),
    ):
        with Servers(bench.app_dir) as servers:
            is_sqlite = name.startswith("SQLite")
            url = servers.sqlite_url() if is_sqlite else servers.postgres_url()
            url = url.replace("postgresql://", "postgresql+psycopg://", 1)
            rig = Rig(bench, servers, url, people)
            with closing(rig.database):
                runs[name] = rig.measure(name, workers)
                if name == "PostgreSQL":
                    naive = rig.naive(round(100 * bench.seconds))
    _judge(bench, runs, naive)


def _judge(bench: Bench, runs: dict[str, dict[str, Any]], naive: float) -> None:
    add, name = bench.report.add, "campaigns"
    few, many = runs["PostgreSQL, few"], runs["PostgreSQL"]
    for target in ("PostgreSQL", "SQLite, one process"):
        run = runs[target]
        people, rate = f"{target}, {run['people']:,} people", run["per_second"]
        frozen = f"{run['frozen_in']:.1f} s"
        bar = (f"< {FREEZE_BAR:.0f} s", run["frozen_in"] < FREEZE_BAR)
        add(Row(name, f"{people}: list frozen", "-", frozen, frozen, *bar))
        figures = (f"{naive:.1f}/s", f"{rate:.1f}/s", f"{rate / naive:.2f}x")
        met = (f">= {RATE_BAR:.0f}/s", rate >= RATE_BAR)
        add(Row(name, f"{people}: calls of 500", *figures, *met))
        add(_none(f"{people}: refused by rate (429)", run["limited"]))
        wrong = abs(run["people"] - run["reached"]) + run["twice"] + run["unsent"]
        add(_none(f"{people}: not exactly once", wrong))
    ratio = many["worker_rss_mb"] / few["worker_rss_mb"]
    figures = f"{few['worker_rss_mb']:.0f} MB", f"{many['worker_rss_mb']:.0f} MB", f"{ratio:.2f}x"
    met = (f"<= {MEMORY_BAR}x", ratio <= MEMORY_BAR)
    add(Row(name, f"memory of a worker, {FEW:,} against {many['people']:,}", *figures, *met))


def _none(figure: str, count: int) -> Row:
    return Row("campaigns", figure, "-", str(count), str(count), "0", count == 0)
