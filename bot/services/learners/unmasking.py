"""Somebody's details in full, for a member of staff who says why; so many a day, all audited.

Sources: PDPC Security Measures 2022, cl. 4 (least privilege, traces); policy R4, R5.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.services.audit import audit
from bot.services.audit.audit import Action
from bot.services.people import fields, inputs
from bot.services.people.fields import Item
from models.base import new_id
from models.learner import Learner
from models.merges import Look, Unmasking
from models.staff import Role, Staff

MIN_REASON = 10  # characters: a word is no reason
MAX_REASON = 500
A_DAY = timedelta(days=1)
MAX_A_DAY = 30
MAX_FOR_PRIVACY = 300  # a privacy officer answers requests; beyond that it is reading in bulk


@dataclass(frozen=True)
class Unmasked:
    """What is kept of somebody, as people write it; shown once and stored nowhere else."""

    values: dict[Item, str]


@dataclass(frozen=True)
class UnmaskingRefusal:
    """Why nothing is shown: no_category, short_reason, long_reason or enough."""

    code: str


def reason_problem(reason: str) -> str | None:
    """What is wrong with a reason that somebody wrote, or None."""
    said = inputs.tidy(reason)
    if len(said) < MIN_REASON:
        return "short_reason"
    return "long_reason" if len(said) > MAX_REASON else None


def unmask(
    session: Session,
    learner: Learner,
    category: str,
    reason: str,
    *,
    member_id: str,
    roles: frozenset[Role],
    now: datetime,
) -> Unmasked | UnmaskingRefusal:
    """Open the details for one answer; the look is written down before they leave the database.

    The reason may name people, so it is sealed; the audit trail gets its category alone.
    """
    if category not in set(Look):
        return UnmaskingRefusal("no_category")
    problem = reason_problem(reason)
    if problem is not None:
        return UnmaskingRefusal(problem)
    session.get(Staff, member_id, with_for_update=True)  # looks at the same moment count in turn
    if left(session, member_id, roles, now) <= 0:
        return UnmaskingRefusal("enough")
    look = Unmasking(
        id=new_id(), learner_id=learner.id, member_id=member_id, category=Look(category), at=now
    )
    with session.no_autoflush:
        session.add(look)
        look.reason = inputs.tidy(reason)
    session.flush()
    about = {"unmasking_id": look.id, "category": look.category.value}
    audit.by_staff(session, Action.LEARNER_UNMASKED, member_id, now, learner.id, **about)
    shown = ((item, fields.value_of(learner, item)) for item in Item)
    return Unmasked({item: fields.shown(item, value) for item, value in shown if value})


def left(session: Session, member_id: str, roles: frozenset[Role], now: datetime) -> int:
    """How many more looks a member has within 24 hours."""
    most = MAX_FOR_PRIVACY if Role.PRIVACY in roles else MAX_A_DAY
    query = select(func.count()).where(Unmasking.member_id == member_id, Unmasking.at > now - A_DAY)
    return most - session.scalars(query).one()
