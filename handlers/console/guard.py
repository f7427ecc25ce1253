"""Who is at the console's door: asked before every view, and every view says whom it is for.

A view carries one of `allow(Permission.X)` (signed in, with a role that may), `public` (anybody)
or `stage(Stage.X)` (halfway through the door); one that carries none is refused.
Sources: OWASP ASVS 5.0, 3.5.1 to 3.5.3, 7.2 to 7.5, 8.2.1 to 8.2.3.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from flask import Response, abort, current_app, g, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from bot.services.auth.sessions import SessionCookie
from bot.services.staff import sessions
from bot.services.staff.permissions import Permission
from bot.services.staff.sessions import Member
from handlers.console import cookies, role_words
from handlers.console.pages import page
from handlers.console.request_context import Desk, desk, member
from handlers.web import cookies as portal_cookies
from handlers.web import language
from handlers.web.parts import the_bot
from handlers.web.visits import SAFE, Visit, is_same_origin
from models.staff import Stage

__all__ = ["Member", "allow", "desk", "member", "public", "stage"]

MAX_FORM_BYTES = 256 * 1024
REDIRECTS = {301, 302, 303, 307, 308}
View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class ViewRule:
    """Whom a view is for.

    fresh: only shortly after the second factor was shown. largest: bytes of a form.
    """

    permission: Permission | None = None
    stage: Stage | None = None
    fresh: bool = False
    largest: int = MAX_FORM_BYTES


def allow(
    permission: Permission, *, fresh: bool = False, largest: int = MAX_FORM_BYTES
) -> Callable[[View], View]:
    """A view for signed-in members with this permission; stands below its route."""
    return _ruled(ViewRule(permission, Stage.IN, fresh, largest))


def stage(wanted: Stage) -> Callable[[View], View]:
    """A view for a browser that is halfway through the door."""
    return _ruled(ViewRule(stage=wanted))


def public(view: View) -> View:
    """A view for anybody."""
    return _ruled(ViewRule())(view)


def _ruled(rule: ViewRule) -> Callable[[View], View]:
    def mark(view: View) -> View:
        view.console_rule = rule  # type: ignore[attr-defined]
        return view

    return mark


def rule_of(endpoint: str | None) -> ViewRule | None:
    """What a view said about itself."""
    view = current_app.view_functions.get(endpoint or "")
    found: ViewRule | None = getattr(view, "console_rule", None)
    return found


def arrive() -> AnyResponse | None:
    """Before every view: load the session, and turn away whom the view is not for."""
    rule = rule_of(request.endpoint)
    if request.endpoint == "console.asset_file":
        return None
    request.max_content_length = rule.largest if rule else MAX_FORM_BYTES
    sit()
    # A page with a one-time link in its address asks for no referrer, so that older browsers send
    # `Origin: null` with its form; the link and the form token decide there.
    is_foreign = request.method not in SAFE and not is_same_origin()
    if is_foreign and request.endpoint != "console.spend":
        abort(403)
    return _refusal(rule, g.desk, the_bot().clock())


def sit() -> None:
    """Who asks: their session, or a new one that ties a form to the browser."""
    bot = the_bot()
    now = bot.clock()
    ticket = cookies.ticket(bot.cookie_keys)
    if ticket is not None and not ticket.is_live(now):
        ticket = None
    found = None
    if ticket is not None and ticket.signed_in:
        held = ticket
        found = bot.database.read(lambda session: sessions.find(session, held, now))
        if found is None:
            ticket = None
    is_new = ticket is None
    if ticket is None:  # ties the form of a public page to this browser
        ticket = SessionCookie.new(now, signed_in=False)
    g.desk = Desk(Visit(bot.cookie_keys, ticket, None), found, is_new)
    if g.desk.member is not None:
        _speak(g.desk.member)


def _refusal(rule: ViewRule | None, desk: Desk, now: datetime) -> AnyResponse | None:
    """Why somebody may not see a view: the page that says so, or the way to where they may go."""
    if rule is None:
        return page("refused", 403)
    if rule.stage is not None and (desk.found is None or desk.found.stage is not rule.stage):
        return _to_the_door(desk)
    if rule.permission is not None:
        member = desk.member
        if member is None or not member.may(rule.permission):
            t = language.translate()
            return page(
                "refused",
                403,
                what=role_words.missing(t, rule.permission),
                holders=role_words.holders(t, rule.permission),
            )
    if request.method not in SAFE and not desk.visit.accepts(request.form.get("token", "")):
        return page("stale", 403)
    if rule.fresh and desk.found is not None and not desk.found.is_fresh(now):
        back = request.full_path if request.method in SAFE else request.referrer or ""
        return redirect(url_for("console.prove", next=local(back)), 303)
    return None


def _to_the_door(desk: Desk) -> AnyResponse:
    """Where a browser has to go first; a signed-in one has no business at the door."""
    reached = desk.found.stage if desk.found else None
    if reached is Stage.IN:
        return redirect(url_for("console.home"), 303)
    ways = {Stage.CODE: "console.code", Stage.START: "console.factor"}
    if reached in ways:
        return redirect(url_for(ways[reached]), 303)
    wish = request.full_path if request.method == "GET" else ""
    values = {"next": local(wish)} if local(wish) else {}
    return redirect(language.link("console.sign_in", **values), 303)


def local(address: str) -> str:
    """An address of the console without its origin, or nothing: nobody is sent elsewhere."""
    ours = the_bot().settings.public_url.rstrip("/")
    for origin in (ours, request.host_url.rstrip("/")):
        address = address.removeprefix(origin)
    address = address.rstrip("?")
    is_ours = address.startswith("/console/") and address.isascii() and len(address) < 512
    is_plain = not any(odd in address for odd in ("//", "..", "\\", "\t", "\r", "\n", " "))
    return address if is_ours and is_plain else ""


def _speak(member: Member) -> None:
    """In the member's own language, unless the address or this visit's switch says another."""
    if "language" not in g and request.args.get("lang") is None:
        switched = portal_cookies.language(the_bot().cookie_keys)
        g.language = switched or member.language


def leave(response: Response) -> Response:
    """After every view: move the idle limit of a session on, or tie a new browser to its form."""
    desk: Desk | None = g.get("desk")
    if (
        desk is None
        or desk.visit.ticket is None
        or portal_cookies.is_set(response, cookies.SESSION)
    ):
        return response
    now = the_bot().clock()
    is_form = desk.is_new and response.status_code not in REDIRECTS
    if is_form or (not desk.is_new and desk.visit.ticket.is_due(now)):
        cookies.set_ticket(response, desk.visit.keys, desk.visit.ticket, now)
    return response


def renew(response: AnyResponse, ticket: SessionCookie) -> None:
    """Hand the browser the cookie of a session that has just begun."""
    bot = the_bot()
    cookies.set_ticket(response, bot.cookie_keys, ticket, bot.clock())
