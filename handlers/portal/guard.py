"""Who is at the door: session, same origin, form token; asked before every view of the portal.

Sources: OWASP CSRF Prevention Cheat Sheet (token bound to the session, and Sec-Fetch-Site with
Origin as its fallback); OWASP ASVS 5.0, 3.5.1 to 3.5.3, 7.2.4.
"""

from flask import Response, abort, g, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from bot.services.auth import sessions
from bot.services.auth.sessions import SignedIn
from handlers.portal import places
from handlers.portal.pages import page
from handlers.web import cookies
from handlers.web.language import link
from handlers.web.parts import the_bot
from handlers.web.visits import SAFE, Visit, is_same_origin

MAX_FORM_BYTES = 64 * 1024
# Reachable by everybody; all else of the blueprint needs a session.
PUBLIC = {
    "privacy.current",
    "privacy.version",
    "portal.sign_in",
    "portal.try_sign_in",
    "portal.come_back",
    "portal.signed_out",
    "portal.advice",
    "portal.asset_file",
}
# Reachable before an own password is chosen.
BEFORE_CHOICE = {"portal.choose_password", "portal.store_password", "portal.log_out"}
# All that a session opens which began without a password: from the chat, or from a stay.
WITHOUT_PASSWORD = {
    "portal.my_courses",
    "portal.course",
    "portal.lesson",
    "portal.mark_done",
    "portal.prove",
    "portal.try_prove",
    "portal.log_out",
}


def arrive() -> AnyResponse | None:
    """Before every view: load the visit, and turn away whom the view is not for."""
    request.max_content_length = MAX_FORM_BYTES
    if request.endpoint == "portal.asset_file":
        return None
    bot = the_bot()
    now = bot.clock()
    ticket = cookies.ticket(bot.cookie_keys)
    if ticket is not None and not ticket.is_live(now):
        ticket = None
    signed_in = None
    if ticket is not None and ticket.signed_in:
        held = ticket
        signed_in = bot.database.read(lambda session: sessions.find(session, held, now))
        if signed_in is None:
            ticket = None
    visit = g.visit = Visit(bot.cookie_keys, ticket, signed_in)
    if request.method not in SAFE and not is_same_origin():
        abort(403)
    is_open = request.endpoint in PUBLIC
    if signed_in is None and not is_open:
        to = {"to": places.wanted()} if cookies.stay(bot.cookie_keys) else {}
        return redirect(link("portal.sign_in", **to), 303)
    if request.method not in SAFE and not visit.accepts(request.form.get("token", "")):
        if request.endpoint == "portal.try_sign_in":
            return None  # the view tells apart: no cookie at all, or a page that grew old
        return page("stale", 403)
    return None if signed_in is None or is_open else _narrowed(signed_in)


def _narrowed(signed_in: SignedIn) -> AnyResponse | None:
    """Where somebody is sent first who may not open everything yet."""
    if signed_in.is_limited:
        if request.endpoint in WITHOUT_PASSWORD:
            return None
        return redirect(link("portal.prove", to=places.wanted()), 303)
    if signed_in.must_choose_password and request.endpoint not in BEFORE_CHOICE:
        return redirect(link("portal.choose_password"), 303)
    return None


def leave(response: Response) -> Response:
    """After every view: move the idle limit of a signed-in browser on."""
    visit: Visit | None = g.get("visit")
    if visit is None or visit.ticket is None or visit.signed_in is None:
        return response
    now = the_bot().clock()
    if visit.ticket.is_due(now) and not cookies.is_set(response, cookies.SESSION):
        cookies.set_ticket(response, visit.keys, visit.ticket, now)
    return response
