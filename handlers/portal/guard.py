"""Who is at the door: session, same origin, form token; asked before every view of the portal.

Sources: OWASP CSRF Prevention Cheat Sheet (token bound to the session, and Sec-Fetch-Site with
Origin as its fallback); OWASP ASVS 5.0, 3.5.1 to 3.5.3, 7.2.4.
"""

import hmac
import secrets
from dataclasses import dataclass

from flask import Response, abort, g, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from bot.crypto import Keyring
from bot.services.auth import sessions
from bot.services.auth.sessions import (
    SessionCookie,
    SignedIn,
)
from handlers.portal.pages import page
from handlers.web import cookies
from handlers.web.language import link
from handlers.web.parts import the_bot

SAFE = {"GET", "HEAD", "OPTIONS"}
MAX_FORM_BYTES = 64 * 1024
# Reachable by everybody; all else of the blueprint needs a session.
PUBLIC = {
    "privacy.current",
    "privacy.version",
    "portal.sign_in",
    "portal.try_sign_in",
    "portal.signed_out",
    "portal.advice",
    "portal.asset_file",
}
# Reachable before an own password is chosen.
BEFORE_CHOICE = {"portal.choose_password", "portal.store_password", "portal.log_out"}


@dataclass
class Visit:
    """One request's browser: its cookie, and who is signed in with it."""

    keys: Keyring
    ticket: SessionCookie | None
    signed_in: SignedIn | None

    def token(self) -> str:
        """A form token for this browser: a salt and its keyed hash with the cookie's reference.

        The salt makes each page's token another one, so that compression tells nothing of it.
        """
        if self.ticket is None:
            raise RuntimeError("a form needs a ticket")
        salt = secrets.token_hex(8)
        return f"{salt}.{self._mac(self.ticket, salt)}"

    def accepts(self, token: str) -> bool:
        """Whether a form was made for this browser."""
        salt, dot, mac = token.partition(".")
        if self.ticket is None or not dot or not mac.isascii():
            return False
        return hmac.compare_digest(mac, self._mac(self.ticket, salt))

    def _mac(self, ticket: SessionCookie, salt: str) -> str:
        return self.keys.blind("form", f"{salt}|{ticket.reference.hex()}")


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
        return redirect(link("portal.sign_in"), 303)
    if request.method not in SAFE and not visit.accepts(request.form.get("token", "")):
        if request.endpoint == "portal.try_sign_in":
            return None  # the view tells apart: no cookie at all, or a page that grew old
        return page("stale", 403)
    if (
        signed_in is not None
        and signed_in.must_choose_password
        and not is_open
        and request.endpoint not in BEFORE_CHOICE
    ):
        return redirect(link("portal.choose_password"), 303)
    return None


def leave(response: Response) -> Response:
    """After every view: move the idle limit of a signed-in browser on."""
    visit: Visit | None = g.get("visit")
    if visit is None or visit.ticket is None or visit.signed_in is None:
        return response
    now = the_bot().clock()
    if visit.ticket.is_due(now) and not is_cookie_set(response):
        cookies.set_ticket(response, visit.keys, visit.ticket, now)
    return response


def is_cookie_set(response: Response) -> bool:
    """Whether the view itself has said what the session cookie is to be."""
    return any(
        value.startswith(f"{cookies.SESSION.name}=")
        for value in response.headers.getlist("Set-Cookie")
    )


def is_same_origin() -> bool:
    """Whether an unsafe request comes from a page of ours, as far as the browser tells.

    Browsers that tell nothing pass: the form token decides.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = request.headers.get("Origin")
    if origin is None:
        return True
    ours = {the_bot().settings.public_url.rstrip("/"), request.host_url.rstrip("/")}
    return origin in ours
