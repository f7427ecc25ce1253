"""Reads what came back from our mails: each letter is acted on, put away, and then counted as read.

In this order, so that a crash repeats a step and skips none; a report that is read twice changes
nothing the second time. A letter in the middle of which the process ended is not tried again: it
waits for a person, as does what is not understood. One process at a time reads, by a lease.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy.orm import Session

from bot.logs import failure
from bot.mail import reports
from bot.mail.imap import BounceMailboxError, FetchedMail, Folder
from bot.mail.reports import Report, ReportKind
from bot.runtime.parts import Bot
from bot.services.delivery import mail_trouble, mailbox_cursor, waiting_letters
from bot.services.delivery.mailbox_cursor import Reading
from bot.services.subscriptions import bounces
from bot.services.subscriptions.bounces import BounceOutcome
from models.mail import WhyWaiting

ROUND = 100  # letters looked up at once
MAX_MAILS = 2000  # in one tick; the next tick goes on
WAITING = {
    BounceOutcome.NOT_OURS: WhyWaiting.NOT_OURS,
    BounceOutcome.UNKNOWN: WhyWaiting.NOT_UNDERSTOOD,
}


@dataclass(frozen=True)
class _Opened:
    """A mailbox that this process reads."""

    bot: Bot
    reading: Reading
    folder: Folder

    def is_ours(self, uid: int) -> bool:
        """Note that a letter is about to be read; False where another process reads by now."""
        return self.bot.database.write(
            lambda session: mailbox_cursor.trying(
                session, self.reading, self.bot.worker, self.folder.validity, uid
            )
        )

    def went_on(self, uid: int) -> bool:
        return self.bot.database.write(
            lambda session: mailbox_cursor.went_on(
                session, self.reading, self.bot.worker, self.folder.validity, uid
            )
        )

    def wait(self, session: Session, uid: int, why: WhyWaiting, report: Report) -> None:
        """Leave a letter for a person."""
        at = self.folder.validity, uid
        waiting_letters.add(session, self.reading, *at, why, report, self.bot.clock())


def read(bot: Bot) -> int:
    """Look at every new letter of the mailbox, and tell what is wrong; returns how many letters."""
    if bot.bounce_mailbox is None:
        _tell(bot, None)
        return 0
    name = bot.bounce_mailbox.name
    reading = bot.database.write(
        lambda session: mailbox_cursor.begin(session, name, bot.worker, bot.clock())
    )
    if reading is None:
        return 0  # another process is at it
    seen = 0
    trouble: str | None = "stopped"
    try:
        with bot.bounce_mailbox.opened() as folder:
            for _ in _letters(_Opened(bot, reading, folder)):
                seen += 1
        trouble = None
    except BounceMailboxError as error:
        trouble = error.reason
        bot.log.warning(
            "bounces.unreadable", setting="IMAP_URL", reason=error.reason, cure=error.cure
        )
    finally:
        bot.database.write(
            lambda session: mailbox_cursor.end(session, reading, bot.worker, bot.clock(), trouble)
        )
        _tell(bot, name)
    return seen


def _tell(bot: Bot, mailbox: str | None) -> None:
    """Also without a mailbox: servers refuse us at once, too."""
    bot.database.write(
        lambda session: mail_trouble.tell(session, mailbox, bot.settings, bot.clock())
    )


def _letters(opened: _Opened) -> Iterator[int]:
    """Take the letters one by one; yields the number of each that is done."""
    reading, folder = opened.reading, opened.folder
    after = 0
    if reading.validity == folder.validity:
        after = reading.last_uid
        if reading.trying is not None and reading.trying > after:
            after = reading.trying
            _skip(opened, after)
    for _ in range(MAX_MAILS // ROUND):
        found = 0
        for letter in folder.letters(after, ROUND):
            if not opened.is_ours(letter.uid):
                return  # our lease ran out, and another process reads
            _take(opened, letter)
            after, found = letter.uid, found + 1
            opened.went_on(after)
            yield after
        if not found:
            return


def _skip(opened: _Opened, uid: int) -> None:
    """A process ended in the middle of this letter: behind it, and to a person."""
    bot, nothing = opened.bot, Report(ReportKind.OTHER)
    bot.log.warning("bounces.skipped", letter=uid)
    bot.database.write(lambda session: opened.wait(session, uid, WhyWaiting.BROKE, nothing))
    opened.went_on(uid)


def _take(opened: _Opened, letter: FetchedMail) -> None:
    bot = opened.bot
    try:
        report = reports.read(letter.raw)
    except Exception as error:  # one letter's trouble must not hold up the others
        bot.log.warning("bounces.garbage", letter=letter.uid, **failure(error))
        nothing = Report(ReportKind.OTHER)
        bot.database.write(
            lambda session: opened.wait(session, letter.uid, WhyWaiting.BROKE, nothing)
        )
        return

    def work(session: Session) -> BounceOutcome:
        outcome = bounces.note(session, report, bot.settings, bot.clock())
        if outcome in WAITING:
            opened.wait(session, letter.uid, WAITING[outcome], report)
        return outcome

    outcome = bot.database.write(work)
    bot.log.info("bounces.read", letter=letter.uid, outcome=outcome, code=report.code)
    if outcome not in WAITING:
        opened.folder.put_away(letter.uid)
