"""How the web process is started, and the way of a request from granian to Flask.

granian hands a WSGI application its thread once the headers are there, and bodies that never come
then hold all threads. So it is asked for RSGI (https://github.com/emmett-framework/granian/blob/
master/docs/spec/RSGI.md): here a body is read whole on the event loop, within a time, and only then
a thread is taken (docs/adr/0003-server.md).
"""

import argparse
import asyncio
import io
import os
import queue
import resource
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import closing, suppress
from typing import IO, TYPE_CHECKING, Any, NoReturn, Protocol

import structlog

from bot.environment import Environment
from bot.logs import failure
from bot.settings import REQUEST_SECONDS, ROOT

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

THREADS = 32  # that answer requests, in each process
CONNECTIONS = 8192  # at once in each process; whoever says nothing costs a place, and no thread
SPARE_FILES = 512  # of a process that are no connections
SMALL = 64 * 1024  # bytes of a body that is read in one piece; a larger one is kept in a file
LARGE = 1024 * 1024  # the most that is read of a body outside ROOMY
ROOMY = ("/console/", "/simulator/")  # pictures come in here
LARGEST = 25 * 1024 * 1024
MOST_LARGE = 16  # bodies over LARGE at once, so that nobody fills the disk
SLOWEST = 8 * 1024  # bytes a second that give a large body more time
LONGEST_HEADERS = 64 * 1024  # all together: what granian reads at once; it refuses more
# Two of these would mean two things (RFC 9112, 3.2 for Host; a signature is one).
ONCE = ("host", "content-length", "content-type", "x-line-signature")
BARE = frozenset({"content-type", "content-length"})  # without HTTP_ in WSGI
ALWAYS: dict[str, Any] = {
    "SCRIPT_NAME": "",
    "wsgi.version": (1, 0),
    "wsgi.input_terminated": True,
    "wsgi.errors": sys.stderr,
    "wsgi.multithread": True,
    "wsgi.multiprocess": True,
    "wsgi.run_once": False,
}
CLOSE = [("connection", "close"), ("content-type", "text/plain; charset=utf-8")]

log = structlog.get_logger(__name__)


class Refused(Exception):
    """A request that is answered here; its connection is closed, since its rest is not read."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


class Scope(Protocol):
    """What granian says of a request."""

    http_version: str
    server: str
    client: str
    scheme: str
    method: str
    path: str
    query_string: str
    headers: Any


class Front:
    """Answers RSGI requests by a WSGI application: bodies on the loop, answers in threads."""

    def __init__(
        self,
        application: "WSGIApplication",
        seconds: float = REQUEST_SECONDS,
        stop: Callable[[], None] = lambda: None,
    ) -> None:
        self._application = application
        self._seconds = seconds
        self._stop = stop
        self._waiting: queue.SimpleQueue[tuple[Scope, Any, IO[bytes], asyncio.Future[None]]] = (
            queue.SimpleQueue()
        )
        self._large = 0
        # Threads that finish at the same time wake the loop once.
        self._answered: deque[asyncio.Future[None]] = deque()
        self._is_woken = False

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to answer; granian calls it in each process."""
        self._loop = loop
        for number in range(THREADS):
            threading.Thread(target=self._work, name=f"web-{number}", daemon=True).start()

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        """End what else runs in the process; granian calls it when the last request is answered."""
        self._stop()

    async def __rsgi__(self, scope: Scope, protocol: Any) -> None:
        """Read a request within its time and have it answered; 4xx and 503 for what is not."""
        try:
            check_once(scope.headers)
            body = await self._body(scope, protocol)
        except Refused as refused:
            protocol.response_str(refused.status, CLOSE, str(refused))
            return
        answered = self._loop.create_future()
        self._waiting.put((scope, protocol, body, answered))
        await answered

    async def _body(self, scope: Scope, protocol: Any) -> IO[bytes]:
        headers = scope.headers
        length, is_chunked = headers.get("content-length"), "transfer-encoding" in headers
        if not is_chunked and length in (None, "0"):
            return io.BytesIO()
        size = None if length is None or is_chunked else _number(length)
        most = LARGEST if scope.path.startswith(ROOMY) else LARGE
        if size is not None and size > most:
            raise Refused(413, "too large")
        try:
            if size is not None and size <= SMALL:
                return io.BytesIO(await self._in_time(protocol()))
            return await self._large_body(protocol, size, most)
        except TimeoutError:
            raise Refused(408, "the body did not come in time") from None
        except Refused:
            raise
        except Exception:  # granian's own, of a connection that broke off
            raise Refused(400, "the body broke off") from None

    async def _in_time(self, coming: Awaitable[bytes]) -> bytes:
        """What asyncio.timeout does, which costs a tenth of a webhook."""
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("granian calls us in a task")
        timer = self._loop.call_later(self._seconds, task.cancel)
        try:
            return await coming
        except asyncio.CancelledError:
            raise TimeoutError from None
        finally:
            timer.cancel()

    async def _large_body(self, protocol: Any, size: int | None, most: int) -> IO[bytes]:
        """Read a body piece by piece into a file; time is added while it keeps coming."""
        came, empty, is_large = 0, 0, False
        kept = tempfile.SpooledTemporaryFile(SMALL)  # noqa: SIM115 - closed with the request
        begun = self._loop.time()
        try:
            async with asyncio.timeout(self._seconds) as limit:
                async for piece in protocol:
                    empty += not piece
                    came += len(piece)
                    if came > most:
                        raise Refused(413, "too large")
                    if came > LARGE and not is_large:
                        is_large = self._take_large()
                    kept.write(piece)
                    limit.reschedule(begun + self._seconds + came / SLOWEST)
        except BaseException:
            kept.close()
            raise
        finally:
            self._large -= is_large
        # granian ends with one empty piece, and says by another one that the body broke off.
        if empty > 1 or (size is not None and came != size):
            kept.close()
            raise Refused(400, "the body broke off")
        kept.seek(0)
        return kept

    def _take_large(self) -> bool:
        if self._large >= MOST_LARGE:
            raise Refused(503, "too many large requests")
        self._large += 1
        return True

    def _work(self) -> None:
        while True:
            scope, protocol, body, answered = self._waiting.get()
            try:
                self._answer(scope, protocol, body)
            except Exception as error:
                log.error("request.failed", **failure(error))
                protocol.response_str(500, CLOSE, "")
            with suppress(RuntimeError):  # the loop is closed: the process ends
                self._finish(answered)

    def _answer(self, scope: Scope, protocol: Any, body: IO[bytes]) -> None:
        said: list[Any] = []

        def start_response(status: str, headers: Any, exc_info: Any = None) -> Any:
            said[:] = int(status[:3]), headers

        with closing(body):
            answer = self._application(environ_of(scope, body), start_response)
            try:
                content = b"".join(answer)
            finally:
                if close := getattr(answer, "close", None):
                    close()
        protocol.response_bytes(*said, content)

    def _finish(self, answered: "asyncio.Future[None]") -> None:
        self._answered.append(answered)
        if not self._is_woken:
            self._is_woken = True
            self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        self._is_woken = False  # before: whoever appends from now on wakes us again
        while self._answered:
            self._answered.popleft().set_result(None)


def check_once(headers: Any) -> None:
    """Raise Refused where a header that means one thing comes twice, or is no ASCII."""
    # granian counts names here, and there what can be read: mostly nothing is left to be looked at.
    if len(headers) == len(headers.items()):
        return
    for name in ONCE:
        if name in headers and len(headers.get_all(name)) != 1:
            raise Refused(400, f"not one {name}")


def environ_of(scope: Scope, body: IO[bytes]) -> "WSGIEnvironment":
    """A request as WSGI has it (PEP 3333), its body at hand.

    A name with an underscore stays outside: in WSGI it would be the same as one with a hyphen,
    which a proxy in front of us has set or cleared. A header that comes twice is one list
    (RFC 9110, 5.2).
    """
    host, _, port = scope.server.rpartition(":")
    environ = ALWAYS | {
        "REQUEST_METHOD": scope.method,
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": host,
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": body,
    }
    for name, value in scope.headers.items():
        if "_" in name or name == "transfer-encoding":
            continue
        key = name.replace("-", "_").upper()
        if name not in BARE:
            key = f"HTTP_{key}"
        if key in environ:
            value = f"{environ[key]}{'; ' if name == 'cookie' else ','}{value}"
        environ[key] = value
    return environ


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise Refused(400, "no length")
    return int(text)


def arguments(port: int, *, host: str, workers: int, seconds: int, module: str) -> list[str]:
    """How granian is called: its own times are those of headers and of a connection at rest."""
    return [
        *("--interface", "rsgi", f"{module}:server"),
        # Without this granian waits for the first byte without an end, to tell HTTP/2 apart.
        *("--http", "1", "--no-ws"),
        *("--http1-header-read-timeout", str(seconds * 1000)),
        *("--http1-buffer-size", str(LONGEST_HEADERS)),
        *("--host", host, "--port", str(port)),
        *("--workers", str(workers), "--respawn-failed-workers"),
        *("--workers-kill-timeout", str(seconds + 10)),
        *("--backlog", "4096", "--backpressure", str(_connections())),
        *("--log-level", "warning", "--working-dir", str(ROOT)),
    ]


def _connections() -> int:
    """As many as this process may hold open, after it was allowed what there is."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = CONNECTIONS + SPARE_FILES
    allowed = most if hard == resource.RLIM_INFINITY else min(hard, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(allowed, 1), hard))
    return max(allowed - SPARE_FILES, allowed // 2)


def become(environment: dict[str, str], *, host: str, module: str = "app") -> NoReturn:
    """Turn this process into the server that the environment describes."""
    read = Environment(environment)
    port = read.number("PORT", 8000, 1, 65535)
    workers = read.number("WEB_CONCURRENCY", 1, 1, 64)
    seconds = read.number("REQUEST_SECONDS", REQUEST_SECONDS, 1, 60)
    for problem in read.problems:
        sys.exit(f"{problem.name}: {problem.problem} {problem.cure}")
    called = arguments(port, host=host, workers=workers, seconds=seconds, module=module)
    program = [sys.executable, "-m", "granian", *called]
    os.execve(sys.executable, program, environment)  # noqa: S606 - our own server


def main() -> NoReturn:
    """Start the web process of this environment; the process becomes it."""
    parser = argparse.ArgumentParser(prog="python -m handlers.server", description=main.__doc__)
    parser.add_argument("--host", default="0.0.0.0", help="to listen on")  # noqa: S104 - all
    parser.add_argument("--module", default="app", help="with a `server` in it")
    options = parser.parse_args()
    become(dict(os.environ), host=options.host, module=options.module)


if __name__ == "__main__":
    main()
