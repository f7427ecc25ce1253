"""LINE's API on one socket for all tests of a process; each test has a Platform of its own.

Each Platform answers below an address of its own, so that a call which a test left behind never
reaches the next test's Platform.
"""

import atexit
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from itertools import count
from typing import TYPE_CHECKING, cast

from flask import Flask
from werkzeug.local import LocalProxy
from werkzeug.serving import make_server

from simulator.api import create_line_blueprint
from simulator.platform import Platform
from simulator.server import SilentHandler

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PATIENCE = 30.0  # seconds for the answers that are on their way when a test ends
_NAME = "tests.line_server.name"  # in the environ of a request that is being answered
# Each request runs in a thread, hence a context, of its own.
_asked: ContextVar[Platform] = ContextVar("asked")


class LineServer:
    """One socket; `standing(platform)` gives a Platform an address on it."""

    def __init__(self) -> None:
        self._app = Flask(__name__, static_folder=None)
        platform = cast("Platform", LocalProxy(_asked))
        self._app.register_blueprint(create_line_blueprint(platform))
        self._numbers = count(1)
        self._platforms: dict[str, Platform] = {}
        self._answering: dict[str, int] = {}
        self._changed = threading.Condition()
        self._server = make_server(
            "127.0.0.1", 0, self._answer, threaded=True, request_handler=self._handler()
        )
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        atexit.register(self._server.shutdown)

    @contextmanager
    def standing(self, platform: Platform) -> Iterator[str]:
        """The base URL of a Platform; hanging calls end with it."""
        name = f"line{next(self._numbers)}"
        platform.stopping.clear()
        with self._changed:
            self._platforms[name], self._answering[name] = platform, 0
        try:
            yield f"http://127.0.0.1:{self._server.server_port}/{name}"
        finally:
            platform.stopping.set()
            with self._changed:
                del self._platforms[name]
                is_quiet = self._changed.wait_for(lambda: not self._answering[name], PATIENCE)
                del self._answering[name]
            assert is_quiet, "a call to LINE never ended"

    def _answer(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        name, slash, path = environ["PATH_INFO"].lstrip("/").partition("/")
        with self._changed:
            platform = self._platforms.get(name)
            if platform is not None:
                self._answering[name] += 1
        if platform is None:
            start_response("410 Gone", [("Content-Length", "0")])
            return []
        _asked.set(platform)
        environ[_NAME] = name
        environ["SCRIPT_NAME"], environ["PATH_INFO"] = f"/{name}", slash + path
        return self._app(environ, start_response)

    def _handler(self) -> type[SilentHandler]:
        """Counts a call as ended also where its caller hung up with the answer half read.

        The server does not close the answer's iterator then, so that cannot be what is counted.
        """
        answered = self._answered

        class Counting(SilentHandler):
            def run_wsgi(self) -> None:
                try:
                    super().run_wsgi()
                finally:
                    name = getattr(self, "environ", {}).pop(_NAME, None)
                    if name is not None:
                        answered(name)

        return Counting

    def _answered(self, name: str) -> None:
        with self._changed:
            self._answering[name] -= 1
            self._changed.notify_all()


@cache
def line_server() -> LineServer:
    """The socket of this test process."""
    return LineServer()
