"""Who is at the console's door: asked before every view, and every view says whom it is for.

A view carries one of `allow(Permission.X)` (signed in, with a role that may), `public` (anybody)
or `stage(Stage.X)` (halfway through the door); one that carries none is refused.
Sources: OWASP ASVS 5.0, 3.5.1 to 3.5.3, 7.2 to 7.5, 8.2.1 to 8.2.3.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Response, abort, current_app, flash, g, redirect, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from bot.services.auth.sessions import SessionCookie
from bot.services.staff import kept_forms, sessions
from bot.services.staff.devices import DeviceCookie
from bot.services.staff.kept_forms import FilledForm
from bot.services.staff.permissions import Permission
from bot.services.staff.sessions import Member
from handlers.console import cookies, role_words
from handlers.console.pages import page, writer
from handlers.console.request_context import Desk, desk, member
from handlers.web import cookies as portal_cookies
from handlers.web import language
from handlers.web.parts import the_bot
from handlers.web.visits import SAFE, Visit, is_same_origin
from models.staff import Stage

__all__ = ["Member", "allow", "desk", "member", "public", "stage"]

MAX_FORM_BYTES = 256 * 1024
MAX_ID_LENGTH = 32
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
    language.speak_to_staff()
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
        g.kept_form = _kept(g.desk.member, now)


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
        return _once_more(desk, now) or page("stale", 403)
    if rule.fresh and desk.found is not None and not desk.found.is_fresh(now):
        return redirect(url_for("console.prove", next=_way_back(now)), 303)
    if request.method not in SAFE:
        g.sent_form = request.form.get("kept", "")[:MAX_ID_LENGTH]
    return None


def _once_more(desk: Desk, now: datetime) -> AnyResponse | None:
    """The filled form again, where the page is of an earlier session of this browser.

    Its token is worth nothing any more, so nothing is done; that the form comes from a page of
    ours the browser itself has to say.
    """
    ours = request.headers.get("Sec-Fetch-Site") == "same-origin"
    mine = desk.member is not None and writer() == desk.member.id
    back = _way_back(now) if ours and mine else ""
    return redirect(back, 303) if "kept=" in back else None


def _way_back(now: datetime) -> str:
    """Where somebody is to be brought after they showed who they are: to the filled form."""
    if request.method in SAFE:
        return local(request.full_path)
    back, written_by = _page_of_form(), writer()
    if not back or written_by is None:
        return back
    path, typed = request.path, list(request.form.items(multi=True))
    kept = the_bot().database.write(
        lambda session: kept_forms.keep(session, written_by, path, typed, now)
    )
    if kept is None:
        t = language.translate()
        flash(t("Nothing was done yet. Please press the button once more after this."), "warning")
        return back
    return local(f"{back}{'&' if '?' in back else '?'}kept={kept}")


def _page_of_form() -> str:
    """The page on which the form stands: where it came from, or what its address begins with."""
    came_from = local(request.referrer or "")
    parts = request.path.split("/")
    above = ["/".join(parts[:length]) for length in range(len(parts), 2, -1)]
    for address in filter(None, [came_from, *above]):
        plain = re.sub(r"(?<=[?&])kept=[0-9a-f]*&?", "", address).rstrip("?&")
        if local(plain) and _is_page(urlsplit(plain).path):
            return plain
    return ""


def _is_page(path: str) -> bool:
    adapter = current_app.create_url_adapter(request)
    try:
        found = adapter.match(path, method="GET") if adapter else None
    except HTTPException:
        return False
    rule = rule_of(found[0]) if found else None
    return rule is not None and rule.permission is not None


def _kept(mine: Member, now: datetime) -> FilledForm | None:
    """What this member typed before they were sent away; named by the address that they got."""
    name = request.args.get("kept", "")
    if request.method != "GET" or not name or len(name) > MAX_ID_LENGTH:
        return None
    return the_bot().database.read(lambda session: kept_forms.find(session, mine.id, name, now))


def _to_the_door(desk: Desk) -> AnyResponse:
    """Where a browser has to go first; a signed-in one has no business at the door."""
    reached = desk.found.stage if desk.found else None
    if reached is Stage.IN:
        return redirect(url_for("console.home"), 303)
    ways = {Stage.CODE: "console.code", Stage.START: "console.factor"}
    if reached in ways:
        return redirect(url_for(ways[reached]), 303)
    wish = _way_back(the_bot().clock())
    values = {"next": wish} if wish else {}
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
    sent: str = g.get("sent_form", "")
    if sent and desk is not None and desk.member is not None and response.status_code < 400:
        mine = desk.member.id  # what was kept has been taken at last
        the_bot().database.write(lambda session: kept_forms.forget(session, mine, sent))
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


def know_browser(response: AnyResponse, staff_id: str) -> None:
    """Both factors were shown in this browser: strangers cannot lock its owner out of it."""
    bot, now = the_bot(), the_bot().clock()
    held = cookies.device(bot.cookie_keys)
    known = held.id if held is not None and held.is_of(staff_id, now) else None
    cookies.set_device(response, bot.cookie_keys, DeviceCookie.new(staff_id, now, known))
