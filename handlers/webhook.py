"""POST /line/webhook: verify, store, 200. Nothing is answered before it is durable."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Flask, Response, current_app, request
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
from werkzeug.wsgi import get_input_stream

from bot.clock import stopwatch
from bot.line.events import MalformedBody, parse_body, read_events
from bot.line.signature import is_valid
from bot.logs import failure
from bot.runtime import Bot
from bot.runtime.engine import Engine
from bot.services.chat import inbox

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PATH = "/line/webhook"
BODY_LIMIT = 1024 * 1024
blueprint = Blueprint("webhook", __name__)


def register(app: Flask) -> None:
    """Add the door to the app, and the short way to it."""
    app.register_blueprint(blueprint)
    app.wsgi_app = Shortcut(app)  # type: ignore[method-assign]


class Shortcut:
    """Answers LINE's webhooks before Flask's routing, contexts and response objects.

    Those cost more than checking and storing an event do (docs/adr/0003-server.md). The view
    below does the same by the long way.
    """

    def __init__(self, flask: Flask) -> None:
        self._flask = flask
        self._app: WSGIApplication = flask.wsgi_app

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        if environ.get("PATH_INFO") != PATH or environ.get("REQUEST_METHOD") != "POST":
            return self._app(environ, start_response)
        parts = self._flask.extensions
        status, text = receive(parts["bot"], parts["engine"], environ)
        body = text.encode()
        headers = [
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Length", str(len(body))),
        ]
        start_response(f"{status.value} {status.phrase}", headers)
        return [body]


@blueprint.post(PATH)
def received() -> Response:
    """The door as a view of Flask's."""
    engine: Engine = current_app.extensions["engine"]
    status, text = receive(engine.bot, engine, request.environ)
    return Response(text, status.value, content_type="text/plain; charset=utf-8")


def receive(bot: Bot, engine: Engine, environ: dict[str, Any]) -> tuple[HTTPStatus, str]:
    """Store what LINE sends; 400 and 413 for what is not LINE's, 503 where storing failed.

    LINE wants an answer within two seconds and may deliver again whatever did not get a 2xx
    (https://developers.line.biz/en/reference/messaging-api/#webhooks).
    """
    took = stopwatch()
    try:
        body = get_input_stream(environ, max_content_length=BODY_LIMIT).read()
    except RequestEntityTooLarge:
        return HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too large"
    except ClientDisconnected:
        return HTTPStatus.BAD_REQUEST, "the body broke off"
    if not is_valid(body, environ.get("HTTP_X_LINE_SIGNATURE"), bot.settings.channel_secrets):
        bot.log.warning("webhook.bad_signature", bytes=len(body))
        return HTTPStatus.BAD_REQUEST, "signature does not match"
    try:
        delivery = parse_body(body)
    except MalformedBody as error:
        bot.log.warning("webhook.malformed", reason=str(error))
        return HTTPStatus.BAD_REQUEST, "not a webhook"
    if bot.user_id and delivery.destination != bot.user_id:
        bot.log.warning("webhook.wrong_destination")
        return HTTPStatus.BAD_REQUEST, "not our destination"
    now = bot.clock()
    try:
        stored = inbox.store(bot.database, bot.keyring, read_events(delivery, now), now)
    except (SQLAlchemyError, OSError) as error:
        bot.log.error("webhook.not_stored", ms=took(), **failure(error))
        return HTTPStatus.SERVICE_UNAVAILABLE, "try again later"
    engine.received(stored)
    bot.log.info("webhook.received", ms=took(), events=len(delivery.events))
    return HTTPStatus.OK, "OK"
