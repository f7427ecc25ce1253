"""The way from a request to the parts that app.py built."""

from flask import current_app

from bot.runtime import Bot


def the_bot() -> Bot:
    """The Bot of the application that answers this request."""
    found: Bot = current_app.extensions["bot"]
    return found
