"""The page of a password reset: the last four digits of the phone, then the new password."""

from flask import Response, request

from bot.services.auth import resets
from bot.services.auth.resets import Proof, ResetRefusal
from handlers.portal.links import is_foreign, links, reveal
from handlers.portal.pages import page
from handlers.web.parts import the_bot
from models.secret_link import LinkPurpose


@links.get("/reset/<token>")
def look_at_reset(token: str) -> Response:
    """The form; the same for every token. Reads nothing."""
    return page("reset")


@links.post("/reset/<token>")
def open_reset(token: str) -> Response:
    """Four right digits burn the link and show a new password; until then nothing changes."""
    if is_foreign():
        return page("link", 403, is_foreign=True)
    bot = the_bot()
    typed = request.form.get("digits", "")
    found = bot.database.write(lambda session: resets.open_link(session, token, typed, bot.clock()))
    if not isinstance(found, ResetRefusal):
        return reveal(found, LinkPurpose.PASSWORD_RESET)
    if found.proof in {Proof.DEAD, Proof.SPENT}:
        return page("link_dead", 410, is_spent=found.proof is Proof.SPENT)
    return page("reset", 422, problem=found.proof.name.lower(), left=found.left)
