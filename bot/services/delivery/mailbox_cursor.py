"""How far a mailbox was read, and by whom it is being read: a lease, and a number that grows."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from models import leases
from models.base import session_keyring
from models.database import database_of
from models.inserts import insert_if_new
from models.mail import MailboxCursor

# Renewed with each letter, of which the slowest takes a few timeouts of the mail server.
LEASE = timedelta(minutes=5)


@dataclass(frozen=True)
class Reading:
    """Where to go on."""

    id: str
    validity: int
    last_uid: int


def begin(session: Session, name: str, worker: str, now: datetime) -> Reading | None:
    """Lease a mailbox to read it; None where another process has it."""
    database = database_of(session)
    key = session_keyring(session).blind("postbox_reading.id", name)
    empty = {"id": key, "validity": 0, "last_uid": 0}
    insert_if_new(session, MailboxCursor, empty)
    row = session.execute(
        update(MailboxCursor)
        .where(MailboxCursor.id == key)
        .where(leases.is_free(MailboxCursor, database.time()))
        .values(worker=worker, lease_until=database.time(LEASE))
        .returning(MailboxCursor.validity, MailboxCursor.last_uid)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    return Reading(key, row.validity, row.last_uid) if row is not None else None


def went_on(session: Session, reading: Reading, worker: str, validity: int, uid: int) -> bool:
    """Write down that a letter is done; False where the mailbox is another process's by now."""
    done = session.execute(
        update(MailboxCursor)
        .where(MailboxCursor.id == reading.id, MailboxCursor.worker == worker)
        .values(validity=validity, last_uid=uid, lease_until=database_of(session).time(LEASE))
        .returning(MailboxCursor.id)
        .execution_options(synchronize_session=False)
    )
    return done.one_or_none() is not None


def end(session: Session, reading: Reading, worker: str, now: datetime) -> None:
    """Let go of the mailbox."""
    session.execute(
        update(MailboxCursor)
        .where(MailboxCursor.id == reading.id, MailboxCursor.worker == worker)
        .values(worker=None, lease_until=None, read_at=now)
        .execution_options(synchronize_session=False)
    )
