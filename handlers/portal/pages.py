"""Renders pages: the language, the translator and the addresses that every template needs."""

from pathlib import Path
from typing import Any

from flask import Response, g, request

from bot.texts.dates import shown_time
from handlers.web import keyboard, language, pages
from handlers.web.chat_address import chat_address
from handlers.web.parts import the_bot

FILES = {path.name: path for path in (Path(__file__).parent / "static").iterdir()}


def page(template: str, status: int = 200, **values: Any) -> Response:
    """A page in the language of the request."""
    return pages.rendered(
        f"portal/{template}.html",
        status,
        link=language.link,
        asset=lambda name: pages.address("portal.asset_file", FILES[name]),
        when=lambda moment: shown_time(moment, language.chosen()),
        chat_link=_chat_link,
        visit=g.get("visit"),
        is_on_thai=keyboard.is_on_thai,
        # LINE's own browser says so; it hands a page on at `openExternalBrowser=1`.
        is_in_line=" Line/" in request.user_agent.string,
        chat=chat_address(basic_id) if (basic_id := the_bot().basic_id) else None,
        **values,
    )


def _chat_link(words: str) -> str | None:
    """What opens our LINE chat with these words typed in; None while our @name is not known."""
    basic_id = the_bot().basic_id
    return chat_address(basic_id, words) if basic_id else None
