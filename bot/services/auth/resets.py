"""Password resets: who may have a link, what proves the second thing, and who is told of it.

Sources: OWASP Forgot Password Cheat Sheet (nothing changes until the link is used; the same
words for everybody; limits; a notice without a secret); OWASP ASVS 5.0, 6.3.7, 6.4.3, 7.4.3.
"""

import hmac
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.services.audit import audit
from bot.services.audit.audit import Action
from bot.services.auth import secret_links, tokens
from bot.services.shared import throttles
from bot.services.shared.throttles import Limit
from bot.unicode import nfkc, without_invisible
from models.account import Account, AccountState
from models.learner import Learner
from models.secret_link import LinkPurpose, SecretLink

# Exact: the rows of issued links are counted.
LIMITS = ((3, timedelta(hours=1)), (6, timedelta(days=1)))
DIGITS = 4  # the second proof, here and elsewhere: the end of the registered phone number


@dataclass(frozen=True)
class ResetLink:
    """A link that may be handed over now, in the reply and nowhere else.

    is_again: it was handed over before and has not been used; it works until then and no longer.
    """

    username: str
    token: str
    purpose: LinkPurpose
    until: datetime
    is_again: bool = False


@dataclass(frozen=True)
class ResetWait:
    """No new link before this moment; the last one, where it still works."""

    until: datetime
    last: ResetLink | None = None


@dataclass(frozen=True)
class Barred:
    """No link at all while the account is in this state."""

    state: AccountState


def give_link(
    session: Session,
    account_id: str,
    per_minute: int,
    now: datetime,
    *,
    person: str | None = None,
) -> ResetLink | ResetWait | Barred:
    """A link to the password: the first one, or a reset once a password was revealed.

    A link that lives and was not used is given again and counts no second time; so a second answer
    after a crash does not kill the link that the first one carried. The first one needs no limit,
    for it gives away nothing that anybody has already. person is the chat that asked: it may have
    lost the account since.
    """
    account = session.get(Account, account_id, with_for_update=True)
    if account is None or account.state is not AccountState.ACTIVE:
        return Barred(account.state if account else AccountState.CLOSED)
    if person is not None and not secret_links.belongs_to(session, account, person):
        return Barred(AccountState.CLOSED)
    is_first = account.issued_at is None
    purpose = LinkPurpose.INITIAL_PASSWORD if is_first else LinkPurpose.PASSWORD_RESET
    held = tokens.held(session, purpose, account.id, now)
    last = None
    if held is not None:
        last = ResetLink(account.username, held.secret, purpose, held.until, is_again=True)
        if last.until - now >= tokens.OFFERED_AGAIN:
            return last
    wait_until = None if is_first else _not_before(session, account, per_minute, now)
    if wait_until is not None:
        return ResetWait(wait_until, last)
    token = secret_links.issue(session, account, now, purpose)
    return ResetLink(account.username, token, purpose, now + tokens.LINK_LIFE)


def _not_before(
    session: Session, account: Account, per_minute: int, now: datetime
) -> datetime | None:
    waits = []
    for times, span in LIMITS:
        oldest = session.scalars(
            select(SecretLink.created_at)
            .where(
                SecretLink.account_id == account.id,
                SecretLink.purpose == LinkPurpose.PASSWORD_RESET,
                SecretLink.created_at > now - span,
            )
            .order_by(SecretLink.created_at.desc())
            .offset(times - 1)
            .limit(1)
        ).first()
        if oldest is not None:
            waits.append(oldest + span)
    if waits:
        return max(waits)
    everybody = Limit("resets", per_minute, timedelta(minutes=1))
    wait = throttles.take(session, [(everybody, "all")], now)
    return now + wait if wait > throttles.NOW else None


class Proof(Enum):
    """Why a reset's link did not open."""

    MALFORMED = auto()  # not four digits: not even a try
    WRONG = auto()
    SPENT = auto()  # this was the last wrong try
    DEAD = auto()


@dataclass(frozen=True)
class ResetRefusal:
    """What the page says, and how many tries are left."""

    proof: Proof
    left: int = 0


def four_digits(typed: str) -> str | None:
    """Four digits in whichever script a keyboard gave them; None for anything else."""
    found = "".join(
        str(unicodedata.decimal(char, "x"))
        for char in without_invisible(nfkc(typed[:40]))
        if not char.isspace() and char not in "-."
    )
    return found if len(found) == DIGITS and found.isdecimal() else None


def open_link(
    session: Session, token: str, typed: str, now: datetime
) -> secret_links.Opened | ResetRefusal:
    """Burn a reset's link for whoever knows the last four digits of the phone.

    Either branch is one conditional UPDATE, so that of any number of tries at once five wrong
    ones are answered and one right one succeeds.
    """
    digits = four_digits(typed)
    if digits is None:
        return ResetRefusal(Proof.MALFORMED)
    reset = LinkPurpose.PASSWORD_RESET
    live = tokens.live_ones(session, reset, now, secret=token)
    known = session.execute(
        select(SecretLink.id, Account.learner_id)
        .join(Account, Account.id == SecretLink.account_id)
        .where(*live, Account.state == AccountState.ACTIVE)
    ).one_or_none()
    if known is None:
        return ResetRefusal(Proof.DEAD)
    phone = session.get_one(Learner, known.learner_id).phone or ""
    if hmac.compare_digest(phone[-DIGITS:].encode(), digits.encode()):
        opened = secret_links.claim(session, token, now, reset)
        return opened or ResetRefusal(Proof.DEAD)
    left = tokens.missed(session, reset, now, secret=token)
    if left is None:
        return ResetRefusal(Proof.DEAD)
    audit.record(
        session,
        Action.LINK_REFUSED,
        actor="portal",
        subject=known.learner_id,
        now=now,
        link_id=known.id,
        cause="digits" if left else "spent",
    )
    return ResetRefusal(Proof.WRONG, left) if left else ResetRefusal(Proof.SPENT)
