"""The console: staff at work. A page exists when its module is listed here."""

from flask import Flask

from handlers.console import (  # noqa: F401 - a page is there once its module is loaded
    audit_trail,
    campaign_acts,
    campaign_form,
    campaign_preview,
    campaign_progress,
    campaign_results,
    campaign_review,
    campaigns,
    dashboard,
    duplicates,
    errors,
    exports,
    imports,
    learner,
    learner_details,
    learners,
    own_account,
    own_chat,
    passkeys,
    returned_mails,
    routes,
    sign_in,
    start,
    team,
)
from handlers.console.routes import console
from handlers.console.session_store import NoteStore
from handlers.web import errors as error_pages


def register(app: Flask) -> None:
    """Add the pages, error pages, and the sealed cookie that carries messages between them."""
    error_pages.register(app, errors.PREFIX, errors.answer)
    app.session_interface = NoteStore()
    app.register_blueprint(console)
