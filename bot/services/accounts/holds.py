"""Legal holds: while one stands, a learner's data is neither erased nor purged.

A hold of which may be told also keeps staff from closing and merging, and says why. A silent one
must not show, by words or by what is missing: it stops only what nobody sees, which is erasure and
purge. Closing and merging delete nothing, so the order is obeyed all the same.
"""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.services.audit import audit
from bot.services.audit.audit import Action
from models.base import new_id
from models.privacy import LegalHold


def standing(session: Session, learner_id: str | None) -> LegalHold | None:
    """The oldest hold that stands on a learner, if there is one."""
    if learner_id is None:
        return None
    return session.scalars(
        select(LegalHold)
        .where(LegalHold.learner_id == learner_id, LegalHold.released_at.is_(None))
        .order_by(LegalHold.placed_at)
        .limit(1)
    ).one_or_none()


def told(session: Session, learner_id: str | None) -> LegalHold | None:
    """The oldest standing hold of which may be told: the only kind that anybody may notice."""
    query = select(LegalHold).where(
        LegalHold.learner_id == learner_id, LegalHold.released_at.is_(None), LegalHold.may_tell
    )
    return session.scalars(query.order_by(LegalHold.placed_at).limit(1)).one_or_none()


def place(
    session: Session, learner_id: str, reason: str, *, may_tell: bool, actor: str, now: datetime
) -> LegalHold:
    """Stop erasure and purge of a learner's data, as a court or an authority ordered."""
    hold = LegalHold(id=new_id(), learner_id=learner_id, may_tell=may_tell, placed_at=now)
    with session.no_autoflush:
        session.add(hold)
        hold.reason = reason
    session.flush()
    audit.record(
        session, Action.HOLD_PLACED, actor=actor, subject=learner_id, now=now, hold_id=hold.id
    )
    return hold


def release(session: Session, hold_id: str, *, actor: str, now: datetime) -> bool:
    """End a hold; False where there is none such, or it has ended before."""
    row = session.execute(
        update(LegalHold)
        .where(LegalHold.id == hold_id, LegalHold.released_at.is_(None))
        .values(released_at=now)
        .returning(LegalHold.learner_id)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if row is None:
        return False
    audit.record(
        session, Action.HOLD_RELEASED, actor=actor, subject=row.learner_id, now=now, hold_id=hold_id
    )
    return True


def held_ids(session: Session) -> set[str]:
    """Every learner on whom a hold stands."""
    return set(session.scalars(select(LegalHold.learner_id).where(LegalHold.released_at.is_(None))))
