"""The page that freezes an account, for whoever got a notice by mail."""

from flask import Response

from bot.services.accounts import freezing, provisioning
from bot.services.accounts.freezing import Freeze
from handlers.portal.links import is_foreign, links
from handlers.portal.pages import page
from handlers.web.parts import the_bot


@links.get("/freeze/<token>")
def look_at_freeze(token: str) -> Response:
    """What freezing means, and the button; the same for every token. Reads nothing."""
    return page("freeze", school=the_bot().settings.school)


@links.post("/freeze/<token>")
def freeze(token: str) -> Response:
    """Freeze at once; the e-learning system is told now, or by the job as soon as it answers."""
    if is_foreign():
        return page("link", 403, is_foreign=True)
    bot = the_bot()
    pressed = bot.database.write(
        lambda session: freezing.freeze(session, token, "page", bot.clock())
    )
    if pressed.account_id is not None:
        provisioning.suspend(bot.database, bot.provider, pressed.account_id, bot.clock)
    status = 410 if pressed.outcome is Freeze.DEAD else 200
    return page("frozen", status, outcome=pressed.outcome.name.lower(), school=bot.settings.school)
