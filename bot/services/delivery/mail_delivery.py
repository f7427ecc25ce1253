"""From a claimed mail to the server's receipt: looked at once more, handed in, settled."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import or_, select
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
    _lock_owner(session, claimed.id, now)
    mail = _mine(session, claimed.id, claimed.attempts, worker)
    if mail is None:
        return None
    if mail.handed_at is not None:
        # We, or another worker, died between DATA and its answer.
        _lose(session, mail, MailState.UNKNOWN, "no answer after DATA")
        return None
    if mail.useful_until is not None and now >= mail.useful_until:
        _lose(session, mail, MailState.DROPPED, "too late")
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

    The last look at the ledger, with the server waiting for DATA. From here on a mail whose end
    nobody knows is not sent again by itself, for it may have arrived: a person decides.
    """
    decided = _decided(session, outgoing.id, now, gate)
    mail = _mine(session, outgoing.id, outgoing.attempts, worker)
    if mail is None:
        return False
    if isinstance(decided, Drop):  # one that has to wait has begun: it goes
        leases.close(mail, MailState.DROPPED, decided.reason)
        return False
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
    """Close it where the server refused it for good or may have taken it, or try again later."""
    told = error if isinstance(error, MailError) else MailError(error.reason)
    is_bounce = told.is_dead_address or told.may_be_dead
    people.lock(session, outgoing.subject_id)  # before the mail, as everywhere
    mail = _mine(session, outgoing.id, outgoing.attempts, worker)
    if mail is None:
        return
    reason = _reason(error)
    if error.permanent:
        _lose(session, mail, MailState.FAILED, reason)
        if is_bounce:
            code = told.code or str(told.status)
            gate.is_undeliverable(session, mail, code, now, is_dead=told.is_dead_address)
        elif told.is_blocked:
            mail_rate_limit.pause(session, mail, told.code or str(told.status), now)
    elif error.unknown:
        _lose(session, mail, MailState.UNKNOWN, reason)
    else:
        _postpone(session, mail, reason, now)
    if told.is_too_fast and mail.to:
        mail_rate_limit.slow_down(
            session, mail.to, per_domain, mail_rate_limit.moment(session, now)
        )


def postpone(
    session: Session, claimed: list[ClaimedMail], worker: str, error: DeliveryError, now: datetime
) -> None:
    """The server cannot be reached: an attempt for each, and all of them later.

    Whoever has waited for too long is told that the mail is lost, as where it was refused.
    """
    _lock_owners(session, claimed, now)
    for one in claimed:
        mail = _mine(session, one.id, one.attempts, worker)
        if mail is not None and mail.handed_at is None:
            mail.attempts += 1
            mail.first_tried_at = mail.first_tried_at or now
            if mail.useful_until is not None and now >= mail.useful_until:
                _lose(session, mail, MailState.DROPPED, "too late")
            else:
                _postpone(session, mail, _reason(error), now)


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


def _lock_owner(session: Session, mail_id: str, now: datetime) -> None:
    """Lock whoever is to be told that a mail is lost; most mails are not, and lock nobody."""
    mail = session.get(Mail, mail_id)
    if mail is None:
        return
    is_late = mail.useful_until is not None and now >= mail.useful_until
    if is_late or mail.handed_at is not None:
        people.lock(session, mail.subject_id)


def _lock_owners(session: Session, claimed: list[ClaimedMail], now: datetime) -> None:
    """Lock, in one order, whoever is to be told that a mail of theirs is given up now."""
    is_over = or_(Mail.first_tried_at <= now - GIVE_UP, Mail.useful_until <= now)
    query = select(Mail.subject_id).where(Mail.id.in_([one.id for one in claimed]), is_over)
    for subject_id in session.scalars(query.order_by(Mail.subject_id).distinct()).all():
        people.lock(session, subject_id)


def _lose(session: Session, mail: Mail, state: MailState, reason: str) -> None:
    """Close a mail that did not arrive, or may not have. The caller has locked its owner."""
    leases.close(mail, state, reason)
    mails.is_lost(session, mail)


def _postpone(session: Session, mail: Mail, reason: str, now: datetime) -> None:
    """Later again, or never where that has lasted for too long. The caller has locked the owner."""
    mail.handed_at = None
    if mail.first_tried_at is not None and now - mail.first_tried_at >= GIVE_UP:
        _lose(session, mail, MailState.FAILED, f"gave up: {reason}")
        return
    spread = 0.75 + retries.by_chance(mail.id[-4:]) / 2
    wait = retries.wait(FIRST_WAIT, mail.attempts - 1, MAX_WAIT, spread=spread)
    leases.put_off(mail, now + wait, reason)


def _reason(error: DeliveryError) -> str:
    return error.reason if error.status is None else f"{error.status} {error.reason}"
