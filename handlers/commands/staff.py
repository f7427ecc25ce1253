"""Commands about the team: staff-list, staff-add, staff-role, staff-link, staff-disable."""

import sys
from typing import NoReturn

import click

from bot.errors import InputError
from bot.services.auth.sign_in import normal_username
from bot.services.staff import enrolment, staff
from handlers.commands.parts import parts
from models.conversation import Language
from models.staff import Role

PROBLEMS = {
    "name_needed": "A name is needed, at most 80 characters.",
    "username_form": "A username has 3 to 32 small letters, digits, dots and hyphens.",
    "username_taken": "Somebody has this username already; staff-link gives them a new link.",
    "roles_needed": "At least one --role is needed.",
    "last_admin": "This is the last administrator. Please give somebody else the role first: "
    "staff-role USERNAME --role admin",
    "disabled": "This member may not enter; an administrator lets them in again in the console.",
    "unknown": "There is no member with this username.",
}


@click.command("staff-add")
@click.option("--name", required=True, help="How the person is called.")
@click.option("--username", required=True, help="What they sign in with.")
@click.option(
    "--role",
    "roles",
    multiple=True,
    required=True,
    type=click.Choice([str(role) for role in Role]),
    help="May stand more than once.",
)
@click.option("--language", default="th", type=click.Choice([str(one) for one in Language]))
def staff_add(name: str, username: str, roles: tuple[str, ...], language: str) -> None:
    """Add a member of staff and print the one-time link by which they begin."""
    bot, _ = parts()
    now = bot.clock()
    try:
        _, drawn = bot.database.write(
            lambda session: staff.add(
                session,
                name,
                username,
                [Role(role) for role in roles],
                staff.OPERATOR,
                now,
                Language(language),
            )
        )
    except InputError as error:
        _stop(error)
    _say(drawn, language)


@click.command("staff-role")
@click.argument("username")
@click.option(
    "--role",
    "roles",
    multiple=True,
    required=True,
    type=click.Choice([str(role) for role in Role]),
    help="May stand more than once; what is not named is taken away.",
)
def staff_role(username: str, roles: tuple[str, ...]) -> None:
    """Give a member exactly these roles; their sessions end."""
    bot, _ = parts()
    now, wanted = bot.clock(), [Role(role) for role in roles]
    staff_id = _found(username)
    try:
        bot.database.write(
            lambda session: staff.change_roles(session, staff_id, wanted, staff.OPERATOR, now)
        )
    except InputError as error:
        _stop(error)
    click.echo(f"{normal_username(username)}: {', '.join(sorted({*roles}))}")


@click.command("staff-list")
def staff_list() -> None:
    """Show who is in the team: username, roles, state, last sign-in."""
    bot, _ = parts()
    for one in bot.database.read(staff.team):
        state = "shut out" if one.disabled_at else "active" if one.is_settled else "not begun"
        seen = f"{one.signed_in_at:%Y-%m-%d}" if one.signed_in_at else "never signed in"
        click.echo(f"{one.username}  {','.join(sorted(one.roles))}  {state}  {seen}")


@click.command("staff-link")
@click.argument("username")
def staff_link(username: str) -> None:
    """Print a new one-time link for a member who lost password or factor."""
    bot, _ = parts()
    now = bot.clock()
    staff_id = _found(username)
    try:
        drawn = bot.database.write(
            lambda session: staff.new_link(session, staff_id, staff.OPERATOR, now)
        )
    except InputError as error:
        _stop(error)
    _say(drawn, "th")


@click.command("staff-disable")
@click.argument("username")
def staff_disable(username: str) -> None:
    """Shut a member out at once: sessions, factors, links and LINE."""
    bot, _ = parts()
    now = bot.clock()
    staff_id = _found(username)
    try:
        bot.database.write(lambda session: staff.disable(session, staff_id, staff.OPERATOR, now))
    except InputError as error:
        _stop(error)
    click.echo(f"{normal_username(username)} may not enter any more.")


def _found(username: str) -> str:
    """A member's id; ends the command where there is none."""
    bot, _ = parts()
    staff_id = bot.database.read(lambda session: staff.find(session, username))
    return staff_id if staff_id is not None else _stop(InputError("unknown"))


def _stop(error: InputError) -> NoReturn:
    click.echo(PROBLEMS.get(error.code, error.code), err=True)
    sys.exit(1)


def _say(drawn: str, language: str) -> None:
    bot, _ = parts()
    origin = bot.settings.public_url.rstrip("/")
    click.echo(enrolment.url(origin, drawn, language))
    click.echo("It works once, within 24 hours, and is not shown again.", err=True)


COMMANDS = (staff_list, staff_add, staff_role, staff_link, staff_disable)
