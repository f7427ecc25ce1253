"""Flask commands, one noun a file; a command exists when it is listed here."""

import sys

import click
from flask import Flask

from bot.errors import SettingsError
from handlers.commands import (
    accounts,
    audit,
    backups,
    disclosures,
    mail,
    menus,
    privacy,
    requests,
    staff,
    upkeep,
)
from handlers.commands.demo import demo

__all__ = ["register", "without_settings"]

COMMANDS = (
    *upkeep.COMMANDS,
    *accounts.COMMANDS,
    *staff.COMMANDS,
    *menus.COMMANDS,
    *mail.COMMANDS,
    *requests.COMMANDS,
    *privacy.COMMANDS,
    *disclosures.COMMANDS,
    *backups.COMMANDS,
    *audit.COMMANDS,
    demo,
)


def register(app: Flask) -> None:
    """Add the commands to an app that has its settings."""
    for command in COMMANDS:
        app.cli.add_command(command)


def without_settings(error: SettingsError) -> Flask:
    """An app that can do nothing but say what is missing, whatever it is asked."""
    app = Flask(__name__, static_folder=None)

    def say_what_is_missing() -> None:
        """Name each missing or wrong setting with its cure."""
        for problem in error.problems:
            click.echo(f"✗ {problem.name}: {problem.problem}\n    cure: {problem.cure}")
        click.echo(f"{len(error.problems)} setting(s) stand in the way; LINE was not asked.")
        sys.exit(1)

    for command in COMMANDS:
        if command is not demo:
            app.cli.command(command.name)(say_what_is_missing)
    app.cli.add_command(demo)
    return app
