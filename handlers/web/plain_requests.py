"""Requests that every database can take: no NUL in them, no number that is larger than a row's.

PostgreSQL's texts hold every character but NUL, and nothing that is typed or linked has one. LINE's
webhook is not looked at: its body is no form, and what it says is kept sealed.
"""

from typing import IO

from flask import Flask, Request, abort, request
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.exceptions import BadRequest
from werkzeug.formparser import FormDataParser
from werkzeug.routing import IntegerConverter

NUL = "\0"

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
        if any(NUL in name or NUL in value for name, value in form.items(multi=True)):
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
    if NUL in request.path:
        abort(404)
    if b"%00" in request.query_string or NUL.encode() in request.query_string:
        abort(400)


def register(app: Flask) -> None:
    """Before any route is added: addresses are read by these converters."""
    app.request_class = PlainRequest
    app.url_map.converters["int"] = Number
    app.before_request(refuse)
