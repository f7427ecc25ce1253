"""The team: add members, give them roles and links, shut them out."""

from collections.abc import Callable

from flask import abort, flash, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from bot.errors import InputError
from bot.services.staff import enrolment, staff
from bot.services.staff import sessions as staff_sessions
from bot.services.staff.permissions import Permission
from bot.services.staff.staff import Profile
from handlers.console import problems, role_words
from handlers.console.guard import allow
from handlers.console.pages import page
from handlers.console.request_context import member
from handlers.console.routes import console
from handlers.web import language
from handlers.web.parts import the_bot
from models.staff import Role

ADMINISTER = Permission.ADMINISTER_STAFF


@console.get("/team")
@allow(ADMINISTER)
def team() -> AnyResponse:
    """Everybody."""
    return _team(200, {})


@console.post("/team")
@allow(ADMINISTER, fresh=True)
def add_teammate() -> AnyResponse:
    """Add a member and show their one-time link, this once."""
    bot, actor = the_bot(), member().actor
    name, username = request.form.get("name", ""), request.form.get("username", "")
    roles, now = _roles(), bot.clock()
    try:
        staff_id, drawn = bot.database.write(
            lambda session: staff.add(session, name, username, roles, actor, now)
        )
    except InputError as error:
        return _team(422, problems.of(error.code), name[:80], username[:32], roles)
    return _link(staff_id, drawn)


@console.get("/team/<staff_id>")
@allow(ADMINISTER)
def teammate(staff_id: str) -> AnyResponse:
    """One member."""
    return _teammate(staff_id, 200, {})


@console.post("/team/<staff_id>/roles")
@allow(ADMINISTER, fresh=True)
def change_roles(staff_id: str) -> AnyResponse:
    """Other roles."""
    t = language.translate()
    roles, now, actor = _roles(), the_bot().clock(), member().actor
    done = t("The roles were changed.")
    return _act(staff_id, lambda s: staff.change_roles(s, staff_id, roles, actor, now), done)


@console.post("/team/<staff_id>/link")
@allow(ADMINISTER, fresh=True)
def new_link(staff_id: str) -> AnyResponse:
    """A new one-time link, shown this once."""
    now, actor = the_bot().clock(), member().actor
    return _show_link(staff_id, lambda s: staff.new_link(s, staff_id, actor, now))


@console.post("/team/<staff_id>/disable")
@allow(ADMINISTER, fresh=True)
def disable_teammate(staff_id: str) -> AnyResponse:
    """Shut out."""
    t = language.translate()
    now, actor = the_bot().clock(), member().actor
    done = t("This member may not enter any more.")
    return _act(staff_id, lambda s: staff.disable(s, staff_id, actor, now), done)


@console.post("/team/<staff_id>/enable")
@allow(ADMINISTER, fresh=True)
def enable_teammate(staff_id: str) -> AnyResponse:
    """Let in again by a new link."""
    now, actor = the_bot().clock(), member().actor
    return _show_link(staff_id, lambda s: staff.enable(s, staff_id, actor, now))


@console.post("/team/<staff_id>/sessions/end")
@allow(ADMINISTER)
def end_sessions(staff_id: str) -> AnyResponse:
    """End all sessions of a member: at will, so without another proof."""
    t = language.translate()
    now, actor = the_bot().clock(), member().actor
    done = t("All sessions were ended.")
    return _act(staff_id, lambda s: staff.end_sessions(s, staff_id, actor, now), done)


def _act(staff_id: str, act: Callable[[Session], object], done: str) -> AnyResponse:
    try:
        the_bot().database.write(act)
    except InputError as error:
        return _teammate(staff_id, 422, problems.of(error.code))
    flash(done, "success")
    return redirect(url_for("console.teammate", staff_id=staff_id), 303)


def _show_link(staff_id: str, act: Callable[[Session], str]) -> AnyResponse:
    try:
        drawn = the_bot().database.write(act)
    except InputError as error:
        return _teammate(staff_id, 422, problems.of(error.code))
    return _link(staff_id, drawn)


def _roles() -> frozenset[Role]:
    known = set(Role)
    return frozenset(Role(name) for name in request.form.getlist("role") if name in known)


def _link(staff_id: str, drawn: str) -> AnyResponse:
    bot, t = the_bot(), language.translate()
    origin = bot.settings.public_url.rstrip("/")
    return page(
        "team_link",
        title=t("One-time link"),
        one=_profile(staff_id),
        address=enrolment.url(origin, drawn, "th"),
    )


def _profile(staff_id: str) -> Profile:
    found = the_bot().database.read(lambda session: staff.profile(session, staff_id))
    return found if found is not None else abort(404)


def _team(
    status: int,
    wrong: dict[str, str],
    name: str = "",
    username: str = "",
    chosen: frozenset[Role] = frozenset(),
) -> AnyResponse:
    t = language.translate()
    return page(
        "team",
        status,
        title=t("Team"),
        problems=wrong,
        team=the_bot().database.read(staff.team),
        name=name,
        username=username,
        chosen=chosen,
        **_role_values(),
    )


def _teammate(staff_id: str, status: int, wrong: dict[str, str]) -> AnyResponse:
    bot, one = the_bot(), _profile(staff_id)
    now = bot.clock()
    sessions = bot.database.read(lambda s: staff_sessions.listed(s, staff_id, now))
    return page(
        "teammate",
        status,
        title=one.name,
        problems=wrong,
        one=one,
        chosen=one.roles,
        sessions=sessions,
        **_role_values(),
    )


def _role_values() -> dict[str, object]:
    t = language.translate()
    return {
        "every_role": tuple(Role),
        "role_name": lambda role: role_words.role_name(t, role),
        "role_duty": lambda role: t(role_words.ROLE_DUTIES[role]),
    }
