"""E-mails: queued as rows in the transaction of their cause; the rows are also the archive."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.texts import letters
from models.base import new_id, session_keyring
from models.consent import Purpose
from models.conversation import Language
from models.mail import Mail, MailState, Stream

CODE_DIGITS = 6


def queue(
    session: Session,
    *,
    cause: str,
    template: str,
    language: str,
    to: str,
    values: Mapping[str, str],
    now: datetime,
    subject_id: str | None = None,
    stream: Stream = Stream.TRANSACTIONAL,
    purpose: Purpose | None = None,
    topic: str | None = None,
    mail_id: str | None = None,
) -> str | None:
    """Add one mail, in the transaction of what caused it; None where the cause had one already.

    template: a letter of bot/texts/mails. values fill its gaps, except `{link}` and `{code}`,
    which stand for a one-time secret: draw `mail_id` first, issue the token with
    `drawn=link_secret(...)` or `code_secret(...)`, and the same secret is derived again at the
    moment of sending. It is stored nowhere.
    """
    if session.scalars(select(Mail.id).where(Mail.cause == cause)).first() is not None:
        return None
    letter = letters.letter(template, language, values)
    mail = Mail(
        id=mail_id or new_id(),
        cause=cause,
        stream=stream,
        template=template,
        language=Language(language),
        subject_id=subject_id,
        state=MailState.QUEUED,
        purpose=purpose,
        topic=topic,
        created_at=now,
        due_at=now,
        attempts=0,
    )
    mail.message_id = f"<{mail.id}@english-planet>"
    with session.no_autoflush:
        session.add(mail)
        mail.to = to
        mail.title = letter.title
        mail.text = letter.text
        mail.html = letter.html
    session.flush()
    return mail.id


def link_secret(session: Session, mail_id: str) -> str:
    """The secret that goes into a mail's link: 256 bits, unguessable without our keys."""
    return session_keyring(session).blind("mail.link", mail_id)


def code_secret(session: Session, mail_id: str) -> str:
    """The six digits that go into a mail."""
    number = int(session_keyring(session).blind("mail.code", mail_id), 16)
    return f"{number % 10**CODE_DIGITS:0{CODE_DIGITS}d}"
