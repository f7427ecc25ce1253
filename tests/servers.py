"""The product as real processes: started, killed hard, started again on the same database."""

import http.client
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit

from bot.clock import system_clock
from bot.settings import ROOT
from bot.texts import translator
from simulator.delivery import http_deliver
from simulator.platform import Platform
from simulator.rooms import Bubble
from simulator.server import serve
from tests.chat import Chat

T = TypeVar("T")
PATIENCE = 60.0  # seconds until a condition counts as missed; nothing is measured with it
BINARIES = Path(sys.executable).parent


def eventually(
    condition: Callable[[], T], what: str = "the condition", seconds: float = PATIENCE
) -> T:
    """The first true value of a condition; AssertionError where the deadline passes without one."""
    deadline, pause = monotonic() + seconds, threading.Event()
    while True:
        found = condition()
        if found:
            return found
        if monotonic() > deadline:
            raise AssertionError(f"{what} did not come about within {seconds:.0f} s")
        pause.wait(0.02)


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


class Process:
    """One process with all its children, as a group of its own; its output goes to a file."""

    def __init__(self, arguments: list[str], environment: Mapping[str, str], log: Path) -> None:
        self.arguments = arguments
        self.environment = dict(environment)
        self.log = log
        self._running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as output:
            self._running = subprocess.Popen(
                self.arguments,
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def is_running(self) -> bool:
        return self._running is not None and self._running.poll() is None

    def output(self) -> str:
        return self.log.read_text("utf-8", "replace") if self.log.exists() else ""

    def kill(self) -> None:
        """kill -9 for all of the group: nothing of it gets to tidy up."""
        self._signal(signal.SIGKILL)
        self._reap(PATIENCE)

    def end_soon(self) -> None:
        """Ask it to end, and do not wait for it."""
        self._signal(signal.SIGTERM)

    def stop(self) -> None:
        """Ask it to end; SIGKILL for whatever is left of the group."""
        self._signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self._reap(15)
        self._signal(signal.SIGKILL)
        self._reap(PATIENCE)

    def wait_until_dead(self, seconds: float = PATIENCE) -> None:
        """Wait for a process that kills itself."""
        self._reap(seconds)

    def _signal(self, number: signal.Signals) -> None:
        if self._running is None:
            return
        try:
            os.killpg(self._running.pid, number)
        except ProcessLookupError:
            return

    def _reap(self, seconds: float) -> None:
        if self._running is not None:
            self._running.wait(seconds)


@dataclass
class Product:
    """The web process and, where it is wanted, the worker, on one database and one LINE."""

    database_url: str
    line_url: str
    channel_secret: str
    access_token: str
    bot_user_id: str
    directory: Path
    module: str = "app"
    more: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        server = [sys.executable, "-m", "handlers.server"]
        self.web = Process(
            [*server, "--host", "127.0.0.1", "--module", self.module],
            self.environment(),
            self.directory / "web.log",
        )
        self.worker = Process(
            [str(BINARIES / "flask"), "--app", self.module, "work"],
            self.environment(),
            self.directory / "worker.log",
        )

    def environment(self) -> dict[str, str]:
        """What the processes see: nothing of ours but the way to programs, and the settings."""
        return {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "HOME": str(self.directory),
            "LANG": "C.UTF-8",
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
            "PUBLIC_URL": self.url,
            "PORT": str(self.port),
            "SECRET_KEY": self._secret("session"),
            "DATA_KEYS": f"k1:{self._secret('data')}",
            "LINE_CHANNEL_SECRET": self.channel_secret,
            "LINE_CHANNEL_ACCESS_TOKEN": self.access_token,
            "LINE_BOT_USER_ID": self.bot_user_id,
            "LINE_API_URL": self.line_url,
            "DATABASE_URL": self.database_url,
            "LOG_LEVEL": "debug",
            **self.more,
        }

    def twin(self) -> "Product":
        """The same product in another process, on a port of its own."""
        shared = {key: self.environment()[key] for key in ("SECRET_KEY", "DATA_KEYS")}
        directory = self.directory / "twin"
        directory.mkdir()
        return replace(self, directory=directory, more={**self.more, **shared})

    def _secret(self, name: str) -> str:
        made: dict[str, str] = self.__dict__.setdefault("_secrets", {})
        return made.setdefault(name, secrets.token_urlsafe(32))

    def start(self, *, worker: bool = False) -> None:
        """Start, and come back when the web process (and the worker) is ready to serve."""
        self.web.start()
        if worker:
            self.worker.start()
        self.wait_until_ready()
        if worker:
            eventually(lambda: "worker.started" in self.worker.output(), "the worker's start")

    def wait_until_ready(self) -> None:
        def ready() -> bool:
            if not self.web.is_running:
                raise AssertionError(f"the web process ended: {self.web.output()[-2000:]}")
            try:
                return self.visitor().get("/healthz").status == 200
            except OSError:
                return False

        eventually(ready, "an answer of /healthz")

    def stop(self) -> None:
        self.web.stop()
        self.worker.stop()

    def visitor(self) -> "Visitor":
        return Visitor(self.port)


@dataclass
class Answer:
    """A page as it came."""

    status: int
    headers: list[tuple[str, str]]
    text: str

    def header(self, name: str) -> str | None:
        return next((v for k, v in self.headers if k.lower() == name.lower()), None)


class Visitor:
    """A browser without a screen that takes http://localhost for secure, as browsers do."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.cookies: dict[str, str] = {}
        self.cookies_seen: list[str] = []

    def get(self, path: str) -> Answer:
        return self._send("GET", path, None)

    def post(self, path: str, form: Mapping[str, str] | None = None) -> Answer:
        return self._send("POST", path, urlencode(form or {}))

    def post_raw(self, path: str, body: bytes) -> Answer:
        return self._send("POST", path, body)

    def _send(self, method: str, path: str, body: str | bytes | None) -> Answer:
        headers = {"Host": f"localhost:{self.port}"}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{k}={v}" for k, v in self.cookies.items())
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            headers["Origin"] = f"http://localhost:{self.port}"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            text = response.read().decode("utf-8", "replace")
            answer = Answer(response.status, response.getheaders(), text)
        except http.client.HTTPException as error:
            raise ConnectionError(str(error)) from error
        finally:
            connection.close()
        for name, value in answer.headers:
            if name.lower() == "set-cookie":
                self.cookies_seen.append(value)
                key, _, rest = value.partition("=")
                kept = rest.partition(";")[0]
                if kept:
                    self.cookies[key] = kept
                else:
                    self.cookies.pop(key, None)
        return answer


@contextmanager
def real_line(name: str = "b") -> Iterator[tuple[Platform, str]]:
    """LINE on a socket, by the machine's clock: the product's processes go by that one too."""
    platform = Platform(
        clock=system_clock,
        channel_secret=secrets.token_hex(16),
        access_token=secrets.token_hex(32),
        bot_user_id="U" + name * 32,
    )
    with serve(platform) as url:
        yield platform, url


@contextmanager
def product(
    database_url: str, directory: Path, *, module: str = "app", **more: str
) -> Iterator[tuple[Product, Platform]]:
    """A product that is not started yet, and the LINE that will call it."""
    with real_line() as (platform, line_url):
        made = Product(
            database_url=database_url,
            line_url=line_url,
            channel_secret=platform.channel_secret,
            access_token=platform.access_tokens.long_lived,
            bot_user_id=platform.bot_user_id,
            directory=directory,
            module=module,
            more=more,
        )
        platform.deliver = http_deliver(f"http://127.0.0.1:{made.port}/line/webhook")
        try:
            yield made, platform
        finally:
            made.stop()


@dataclass(frozen=True)
class Details:
    """What somebody types on the way to an account."""

    name: str
    phone: str
    email: str
    line_id: str


SOMCHAI = Details("สมชาย ใจดี", "081-234-5678", "somchai.jaidee@example.com", "somchai.jd")


class LiveChat(Chat):
    """A person whose bot answers from another process: every act waits for its answer."""

    def __init__(self, platform: Platform, name: str, language: str | None = "th") -> None:
        super().__init__(platform, name, language)
        self.t = translator(language or "th")

    def heard(self) -> list[Bubble]:
        eventually(lambda: len(self.bubbles()) > self._seen, f"an answer to {self.person.name}")
        return super().heard()

    def has_button(self, label: str) -> bool:
        try:
            self.button(label)
        except AssertionError:
            return False
        return True

    def sees(self, label: str) -> dict[str, Any]:
        """Wait for a button, wherever its message comes from."""
        eventually(lambda: self.has_button(label), f"the button {label}")
        return self.button(label)

    def fills_in(self, details: Details) -> None:
        """Everything from hello to the summary, where nothing is confirmed yet."""
        t = self.t
        self.adds_the_account()
        self.taps(t("Register"))
        self.taps(t("I agree"))
        self.taps(t("20 years and over"))
        for typed in (details.name, details.phone, details.email, details.line_id):
            self.says(typed)
        self.taps(t("Yes, please"))
        self.taps(t("No, thank you"))
        self.button(t("Confirm and register"))


def path_of(address: str) -> str:
    """The path of an address, with its query."""
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
