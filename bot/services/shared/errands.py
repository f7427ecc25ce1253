"""Errands: what an answer must not wait for, lest its time tells who is known here."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from models.base import new_id
from models.errand import Errand, ErrandKind

KEPT = timedelta(days=7)  # one that always fails is let go of


def queue(
    session: Session,
    kind: ErrandKind,
    subject_id: str,
    now: datetime,
    *,
    item: str | None = None,
    value: str | None = None,
) -> None:
    """Have something done soon; the same statement whoever it is about."""
    errand = Errand(id=new_id(), kind=kind, subject_id=subject_id, item=item, asked_at=now)
    with session.no_autoflush:
        session.add(errand)
        errand.value = value


def waiting(session: Session, most: int = 50) -> list[str]:
    """The ids of what is to be done, oldest first."""
    return list(session.scalars(select(Errand.id).order_by(Errand.id).limit(most)))


def take(session: Session, errand_id: str) -> Errand | None:
    """One errand, locked, to be done in this transaction; None where somebody else has done it."""
    return session.get(Errand, errand_id, with_for_update={"skip_locked": True})


def done(session: Session, errand: Errand) -> None:
    """Forget it, in the transaction that did it."""
    session.execute(delete(Errand).where(Errand.id == errand.id))
