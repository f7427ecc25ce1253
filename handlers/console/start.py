"""The first time: a one-time link leads to a password, an authenticator and recovery codes."""

import segno
from flask import request, url_for
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as AnyResponse

from bot.errors import InputError
from bot.services.auth import passwords
from bot.services.shared import codes
from bot.services.staff import enrolment, factors
from handlers.console import guard, problems
from handlers.console.guard import public, stage
from handlers.console.pages import page
from handlers.console.request_context import desk
from handlers.console.routes import console
from handlers.web import language
from handlers.web.parts import the_bot
from models.staff import Stage


@console.get("/start/<token>")
@public
def start(token: str) -> AnyResponse:
    """The form for a password; looking at it spends nothing, because previews look."""
    token = codes.bare_token(token)
    return _form(token, 200, {})


@console.post("/start/<token>")
@public
def spend(token: str) -> AnyResponse:
    """Spend the link for a password."""
    bot, token = the_bot(), codes.bare_token(token)
    chosen = request.form.get("chosen", "")
    try:
        if passwords.kept_form(chosen) != passwords.kept_form(request.form.get("again", "")):
            raise InputError("password_differs")
        ticket = enrolment.begin(bot.database, token, chosen, bot.clock(), context())
    except InputError as error:
        return _form(token, 422, problems.of(error.code))
    if ticket is None:
        return _form(token, 410, {})
    response = redirect(language.link("console.factor"), 303)
    guard.renew(response, ticket)
    return response


@console.get("/start-factor")
@stage(Stage.START)
def factor() -> AnyResponse:
    """The authenticator's secret as a picture."""
    return factor_form(200, {}, url_for("console.confirm_factor"))


@console.post("/start-factor")
@stage(Stage.START)
def confirm_factor() -> AnyResponse:
    """Take the authenticator into use, sign in, and show the recovery codes this once."""
    return confirm(url_for("console.confirm_factor"))


def confirm(action: str) -> AnyResponse:
    """Confirm a new authenticator, at the first time and later."""
    t = language.translate()
    bot = the_bot()
    found, ip, now = desk().session, request.remote_addr or "", bot.clock()
    try:
        settled = enrolment.finish(bot.database, found, request.form.get("code", ""), ip, now)
    except InputError as error:
        return factor_form(422, problems.of(error.code), action)
    response = page("codes", title=t("Recovery codes"), codes=settled.codes)
    guard.renew(response, settled.ticket)
    guard.know_browser(response, found.member.id)
    return response


def factor_form(status: int, wrong: dict[str, str], action: str) -> AnyResponse:
    """The secret that waits in the session, as a picture and for typing."""
    t = language.translate()
    secret = desk().session.data
    if secret is None:
        return redirect(url_for("console.home"), 303)
    address = factors.address(secret, desk().session.member.username)
    return page(
        "factor",
        status,
        title=t("Set up your authenticator app"),
        problems=wrong,
        action=action,
        address=address,
        picture=segno.make(address, error="m", micro=False).svg_data_uri(scale=4, border=2),
        key=factors.spaced(secret),
    )


def context() -> tuple[str, ...]:
    """Words that are easy to guess here."""
    school = the_bot().settings.school.controller
    return (school,) if school else ()


def _form(token: str, status: int, wrong: dict[str, str]) -> AnyResponse:
    bot, t = the_bot(), language.translate()
    now = bot.clock()
    username = bot.database.read(lambda session: enrolment.holder(session, token, now))
    if username is None:
        status, wrong = 410, {}
    response = page(
        "start",
        status,
        title=t("Welcome to the team") if username else t("This link does not open"),
        problems=wrong,
        username=username,
        least=passwords.MIN_LENGTH,
    )
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
