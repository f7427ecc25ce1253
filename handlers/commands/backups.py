"""Commands about copies of the database: backup, restore."""

import sys
from pathlib import Path
from typing import NoReturn

import click

from bot.runtime import Bot, auditing
from bot.services.audit import audit
from bot.services.audit.audit import Action
from bot.services.backups import backups, restores
from bot.services.backups.files import BackupError
from bot.services.backups.restores import Restored
from bot.services.privacy import erasure_list
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
        lambda session: audit.by_operator(
            session,
            Action.BACKUP_MADE,
            bot.clock(),
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
    click.echo(f"{done.withdrawn} withdrawal(s) of news since, as the replaced database knew them.")
    _say_what_ended(done)
    if done.doubtful:
        click.echo(
            f"! {done.doubtful} line(s) of {erasure_list.NAME} could not be verified and were not "
            "applied: compare the file with another copy of it.",
            err=True,
        )
    _say_what_waits(done)
    _say_the_team(done)


def _say_what_ended(done: Restored) -> None:
    settled = done.settled
    click.echo(f"{settled.sessions} open session(s) have been ended: everybody signs in anew.")
    click.echo(f"{settled.links} link(s) and code(s) that could still be used have been ended.")
    if settled.exports:
        click.echo(f"{settled.exports} wish(es) to take learners out have ended: ask again.")
    if settled.chats:
        click.echo(
            f"{settled.chats} member(s) of staff are unlinked from their LINE: each links it anew "
            "in the console."
        )
    if settled.codes:
        click.echo(
            f"{settled.codes} recovery code(s) have been ended: each member draws new ones in the "
            "console, or gets a link by `staff-link USERNAME` where the authenticator is lost."
        )


def _say_what_waits(done: Restored) -> None:
    held = done.settled.held
    if held.campaigns:
        click.echo(
            f"! {held.campaigns} announcement(s) are held, because they may have gone out since: "
            "nothing of them goes out before an approver lets it go on in the console."
        )
    if held.drafts:
        click.echo(
            f"! {held.drafts} announcement(s) waited for approval and are drafts again: ask "
            "whether they went out since, before anybody asks for approval once more."
        )
    unsent = [f"{held.pushes} push(es)"] if held.pushes else []
    unsent += [f"{count} e-mail(s) {template}" for template, count in held.mails.items()]
    if unsent:
        click.echo(
            "! Not sent, because they may have gone out since: " + ", ".join(unsent) + ". "
            "Whoever misses one asks for it again in the chat."
        )
    if held.requests:
        click.echo(
            "! Among them were answers to requests under the PDPA. See that these people have "
            "theirs, and tell them by hand if not:"
        )
        for number in held.requests:
            click.echo(f"    {number}")
    if held.imports:
        click.echo(
            f"! {held.imports} import(s) of learners were under way and are forgotten: bring the "
            "file again, and look at who is here already."
        )
    click.echo(
        f"! What people consented to or took back since {done.made_at} is unknown, but for the "
        "withdrawals above; so are objections and pauses. Before an announcement goes on, look in "
        "the mailbox and the staff's notes for people who said no since, and end their news for "
        "them. Reminders that fall due anew can come twice."
    )


def _say_the_team(done: Restored) -> None:
    """Whoever was dismissed since the backup is back, with their old roles and password."""
    click.echo("! The team is as it was then. Whoever has left since: `staff-disable USERNAME`.")
    for member in done.settled.team:
        state = "may enter" if member.disabled_at is None else "shut out"
        click.echo(f"    {member.username:<32}  {state}  {', '.join(sorted(member.roles))}")


def _directory(bot: Bot) -> Path:
    return bot.settings.backup_dir or ROOT / "var" / "backups"


def _fail(error: Exception) -> NoReturn:
    said = str(error) if isinstance(error, BackupError) else f"The disk refuses: {error}"
    click.echo(f"✗ {said}", err=True)
    sys.exit(1)


COMMANDS = (backup, restore)
