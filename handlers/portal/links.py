"""The one-time page: a GET shows a button and touches nothing, a POST opens the link once.

LINE's preview crawler (and those of other chats, mail scanners and browsers) GETs every address
that it sees; so a GET is the same for live, used, expired and unknown links and spends none.
"""

import structlog
from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from bot.errors import ProviderError
from bot.services.accounts import notices
from bot.services.auth import passwords, secret_links
from bot.services.auth.secret_links import Opened
from bot.services.shared import throttles
from handlers.portal.guard import MAX_FORM_BYTES
from handlers.portal.pages import page
from handlers.web.headers import HEADERS
from handlers.web.parts import the_bot
from models.account import Account
from models.secret_link import LinkPurpose

log = structlog.get_logger(__name__)

links = Blueprint("links", __name__, url_prefix="/s")


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
        throttles.remember_network(session, username, ip, now)
        if purpose is LinkPurpose.PASSWORD_RESET:
            account = session.get_one(Account, account_id)
            notices.password_reset(session, account, opened.link_id, bot.settings, now)

    bot.database.write(remember)
    return page(
        "link_open",
        username=username,
        password=password,
        sign_in_url=bot.provider.sign_in_url(bot.settings.public_url),
    )


@links.after_request
def keep_private(response: Response) -> Response:
    """Nothing of this address may be kept, followed or told to another site (ASVS 14.2.1)."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    response.headers["Content-Security-Policy"] = HEADERS["Content-Security-Policy"]
    return response
