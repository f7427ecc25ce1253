"""Which language a page is in: the address, then the switch's cookie, then the browser."""

from typing import Any

from flask import g, request, url_for

from bot.texts import LANGUAGES, THAI, Translator, translator
from handlers.web import cookies
from handlers.web.parts import the_bot


def chosen() -> str:
    """The language of this request."""
    known: str | None = g.get("language")
    if known is None:
        known = g.language = _choose()
    return known


def _choose() -> str:
    for wish in (request.args.get("lang"), cookies.language(the_bot().cookie_keys)):
        if wish in LANGUAGES:
            return str(wish)
    return request.accept_languages.best_match(LANGUAGES) or THAI


def translate() -> Translator:
    """The translator of this request."""
    return translator(chosen(), is_terse=g.get("is_to_staff", False))


def speak_to_staff() -> None:
    """From here on this request's words are for staff: sentences that learners get too as well."""
    g.is_to_staff = True


def link(endpoint: str, **values: Any) -> str:
    """url_for that carries the language on where the address named it."""
    if request.args.get("lang") in LANGUAGES:
        values.setdefault("lang", request.args["lang"])
    return url_for(endpoint, **values)


def is_switched() -> bool:
    """Whether the person pressed the switch on a page: only then the choice is kept."""
    return request.args.get("lang") in LANGUAGES and request.args.get("keep") == "1"
