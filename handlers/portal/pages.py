"""Renders pages: the language, the translator and the addresses that every template needs."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from flask import Response, g, make_response, render_template, url_for

from bot.texts import ENGLISH, THAI
from bot.texts.dates import shown_time
from handlers.figures import Figures
from handlers.web import cookies, language
from handlers.web.parts import the_bot

STATIC = Path(__file__).parent / "static"
ASSETS = {
    "portal.css": "text/css; charset=utf-8",
    "portal.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}


def page(template: str, status: int = 200, **values: Any) -> Response:
    """A page in the language of the request."""
    said = language.translate()
    html = render_template(
        f"portal/{template}.html",
        t=said,
        figures=Figures(said),
        language=said.language,
        other_language=ENGLISH if said.language == THAI else THAI,
        link=language.link,
        asset=asset,
        when=lambda moment: shown_time(moment, said.language),
        visit=g.get("visit"),
        **values,
    )
    response = make_response(html, status)
    response.headers["Content-Language"] = said.language
    response.headers["Vary"] = "Accept-Language, Cookie"
    if language.is_switched():
        cookies.set_language(response, the_bot().cookie_keys, said.language)
    return response


def asset(name: str) -> str:
    """The address of one of our files, changing with its content so that it may be kept."""
    return url_for("portal.asset_file", filename=name, v=_version(name))


@cache
def content(name: str) -> bytes:
    """The bytes of one of our files."""
    return (STATIC / name).read_bytes()


@cache
def _version(name: str) -> str:
    return hashlib.sha256(content(name)).hexdigest()[:12]
