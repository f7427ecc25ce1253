"""A browser at one of our doors: its cookie, the form tokens made for it, and where it comes from.

Sources: OWASP CSRF Prevention Cheat Sheet (token bound to the session, and Sec-Fetch-Site with
Origin as its fallback); OWASP ASVS 5.0, 3.5.1 to 3.5.3.
"""

import hmac
import secrets
from dataclasses import dataclass

from flask import request

from bot.crypto import Keyring
from bot.services.auth.sessions import SessionCookie, SignedIn
from handlers.web.parts import the_bot

SAFE = {"GET", "HEAD", "OPTIONS"}


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
