"""The console's error pages: few words, and nothing of what went wrong inside."""

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from handlers.console.pages import page
from handlers.web import language
from handlers.web.headers import ERROR_HEADERS


def answer(error: HTTPException) -> AnyResponse:
    """The page of a status, for views of the console."""
    if error.response is not None or error.code is None or error.code < 400:
        return error.get_response()
    title, words = _words(error.code)
    response = page("error", error.code, title=title, words=words)
    for name, value in error.get_headers():
        if name in ERROR_HEADERS:
            response.headers[name] = value
    return response


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
