"""The password, for whoever came in without it and wants more than lessons."""

from flask import Response, g, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from bot.errors import InputError
from bot.services.auth import sign_in
from handlers.portal import places
from handlers.portal.pages import page
from handlers.portal.routes import portal
from handlers.web import cookies
from handlers.web.language import link
from handlers.web.parts import the_bot


@portal.get("/prove")
def prove() -> AnyResponse:
    """The form; whoever signed in with a password is led on."""
    to = request.args.get("to", "")
    if not g.visit.signed_in.is_limited:
        return redirect(places.leading_to(to), 303)
    return _form(200, to)


@portal.post("/prove")
def try_prove() -> AnyResponse:
    """Open the rest of the portal, under a new reference."""
    bot, visit, to = the_bot(), g.visit, request.form.get("to", "")
    if not visit.signed_in.is_limited:
        return redirect(places.leading_to(to), 303)
    now = bot.clock()
    try:
        ticket = sign_in.lift(
            bot.database, visit.signed_in, visit.ticket, request.form.get("current"), now
        )
    except InputError as error:
        return _form(422, to, error.code)
    if ticket is None:
        return redirect(link("portal.sign_in"), 303)
    answer = redirect(places.leading_to(to), 303)
    cookies.set_ticket(answer, bot.cookie_keys, ticket, now)
    return answer


def _form(status: int, to: str, problem: str | None = None) -> Response:
    return page("prove", status, to=to, problem=problem)
