"""Commands about e-mails: who gets no news, the archive's export and its check."""

import sys
from collections import Counter
from pathlib import Path

import click

from bot.runtime import archive_export
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


@click.command("mail-archive-export")
@click.argument("directory", type=click.Path(path_type=Path))
def export_mails(directory: Path) -> None:
    """Write every archived mail to an empty directory, byte for byte, with an index.csv."""
    bot, _ = parts()
    try:
        done = archive_export.write(bot, directory)
    except OSError as error:
        click.echo(f"✗ {directory}: {error.strerror or error}", err=True)
        sys.exit(1)
    for flaw in done.flaws:
        click.echo(f"✗ {flaw.mail_id}: {flaw.what}", err=True)
    click.echo(f"{done.written} mails in {directory}; {done.erased} more were erased.")
    sys.exit(bool(done.flaws))


@click.command("mail-archive-verify")
def verify_mails() -> None:
    """Compute the digest of every archived mail anew; names what is wrong and exits with 1."""
    bot, _ = parts()
    done = archive_export.verify(bot)
    for flaw in done.flaws:
        click.echo(f"✗ {flaw.mail_id}: {flaw.what}", err=True)
    mark = "✗" if done.flaws else "✓"
    click.echo(
        f"{mark} {done.whole} mails are whole, {done.erased} were erased; "
        f"of {done.unknown} that went out nobody knows whether they arrived."
    )
    sys.exit(bool(done.flaws))


COMMANDS = (list_suppressions, release_suppression, export_mails, verify_mails)
