"""What staff do to an account: suspend it, open it again, close it; each with a cause, audited."""

from datetime import datetime
from enum import Enum, StrEnum, auto

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.services.accounts import freezing, holds
from bot.services.consent.consents import ConsentStatement
from bot.services.learners import closing, merging
from bot.settings import School
from models.account import Account, AccountState
from models.learner import Learner, LearnerState


class Cause(StrEnum):
    """Why: a list and not a text, because the audit trail keeps it and names nobody."""

    ASKED = "asked"  # the person asked us to, or the guardian of a child
    MISUSE = "misuse"  # somebody else may be at the account
    ENDED = "ended"  # the course or the contract is over
    OTHER = "other"


class Done(Enum):
    """What an act came to."""

    YES = auto()
    NOTHING = auto()  # it was so already, or the account is not in a state for it
    HELD = auto()  # a legal hold that may be told of: it has to stay as it is
    MERGED = auto()  # closed by a merge, which can be undone


def suspend(session: Session, learner: Learner, cause: Cause, actor: str, now: datetime) -> Done:
    """Let nobody in: sessions end and the password is forgotten; the provider is told after."""
    account = _locked(session, learner)
    if account is None or account.state is not AccountState.ACTIVE:
        return Done.NOTHING
    freezing.shut(session, account, f"staff-{cause}", now, actor=actor)
    return Done.YES


def resume(session: Session, learner: Learner, actor: str, now: datetime) -> Done:
    """End a suspension or the owner's own freeze; they ask for a link to a new password."""
    if merging.unsettled(session, learner.id) is not None:
        return Done.MERGED
    account = _locked(session, learner)
    if account is None or learner.state is not LearnerState.ACTIVE:
        return Done.NOTHING
    done = freezing.unfreeze(session, account.username, actor, now)
    return Done.YES if done else Done.NOTHING


def close(
    session: Session,
    learner: Learner,
    cause: Cause,
    provider: str,
    said: str,
    school: School,
    actor: str,
    now: datetime,
) -> Done:
    """Close an account as its owner could (bot/services/learners/closing.py), unless a hold of
    which may be told stands.

    said: the sentence that the page showed; the ledger keeps it with the end of all news.
    """
    if holds.told(session, learner.id) is not None:
        return Done.HELD
    if merging.unsettled(session, learner.id) is not None:
        return Done.MERGED
    if learner.state is not LearnerState.ACTIVE:
        return Done.NOTHING
    closing.close(
        session,
        learner,
        provider,
        ConsentStatement(said, channel="console", actor="staff"),
        school,
        now,
        actor=actor,
        letter="closed" if cause is Cause.ASKED else "closed_by_staff",
    )
    return Done.YES


def _locked(session: Session, learner: Learner) -> Account | None:
    query = select(Account).where(Account.learner_id == learner.id).order_by(Account.created_at)
    locked = query.with_for_update().execution_options(populate_existing=True)
    return session.scalars(locked).first()
