"""One-time proofs: issued for one purpose and person, counted once, kept as a digest only."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from bot.crypto import token as random_token
from bot.services.audit import audit
from bot.services.audit.audit import Action
from bot.services.auth import secret_links
from bot.services.delivery import mails
from models.base import new_id, session_keyring
from models.one_time_token import OneTimeToken, TokenPurpose

INDEX = "one_time_token.digest"
MAX_TRIES = 5
KEPT = timedelta(days=7)  # after its end a row is of use to nobody
LIFETIME: dict[TokenPurpose, timedelta] = {
    TokenPurpose.EMAIL_CONFIRM: mails.LINK_USEFUL,
    TokenPurpose.EMAIL_CODE: mails.CODE_USEFUL,
    TokenPurpose.RELINK_CODE: secret_links.LIFETIME,
    TokenPurpose.ARCHIVE: secret_links.LIFETIME,
}
# Typed by hand, so short and guessable: looked up beside their subject, with tries counted.
SHORT = {TokenPurpose.EMAIL_CODE}


@dataclass(frozen=True)
class Claimed:
    """What a proof was good for."""

    subject_id: str
    value: str | None
    token_id: str


def issue(
    session: Session,
    purpose: TokenPurpose,
    subject_id: str,
    now: datetime,
    *,
    value: str | None = None,
    drawn: str | None = None,
) -> str:
    """Make a proof and return its secret; every older one of this purpose and person is dead.

    drawn: a secret that the caller derived (a mail's, which is derived again when it is sent).
    """
    end(session, subject_id, (purpose,), now)
    secret = drawn or random_token(32)
    row = OneTimeToken(
        id=new_id(),
        purpose=purpose,
        digest=_digests(session, purpose, subject_id, secret)[0],
        subject_id=subject_id,
        created_at=now,
        expires_at=now + LIFETIME[purpose],
        tries=0,
    )
    with session.no_autoflush:
        session.add(row)
        row.value = value
    audit.record(
        session,
        Action.TOKEN_ISSUED,
        actor="bot",
        subject=subject_id,
        now=now,
        token_id=row.id,
        purpose=purpose.value,
    )
    session.flush()
    return secret


def claim(
    session: Session,
    purpose: TokenPurpose,
    secret: str,
    now: datetime,
    *,
    subject_id: str = "",
) -> Claimed | None:
    """Burn a live proof; None for used, expired, replaced, unknown and another person's.

    One conditional UPDATE decides, so that of any number of callers exactly one succeeds.
    subject_id is needed for short codes only, whose wrong tries are counted: after five the
    code is dead.
    """
    row = session.execute(
        update(OneTimeToken)
        .where(
            OneTimeToken.digest.in_(_digests(session, purpose, subject_id, secret)),
            OneTimeToken.purpose == purpose,
            OneTimeToken.used_at.is_(None),
            OneTimeToken.replaced_at.is_(None),
            OneTimeToken.expires_at > now,
            OneTimeToken.tries < MAX_TRIES,
        )
        .values(used_at=now)
        .returning(OneTimeToken.id)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if row is None:
        if purpose in SHORT:
            _count_wrong_try(session, purpose, subject_id, now)
        return None
    found = session.get_one(OneTimeToken, row.id)
    audit.record(
        session,
        Action.TOKEN_USED,
        actor=f"subject:{found.subject_id}",
        subject=found.subject_id,
        now=now,
        token_id=found.id,
        purpose=purpose.value,
    )
    return Claimed(found.subject_id, found.value, found.id)


def subject_of(session: Session, purpose: TokenPurpose, secret: str) -> str | None:
    """Whom a proof is about, whether it still lives or not: so that a caller can lock them first.

    Not for short codes, whose digests are bound to their subject.
    """
    query = select(OneTimeToken.subject_id).where(
        OneTimeToken.digest.in_(_digests(session, purpose, "", secret)),
        OneTimeToken.purpose == purpose,
    )
    return session.scalars(query).one_or_none()


def live(
    session: Session, purpose: TokenPurpose, subject_id: str, now: datetime
) -> OneTimeToken | None:
    """The proof of a purpose that a person could still use."""
    return session.scalars(
        select(OneTimeToken).where(
            OneTimeToken.subject_id == subject_id,
            OneTimeToken.purpose == purpose,
            OneTimeToken.used_at.is_(None),
            OneTimeToken.replaced_at.is_(None),
            OneTimeToken.expires_at > now,
            OneTimeToken.tries < MAX_TRIES,
        )
    ).one_or_none()


def find(
    session: Session, purpose: TokenPurpose, secret: str, *, lock: bool = False
) -> OneTimeToken | None:
    """The row of a long secret, live or dead; locked where its tries are to be counted."""
    query = select(OneTimeToken).where(
        OneTimeToken.digest.in_(_digests(session, purpose, "", secret)),
        OneTimeToken.purpose == purpose,
    )
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session.scalars(query).one_or_none()


def is_live(row: OneTimeToken, now: datetime) -> bool:
    """Whether a proof could still be used."""
    is_over = row.used_at is not None or row.replaced_at is not None
    return not is_over and now < row.expires_at and row.tries < MAX_TRIES


def end(session: Session, subject_id: str, purposes: Iterable[TokenPurpose], now: datetime) -> None:
    """Kill every live proof of some purposes."""
    session.execute(
        update(OneTimeToken)
        .where(
            OneTimeToken.subject_id == subject_id,
            OneTimeToken.purpose.in_(tuple(purposes)),
            OneTimeToken.used_at.is_(None),
            OneTimeToken.replaced_at.is_(None),
        )
        .values(replaced_at=now)
        .execution_options(synchronize_session=False)
    )


def purge(session: Session, now: datetime) -> int:
    """Delete proofs that ended long ago; returns how many."""
    gone = session.execute(
        delete(OneTimeToken).where(OneTimeToken.expires_at < now - KEPT).returning(OneTimeToken.id)
    )
    return len(gone.all())


def _digests(session: Session, purpose: TokenPurpose, subject_id: str, secret: str) -> list[str]:
    """Keyed, because a code of six digits could be tried out against a plain hash."""
    bound = f"{purpose}|{subject_id if purpose in SHORT else ''}|{secret}"
    return session_keyring(session).blinds(INDEX, bound)


def _count_wrong_try(
    session: Session, purpose: TokenPurpose, subject_id: str, now: datetime
) -> None:
    session.execute(
        update(OneTimeToken)
        .where(
            OneTimeToken.subject_id == subject_id,
            OneTimeToken.purpose == purpose,
            OneTimeToken.used_at.is_(None),
            OneTimeToken.replaced_at.is_(None),
            OneTimeToken.expires_at > now,
        )
        .values(tries=OneTimeToken.tries + 1)
        .execution_options(synchronize_session=False)
    )
