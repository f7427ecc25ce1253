"""What an archived mail says of itself: addresses, ids, date; read once its bytes are kept.

Anybody can send anything. Whatever cannot be read is not there, and the mail stays as it is.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.mail import arrived
from bot.mail.arrived import Part
from models.mail_archive import IS_UNREAD, ArchivedMail, Direction

BATCH = 20
MAX_ADDRESSES = 50  # of one mail
MAX_REFERENCES = 30
FIRST, LAST = datetime(1970, 1, 2, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def waiting(session: Session) -> list[str]:
    """Mails that are kept and not read yet, a batch."""
    query = select(ArchivedMail.id).where(IS_UNREAD).order_by(ArchivedMail.at).limit(BATCH)
    return list(session.scalars(query))


def read(session: Session, mail_id: str, start: bytes, now: datetime) -> None:
    """Note what a mail says of itself. start: its first bytes, with all of its headers."""
    mail = session.get_one(ArchivedMail, mail_id, with_for_update=True)
    if mail.read_at is not None or mail.erased_at is not None:
        return
    part = arrived.read(start)
    mail.read_at, mail.date = now, dated(part.first("Date"))
    senders, receivers = _named(part, "From", "Reply-To", "Sender"), _named(part, "To", "Cc", "Bcc")
    is_ours = mail.direction is Direction.OUTGOING
    mail.peer = next(iter(receivers if is_ours else senders), None)
    mail.addresses = " ".join(_each_once([*senders, *receivers])[:MAX_ADDRESSES]) or None
    mail.message_id = next(iter(arrived.ids(part.first("Message-ID"))), None)
    answered = [*arrived.ids(part.first("In-Reply-To")), *arrived.ids(part.first("References"))]
    mail.references = " ".join(_each_once(answered)[:MAX_REFERENCES]) or None


def dated(value: str) -> datetime | None:
    """The moment in a Date field; None where there is none that can be."""
    try:
        found = parsedate_to_datetime(value[:100])
        moment = found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError, AttributeError):
        return None
    return moment if FIRST <= moment <= LAST else None


def _named(part: Part, *fields: str) -> list[str]:
    """The addresses in some fields, in the order of the fields."""
    return [
        address for name in fields for value in part.all(name) for address in arrived.listed(value)
    ]


def _each_once(words: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(words))
