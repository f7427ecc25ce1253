"""The one-time page: a GET shows a button and touches nothing, a POST opens the link once.

What it shows is kept nowhere, so the page itself carries it on: sealed, in the form of its button
that signs in. Whatever goes wrong there, the same page comes back and nothing is lost.

LINE's preview crawler (and those of other chats, mail scanners and browsers) GETs every address
that it sees; so a GET is the same for live, used, expired and unknown links and spends none.
"""

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from flask import Blueprint, Response, g, redirect, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from bot.crypto import Keyring
from bot.errors import ProviderError, SealError
from bot.services.accounts import notices
from bot.services.auth import passwords, secret_links, sessions
from bot.services.auth import sign_in as service
from bot.services.auth.secret_links import Opened
from bot.services.auth.sessions import SessionCookie
from bot.services.shared import codes
from handlers.portal.guard import MAX_FORM_BYTES
from handlers.portal.pages import page
from handlers.portal.sign_in import sign_in_form
from handlers.web import cookies, dates
from handlers.web.headers import HEADERS
from handlers.web.language import link
from handlers.web.parts import the_bot
from handlers.web.visits import Visit
from models.account import Account
from models.secret_link import LinkPurpose

log = structlog.get_logger(__name__)

_PLACE = "page|shown|"


class SecretLinks(Blueprint):
    """Addresses that end in a secret; a slash that came to stand behind it does not matter.

    What was cut short until the secret is gone is still a link of its kind, and a dead one.
    """

    def add_url_rule(self, rule: str, *args: Any, **options: Any) -> None:
        """Add an address that may end in a slash, and the same without its secret."""
        options.setdefault("strict_slashes", False)
        super().add_url_rule(rule, *args, **options)
        kind = rule.removesuffix("/<token>")
        if kind not in {rule, ""}:
            super().add_url_rule(kind, *args, **options | {"defaults": {"token": ""}})


links = SecretLinks("links", __name__, url_prefix="/s")


@links.url_value_preprocessor
def without_its_sentence(endpoint: str | None, values: dict[str, Any] | None) -> None:
    """Take a token without what a sentence, a bracket or a quote put around it.

    A guardian's code has a reader of its own.
    """
    if values and "token" in values and endpoint != "links.look_at_guardian_code":
        values["token"] = codes.bare_token(values["token"])


@links.get("/<token>")
def look(token: str) -> Response:
    """What this is, and the button. Reads nothing."""
    return page("link")


@links.post("/<token>")
def open_link(token: str) -> Response:
    """Burn the link, have the provider take a new password, show it this once."""
    if is_foreign():
        return page("link", 403, is_foreign=True)
    bot = the_bot()
    opened = bot.database.write(lambda session: secret_links.claim(session, token, bot.clock()))
    if opened is None:
        return page("link_dead", 410)
    return reveal(opened, LinkPurpose.INITIAL_PASSWORD)


@links.get("/opened")
def opened_before() -> Response:
    """What Back and reload find where a password was shown; the page's script puts it there."""
    return page("link_dead", is_opened=True)


def is_foreign() -> bool:
    """Whether a form was sent from somebody else's page.

    The token in the address is the authority, so there is no form token.
    """
    request.max_content_length = MAX_FORM_BYTES
    return request.headers.get("Sec-Fetch-Site", "none") not in {"same-origin", "none"}


def reveal(opened: Opened, purpose: LinkPurpose) -> Response:
    """Have the provider take a new password and show it; of a reset the learner is told."""
    bot, now = the_bot(), the_bot().clock()
    ip = request.remote_addr or ""
    account_id, username = opened.account.id, opened.account.username
    password = passwords.draw_initial()
    try:
        bot.provider.issue_password(account_id, password, now)
    except ProviderError as error:
        log.warning("password_not_issued", account_id=account_id, reason=error.reason)
        return page("link_failed", 503)

    def remember(session: Session) -> None:
        secret_links.revealed(session, account_id, now)
        service.owner_proven(session, username, ip, now)
        if purpose is LinkPurpose.PASSWORD_RESET:
            account = session.get_one(Account, account_id)
            notices.password_reset(session, account, opened.link_id, bot.settings, now)

    bot.database.write(remember)
    return _show(Shown(username, password))


@dataclass(frozen=True)
class Shown:
    """What a one-time page shows."""

    username: str
    password: str

    def seal(self, keys: Keyring) -> str:
        """For the page's own form: only what was really shown comes back by it."""
        content = f"{self.username}\n{self.password}".encode()
        return base64.urlsafe_b64encode(keys.seal(content, _PLACE)).decode()

    @classmethod
    def unseal(cls, keys: Keyring, value: str) -> "Shown | None":
        """Read a form's value; None for anything that this server did not make."""
        try:
            content = keys.open(base64.urlsafe_b64decode(value.encode("ascii")), _PLACE).decode()
        except (UnicodeError, binascii.Error, SealError):
            return None
        username, _, password = content.partition("\n")
        return cls(username, password)


def _show(shown: Shown, status: int = 200, **problem: object) -> Response:
    """The page, with the button that signs in where the e-learning system is the embedded one."""
    bot, now = the_bot(), the_bot().clock()
    if not bot.settings.system.is_embedded:
        sign_in_url = bot.provider.sign_in_url(bot.settings.public_url)
        return page("link_open", status, shown=shown, sign_in_url=sign_in_url)
    ticket = _ticket(now)
    visit = g.visit = Visit(
        bot.cookie_keys, ticket or SessionCookie.new(now, signed_in=False), None
    )
    response = page("link_open", status, shown=shown, sealed=shown.seal(bot.cookie_keys), **problem)
    if ticket is None and visit.ticket is not None:
        cookies.set_ticket(response, bot.cookie_keys, visit.ticket, now)
    return response


@links.get("/sign-in")
def sign_in_again() -> AnyResponse:
    """Where somebody comes back to the address of the form below."""
    return redirect(link("portal.sign_in"), 303)


@links.post("/sign-in")
def sign_in() -> AnyResponse:
    """Sign in with what the one-time page shows, or lead to the form with the username in it.

    The portal's own view would refuse it from old browsers: from a page without a referrer these
    say `Origin: null`. The form token is asked for all the same.
    """
    if is_foreign():
        return page("link", 403, is_foreign=True)
    bot, now = the_bot(), the_bot().clock()
    shown = Shown.unseal(bot.cookie_keys, request.form.get("shown", ""))
    if shown is None:
        return page("link_dead", 410)
    ticket = _ticket(now)
    visit = g.visit = Visit(bot.cookie_keys, ticket, None)
    if "by_hand" in request.form:
        response = sign_in_form(visit, 200, None, shown.username)
        response.headers["Referrer-Policy"] = HEADERS["Referrer-Policy"]  # no secret in its address
        return response
    on = link("portal.my_courses")
    if _has_signed_in(ticket, shown.username, now):  # pressed twice
        return redirect(on, 303)
    if not visit.accepts(request.form.get("token", "")):
        return _show(shown, 403, problem="stale")
    replaces = ticket if ticket is not None and ticket.signed_in else None
    ip = request.remote_addr or ""
    outcome = service.attempt(
        bot.database, shown.username, shown.password, ip, now, replaces=replaces
    )
    if outcome.wait:
        return _show(shown, 429, problem="wait", minutes=dates.minutes(outcome.wait))
    if outcome.ticket is None:  # a newer link was opened, it is too old, the account was shut
        return page("link_dead", 410)
    answer = redirect(on, 303)
    cookies.set_ticket(answer, bot.cookie_keys, outcome.ticket, now)
    return answer


def _ticket(now: datetime) -> SessionCookie | None:
    ticket = cookies.ticket(the_bot().cookie_keys)
    return ticket if ticket is not None and ticket.is_live(now) else None


def _has_signed_in(ticket: SessionCookie | None, username: str, now: datetime) -> bool:
    if ticket is None or not ticket.signed_in:
        return False
    found = the_bot().database.read(lambda session: sessions.find(session, ticket, now))
    return found is not None and found.username == username


@links.after_request
def keep_private(response: Response) -> Response:
    """Nothing of this address may be kept, followed or told to another site (ASVS 14.2.1)."""
    response.headers["Cache-Control"] = "no-store"
    response.headers.setdefault("Referrer-Policy", "no-referrer")
    response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    response.headers["Content-Security-Policy"] = HEADERS["Content-Security-Policy"]
    return response
