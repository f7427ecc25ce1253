"""The one-time page to everything that is kept: a GET reads nothing, a POST burns and downloads."""

from dataclasses import replace

from flask import Response, abort, request

from bot.errors import ProviderError
from bot.presentation import archive_files, history_words
from bot.services.people.subjects import Subject
from bot.services.privacy import export_links, personal_data_export
from bot.services.privacy.export_links import Wrong
from bot.texts import THAI
from handlers.portal.links import is_foreign, links
from handlers.portal.pages import page
from handlers.web import pages
from handlers.web.parts import the_bot


@links.get("/data/<token>")
def look_at_data(token: str) -> Response:
    """The form; the same for every token. Reads nothing."""
    return page("data_link")


@links.post("/data/<token>")
def open_data(token: str) -> Response:
    """Four right digits burn the link and hand the file over."""
    if is_foreign():
        return page("link", 403, is_foreign=True)
    bot = the_bot()
    typed = request.form.get("digits", "")
    found = bot.database.write(
        lambda session: export_links.open_link(session, token, typed, bot.clock())
    )
    if found is None:
        return page("data_dead", 410)
    if isinstance(found, Wrong):
        if found.left == 0:
            return page("data_dead", 410, is_spent=True)
        return page("data_link", 422, left=found.left, is_counted=found.is_counted)
    return download(found.subject, found.request_id)


def download(subject: Subject, request_id: str) -> Response:
    """Gather, pack and hand over; the request is answered once the file is made."""
    bot = the_bot()
    now = bot.clock()
    keys = bot.database.read(lambda session: personal_data_export.keys(session, subject))
    try:
        elsewhere = personal_data_export.held_elsewhere(bot.provider, keys)
    except ProviderError as error:
        bot.log.warning("archive.incomplete", request=request_id, reason=error.reason)
        abort(503)  # the request stays open: a new link is one tap away
    found = bot.database.read(
        lambda session: personal_data_export.gather(session, subject, request_id, now)
    )
    found = replace(found, sections=[*found.sections, *elsewhere])
    content = archive_files.pack(found, history_words.titles(bot.settings, THAI))
    bot.database.write(lambda session: export_links.handed_over(session, request_id, now))
    response = pages.download(content, archive_files.filename(found), "application/zip")
    response.headers["Cache-Control"] = "no-store"
    return response
