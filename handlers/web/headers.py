"""The security headers of every response.

Sources: OWASP HTTP Headers Cheat Sheet; OWASP ASVS 5.0, 3.4.1 to 3.4.8.
"""

from flask import Flask, Response, request

# What an error page keeps of the answer that it replaces: it means something to the caller.
ERROR_HEADERS = ("Allow", "Retry-After")
_SOURCES = {
    "default-src": "'none'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "script-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}


def content_policy(**more: str) -> str:
    """The Content-Security-Policy, with further directives: `content_policy(connect_src="'self'")`.

    A view that needs more than the default sets the header itself; it is then left alone.
    """
    sources = _SOURCES | {name.replace("_", "-"): value for name, value in more.items()}
    return "; ".join(f"{name} {value}" for name, value in sources.items())


HEADERS = {
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "Content-Security-Policy": content_policy(),
    "X-Content-Type-Options": "nosniff",
    # Not no-referrer: browsers would then send `Origin: null` with our own forms.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cache-Control": "no-store",
}


def add(response: Response) -> Response:
    """Add what a view has not set itself; LINE's webhook is no browser and gets none."""
    if request.endpoint == "webhook.received":
        return response
    have = {name.lower() for name, _ in response.headers}
    for name, value in HEADERS.items():
        if name.lower() not in have:
            response.headers.add(name, value)
    return response


def register(app: Flask) -> None:
    """Guard every response of the application, errors included."""
    app.after_request(add)
