"""The one-time page into the lessons: a GET shows a button, a POST opens them once."""

from flask import Response, redirect
from werkzeug.wrappers import Response as AnyResponse

from bot.services.auth import lesson_links
from handlers.portal.links import is_foreign, links
from handlers.portal.pages import page
from handlers.web import cookies
from handlers.web.language import link
from handlers.web.parts import the_bot


@links.get("/lessons/<token>")
def look_at_lessons(token: str) -> Response:
    """What this is, and the button; the same for every token. Reads nothing."""
    return page("lessons_link")


@links.post("/lessons/<token>")
def open_lessons(token: str) -> AnyResponse:
    """Burn the link and open a session for lessons and progress."""
    if is_foreign():
        return page("link", 403, is_foreign=True)
    bot = the_bot()
    held, now = cookies.ticket(bot.cookie_keys), bot.clock()
    ticket = bot.database.write(lambda session: lesson_links.open_link(session, token, held, now))
    if ticket is None:
        return page("lessons_dead", 410)
    answer = redirect(link("portal.my_courses"), 303)
    cookies.set_ticket(answer, bot.cookie_keys, ticket, now)
    return answer
