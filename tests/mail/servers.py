"""Mail servers with a will of their own, and certificates that a test made itself."""

import asyncio
import ipaddress
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from simulator.mailbox import Mailbox

HANG, CUT = "hang", "cut"


class Wilful(Mailbox):
    """Answers a step with a given line, hangs at it, or cuts the connection there.

    `keeps_first`: takes the mail into the box before it misbehaves at the content, as a server
    does whose answer is lost on the way.
    """

    def __init__(self, *, keeps_first: bool = False, **behaviour: str) -> None:
        super().__init__()
        self.behaviour = behaviour
        self.keeps_first = keeps_first
        self.seen: list[str] = []
        self.was_secure: list[bool] = []

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = await self._behave("mail", server)
        if answer is None:
            envelope.mail_from = address
            self.was_secure.append(session.ssl is not None)
        return answer or "250 2.1.0 ok"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = await self._behave("rcpt", server) or await self._behave(address, server)
        if answer is None:
            envelope.rcpt_tos.append(address)
        return answer or "250 2.1.5 ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.keeps_first:
            self.keep(envelope)
        answer = await self._behave("content", server)
        if answer is None and not self.keeps_first:
            self.keep(envelope)
        return answer or "250 2.0.0 kept"

    async def _behave(self, step: str, server: SMTP) -> str | None:
        self.seen.append(step)
        answer = self.behaviour.get(step)
        if answer == CUT:
            server.transport.abort()
        if answer in {HANG, CUT}:
            await asyncio.Event().wait()  # until the connection is gone
        return answer


class DoorKeeper:
    """Knows one user and one password."""

    def __init__(self, user: str, password: str) -> None:
        self.known = (user.encode(), password.encode())

    def __call__(
        self, server: Any, session: Any, envelope: Any, mechanism: str, given: Any
    ) -> AuthResult:
        return AuthResult(success=(given.login, given.password) == self.known, handled=False)


@dataclass(frozen=True)
class Certificates:
    """A server's TLS, and that of a client who trusts its maker."""

    server: ssl.SSLContext
    client: ssl.SSLContext


def make_certificates(directory: Path, host: str = "127.0.0.1") -> Certificates:
    """An authority of our own and a certificate that it gave to a host."""
    now = datetime.now(UTC)
    authority, key = (
        ec.generate_private_key(ec.SECP256R1()),
        ec.generate_private_key(ec.SECP256R1()),
    )

    def certificate(subject: str, holder: Any, *more: Any) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(_name(subject))
            .issuer_name(_name("Test authority"))
            .public_key(holder.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
        )
        for extension in more:
            builder = builder.add_extension(extension, critical=False)
        return builder.sign(authority, SHA256())

    root = certificate("Test authority", authority, x509.BasicConstraints(True, None))
    leaf = certificate(
        host, key, x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))])
    )
    chain, secret = directory / "server.pem", directory / "server.key"
    chain.write_bytes(leaf.public_bytes(Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(chain, secret)
    trusting = ssl.create_default_context(cadata=root.public_bytes(Encoding.PEM).decode())
    trusting.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return Certificates(server, trusting)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
