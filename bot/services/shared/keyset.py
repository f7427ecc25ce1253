"""A range of people, by the order of their pseudonyms: how long work is cut into units."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from models.learner import Learner


@dataclass(frozen=True)
class KeyRange:
    """Subjects after one id, up to and with another."""

    after: str
    to: str

    def holds(self, column: Any) -> ColumnElement[bool]:
        """Whether a column's subject lies in it."""
        return and_(column > self.after, column <= self.to)


def following(session: Session, after: str, most: int) -> tuple[KeyRange, bool] | None:
    """The next so many learners, and whether there may be more; None after the last."""
    ids = select(Learner.conversation_id).where(Learner.conversation_id > after)
    ordered = ids.order_by(Learner.conversation_id)
    to = session.scalar(ordered.offset(most - 1).limit(1))
    if to is not None:
        return KeyRange(after, to), True
    last = session.scalar(ids.order_by(Learner.conversation_id.desc()).limit(1))
    return None if last is None else (KeyRange(after, last), False)


def has(session: Session, key_range: KeyRange, least: int) -> bool:
    """Whether at least so many learners lie in a range."""
    ids = select(Learner.conversation_id).where(key_range.holds(Learner.conversation_id))
    return session.scalar(ids.offset(least - 1).limit(1)) is not None
