"""Commands about the audit trail: audit-verify."""

import sys

import click

from bot.runtime import auditing
from bot.services.audit_verify import Anchor, Flaw
from handlers.commands.parts import parts

_CURE = {
    Flaw.NOT_OURS: "It may have been written under another AUDIT_KEY or SECRET_KEY.",
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
    verdict = auditing.verify(bot, anchor)
    if anchor is not None and anchor.position < verdict.purged:
        click.echo("! The purge has taken what this anchor held: take a younger one.", err=True)
    problem = verdict.problem
    if problem is None:
        click.echo(
            f"✓ {verdict.checked} links are whole; {verdict.purged} before them were purged."
        )
        click.echo(f"Head: {verdict.head.said}")
        return
    entry = "" if problem.entry_seq is None else f", entry {problem.entry_seq}"
    click.echo(f"✗ Position {problem.position}{entry}: {problem.flaw}.", err=True)
    if problem.flaw in _CURE:
        click.echo(f"    {_CURE[problem.flaw]}", err=True)
    click.echo(f"{verdict.checked} links before it are whole.", err=True)
    sys.exit(1)


COMMANDS = (audit_verify,)
