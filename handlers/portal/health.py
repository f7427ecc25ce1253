"""Two questions of the machine that runs us: alive, and ready."""

import structlog
from flask import Blueprint, Response, current_app, jsonify
from sqlalchemy.exc import SQLAlchemyError

from bot.logs import failure
from bot.runtime.engine import Engine
from handlers.web.parts import the_bot
from models import migrations

log = structlog.get_logger(__name__)

health = Blueprint("health", __name__)


@health.get("/healthz")
def healthz() -> Response:
    """The process answers; nothing else is asked."""
    return jsonify(status="ok")


@health.get("/readyz")
def readyz() -> Response:
    """The database answers and has the tables that this code needs, and what is stored is answered
    by some process; 503 names what is wrong."""
    problems = []
    try:
        found = the_bot().database.read(lambda session: migrations.current(session.connection()))
        if found != migrations.newest():
            problems.append("the database is not migrated")
    except SQLAlchemyError as error:
        log.warning("database_not_ready", **failure(error))
        problems.append("the database does not answer")
    engine: Engine = current_app.extensions["engine"]
    if not engine.is_answered():
        problems.append("nobody answers what is stored")
    response = jsonify(status="not ready" if problems else "ok", problems=problems)
    response.status_code = 503 if problems else 200
    return response
