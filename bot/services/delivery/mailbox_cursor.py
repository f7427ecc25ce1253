"""How far a mailbox was read, and by whom it is being read: a lease, and a number that grows."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, update
from sqlalchemy.orm import Session

from models import leases
from models.base import session_keyring
from models.database import database_of
from models.inserts import insert_if_new
from models.mail import MailboxCursor

# Renewed with each letter, of which the slowest takes a few timeouts of the mail server.
LEASE = timedelta(minutes=5)


# What trying again does not cure, in the words of bot/mail/imap.py.
FINAL = {"sign-in refused", "no such folder", "certificate not trusted", "no TLS"}
LATE = timedelta(hours=1)  # not read for so long, somebody has to look


@dataclass(frozen=True)
class Reading:
    """Where to go on. trying: a letter in the middle of which a reader's process ended."""

    id: str
    validity: int
    last_uid: int
    trying: int | None = None


@dataclass(frozen=True)
class Unread:
    """A mailbox that is not being read: why, in one word where it is known, and since when."""

    reason: str | None
    since: datetime


def begin(session: Session, name: str, worker: str, now: datetime) -> Reading | None:
    """Lease a mailbox to read it; None where another process has it."""
    database = database_of(session)
    key = key_of(session, name)
    insert_if_new(session, MailboxCursor, {"id": key, "validity": 0, "last_uid": 0})
    row = session.execute(
        update(MailboxCursor)
        .where(MailboxCursor.id == key)
        .where(leases.is_free(MailboxCursor, database.time()))
        .values(worker=worker, lease_until=database.time(LEASE))
        .returning(MailboxCursor.validity, MailboxCursor.last_uid, MailboxCursor.trying_uid)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if row is None:
        return None
    return Reading(key, row.validity, row.last_uid, row.trying_uid)


def trying(session: Session, reading: Reading, worker: str, validity: int, uid: int) -> bool:
    """Write down that a letter is about to be read: should it end the process, it is the last time.

    False where the mailbox is another process's by now. What was read while the server counted
    otherwise says nothing of this numbering.
    """
    is_same = MailboxCursor.validity == validity
    last = case((is_same, MailboxCursor.last_uid), else_=0)
    return _written(session, reading, worker, validity=validity, trying_uid=uid, last_uid=last)


def went_on(session: Session, reading: Reading, worker: str, validity: int, uid: int) -> bool:
    """Write down that a letter is done; False where the mailbox is another process's by now."""
    return _written(session, reading, worker, validity=validity, last_uid=uid, trying_uid=None)


def end(
    session: Session, reading: Reading, worker: str, now: datetime, trouble: str | None = None
) -> None:
    """Let go of the mailbox. Only what was read to its end without trouble was read."""
    row = session.get_one(MailboxCursor, reading.id, with_for_update=True, populate_existing=True)
    if row.worker != worker:
        return
    row.worker = row.lease_until = row.trying_uid = None
    if trouble is None:
        row.read_at, row.trouble, row.trouble_at = now, None, None
    else:
        row.trouble, row.trouble_at = trouble[:40], row.trouble_at or now


def unread(session: Session, name: str, now: datetime) -> Unread | None:
    """Whether a mailbox is not being read: refused for good, or not read for an hour."""
    row = session.get(MailboxCursor, key_of(session, name))
    if row is None:
        return None  # it has just been named
    since = row.trouble_at or row.read_at
    is_late = since is not None and now - (row.read_at or since) >= LATE
    if since is not None and (is_late or row.trouble in FINAL):
        return Unread(row.trouble, row.read_at or since)
    return None


def key_of(session: Session, name: str) -> str:
    """What a mailbox is known by; its name is an account of a person."""
    return session_keyring(session).blind("postbox_reading.id", name)


def _written(session: Session, reading: Reading, worker: str, **values: Any) -> bool:
    done = session.execute(
        update(MailboxCursor)
        .where(MailboxCursor.id == reading.id, MailboxCursor.worker == worker)
        .values(**values, lease_until=database_of(session).time(LEASE))
        .returning(MailboxCursor.id)
        .execution_options(synchronize_session=False)
    )
    return done.one_or_none() is not None
