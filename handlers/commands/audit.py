"""Commands about the audit trail: audit-verify, audit-adopt."""

import sys

import click

from bot.runtime import auditing
from bot.services.audit.anchor_file import NAME
from bot.services.audit.verify import Anchor, Flaw
from handlers.commands.parts import parts

_CURE = {
    Flaw.NOT_OURS: "It may have been written under another AUDIT_KEY or SECRET_KEY.",
    Flaw.UNSIGNED: (
        "Right after the upgrade from a version without the chain, run `flask audit-adopt` once; "
        "at any other time somebody with access to the database has put it there."
    ),
    Flaw.BEGINNING: "Was AUDIT_KEY or SECRET_KEY changed? Set the old value as AUDIT_KEY_PREVIOUS.",
    Flaw.LINK_ALTERED: (
        "Was AUDIT_KEY or SECRET_KEY changed? Set the old value as AUDIT_KEY_PREVIOUS."
    ),
    Flaw.TAIL_CUT: "Where a backup was restored since, this is what the restore has lost.",
    Flaw.REWRITTEN: "Where a backup was restored since, anchors from after the backup do not fit.",
}


@click.command("audit-verify")
@click.option("--anchor", "text", help="POSITION:HASH out of a mailed anchor.")
def audit_verify(text: str | None) -> None:
    """Check the whole audit trail; names the first bad entry and exits with 1."""
    anchor = None
    if text is not None:
        try:
            anchor = Anchor.parse(text)
        except ValueError as error:
            click.echo(f"✗ {error}", err=True)
            sys.exit(2)
    bot, _ = parts()
    try:
        verdict, kept = auditing.verify(bot, anchor), auditing.kept_outside(bot)
    except OSError as error:
        click.echo(f"✗ BACKUP_DIR: {NAME} cannot be read ({error.strerror}).", err=True)
        sys.exit(2)
    if kept.doubtful:
        click.echo(
            f"! {kept.doubtful} line(s) of {NAME} in BACKUP_DIR are not ours and were left out.",
            err=True,
        )
    if anchor is not None and anchor.position < verdict.purged:
        click.echo("! The purge has taken what this anchor held: take a younger one.", err=True)
    problem = verdict.problem
    if problem is None:
        click.echo(
            f"✓ {verdict.checked} links are whole; {verdict.purged} before them were purged."
        )
        click.echo(f"Head: {verdict.head.said}; {len(kept.heads)} anchors of {NAME} fit.")
        return
    entry = "" if problem.entry_seq is None else f", entry {problem.entry_seq}"
    click.echo(f"✗ Position {problem.position}{entry}: {problem.flaw}.", err=True)
    if problem.flaw in _CURE:
        click.echo(f"    {_CURE[problem.flaw]}", err=True)
    click.echo(f"{verdict.checked} links before it are whole.", err=True)
    sys.exit(1)


@click.command("audit-adopt")
@click.option("--yes", is_flag=True, help="Sign them as they stand.")
def audit_adopt(yes: bool) -> None:
    """Sign the entries from before the chain, once, right after the upgrade."""
    bot, _ = parts()
    found = auditing.unsigned(bot)
    if not found:
        click.echo("✓ Every entry has its signature: there is nothing to adopt.")
        return
    if not yes:
        click.echo(f"{found} entries have no signature. If this database was upgraded just now")
        click.echo("from a version without the chain, sign them as they stand: --yes")
        sys.exit(1)
    click.echo(f"✓ {auditing.adopt(bot)} entries were signed as they stand.")


COMMANDS = (audit_verify, audit_adopt)
