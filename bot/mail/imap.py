"""Reading a mailbox: the letters behind a number, each put away once it was understood (RFC 3501).

Nothing is deleted and nothing is marked as read but what we put away: whoever opens the mailbox
finds the rest as it came.
"""

import imaplib
import re
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

from imap_tools import BaseMailBox, MailBox, MailBoxUnencrypted
from imap_tools.errors import ImapToolsError, MailboxFolderSelectError, MailboxLoginError

from bot.errors import RemoteError
from bot.mail.arrived import MAX_BYTES, MAX_HEADER
from bot.mail_settings import ImapServer, imap_server
from bot.settings import Settings

T = TypeVar("T")
SLICE = 256 * 1024  # bytes of a large letter at a time
PROCESSED = "Processed"  # where we put away what was understood
PATIENCE = 30.0  # seconds for each answer
_BROKEN = (ImapToolsError, imaplib.IMAP4.error, OSError, UnicodeError, ValueError)


@dataclass
class BounceMailboxError(RemoteError):
    """A mailbox cannot be read; the cure is for the operator, and names the setting."""

    cure: str = "Try again later; if it stays so, check IMAP_URL and the mail provider."


@dataclass(frozen=True)
class FetchedMail:
    """One mail in the folder."""

    uid: int
    raw: bytes


@dataclass(frozen=True)
class BounceMailbox:
    """The way to a mailbox."""

    server: ImapServer
    tls: ssl.SSLContext | None = None  # None: the authorities that this machine trusts
    patience: float = PATIENCE
    setting: str = "IMAP_URL"  # where it is named

    @property
    def name(self) -> str:
        """What tells this mailbox from others; it names a person's account, so never log it."""
        return f"{self.server.user}@{self.server.host}/{self.server.folder}"

    @contextmanager
    def opened(self) -> Iterator["Folder"]:
        """The folder, signed in to; raises BounceMailboxError, here and whatever it is asked."""
        try:
            box = _said(self._connect)
            try:
                yield Folder(box)
            finally:
                # The server may be gone already, and it has nothing to say that we need.
                with suppress(*_BROKEN):
                    box.logout()
                with suppress(*_BROKEN):
                    box.client.shutdown()
        except BounceMailboxError as error:
            error.cure = error.cure.replace("IMAP_URL", self.setting)
            raise

    def _connect(self) -> BaseMailBox:
        server = self.server
        # Given none, the library would not look at the certificate at all.
        context = self.tls or ssl.create_default_context()
        box: BaseMailBox
        if server.security == "tls":
            box = MailBox(server.host, server.port, timeout=self.patience, ssl_context=context)
        else:
            box = MailBoxUnencrypted(server.host, server.port, timeout=self.patience)
        try:
            if server.security == "starttls":
                _secure(box.client, context)
            if server.user.isascii() and server.password.isascii():
                box.login(server.user, server.password, server.folder)
            else:
                box.login_utf8(server.user, server.password, server.folder)
        except BaseException:
            with suppress(*_BROKEN):
                box.client.shutdown()
            raise
        return box


def _secure(client: imaplib.IMAP4, context: ssl.SSLContext) -> None:
    """STARTTLS; refused or not offered, nothing is said in the clear."""
    # Not by the library: it leaves the connection open where this fails.
    if "STARTTLS" not in client.capabilities or client.starttls(context)[0] != "OK":
        raise ssl.SSLError("no STARTTLS")


class Folder:
    """An opened folder."""

    def __init__(self, box: BaseMailBox) -> None:
        self._box = box
        self._has_processed = False
        # As long as this stays, a letter's number is its own (RFC 3501, 2.3.1.1).
        _, said = box.client.response("UIDVALIDITY")
        self.validity = int(said[0]) if said and said[0] and said[0].isdigit() else 0

    def letters(self, after: int, most: int) -> Iterator[FetchedMail]:
        """The next letters behind a number, oldest first; of a large one, the beginning."""
        for number in self.numbers(after, " UNDELETED")[:most]:
            raw = _said(partial(self._part, number, f"BODY.PEEK[]<0.{MAX_BYTES}>"))
            if raw is not None:  # somebody else has taken it away meanwhile
                yield FetchedMail(number, raw)

    def numbers(self, after: int, only: str = "") -> list[int]:
        """The numbers of the letters behind a number, in their order."""
        found = _said(lambda: self._box.uids(f"UID {after + 1}:*{only}", charset=None))
        # `n:*` always names the last one, however old that is.
        return sorted({int(uid) for uid in found if uid.isdigit() and int(uid) > after})

    def size(self, uid: int) -> int | None:
        """How many bytes a letter has, as the server says; None where it is gone."""
        return _said(partial(self._size, uid))

    def head(self, uid: int) -> bytes | None:
        """The beginning of a letter's headers; None where it is gone."""
        return _said(partial(self._part, uid, f"BODY.PEEK[HEADER]<0.{MAX_HEADER}>"))

    def slices(self, uid: int) -> Iterator[bytes]:
        """A whole letter, from front to end; nothing where it is gone."""
        start, got = 0, SLICE
        while got == SLICE:
            part = _said(partial(self._part, uid, f"BODY.PEEK[]<{start}.{SLICE}>"))
            got = len(part or b"")
            start += got
            if part:
                yield part

    def put_away(self, uid: int) -> None:
        """Move a letter out of the way; where the server cannot do that, mark it as read.

        Not by copying and deleting: the folder would have to be purged of what a person deleted.
        """
        if "MOVE" in self._box.client.capabilities:
            self._make_processed()
            with suppress(ImapToolsError):
                _kept(lambda: self._box.move(str(uid), PROCESSED))
                return
        _said(lambda: self._box.client.uid("STORE", str(uid), "+FLAGS", "(\\Seen)"))

    def _make_processed(self) -> None:
        """Make the folder for what is done; servers refuse to make what is there already."""
        if not self._has_processed:
            with suppress(ImapToolsError):
                _kept(lambda: self._box.folder.create(PROCESSED))
            self._has_processed = True

    def _part(self, uid: int, what: str) -> bytes | None:
        parts = self._fetched(uid, what)
        return next((part[1] for part in parts if isinstance(part, tuple) and len(part) > 1), None)

    def _size(self, uid: int) -> int | None:
        said = b" ".join(
            part for part in self._fetched(uid, "RFC822.SIZE") if isinstance(part, bytes)
        )
        found = re.search(rb"RFC822\.SIZE (\d{1,12})\b", said)
        return int(found[1]) if found else None

    def _fetched(self, uid: int, what: str) -> list[Any]:
        status, parts = self._box.client.uid("FETCH", str(uid), f"({what})")
        if status != "OK":
            raise imaplib.IMAP4.error("fetch")
        return list(parts)


def bounce_mailbox_of(settings: Settings) -> BounceMailbox | None:
    """The mailbox that the settings describe; None where none is named."""
    return BounceMailbox(imap_server(settings.imap_url)) if settings.imap_url else None


def contact_mailboxes_of(settings: Settings) -> list[BounceMailbox]:
    """The folders of the contact mailbox: what comes in, and what was sent by other programs."""
    if not settings.contact_imap_url:
        return []
    server = imap_server(settings.contact_imap_url)
    found = [BounceMailbox(server, setting="CONTACT_IMAP_URL")]
    if settings.contact_sent_folder:
        sent = replace(server, folder=settings.contact_sent_folder)
        found.append(BounceMailbox(sent, setting="CONTACT_IMAP_URL or CONTACT_SENT_FOLDER"))
    return found


def _kept(work: Callable[[], T]) -> T:
    """Run one step whose refusal the caller knows to take; a broken connection is an error."""
    try:
        return work()
    except ImapToolsError:
        raise
    except _BROKEN as error:
        raise _trouble(error) from None


def _said(work: Callable[[], T]) -> T:
    """Run one step; whatever breaks is a BounceMailboxError, without the server's words."""
    try:
        return work()
    except _BROKEN as error:
        raise _trouble(error) from None


def _trouble(error: Exception) -> BounceMailboxError:
    if isinstance(error, MailboxLoginError):
        return BounceMailboxError(
            "sign-in refused",
            permanent=True,
            cure="Check user and password in IMAP_URL (%40 for @); some need an app password.",
        )
    if isinstance(error, MailboxFolderSelectError):
        return BounceMailboxError(
            "no such folder",
            permanent=True,
            cure="Name a folder that is there at the end of IMAP_URL: imaps://.../INBOX.",
        )
    if isinstance(error, ssl.SSLCertVerificationError):
        return BounceMailboxError(
            "certificate not trusted",
            permanent=True,
            cure="IMAP_URL has to name the host as it stands in the server's certificate.",
        )
    if isinstance(error, ssl.SSLError):
        return BounceMailboxError(
            "no TLS",
            permanent=True,
            cure="Use imaps:// in IMAP_URL (TLS from the start, port 993) instead of imap://.",
        )
    kind = "timeout" if isinstance(error, TimeoutError) else type(error).__name__
    return BounceMailboxError(kind)
