"""E-mails: queued as rows in the transaction of their cause; the rows are also the archive."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from bot.services.delivery.gate import News
from bot.services.shared import codes
from bot.texts import letters, translator
from bot.texts.dates import shown_span
from bot.texts.letters import Letter
from models.base import Sealed, new_id, session_keyring
from models.conversation import Conversation, Language
from models.inserts import insert_if_new
from models.learner import Learner
from models.mail import Mail, MailState, Stream, Suppression

CODE_DIGITS = codes.DIGITS
# How long the proof inside lives, and so the mail is worth sending: a dead link helps nobody.
CODE_USEFUL = timedelta(minutes=10)
LINK_USEFUL = timedelta(hours=24)
# Of a mail that may not have arrived.
LOST = (MailState.FAILED, MailState.UNKNOWN, MailState.DROPPED)
SHOWN = timedelta(days=30)  # to staff: what failed longer ago helps nobody any more
PAGE = 50
# Why an address is suppressed.
HARD, SOFT, SPAM = "hard bounce", "soft bounces", "complaint"
# Replaced by `Message-ID` with the sender's domain when it is first sent; RFC 2606.
NO_DOMAIN = "not-sent.invalid"


@dataclass(frozen=True)
class MailText:
    """What a mail says: a letter of bot/texts/mails, and what fills its gaps.

    `{link}` and `{code}` stand for a one-time secret (the token alone, so a letter reads
    `<{page}/{link}>`), which is stored nowhere; `{unsubscribe}` is filled at the moment of sending
    too, with the address that ends the news. `{code_digits}`, `{code_life}` and `{link_life}` are
    filled by themselves. written: the letter, where it was made once for many people.
    """

    template: str
    language: str
    values: Mapping[str, str] = field(default_factory=dict)
    written: Letter | None = None

    def letter(self) -> Letter:
        """The words, but for what is filled when they are sent."""
        known = _figures(self.language) | dict(self.values)
        return self.written or letters.letter(self.template, self.language, known)


def queue(
    session: Session,
    text: MailText,
    *,
    cause: str,
    to: str,
    now: datetime,
    subject_id: str | None = None,
    mail_id: str | None = None,
    news: News | None = None,
) -> str | None:
    """Add one mail, in the transaction of what caused it; None where the cause had one already.

    Where it holds a secret, draw `mail_id` first and issue the token with
    `drawn=link_secret(...)` or `code_secret(...)`: the same secret is derived again at the moment
    of sending, and after a day or ten minutes the mail is not worth sending any more. subject_id:
    whose account it is about; news say so themselves.
    """
    letter = text.letter()
    new = mail_id or new_id()
    row = {
        "id": new,
        "cause": cause,
        "stream": Stream.NEWS if news else Stream.TRANSACTIONAL,
        "template": text.template,
        "language": Language(text.language),
        "subject_id": news.subject_id if news else subject_id,
        "message_id": f"<{new}@{NO_DOMAIN}>",
        "state": MailState.QUEUED,
        "purpose": news.purpose if news else None,
        "topic": news.topic if news else None,
        "campaign_id": news.campaign_id if news else None,
        "created_at": now,
        "due_at": now,
        "useful_until": _useful_until(letter.text, text.values, now),
        "attempts": 0,
        "to_sealed": _sealed(session, Mail.to, new, to),
        "address_index": address_index(session, to),
        "title_sealed": _sealed(session, Mail.title, new, letter.title),
        "text_sealed": _sealed(session, Mail.text, new, letter.text),
        "html_sealed": _sealed(session, Mail.html, new, letter.html),
    }
    return new if insert_if_new(session, Mail, row) else None


def queue_to(
    session: Session,
    learner: Learner,
    *,
    cause: str,
    template: str,
    now: datetime,
    values: Mapping[str, str] | None = None,
    address: str | None = None,
    mail_id: str | None = None,
) -> str | None:
    """A mail about somebody's own account, in their language; to their address unless told."""
    return queue(
        session,
        MailText(template, learner.language, values or {}),
        cause=cause,
        to=address or learner.email or "",
        now=now,
        subject_id=learner.conversation_id,
        mail_id=mail_id,
    )


def link_secret(session: Session, mail_id: str) -> str:
    """The secret that goes into a mail's link: 256 bits, unguessable without our keys."""
    return session_keyring(session).blind("mail.link", mail_id)


def code_secret(session: Session, mail_id: str) -> str:
    """The six digits that go into a mail."""
    number = int(session_keyring(session).blind("mail.code", mail_id), 16)
    return f"{number % 10**CODE_DIGITS:0{CODE_DIGITS}d}"


def address_index(session: Session, address: str) -> str:
    """What an address is known by where it may not be read."""
    return session_keyring(session).blind(Mail.to.index_name, Mail.to.normal(address))


def is_lost(session: Session, mail: Mail) -> None:
    """Have whoever a mail is about told with their next answer that it may not have arrived.

    Never by a push, which costs money. The caller has locked the person before the mail.
    """
    if mail.stream is Stream.TRANSACTIONAL and mail.subject_id is not None:
        conversation = session.get(Conversation, mail.subject_id)
        if conversation is not None:
            conversation.undelivered = mail.id


def is_unseen(now: datetime) -> ColumnElement[bool]:
    """Notices that failed for good, or whose end nobody knows, and that no member has seen."""
    return and_(
        Mail.stream == Stream.TRANSACTIONAL,
        Mail.state.in_((MailState.FAILED, MailState.UNKNOWN)),
        Mail.seen_at.is_(None),
        Mail.created_at > now - SHOWN,
    )


def unseen(session: Session, now: datetime) -> list[tuple[Mail, str | None]]:
    """Those notices, the newest first: a page of them, each with the learner that it is about."""
    query = select(Mail, Learner.id).where(is_unseen(now))
    query = query.outerjoin(Learner, Learner.conversation_id == Mail.subject_id)
    rows = session.execute(query.order_by(Mail.created_at.desc(), Mail.id.desc()).limit(PAGE))
    return [(row[0], row[1]) for row in rows]


def see(session: Session, mail_id: str, now: datetime) -> Mail | None:
    """A member has seen that a notice did not arrive; None where somebody else had."""
    query = select(Mail).where(Mail.id == mail_id, is_unseen(now)).with_for_update()
    mail = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if mail is not None:
        mail.seen_at = now
    return mail


def undelivered(session: Session, subject_id: str, address: str) -> Mail | None:
    """The newest mail about somebody's account to an address, if it may not have arrived."""
    query = (
        select(Mail)
        .where(
            Mail.subject_id == subject_id,
            Mail.stream == Stream.TRANSACTIONAL,
            Mail.address_index.in_(Mail.to.lookups(session, address)),
        )
        .order_by(Mail.id.desc())
        .limit(1)
    )
    newest = session.scalars(query).first()
    if newest is None or (newest.state not in LOST and newest.bounced_at is None):
        return None
    return newest


def again(session: Session, mail: Mail, now: datetime) -> bool:
    """Send the same words as a new mail; False where a one-time secret in them has gone."""
    if mail.useful_until is not None or mail.to is None:
        return False
    letter = Letter(mail.title or "", mail.text or "", mail.html or "")
    text = MailText(mail.template, mail.language, written=letter)
    queue(session, text, cause=f"again:{new_id()}", to=mail.to, now=now, subject_id=mail.subject_id)
    return True


def suppress(session: Session, index: str, reason: str, now: datetime) -> None:
    """No news to an address any more; notices about one's own account still go there."""
    row = {"address_index": index, "reason": reason[:40], "at": now}
    insert_if_new(session, Suppression, row)


def is_suppressed(session: Session, address: str) -> bool:
    """Whether news to an address are at an end, under whichever key that was written down."""
    return any(
        session.get(Suppression, index) is not None for index in Mail.to.lookups(session, address)
    )


def release(session: Session, address: str) -> None:
    """The address has proved that it lives, and its owner wants mail: forget what was held."""
    for index in Mail.to.lookups(session, address):
        held = session.get(Suppression, index)
        if held is not None:
            session.delete(held)


def give_another_try(session: Session, address: str) -> None:
    """Its owner asks for news again: forget what was held, but that nobody is at the address."""
    for index in Mail.to.lookups(session, address):
        held = session.get(Suppression, index)
        if held is not None and held.reason != HARD:
            session.delete(held)


def _sealed(session: Session, column: Sealed, row_id: str, value: str) -> bytes:
    place = f"{Mail.__tablename__}|{column.column}|{row_id}"
    return session_keyring(session).seal(value.encode(), place)


def _figures(language: str) -> dict[str, str]:
    """What a letter says of the secret in it."""
    t = translator(language)
    return {
        "code_digits": str(CODE_DIGITS),
        "code_life": shown_span(t, CODE_USEFUL),
        "link_life": shown_span(t, LINK_USEFUL),
    }


def _useful_until(text: str, values: Mapping[str, str], now: datetime) -> datetime | None:
    if "{code}" in text and "code" not in values:
        return now + CODE_USEFUL
    if "{link}" in text and "link" not in values:
        return now + LINK_USEFUL
    return None
