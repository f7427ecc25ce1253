"""The door: name and password, then the second factor, and the way out."""

from collections.abc import Callable

from flask import redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from bot.services.staff import sessions
from bot.services.staff import sign_in as service
from bot.services.staff.permissions import Permission
from bot.services.staff.sign_in import StaffSignInOutcome
from handlers.console import cookies, guard, passkeys, problems
from handlers.console.guard import allow, public, stage
from handlers.console.pages import page
from handlers.console.request_context import desk
from handlers.console.routes import console
from handlers.web import language
from handlers.web.parts import the_bot
from models.staff import Stage


@console.get("/sign-in")
@public
def sign_in() -> AnyResponse:
    """Name and password."""
    if desk().member is not None:
        return redirect(url_for("console.home"), 303)
    return _form(200, {})


@console.post("/sign-in")
@public
def try_sign_in() -> AnyResponse:
    """Unknown, wrong, unfinished and disabled: one answer."""
    bot, t, found = the_bot(), language.translate(), desk().found
    username = request.form.get("username", "")
    outcome = service.attempt(
        bot.database,
        username,
        request.form.get("password", ""),
        request.remote_addr or "",
        bot.clock(),
        replaces=found.session_id if found else None,
        device=cookies.device(bot.cookie_keys),
    )
    if outcome.wait:
        answer = _form(429, {"": problems.too_many(t, outcome)}, username)
        answer.headers["Retry-After"] = str(int(outcome.wait.total_seconds()) + 1)
        return answer
    if outcome.ticket is None:
        said = problems.refused(t, t("The username or the password is not right."))
        return _form(403, {"": said}, username)
    response = redirect(_with_wish("console.code"), 303)
    guard.renew(response, outcome.ticket)
    return response


@console.get("/sign-in/code")
@stage(Stage.CODE)
def code() -> AnyResponse:
    """The second factor."""
    return _code_form(200, {})


@console.post("/sign-in/code")
@stage(Stage.CODE)
def try_code() -> AnyResponse:
    """Admit whoever shows a code that was not used before."""
    bot, now, found = the_bot(), the_bot().clock(), desk().session
    device, ip = cookies.device(bot.cookie_keys), request.remote_addr or ""
    outcome = service.attempt_factor(bot.database, found, _shown(), ip, now, device)
    response = _admitted(outcome, _code_form)
    if outcome.ticket is not None:
        guard.know_browser(response, found.member.id)
    return response


@console.post("/sign-in/again")
@stage(Stage.CODE)
def start_again() -> AnyResponse:
    """Forget the half-way session, for somebody else at this browser."""
    bot, found = the_bot(), desk().session
    bot.database.write(lambda s: sessions.end(s, found.session_id, bot.clock()))
    response = redirect(language.link("console.sign_in"), 303)
    cookies.clear(response, cookies.SESSION)
    return response


@console.get("/prove")
@allow(Permission.OWN_ACCOUNT)
def prove() -> AnyResponse:
    """The second factor once more, before something that matters."""
    return _prove_form(200, {})


@console.post("/prove")
@allow(Permission.OWN_ACCOUNT)
def try_prove() -> AnyResponse:
    bot = the_bot()
    outcome = service.prove(bot.database, desk().session, _shown(), bot.clock())
    return _admitted(outcome, _prove_form)


@console.post("/sign-out")
@allow(Permission.OWN_ACCOUNT)
def sign_out() -> AnyResponse:
    """End the session here and take everything back from the browser."""
    bot, found = the_bot(), desk().session
    bot.database.write(lambda session: service.sign_out(session, found, bot.clock()))
    # The language's cookie goes too, so the address carries the language to the last page.
    response = redirect(url_for("console.sign_in", lang=language.chosen()), 303)
    cookies.clear_all(response)
    return response


def _admitted(
    outcome: StaffSignInOutcome, form: Callable[[int, dict[str, str]], AnyResponse]
) -> AnyResponse:
    """On to where somebody wanted to go; back to the form where the factor was not taken."""
    if outcome.ticket is None:
        return form(429 if outcome.wait else 403, problems.of_factor(outcome))
    response = redirect(_wish() or url_for("console.home"), 303)
    guard.renew(response, outcome.ticket)
    return response


def _form(status: int, wrong: dict[str, str], username: str = "") -> AnyResponse:
    t = language.translate()
    return page(
        "sign_in",
        status,
        title=t("Sign in: staff"),
        problems=wrong,
        username=username[:64],
        next=_wish(),
    )


def _code_form(status: int, wrong: dict[str, str]) -> AnyResponse:
    t = language.translate()
    return _factor_form(status, wrong, t("Your second factor"), "console.try_code")


def _prove_form(status: int, wrong: dict[str, str]) -> AnyResponse:
    t = language.translate()
    title = t("Please show your second factor once more")
    return _factor_form(status, wrong, title, "console.try_prove")


def _factor_form(status: int, wrong: dict[str, str], title: str, endpoint: str) -> AnyResponse:
    return page(
        "code",
        status,
        title=title,
        problems=wrong,
        action=url_for(endpoint),
        is_at_door=endpoint == "console.try_code",
        passkey=passkeys.to_show(),
        next=_wish(),
    )


def _shown() -> service.Show:
    """A passkey where the browser handed one over, else what was typed."""
    answer = request.form.get("credential", "")
    if answer:
        return passkeys.shown(answer)
    bot = the_bot()
    code = request.form.get("code", "")
    return service.typed(bot.database, desk().session, code, bot.clock())


def _wish() -> str:
    """Where somebody wanted to go; only an address of the console."""
    return guard.local(request.values.get("next", ""))


def _with_wish(endpoint: str) -> str:
    wish = _wish()
    return language.link(endpoint, next=wish) if wish else language.link(endpoint)
