"""The way from a command line to the parts that app.py built."""

import click

from bot.runtime import Bot
from bot.runtime.engine import Engine


def parts() -> tuple[Bot, Engine]:
    """The Bot and the Engine of the application whose command runs."""
    app = click.get_current_context().find_root().obj.load_app()
    return app.extensions["bot"], app.extensions["engine"]
