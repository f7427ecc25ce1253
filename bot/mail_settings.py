"""Mail server and mailbox as the environment names them, and the key that signs our mails."""

from dataclasses import dataclass, field
from email.headerregistry import Address
from email.utils import parseaddr
from typing import Literal
from urllib.parse import unquote, urlsplit

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

Security = Literal["starttls", "tls", "plain"]
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_PORTS: dict[Security, int] = {"starttls": 587, "tls": 465, "plain": 25}


@dataclass(frozen=True)
class MailServer:
    """Where mails are handed in; nothing but loopback is ever spoken to in the clear."""

    host: str
    port: int
    security: Security = "starttls"
    user: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class ImapServer:
    """Where mails that come back are read; nothing but loopback is ever spoken to in the clear."""

    host: str
    port: int
    security: Security
    user: str
    password: str = field(repr=False)
    folder: str = "INBOX"


@dataclass(frozen=True)
class DkimKey:
    """Signs mails for a domain (RFC 6376); the public half stands in the DNS."""

    domain: str
    selector: str
    pem: bytes = field(repr=False)


def mail_server(url: str) -> MailServer:
    """Read `smtp://user:password@host:587` (STARTTLS) or `smtps://...` (TLS from the start).

    Raises ValueError, which does not repeat the address: it holds a password.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("not an address") from None
    host = parts.hostname
    if parts.scheme not in {"smtp", "smtps"} or not host or parts.path.strip("/") or parts.query:
        raise ValueError("not an address of a mail server")
    if (parts.username is None) != (parts.password is None):
        raise ValueError("user and password come together")
    security: Security = "tls" if parts.scheme == "smtps" else "starttls"
    if security == "starttls" and host in LOOPBACK:
        security = "plain"
    return MailServer(
        host=host,
        port=port or _PORTS[security],
        security=security,
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
    )


def imap_server(url: str) -> ImapServer:
    """Read `imaps://user:password@host/INBOX` (TLS) or `imap://...` (STARTTLS).

    Raises ValueError, which does not repeat the address: it holds a password.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError("not an address") from None
    if parts.scheme not in {"imap", "imaps"} or not host or parts.query or parts.fragment:
        raise ValueError("not an address of a mailbox")
    if not parts.username or not parts.password:
        raise ValueError("a mailbox has a user and a password")
    security: Security = "tls" if parts.scheme == "imaps" else "starttls"
    if security == "starttls" and host in LOOPBACK:
        security = "plain"
    said = [unquote(text) for text in (parts.username, parts.password, parts.path.strip("/"))]
    if any(not char.isprintable() for text in said for char in text):
        raise ValueError("control characters")  # they would end a command and begin another
    user, password, folder = said
    return ImapServer(
        host=host,
        port=port or (993 if security == "tls" else 143),
        security=security,
        user=user,
        password=password,
        folder=folder or "INBOX",
    )


def imap_folder(text: str) -> str:
    """Check the name of a folder: nothing in it may end a command and begin another."""
    if not text.isprintable() or len(text) > 200:
        raise ValueError("not a folder")
    return text


def mail_sender(text: str) -> str:
    """Check `Name <address>` or a bare address; the address itself is plain ASCII."""
    name, address = parseaddr(text)
    local, at, domain = address.rpartition("@")
    if not local or not at or "." not in domain or not address.isascii():
        raise ValueError("not an address")
    try:
        return str(Address(display_name=name, addr_spec=address))
    except Exception:  # the parser of headers has errors of its own
        raise ValueError("not an address") from None


def mail_recipient(text: str) -> str:
    """The address alone, of `Name <address>` or a bare one: that is what a mail is queued to."""
    return parseaddr(mail_sender(text))[1]


def mail_domain(text: str) -> str:
    """Check the name of a domain, as it stands in the DNS."""
    labels = text.lower().rstrip(".").split(".")
    if len(labels) < 2 or not all(
        label and label.isascii() and label.replace("-", "").isalnum() for label in labels
    ):
        raise ValueError("not a domain")
    return ".".join(labels)


def dkim_selector(text: str) -> str:
    """Check the name under which the public key stands in the DNS."""
    if not text.isascii() or not text.replace("-", "").replace(".", "").isalnum():
        raise ValueError("not a selector")
    return text.lower()


def dkim_pem(text: str) -> str:
    """An RSA key of 2048 bits or more in the form that dkimpy reads (RFC 8301, 3.2).

    Raises ValueError, which does not repeat the key.
    """
    try:
        key = load_pem_private_key(text.replace("\\n", "\n").encode(), None)
    except Exception:
        raise ValueError("not a PEM key") from None
    if not isinstance(key, RSAPrivateKey) or key.key_size < 2048:
        raise ValueError("not an RSA key of 2048 bits or more")
    made = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    return made.decode()
