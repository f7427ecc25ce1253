"""The console's blueprint: guarded here; its views stand one noun a module."""

from flask import Blueprint, Response, redirect, url_for
from werkzeug.wrappers import Response as AnyResponse

from bot.services.staff.permissions import Permission
from handlers.console import guard, navigation
from handlers.console.guard import allow, member, public
from handlers.console.pages import FILES
from handlers.web import pages

console = Blueprint("console", __name__, url_prefix="/console", template_folder="templates")
console.before_request(guard.arrive)
console.after_request(guard.leave)


@console.get("", strict_slashes=False)
@allow(Permission.OWN_ACCOUNT)
def home() -> AnyResponse:
    """The first page that the member may open."""
    found = navigation.entries(member())
    return redirect(url_for(found[0].endpoint if found else "console.own_account"), 303)


@console.get("/static/<filename>")
@public
def asset_file(filename: str) -> Response:
    """A style sheet, script or icon; the address changes with the content."""
    return pages.file(FILES, filename)
