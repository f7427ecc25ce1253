"""The link that confirms an e-mail address: a GET shows a button, only the POST counts."""

from flask import Response
from sqlalchemy.orm import Session

from bot.services.accounts import details
from bot.services.accounts.details import EmailLink
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
    now = bot.clock()

    def confirm(session: Session) -> EmailLink | None:
        is_done = details.confirm_email(session, token, now)
        return None if is_done else details.email_link(session, token, now)

    why = bot.database.write(confirm)
    if why in {None, EmailLink.CONFIRMED}:
        return page("email_confirmed", is_before=why is not None)
    return page("email_dead", 410, is_replaced=why is EmailLink.REPLACED)
