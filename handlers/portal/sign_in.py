"""The way in and the way out: sign in, come back, log out, the school's advice on them."""

from flask import Response, g, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from bot.services.auth import sign_in as service
from bot.services.auth import stays
from bot.services.auth.sessions import SessionCookie
from bot.services.auth.stays import StayWish
from handlers.portal import devices, places
from handlers.portal.pages import page
from handlers.portal.routes import portal
from handlers.web import cookies, dates
from handlers.web.language import chosen, link
from handlers.web.parts import the_bot
from handlers.web.visits import Visit


@portal.get("/sign-in")
def sign_in() -> AnyResponse:
    """The form; it gives the browser a cookie that ties the form to it.

    Where learners sign in elsewhere, they are sent there. Who stays signed in gets a button.
    """
    bot, visit = the_bot(), g.visit
    if visit.signed_in is not None:
        return redirect(link("portal.my_courses"), 303)
    if not bot.settings.system.is_embedded:
        return redirect(f"{bot.provider.sign_in_url(bot.settings.public_url)}?lang={chosen()}", 303)
    stay = cookies.stay(bot.cookie_keys)
    if stay is None or "other" in request.args:
        return sign_in_form(visit, 200, None)
    now = bot.clock()
    username = bot.database.read(lambda session: stays.find(session, stay, now))
    if username is None:
        answer = sign_in_form(visit, 200, None)
        cookies.forget_stay(answer)
        return answer
    to = request.args.get("to", "")
    return _tied(visit, "come_back", 200, username=username, to=to)


@portal.post("/come-back")
def come_back() -> AnyResponse:
    """Open the lessons for a browser that stays signed in, and change its cookie."""
    bot, visit = the_bot(), g.visit
    if visit.signed_in is not None:
        return redirect(places.leading_to(request.form.get("to", "")), 303)
    stay, now = cookies.stay(bot.cookie_keys), bot.clock()
    opened = None
    if stay is not None:
        held = stay
        opened = bot.database.write(lambda session: stays.come_back(session, held, now))
    if opened is None:
        answer = redirect(link("portal.sign_in"), 303)
        cookies.forget_stay(answer)
        return answer
    ticket, following = opened
    answer = redirect(places.leading_to(request.form.get("to", "")), 303)
    cookies.set_ticket(answer, bot.cookie_keys, ticket, now)
    cookies.set_stay(answer, bot.cookie_keys, following, now)
    return answer


@portal.post("/sign-in")
def try_sign_in() -> AnyResponse:
    """Unknown, wrong, expired and closed: one answer."""
    bot, visit = the_bot(), g.visit
    if cookies.SESSION.name not in request.cookies:
        return page("no_cookies")
    if not visit.accepts(request.form.get("token", "")):
        return sign_in_form(visit, 403, "stale")
    username = request.form.get("username", "")
    outcome = service.attempt(
        bot.database,
        username,
        request.form.get("password", ""),
        request.remote_addr or "",
        bot.clock(),
        replaces=visit.ticket if visit.signed_in else None,
        stay=StayWish(
            cookies.stay(bot.cookie_keys),
            devices.device() if request.form.get("stay") == "1" else None,
        ),
    )
    if outcome.wait:
        response = page("wait", 429, minutes=dates.minutes(outcome.wait))
        response.headers["Retry-After"] = str(int(outcome.wait.total_seconds()) + 1)
        return response
    if outcome.ticket is None:
        return sign_in_form(visit, 403, "refused", username)
    answer = redirect(link("portal.my_courses"), 303)
    cookies.set_ticket(answer, bot.cookie_keys, outcome.ticket, bot.clock())
    if outcome.stay is not None:
        cookies.set_stay(answer, bot.cookie_keys, outcome.stay, bot.clock())
    elif cookies.STAY.name in request.cookies:
        cookies.forget_stay(answer)
    return answer


@portal.post("/log-out")
def log_out() -> AnyResponse:
    """End the session here and take everything back from the browser."""
    bot, visit = the_bot(), g.visit
    stay = cookies.stay(bot.cookie_keys)
    bot.database.write(lambda session: service.log_out(session, visit.ticket, bot.clock(), stay))
    # The language's cookie goes too, so the address carries the language to the last page.
    answer = redirect(link("portal.signed_out", lang=chosen()), 303)
    cookies.clear(answer)
    return answer


@portal.get("/signed-out")
def signed_out() -> Response:
    """What stands after Log Out."""
    return page("signed_out")


@portal.get("/advice")
def advice() -> Response:
    """The policy's advice on security: password, Log Out, cookies, e-mail."""
    return page("advice")


def sign_in_form(visit: Visit, status: int, problem: str | None, username: str = "") -> Response:
    """The form, with the username that is known already; its browser gets a cookie for it."""
    return _tied(visit, "sign_in", status, problem=problem, username=username[:64])


def _tied(visit: Visit, template: str, status: int, **values: object) -> Response:
    """A page with a form, and the cookie that ties the form to the browser."""
    bot = the_bot()
    now = bot.clock()
    fresh = visit.ticket is None or visit.ticket.signed_in or visit.ticket.is_due(now)
    if visit.ticket is None or visit.ticket.signed_in:
        visit.ticket = SessionCookie.new(now, signed_in=False)
    response = page(template, status, **values)
    if fresh:
        cookies.set_ticket(response, bot.cookie_keys, visit.ticket, now)
    return response
