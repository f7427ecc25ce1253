"""The portal's blueprint: guarded here, its views stand in sign_in, password and study."""

from flask import Blueprint, Response, abort

from handlers.portal import guard
from handlers.portal.pages import ASSETS, content

portal = Blueprint("portal", __name__, url_prefix="/portal", template_folder="templates")
portal.before_request(guard.arrive)
portal.after_request(guard.leave)


@portal.get("/static/<filename>")
def asset_file(filename: str) -> Response:
    """Our style sheet, script and icon; the address changes with the content."""
    if filename not in ASSETS:
        abort(404)
    response = Response(content(filename), content_type=ASSETS[filename])
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response
