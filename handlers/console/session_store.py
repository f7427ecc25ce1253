"""Flask's `session` for the console's flash messages: sealed, never signed, nowhere else."""

from collections.abc import MutableMapping
from typing import Any, cast

from flask import Flask, Request, Response
from flask.sessions import NullSession, SessionInterface, SessionMixin
from werkzeug.datastructures import CallbackDict

from bot.runtime import Bot
from handlers.console import cookies

PREFIX = "/console"


class Notes(CallbackDict[str, Any], SessionMixin):
    """What one page leaves for the next; it identifies nobody."""

    def __init__(self, initial: dict[str, Any]) -> None:
        super().__init__(initial, on_update=self._changed)
        self.modified = False
        self.accessed = False
        self.new = not initial

    @staticmethod
    def _changed(notes: MutableMapping[str, Any]) -> None:
        cast("Notes", notes).modified = True


class NoteStore(SessionInterface):
    """Serves the console alone: a webhook or a learner's page has no session of Flask's."""

    def open_session(self, app: Flask, request: Request) -> SessionMixin:
        if not request.path.startswith(PREFIX):
            return NullSession()
        bot: Bot = app.extensions["bot"]
        return Notes(cookies.notes(bot.cookie_keys))

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if not isinstance(session, Notes) or not session.modified:
            return
        if session:
            bot: Bot = app.extensions["bot"]
            cookies.set_notes(response, bot.cookie_keys, dict(session))
        elif not session.new:
            cookies.clear(response, cookies.NOTES)
