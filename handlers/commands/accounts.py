"""Commands about one account: account-unfreeze."""

import sys

import click

from bot.services.accounts import freezing, provisioning
from bot.services.auth.sign_in import normal_username
from handlers.commands.parts import parts


@click.command("account-unfreeze")
@click.argument("username")
def account_unfreeze(username: str) -> None:
    """End the freeze of an account, after its owner was checked; they then ask for a link."""
    bot, _ = parts()
    name = normal_username(username)
    account_id = bot.database.write(
        lambda session: freezing.unfreeze(session, name, "operator", bot.clock())
    )
    if account_id is None:
        click.echo("There is no frozen account with this username.", err=True)
        sys.exit(1)
    if provisioning.resume(bot.database, bot.provider, account_id, bot.clock):
        click.echo("Done. The learner types “reset password” in the chat for a new password.")
    else:
        click.echo("Done here; E-Learning did not answer and is told as soon as it does.")


COMMANDS = (account_unfreeze,)
