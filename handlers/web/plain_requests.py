"""Requests that every reader and database can take: no NUL, no number larger than a row's, no
value longer than anybody types.

PostgreSQL's texts hold every character but NUL, and nothing that is typed or linked has one. A
length is looked at here, before anything else touches a value; what a field takes at most, its own
reader says. LINE's webhook is not looked at: its body is no form, and what it says is kept sealed.
"""

import re
from collections.abc import Iterable
from typing import IO, TYPE_CHECKING

from flask import Flask, Request, Response, abort, request
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge
from werkzeug.formparser import FormDataParser
from werkzeug.routing import IntegerConverter
from werkzeug.sansio.utils import get_current_url

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

NUL = "\0"
LONGEST = 20_000  # characters: four times the longest text that LINE takes in a message
LONGEST_NAME = 200  # of a field
_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST = re.compile(
    rf"(?:(?=.{{1,253}}(?::|$)){_LABEL}(?:\.{_LABEL})*\.?|\[[0-9A-Fa-f:.]{{2,45}}\])(?::\d{{1,5}})?"
)
LONGEST_HEADER = 8_190  # as most servers have it; all cookies together are one
LONGEST_ADDRESS = 2_000  # path and query, each; the longest token of ours has some 200

Parsed = tuple[IO[bytes], MultiDict[str, str], MultiDict[str, FileStorage]]


class PlainForms(FormDataParser):
    """Refuses a form when it is read, which is after its size was looked at."""

    def parse(
        self,
        stream: IO[bytes],
        mimetype: str,
        content_length: int | None,
        options: dict[str, str] | None = None,
    ) -> Parsed:
        rest, form, files = super().parse(stream, mimetype, content_length, options)
        for name, value in form.items(multi=True):
            if len(value) > LONGEST or len(name) > LONGEST_NAME:
                raise RequestEntityTooLarge
            if NUL in name or NUL in value:
                raise BadRequest
        return rest, form, files


class PlainRequest(Request):
    """A request whose forms are plain."""

    form_data_parser_class = PlainForms


class Number(IntegerConverter):
    """A number in an address, below 2³¹ by its length; Python reads no digits without an end."""

    regex = r"\d{1,9}"


def refuse() -> None:
    """Before routing counts: an address with NUL leads nowhere, a query with it says nothing."""
    if NUL in request.path or len(request.path) > LONGEST_ADDRESS:
        abort(404)
    if len(request.query_string) > LONGEST_ADDRESS:
        abort(400)
    if b"%00" in request.query_string or NUL.encode() in request.query_string:
        abort(400)


class PlainHeaders:
    """Refuses a header that is longer than any browser's, and a Host that is no name or address of
    a host (RFC 9110, 7.2; RFC 1035).

    It stands before Flask, whose routing reads the host's name and fails with an exception.
    """

    def __init__(self, application: "WSGIApplication") -> None:
        self._application = application

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        for name, value in environ.items():
            if name.startswith(("HTTP_", "CONTENT_")) and len(value) > LONGEST_HEADER:
                long = Response("A header is too long", 431, mimetype="text/plain")
                return long(environ, start_response)
        host = environ.get("HTTP_HOST")
        if host is None or (_HOST.fullmatch(host) and _is_read(host)):
            return self._application(environ, start_response)
        return Response("Bad Request: Host", 400, mimetype="text/plain")(environ, start_response)


def _is_read(host: str) -> bool:
    """Whether Werkzeug can say it in letters: it fails on "xn--" with anything odd behind it."""
    try:
        get_current_url("http", host)
    except ValueError:  # a UnicodeError, or a port that is none
        return False
    return True


def register(app: Flask) -> None:
    """Before any route is added: addresses are read by these converters."""
    app.wsgi_app = PlainHeaders(app.wsgi_app)  # type: ignore[method-assign]
    # Routing would answer these with a redirect to whatever Host the request named.
    app.url_map.merge_slashes = app.url_map.strict_slashes = False
    app.request_class = PlainRequest
    app.url_map.converters["int"] = Number
    app.before_request(refuse)
