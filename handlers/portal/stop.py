"""The end of news by one POST from a mail: no sign-in, no form token, the same answer for all.

Source: RFC 8058 (one-click): mail providers POST `List-Unsubscribe=One-Click` without cookies; a
GET, which scanners and previews send, changes nothing.
"""

from flask import Response

from bot.services.consent.consents import ConsentStatement
from bot.services.subscriptions import subscriptions
from handlers.portal.links import links
from handlers.portal.pages import page
from handlers.web.language import translate
from handlers.web.parts import the_bot


@links.get("/stop/<token>")
def look_at_stop(token: str) -> Response:
    """What this is, and the button. Reads nothing."""
    return page("stop", is_done=False)


@links.post("/stop/<token>")
def stop_news(token: str) -> Response:
    """Stop at once; known, forged, old and repeated tokens are answered alike.

    A form on somebody else's page may do this too: all that it can do is stop.
    """
    bot = the_bot()
    said = ConsentStatement(translate()("Stop news by e-mail"), channel="email")
    bot.database.write(
        lambda session: subscriptions.stop_by_token(
            session, bot.keyring, token, said, bot.settings.school, bot.clock()
        )
    )
    return page("stop", is_done=True)
