"""The portal's blueprint: guarded here, its views stand in sign_in, password and study."""

from flask import Blueprint, Response

from handlers.portal import guard
from handlers.portal.pages import FILES
from handlers.web import pages

portal = Blueprint("portal", __name__, url_prefix="/portal", template_folder="templates")
portal.before_request(guard.arrive)
portal.after_request(guard.leave)


@portal.get("/static/<filename>")
def asset_file(filename: str) -> Response:
    """Our style sheet, script and icon; the address changes with the content."""
    return pages.file(FILES, filename)
