"""From a claimed mail to the server's receipt: looked at once more, handed in, settled."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bot.errors import DeliveryError
from bot.mail.mime import Letterhead, Written
from bot.mail.smtp import MailError
from bot.services.delivery import mail_archive, mail_rate_limit, mails
from bot.services.delivery.gate import Decision, Drop, Gate, Go, Wait
from bot.services.delivery.mail_archive import HandedMail
from bot.services.delivery.mail_claims import LEASE, ClaimedMail
from bot.services.people import people
from bot.services.shared import retries
from bot.texts.letters import fill_kept
from models import leases
from models.consent import Purpose
from models.mail import Mail, MailState, Stream

GIVE_UP = timedelta(days=3)
FIRST_WAIT = timedelta(seconds=30)
MAX_WAIT = timedelta(hours=4)


@dataclass(frozen=True)
class OutgoingMail:
    """A mail whose attempt is counted, ready to be written.

    gapped: the same without its one-time secret, where it has one; that is what is archived.
    handed: the bytes that an earlier try may have handed over: the same go again.
    """

    id: str
    attempts: int
    subject_id: str | None
    purpose: Purpose | None
    campaign_id: str | None
    written: Written
    gapped: Written | None = None
    handed: bytes | None = None


def begin(
    session: Session, claimed: ClaimedMail, worker: str, now: datetime, head: Letterhead, gate: Gate
) -> OutgoingMail | None:
    """Count an attempt just before it; None where the mail may not go out any more.

    The sender's domain names the mail from its first try on (RFC 5322, 3.6.4).
    """
    # The person is locked before the mail, as everywhere.
    decided = _decided(session, claimed.id, now, gate)
    mail = _mine(session, claimed.id, claimed.attempts, worker)
    if mail is None:
        return None
    if mail.handed_at is not None:
        # We, or another worker, died between DATA and its answer: a person decides (E6).
        leases.close(mail, MailState.UNKNOWN, "no answer after DATA")
        return None
    if mail.useful_until is not None and now >= mail.useful_until:
        leases.close(mail, MailState.DROPPED, "too late")
        return None
    if isinstance(decided, Drop):
        leases.close(mail, MailState.DROPPED, decided.reason)
        return None
    if isinstance(decided, Wait):
        leases.give_back(mail, decided.until)
        return None
    mail.first_tried_at = mail.first_tried_at or now
    if mail.message_id.endswith(f"@{mails.NO_DOMAIN}>"):
        domain = head.domain(is_news=mail.stream is Stream.NEWS)
        mail.message_id = f"<{mail.id}@{domain}>"
    mail.attempts += 1
    leases.renew(session, mail, LEASE)
    return _outgoing(session, mail)


def hand_over(
    session: Session,
    outgoing: OutgoingMail,
    worker: str,
    now: datetime,
    gate: Gate,
    handed: HandedMail,
) -> bool:
    """Archive what goes out with the next step; False where it must not go.

    The last look at the ledger, with the server waiting for DATA. That a piece of news goes is
    written down, too. A notice needs neither: it is sent again under its Message-ID where nobody
    knows whether it arrived.
    """
    is_news = outgoing.written.is_news
    decided = _decided(session, outgoing.id, now, gate) if is_news else Go()
    mail = _mine(session, outgoing.id, outgoing.attempts, worker)
    if mail is None:
        return False
    if isinstance(decided, Drop):  # one that has to wait has begun: it goes
        leases.close(mail, MailState.DROPPED, decided.reason)
        return False
    if is_news:
        mail.handed_at = now
        leases.renew(session, mail, LEASE)
    mail_archive.keep_handed(session, mail, handed, now)
    return True


def sent(session: Session, outgoing: OutgoingMail, worker: str, now: datetime) -> None:
    """The server took it. What was written stays, sealed, and its bytes are archived (S17)."""
    mail = _mine(session, outgoing.id, outgoing.attempts, worker, MailState.UNKNOWN)
    if mail is not None:
        mail.sent_at = now
        leases.close(mail, MailState.SENT, None)


def failed(
    session: Session,
    outgoing: OutgoingMail,
    worker: str,
    error: DeliveryError,
    now: datetime,
    gate: Gate,
    per_domain: int = 10,
) -> None:
    """Close it where the server refused it for good, or try again later."""
    told = error if isinstance(error, MailError) else MailError(error.reason)
    is_bounce = told.is_dead_address or told.may_be_dead
    if is_bounce:
        people.lock(session, outgoing.subject_id)  # before the mail, as everywhere
    mail = _mine(session, outgoing.id, outgoing.attempts, worker)
    if mail is None:
        return
    reason = _reason(error)
    if error.permanent:
        leases.close(mail, MailState.FAILED, reason)
        if is_bounce:
            code = told.code or str(told.status)
            gate.is_undeliverable(session, mail, code, now, is_dead=told.is_dead_address)
    elif error.unknown and mail.stream is Stream.NEWS:
        leases.close(mail, MailState.UNKNOWN, reason)
    else:
        _postpone(mail, reason, now)
    if told.is_too_fast and mail.to:
        mail_rate_limit.slow_down(
            session, mail.to, per_domain, mail_rate_limit.moment(session, now)
        )


def postpone(
    session: Session, claimed: list[ClaimedMail], worker: str, error: DeliveryError, now: datetime
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
    return leases.mine(session, Mail, mail_id, worker, attempts, MailState.QUEUED, *also)


def _decided(session: Session, mail_id: str, now: datetime, gate: Gate) -> Decision:
    """What becomes of a piece of news now; a notice about an account always goes."""
    mail = session.get(Mail, mail_id)
    if mail is None or mail.stream is Stream.TRANSACTIONAL or mail.handed_at is not None:
        return Go()
    return gate.decide(session, mail, now)


def _outgoing(session: Session, mail: Mail) -> OutgoingMail:
    secrets = {
        "link": mails.link_secret(session, mail.id),
        "code": mails.code_secret(session, mail.id),
    }
    gapped = Written(
        id=mail.id,
        message_id=mail.message_id,
        to=mail.to or "",
        title=mail.title or "",
        text=mail.text or "",
        html=mail.html or "",
        language=mail.language,
        date=mail.created_at,
        is_news=mail.stream is Stream.NEWS,
    )
    written = replace(
        gapped,
        text=fill_kept(gapped.text, secrets),
        html=fill_kept(gapped.html, secrets, is_html=True),
    )
    return OutgoingMail(
        id=mail.id,
        attempts=mail.attempts,
        subject_id=mail.subject_id,
        purpose=mail.purpose,
        campaign_id=mail.campaign_id,
        written=written,
        gapped=gapped if written != gapped else None,
        handed=mail_archive.handed_before(session, mail.id) if mail.attempts > 1 else None,
    )


def _postpone(mail: Mail, reason: str, now: datetime) -> None:
    mail.handed_at = None
    if mail.first_tried_at is not None and now - mail.first_tried_at >= GIVE_UP:
        leases.close(mail, MailState.FAILED, f"gave up: {reason}")
        return
    spread = 0.75 + retries.by_chance(mail.id[-4:]) / 2
    wait = retries.wait(FIRST_WAIT, mail.attempts - 1, MAX_WAIT, spread=spread)
    leases.put_off(mail, now + wait, reason)


def _reason(error: DeliveryError) -> str:
    return error.reason if error.status is None else f"{error.status} {error.reason}"
