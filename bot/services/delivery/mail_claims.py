"""Which queued mails go next: leased by one sender, notices first, no domain beyond its rate."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from bot.errors import SealError
from bot.services.delivery import mail_rate_limit
from bot.services.delivery.gate import Gate
from models import leases
from models.base import session_keyring
from models.database import database_of
from models.mail import IS_QUEUED, Mail, Stream

# Longer than one mail can take (bot/mail/smtp.py, Patience), so that nobody else takes it up.
LEASE = timedelta(seconds=150)
LOOKS, LOOK = 10, 200  # how often, and at how many mails, a claim looks for such as may go


@dataclass(frozen=True)
class ClaimedMail:
    """A mail that this worker has a lease on."""

    id: str
    attempts: int


@dataclass(frozen=True)
class _Leased:
    id: str
    attempts: int
    domain: str


def claim(
    session: Session, worker: str, now: datetime, gate: Gate, most: int = 20, per_domain: int = 10
) -> list[ClaimedMail]:
    """Lease mails that are due; notices about accounts first, however much news is waiting.

    per_domain: how many mails a second one domain gets. What is over that gets a later date.
    """
    found: list[ClaimedMail] = []
    for stream in (Stream.TRANSACTIONAL, Stream.NEWS):
        look = most
        for _ in range(LOOKS):
            if len(found) >= most:
                break
            leased = _lease(session, worker, now, look, stream, gate)
            found += _admitted(session, leased, most - len(found), per_domain, stream, now)
            if len(leased) < look:
                break
            look = LOOK  # whole domains have no room: go through their mails in larger steps
    return found


def _lease(
    session: Session, worker: str, now: datetime, most: int, stream: Stream, gate: Gate
) -> list[_Leased]:
    turn = _turn(session, now, most, stream, gate)
    if not turn:
        return []
    leased = session.execute(
        update(Mail)
        .where(Mail.id.in_(turn))
        .values(worker=worker, lease_until=database_of(session).time(LEASE))
        .returning(Mail.id, Mail.attempts, Mail.to_sealed)
        .execution_options(synchronize_session=False)
    ).all()
    # In the order in which they were queued: what an UPDATE returns has none.
    return [
        _Leased(row.id, row.attempts, _domain(session, row.id, row.to_sealed))
        for row in sorted(leased, key=lambda row: row.id)
    ]


def _turn(session: Session, now: datetime, most: int, stream: Stream, gate: Gate) -> list[str]:
    """The mails that have waited longest, of all queues that are open.

    Each queue is asked by itself: what a paused campaign has in its own is not looked at.
    """
    database = database_of(session)
    queues: list[tuple[ColumnElement[bool], ...]] = [
        (Mail.campaign_id.is_(None), Mail.stream == stream)
    ]
    if stream is Stream.NEWS:
        queues += [(Mail.campaign_id == each,) for each in gate.open_queues(session, now)]
    found: list[tuple[datetime, str]] = []
    for queue in queues:
        waiting = (
            select(Mail.due_at, Mail.id)
            .where(IS_QUEUED, *queue, Mail.due_at <= now)
            .where(leases.is_free(Mail, database.time()))
            .order_by(Mail.due_at)
            .limit(most)
        )
        if not database.is_sqlite:
            waiting = waiting.with_for_update(skip_locked=True)
        found += [(row.due_at, row.id) for row in session.execute(waiting)]
    return [mail_id for _, mail_id in sorted(found)[:most]]


def _admitted(
    session: Session,
    leased: list[_Leased],
    most: int,
    per_domain: int,
    stream: Stream,
    now: datetime,
) -> list[ClaimedMail]:
    """Those that may go now; the others are let go of, with a later date where one was given."""
    waiting: dict[str, list[_Leased]] = {}
    for mail in leased:
        waiting.setdefault(mail.domain, []).append(mail)
    admitted: set[str] = set()
    others: list[dict[str, object]] = []
    at = mail_rate_limit.moment(session, now)
    # In one order, so that two claims cannot wait for each other in a circle.
    for domain, found in sorted(waiting.items()):
        room, is_news = most - len(admitted), stream is Stream.NEWS
        answer = mail_rate_limit.admit(
            session, domain, len(found), room, per_domain, at, is_news=is_news
        )
        admitted.update(mail.id for mail in found[: answer.now])
        over = len(found) - len(answer.later)
        others += [{"id": mail.id, "lease_until": None} for mail in found[answer.now : over]]
        dated = zip(found[over:], answer.later, strict=True)
        others += [{"id": mail.id, "due_at": due, "lease_until": None} for mail, due in dated]
    if others:
        session.execute(update(Mail), others)
    return [ClaimedMail(mail.id, mail.attempts) for mail in leased if mail.id in admitted]


def _domain(session: Session, mail_id: str, sealed: bytes | None) -> str:
    """The digest of the domain that a mail goes to; one for all whose address cannot be read."""
    if sealed is None:
        return mail_rate_limit.domain_of(session, "")
    try:
        address = session_keyring(session).open(sealed, f"mail|to_sealed|{mail_id}").decode()
    except SealError:
        address = ""
    return mail_rate_limit.domain_of(session, address)
