"""A code for a new LINE account, shown to whoever is signed in and gives the password again."""

from flask import Response, g, request

from bot.errors import InputError
from bot.services.auth import sign_in
from bot.services.learners import relinking
from handlers.portal.pages import page
from handlers.portal.routes import portal
from handlers.web.parts import the_bot
from handlers.web.visits import Visit


@portal.get("/relink")
def relink() -> Response:
    """What moving means, and the form."""
    return page("relink")


@portal.post("/relink")
def show_relink_code() -> Response:
    """Make a code that is good for ten minutes; older ones are dead (ASVS 5.0, 7.5.1)."""
    bot, visit = the_bot(), _visit()
    if visit.signed_in is None:
        return page("relink", 403)
    key = visit.signed_in.external_key
    try:
        sign_in.prove_password(
            bot.database, visit.signed_in, request.form.get("current"), bot.clock()
        )
    except InputError as error:
        return page("relink", 422, problem=error.code)
    code = bot.database.write(lambda session: relinking.issue_code(session, key, bot.clock()))
    if code is None:
        return page("relink", 409, problem="not_movable")
    return page("relink_code", code=code)


def _visit() -> Visit:
    visit: Visit = g.visit
    return visit
