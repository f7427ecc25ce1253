"""Which page says that something went wrong: each part of the house has its own.

The address tells the part, also where nothing stands at it: no view is asked then.
"""

from collections.abc import Callable

import structlog
from flask import Flask, make_response, request
from werkzeug.exceptions import HTTPException, InternalServerError
from werkzeug.wrappers import Response as AnyResponse

from bot.logs import failure
from handlers.web.headers import ERROR_HEADERS

Page = Callable[[HTTPException], AnyResponse]
PLACE = "ERROR_PAGES"

log = structlog.get_logger(__name__)


def register(app: Flask, prefix: str, page: Page) -> None:
    """Let a page answer every error of the addresses below a prefix; the longest prefix decides."""
    app.config.setdefault(PLACE, {})[prefix] = page
    app.register_error_handler(HTTPException, _answer_of(app))
    app.register_error_handler(Exception, _unexpected_of(app))


def _answer_of(app: Flask) -> Page:
    def answer(error: HTTPException) -> AnyResponse:
        if error.response is not None or error.code is None or error.code < 400:
            return error.get_response()
        response: AnyResponse
        try:
            response = _page(app)(error)
        except Exception as broken:
            log.error("error_page.failed", **failure(broken))
            response = make_response("ขออภัย ระบบขัดข้อง / Sorry, something went wrong.", 500)
            response.mimetype = "text/plain"
        for name, value in error.get_headers():
            if name in ERROR_HEADERS:
                response.headers[name] = value
        return response

    return answer


def _unexpected_of(app: Flask) -> Callable[[Exception], AnyResponse]:
    def unexpected(error: Exception) -> AnyResponse:
        """A defect of ours. Flask's own report would hold the address (a one-time link's token)
        and the values of a failed statement; ours holds the endpoint, the kind and the place."""
        log.error("request.failed", endpoint=request.endpoint, **failure(error))
        return _answer_of(app)(InternalServerError())

    return unexpected


def _page(app: Flask) -> Page:
    pages: dict[str, Page] = app.config[PLACE]
    fitting = [prefix for prefix in pages if f"{request.path}/".startswith(f"{prefix}/")]
    return pages[max(fitting, key=len)]
