"""POST /line/webhook: verify, store, 200. Nothing is answered before it is durable."""

from flask import Blueprint, Flask, Response, current_app, request
from sqlalchemy.exc import SQLAlchemyError

from bot.line.events import MalformedBody, parse_body
from bot.line.signature import is_valid
from bot.runtime import Bot
from bot.runtime.engine import Engine
from bot.services import inbox

BODY_LIMIT = 1024 * 1024
blueprint = Blueprint("webhook", __name__)


def register(app: Flask, bot: Bot, engine: Engine) -> None:
    """Add the door to the app."""
    app.extensions["engine"] = engine
    app.register_blueprint(blueprint)


@blueprint.post("/line/webhook")
def receive() -> Response:
    """Store what LINE sends; 400 and 413 for what is not LINE's, 503 where storing failed.

    LINE wants an answer within two seconds and may deliver again whatever did not get a 2xx
    (https://developers.line.biz/en/reference/messaging-api/#webhooks).
    """
    bot: Bot = current_app.extensions["bot"]
    request.max_content_length = BODY_LIMIT
    body = request.get_data(cache=False)
    if not is_valid(body, request.headers.get("x-line-signature"), bot.settings.channel_secrets):
        bot.log.warning("webhook.bad_signature", bytes=len(body))
        return _plain("signature does not match", 400)
    try:
        delivery = parse_body(body)
    except MalformedBody as error:
        bot.log.warning("webhook.malformed", reason=str(error))
        return _plain("not a webhook", 400)
    if bot.user_id and delivery.destination != bot.user_id:
        bot.log.warning("webhook.wrong_destination")
        return _plain("not our destination", 400)
    try:
        stored = inbox.store(bot.database, bot.keyring, delivery.events, bot.clock())
    except SQLAlchemyError as error:
        bot.log.error("webhook.not_stored", error=type(error).__name__)
        return _plain("try again later", 503)
    engine: Engine = current_app.extensions["engine"]
    engine.received(stored)
    return _plain("OK", 200)


def _plain(text: str, status: int) -> Response:
    return Response(text, status, content_type="text/plain; charset=utf-8")
