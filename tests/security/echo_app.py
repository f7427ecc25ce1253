"""An application that says what came through the server to it."""

import json
from collections.abc import Iterable
from typing import Any

from werkzeug.middleware.proxy_fix import ProxyFix

from handlers.server import Front


def echo(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Every text of the request's environ, and how much of a body there is."""
    found = {name: value for name, value in environ.items() if isinstance(value, str)}
    found["body"] = len(environ["wsgi.input"].read())
    start_response("200 OK", [("Content-Type", "application/json")])
    yield json.dumps(found).encode()


server = Front(ProxyFix(echo), seconds=2)
