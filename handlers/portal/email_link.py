"""The link that confirms an e-mail address: a GET shows a button, only the POST counts."""

from flask import Response

from bot.services.accounts import details
from handlers.portal.links import is_foreign, links
from handlers.portal.pages import page
from handlers.web.parts import the_bot


@links.get("/email/<token>")
def look_at_email(token: str) -> Response:
    """What this is, and the button; the same for every link. Reads nothing."""
    return page("email_link")


@links.post("/email/<token>")
def confirm_email(token: str) -> Response:
    """The holder of the link reads mail at the address: from now on it is the learner's."""
    if is_foreign():
        return page("email_link", 403, is_foreign=True)
    bot = the_bot()
    is_confirmed = bot.database.write(
        lambda session: details.confirm_email(session, token, bot.clock())
    )
    return page("email_confirmed") if is_confirmed else page("email_dead", 410)
