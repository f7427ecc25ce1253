"""The command that brings the rich menus to LINE."""

import sys

import click

from bot.line.menu_pictures import MenuPictureError
from bot.runtime.menu_deployment import Deployment, DeploymentError
from handlers.commands.parts import parts


@click.command("richmenu-deploy")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and only read.")
def richmenu_deploy(dry_run: bool) -> None:
    """Make the rich menus at LINE what the code says; a second run changes nothing."""
    bot, _ = parts()
    try:
        changes = Deployment(bot, is_dry=dry_run, say=click.echo).run()
    except (DeploymentError, MenuPictureError) as error:
        click.echo(f"✗ {error}", err=True)
        sys.exit(1)
    if changes == 0:
        click.echo("The rich menus are up to date.")
    elif dry_run:
        click.echo(f"{changes} change(s) would be made.")
    else:
        click.echo(f"{changes} change(s) made; the rich menus are up to date.")


COMMANDS = (richmenu_deploy,)
