"""A mail as bytes: headers that no value breaks out of, text and HTML, a signature (RFC 5322)."""

import base64
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime, parseaddr

import dkim
import idna

from bot.errors import DeliveryError
from bot.mail_settings import DkimKey

# RFC 8058, 4: the signature must cover both headers of the one-click address.
SIGNED = (
    "From",
    "To",
    "Reply-To",
    "Subject",
    "Date",
    "Message-ID",
    "MIME-Version",
    "Content-Type",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
)
MAX_ADDRESS = 254  # characters (RFC 5321, 4.5.3.1.3); a longer one is none
MAX_TITLE = 200  # characters of a subject; the rest would be shown nowhere
_BOUNCE = re.compile(r"b-([0-9a-f]{32})@", re.IGNORECASE)
_WORD_BYTES = 45  # of text in an encoded word: 60 in base64, below 75 with what is around it
_LINE = 76
# Read by machines, so never coded (RFC 2047, 5); folded at the blanks that stand in them.
_STRUCTURED = {
    *("list-unsubscribe", "list-unsubscribe-post", "message-id", "references", "in-reply-to"),
    *("auto-submitted", "feedback-id", "return-path", "list-id", "precedence"),
}


class _Folding(EmailPolicy):
    """Writes the headers in which Python's own folding differs by version and loses characters.

    It codes a structured header that is longer than a line, and takes blanks from a subject whose
    coded words stand beside plain ones.
    """

    def fold(self, name: str, value: str) -> str:
        kind = name.lower()
        if kind in _STRUCTURED:
            return _folded(name, str(value).split(" "))
        if kind == "subject":
            return _folded(name, list(_words(str(value))))
        return str(super().fold(name, value))

    def fold_binary(self, name: str, value: str) -> bytes:
        if name.lower() in {*_STRUCTURED, "subject"}:
            return self.fold(name, value).encode("ascii")
        return bytes(super().fold_binary(name, value))


# All is coded in ASCII lines of at most 76 characters (RFC 2045): no server has to offer 8BITMIME,
# no line is too long for RFC 5322 (998), and no relay has a reason to change what was signed.
_POLICY = _Folding(linesep="\r\n", cte_type="7bit", max_line_length=_LINE)


@dataclass(frozen=True)
class Written:
    """One mail in words."""

    id: str
    message_id: str
    to: str
    title: str
    text: str
    html: str
    language: str
    date: datetime
    is_news: bool = False
    unsubscribe: str | None = None  # the one-click address (RFC 8058)


@dataclass(frozen=True)
class Letterhead:
    """What all our mails have in common; each stream has an address of its own."""

    sender: str
    news_sender: str
    reply_to: str | None = None
    bounce_domain: str | None = None
    dkim: DkimKey | None = None

    def domain(self, *, is_news: bool = False) -> str:
        """The domain of a stream's address, which also names its mails."""
        address = parseaddr(self.news_sender if is_news else self.sender)[1]
        return address.rpartition("@")[2]


@dataclass(frozen=True)
class Envelope:
    """What the mail server is told, and the mail."""

    sender: str
    to: str
    content: bytes
    needs_utf8: bool = False  # the address before the @ is not ASCII (RFC 6531)


def bounce_address(mail_id: str, domain: str) -> str:
    """An address of its own for each mail, so that a bounce says which one it was (VERP)."""
    return f"b-{mail_id}@{domain}"


def bounced_mail(address: str) -> str | None:
    """The mail that a bounce to this address is about."""
    found = _BOUNCE.match(address)
    return found[1].lower() if found else None


def compose(written: Written, head: Letterhead) -> Envelope:
    """The mail as it goes out; raises DeliveryError (permanent) for an address that cannot be.

    The same words give the same headers, so a repeat carries the same Message-ID and Date.
    """
    to, needs_utf8 = wire_address(written.to)
    sender = head.news_sender if written.is_news else head.sender
    message = EmailMessage(policy=_POLICY.clone(utf8=needs_utf8))
    try:
        message["From"] = _mailbox(sender)
        local, _, domain = to.rpartition("@")
        message["To"] = Address(username=local, domain=domain)
        if head.reply_to:
            message["Reply-To"] = _mailbox(head.reply_to)
        message["Subject"] = header_text(written.title)
        message["Date"] = format_datetime(written.date)
        message["Message-ID"] = written.message_id
        if written.is_news:
            _say_how_to_stop(message, written.unsubscribe)
        else:
            message["Auto-Submitted"] = "auto-generated"  # RFC 3834, 5
        message.set_content(written.text, cte="base64")
        message.add_alternative(written.html, subtype="html", cte="base64")
        message.set_boundary(f"=_{written.id}")
        message["Content-Language"] = written.language
        content = message.as_bytes()
    except (ValueError, MessageError, IndexError, UnicodeError):
        raise DeliveryError("cannot be written", permanent=True) from None
    if head.dkim is not None:
        content = _sign(content, message, head.dkim)
    from_address = parseaddr(sender)[1]
    bounces = bounce_address(written.id, head.bounce_domain) if head.bounce_domain else from_address
    return Envelope(bounces, to, content, needs_utf8)


def header_text(text: str) -> str:
    """One line without control characters and marks that turn the direction of reading."""
    shown = "".join(
        " " if unicodedata.category(char) in {"Cc", "Zl", "Zp"} else char
        for char in text
        if unicodedata.category(char) not in {"Cf", "Cs"}
    )
    # What looks like an encoded word (RFC 2047) would be decoded on the way.
    return " ".join(shown.replace("=?", "= ?").split())[:MAX_TITLE]


def _words(text: str) -> Iterator[str]:
    """A text's words as they are, or all of it in coded words (RFC 2047) if it is not ASCII.

    Between two coded words a reader takes the blank away (6.2), so none of the text's own is lost.
    """
    if text.isascii():
        yield from text.split(" ")
        return
    piece = b""
    for char in text:
        coded = char.encode()
        if len(piece) + len(coded) > _WORD_BYTES:
            yield f"=?utf-8?b?{base64.b64encode(piece).decode()}?="
            piece = b""
        piece += coded
    yield f"=?utf-8?b?{base64.b64encode(piece).decode()}?="


def _folded(name: str, words: list[str]) -> str:
    """A header in lines that break at blanks only; a word longer than a line has one of its own."""
    lines = [f"{name}:"]
    for word in words:
        is_first = lines[-1] == f"{name}:"
        if is_first or len(lines[-1]) + 1 + len(word) <= _LINE:
            lines[-1] += f" {word}"
        else:
            lines.append(f" {word}")
    return "\r\n".join(lines) + "\r\n"


def wire_address(address: str) -> tuple[str, bool]:
    """An address as servers know it: the domain in ASCII (RFC 5891); whether SMTPUTF8 is needed."""
    if len(address) > MAX_ADDRESS:  # before anything is normalised
        raise DeliveryError("not an address", permanent=True)
    local, _, domain = address.rpartition("@")
    forbidden = any(
        char in '<>()[]\\,;:"' or char.isspace() or unicodedata.category(char)[0] in "CZ"
        for char in address
    )
    if not local or not domain or forbidden or "@" in local or len(local.encode()) > 64:
        raise DeliveryError("not an address", permanent=True)
    try:
        host = idna.encode(domain, uts46=True).decode().lower()
    except idna.IDNAError:
        raise DeliveryError("not a domain", permanent=True) from None
    return f"{local}@{host}", not local.isascii()


def _mailbox(text: str) -> Address:
    name, address = parseaddr(text)
    return Address(display_name=header_text(name), addr_spec=address)


def _say_how_to_stop(message: EmailMessage, address: str | None) -> None:
    """Exactly one HTTPS address, and the word that a POST to it is enough (RFC 8058, 3.1)."""
    if address is None:
        raise ValueError("news without a way to stop them")
    if not re.fullmatch(r"https?://[\x21-\x3b\x3d\x3f-\x7e]+", address):
        raise ValueError("not an address")
    message["List-Unsubscribe"] = f"<{address}>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"


def _sign(content: bytes, message: EmailMessage, key: DkimKey) -> bytes:
    signature: bytes = dkim.sign(
        content,
        key.selector.encode(),
        key.domain.encode(),
        key.pem,
        canonicalize=(b"relaxed", b"relaxed"),
        include_headers=[name.lower().encode() for name in SIGNED if name in message],
    )
    return signature + content
