"""Renders the console's pages: language, navigation, form token, messages."""

import base64
from datetime import datetime
from pathlib import Path
from typing import Any

import flask_bootstrap
from flask import Response, current_app, g, get_flashed_messages, request, url_for
from markupsafe import Markup
from werkzeug.exceptions import HTTPException

from bot.errors import SealError
from bot.presentation import work_words
from bot.services.staff.kept_forms import FilledForm
from bot.services.staff.sessions import Member
from bot.services.statistics import waiting
from bot.services.statistics.waiting import Matter
from bot.texts.dates import shown_time
from handlers.console import filled_forms, navigation
from handlers.console.request_context import Desk
from handlers.console.request_context import desk as the_desk
from handlers.web import language, pages
from handlers.web.parts import the_bot
from handlers.web.visits import SAFE

STATIC = Path(__file__).parent / "static"
PACKAGED = Path(flask_bootstrap.__file__).parent / "static" / "bootstrap5"
WRITER_PLACE = "form|writer"
# Bootstrap comes out of its pinned package; its script is not needed and not served.
FILES = {path.name: path for path in sorted(STATIC.iterdir()) if path.is_file()} | {
    "bootstrap.min.css": PACKAGED / "css" / "bootstrap.min.css"
}


def page(template: str, status: int = 200, *, title: str = "", **values: Any) -> Response:
    """A page in the language of the member; `title` stands in the window and as its heading."""
    desk: Desk | None = g.get("desk")
    member = desk.member if desk else None
    kept = kept_form()
    common = {
        "title": title,
        "link": url_for,
        "asset": lambda name: pages.address("console.asset_file", FILES[name]),
        "csrf": csrf,
        "when": when,
        "member": member,
        "navigation": navigation.entries(member),
        "mine_to_do": waiting_for(member) if member else {},
        "waits": work_words.WAITS,
        "decided_at": navigation.decided_at,
        "is_reachable": is_reachable(),
        "kept": kept,
        "messages": lambda: get_flashed_messages(with_categories=True),
    }
    response = pages.rendered(f"console/{template}.html", status, **{**common, **values})
    if kept is not None:
        response.set_data(filled_forms.fill(response.get_data(as_text=True), kept))
    return response


def waiting_for(member: Member) -> dict[Matter, int]:
    """What waits for a member, for the counts in the menu."""
    bot = the_bot()
    now = bot.clock()
    return bot.database.read(lambda s: waiting.counts(s, member, bot.settings, now))


def kept_form() -> FilledForm | None:
    """What the member had typed when they were sent away from this page's form."""
    found: FilledForm | None = g.get("kept_form")
    return found


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
    """The hidden inputs that every unsafe form carries: its token, and sealed whose words it is.

    By the second the guard knows for whom to keep what was typed when the session has ended.
    """
    found = Markup('<input type="hidden" name="token" value="{}">').format(the_desk().visit.token())
    member = the_desk().member
    if member is None:
        return found
    sealed = the_bot().cookie_keys.seal(member.id.encode(), WRITER_PLACE)
    value = base64.urlsafe_b64encode(sealed).decode().rstrip("=")
    return found + Markup('<input type="hidden" name="writer" value="{}">').format(value)


def writer() -> str | None:
    """Who had the page of the form that was sent, by its sealed field; None where nobody is."""
    value = request.form.get("writer", "")
    try:
        raw = base64.urlsafe_b64decode(value.encode("ascii") + b"=" * (-len(value) % 4))
        return the_bot().cookie_keys.open(raw, WRITER_PLACE).decode()
    except (ValueError, SealError):
        return None


def when(moment: datetime | None) -> str:
    """A moment in words, in Bangkok, in the language of the page; a dash where there is none."""
    return "–" if moment is None else shown_time(moment, language.chosen())
