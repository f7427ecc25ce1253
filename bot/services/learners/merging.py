"""Two registrations of one person made one: the stricter of both holds, and for a day it is undone.

Nothing is copied of the details. The other account is frozen at once and closed for good by the
job when the day is over; until then the merge remembers, sealed, how everything stood.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from bot.services.accounts import accounts, freezing
from bot.services.audit import audit
from bot.services.audit.audit import Action
from bot.services.auth import tokens
from bot.services.delivery import mails, outbox
from bot.services.delivery.presenter import Notice, presenter_of
from bot.services.learners import merge_consents, merge_rules, tags
from bot.settings import Settings
from models.account import Account, AccountState
from models.base import new_id
from models.conversation import Conversation
from models.learner import Learner, LearnerState, PossibleDuplicate
from models.merges import Merge
from models.one_time_token import TokenPurpose
from models.tag import LearnerTag

UNDO = timedelta(days=1)
_STRICTER = ("objected_at", "restricted_at", "news_paused_until")


@dataclass(frozen=True)
class AccountsMerged(Notice):
    """Two accounts are one now; until then it can be undone."""

    until: datetime
    settings: Settings


@dataclass(frozen=True)
class AccountsParted(Notice):
    """A merge was undone."""

    has_account: bool


def merge(
    session: Session,
    kept_id: str,
    closed_id: str,
    settings: Settings,
    member_id: str,
    now: datetime,
) -> Merge | tuple[str, ...]:
    """Keep one learner and close the other; or the codes of why that may not be."""
    pair = locked(session, kept_id, closed_id)
    if pair is None:
        return ("gone",)
    kept, closed = pair
    problems = merge_rules.problems(session, kept, closed)
    if unsettled(session, kept.id) or unsettled(session, closed.id):
        problems = (*problems, "unsettled")
    if problems:
        return problems
    memory = {
        "was": {name: _text(getattr(kept, name)) for name in _STRICTER},
        "news": merge_consents.tighten(session, kept, closed, settings, now),
        "flags": _unflag(session, kept.id, closed.id),
        "tags": _add_tags(session, kept.id, closed.id, now),
        "account": _freeze(session, closed, f"staff:{member_id}", now),
    }
    kept.objected_at = _earlier(kept.objected_at, closed.objected_at)
    kept.restricted_at = _earlier(kept.restricted_at, closed.restricted_at)
    kept.news_paused_until = _later(kept.news_paused_until, closed.news_paused_until)
    memory["set"] = {name: _text(getattr(kept, name)) for name in _STRICTER}
    closed.state, closed.closed_at = LearnerState.CLOSED, now
    tokens.end(session, closed.conversation_id, TokenPurpose, now)
    row = Merge(
        id=new_id(),
        kept_id=kept.id,
        closed_id=closed.id,
        member_id=member_id,
        merged_at=now,
        undo_until=now + UNDO,
    )
    with session.no_autoflush:
        session.add(row)
        row.memory = json.dumps(memory)
    session.flush()
    _tell_merged(session, closed, row, settings, now)
    _record(session, Action.LEARNERS_MERGED, row, f"staff:{member_id}", now)
    return row


def undo(
    session: Session, merge_id: str, settings: Settings, member_id: str, now: datetime
) -> bool:
    """Part the two again; False where the day is over, or one of them has left meanwhile.

    The one that had been closed needs a new password: freezing forgets the old one.
    """
    row = _waiting(session, merge_id)
    if row is None or now >= row.undo_until:
        return False
    pair = locked(session, row.kept_id, row.closed_id)
    if pair is None or pair[1].state is not LearnerState.CLOSED:
        return False
    kept, closed = pair
    memory: dict[str, Any] = json.loads(row.memory or "{}")
    for name in _STRICTER:
        # What the person themselves changed since stays as they wanted it.
        if _text(getattr(kept, name)) == memory["set"][name]:
            setattr(kept, name, _moment(memory["was"][name]))
    merge_consents.loosen(session, kept, memory["news"], settings.school, now)
    closed.state, closed.closed_at = LearnerState.ACTIVE, None
    if memory["account"]:
        username = session.get_one(Account, memory["account"]).username
        freezing.unfreeze(session, username, f"staff:{member_id}", now)
    session.execute(
        delete(LearnerTag).where(
            LearnerTag.learner_id == kept.id, LearnerTag.tag.in_(memory["tags"])
        )
    )
    for learner_id, other_id, matched, found_at in memory["flags"]:
        session.add(
            PossibleDuplicate(
                id=new_id(),
                learner_id=learner_id,
                other_id=other_id,
                matched=matched,
                found_at=datetime.fromisoformat(found_at),
            )
        )
    row.undone_at, row.memory = now, None
    _tell_parted(session, closed, row, now, has_account=bool(memory["account"]))
    _record(session, Action.LEARNERS_PARTED, row, f"staff:{member_id}", now)
    session.flush()
    return True


def settle_due(session: Session, settings: Settings, now: datetime, most: int = 20) -> int:
    """Finish merges whose day is over: the other account is closed, and the memory forgotten."""
    query = (
        select(Merge)
        .where(Merge.undo_until <= now, Merge.undone_at.is_(None), Merge.settled_at.is_(None))
        .order_by(Merge.undo_until)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    due = session.scalars(query).all()
    for row in due:
        closed = session.get(Learner, row.closed_id, with_for_update=True)
        if closed is not None:
            merge_consents.end(session, closed, settings.school, now)
            close_account(session, closed.id, now)
        row.settled_at, row.memory = now, None
        _record(session, Action.MERGE_SETTLED, row, "system", now)
    session.flush()
    return len(due)


def close_account(session: Session, learner_id: str, now: datetime) -> None:
    """Close for good what a merge froze."""
    for account in session.scalars(select(Account).where(Account.learner_id == learner_id)):
        accounts.close(session, account, "merged", now, actor="system")


def is_why_closed(session: Session, learner: Learner) -> bool:
    """Whether a merge closed this account, and not its owner or our staff."""
    query = select(Merge.id).where(
        Merge.closed_id == learner.id,
        Merge.merged_at == learner.closed_at,
        Merge.undone_at.is_(None),
    )
    return session.scalars(query.limit(1)).first() is not None


def unsettled(session: Session, learner_id: str) -> Merge | None:
    """The merge of a learner that can still be undone, or waits to be finished."""
    query = select(Merge).where(
        or_(Merge.kept_id == learner_id, Merge.closed_id == learner_id),
        Merge.undone_at.is_(None),
        Merge.settled_at.is_(None),
    )
    return session.scalars(query.limit(1)).first()


def dismiss(session: Session, one_id: str, other_id: str, member_id: str, now: datetime) -> bool:
    """These two are not the same; they are flagged again only by a detail given anew."""
    if not _unflag(session, one_id, other_id):
        return False
    audit.record(
        session,
        Action.DUPLICATE_DISMISSED,
        actor=f"staff:{member_id}",
        subject=None,  # nobody's own export tells them of another person
        now=now,
        one_id=one_id,
        other_id=other_id,
    )
    return True


def locked(session: Session, one_id: str, other_id: str) -> tuple[Learner, Learner] | None:
    """Two learners with their chats, locked in one order by every caller."""
    found: dict[str, Learner] = {}
    for learner_id in sorted({one_id, other_id}):
        learner = session.get(Learner, learner_id)
        if learner is None:
            return None
        # The chat first, as everybody does who writes to the ledger.
        session.get(Conversation, learner.conversation_id, with_for_update=True)
        session.refresh(learner, with_for_update=True)
        found[learner_id] = learner
    return (found[one_id], found[other_id]) if len(found) == 2 else None


def _waiting(session: Session, merge_id: str) -> Merge | None:
    query = select(Merge).where(
        Merge.id == merge_id, Merge.undone_at.is_(None), Merge.settled_at.is_(None)
    )
    locked = query.with_for_update().execution_options(populate_existing=True)
    return session.scalars(locked).one_or_none()


def _freeze(session: Session, closed: Learner, actor: str, now: datetime) -> str | None:
    """Freeze the account of the one that is closed; its id where undoing has to open it again."""
    query = select(Account).where(
        Account.learner_id == closed.id, Account.state == AccountState.ACTIVE
    )
    account = session.scalars(query.with_for_update()).first()
    if account is None:
        return None
    freezing.shut(session, account, "merge", now, actor=actor)
    return account.id


def _unflag(session: Session, one_id: str, other_id: str) -> list[list[str]]:
    pair = (one_id, other_id)
    both = PossibleDuplicate.learner_id.in_(pair) & PossibleDuplicate.other_id.in_(pair)
    flags = session.scalars(select(PossibleDuplicate).where(both)).all()
    for flag in flags:
        session.delete(flag)
    return [[f.learner_id, f.other_id, f.matched, f.found_at.isoformat()] for f in flags]


def _add_tags(session: Session, kept_id: str, closed_id: str, now: datetime) -> list[str]:
    added = sorted(set(tags.of(session, closed_id)) - set(tags.of(session, kept_id)))
    for word in added:
        tags.put(session, kept_id, word, now)
    return added


def _record(session: Session, action: Action, row: Merge, actor: str, now: datetime) -> None:
    """Into the trail of both."""
    for subject, other in ((row.kept_id, row.closed_id), (row.closed_id, row.kept_id)):
        audit.record(
            session, action, actor=actor, subject=subject, now=now, merge_id=row.id, other_id=other
        )


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return min(one, other) if one and other else one or other


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max(one, other) if one and other else one or other


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _tell_merged(
    session: Session, closed: Learner, row: Merge, settings: Settings, now: datetime
) -> None:
    """While it can be undone, by mail and chat: if it was a mistake, its owner says so.

    Nothing of the other registration is named: then it is somebody else's.
    """
    notice, cause = AccountsMerged(row.undo_until, settings), f"merged:{row.id}"
    values = presenter_of(session).values(notice, closed.language)
    mails.queue_to(session, closed, cause=cause, template="merged", values=values, now=now)
    outbox.tell_learner(session, notice, closed, cause=cause, now=now)


def _tell_parted(
    session: Session, closed: Learner, row: Merge, now: datetime, *, has_account: bool
) -> None:
    """It was undone. Only the password does not come back: freezing forgets it."""
    cause = f"parted:{row.id}"
    mails.queue_to(session, closed, cause=cause, template="parted", now=now)
    outbox.tell_learner(session, AccountsParted(has_account), closed, cause=cause, now=now)
