"""GET /pictures/<id>.jpg: the pictures of announcements, for LINE, mail programs and previews."""

from flask import Blueprint, Response, abort

from bot.services.campaigns.content import pictures as kept
from bot.services.campaigns.content.content import PICTURE
from handlers.web.parts import the_bot

pictures = Blueprint("pictures", __name__)


@pictures.get("/pictures/<picture_id>.jpg")
def picture(picture_id: str) -> Response:
    """A picture; public, because everybody who gets the announcement fetches it without us."""
    if not PICTURE.fullmatch(picture_id):
        abort(404)
    data = the_bot().database.read(lambda session: kept.find(session, picture_id))
    if data is None:
        abort(404)
    response = Response(data, content_type="image/jpeg")
    # Named by its content: what stands under an address never changes.
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers["Content-Disposition"] = "inline"
    return response
