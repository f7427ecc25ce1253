"""Which lessons of the embedded e-learning system learners have marked as done.

Whoever asks about courses asks here. Of a system that is not embedded these tables know nothing;
`Settings.system` tells the two apart.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from models.account import Account
from models.base import new_id
from models.inserts import insert_if_new
from models.learner import Learner
from models.portal import LessonProgress, PortalAccount


def done(session: Session, account_id: str) -> frozenset[tuple[str, str]]:
    """The (course, lesson) pairs that an account has marked."""
    rows = session.execute(
        select(LessonProgress.course, LessonProgress.lesson).where(
            LessonProgress.account_id == account_id
        )
    )
    return frozenset((course, lesson) for course, lesson in rows)


@dataclass(frozen=True)
class Begun:
    """A course, how many of its lessons are done, and when the last one was."""

    course: str
    done: int
    at: datetime


def of_learner(session: Session, learner_id: str) -> list[Begun]:
    """Every course in which a learner has marked a lesson, whichever of their accounts it was."""
    rows = session.execute(
        select(
            LessonProgress.course,
            func.count(LessonProgress.id).label("done"),
            func.max(LessonProgress.done_at).label("at"),
        )
        .join(PortalAccount, PortalAccount.id == LessonProgress.account_id)
        .join(Account, Account.id == PortalAccount.external_key)
        .where(Account.learner_id == learner_id)
        .group_by(LessonProgress.course)
    )
    return [Begun(row.course, row.done, row.at) for row in rows]


def has_begun(course: str) -> ColumnElement[bool]:
    """Whether a lesson of a course is marked, over `learner`: for a query about many."""
    return (
        select(LessonProgress.id)
        .join(PortalAccount, PortalAccount.id == LessonProgress.account_id)
        .join(Account, Account.id == PortalAccount.external_key)
        .where(Account.learner_id == Learner.id, LessonProgress.course == course)
        .exists()
    )


def courses_begun(session: Session, keys: Collection[str]) -> int:
    """In how many courses the accounts with these keys of ours have marked a lesson."""
    query = (
        select(func.count(LessonProgress.course.distinct()))
        .join(PortalAccount, PortalAccount.id == LessonProgress.account_id)
        .where(PortalAccount.external_key.in_(keys))
    )
    return session.scalar(query) or 0


def mark_done(
    session: Session, account_id: str, course_id: str, lesson_id: str, now: datetime
) -> None:
    """Remember a lesson as done; a repeat changes nothing, not even the time."""
    row = {
        "id": new_id(),
        "account_id": account_id,
        "course": course_id,
        "lesson": lesson_id,
        "done_at": now,
    }
    insert_if_new(session, LessonProgress, row)
