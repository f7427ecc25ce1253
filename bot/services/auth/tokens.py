"""One-time secrets: issued for one purpose and holder, counted once, kept as a digest only.

What is particular to each stands in KINDS. Looking at a secret never spends it; spending is one
conditional UPDATE (or DELETE), so that of any number of callers exactly one succeeds.

Sources: OWASP Forgot Password Cheat Sheet (random, single use, short-lived); OWASP ASVS 5.0, 6.5.5
(ten minutes out of band).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from bot.crypto import digest
from bot.crypto import token as random_token
from bot.services.audit import audit
from bot.services.audit.audit import Action
from bot.services.delivery import mails
from models.base import new_id, session_keyring
from models.one_time_token import OneTimeToken, TokenPurpose
from models.secret_link import LinkPurpose, SecretLink
from models.staff import StaffLink
from models.staff_chat import StaffChatCode

LINK_LIFE = timedelta(minutes=10)  # of a one-time link that shows a password, lessons or data
# A link with less life left is replaced where that is allowed: there must be time to use it.
OFFERED_AGAIN = LINK_LIFE / 2
STAFF_LINK_LIFE = timedelta(hours=24)
MAX_TRIES = 5  # wrong codes or second proofs, after which it is dead
KEPT = timedelta(days=7)  # after its end a proof's row is of use to nobody
LINKS_KEPT = timedelta(days=30)  # from its beginning
_MOST_TURNS = 8  # dead secrets of one request before it gets a random one


class StaffPurpose(StrEnum):
    LINK = "staff_link"  # sets up password and second factor
    CHAT = "staff_chat"  # ties a LINE account to a member


Purpose = TokenPurpose | LinkPurpose | StaffPurpose


@dataclass(frozen=True)
class TokenKind:
    """What is particular to one purpose; those that share a kind replace each other.

    index: of the keyed digest; None where 256 bits of chance need no key. is_short: typed by hand
    and guessable, so looked up beside its holder, with wrong tries counted. is_kept: a spent row
    stays to be counted, or goes at once. used: None where the caller writes down what came of it.
    derived: names the key of secrets that one request gets again. redrawn: names the key of secrets
    that follow from their row's id, so that a live one can be handed over again (`held`).
    """

    holder: InstrumentedAttribute[str]
    lifetime: timedelta
    issued: Action
    used: Action | None = None
    index: str | None = None
    is_short: bool = False
    is_kept: bool = True
    derived: str | None = None
    redrawn: str | None = None

    @property
    def table(self) -> Any:
        """Where its rows are."""
        return self.holder.class_

    def has(self, column: str) -> bool:
        """Whether its table has such a column."""
        return hasattr(self.table, column)


def _proof(lifetime: timedelta, *, is_short: bool = False, derived: str | None = None) -> TokenKind:
    return TokenKind(
        OneTimeToken.subject_id,
        lifetime,
        Action.TOKEN_ISSUED,
        Action.TOKEN_USED,
        "one_time_token.digest",
        is_short=is_short,
        derived=derived,
    )


_LINK = TokenKind(SecretLink.account_id, LINK_LIFE, Action.LINK_ISSUED, redrawn="secret_link.token")
KINDS: dict[Purpose, TokenKind] = {
    TokenPurpose.EMAIL_CONFIRM: _proof(mails.LINK_USEFUL),
    TokenPurpose.EMAIL_CODE: _proof(mails.CODE_USEFUL, is_short=True),
    TokenPurpose.RELINK_CODE: _proof(LINK_LIFE),
    TokenPurpose.ARCHIVE: _proof(LINK_LIFE, derived="archive.token"),
    LinkPurpose.INITIAL_PASSWORD: _LINK,
    LinkPurpose.PASSWORD_RESET: _LINK,
    # A kind of its own: a look at the lessons must not kill the link to a password.
    LinkPurpose.LESSONS: replace(_LINK, redrawn="secret_link.lessons"),
    StaffPurpose.LINK: TokenKind(StaffLink.staff_id, STAFF_LINK_LIFE, Action.STAFF_LINK_ISSUED),
    StaffPurpose.CHAT: TokenKind(
        StaffChatCode.staff_id,
        LINK_LIFE,
        Action.STAFF_CHAT_CODE,
        index="staff_chat_code.digest",
        is_kept=False,
    ),
}


@dataclass(frozen=True)
class Held:
    """A live secret that was drawn again, and until when it works."""

    secret: str
    until: datetime


@dataclass(frozen=True)
class Claimed:
    """Whose a spent secret was, and what it was good for."""

    subject_id: str
    value: str | None
    token_id: str


def issue(
    session: Session,
    purpose: Purpose,
    holder: str,
    now: datetime,
    *,
    value: str | None = None,
    drawn: str | None = None,
    actor: str = "bot",
    subject: str | None = None,
) -> str:
    """Make a secret and return it; every older one of this purpose and holder is dead.

    drawn: one that the caller derived (a mail's, which is derived again when it is sent).
    subject: whom the audit names, where it is not the holder.
    """
    kind, row_id = KINDS[purpose], new_id()
    secret = drawn or random_token(32)
    if kind.redrawn is not None:
        secret = session_keyring(session).blind(kind.redrawn, f"{row_id}|{holder}")
    end(session, holder, [each for each, known in KINDS.items() if known is kind], now)
    row = kind.table(
        digest=_digests(session, purpose, holder, secret)[0],
        created_at=now,
        expires_at=now + kind.lifetime,
        **{kind.holder.key: holder},
    )
    told: dict[str, str] = {}
    if kind.has("id"):
        row.id = row_id
        told["token_id" if kind.table is OneTimeToken else "link_id"] = row.id
    if kind.has("purpose"):
        row.purpose = purpose
        told["purpose"] = purpose.value
    with session.no_autoflush:
        session.add(row)
        if kind.has("value"):
            row.value = value
    audit.record(session, kind.issued, actor=actor, subject=subject or holder, now=now, **told)
    session.flush()
    return secret


def held(session: Session, purpose: Purpose, holder: str, now: datetime) -> Held | None:
    """The secret that a holder could still use, drawn again: it was kept nowhere.

    It is a keyed hash of its row's id (HMAC-SHA256, 256 bits), of which the row knows a digest;
    the key is not in the database. None too where the key that drew it has gone.
    """
    kind = KINDS[purpose]
    if kind.redrawn is None:
        raise ValueError(f"{purpose} is never drawn again")
    found = live_ones(session, purpose, now, holder=holder)
    row = session.scalars(select(kind.table).where(*found)).one_or_none()
    if row is None:
        return None
    for secret in session_keyring(session).blinds(kind.redrawn, f"{row.id}|{holder}"):
        if row.digest in _digests(session, purpose, holder, secret):
            return Held(secret, row.expires_at)
    return None


def derived(
    session: Session, purpose: Purpose, request: str, holder: str, now: datetime
) -> tuple[str, bool]:
    """The secret of a request, and whether its row has yet to be made.

    The same request gets the same secret again while that is live: where nobody knows whether the
    first answer arrived, the second one must not kill what the person already holds. It is a keyed
    hash (HMAC-SHA256, 256 bits): unguessable without the key, which is not in the database.
    """
    kind, keyring = KINDS[purpose], session_keyring(session)
    if kind.derived is None:
        raise ValueError(f"{purpose} is never derived")
    for turn in range(_MOST_TURNS):
        drawn = keyring.blind(kind.derived, f"{request}|{holder}|{turn}")
        known = session.scalars(
            select(kind.table).where(
                kind.table.digest.in_(_digests(session, purpose, holder, drawn))
            )
        ).one_or_none()
        if known is None:
            return drawn, True
        if is_live(known, now):
            return drawn, False
    return random_token(32), True


def claim(
    session: Session, purpose: Purpose, secret: str, now: datetime, *, subject_id: str = ""
) -> Claimed | None:
    """Spend a live secret; None for used, expired, replaced, unknown and another person's.

    subject_id is needed for short codes only, whose wrong tries are counted: after five the
    code is dead.
    """
    kind = KINDS[purpose]
    where = live_ones(session, purpose, now, secret=secret, holder=subject_id)
    spent: Any = delete(kind.table).where(*where)
    if kind.is_kept:
        spent = update(kind.table).where(*where).values(used_at=now)
    key = kind.table.__mapper__.primary_key[0]
    row = session.execute(
        spent.returning(kind.holder.label("holder"), key.label("key")).execution_options(
            synchronize_session=False
        )
    ).one_or_none()
    if row is None:
        if kind.is_short:
            missed(session, purpose, now, holder=subject_id)
        return None
    value = session.get_one(kind.table, row.key).value if kind.has("value") else None
    if kind.used is not None:
        audit.record(
            session,
            kind.used,
            actor=f"subject:{row.holder}",
            subject=row.holder,
            now=now,
            token_id=row.key,
            purpose=purpose.value,
        )
    return Claimed(row.holder, value, row.key)


def missed(
    session: Session,
    purpose: Purpose,
    now: datetime,
    *,
    secret: str | None = None,
    holder: str = "",
) -> int | None:
    """Count one wrong try against a live secret; how many are left, None where it was dead."""
    table = KINDS[purpose].table
    tries = session.execute(
        update(table)
        .where(*live_ones(session, purpose, now, secret=secret, holder=holder))
        .values(tries=table.tries + 1)
        .returning(table.tries)
        .execution_options(synchronize_session=False)
    ).scalar_one_or_none()
    return None if tries is None else MAX_TRIES - int(tries)


def subject_of(session: Session, purpose: Purpose, secret: str) -> str | None:
    """Whom a secret is about, whether it still lives or not: so that a caller can lock them first.

    Not for short codes, whose digests are bound to their holder.
    """
    query = select(KINDS[purpose].holder).where(*_named(session, purpose, secret))
    return session.scalars(query).one_or_none()


def live(
    session: Session, purpose: TokenPurpose, holder: str, now: datetime
) -> OneTimeToken | None:
    """The proof of a purpose that a person could still use."""
    found = live_ones(session, purpose, now, holder=holder)
    return session.scalars(select(OneTimeToken).where(*found)).one_or_none()


def find(
    session: Session, purpose: TokenPurpose, secret: str, *, lock: bool = False
) -> OneTimeToken | None:
    """The proof of a long secret, live or dead; locked where its tries are to be counted."""
    query = select(OneTimeToken).where(*_named(session, purpose, secret))
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session.scalars(query).one_or_none()


def live_ones(
    session: Session,
    purpose: Purpose,
    now: datetime,
    *,
    secret: str | None = None,
    holder: str = "",
) -> list[ColumnElement[bool]]:
    """What a row must be to be spent: of a secret (a short one of its holder), or of a holder."""
    kind = KINDS[purpose]
    if secret is None:
        found = [kind.holder == holder, *_of_purposes(kind, (purpose,))]
    else:
        found = _named(session, purpose, secret, holder)
    if kind.has("tries"):
        found.append(kind.table.tries < MAX_TRIES)
    return [*found, *_open(kind), kind.table.expires_at > now]


def is_live(row: Any, now: datetime) -> bool:
    """Whether a kept row could still be spent."""
    is_over = row.used_at is not None or row.replaced_at is not None
    return not is_over and now < row.expires_at and row.tries < MAX_TRIES


def end(session: Session, holder: str, purposes: Iterable[Purpose], now: datetime) -> None:
    """Kill every live secret of some purposes, which are all of one table."""
    purposes = tuple(purposes)
    kind = KINDS[purposes[0]]
    where = [kind.holder == holder, *_open(kind), *_of_purposes(kind, purposes)]
    dead: Any = delete(kind.table).where(*where)
    if kind.is_kept:
        dead = update(kind.table).where(*where).values(replaced_at=now)
    session.execute(dead.execution_options(synchronize_session=False))


def over(purpose: Purpose, now: datetime) -> ColumnElement[bool]:
    """The rows of a purpose's table that may be deleted."""
    table = KINDS[purpose].table
    if table is OneTimeToken:
        return OneTimeToken.expires_at < now - KEPT
    found: ColumnElement[bool] = table.created_at < now - LINKS_KEPT
    return found


def _open(kind: TokenKind) -> list[ColumnElement[bool]]:
    if not kind.is_kept:
        return []
    return [kind.table.used_at.is_(None), kind.table.replaced_at.is_(None)]


def _of_purposes(kind: TokenKind, purposes: tuple[Purpose, ...]) -> list[ColumnElement[bool]]:
    return [kind.table.purpose.in_(purposes)] if kind.has("purpose") else []


def _named(
    session: Session, purpose: Purpose, secret: str, holder: str = ""
) -> list[ColumnElement[bool]]:
    kind = KINDS[purpose]
    digests = _digests(session, purpose, holder, secret)
    return [kind.table.digest.in_(digests), *_of_purposes(kind, (purpose,))]


def _digests(session: Session, purpose: Purpose, holder: str, secret: str) -> list[str]:
    """Keyed where a secret could be tried out against a plain hash, as six digits can.

    Where a table is shared they are bound to their purpose.
    """
    kind = KINDS[purpose]
    if kind.index is None:
        return [digest(secret)]
    bound = secret
    if kind.has("purpose"):
        bound = f"{purpose}|{holder if kind.is_short else ''}|{secret}"
    return session_keyring(session).blinds(kind.index, bound)
