"""Pairs of registrations that gave the same detail, side by side for staff."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, aliased

from bot.services.learners import merge_rules, search
from bot.services.learners.search import LearnerRow
from models.learner import Learner, LearnerState, PossibleDuplicate
from models.merges import Merge

PAGE = 20


@dataclass(frozen=True)
class Pair:
    """Two registrations, the older one first, and which details are the same."""

    one: LearnerRow
    other: LearnerRow
    matched: tuple[str, ...]


@dataclass(frozen=True)
class MergeVerdict:
    """A pair, and what speaks against keeping the one or the other."""

    pair: Pair
    against_one: tuple[str, ...]
    against_other: tuple[str, ...]


def newest(session: Session, before: str | None = None) -> tuple[list[Pair], str | None]:
    """A page of pairs, the newest flag first, and where to go on; three queries, however many."""
    flag, later = PossibleDuplicate, aliased(PossibleDuplicate)
    one, other = aliased(Learner), aliased(Learner)
    active = LearnerState.ACTIVE
    again = select(later.id).where(
        later.id > flag.id,
        or_(
            (later.learner_id == flag.learner_id) & (later.other_id == flag.other_id),
            (later.learner_id == flag.other_id) & (later.other_id == flag.learner_id),
        ),
    )
    # Walked from the newest flag down, each pair at its newest: no grouping of all that there are.
    query = (
        select(flag)
        .join(one, one.id == flag.learner_id)
        .join(other, other.id == flag.other_id)
        .where(one.state == active, other.state == active, ~again.exists())
        .order_by(flag.id.desc())
        .limit(PAGE + 1)
    )
    if before:
        query = query.where(flag.id < before)
    found = session.scalars(query).all()
    chosen = [sorted((row.learner_id, row.other_id)) for row in found[:PAGE]]
    ids = {key for both in chosen for key in both}
    people = {row.id: row for row in _rows(session, ids)}
    same = _matched(session, ids)
    pairs = [Pair(people[a], people[b], same[frozenset((a, b))]) for a, b in chosen]
    return pairs, found[PAGE - 1].id if len(found) > PAGE else None


def pair(session: Session, one_id: str, other_id: str) -> MergeVerdict | None:
    """One pair, and what may become of it; None where it is not flagged."""
    ids = {one_id, other_id}
    matched = _matched(session, ids).get(frozenset(ids))
    learners = {row.id: row for row in session.scalars(select(Learner).where(Learner.id.in_(ids)))}
    if matched is None or len(learners) != 2:
        return None
    people = {row.id: row for row in search.rows(session, learners.values())}
    one, other = (learners[key] for key in sorted(ids))
    return MergeVerdict(
        Pair(people[one.id], people[other.id], matched),
        merge_rules.problems(session, one, other),
        merge_rules.problems(session, other, one),
    )


def undoable(session: Session, now: datetime, most: int = 50) -> Sequence[Merge]:
    """Merges that can still be undone, newest first."""
    query = (
        select(Merge)
        .where(Merge.undone_at.is_(None), Merge.settled_at.is_(None), Merge.undo_until > now)
        .order_by(Merge.merged_at.desc())
        .limit(most)
    )
    return session.scalars(query).all()


def usernames(session: Session, merges: Sequence[Merge]) -> dict[str, str]:
    """What the learners of some merges sign in as, by their ids."""
    ids = {key for merge in merges for key in (merge.kept_id, merge.closed_id)}
    return {row.id: row.username for row in _rows(session, ids)}


def _rows(session: Session, ids: set[str]) -> list[LearnerRow]:
    query = select(Learner).where(Learner.id.in_(ids))
    return search.rows(session, session.scalars(query))


def _matched(session: Session, ids: set[str]) -> dict[frozenset[str], tuple[str, ...]]:
    flag = PossibleDuplicate
    query = select(flag).where(flag.learner_id.in_(ids), flag.other_id.in_(ids))
    found: dict[frozenset[str], set[str]] = {}
    for row in session.scalars(query):
        found.setdefault(frozenset((row.learner_id, row.other_id)), set()).add(row.matched)
    return {key: tuple(sorted(values)) for key, values in found.items()}
