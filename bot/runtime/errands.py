"""Does errands, one in a transaction: late, twice at once or after a crash makes no difference."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from sqlalchemy.orm import Session

from bot.logs import failure
from bot.runtime.parts import Bot
from bot.services.accounts import accounts
from bot.services.learners import relinking
from bot.services.shared import errands
from models.errand import Errand, ErrandKind

WORK: dict[ErrandKind, Callable[[Session, Errand, datetime], None]] = {
    ErrandKind.RELINK_MAIL: relinking.mail_codes,
    ErrandKind.SAME_DETAILS: accounts.compare,
}


def drain(bot: Bot) -> int:
    """Do what waits; how many were done. One that fails stays, and the others are done."""
    ids = bot.database.read(errands.waiting)
    for errand_id in ids:
        try:
            bot.database.write(partial(_do, errand_id, bot.clock()))
        except Exception as error:
            bot.log.error("errand.failed", errand=errand_id, **failure(error))
    return len(ids)


def _do(errand_id: str, now: datetime, session: Session) -> None:
    errand = errands.take(session, errand_id)
    if errand is None:
        return
    WORK[errand.kind](session, errand, now)
    errands.done(session, errand)
