"""From a claimed mail to the server's receipt: looked at once more, handed in, settled."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.errors import DeliveryError
from bot.mail.mime import Letterhead, Written
from bot.mail.smtp import MailError
from bot.services.campaigns.sending import batch_mails
from bot.services.delivery import (
    mail_rate_limit,
    mails,
)
from bot.services.delivery.mail_claims import (
    LEASE,
    Claimed,
)
from bot.services.subscriptions import bounces
from bot.texts.letters import fill_kept
from models.consent import Purpose
from models.database import database_of
from models.learner import Learner
from models.mail import Mail, MailState, Stream

GIVE_UP = timedelta(days=3)
FIRST_WAIT = timedelta(seconds=30)
MAX_WAIT = timedelta(hours=4)

# Why a piece of news may not go out, or None: see bot/services/subscriptions/news.py.
Permits = Callable[[Session, Mail], str | None]


@dataclass(frozen=True)
class Outgoing:
    """A mail whose attempt is counted, ready to be written."""

    id: str
    attempts: int
    subject_id: str | None
    purpose: Purpose | None
    written: Written


def begin(
    session: Session,
    claimed: Claimed,
    worker: str,
    now: datetime,
    head: Letterhead,
    permits: Permits,
    *,
    keeps_quiet: bool = True,
) -> Outgoing | None:
    """Count an attempt just before it; None where the mail may not go out any more.

    The sender's domain names the mail from its first try on (RFC 5322, 3.6.4).
    """
    # The person is locked before the mail, as everywhere.
    refusal = _refusal(session, claimed.id, permits)
    mail = _mine(session, claimed.id, claimed.attempts, worker)
    if mail is None:
        return None
    if mail.handed_at is not None:
        # We, or another worker, died between DATA and its answer: a person decides (E6).
        _close(mail, MailState.UNKNOWN, "no answer after DATA")
        return None
    if mail.useful_until is not None and now >= mail.useful_until:
        _close(mail, MailState.DROPPED, "too late")
        return None
    if refusal is not None:
        _close(mail, MailState.DROPPED, refusal)
        return None
    if batch_mails.has_to_wait(session, mail, now, keeps_quiet=keeps_quiet):
        mail.lease_until = None
        return None
    mail.first_tried_at = mail.first_tried_at or now
    if mail.message_id.endswith(f"@{mails.NO_DOMAIN}>"):
        domain = head.domain(is_news=mail.stream is Stream.NEWS)
        mail.message_id = f"<{mail.id}@{domain}>"
    mail.attempts += 1
    _renew(session, mail)
    return _outgoing(session, mail)


def hand_over(
    session: Session, outgoing: Outgoing, worker: str, now: datetime, permits: Permits
) -> bool:
    """Write down that a piece of news goes out with the next step; False where it must not.

    The last look at the ledger, with the server waiting for DATA. A notice needs neither: it is
    sent again under its Message-ID where nobody knows whether it arrived.
    """
    refusal = _refusal(session, outgoing.id, permits)
    mail = _mine(session, outgoing.id, outgoing.attempts, worker)
    if mail is None:
        return False
    if refusal is not None:
        _close(mail, MailState.DROPPED, refusal)
        return False
    mail.handed_at = now
    _renew(session, mail)
    return True


def sent(session: Session, outgoing: Outgoing, worker: str, now: datetime) -> None:
    """The server took it. What was written stays, sealed: the row is the archive (S17)."""
    mail = _mine(session, outgoing.id, outgoing.attempts, worker, MailState.UNKNOWN)
    if mail is not None:
        mail.sent_at = now
        _close(mail, MailState.SENT, None)


def failed(
    session: Session,
    outgoing: Outgoing,
    worker: str,
    error: DeliveryError,
    now: datetime,
    per_domain: int = 10,
) -> None:
    """Close it where the server refused it for good, or try again later."""
    told = error if isinstance(error, MailError) else MailError(error.reason)
    is_bounce = told.is_dead_address or told.may_be_dead
    if is_bounce:
        bounces.lock_person(session, outgoing.subject_id)  # before the mail, as everywhere
    mail = _mine(session, outgoing.id, outgoing.attempts, worker)
    if mail is None:
        return
    reason = _reason(error)
    if error.permanent:
        _close(mail, MailState.FAILED, reason)
        if is_bounce:
            noted = bounces.is_dead if told.is_dead_address else bounces.is_soft
            noted(session, mail, told.code or str(told.status), now)
    elif error.unknown and mail.stream is Stream.NEWS:
        _close(mail, MailState.UNKNOWN, reason)
    else:
        _postpone(mail, reason, now)
    if told.is_too_fast and mail.to:
        mail_rate_limit.slow_down(
            session, mail.to, per_domain, mail_rate_limit.moment(session, now)
        )


def postpone(
    session: Session, claimed: list[Claimed], worker: str, error: DeliveryError, now: datetime
) -> None:
    """The server cannot be reached: an attempt for each, and all of them later."""
    for one in claimed:
        mail = _mine(session, one.id, one.attempts, worker)
        if mail is not None and mail.handed_at is None:
            mail.attempts += 1
            mail.first_tried_at = mail.first_tried_at or now
            _postpone(mail, _reason(error), now)


def _mine(
    session: Session, mail_id: str, attempts: int, worker: str, *also: MailState
) -> Mail | None:
    """The mail, locked, if it is still this worker's and at this attempt."""
    mail = session.get(Mail, mail_id, with_for_update=True, populate_existing=True)
    if mail is None or mail.state not in {MailState.QUEUED, *also}:
        return None
    return mail if (mail.worker, mail.attempts) == (worker, attempts) else None


def _refusal(session: Session, mail_id: str, permits: Permits) -> str | None:
    """Why a piece of news may not go to its address now; a notice about an account always may."""
    mail = session.get(Mail, mail_id)
    if mail is None or mail.stream is Stream.TRANSACTIONAL or mail.handed_at is not None:
        return None
    learner = session.scalars(
        select(Learner).where(Learner.conversation_id == mail.subject_id)
    ).one_or_none()
    if learner is None:
        return "gone"
    if mail.to is None or (learner.email or "").casefold() != mail.to.casefold():
        return "address changed"
    if learner.email_verified_at is None:
        return "address not confirmed"
    if mails.is_suppressed(session, mail.to):
        return "suppressed"
    return permits(session, mail)


def _outgoing(session: Session, mail: Mail) -> Outgoing:
    secrets = {
        "link": mails.link_secret(session, mail.id),
        "code": mails.code_secret(session, mail.id),
    }
    return Outgoing(
        id=mail.id,
        attempts=mail.attempts,
        subject_id=mail.subject_id,
        purpose=mail.purpose,
        written=Written(
            id=mail.id,
            message_id=mail.message_id,
            to=mail.to or "",
            title=mail.title or "",
            text=fill_kept(mail.text or "", secrets),
            html=fill_kept(mail.html or "", secrets, is_html=True),
            language=mail.language,
            date=mail.created_at,
            is_news=mail.stream is Stream.NEWS,
        ),
    )


def _renew(session: Session, mail: Mail) -> None:
    renewed: Any = database_of(session).time(LEASE)
    mail.lease_until = renewed


def _postpone(mail: Mail, reason: str, now: datetime) -> None:
    mail.handed_at = None
    if mail.first_tried_at is not None and now - mail.first_tried_at >= GIVE_UP:
        _close(mail, MailState.FAILED, f"gave up: {reason}")
        return
    wait = min(FIRST_WAIT * 2 ** min(mail.attempts - 1, 20), MAX_WAIT)
    # Spread by the id, whose end is chance: what failed together does not come back together.
    mail.due_at = now + wait * (0.75 + int(mail.id[-4:], 16) / 0xFFFF / 2)
    mail.reason = reason[:80]
    mail.lease_until = None


def _reason(error: DeliveryError) -> str:
    return error.reason if error.status is None else f"{error.status} {error.reason}"


def _close(mail: Mail, state: MailState, reason: str | None) -> None:
    mail.state = state
    mail.reason = reason[:80] if reason else None
    mail.lease_until = None
