"""The page `/simulator/mailbox`: what the product's mails look like when they arrive."""

from flask import Blueprint, Response, abort, render_template

from simulator.mailbox import Mailbox, Received

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# A mail is a stranger's page: no scripts, no forms, nothing loaded; its links open outside.
MAIL_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
    "style-src 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'"
)
SHOWN = ("From", "To", "Reply-To", "Subject", "Date")


def create_mailbox_blueprint(mailbox: Mailbox) -> Blueprint:
    """A list of mails, newest first, and each with its parts; for development only."""
    blueprint = Blueprint("mailbox", __name__, url_prefix="/simulator/mailbox")

    @blueprint.get("", strict_slashes=False)
    def inbox() -> Response:
        return _page(render_template("simulator/mailbox.html", mails=mailbox.mails[::-1]))

    @blueprint.get("/<int:number>")
    def mail(number: int) -> Response:
        found = _found(mailbox, number)
        headers = list(found.message.items())
        return _page(
            render_template(
                "simulator/mail.html",
                mail=found,
                shown=[(name, value) for name, value in headers if name in SHOWN],
                headers=headers,
            )
        )

    @blueprint.get("/<int:number>/html")
    def html(number: int) -> Response:
        # A new window for each link: inside the frame nothing else may be shown.
        body = _found(mailbox, number).html.replace("<head>", '<head><base target="_blank">', 1)
        return _page(body, MAIL_POLICY)

    return blueprint


def _found(mailbox: Mailbox, number: int) -> Received:
    found = next((mail for mail in mailbox.mails if mail.number == number), None)
    if found is None:
        abort(404)
    return found


def _page(body: str, policy: str = POLICY) -> Response:
    response = Response(body)
    response.headers["Content-Security-Policy"] = policy
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
