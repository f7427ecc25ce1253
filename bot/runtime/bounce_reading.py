"""Reads what came back from our mails: each letter is acted on, put away, and then counted as read.

In this order, so that a crash repeats a step and skips none; a report that is read twice changes
nothing the second time. One process at a time reads, by a lease.
"""

from bot.logs import failure
from bot.mail import reports
from bot.mail.imap import BounceMailboxError, FetchedMail, Folder
from bot.runtime.parts import Bot
from bot.services.delivery import mailbox_cursor
from bot.services.delivery.mailbox_cursor import Reading
from bot.services.subscriptions import bounces
from bot.services.subscriptions.bounces import BounceOutcome

ROUND = 100  # letters looked up at once
MAX_MAILS = 2000  # in one tick; the next tick goes on


def read(bot: Bot) -> int:
    """Look at every new letter of the mailbox; returns how many."""
    if bot.bounce_mailbox is None:
        return 0
    name = bot.bounce_mailbox.name
    reading = bot.database.write(
        lambda session: mailbox_cursor.begin(session, name, bot.worker, bot.clock())
    )
    if reading is None:
        return 0  # another process is at it
    seen = 0
    try:
        with bot.bounce_mailbox.opened() as folder:
            after = reading.last_uid if reading.validity == folder.validity else 0
            while seen < MAX_MAILS:
                found = 0
                for letter in folder.letters(after, ROUND):
                    after, found = letter.uid, found + 1
                    _take(bot, folder, letter)
                    if not _went_on(bot, reading, folder, after):
                        return seen + found  # our lease ran out, and another process reads
                seen += found
                if not found:
                    break
    except BounceMailboxError as error:
        said = {"reason": error.reason, "cure": error.cure}
        bot.log.warning("bounces.unreadable", setting="IMAP_URL", **said)
        return seen
    finally:
        bot.database.write(
            lambda session: mailbox_cursor.end(session, reading, bot.worker, bot.clock())
        )
    return seen


def _take(bot: Bot, folder: Folder, letter: FetchedMail) -> None:
    try:
        report = reports.read(letter.raw)
    except Exception as error:  # one letter's trouble must not hold up the others
        bot.log.warning("bounces.garbage", letter=letter.uid, **failure(error))
        return
    outcome = bot.database.write(
        lambda session: bounces.note(session, report, bot.settings, bot.clock())
    )
    bot.log.info("bounces.read", letter=letter.uid, outcome=outcome, code=report.code)
    if outcome is not BounceOutcome.UNKNOWN:
        folder.put_away(letter.uid)


def _went_on(bot: Bot, reading: Reading, folder: Folder, uid: int) -> bool:
    return bot.database.write(
        lambda session: mailbox_cursor.went_on(session, reading, bot.worker, folder.validity, uid)
    )
