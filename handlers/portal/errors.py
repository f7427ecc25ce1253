"""Error pages: the same few words for everybody, nothing of what went wrong inside."""

from flask import Flask, jsonify, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from handlers.portal.pages import page
from handlers.web import errors

PAGES = {403, 404, 405, 413, 429, 500}


def answer(error: HTTPException) -> AnyResponse:
    """The page of a status; machines under /line/ get JSON."""
    code = error.code or 500
    if request.path.startswith("/line/"):
        response = jsonify(error=error.name.lower())
        response.status_code = code
        return response
    kind = code if code in PAGES else 500 if code >= 500 else 400
    return page("error", code, kind=kind)


def register(app: Flask) -> None:
    """Answer every error of every address that nobody else answers for."""
    errors.register(app, "", answer)
