"""What every page has, ours of the portal and of the console: its language, and files beside it."""

import hashlib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from flask import Response, abort, make_response, render_template, url_for

from bot.texts import ENGLISH, THAI
from bot.texts.passages import marked
from handlers.figures import Figures
from handlers.web import cookies, language
from handlers.web.parts import the_bot

CSV = "text/csv; charset=utf-8"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}


def rendered(template: str, status: int, **values: Any) -> Response:
    """A page in the language of the request, with what every template asks for."""
    said = language.translate()
    common = {
        "t": said,
        "figures": Figures(said),
        "language": said.language,
        "other_language": ENGLISH if said.language == THAI else THAI,
    }
    html = render_template(template, **{**common, **values})
    response = make_response(marked(html, said.language), status)
    response.headers["Content-Language"] = said.language
    response.headers["Vary"] = "Accept-Language, Cookie"
    if language.is_switched():
        cookies.set_language(response, the_bot().cookie_keys, said.language)
    return response


def address(endpoint: str, path: Path) -> str:
    """The address of one of our files, changing with its content so that it may be kept."""
    return url_for(endpoint, filename=path.name, v=_version(path))


def file(files: Mapping[str, Path], name: str) -> Response:
    """A style sheet, script or icon, to be kept by the browser."""
    if name not in files:
        abort(404)
    path = files[name]
    response = Response(_content(path), content_type=TYPES[path.suffix])
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


def download(content: bytes | str | Iterable[str], name: str, kind: str = CSV) -> Response:
    """A file for the browser to keep; made while it is taken where its lines are handed over."""
    response = Response(content, content_type=kind)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@cache
def _content(path: Path) -> bytes:
    return path.read_bytes()


@cache
def _version(path: Path) -> str:
    return hashlib.sha256(_content(path)).hexdigest()[:12]
