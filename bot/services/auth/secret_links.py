"""One-time links: issued in chat, opened once within ten minutes, kept only as a digest.

Sources: OWASP Forgot Password Cheat Sheet (random, single use, short-lived, address from the
settings and never from the Host header); OWASP ASVS 5.0, 6.5.5 (ten minutes out of band).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from bot.crypto import digest, token
from bot.services.audit import audit
from bot.services.audit.audit import Action
from models.account import Account, AccountState
from models.base import new_id, session_keyring
from models.secret_link import LinkPurpose, SecretLink

LIFETIME = timedelta(minutes=10)
MAX_TRIES = 5  # wrong second proofs, after which a reset's link is dead
_MOST_TURNS = 8  # dead links of one request before it gets a random one
PATHS = {LinkPurpose.INITIAL_PASSWORD: "", LinkPurpose.PASSWORD_RESET: "reset/"}
KEPT = timedelta(days=30)  # a dead link's row is of use to nobody after that


def issue(
    session: Session,
    account: Account,
    now: datetime,
    purpose: LinkPurpose | None = None,
    *,
    request: str | None = None,
) -> str:
    """Make a link for an account and return its token; every older one of it is dead.

    request: what asked for it, e.g. a webhook event's id. The same request gets the same link
    again while that is live: where nobody knows whether the first answer arrived, the second one
    must not kill the link that the person already holds.
    """
    purpose = purpose or LinkPurpose.INITIAL_PASSWORD
    lock(session, account)
    drawn, is_new = token(32), True
    if request is not None:
        drawn, is_new = _token_of(session, account, request, now)
    if not is_new:
        return drawn
    kill(session, account.id, now)
    link = SecretLink(
        id=new_id(),
        digest=digest(drawn),
        account_id=account.id,
        purpose=purpose,
        created_at=now,
        expires_at=now + LIFETIME,
    )
    session.add(link)
    audit.record(
        session,
        Action.LINK_ISSUED,
        actor="bot",
        subject=account.learner_id,
        now=now,
        link_id=link.id,
        purpose=purpose.value,
    )
    return drawn


def lock(session: Session, account: Account) -> None:
    """Two requests at once take turns here, so that one live link is left and not two."""
    session.execute(select(Account.id).where(Account.id == account.id).with_for_update())


def held(session: Session, account: Account, request: str | None, now: datetime) -> str | None:
    """The live link that this request was given before, if it was asked once already."""
    if request is None:
        return None
    drawn, is_new = _token_of(session, account, request, now)
    return None if is_new else drawn


def kill(session: Session, account_id: str, now: datetime) -> None:
    """End every live link of an account."""
    session.execute(
        update(SecretLink)
        .where(
            SecretLink.account_id == account_id,
            SecretLink.used_at.is_(None),
            SecretLink.replaced_at.is_(None),
        )
        .values(replaced_at=now)
        .execution_options(synchronize_session=False)
    )


def _token_of(session: Session, account: Account, request: str, now: datetime) -> tuple[str, bool]:
    """The token of a request, and whether its link has yet to be made.

    It is a keyed hash (HMAC-SHA256, 256 bits) of request and account: unguessable without the
    key, which is not in the database, and the same each time.
    """
    keyring = session_keyring(session)
    for turn in range(_MOST_TURNS):
        drawn = keyring.blind("secret_link.token", f"{request}|{account.id}|{turn}")
        known = session.scalars(
            select(SecretLink).where(SecretLink.digest == digest(drawn))
        ).one_or_none()
        if known is None:
            return drawn, True
        if known.used_at is None and known.replaced_at is None and now < known.expires_at:
            return drawn, False
    return token(32), True


def is_live(token: str, now: datetime, purpose: LinkPurpose) -> tuple[ColumnElement[bool], ...]:
    """What a link's row must be for it to open: one conditional UPDATE asks all of it at once."""
    return (
        SecretLink.digest == digest(token),
        SecretLink.purpose == purpose,
        SecretLink.used_at.is_(None),
        SecretLink.replaced_at.is_(None),
        SecretLink.expires_at > now,
        SecretLink.tries < MAX_TRIES,
    )


@dataclass(frozen=True)
class Opened:
    """A link that was burned by this very call, and the account that it was for."""

    link_id: str
    account: Account


def claim(
    session: Session,
    token: str,
    now: datetime,
    purpose: LinkPurpose = LinkPurpose.INITIAL_PASSWORD,
) -> Opened | None:
    """Burn a live link and return its account; None for used, expired, replaced and unknown.

    One conditional UPDATE decides, so that of any number of callers exactly one gets the account.
    """
    row = session.execute(
        update(SecretLink)
        .where(*is_live(token, now, purpose))
        .values(used_at=now)
        .returning(SecretLink.id, SecretLink.account_id, SecretLink.purpose)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if row is None:
        return None
    account = session.get(Account, row.account_id)
    if account is None or account.state is not AccountState.ACTIVE:
        return None
    audit.record(
        session,
        Action.LINK_OPENED,
        actor=f"learner:{account.learner_id}",
        subject=account.learner_id,
        now=now,
        link_id=row.id,
        purpose=row.purpose.value,
    )
    return Opened(row.id, account)


def revealed(session: Session, account_id: str, now: datetime) -> None:
    """Remember that a password was shown, after the provider has taken it."""
    account = session.get_one(Account, account_id)
    account.issued_at = now
    audit.record(
        session,
        Action.PASSWORD_ISSUED,
        actor=f"learner:{account.learner_id}",
        subject=account.learner_id,
        now=now,
        account_id=account.id,
    )


def purge(session: Session, now: datetime) -> int:
    """Delete links that died long ago; returns how many."""
    gone = session.execute(
        delete(SecretLink).where(SecretLink.created_at < now - KEPT).returning(SecretLink.id)
    )
    return len(gone.all())


def url(
    public_url: str,
    token: str,
    language: str,
    purpose: LinkPurpose = LinkPurpose.INITIAL_PASSWORD,
) -> str:
    """The address that a button in chat opens."""
    return f"{public_url}/s/{PATHS[purpose]}{token}?lang={language}"
