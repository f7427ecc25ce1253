"""Letters of the mailbox of returned mails that nobody but a person can do something about.

A letter itself stays where it is; here stands what is known of it, for a month or until a person
has looked. Anybody can write to the mailbox, so there is an end to the list.
"""

from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from bot.mail.reports import Report
from bot.services.delivery.mailbox_cursor import Reading
from models.base import new_id
from models.inserts import insert_if_new
from models.mail import WaitingLetter, WhyWaiting

MAX_WAITING = 1000  # what comes beyond that is logged and stays unread in the mailbox
PAGE = 50


def add(
    session: Session,
    reading: Reading,
    validity: int,
    uid: int,
    why: WhyWaiting,
    report: Report,
    now: datetime,
) -> None:
    """Note a letter; the same once more changes nothing."""
    if count(session) >= MAX_WAITING:
        return
    row = {
        "id": new_id(),
        "mailbox": reading.id,
        "validity": validity,
        "uid": uid,
        "at": now,
        "why": why,
        "code": report.code[:16] or None,
    }
    if insert_if_new(session, WaitingLetter, row):
        letter = session.get_one(WaitingLetter, row["id"])
        letter.sender, letter.title = report.sender or None, report.title or None


def count(session: Session) -> int:
    """How many letters wait."""
    return session.execute(select(func.count()).select_from(WaitingLetter)).scalar_one()


def newest(session: Session) -> list[WaitingLetter]:
    """The letters that wait, the newest first: a page of them."""
    query = select(WaitingLetter).order_by(WaitingLetter.at.desc(), WaitingLetter.id.desc())
    return list(session.scalars(query.limit(PAGE)))


def done(session: Session, letter_id: str) -> bool:
    """A person has looked at a letter; False where somebody else had."""
    gone = session.execute(
        delete(WaitingLetter).where(WaitingLetter.id == letter_id).returning(WaitingLetter.id)
    )
    return gone.one_or_none() is not None
