"""Error pages: the same few words for everybody, nothing of what went wrong inside."""

import structlog
from flask import Flask, Response, jsonify, make_response, request
from werkzeug.exceptions import HTTPException, InternalServerError
from werkzeug.wrappers import Response as AnyResponse

from bot.logs import failure
from handlers.portal.pages import page
from handlers.web.headers import ERROR_HEADERS

log = structlog.get_logger(__name__)

PAGES = {403, 404, 405, 413, 429, 500}


def answer(error: HTTPException) -> AnyResponse:
    """The page of a status; machines under /line/ get JSON."""
    if error.response is not None or error.code is None or error.code < 400:
        return error.get_response()
    response: Response
    if request.path.startswith("/line/"):
        response = jsonify(error=error.name.lower())
        response.status_code = error.code
    else:
        kind = error.code if error.code in PAGES else 500 if error.code >= 500 else 400
        try:
            response = page("error", error.code, kind=kind)
        except Exception as broken:
            log.error("error_page.failed", **failure(broken))
            response = make_response("ขออภัย ระบบขัดข้อง / Sorry, something went wrong.", 500)
            response.mimetype = "text/plain"
    for name, value in error.get_headers():
        if name in ERROR_HEADERS:
            response.headers[name] = value
    return response


def unexpected(error: Exception) -> AnyResponse:
    """A defect of ours. Flask's own report would hold the address (a one-time link's token) and
    the values of a failed statement; ours holds the endpoint, the kind and the place."""
    log.error("request.failed", endpoint=request.endpoint, **failure(error))
    return answer(InternalServerError())


def register(app: Flask) -> None:
    """Answer every HTTP error and every unexpected one of the application."""
    app.register_error_handler(HTTPException, answer)
    app.register_error_handler(Exception, unexpected)
