"""Commands about copies of the database: backup, restore."""

import sys
from pathlib import Path
from typing import NoReturn

import click

from bot.runtime import Bot, auditing
from bot.services import audit, backups, erasure_list, restores
from bot.services.audit import Action
from bot.services.backup_files import BackupError
from bot.settings import ROOT
from handlers.commands.parts import parts


@click.command("backup")
@click.option("--to", "directory", type=click.Path(file_okay=False, path_type=Path))
def backup(directory: Path | None) -> None:
    """Write an encrypted backup of everything, and delete those that are too old."""
    bot, _ = parts()
    where = directory or _directory(bot)
    try:
        erasure_list.update(bot.database, bot.keyring, _directory(bot))
        made = backups.make(bot.database, bot.keyring, where, bot.clock())
    except (BackupError, OSError) as error:
        _fail(error)
    bot.database.write(
        lambda session: audit.record(
            session,
            Action.BACKUP_MADE,
            actor="operator",
            subject=None,
            now=bot.clock(),
            rows=made.rows,
        )
    )
    gone = backups.rotate(where, bot.settings.backup_days, bot.clock())
    click.echo(f"{made.path}")
    click.echo(
        f"{made.rows} rows in {made.tables} tables, {made.size} bytes, {made.seconds:.1f} s; "
        f"{gone} old backup(s) deleted"
    )
    click.echo(f"content {made.digest}")


@click.command("restore")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--yes", is_flag=True, help="Replace all that is in the database.")
def restore(file: Path, yes: bool) -> None:
    """Put a backup in the place of the database; whoever was erased since stays erased."""
    bot, _ = parts()
    bot.database.close()
    try:
        done = restores.restore(
            file,
            bot.settings.database_url,
            bot.keyring,
            _directory(bot),
            bot.clock(),
            may_replace=yes,
        )
    except (BackupError, OSError) as error:
        _fail(error)
    auditing.restored(bot)
    click.echo(f"The backup of {done.made_at} is in place (revision {done.revision}).")
    click.echo(f"{done.rows} rows, counts and content compared, {done.seconds:.1f} s")
    click.echo(f"content {done.digest}")
    click.echo(f"{done.erased_again} person(s) who were erased since have been erased again.")
    settled = done.settled
    click.echo(f"{settled.sessions} open session(s) have been ended: everybody signs in anew.")
    click.echo(f"{settled.links} link(s) and code(s) that could still be used have been ended.")
    if settled.campaigns:
        click.echo(
            f"! {settled.campaigns} announcement(s) are held, because they may have gone out "
            "since the backup: look at them in the console."
        )
    if done.doubtful:
        click.echo(
            f"! {done.doubtful} line(s) of {erasure_list.NAME} could not be verified and were not "
            "applied: compare the file with another copy of it.",
            err=True,
        )


def _directory(bot: Bot) -> Path:
    return bot.settings.backup_dir or ROOT / "var" / "backups"


def _fail(error: Exception) -> NoReturn:
    said = str(error) if isinstance(error, BackupError) else f"The disk refuses: {error}"
    click.echo(f"✗ {said}", err=True)
    sys.exit(1)


COMMANDS = (backup, restore)
