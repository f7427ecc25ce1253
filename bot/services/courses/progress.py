"""Which lessons a learner has marked as done."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.base import new_id
from models.inserts import insert_if_new
from models.portal import LessonProgress, PortalAccount


def done(session: Session, account_id: str) -> frozenset[tuple[str, str]]:
    """The (course, lesson) pairs that an account has marked."""
    rows = session.execute(
        select(LessonProgress.course, LessonProgress.lesson).where(
            LessonProgress.account_id == account_id
        )
    )
    return frozenset((course, lesson) for course, lesson in rows)


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
