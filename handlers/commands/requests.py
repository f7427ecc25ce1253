"""Commands for people's requests: requests, request-show, -acknowledge, -done, -refuse.

They print numbers, kinds and days; only request-show prints what a person wrote, which is audited.
"""

from collections.abc import Callable

import click
from sqlalchemy.orm import Session

from bot.runtime import Bot
from bot.services.privacy import answers, requests
from bot.services.privacy.requests import RequestError
from handlers.commands.parts import parts


@click.command("requests")
def list_requests() -> None:
    """List the open requests by the nearest deadline: number, kind, state, days left."""
    bot, _ = parts()
    now = bot.clock()
    lines = bot.database.read(
        lambda session: [
            (each.id, each.kind, each.state, requests.days_left(each, now), each.asked_by)
            for each in requests.waiting(session)
        ]
    )
    for request_id, kind, state, days, asked_by in lines:
        number = requests.number(request_id)
        left = f"{days} day(s) left" if days >= 0 else f"OVERDUE by {-days} day(s)"
        click.echo(f"{number}  {kind:<10} {state:<13} {asked_by:<9} {left}")
    overdue = sum(1 for line in lines if line[3] < 0)
    click.echo(f"{len(lines)} open, {overdue} overdue")


@click.command("request-show")
@click.argument("number")
def show_request(number: str) -> None:
    """Print what the person wrote about a request; this is written into the audit trail."""
    bot, _ = parts()
    text = _answered(bot, lambda session: answers.read(session, number, bot.clock()))
    click.echo(text or "(nothing was written)")


@click.command("request-acknowledge")
@click.argument("number")
def acknowledge_request(number: str) -> None:
    """Confirm that a request arrived, or take it up again after a legal hold."""
    bot, _ = parts()
    _answered(bot, lambda session: answers.acknowledge(session, number, bot.clock()))
    click.echo(f"{number}: acknowledged")


@click.command("request-done")
@click.argument("number")
def finish_request(number: str) -> None:
    """Close a request as carried out and tell the person; an erasure is carried out by this."""
    bot, _ = parts()
    _answered(bot, lambda session: answers.done(session, number, bot.clock()))
    click.echo(f"{number}: done")


@click.command("request-refuse")
@click.argument("number")
@click.option("--reason", required=True, help="Told to the person and kept for the authority.")
def refuse_request(number: str, reason: str) -> None:
    """Close a request as refused and tell the person why."""
    bot, _ = parts()
    _answered(bot, lambda session: answers.refuse(session, number, reason, bot.clock()))
    click.echo(f"{number}: refused")


def _answered(bot: Bot, act: Callable[[Session], str | None]) -> str | None:
    """Do it, or say in one line why it cannot be done."""
    try:
        return bot.database.write(act)
    except RequestError as error:
        raise click.ClickException(str(error)) from error


COMMANDS = (
    list_requests,
    show_request,
    acknowledge_request,
    finish_request,
    refuse_request,
)
