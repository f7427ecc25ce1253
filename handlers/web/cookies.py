"""Every cookie there is, and the only place that sets or clears one."""

import base64
from dataclasses import dataclass
from datetime import datetime

from flask import request
from werkzeug.wrappers import Response

from bot.crypto import Keyring
from bot.errors import SealError
from bot.services.auth.sessions import SessionCookie
from bot.services.auth.stays import StayCookie


@dataclass(frozen=True)
class Cookie:
    """What a cookie is for, in words that a person can check."""

    name: str
    purpose: str
    path: str = "/"


SESSION = Cookie("__Host-session", "keeps you signed in until you log out; random and encrypted")
LANGUAGE = Cookie("__Host-lang", "remembers the language that you switched to, for this visit")
STAY = Cookie(
    "__Secure-stay",
    "opens your lessons without a password, on a phone or computer where you ticked it; random "
    "and encrypted",
    path="/portal",
)
COOKIES = (SESSION, LANGUAGE, STAY)
_LANGUAGE_PLACE = "cookie|language|"
MAX_BYTES = 200  # bytes of name and value


def is_set(response: Response, cookie: Cookie) -> bool:
    """Whether the view itself has said what a cookie is to be."""
    start = f"{cookie.name}="
    return any(value.startswith(start) for value in response.headers.getlist("Set-Cookie"))


def ticket(keys: Keyring) -> SessionCookie | None:
    """What the browser's session cookie holds, if this server made it."""
    value = request.cookies.get(SESSION.name)
    return SessionCookie.unseal(keys, value) if value else None


def set_ticket(response: Response, keys: Keyring, ticket: SessionCookie, now: datetime) -> None:
    """Give the browser a fresh copy of its session cookie."""
    _set(response, SESSION, ticket.seen(now).seal(keys))


def stay(keys: Keyring) -> StayCookie | None:
    """What the cookie of a browser that stays signed in holds, if this server made it."""
    value = request.cookies.get(STAY.name)
    return StayCookie.unseal(keys, value) if value else None


def set_stay(response: Response, keys: Keyring, stay: StayCookie, now: datetime) -> None:
    """Let a browser stay signed in: the only cookie that outlives it (R40)."""
    _set(response, STAY, stay.seal(keys), max(1, int((stay.ends_at - now).total_seconds())))


def forget_stay(response: Response) -> None:
    """Take back the cookie of a stay that has ended."""
    _delete(response, STAY)


def language(keys: Keyring) -> str | None:
    """The language that was switched to in this visit."""
    value = request.cookies.get(LANGUAGE.name)
    if not value:
        return None
    try:
        raw = base64.urlsafe_b64decode(value.encode("ascii") + b"=" * (-len(value) % 4))
        return keys.open(raw, _LANGUAGE_PLACE).decode()
    except (ValueError, SealError):
        return None


def set_language(response: Response, keys: Keyring, language: str) -> None:
    """Keep a switched language until the browser closes.

    Sealed although it is no secret: the policy promises that our cookies are encrypted.
    """
    sealed = keys.seal(language.encode(), _LANGUAGE_PLACE)
    _set(response, LANGUAGE, base64.urlsafe_b64encode(sealed).decode().rstrip("="))


def clear(response: Response) -> None:
    """Take all cookies and everything cached back from the browser (ASVS 14.3.1)."""
    for cookie in COOKIES:
        _delete(response, cookie)
    response.headers["Clear-Site-Data"] = '"cache", "cookies", "storage"'


def _delete(response: Response, cookie: Cookie) -> None:
    response.delete_cookie(
        cookie.name, path=cookie.path, secure=True, httponly=True, samesite="Lax"
    )


def _set(response: Response, cookie: Cookie, value: str, seconds: int | None = None) -> None:
    if len(cookie.name) + len(value) > MAX_BYTES:
        raise ValueError(f"{cookie.name} is too large")
    put(response, cookie, value, seconds)


def put(response: Response, cookie: Cookie, value: str, seconds: int | None = None) -> None:
    """Set a cookie that a script cannot read; without seconds it goes with the browser."""
    # Lax, not Strict: a link in LINE or in a mail must find the login.
    response.set_cookie(
        cookie.name,
        value,
        max_age=seconds,
        path=cookie.path,
        secure=True,
        httponly=True,
        samesite="Lax",
    )
