"""The product with a death in it: kills itself, hard, at a point that a marker file names.

Started as a server (`tests.crash.crash_app:app`) and as a worker, like app.py itself. The
parts are wrapped, none is replaced: up to its death the product does what it always does.
"""

import os
import signal
import sys
from pathlib import Path
from typing import Any

from flask import Flask

from app import create_app, front, start
from bot.settings import Settings
from handlers.server import Front

STORED = "stored"  # the event is committed; neither answered to LINE nor handled
HANDLING = "handling"  # the handler has done its work; nothing of it is committed
MADE = "made"  # the provider has made the account; we have not noted it
REPLYING = "replying"  # everything is committed; LINE has not been told the answer
REPLIED = "replied"  # LINE has taken the answer; we have not noted it


class Doom:
    """Dies where the marker says so, once: the marker goes before we do."""

    def __init__(self, marker: Path, *, whole_group: bool) -> None:
        self.marker = marker
        self.whole_group = whole_group

    def at(self, point: str) -> None:
        try:
            if self.marker.read_text(encoding="utf-8") != point:
                return
            self.marker.unlink()
        except FileNotFoundError:
            return
        if self.whole_group:
            os.killpg(os.getpgid(0), signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)


class Wrapped:
    """Passes everything on to the part inside."""

    def __init__(self, inner: Any, doom: Doom) -> None:
        self._inner = inner
        self._doom = doom

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class DyingEngine(Wrapped):
    def received(self, stored: Any) -> None:
        self._doom.at(STORED)
        self._inner.received(stored)


class DyingDispatcher(Wrapped):
    def handle(self, event: Any, ctx: Any) -> Any:
        said = self._inner.handle(event, ctx)
        ctx.session.flush()
        self._doom.at(HANDLING)
        return said


class DyingProvider(Wrapped):
    def create(self, account: Any, now: Any) -> None:
        self._inner.create(account, now)
        self._doom.at(MADE)


class DyingGateway(Wrapped):
    def reply(self, reply_token: Any, messages: Any) -> None:
        self._doom.at(REPLYING)
        self._inner.reply(reply_token, messages)
        self._doom.at(REPLIED)


def build() -> Flask:
    made = create_app(Settings.from_env())
    doom = Doom(
        Path(os.environ["CRASH_MARKER"]),
        whole_group=os.environ.get("CRASH_SCOPE", "group") == "group",
    )
    bot = made.extensions["bot"]
    bot.dispatcher = DyingDispatcher(bot.dispatcher, doom)
    bot.provider = DyingProvider(bot.provider, doom)
    bot.gateway = DyingGateway(bot.gateway, doom)
    made.extensions["engine"] = DyingEngine(made.extensions["engine"], doom)
    if "work" not in sys.argv:  # the worker's command starts the engine itself
        start(made)
    return made


_built: list[Flask] = []


def __getattr__(name: str) -> Flask | Front:
    """`app` and `server`, built when one asks for them: tests import the names above."""
    if name not in {"app", "server"}:
        raise AttributeError(name)
    if not _built:
        _built.append(build())
    return _built[0] if name == "app" else front(_built[0])
