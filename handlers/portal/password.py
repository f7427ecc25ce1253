"""Choosing an own password: at the first sign-in because one must, later because one may."""

from flask import Response, g, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from bot.errors import InputError
from bot.services.auth import passwords
from bot.services.auth import sign_in as service
from handlers.portal.pages import page
from handlers.portal.routes import portal
from handlers.web import cookies
from handlers.web.language import link
from handlers.web.parts import the_bot


@portal.get("/password")
def choose_password() -> Response:
    return _form(200, None)


@portal.post("/password")
def store_password() -> AnyResponse:
    """Store the chosen password; the cookies' references change with it."""
    bot, visit = the_bot(), g.visit
    chosen = request.form.get("chosen", "")
    school = bot.settings.school.controller
    try:
        if passwords.kept_form(chosen) != passwords.kept_form(request.form.get("again", "")):
            raise InputError("password_differs")
        done = service.change_password(
            bot.database,
            visit.signed_in,
            request.form.get("current"),
            chosen,
            bot.clock(),
            context=(school,) if school else (),
            held=cookies.stay(bot.cookie_keys),
        )
    except InputError as error:
        return _form(422, error.code)
    was_forced = visit.signed_in.must_choose_password
    answer = redirect(
        link("portal.my_courses") if was_forced else link("portal.account", changed=1), 303
    )
    if done.ticket is not None:
        cookies.set_ticket(answer, bot.cookie_keys, done.ticket, bot.clock())
    if done.stay is not None:
        cookies.set_stay(answer, bot.cookie_keys, done.stay, bot.clock())
    elif cookies.STAY.name in request.cookies:
        cookies.forget_stay(answer)
    return answer


def _form(status: int, problem: str | None) -> Response:
    return page(
        "password", status, problem=problem, least=passwords.MIN_LENGTH, most=passwords.MAX_LENGTH
    )
