"""The console's error pages: few words, and nothing of what went wrong inside."""

from flask import request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from handlers.console import guard
from handlers.console.pages import page
from handlers.web import language

PREFIX = "/console"


def answer(error: HTTPException) -> AnyResponse:
    """The page of a status, for every address of the console, known or not."""
    if request.url_rule is None:  # no view, so nobody was at the door
        guard.sit()
    code = error.code or 500
    title, words = _words(code)
    return page("error", code, title=title, words=words)


def _words(status: int) -> tuple[str, str]:
    t = language.translate()
    if status == 404:
        return (
            t("We cannot find this page"),
            t("The address may be wrong, or the page is no longer there."),
        )
    if status == 413:
        return t("That is too large"), t("Please send less at once.")
    if status == 429:
        return t("Please wait a moment"), t("Please try again in a few minutes.")
    if status >= 500:
        return (
            t("Sorry, something went wrong"),
            t("It is our fault, not yours. Please try again in a few minutes."),
        )
    return t("This is not possible here"), t("Please go back and try again.")
