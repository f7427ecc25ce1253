"""Puts the simulated LINE beside the product, in the process that it talks to."""

from flask import Flask

from bot.runtime import Bot
from handlers.simulator.api import create_line_blueprint
from handlers.simulator.cast import add_cast
from handlers.simulator.delivery import http_deliver
from handlers.simulator.page import create_simulator_blueprint
from handlers.simulator.platform import Platform


def register(app: Flask, bot: Bot) -> Platform:
    """Mount the page and the platform; webhooks come back to us through the real door."""
    settings = bot.settings
    platform = Platform(
        clock=bot.clock,
        channel_secret=settings.channel_secrets[0],
        access_token=settings.access_token or "",
        bot_user_id=settings.bot_user_id or "U" + "e" * 32,
        channel_id=settings.channel_id or "1234567890",
        deliver=http_deliver(f"http://127.0.0.1:{settings.port}/line/webhook"),
    )
    add_cast(platform)
    app.register_blueprint(create_line_blueprint(platform), url_prefix="/simulator/line")
    app.register_blueprint(create_simulator_blueprint(platform))
    app.extensions["platform"] = platform
    return platform
