"""Handing mails to the mail server: one connection for many, a timeout on every step."""

import re
import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TypeVar

from bot.errors import DeliveryError
from bot.mail import status_codes
from bot.mail.mime import Envelope, Letterhead
from bot.mail.status_codes import Verdict
from bot.mail_settings import DkimKey, MailServer, mail_server
from bot.settings import Settings

T = TypeVar("T")
# Octets of one answer that are kept and read. smtplib refuses a line over 8,192 after it read the
# code, which makes a failure of a mail that was taken; RFC 5321 (4.5.3.1.5) allows 512.
KEPT, READ = 8_192, 1_048_576
CLOSING = 421  # RFC 5321, 3.8: the server is about to hang up, whatever was asked
# Ours to cure, not the mail's: the server wants a sign-in, or does not like the one it got.
CURABLE = {530, 534, 535, 538}
# Busy (X.3.2, X.4.5), too many at once (X.5.3), and Google's and Microsoft's numbers for rates.
_TOO_FAST = {"4.3.2", "4.4.5", "4.5.3", "4.7.28", "4.7.500", "4.7.650", "4.7.651"}
_RATE = re.compile(r"rate[ -]?limit|too (?:many|fast|much)|unusual rate|throttl|slow down", re.I)
_ENHANCED = re.compile(r"\s*([245])\.(\d{1,3})\.(\d{1,3})\b")


@dataclass
class MailError(DeliveryError):
    """The mail server did not take a mail.

    stage: connect, mail, rcpt, data (before the content) or content (after all of it was sent).
    is_dead_address: the server says that nobody is there, and cannot mean us.
    may_be_dead: it refused this recipient for good, and did not say whether that is about us.
    is_blocked: it, or the server of the recipient's domain, takes nothing from us whatever it is.
    is_too_fast: the server, or the one behind it, wants fewer mails at a time for this domain.
    code: the enhanced status code (RFC 3463), where there is one.
    """

    stage: str = "connect"
    is_dead_address: bool = False
    may_be_dead: bool = False
    is_blocked: bool = False
    is_too_fast: bool = False
    code: str | None = None


@dataclass(frozen=True)
class Patience:
    """Seconds. RFC 5321 (4.5.3.2) would wait for minutes; a lease must not run out meanwhile."""

    connect: float = 10.0
    command: float = 20.0
    outcome: float = 60.0  # after the content: giving up early makes doubles


@dataclass(frozen=True)
class Mailer:
    """The way to the mail server, and what our mails have in common."""

    server: MailServer
    head: Letterhead
    patience: Patience = Patience()
    tls: ssl.SSLContext | None = None  # None: the authorities that this machine trusts

    @contextmanager
    def connected(self) -> Iterator["Connection"]:
        """A connection that opens with its first mail and says QUIT at the end."""
        connection = Connection(self)
        try:
            yield connection
        finally:
            connection.close()


def mailer_of(settings: Settings) -> Mailer | None:
    """The mailer that the settings describe; None where no mail server is named."""
    if not (settings.smtp_url and settings.mail_from and settings.mail_news_from):
        return None
    return Mailer(mail_server(settings.smtp_url), letterhead_of(settings))


def letterhead_of(settings: Settings, sender: str = "", news_sender: str = "") -> Letterhead:
    """Sender and signature by the settings, which win over what is given here."""
    signing = None
    if settings.dkim_key and settings.dkim_domain and settings.dkim_selector:
        signing = DkimKey(settings.dkim_domain, settings.dkim_selector, settings.dkim_key.encode())
    return Letterhead(
        sender=settings.mail_from or sender,
        news_sender=settings.mail_news_from or news_sender,
        reply_to=settings.school.email,
        bounce_domain=settings.mail_bounce_domain,
        dkim=signing,
    )


class _Talk(smtplib.SMTP):
    """A session that gets an answer's code out of as many words as the server likes."""

    def getreply(self) -> tuple[int, bytes]:
        """The code and the first of the words; -1 for an answer that is none.

        An answer that goes on beyond READ has said its code in every line (RFC 5321, 4.2.1):
        that one counts, and the connection is closed. Raises SMTPServerDisconnected.
        """
        code, said, room, is_last = -1, b"", READ, False
        while not is_last and room > 0:
            line = self._line()
            code, is_last = _code(line), line[3:4] != b"-"
            said += line[4:].strip()[: KEPT - len(said)] + b"\n"
            room -= len(line) + (0 if line.endswith(b"\n") else self._skip_line(room))
        if room <= 0:
            self.close()
        return code, said.strip()

    def _skip_line(self, room: int) -> int:
        """Read what is left of a line; how many octets it were, `room` where it has no end."""
        left = room
        with suppress(OSError):  # the code is known: whatever becomes of the words
            while left > 0:
                piece = self._read()
                left -= len(piece)
                if piece.endswith(b"\n"):
                    return room - left
                if not piece:
                    break
        return room

    def _line(self) -> bytes:
        """The beginning of the next line."""
        try:
            line = self._read()
        except OSError as error:
            self.close()
            raise smtplib.SMTPServerDisconnected(type(error).__name__) from error
        if not line:
            self.close()
            raise smtplib.SMTPServerDisconnected("nobody answered")
        return line

    def _read(self) -> bytes:
        if self.file is None:
            if self.sock is None:
                raise ConnectionError
            self.file = self.sock.makefile("rb")
        return bytes(self.file.readline(KEPT))


class _SecureTalk(_Talk, smtplib.SMTP_SSL):
    """The same with TLS from the start."""


def _code(line: bytes) -> int:
    return int(line[:3]) if line[:3].isdigit() and len(line[:3]) == 3 else -1


class Connection:
    """One session with the mail server. For each mail `address`, then `hand_in` or `skip`.

    Between the two the caller can look once more whether the mail may still go, and write down
    that it goes: what follows cannot be taken back.
    """

    def __init__(self, mailer: Mailer) -> None:
        self._mailer = mailer
        self._smtp: smtplib.SMTP | None = None
        self._is_addressed = False

    @property
    def is_open(self) -> bool:
        """Whether there is somebody to talk to, as far as is known."""
        return self._smtp is not None

    def open(self) -> None:
        """Connect, secure and sign in; does nothing where that is done."""
        if self._smtp is None:
            try:
                self._smtp = self._step("connect", self._connect)
            except MailError as error:
                # Nothing was said about any mail yet: an operator cures it, or time.
                raise MailError(error.reason, status=error.status) from None

    def address(self, envelope: Envelope) -> None:
        """MAIL and RCPT; raises MailError."""
        self.open()
        if self._is_addressed:
            self.skip()
            self.open()
        smtp = self._living()
        options = []
        if envelope.needs_utf8:
            if not smtp.has_extn("smtputf8"):
                raise MailError("no SMTPUTF8 for this address", permanent=True, stage="rcpt")
            options = ["SMTPUTF8", "BODY=8BITMIME"]
        encoding = "utf-8" if envelope.needs_utf8 else "ascii"

        def mail() -> tuple[int, bytes]:
            smtp.command_encoding = encoding
            return smtp.mail(envelope.sender, options)

        self._said("mail", mail)
        self._is_addressed = True
        self._said("rcpt", lambda: smtp.rcpt(envelope.to))

    def hand_in(self, envelope: Envelope) -> None:
        """DATA and the content; raises MailError, `unknown` where the answer did not come."""
        smtp = self._living()
        self._said("data", lambda: smtp.docmd("DATA"), good=354)
        content = re.sub(rb"(?m)^\.", b"..", envelope.content)  # RFC 5321, 4.5.2
        ending = b".\r\n" if content.endswith(b"\r\n") else b"\r\n.\r\n"
        # Cut in here, the last line was not sent: the server has no mail to deliver.
        self._step("data", lambda: smtp.send(content + ending))
        self._wait_for(self._mailer.patience.outcome)
        self._said("content", smtp.getreply)
        self._wait_for(self._mailer.patience.command)
        self._is_addressed = False

    def skip(self) -> None:
        """Let an addressed mail go (RSET), so that the connection can take another one."""
        self._is_addressed = False
        if self._smtp is not None:
            with suppress(MailError):
                self._said("mail", self._smtp.rset)

    def close(self) -> None:
        """QUIT, or hang up where nobody listens any more."""
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            with suppress(smtplib.SMTPException, OSError):
                smtp.quit()
            smtp.close()

    def _connect(self) -> smtplib.SMTP:
        server, patience = self._mailer.server, self._mailer.patience
        context = self._mailer.tls or ssl.create_default_context()
        name = self._mailer.head.domain()
        smtp: smtplib.SMTP
        if server.security == "tls":
            smtp = _SecureTalk(
                server.host, server.port, name, timeout=patience.connect, context=context
            )
        else:
            smtp = _Talk(server.host, server.port, name, timeout=patience.connect)
        try:
            smtp.ehlo_or_helo_if_needed()
            if server.security == "starttls":
                # Refused or not offered, this raises: nothing goes out in the clear.
                smtp.starttls(context=context)
                smtp.ehlo_or_helo_if_needed()
            if server.user is not None and server.password is not None:
                smtp.login(server.user, server.password)
            _patient(smtp, patience.command)
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _living(self) -> smtplib.SMTP:
        if self._smtp is None:
            raise MailError("not connected")
        return self._smtp

    def _wait_for(self, seconds: float) -> None:
        if self._smtp is not None:
            _patient(self._smtp, seconds)

    def _said(
        self, stage: str, ask: Callable[[], tuple[int, bytes]], good: int | None = None
    ) -> None:
        """Ask for something and read the answer; anything but yes is an error with its code."""
        code, said = self._step(stage, ask)
        if self._smtp is not None and self._smtp.sock is None:
            self._hang_up()  # the answer had no end
        if code == good or (good is None and 200 <= code < 300):
            return
        if code == CLOSING or code < 200:  # it hangs up, or we do not understand each other
            self._hang_up()
        raise _refusal(stage, code, said)

    def _step(self, stage: str, work: Callable[[], T]) -> T:
        """Run one step; whatever breaks is a MailError, and the connection is given up."""
        try:
            return work()
        except smtplib.SMTPResponseException as error:
            self._hang_up()
            said = error.smtp_error
            raw = said if isinstance(said, bytes) else str(said).encode()
            raise _refusal(stage, error.smtp_code, raw) from None
        except (smtplib.SMTPException, OSError, UnicodeError) as error:
            self._hang_up()
            is_unknown = stage == "content"
            raise MailError(_kind(error), unknown=is_unknown, stage=stage) from None

    def _hang_up(self) -> None:
        smtp, self._smtp = self._smtp, None
        self._is_addressed = False
        if smtp is not None:
            smtp.close()


def _patient(smtp: smtplib.SMTP, seconds: float) -> None:
    if smtp.sock is not None:
        smtp.sock.settimeout(seconds)


def _kind(error: Exception) -> str:
    # smtplib calls it a hang-up when nothing was heard for too long.
    is_late = isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError)
    return "timeout" if is_late else type(error).__name__


def _refusal(stage: str, code: int, said: bytes) -> MailError:
    """The codes alone: servers like to repeat the address in their sentence."""
    text = said.decode("ascii", "replace")
    found = _ENHANCED.match(text)
    enhanced = ".".join(found.groups()) if found else None
    is_permanent = 500 <= code < 600 and code not in CURABLE
    is_of_recipient = is_permanent and stage == "rcpt"
    verdict = status_codes.judged(enhanced or f"{str(code)[0]}.0.0", text)
    return MailError(
        f"{stage} {enhanced}" if enhanced else stage,
        permanent=is_permanent,
        # Neither yes nor no (-1: nothing that can be read), with all of the mail in its hands.
        unknown=stage == "content" and not 400 <= code < 600,
        status=code,
        stage=stage,
        is_dead_address=is_of_recipient and verdict is Verdict.DEAD,
        may_be_dead=is_of_recipient and status_codes.may_be_dead(code, enhanced, text),
        # Before the address was named it is about us, and about no domain.
        is_blocked=is_permanent
        and stage in {"rcpt", "data", "content"}
        and verdict is Verdict.BLOCKED,
        is_too_fast=_says_too_fast(stage, code, enhanced, text),
        code=enhanced,
    )


def _says_too_fast(stage: str, code: int, enhanced: str | None, said: str) -> bool:
    """Only once the address was named: what is said before is about us and not about a domain.

    X.2.1 is one mailbox that gets too much, and a greylist (X.7.1) opens by waiting: neither says
    anything about the domain's other mails.
    """
    if stage not in {"rcpt", "data", "content"} or not 400 <= code < 500:
        return False
    if enhanced in {"4.2.1", "4.2.2", "4.7.1"}:
        return False
    return code == CLOSING or enhanced in _TOO_FAST or _RATE.search(said) is not None
