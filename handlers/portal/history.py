"""My history: everything that happened with a learner's data and account, a page at a time."""

from flask import Response, abort, request
from sqlalchemy.orm import Session

from bot.presentation import history_words
from bot.services.privacy import history as service
from bot.services.privacy.history import HistoryEntry
from handlers.portal.learners import key_of_visit, learner_of
from handlers.portal.pages import page
from handlers.portal.routes import portal
from handlers.web import language
from handlers.web.parts import the_bot

ON_A_PAGE = 20


@portal.get("/history")
def history() -> Response:
    """Newest first."""
    bot, t, key = the_bot(), language.translate(), key_of_visit()

    def read(session: Session) -> list[HistoryEntry] | None:
        learner = learner_of(session, key)
        return None if learner is None else service.entries(session, learner)

    found = bot.database.read(read)
    if found is None:
        abort(404)
    pages = max(1, -(-len(found) // ON_A_PAGE))
    wanted = request.args.get("page", "1")
    number = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 6 else 1
    number = min(max(number, 1), pages)
    named = history_words.titles(bot.settings, t.language)
    part = found[(number - 1) * ON_A_PAGE : number * ON_A_PAGE]
    return page(
        "history",
        entries=[(entry, history_words.sentence(t, entry, named)) for entry in part],
        number=number,
        pages=pages,
    )
