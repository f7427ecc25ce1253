"""The learner's pages: one-time link, sign-in, courses, privacy, receipts; and every header."""

from flask import Flask, redirect
from werkzeug.wrappers import Response

from handlers.portal import (  # noqa: F401 - a page is there once its module is loaded
    account,
    archive,
    children,
    details,
    devices,
    email_link,
    errors,
    freeze,
    guardian,
    history,
    lessons_link,
    news,
    password,
    prove,
    relink,
    reset,
    rights,
    sign_in,
    stop,
    study,
)
from handlers.portal.health import health
from handlers.portal.links import links
from handlers.portal.privacy import privacy
from handlers.portal.receipts import receipts
from handlers.portal.routes import portal
from handlers.web import headers
from handlers.web.language import link


def register(app: Flask) -> None:
    """Add the pages, the error pages and the security headers of all responses."""
    headers.register(app)
    errors.register(app)
    for blueprint in (portal, links, privacy, receipts, health):
        app.register_blueprint(blueprint)
    app.add_url_rule("/", "front_door", front_door)


def front_door() -> Response:
    """The portal is what there is to see."""
    return redirect(link("portal.my_courses"), 302)
