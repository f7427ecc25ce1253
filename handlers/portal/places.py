"""Where somebody wanted to go before they were asked who they are: one of our pages, or none."""

from flask import current_app, request
from werkzeug.exceptions import HTTPException

from handlers.web.language import link

START = "portal.my_courses"
# They lead on to somewhere else themselves.
_DOORS = {"portal.sign_in", "portal.signed_out", "portal.prove", "portal.asset_file"}


def wanted() -> str:
    """The path of this request; of a form the page on which it stood."""
    return request.path if request.method == "GET" else request.path.rpartition("/")[0]


def leading_to(path: str) -> str:
    """The address of a page of the portal, or of the courses where the path is anything else."""
    try:
        endpoint, values = current_app.url_map.bind("").match(path, method="GET")
    except HTTPException:
        return link(START)
    if not endpoint.startswith("portal.") or endpoint in _DOORS:
        return link(START)
    return link(endpoint, **values)
