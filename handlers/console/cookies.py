"""The console's cookies, and the only place that sets or clears them."""

import base64
import json
from datetime import datetime
from typing import Any

from flask import request
from werkzeug.wrappers import Response

from bot.crypto import Keyring
from bot.errors import SealError
from bot.services.auth.sessions import SessionCookie
from bot.services.staff.devices import LIFE as DEVICE_LIFE
from bot.services.staff.devices import DeviceCookie
from handlers.web.cookies import LANGUAGE, Cookie, put

SESSION = Cookie("__Host-staff", "keeps a member of staff signed in; random and encrypted")
NOTES = Cookie("__Host-staff-note", "carries one message to the next page of staff; encrypted")
DEVICE = Cookie(
    "__Secure-staff-device",
    "tells the browser of a member of staff from a stranger's; opens nothing, random and encrypted",
    path="/console",
)
COOKIES = (SESSION, NOTES, DEVICE)
PLACE = "cookie|staff|"
_NOTES_PLACE = "cookie|staff-note|"
MAX_BYTES = 3500  # browsers refuse more than 4096 with the attributes


def ticket(keys: Keyring) -> SessionCookie | None:
    """What the browser's session cookie holds, if this server made it."""
    value = request.cookies.get(SESSION.name)
    return SessionCookie.unseal(keys, value, PLACE) if value else None


def set_ticket(response: Response, keys: Keyring, ticket: SessionCookie, now: datetime) -> None:
    """Give the browser a fresh copy of its session cookie."""
    put(response, SESSION, ticket.seen(now).seal(keys, PLACE))


def device(keys: Keyring) -> DeviceCookie | None:
    """What tells this browser from a stranger's, if this server made it."""
    value = request.cookies.get(DEVICE.name)
    return DeviceCookie.unseal(keys, value) if value else None


def set_device(response: Response, keys: Keyring, device: DeviceCookie) -> None:
    """Let a browser be known the next time; it outlives a session and a signing out."""
    put(response, DEVICE, device.seal(keys), int(DEVICE_LIFE.total_seconds()))


def notes(keys: Keyring) -> dict[str, Any]:
    """What the last page left for this one."""
    value = request.cookies.get(NOTES.name)
    if not value:
        return {}
    try:
        raw = base64.urlsafe_b64decode(value.encode("ascii") + b"=" * (-len(value) % 4))
        found = json.loads(keys.open(raw, _NOTES_PLACE))
    except (ValueError, SealError):
        return {}
    return found if isinstance(found, dict) else {}


def set_notes(response: Response, keys: Keyring, notes: dict[str, Any]) -> None:
    """Leave something for the next page; too much is left out rather than refused."""
    sealed = keys.seal(json.dumps(notes, ensure_ascii=False).encode(), _NOTES_PLACE)
    value = base64.urlsafe_b64encode(sealed).decode().rstrip("=")
    if len(NOTES.name) + len(value) <= MAX_BYTES:
        put(response, NOTES, value)


def clear(response: Response, *cookies: Cookie) -> None:
    """Take cookies back from the browser."""
    for cookie in cookies:
        response.delete_cookie(
            cookie.name, path=cookie.path, secure=True, httponly=True, samesite="Lax"
        )


def clear_all(response: Response) -> None:
    """Take everything back, cached pages too (ASVS 14.3.1), but for what makes a browser known.

    Otherwise strangers who know a member's name could lock out whoever signs out at night.
    """
    clear(response, SESSION, NOTES, LANGUAGE)
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
