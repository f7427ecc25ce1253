"""Commands about people's rights: ropa, hold-place, hold-release, purge, privacy-selfcheck."""

import sys

import click

from bot.runtime import Bot, purging
from bot.services.accounts import holds
from bot.services.people import subjects
from bot.services.privacy import requirements, retention, ropa
from handlers.commands.parts import parts


@click.command("ropa")
@click.option("--to", "target", type=click.Path(dir_okay=False, writable=True))
def record_of_processing(target: str | None) -> None:
    """Print the record of processing activities (PDPA s.39) as CSV."""
    bot, _ = parts()
    school, now = bot.settings.school, bot.clock()
    text = bot.database.read(lambda session: ropa.csv_text(session, school, now))
    if target is None:
        click.echo(text, nl=False)
        return
    with open(target, "w", encoding="utf-8", newline="") as file:
        file.write(text)
    click.echo(f"{target}: {text.count(chr(13))} lines")


@click.command("hold-place")
@click.argument("learner_id")
@click.option("--reason", required=True, help="Court or agency, and the order's number.")
@click.option("--may-tell/--secret", default=False, help="May the person be told of the order?")
def hold_place(learner_id: str, reason: str, may_tell: bool) -> None:
    """Stop erasure and purge of one learner's data, as a court or an agency ordered."""
    bot, _ = parts()
    hold_id = bot.database.write(
        lambda session: (
            holds.place(
                session, learner_id, reason, may_tell=may_tell, actor="operator", now=bot.clock()
            ).id
            if subjects.of_learner(session, learner_id)
            else None
        )
    )
    if hold_id is None:
        click.echo("There is no such learner: give the id, as inquiries and the audit show it.")
        sys.exit(1)
    click.echo(f"Hold {hold_id} stands. End it with: flask --app app hold-release {hold_id}")


@click.command("hold-release")
@click.argument("hold_id")
def hold_release(hold_id: str) -> None:
    """End a legal hold; erasure and purge go on."""
    bot, _ = parts()
    ended = bot.database.write(
        lambda session: holds.release(session, hold_id, actor="operator", now=bot.clock())
    )
    if not ended:
        click.echo("There is no such hold, or it has ended before.")
        sys.exit(1)
    click.echo(f"Hold {hold_id} has ended.")


@click.command("purge")
@click.option("--dry-run", is_flag=True, help="Count only, change nothing.")
def purge(dry_run: bool) -> None:
    """Remove what has served its time, as the job does every night; prints counts only."""
    bot, _ = parts()
    _warn(bot)
    counts = purging.dry_run(bot) if dry_run else purging.purge(bot)
    for name, rows in counts.items():
        click.echo(f"{rows:>8}  {name}")
    click.echo(f"{sum(counts.values()):>8}  {'would go' if dry_run else 'gone'}")


def _warn(bot: Bot) -> None:
    for period in retention.undecided(bot.settings.school):
        name = bot.settings.school.ENVIRONMENT[period.years_of or ""]
        click.echo(f"! {name} is not set: nothing of “{period.key}” is ever removed.", err=True)


@click.command("privacy-selfcheck")
def privacy_selfcheck() -> None:
    """Print what the privacy policy demands, R1 to R51, with the test that proves each."""
    listed = requirements.load()
    for requirement in listed:
        click.echo(f"{requirement.id:<5} {requirement.sentence}")
        for proof in requirement.proofs:
            click.echo(f"      {proof}")
        if requirement.open:
            click.echo(f"      open: {requirement.open}")
    proven = sum(not requirement.open for requirement in listed)
    click.echo(f"{proven} proven, {len(listed) - proven} open or in part")


COMMANDS = (record_of_processing, hold_place, hold_release, purge, privacy_selfcheck)
