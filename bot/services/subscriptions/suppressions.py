"""The addresses that get no news: how many and why, and letting one go at its owner's wish."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.services.audit import audit
from bot.services.audit.audit import Action
from bot.services.delivery import mails
from models.mail import Suppression


def held(session: Session) -> list[Suppression]:
    """All of them, by reason and then the newest first; addresses are digests."""
    query = select(Suppression).order_by(
        Suppression.reason, Suppression.at.desc(), Suppression.address_index
    )
    return list(session.scalars(query))


def release(session: Session, address: str, actor: str, now: datetime) -> bool:
    """Let an address have news again, as far as its owner wants them; False where it was free."""
    if not mails.is_suppressed(session, address):
        return False
    mails.release(session, address)
    audit.record(
        session,
        Action.SUPPRESSION_RELEASED,
        actor=actor,
        subject=None,
        now=now,
        address=mails.address_index(session, address),
    )
    return True
