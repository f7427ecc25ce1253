"""Renders the console's pages: language, navigation, form token, messages."""

import hashlib
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import flask_bootstrap
from flask import (
    Response,
    current_app,
    g,
    get_flashed_messages,
    make_response,
    render_template,
    request,
    url_for,
)
from markupsafe import Markup
from werkzeug.exceptions import HTTPException

from bot.texts import ENGLISH, THAI
from bot.texts.dates import shown_time
from handlers.console import navigation
from handlers.console.request_context import Desk
from handlers.console.request_context import desk as the_desk
from handlers.figures import Figures
from handlers.web import cookies, language
from handlers.web.parts import the_bot
from handlers.web.visits import SAFE

STATIC = Path(__file__).parent / "static"
PACKAGED = Path(flask_bootstrap.__file__).parent / "static" / "bootstrap5"
# Bootstrap comes out of its pinned package; its script is not needed and not served.
FILES = {path.name: path for path in sorted(STATIC.iterdir()) if path.is_file()} | {
    "bootstrap.min.css": PACKAGED / "css" / "bootstrap.min.css"
}
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}


def page(template: str, status: int = 200, *, title: str = "", **values: Any) -> Response:
    """A page in the language of the member; `title` stands in the window and as its heading."""
    said = language.translate()
    desk: Desk | None = g.get("desk")
    member = desk.member if desk else None
    html = render_template(
        f"console/{template}.html",
        **{
            "t": said,
            "figures": Figures(said),
            "title": title,
            "language": said.language,
            "other_language": ENGLISH if said.language == THAI else THAI,
            "link": url_for,
            "asset": asset,
            "csrf": csrf,
            "when": when,
            "member": member,
            "navigation": navigation.entries(member),
            "is_reachable": is_reachable(),
            "messages": lambda: get_flashed_messages(with_categories=True),
            **values,
        },
    )
    response = make_response(html, status)
    response.headers["Content-Language"] = said.language
    response.headers["Vary"] = "Accept-Language, Cookie"
    if language.is_switched():
        cookies.set_language(response, the_bot().cookie_keys, said.language)
    return response


def is_reachable() -> bool:
    """Whether a GET leads to this page, as the link to the other language has to."""
    adapter, own = current_app.create_url_adapter(request), request.url_rule
    if request.method in SAFE or adapter is None or own is None:
        return request.method in SAFE
    try:
        found, _ = adapter.match(method="GET", return_rule=True)
    except HTTPException:
        return False
    return found.rule == own.rule


def csrf() -> Markup:
    """The hidden input that every unsafe form carries."""
    return Markup('<input type="hidden" name="token" value="{}">').format(the_desk().visit.token())


def when(moment: datetime | None) -> str:
    """A moment in words, in Bangkok, in the language of the page; a dash where there is none."""
    return "–" if moment is None else shown_time(moment, language.chosen())


def asset(name: str) -> str:
    """The address of one of our files, changing with its content so that it may be kept."""
    return url_for("console.asset_file", filename=name, v=_version(name))


@cache
def content(name: str) -> bytes:
    """The bytes of one of our files."""
    return FILES[name].read_bytes()


@cache
def _version(name: str) -> str:
    return hashlib.sha256(content(name)).hexdigest()[:12]
