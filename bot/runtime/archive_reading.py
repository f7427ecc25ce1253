"""Reads the contact mailbox into the archive: every letter, its bytes first, and then its fields.

New is what stands behind the last number under the same UIDVALIDITY; nothing is moved, marked or
deleted. Letter and cursor are written together, so a crash repeats a step and skips none, and a
server that counts anew is gone through anew: what is kept already is known by its digest.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from sqlalchemy.orm import Session

from bot.logs import failure
from bot.mail import arrived
from bot.mail.imap import SLICE, BounceMailbox, BounceMailboxError, Folder, contact_mailboxes_of
from bot.mail.reports import Report, ReportKind
from bot.runtime.parts import Bot
from bot.services.delivery import (
    archived_fields,
    mail_archive,
    mail_trouble,
    mailbox_cursor,
    waiting_letters,
)
from bot.services.delivery.mailbox_cursor import Reading
from models.mail import WhyWaiting
from models.mail_archive import ArchivedMail, Direction

MAX_BYTES = 50 * 1024 * 1024  # of a letter that is kept whole
MAX_MAILS = 1000  # of one folder in one tick; the next tick goes on


@dataclass(frozen=True)
class _ContactFolder:
    """A folder that this process reads."""

    bot: Bot
    reading: Reading
    folder: Folder
    direction: Direction

    def goes_on(self, session: Session, uid: int) -> bool:
        """Note that a letter is done in this unit of work; False: another process reads."""
        at = self.folder.validity, uid
        return mailbox_cursor.went_on(session, self.reading, self.bot.worker, *at)

    def begin(self, session: Session, uid: int, full_size: int | None = None) -> str:
        place = self.reading.id, self.folder.validity, uid
        return mail_archive.begin(session, self.direction, place, self.bot.clock(), full_size)


def read(bot: Bot) -> int:
    """Archive what is new in each folder of the contact mailbox; returns how many letters."""
    directions = Direction.INCOMING, Direction.OUTGOING
    folders = contact_mailboxes_of(bot.settings)
    seen = sum(_read(bot, folder, directions[number > 0]) for number, folder in enumerate(folders))
    while _read_fields(bot):
        pass
    return seen


def _read(bot: Bot, mailbox: BounceMailbox, direction: Direction) -> int:
    name = mailbox.name
    reading = bot.database.write(
        lambda session: mailbox_cursor.begin(session, name, bot.worker, bot.clock())
    )
    if reading is None:
        return 0  # another process is at it
    seen, trouble = 0, "stopped"
    done = False
    try:
        bot.database.write(lambda session: mail_archive.drop_unfinished(session, reading.id))
        with mailbox.opened() as folder:
            for _ in _letters(_ContactFolder(bot, reading, folder, direction)):
                seen += 1
        done = True
    except BounceMailboxError as error:
        trouble = error.reason
        bot.log.warning(
            "archive.unreadable", setting=mailbox.setting, reason=error.reason, cure=error.cure
        )
    finally:
        said = None if done else trouble
        bounces = bot.bounce_mailbox.name if bot.bounce_mailbox else None
        bot.database.write(
            lambda session: mailbox_cursor.end(session, reading, bot.worker, bot.clock(), said)
        )
        bot.database.write(
            lambda session: mail_trouble.tell(session, bounces, bot.settings, bot.clock())
        )
    return seen


def _letters(opened: _ContactFolder) -> Iterator[int]:
    """Take the letters one by one; yields the number of each that is done."""
    is_same = opened.reading.validity == opened.folder.validity
    after = opened.reading.last_uid if is_same else 0
    for uid in opened.folder.numbers(after)[:MAX_MAILS]:
        if not _take(opened, uid):
            return  # our lease ran out, and another process reads
        yield uid


def _take(opened: _ContactFolder, uid: int) -> bool:
    """Archive a letter; False where the folder is another process's by now."""
    parts = opened.folder.slices(uid)
    first = next(parts, b"")
    if len(first) < SLICE:
        return opened.bot.database.write(lambda session: _small(session, opened, uid, first))
    size = opened.folder.size(uid) or 0
    if size > MAX_BYTES:
        return _stub(opened, uid, size)
    return _large(opened, uid, chain([first], parts))


def _small(session: Session, opened: _ContactFolder, uid: int, raw: bytes) -> bool:
    if not opened.goes_on(session, uid):
        return False
    # Somebody else may have taken it away meanwhile, and what we sent is kept.
    if raw and not mail_archive.is_own_copy(session, opened.direction, raw):
        mail_id = opened.begin(session, uid)
        mail_archive.add(session, mail_id, 0, raw)
        mail_archive.finish(session, mail_id, hashlib.sha256(raw).hexdigest(), len(raw))
    return True


def _large(opened: _ContactFolder, uid: int, parts: Iterator[bytes]) -> bool:
    """A letter in slices, each of which is kept before the next one is asked for."""
    bot, validity = opened.bot, opened.folder.validity
    mail_id = bot.database.write(lambda session: opened.begin(session, uid))
    digest, size, count = hashlib.sha256(), 0, 0
    for part in parts:

        def keep(session: Session, part: bytes = part, after: int = count) -> int:
            if not mailbox_cursor.trying(session, opened.reading, bot.worker, validity, uid):
                return 0
            return mail_archive.add(session, mail_id, after, part)

        count = bot.database.write(keep)
        if count == 0:
            return False
        digest.update(part)
        size += len(part)
        if size > MAX_BYTES:  # more than the server said
            bot.database.write(lambda session: mail_archive.forget(session, [mail_id]))
            return _stub(opened, uid, size)

    def finish(session: Session) -> bool:
        if not opened.goes_on(session, uid):
            return False
        mail_archive.finish(session, mail_id, digest.hexdigest(), size)
        return True

    return bot.database.write(finish)


def _stub(opened: _ContactFolder, uid: int, size: int) -> bool:
    """Of a letter that is too large its headers are kept, and a person is told where it is."""
    bot, head = opened.bot, opened.folder.head(uid) or b""
    part = arrived.read(head)
    sender = next(iter(arrived.listed(part.first("From"))), "")
    report = Report(ReportKind.OTHER, sender=sender, title=arrived.shown(part.first("Subject")))
    bot.log.warning("archive.too_large", letter=uid, size=size)

    def work(session: Session) -> bool:
        if not opened.goes_on(session, uid):
            return False
        mail_id = opened.begin(session, uid, size)
        mail_archive.add(session, mail_id, 0, head)
        if mail_archive.finish(session, mail_id, hashlib.sha256(head).hexdigest(), len(head)):
            at = opened.folder.validity, uid
            why = WhyWaiting.TOO_LARGE
            waiting_letters.add(session, opened.reading, *at, why, report, bot.clock())
        return True

    return bot.database.write(work)


def _read_fields(bot: Bot) -> int:
    """Read what some archived mails say of themselves; returns how many."""
    waiting = bot.database.read(archived_fields.waiting)
    for mail_id in waiting:
        _read_fields_of(bot, mail_id)
    return len(waiting)


def _read_fields_of(bot: Bot, mail_id: str) -> None:
    def start(session: Session) -> bytes:
        mail = session.get_one(ArchivedMail, mail_id)
        return mail_archive.start_of(session, mail, arrived.MAX_BYTES)

    try:
        raw = bot.database.read(start)
        bot.database.write(lambda s: archived_fields.read(s, mail_id, raw, bot.clock()))
    except Exception as error:  # one letter's trouble must not hold up the others
        bot.log.warning("archive.garbage", mail=mail_id, **failure(error))
        bot.database.write(lambda s: archived_fields.read(s, mail_id, b"", bot.clock()))
