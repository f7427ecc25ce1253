"""When a purge looks: what is older than its period, except what an order keeps."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from bot.services.accounts import holds
from bot.settings import School
from bot.texts.periods import Period
from models.conversation import Conversation

Ids = Select[Any]


@dataclass(frozen=True)
class Moment:
    """When a rule looks: what is older than `before` is over, except what a hold keeps."""

    now: datetime
    before: datetime
    school: School
    held: frozenset[str]  # learners, their conversations and their pseudonyms


def moment(session: Session, period: Period, school: School, now: datetime) -> Moment | None:
    """The moment of a period, or None where nothing may go by time alone."""
    span = period.span(school)
    if span is None:
        return None
    return Moment(now, now - span, school, _held(session))


def _held(session: Session) -> frozenset[str]:
    learners = holds.held_ids(session)
    if not learners:
        return frozenset()
    chats = select(Conversation.id, Conversation.person).where(
        Conversation.learner_id.in_(learners)
    )
    return frozenset(learners.union(*session.execute(chats).all()))
