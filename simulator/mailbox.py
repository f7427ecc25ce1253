"""A mail server of our own on loopback: takes what it is sent and keeps it to be read."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cached_property
from ssl import SSLContext
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

HOST = "127.0.0.1"
MAX_MAILS = 500  # mails; the oldest go first


@dataclass(frozen=True)
class Received:
    """One mail as it came in: its envelope and its bytes."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes
    number: int = 0  # in the order of arrival

    @cached_property
    def message(self) -> EmailMessage:
        """The parsed mail, with headers decoded."""
        found = message_from_bytes(self.raw, policy=policy.default)
        assert isinstance(found, EmailMessage)  # noqa: S101 - policy.default makes nothing else
        return found

    @property
    def to(self) -> str:
        """The address that it was delivered to."""
        return self.recipients[0]

    @property
    def subject(self) -> str:
        return str(self.message["Subject"] or "")

    @property
    def headers(self) -> dict[str, str]:
        """Decoded headers by name; of several with one name, the last."""
        return {name: str(value) for name, value in self.message.items()}

    @property
    def text(self) -> str:
        return self._part("plain")

    @property
    def html(self) -> str:
        return self._part("html")

    def _part(self, kind: str) -> str:
        part = self.message.get_body((kind,))
        # A mail's lines end in CRLF (RFC 5322, 2.3); whoever reads it wants lines.
        return "" if part is None else str(part.get_content()).replace("\r\n", "\n")


class Mailbox:
    """Keeps what arrives; tests and levers may override a `handle_...` of aiosmtpd."""

    def __init__(self) -> None:
        self.mails: list[Received] = []
        self.connections = 0
        self._received = 0

    def of(self, address: str) -> list[Received]:
        """The mails to one address, oldest first."""
        return [mail for mail in self.mails if address in mail.recipients]

    def clear(self) -> None:
        self.mails = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """aiosmtpd's hook for a mail that is complete."""
        self.keep(envelope)
        return "250 2.0.0 kept"

    def keep(self, envelope: Envelope) -> None:
        content = envelope.original_content
        assert content is not None  # noqa: S101 - aiosmtpd calls us with the content
        recipients = tuple(str(to) for to in envelope.rcpt_tos)
        self._received += 1
        sender = str(envelope.mail_from or "")
        self.mails = [*self.mails, Received(sender, recipients, content, self._received)][
            -MAX_MAILS:
        ]


class MailboxServer:
    """Serves a mailbox over SMTP on a free loopback port, in a thread of its own."""

    def __init__(
        self, mailbox: Mailbox, *, tls_from_start: SSLContext | None = None, **options: Any
    ) -> None:
        self.mailbox = mailbox
        self.port = 0
        self._tls_from_start = tls_from_start
        self._connected: list[SMTP] = []
        self._options = {"enable_SMTPUTF8": True, "hostname": "mailbox.test", **options}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="mailbox", daemon=True)
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        """The address for SMTP_URL."""
        return f"smtp://{HOST}:{self.port}"

    def start(self) -> None:
        self._thread.start()
        self._server = self._run(self._listen())
        self.port = int(self._server.sockets[0].getsockname()[1])

    def stop(self) -> None:
        """Close the door, drop whoever is still connected, end the thread."""
        self._run(self._drop_everybody())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _listen(self) -> asyncio.Server:
        return await self._loop.create_server(self._welcome, HOST, 0, ssl=self._tls_from_start)

    def _welcome(self) -> SMTP:
        self.mailbox.connections += 1
        visitor = SMTP(self.mailbox, loop=self._loop, **self._options)
        self._connected = [one for one in self._connected if one.transport] + [visitor]
        return visitor

    async def _drop_everybody(self) -> None:
        if self._server is not None:
            self._server.close()
        for visitor in self._connected:
            if visitor.transport:
                visitor.transport.abort()
        mine = asyncio.current_task()
        others = [task for task in asyncio.all_tasks() if task is not mine]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await asyncio.sleep(0)  # transports close in the next turn of the loop

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=10)


@contextmanager
def serve_mailbox(mailbox: Mailbox, **options: Any) -> Iterator[MailboxServer]:
    """A running mail server, stopped afterwards."""
    server = MailboxServer(mailbox, **options)
    server.start()
    try:
        yield server
    finally:
        server.stop()
