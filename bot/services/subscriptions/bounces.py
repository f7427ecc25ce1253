"""What comes back from a mail: dead addresses, full ones, and people who call our news spam.

A report counts only where it names a mail that we sent: by that mail's own bounce address or by
its Message-ID, both of which hold 80 bits of chance and are known to nobody but its readers; where
it names two, or one that never left, it counts for nothing.

What a refusal says about the address stands in bot/mail/status_codes.py.

* Nobody is there: no news to the address any more, and a confirmed address has to be confirmed
  again. Providers give a dead address to somebody else some day, who must not be able to move the
  account by a code that we mail there.
* It did not get through this time: three in a row without a mail between them that arrived are as
  good as a dead address, except that the address stays confirmed and that the person who asks for
  the news again gets another try.
* Refused for what we are or what was written: it says nothing about the address. It is noted at
  the mail, where campaigns count it; where a whole domain refuses us, its news wait
  (bot/services/delivery/mail_rate_limit.py) and the operator is told.
* "This is spam": the person has said no to e-mail news, in the one place where their mail program
  offers it. It is written into the ledger as a withdrawal, by the channel "complaint". Should
  somebody else have said it (a mail that was passed on), one tap starts the news again.

Notices about one's own account are sent all the same.
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from bot.errors import DeliveryError
from bot.mail import status_codes
from bot.mail.mime import wire_address
from bot.mail.reports import COMPLAINTS, Report, ReportKind
from bot.mail.status_codes import Verdict
from bot.services.audit import audit
from bot.services.audit.audit import Action
from bot.services.consent.consents import ConsentStatement
from bot.services.delivery import mail_rate_limit, mails
from bot.services.delivery.mails import HARD, SOFT, SPAM
from bot.services.people import people
from bot.services.subscriptions import subscriptions
from bot.settings import Settings
from bot.texts import translator
from models.consent import Purpose
from models.conversation import Conversation
from models.learner import Learner
from models.mail import Mail, MailState, Suppression

SOFT_LIMIT = 3
LOOK_BACK = 50  # mails to one address in which those in a row are looked for


class BounceOutcome(StrEnum):
    """What was done about one report."""

    DEAD = "dead"
    SOFT = "soft"
    REFUSED = "refused"
    BLOCKED = "blocked"  # the whole domain refuses us
    COMPLAINT = "complaint"
    NOTHING = "nothing"  # understood, and nothing to be done
    NOT_OURS = "not_ours"  # about no mail that we know: for a person to look at
    UNKNOWN = "unknown"  # not understood: for a person to look at


def note(session: Session, report: Report, settings: Settings, now: datetime) -> BounceOutcome:
    """Do what one report demands; the same report once more changes nothing."""
    if report.kind is ReportKind.AUTOMATIC:
        return BounceOutcome.NOTHING
    if report.kind is ReportKind.OTHER:
        return BounceOutcome.UNKNOWN
    known = _about(session, report, settings.mail_bounce_domain)
    if known is None or known.first_tried_at is None:
        return BounceOutcome.NOT_OURS
    conversation = people.lock(session, known.subject_id)
    mail = session.get_one(Mail, known.id, with_for_update=True, populate_existing=True)
    if report.kind in {ReportKind.DELAYED, ReportKind.DELIVERED} or mail.address_index is None:
        return BounceOutcome.NOTHING  # a server is still at it; or the person was erased meanwhile
    if report.kind is ReportKind.COMPLAINT:
        _is_spam(session, mail, conversation, report.code, settings, now)
        return BounceOutcome.COMPLAINT
    # An address that passes its mail on to another one: that one is dead, ours is not.
    is_itself = not report.recipients or _wire(mail.to) in report.recipients
    return _came_back(session, mail, report, now, is_itself=is_itself)


def _came_back(
    session: Session, mail: Mail, report: Report, now: datetime, *, is_itself: bool
) -> BounceOutcome:
    verdict = report.verdict or Verdict.SOFT
    if verdict in {Verdict.ABOUT_US, Verdict.BLOCKED}:
        if mail.bounced_at is None:
            _mark(mail, report.code, verdict, now)
        if verdict is Verdict.ABOUT_US or not is_itself:
            return BounceOutcome.REFUSED
        mail_rate_limit.pause(session, mail, report.code, now)
        return BounceOutcome.BLOCKED
    if is_itself and verdict is Verdict.DEAD:
        is_dead(session, mail, report.code, now)
        return BounceOutcome.DEAD
    is_soft(session, mail, report.code, now)
    return BounceOutcome.SOFT


def is_dead(session: Session, mail: Mail, code: str, now: datetime) -> None:
    """Nobody is at a mail's address. The caller has locked the person, then the mail."""
    # Both have ended the news already.
    if mail.bounce_verdict == Verdict.DEAD or mail.bounce_code in COMPLAINTS:
        return
    _mark(mail, code, Verdict.DEAD, now)
    mails.is_lost(session, mail)
    _suppress(session, mail, HARD, now)
    learner = _whose(session, mail)
    is_unconfirmed = learner is not None and learner.email_verified_at is not None
    if learner is not None and is_unconfirmed:
        learner.email_verified_at = None
    audit.record(
        session,
        Action.EMAIL_BOUNCED,
        actor="system",
        subject=mail.subject_id,
        now=now,
        mail_id=mail.id,
        code=code,
        is_unconfirmed=int(is_unconfirmed),
    )


def is_soft(session: Session, mail: Mail, code: str, now: datetime) -> None:
    """A mail did not get through. The caller has locked the person, then the mail."""
    if mail.bounced_at is not None:
        return
    _mark(mail, code, Verdict.SOFT, now)
    mails.is_lost(session, mail)
    session.flush()
    if _in_a_row(session, mail) >= SOFT_LIMIT:
        _suppress(session, mail, SOFT, now)


def _in_a_row(session: Session, mail: Mail) -> int:
    """How many of the newest mails to an address came back soft, with none between that arrived.

    Counted from the newest that came back: what was sent after that may still come back. One that
    was sent between two and may do so too counts as arrived, until its own report is read.
    """
    learner = _whose(session, mail)
    confirmed = learner.email_verified_at if learner is not None else None
    query = (
        select(Mail)
        .where(Mail.address_index == mail.address_index, Mail.first_tried_at.is_not(None))
        .where(or_(Mail.bounced_at.is_not(None), Mail.state == MailState.SENT))
        .order_by(Mail.first_tried_at.desc(), Mail.id.desc())
    )
    found = 0
    for each in session.scalars(query.limit(LOOK_BACK)):
        if each.bounced_at is None or each.bounce_code in COMPLAINTS:
            if found:
                break  # it arrived
        elif confirmed is not None and each.bounced_at <= confirmed:
            break  # the address lived then
        elif _verdict(each) is Verdict.SOFT:
            found += 1
    return found


def suppressed(session: Session) -> list[Suppression]:
    """All of them, by reason and then the newest first; addresses are digests."""
    query = select(Suppression).order_by(
        Suppression.reason, Suppression.at.desc(), Suppression.address_index
    )
    return list(session.scalars(query))


def release(session: Session, address: str, actor: str, now: datetime) -> bool:
    """Let an address have news again, as far as its owner wants them; False where it was free."""
    if not mails.is_suppressed(session, address):
        return False
    mails.release(session, address)
    audit.record(
        session,
        Action.SUPPRESSION_RELEASED,
        actor=actor,
        subject=None,
        now=now,
        address=mails.address_index(session, address),
    )
    return True


def let_go_on(session: Session, domain: str, actor: str, now: datetime) -> bool:
    """A person has looked at why a domain refused us: its news go on. domain: as it is kept."""
    if not mail_rate_limit.go_on(session, domain, now):
        return False
    audit.record(session, Action.DOMAIN_RELEASED, actor=actor, subject=None, now=now, domain=domain)
    return True


def _is_spam(
    session: Session,
    mail: Mail,
    conversation: Conversation | None,
    kind: str,
    settings: Settings,
    now: datetime,
) -> None:
    """Also where it was a notice that they called spam: news would be the next."""
    if mail.bounce_code in COMPLAINTS:
        return
    _mark(mail, kind, None, now)
    _suppress(session, mail, SPAM, now)
    if conversation is None or _whose(session, mail) is None:
        return
    t = translator(conversation.language)
    said = ConsentStatement(t("You marked one of our e-mails as spam."), channel="complaint")
    subscriptions.stop(session, conversation, Purpose.EMAIL_NEWS, said, settings.school, now)


def _about(session: Session, report: Report, bounce_domain: str | None) -> Mail | None:
    """The one mail that a report names; None for none, and where it names several."""
    named = report.mail_ids(bounce_domain)
    query = select(Mail).where(Mail.id.in_(named) | (Mail.message_id == report.message_id))
    found = list(session.scalars(query.limit(2)))
    if len(found) != 1 or len(named) > 1:
        return None
    [mail] = found
    if named and named != {mail.id}:
        return None
    if report.message_id not in {None, mail.message_id}:
        # Some servers give a mail a new id. Then it has to be about the same address at least.
        return mail if _wire(mail.to) in report.recipients else None
    return mail


def _whose(session: Session, mail: Mail) -> Learner | None:
    """The learner whose present address a mail went to."""
    if mail.subject_id is None or mail.to is None:
        return None
    learner = session.scalars(
        select(Learner)
        .where(Learner.conversation_id == mail.subject_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if learner is None or (learner.email or "").casefold() != mail.to.casefold():
        return None
    return learner


def _mark(mail: Mail, code: str, verdict: Verdict | None, now: datetime) -> None:
    mail.bounced_at = mail.bounced_at or now
    mail.bounce_code, mail.bounce_verdict = code[:16], verdict


def _verdict(mail: Mail) -> Verdict:
    """What came back said of the address; by the code alone where only that was written down."""
    if mail.bounce_verdict is not None:
        return Verdict(mail.bounce_verdict)
    return status_codes.judged(mail.bounce_code or "")


def _suppress(session: Session, mail: Mail, reason: str, now: datetime) -> None:
    if mail.address_index is None or mails.is_suppressed(session, mail.to or ""):
        return
    mails.suppress(session, mail.address_index, reason, now)
    audit.record(
        session,
        Action.EMAIL_SUPPRESSED,
        actor="system",
        subject=mail.subject_id,
        now=now,
        mail_id=mail.id,
        reason=reason,
    )


def _wire(address: str | None) -> str:
    try:
        return wire_address(address or "")[0].casefold()
    except DeliveryError:
        return ""
