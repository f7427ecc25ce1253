"""What a mail that came back says: a bounce (RFC 3464), a complaint (RFC 5965), or nothing to us.

Fields that a machine wrote for machines are read where there are any. Servers that write none
(Exim, qmail) are known by their headers alone, and then by the sentence below the address; what
a person wrote is never looked at: anybody can write that.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum

from bot.errors import DeliveryError
from bot.mail import arrived, status_codes
from bot.mail.arrived import Part
from bot.mail.mime import bounced_mail, wire_address
from bot.mail.status_codes import Verdict

# Headers in which mail servers write to whom a mail was really delivered.
DELIVERED = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "To")
# RFC 5965, 7.3; RFC 6430's "not-spam" is the opposite, RFC 6591's "auth-failure" is about DNS.
COMPLAINTS = {"abuse", "fraud", "opt-out", "opt-out-list"}
STATUS = ("message/delivery-status", "message/global-delivery-status")
MAX_BLOCKS = 20  # recipients in one report; our mails have one
_CODE = re.compile(r"\s*([245])\.(\d{1,3})\.(\d{1,3})\b")
_MESSAGE_ID = re.compile(r"<[\x21-\x3b\x3d\x3f-\x7e]{1,158}>")
_DAEMON = re.compile(r"\b(?:mailer-?daemon|postmaster|mail-daemon|mdaemon)@", re.IGNORECASE)
# Below this line a server puts the mail that it could not deliver.
_COPY = re.compile(
    r"(?im)^-{2,9}.{0,40}(?:copy of (?:the|your) message|original message|below this line|"
    r"included message|ต้นฉบับ)"
)
_ID_LINE = re.compile(r"(?im)^message-id:[ \t]{0,4}(<[\x21-\x3b\x3d\x3f-\x7e]{1,158}>)")
_ADDRESS_LINE = re.compile(r"(?m)^[ \t]{0,8}<?([^\s<>@]{1,64}@[^\s<>@]{1,255}?)>?:?[ \t\r]{0,4}$")
_NOT_YET = re.compile(
    r"(?i)\bdelay|warning: |still trying|will (?:be retried|continue|keep trying)|"
    r"no action is required|not need to re-?send|ล่าช้า"
)


class ReportKind(StrEnum):
    FAILED = "failed"  # nobody tries any more
    DELAYED = "delayed"  # a server goes on trying
    DELIVERED = "delivered"
    COMPLAINT = "complaint"
    AUTOMATIC = "automatic"  # "I am on holiday", a receipt: no bounce, and for no person either
    OTHER = "other"


# RFC 3464, 2.3.3; the worst first.
ACTIONS = {
    "failed": ReportKind.FAILED,
    "delayed": ReportKind.DELAYED,
    "delivered": ReportKind.DELIVERED,
    "relayed": ReportKind.DELIVERED,
    "expanded": ReportKind.DELIVERED,
}


@dataclass(frozen=True)
class Report:
    """What came back, and by what it can be matched to a mail of ours.

    verdict: what a failure says about the address. addresses: where it was delivered to.
    message_id: of the mail that it is about. recipients: who did not get that, as servers write
    addresses. sender, title: of the letter itself, for a person who looks for it.
    """

    kind: ReportKind
    code: str = ""
    verdict: Verdict | None = None
    addresses: frozenset[str] = frozenset()
    message_id: str | None = None
    recipients: frozenset[str] = frozenset()
    sender: str = field(default="", repr=False)
    title: str = field(default="", repr=False)

    def mail_ids(self, domain: str | None) -> frozenset[str]:
        """The mails whose own bounce addresses at this domain it was sent to (VERP)."""
        if domain is None:
            return frozenset()
        found = (
            bounced_mail(address)
            for address in self.addresses
            if address.rpartition("@")[2] == domain.casefold()
        )
        return frozenset(mail_id for mail_id in found if mail_id)


def read(raw: bytes) -> Report:
    """What a mail is about; what is no report of a kind we know is OTHER. Any bytes may come."""
    message = arrived.read(raw)
    found = _found(message)
    # Each of these headers by itself: what one of them has wrong must not hide another.
    delivered = (arrived.addresses(value) for name in DELIVERED for value in message.all(name))
    return replace(
        found,
        addresses=found.addresses.union(*delivered),
        sender=next(iter(sorted(arrived.addresses(message.first("From")))), ""),
        title=arrived.shown(message.first("Subject")),
    )


def _found(message: Part) -> Report:
    kind = (message.type, message.parameter("report-type").lower())
    is_report = kind in {("multipart/report", "delivery-status"), ("multipart/report", "")}
    if is_report and _part(message, *STATUS):
        return _delivery(message)
    if kind == ("multipart/report", "feedback-report"):
        return _feedback(message)
    if kind == ("multipart/report", "disposition-notification"):
        return Report(ReportKind.AUTOMATIC)
    if _is_bounce_in_words(message):  # also where it calls itself an automatic answer
        return _in_words(message)
    return Report(ReportKind.AUTOMATIC if _is_automatic(message) else ReportKind.OTHER)


def _delivery(message: Part) -> Report:
    blocks = _blocks(_part(message, *STATUS))
    about = [block for block in blocks if {"action", "status"} & block.fields.keys()]
    by_action = {block.word("Action"): block for block in reversed(about)}
    # Of several recipients the worst counts.
    action = next((word for word in ACTIONS if word in by_action), None)
    if action is None:
        return Report(ReportKind.OTHER)
    block, kind = by_action[action], ACTIONS[action]
    found = _CODE.match(block.first("Status"))
    if found is None or (found[1] == "2") != (kind is ReportKind.DELIVERED):
        return Report(ReportKind.OTHER)
    code, said = ".".join(found.groups()), " ".join(block.all("Diagnostic-Code"))
    return Report(
        kind,
        code,
        status_codes.judged(code, said) if kind is ReportKind.FAILED else None,
        message_id=_original_id(message),
        recipients=_addresses(block, "Final-Recipient", "Original-Recipient"),
    )


def _feedback(message: Part) -> Report:
    blocks = _blocks(_part(message, "message/feedback-report"))
    feedback = blocks[0].word("Feedback-Type") if blocks else ""
    if feedback not in COMPLAINTS:
        return Report(ReportKind.OTHER)
    return Report(
        ReportKind.COMPLAINT,
        feedback,
        # Whom we named as the sender: the mail's own bounce address.
        addresses=_addresses(blocks[0], "Original-Mail-From"),
        message_id=_original_id(message),
        recipients=_addresses(blocks[0], "Original-Rcpt-To"),
    )


def _is_bounce_in_words(message: Part) -> bool:
    """Whether a mail server says in a sentence alone that a mail did not arrive.

    An empty return path is not enough: answers of people on holiday have one too (RFC 3834, 3.3).
    """
    if message.first("X-Failed-Recipients"):
        return True
    comes_from_nobody = message.first("Return-Path").replace(" ", "") in {"<>", ""}
    return comes_from_nobody and _DAEMON.search(message.first("From")) is not None


def _in_words(message: Part) -> Report:
    text = _plain(message)
    copy = _COPY.search(text)
    before, after = (text[: copy.start()], text[copy.end() :]) if copy else (text, "")
    at = _ADDRESS_LINE.search(before)
    failed = message.first("X-Failed-Recipients") or (at[1] if at else "")
    original = _ID_LINE.search(after)
    known = Report(
        ReportKind.OTHER,
        message_id=original[1] if original else None,
        recipients=_wired(arrived.addresses(failed)),
    )
    if not message.first("X-Failed-Recipients") and (
        _NOT_YET.search(message.first("Subject")) or _NOT_YET.search(before)
    ):
        return replace(known, kind=ReportKind.DELAYED)
    said = before[at.end() if at else 0 :][: status_codes.MAX_WORDS]
    code, reply = status_codes.code_in(said), status_codes.reply_in(said)
    if code is None and reply is None and status_codes.in_words(said) is None:
        return known  # for a person
    verdict = status_codes.judged(code or f"{str(reply or 5)[0]}.0.0", said)
    shown = code or (str(reply) if reply else "5.0.0")
    return replace(known, kind=ReportKind.FAILED, code=shown, verdict=verdict)


def _plain(message: Part) -> str:
    """The words of a mail: its own, or those of its first part that is text."""
    if not message.type.startswith("multipart/"):
        return message.text()
    return next((part.text() for part in message.parts() if part.type == "text/plain"), "")


def _original_id(message: Part) -> str | None:
    """The Message-ID of the mail that a report is about, which comes with it in whole or in part.

    The first one alone: further down stands what that mail itself had attached.
    """
    part = _part(message, "message/rfc822", "message/global", "text/rfc822-headers",
                 "message/rfc822-headers", "message/global-headers")  # fmt: skip
    if part is None:
        return None
    original = arrived.read(part.text().lstrip("\r\n").encode())
    found = _MESSAGE_ID.fullmatch(original.first("Message-ID"))
    return found[0] if found else None


def _is_automatic(message: Part) -> bool:
    """RFC 3834, 5, and what came before it."""
    submitted = message.word("Auto-Submitted")
    if submitted and submitted != "no":
        return True
    if message.first("X-Autoreply") or message.first("X-Autorespond"):
        return True
    return message.word("Precedence") in {"auto_reply", "auto-reply"}


def _part(message: Part, *types: str) -> Part | None:
    """The first direct part of one of these types: what lies deeper was part of another mail."""
    return next((part for part in message.parts() if part.type in types), None)


def _blocks(part: Part | None) -> list[Part]:
    """The groups of fields of a report part."""
    if part is None:
        return []
    said = part.text().replace("\r\n", "\n")
    groups = [group for group in re.split(r"\n[ \t]*\n", said) if group.strip()]
    return [arrived.read(group.lstrip("\n").encode()) for group in groups[: MAX_BLOCKS + 1]]


def _addresses(block: Part, *names: str) -> frozenset[str]:
    """Addresses in fields such as `rfc822; a@b`, as they stand on the wire."""
    values = (text for name in names for text in block.all(name))
    return _wired(value.rpartition(";")[2].strip().strip("<>") for value in values)


def _wired(values: Iterable[str]) -> frozenset[str]:
    found = set()
    for value in values:
        try:
            found.add(wire_address(value)[0].casefold())
        except DeliveryError:
            continue
    return frozenset(found)
