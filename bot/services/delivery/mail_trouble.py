"""What is wrong with our mails, told to the operator: once, or once a day while it lasts."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from bot.clock import BANGKOK
from bot.mail.imap import contact_mailboxes_of
from bot.services.delivery import mail_rate_limit, mailbox_cursor, mails, waiting_letters
from bot.services.delivery.mail_rate_limit import PausedDomain
from bot.services.delivery.mailbox_cursor import Unread
from bot.services.delivery.presenter import Notice, presenter_of
from bot.settings import Settings
from bot.texts import THAI

TEMPLATE = "mail_trouble"
MORNING = 8  # o'clock in Bangkok, from when the day's mail about letters goes


@dataclass(frozen=True)
class MailTrouble(Notice):
    """How our mails stand: a mailbox that is not read, domains that refuse us, letters that wait.

    page: where that stands in the console.
    """

    unread: Unread | None
    unread_contact: Unread | None
    paused: tuple[PausedDomain, ...]
    letters: int
    page: str

    def __bool__(self) -> bool:
        return bool(self.unread or self.unread_contact or self.paused or self.letters)


def of(session: Session, mailbox: str | None, settings: Settings, now: datetime) -> MailTrouble:
    """What is wrong now. mailbox: the name of the one that is read, where there is one."""
    contact = [
        mailbox_cursor.unread(session, each.name, now) for each in contact_mailboxes_of(settings)
    ]
    return MailTrouble(
        mailbox_cursor.unread(session, mailbox, now) if mailbox else None,
        next((each for each in contact if each is not None), None),
        tuple(mail_rate_limit.paused(session, now)),
        waiting_letters.count(session),
        f"{settings.public_url}/console/mails",
    )


def tell(session: Session, mailbox: str | None, settings: Settings, now: datetime) -> int:
    """Queue what the operator does not know yet; returns how many mails."""
    address = settings.owner_email
    trouble = of(session, mailbox, settings, now)
    if not address or not trouble:
        return 0
    here = now.astimezone(BANGKOK)
    day = f"{here:%Y-%m-%d}"
    causes = []
    if trouble.unread is not None:
        causes.append(f"mailbox-unread:{day}")
    if trouble.unread_contact is not None:
        causes.append(f"contact-unread:{day}")
    if trouble.paused:
        # A list of senders of spam is asked by many at once: told again as they become twice as
        # many, not for each.
        newest, many = trouble.paused[0].at, len(trouble.paused).bit_length()
        causes.append(f"mail-paused:{newest:%Y%m%dT%H}:{many}")
    if trouble.letters and here.hour >= MORNING:
        causes.append(f"letters-waiting:{day}")
    told = 0
    for cause in causes:
        text = mails.MailText(TEMPLATE, THAI, presenter_of(session).values(trouble, THAI))
        told += mails.queue(session, text, cause=cause, to=address, now=now) is not None
    return told
