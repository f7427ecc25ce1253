"""Every connection that the product opens goes to LINE, to the mail server, or to its database."""

import socket
import sys
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from sqlalchemy.engine import make_url

from bot.runtime import mailing
from tests.scenarios.auth.resetting import reset, settle
from tests.scenarios.story import tap

_seen: list[tuple[str, int]] | None = None


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    """Python's own hook on every connect(), whatever library calls it (PEP 578)."""
    if _seen is None or event != "socket.connect":
        return
    address = arguments[1]
    if isinstance(address, tuple):
        _seen.append((str(address[0]), int(address[1])))


sys.addaudithook(_watch)  # cannot be taken back; it does nothing outside the fixture


@pytest.fixture
def connections() -> Iterator[list[tuple[str, int]]]:
    """Where something connected to."""
    global _seen
    _seen = []
    yield _seen
    _seen = None


def test_the_hook_sees_a_connection(connections) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        socket.create_connection(("127.0.0.1", port)).close()
    assert ("127.0.0.1", port) in connections


def test_nothing_else_is_spoken_to(
    connections,
    someone,
    app,
    bot,
    engine,
    mailbox,
    settings,
) -> None:
    """A registration, news by e-mail, a reset with its notices (R20, OWASP ASVS 5.0, 13.2.4)."""
    chat = someone("มะลิ")
    settle(chat, app)
    chat.says("ข่าวสาร")
    reset(chat, app)
    tap(chat, "My account")
    engine.drain_pushes()
    mailing.drain(bot)
    line, base = urlsplit(settings.line_api_url), make_url(settings.database_url)
    allowed = {
        (line.hostname, line.port),
        (bot.mailer.server.host, bot.mailer.server.port),
        (base.host, base.port),
    }
    assert mailbox.mails, "no mail was sent: the test has seen too little"
    assert (line.hostname, line.port) in connections
    assert set(connections) <= allowed
