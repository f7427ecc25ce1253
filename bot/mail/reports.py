"""What a mail that came back says: a bounce (RFC 3464), a complaint (RFC 5965), or nothing to us.

Only fields that a machine wrote for machines are read. Sentences for people are never looked at:
anybody can write those, and every server in words of its own.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, message_from_string
from email.message import Message
from email.utils import getaddresses
from enum import StrEnum

from bot.errors import DeliveryError
from bot.mail.mime import bounced_mail, wire_address

# Headers in which mail servers write to whom a mail was really delivered.
DELIVERED = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "To")
# RFC 5965, 7.3; RFC 6430's "not-spam" is the opposite, RFC 6591's "auth-failure" is about DNS.
COMPLAINTS = {"abuse", "fraud", "opt-out", "opt-out-list"}
MAX_BLOCKS = 20  # recipients in one report; our mails have one
_CODE = re.compile(r"\s*([245])\.(\d{1,3})\.(\d{1,3})\b")
_MESSAGE_ID = re.compile(r"<[\x21-\x3b\x3d\x3f-\x7e]{1,158}>")


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

    addresses: where it was delivered to. message_id: of the mail that it is about.
    recipients: who did not get that, as servers write addresses.
    """

    kind: ReportKind
    code: str = ""
    addresses: frozenset[str] = frozenset()
    message_id: str | None = None
    recipients: frozenset[str] = frozenset()

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
    """What a mail is about; what is no report of a kind we know is OTHER.

    It can be anything that anybody sent, so whatever the parser of mails raises may come out.
    """
    message = message_from_bytes(raw)
    kind = (message.get_content_type(), _parameter(message, "report-type"))
    if kind == ("multipart/report", "delivery-status"):
        found = _delivery(message)
    elif kind == ("multipart/report", "feedback-report"):
        found = _feedback(message)
    elif kind == ("multipart/report", "disposition-notification") or _is_automatic(message):
        found = Report(ReportKind.AUTOMATIC)
    else:
        found = Report(ReportKind.OTHER)
    addresses = getaddresses([value for name in DELIVERED for value in _all(message, name)])
    return Report(
        found.kind,
        found.code,
        frozenset(address.casefold() for _, address in addresses if "@" in address)
        | found.addresses,
        found.message_id,
        found.recipients,
    )


def _delivery(message: Message) -> Report:
    blocks = _blocks(_part(message, "message/delivery-status", "message/global-delivery-status"))
    about = [block for block in blocks if "Action" in block or "Status" in block]
    if not about:
        return Report(ReportKind.OTHER)
    by_action = {_word(block, "Action"): block for block in reversed(about)}
    # Of several recipients the worst counts.
    action = next((word for word in ACTIONS if word in by_action), None)
    if action is None:
        return Report(ReportKind.OTHER)
    block, kind = by_action[action], ACTIONS[action]
    found = _CODE.match(_first(block, "Status"))
    if found is None or (found[1] == "2") != (kind is ReportKind.DELIVERED):
        return Report(ReportKind.OTHER)
    return Report(
        kind,
        ".".join(found.groups()),
        message_id=_original_id(message),
        recipients=_addresses(block, "Final-Recipient", "Original-Recipient"),
    )


def _feedback(message: Message) -> Report:
    blocks = _blocks(_part(message, "message/feedback-report"))
    feedback = _word(blocks[0], "Feedback-Type") if blocks else ""
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


def _original_id(message: Message) -> str | None:
    """The Message-ID of the mail that a report is about, which comes with it in whole or in part.

    The first one alone: further down stands what that mail itself had attached.
    """
    part = _part(message, "message/rfc822", "message/global", "text/rfc822-headers",
                 "message/rfc822-headers", "message/global-headers")  # fmt: skip
    if part is None:
        return None
    inner = part.get_payload()
    if isinstance(inner, list):
        original = inner[0] if inner else None
    else:
        original = message_from_string(_text(part))
    if not isinstance(original, Message):
        return None
    found = _MESSAGE_ID.fullmatch(_first(original, "Message-ID").strip())
    return found[0] if found else None


def _is_automatic(message: Message) -> bool:
    """RFC 3834, 5, and what came before it."""
    submitted = _word(message, "Auto-Submitted")
    if submitted and submitted != "no":
        return True
    return bool(_first(message, "X-Autoreply") or _first(message, "X-Autorespond")) or _word(
        message, "Precedence"
    ) in {"auto_reply", "auto-reply"}


def _part(message: Message, *types: str) -> Message | None:
    """The first direct part of one of these types: what lies deeper was part of another mail."""
    parts = message.get_payload()
    if not isinstance(parts, list):
        return None
    found = (part for part in parts if isinstance(part, Message))
    return next((part for part in found if part.get_content_type() in types), None)


def _blocks(part: Message | None) -> list[Message]:
    """The groups of fields of a report part, however the parser of mails has cut it."""
    if part is None:
        return []
    inner = part.get_payload()
    if not isinstance(inner, list):
        texts: Iterator[str] = iter([_text(part)])
    else:
        texts = (str(block) for block in inner if isinstance(block, Message))
    said = "\n\n".join(texts).replace("\r\n", "\n")
    groups = [group for group in re.split(r"\n[ \t]*\n", said) if group.strip()]
    return [message_from_string(group.lstrip("\n")) for group in groups[: MAX_BLOCKS + 1]]


def _addresses(block: Message, *names: str) -> frozenset[str]:
    """Addresses in fields such as `rfc822; a@b`, as they stand on the wire."""
    found = set()
    for value in (text for name in names for text in _all(block, name)):
        bare = value.rpartition(";")[2].strip().strip("<>")
        try:
            found.add(wire_address(bare)[0].casefold())
        except DeliveryError:
            continue
    return frozenset(found)


def _all(message: Message, name: str) -> list[str]:
    return [str(value) for value in message.get_all(name, [])]


def _first(message: Message, name: str) -> str:
    return next(iter(_all(message, name)), "")


def _word(message: Message, name: str) -> str:
    """The first word of a field, without its comment or parameters."""
    found = re.match(r"\s*([\w-]+)", _first(message, name))
    return found[1].lower() if found else ""


def _parameter(message: Message, name: str) -> str:
    found = message.get_param(name)
    return found.lower() if isinstance(found, str) else ""


def _text(part: Message) -> str:
    content = part.get_payload(decode=True)
    return content.decode("utf-8", "replace") if isinstance(content, bytes) else ""
