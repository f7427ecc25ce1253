"""The server that is deployed: slow requests hold nobody up, and every header means one thing."""

import asyncio
import io
import json
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from handlers import server
from handlers.console import campaign_form
from handlers.server import Front, Refused
from models.migrations import upgrade
from simulator.platform import Platform
from tests.servers import LiveChat, Process, Product, eventually, free_port, product

EACH = 200
HEAD = b"POST /line/webhook HTTP/1.1\r\nHost: localhost\r\n"
SLOW = {
    "says nothing": b"",
    "no whole header": HEAD,
    "one byte of a thousand": HEAD + b"Content-Length: 1000\r\n\r\na",
    "a chunk and no end": HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n",
}


@pytest.fixture
def running(tmp_path: Path) -> Iterator[tuple[Product, Platform]]:
    url = f"sqlite:///{tmp_path}/bot.db"
    upgrade(url)
    with product(url, tmp_path, REQUEST_SECONDS="2") as (made, platform):
        made.start()
        yield made, platform


def test_who_is_slow_holds_nobody_up_and_is_sent_away(
    running: tuple[Product, Platform],
) -> None:
    made, platform = running
    learner = LiveChat(platform, "มะลิ")
    with ExitStack() as stack:
        slow = []
        for begun in [*SLOW.values()] * EACH:
            slow.append(
                stack.enter_context(socket.create_connection(("127.0.0.1", made.port), timeout=60))
            )
            slow[-1].sendall(begun)
        assert made.visitor().get("/healthz").status == 200
        assert learner.adds_the_account()
        for waiting in slow:
            while waiting.recv(4096):
                pass  # a 408, perhaps; then the end, or the timeout of the socket


# -- one application behind it, which says what reached it ------------------------------------


@pytest.fixture(scope="module")
def echo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    port, log = free_port(), tmp_path_factory.mktemp("echo") / "web.log"
    called = [sys.executable, "-m", "handlers.server", "--host", "127.0.0.1"]
    made = Process(
        [*called, "--module", "tests.security.echo_app"],
        {"PATH": os.environ.get("PATH", ""), "PORT": str(port), "REQUEST_SECONDS": "2"},
        log,
    )
    made.start()
    try:
        eventually(lambda: answers(port), "the server")
        yield port
    finally:
        made.stop()


def answers(port: int) -> bool:
    try:
        return said(port, b"GET / HTTP/1.1\r\nHost: a.test\r\n")[0] == 200
    except OSError:
        return False


def said(port: int, head: bytes, body: bytes = b"") -> tuple[int, dict[str, Any]]:
    """The status, and what the application saw, of a request of these bytes."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as sock:
        sock.sendall(head + b"Connection: close\r\n\r\n" + body)
        got = b"".join(iter(lambda: sock.recv(65536), b""))
    first, _, rest = got.partition(b"\r\n\r\n")
    status = int(first.split()[1])
    return status, json.loads(rest) if status == 200 else {}


GET = b"GET /path?a=b HTTP/1.1\r\nHost: a.test\r\n"


@pytest.mark.parametrize(
    ("sent", "name", "seen"),
    [
        (b"X-Forwarded-For: 192.0.2.1\r\nX_Forwarded_For: 6.6.6.6\r\n", "REMOTE_ADDR", "192.0.2.1"),
        (b"X_Forwarded_For: 6.6.6.6\r\nX-Forwarded-For: 192.0.2.1\r\n", "REMOTE_ADDR", "192.0.2.1"),
        (b"X-Forwarded_For: 6.6.6.6\r\n", "REMOTE_ADDR", "127.0.0.1"),
        (b"X_Forwarded_Proto: https\r\n", "wsgi.url_scheme", "http"),
        (b"X_Line_Signature: a\r\n", "HTTP_X_LINE_SIGNATURE", None),
        (b"X-Line-Signature: a\r\nX_Line_Signature: b\r\n", "HTTP_X_LINE_SIGNATURE", "a"),
        (b"Content_Length: 3\r\n", "HTTP_CONTENT_LENGTH", None),
        (b"Content_Type: text/html\r\n", "CONTENT_TYPE", None),
        # The nearest proxy adds its line below what a stranger wrote.
        (
            b"X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 192.0.2.1\r\n",
            "REMOTE_ADDR",
            "192.0.2.1",
        ),
        (b"Cookie: a=1\r\nCookie: b=2\r\n", "HTTP_COOKIE", "a=1; b=2"),
        (b"Accept-Language: th\r\nAccept-Language: en\r\n", "HTTP_ACCEPT_LANGUAGE", "th,en"),
        (b"", "PATH_INFO", "/path"),
        (b"", "QUERY_STRING", "a=b"),
        (b"", "HTTP_HOST", "a.test"),
    ],
)
def test_what_a_header_means(echo: int, sent: bytes, name: str, seen: str | None) -> None:
    status, environ = said(echo, GET + sent)
    assert (status, environ.get(name)) == (200, seen)


@pytest.mark.parametrize(
    "sent",
    [
        b"Host: b.test\r\n",
        b"Content-Type: text/html\r\nContent-Type: text/plain\r\n",
        b"X-Line-Signature: a\r\nX-Line-Signature: b\r\n",
        b"X-Line-Signature: a\r\nX-Line-Signature: a\r\n",
        b"X-Line-Signature: \xe0\xb8\xa1\r\n",
        b"Content-Length: 3\r\nContent-Length: 4\r\n",
        b"Content-Length: +3\r\n",
        b"Content-Length: \xc2\xb2\r\n",
    ],
)
def test_what_means_two_things_is_refused(echo: int, sent: bytes) -> None:
    assert said(echo, GET + sent)[0] == 400


def test_headers_without_an_end_are_refused(echo: int) -> None:
    assert said(echo, GET + b"X-Long: " + b"a" * server.LONGEST_HEADERS * 4 + b"\r\n")[0] == 431
    many = b"".join(b"X-%d: %b\r\n" % (n, b"a" * 3000) for n in range(90))
    assert said(echo, GET + many)[0] == 431


POST = b"POST /a HTTP/1.1\r\nHost: a.test\r\n"
ROOMY = b"POST /console/a HTTP/1.1\r\nHost: a.test\r\n"


@pytest.mark.parametrize("size", [0, 1, server.SMALL, server.SMALL + 1, server.LARGE])
def test_a_body_comes_whole_in_one_piece_and_in_chunks(echo: int, size: int) -> None:
    body = b"a" * size
    status, environ = said(echo, POST + b"Content-Length: %d\r\n" % size, body)
    assert (status, environ["body"]) == (200, size)
    chunks = (b"%x\r\n%b\r\n" % (size, body) if size else b"") + b"0\r\n\r\n"
    status, environ = said(echo, POST + b"Transfer-Encoding: chunked\r\n", chunks)
    assert (status, environ["body"]) == (200, size)
    assert "HTTP_TRANSFER_ENCODING" not in environ


def test_a_body_that_is_too_large_is_refused_unless_pictures_come_in_there(echo: int) -> None:
    large = b"a" * (server.LARGE + 1)
    length = b"Content-Length: %d\r\n" % len(large)
    assert said(echo, POST + length)[0] == 413
    chunk = b"%x\r\n%b\r\n0\r\n\r\n" % (len(large), large)
    assert said(echo, POST + b"Transfer-Encoding: chunked\r\n", chunk)[0] == 413
    status, environ = said(echo, ROOMY + length, large)
    assert (status, environ["body"]) == (200, len(large))
    assert said(echo, ROOMY + b"Content-Length: %d\r\n" % (server.LARGEST + 1))[0] == 413
    assert campaign_form.MAX_FORM_BYTES < server.LARGEST


@pytest.mark.parametrize(
    "begun",
    [
        b"Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n",
        b"Content-Length: 100\r\n\r\nabc",
        b"Content-Length: %d\r\n\r\nabc" % server.LARGE,
    ],
)
def test_half_a_body_reaches_nobody(echo: int, begun: bytes) -> None:
    with socket.create_connection(("127.0.0.1", echo), timeout=60) as sock:
        sock.sendall(POST + begun)
        sock.shutdown(socket.SHUT_WR)
        assert sock.recv(65536).startswith(b"HTTP/1.1 400 ")


# -- the front by itself ----------------------------------------------------------------------


class Headers(dict[str, str]):
    def get_all(self, name: str) -> list[str]:
        return [self[name]] if name in self else []


class Spoken:
    """granian's side of a request: its body, and what it is answered."""

    def __init__(self, pieces: list[bytes] | None = None, size: int | None = None) -> None:
        headers = Headers({"content-length": str(size)} if size is not None else {})
        if pieces is not None and size is None:
            headers["transfer-encoding"] = "chunked"
        self.pieces = pieces
        self.status = 0
        self.scope = SimpleNamespace(
            http_version="1.1", server="127.0.0.1:1", client="[::1]:2", scheme="http",
            method="POST", path="/console/", query_string="", headers=headers,
        )  # fmt: skip

    async def __call__(self) -> bytes:
        return b"".join([piece async for piece in self])

    async def __aiter__(self) -> Any:
        if self.pieces is None:
            await asyncio.Event().wait()
        for piece in [*(self.pieces or []), b""]:
            yield piece

    def response_str(self, status: int, headers: Any, words: str) -> None:
        self.status = status

    def response_bytes(self, status: int, headers: Any, body: bytes) -> None:
        self.status = status


def ok(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    environ["wsgi.input"].read()
    start_response("200 OK", [])
    return [b""]


def spoken(front: Front, *requests: Spoken) -> list[int]:
    """The statuses of requests that come at the same time; the last one has to be answered."""

    async def run() -> list[int]:
        front.__rsgi_init__(asyncio.get_running_loop())
        tasks = [asyncio.create_task(front.__rsgi__(one.scope, one)) for one in requests]
        await tasks[-1]
        for task in tasks:
            task.cancel()
        return [one.status for one in requests]

    return asyncio.run(run())


def test_bodies_that_never_come_take_no_thread() -> None:
    never = [Spoken(size=1000) for _ in range(server.THREADS * 3)]
    assert spoken(Front(ok, seconds=60), *never, Spoken()) == [0] * len(never) + [200]


def test_a_body_that_is_late_is_refused() -> None:
    late = Spoken(size=1000), Spoken(size=server.SMALL + 1), Spoken(size=None)
    late[2].scope.headers["transfer-encoding"] = "chunked"
    for one in late:
        assert spoken(Front(ok, seconds=0), one) == [408]


def test_a_body_that_broke_off_is_none() -> None:
    for broken in (Spoken([b"abc", b""]), Spoken([b"abc"], size=server.SMALL + 1)):
        assert spoken(Front(ok), broken) == [400]
    assert spoken(Front(ok), Spoken([b"abc"])) == [200]


def test_only_so_many_large_bodies_are_kept_at_once() -> None:
    front = Front(ok)
    large = [b"a" * (server.LARGE + 1)]
    front._large = server.MOST_LARGE
    assert spoken(front, Spoken(large)) == [503]
    assert front._large == server.MOST_LARGE
    front._large -= 1
    assert spoken(front, Spoken(large)) == [200]


def test_an_application_that_fails_is_an_answer_too() -> None:
    def broken(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        raise ValueError

    front = Front(broken)
    assert spoken(front, Spoken()) == [500]
    assert spoken(front, Spoken()) == [500], "the thread lives on"


def test_an_address_of_the_sixth_version_has_no_brackets() -> None:
    environ = server.environ_of(Spoken().scope, io.BytesIO())
    assert environ["REMOTE_ADDR"] == "::1"


@pytest.mark.parametrize("text", ["", "-1", "1e3", "๑", "9" * 20])
def test_a_length_is_a_plain_number(text: str) -> None:
    with pytest.raises(Refused):
        server._number(text)
