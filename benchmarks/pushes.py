"""Single pushes: two workers on PostgreSQL against LINE's 2,000 a second, beside the naive loop."""

import os
import secrets
import subprocess
import sys
import time
from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import func, insert, select

from benchmarks.bench import Bench
from benchmarks.load import ask
from benchmarks.report import Row, median
from benchmarks.servers import (
    MIGRATE,
    OUTPUT,
    READY_WITHIN,
    Server,
    Servers,
    busy_seconds,
    cpu_seconds,
    line_environment,
)
from bot.crypto import Keyring
from models.base import new_id
from models.database import Database
from models.outbox import Push, PushState

WORKERS = 2
BAR = 1900
NAIVE = 400  # pushes a second of run that the naive loop gets
PATIENCE = 120.0
WORDS = '[{"type":"text","text":"คุณมะลิ ลิงก์ตั้งรหัสผ่านใหม่ของคุณอยู่ที่ปุ่มด้านล่าง ใช้ได้ครั้งเดียวใน 10 นาที"}]'
NAIVE_LOOP = """
import sys, time, uuid
from linebot.v3.messaging import (
    ApiClient, Configuration, MessagingApi, PushMessageRequest, TextMessage
)
host, count = sys.argv[1], int(sys.argv[2])
with ApiClient(Configuration(host=host, access_token="bench")) as client:
    api, began = MessagingApi(client), time.monotonic()
    for number in range(count):
        words = TextMessage(text="คุณมะลิ ลิงก์ตั้งรหัสผ่านใหม่ของคุณอยู่ที่ปุ่มด้านล่าง")
        request = PushMessageRequest(to=f"U{number:032x}", messages=[words])
        api.push_message(request, x_line_retry_key=str(uuid.uuid4()))
    print(count / (time.monotonic() - began))
"""


def pushes(bench: Bench) -> None:
    """Single pushes by two workers on PostgreSQL, with LINE's rate limit kept to the call."""
    runs, naive = [], []
    count = round(BAR * max(bench.seconds, 4.0))
    with Servers(bench.app_dir) as servers:
        stub = servers.start_stub(0)
        url = servers.postgres_url().replace("postgresql://", "postgresql+psycopg://", 1)
        key = secrets.token_bytes(32)
        environment, keyring = _environment(stub, url, key), Keyring({"k1": key})
        _flask(bench, MIGRATE, environment)
        database = Database(url, keyring)
        try:
            workers = [_worker(bench, servers, number, environment) for number in range(WORKERS)]
            for number in range(1, bench.rounds + 1):
                naive.append(_naive(stub, round(NAIVE * bench.seconds)))
                rows = _rows(keyring, count)
                runs.append(_run(stub, servers.postgres.get_pid(), database, workers, rows, number))
                bench.report.runs.append(runs[-1])
        finally:
            database.close()
    _judge(bench, runs, naive)


def _environment(stub: Server, url: str, key: bytes) -> dict[str, str]:
    return line_environment(stub) | {
        "DATABASE_URL": url,
        "PUBLIC_URL": "https://bench.example",
        "SECRET_KEY": secrets.token_urlsafe(32),
        "DATA_KEYS": "k1:" + urlsafe_b64encode(key).decode(),
        "INBOX_HANDLERS": "4",
        "LOG_LEVEL": "warning",
    }


def _flask(bench: Bench, command: list[str], environment: dict[str, str]) -> None:
    subprocess.run(
        [sys.executable, *command],
        cwd=bench.app_dir,
        env=os.environ | environment,
        timeout=READY_WITHIN,
        check=True,
        capture_output=True,
    )


def _worker(bench: Bench, servers: Servers, number: int, environment: dict[str, str]) -> Server:
    """`flask work`, as an installation runs it."""
    log = OUTPUT / f"worker-{number}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "flask", "--app", "app", "work"],
            cwd=bench.app_dir,
            env=os.environ | environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    server = Server(f"worker-{number}", 0, process, log)
    servers.running.append(server)
    return server


def _run(
    stub: Server,
    postgres: int,
    database: Database,
    workers: list[Server],
    rows: list[dict[str, Any]],
    number: int,
) -> dict[str, Any]:
    """Queue so many pushes at one moment and watch them arrive."""
    count = len(rows)
    ask(stub.netloc, "/__reset")
    database.write(lambda session: session.execute(insert(Push), rows) and None)
    busy, wall = busy_seconds(), time.monotonic()
    cpu = [worker.cpu_seconds() for worker in workers]
    rest = cpu_seconds(postgres), time.process_time()
    seen = _watched(stub, workers, count)
    spent = time.monotonic() - wall
    sendings = seen["sendings"]
    seconds = sendings["last"]["push"] - sendings["first"]["push"]
    run = {
        "scenario": "pushes",
        "target": "two workers, PostgreSQL",
        "round": number,
        "count": count,
        "per_second": (sendings["accepted"]["push"] - 1) / seconds,
        "seconds": seconds,
        "densest_second": ask(stub.netloc, "/__seconds")["push"]["densest"],
        "limited": sendings["limited"].get("push", 0),
        "again": sendings["again"].get("push", 0),
        "twice": sendings["twice"],
        "unsent": _open(database),
        "worker_cpu": [
            (worker.cpu_seconds() - before) / spent
            for worker, before in zip(workers, cpu, strict=True)
        ],
        "stub_cpu": seen["cpu_seconds"] / spent,
        "postgres_cpu": (cpu_seconds(postgres) - rest[0]) / spent,
        "stub": seen,
    }
    known = sum(run["worker_cpu"]) + run["stub_cpu"] + run["postgres_cpu"]
    known += (time.process_time() - rest[1]) / spent
    # Neither the workers nor the rig: somebody else on this machine, or its host.
    run["strangers_cpu"] = max(0.0, (busy_seconds() - busy) / spent - known)
    ours = " and ".join(f"{used:.2f}" for used in run["worker_cpu"])
    print(
        f"  {number}  {run['per_second']:7.1f} accepted/s, densest second {run['densest_second']}, "
        f"429 {run['limited']}, 409 {run['again']}, twice {run['twice']}, left {run['unsent']}; "
        f"cores: workers {ours} stub {run['stub_cpu']:.2f} postgres {run['postgres_cpu']:.2f} "
        f"strangers {run['strangers_cpu']:.2f}",
        flush=True,
    )
    return run


def _rows(keyring: Keyring, count: int) -> list[dict[str, Any]]:
    now, rows = datetime.now(UTC), []
    for _ in range(count):
        push_id, to = new_id(), f"U{secrets.token_hex(16)}"
        rows.append(
            {
                "id": push_id,
                "cause": push_id,
                "person": secrets.token_hex(32),
                "to_sealed": keyring.seal(to.encode(), f"push|to_sealed|{push_id}"),
                "messages_sealed": keyring.seal(WORDS.encode(), f"push|messages_sealed|{push_id}"),
                "retry_key": str(uuid4()),
                "state": PushState.QUEUED,
                "created_at": now,
                "due_at": now,
                "attempts": 0,
            }
        )
    return rows


def _watched(stub: Server, workers: list[Server], count: int) -> dict[str, Any]:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        for worker in workers:
            if worker.has_ended():
                raise RuntimeError(f"{worker.name} has ended: see {worker.log}")
        seen: dict[str, Any] = ask(stub.netloc, "/__stats")
        if seen["sendings"]["accepted"]["push"] >= count:
            time.sleep(1.0)  # the last results are written
            return seen
        time.sleep(0.25)
    raise RuntimeError(f"only {seen['sendings']['accepted']['push']} of {count} arrived")


def _open(database: Database) -> int:
    query = select(func.count()).select_from(Push).where(Push.state != PushState.SENT)
    return database.read(lambda session: session.scalar(query)) or 0


def _naive(stub: Server, count: int) -> float:
    """The SDK's typed push_message in a loop, one after another, remembering nothing."""
    ask(stub.netloc, "/__reset")
    command = [sys.executable, "-c", NAIVE_LOOP, f"http://{stub.netloc}", str(count)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=PATIENCE)
    rate = float(done.stdout)
    print(f"     naive loop: {rate:7.1f} pushes/s", flush=True)
    return rate


def _judge(bench: Bench, runs: list[dict[str, Any]], naive: list[float]) -> None:
    add, name = bench.report.add, "pushes"
    rate, loop = median(run["per_second"] for run in runs), median(naive)
    figures = f"{loop:,.0f}/s", f"{rate:,.0f}/s", f"{rate / loop:.2f}x"
    add(Row(name, "accepted, two workers, PostgreSQL", *figures, f">= {BAR}/s", rate >= BAR))
    limited = sum(run["limited"] for run in runs)
    add(Row(name, "refused by rate (429)", "-", str(limited), str(limited), "0", limited == 0))
    densest = max(run["densest_second"] for run in runs)
    add(
        Row(
            name,
            "densest rolling second",
            "-",
            str(densest),
            str(densest),
            "<= 2000",
            densest <= 2000,
        )
    )
    wrong = sum(run["twice"] + run["unsent"] for run in runs)
    sent = sum(run["count"] for run in runs)
    add(Row(name, "got it twice, or not at all", "-", f"of {sent}", str(wrong), "0", wrong == 0))
