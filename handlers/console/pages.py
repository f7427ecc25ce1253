"""Renders the console's pages: language, navigation, form token, messages."""

from datetime import datetime
from pathlib import Path
from typing import Any

import flask_bootstrap
from flask import Response, current_app, g, get_flashed_messages, request, url_for
from markupsafe import Markup
from werkzeug.exceptions import HTTPException

from bot.texts.dates import shown_time
from handlers.console import navigation
from handlers.console.request_context import Desk
from handlers.console.request_context import desk as the_desk
from handlers.web import language, pages
from handlers.web.visits import SAFE

STATIC = Path(__file__).parent / "static"
PACKAGED = Path(flask_bootstrap.__file__).parent / "static" / "bootstrap5"
# Bootstrap comes out of its pinned package; its script is not needed and not served.
FILES = {path.name: path for path in sorted(STATIC.iterdir()) if path.is_file()} | {
    "bootstrap.min.css": PACKAGED / "css" / "bootstrap.min.css"
}


def page(template: str, status: int = 200, *, title: str = "", **values: Any) -> Response:
    """A page in the language of the member; `title` stands in the window and as its heading."""
    desk: Desk | None = g.get("desk")
    member = desk.member if desk else None
    common = {
        "title": title,
        "link": url_for,
        "asset": lambda name: pages.address("console.asset_file", FILES[name]),
        "csrf": csrf,
        "when": when,
        "member": member,
        "navigation": navigation.entries(member),
        "is_reachable": is_reachable(),
        "messages": lambda: get_flashed_messages(with_categories=True),
    }
    return pages.rendered(f"console/{template}.html", status, **{**common, **values})


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
