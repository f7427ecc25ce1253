"""The simulated LINE on a real socket, for tests that use the real SDK."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from simulator.api import create_line_blueprint
from simulator.platform import Platform


class SilentHandler(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:
        """The ledger of the Platform is the log."""


@contextmanager
def serve(
    platform: Platform, host: str = "127.0.0.1", port: int = 0, *, prefix: str = "/"
) -> Iterator[str]:
    """Runs the API in threads and yields its base URL; hanging calls end with the server."""
    app = Flask(__name__, static_folder=None)
    app.register_blueprint(create_line_blueprint(platform), url_prefix=prefix)
    with serve_app(app, platform, host, port) as base_url:
        yield base_url + prefix.rstrip("/")


@contextmanager
def serve_app(app: Flask, platform: Platform, host: str, port: int) -> Iterator[str]:
    """Runs any app that stands on this Platform."""
    platform.stopping.clear()
    server = make_server(host, port, app, threaded=True, request_handler=SilentHandler)
    # Not daemons, so that closing the server waits for the last answer.
    server.daemon_threads = False  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://{host}:{server.server_port}"
    finally:
        platform.stopping.set()
        server.shutdown()
        thread.join()
        server.server_close()
