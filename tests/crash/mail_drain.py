"""One drain of the mails in a process of its own, which kills itself, hard, at a named point.

The mailer is wrapped and not replaced: up to its death the product does what it always does.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from app import create_app
from bot.mail.mime import Envelope
from bot.runtime import mailing
from bot.settings import Settings
from tests.clock import FakeClock

ADDRESSED = "addressed"  # the server has said yes to the address; nothing is marked
HANDED = "handed"  # all is written down; DATA has not been said
ACCEPTED = "accepted"  # the server has the mail and has said 250; we have not noted it


class DyingMailer:
    """A mailer whose connections end the process."""

    def __init__(self, inner: Any, point: str) -> None:
        self._inner = inner
        self._point = point

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    @contextmanager
    def connected(self) -> Iterator["DyingConnection"]:
        with self._inner.connected() as connection:
            yield DyingConnection(connection, self._point)


class DyingConnection:
    def __init__(self, inner: Any, point: str) -> None:
        self._inner = inner
        self._point = point

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def address(self, envelope: Envelope) -> None:
        self._inner.address(envelope)
        self._die_at(ADDRESSED)

    def hand_in(self, envelope: Envelope) -> None:
        self._die_at(HANDED)
        self._inner.hand_in(envelope)
        self._die_at(ACCEPTED)

    def _die_at(self, point: str) -> None:
        if point == self._point:
            os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Drain once, by the clock and to the death that the environment names."""
    clock = FakeClock(datetime.fromisoformat(os.environ["CRASH_CLOCK"]))
    bot = create_app(Settings.from_env(), clock=clock).extensions["bot"]
    bot.mailer = DyingMailer(bot.mailer, os.environ["CRASH_POINT"])
    mailing.drain(bot)


if __name__ == "__main__":
    main()
