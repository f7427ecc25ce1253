"""Commands about addresses that get no news: suppressions, suppression-release."""

import sys
from collections import Counter

import click

from bot.services.subscriptions import bounces
from handlers.commands.parts import parts


@click.command("suppressions")
def list_suppressions() -> None:
    """List the addresses that get no news, as digests, with the reason of each and its count."""
    bot, _ = parts()
    held = bot.database.read(
        lambda session: [
            (row.at, row.reason, row.address_index) for row in bounces.suppressed(session)
        ]
    )
    for at, reason, digest in held:
        click.echo(f"{at:%Y-%m-%d %H:%M} UTC  {reason:<14} {digest[:16]}")
    for reason, count in sorted(Counter(reason for _, reason, _ in held).items()):
        click.echo(f"{count:>8}  {reason}")
    click.echo(f"{len(held):>8}  in all")


@click.command("suppression-release")
def release_suppression() -> None:
    """Let one address have news again at its owner's wish; reads it from standard input."""
    bot, _ = parts()
    # Not an argument: those are seen by everybody on the machine and kept by the shell.
    address = sys.stdin.readline().strip()
    if "@" not in address:
        click.echo("Give the address on standard input, one line.")
        sys.exit(1)
    released = bot.database.write(
        lambda session: bounces.release(session, address, "operator", bot.clock())
    )
    if not released:
        click.echo("This address is not held back; there is nothing to release.")
        sys.exit(1)
    click.echo("Released. News go there again once its owner has confirmed it and wants them.")


COMMANDS = (list_suppressions, release_suppression)
