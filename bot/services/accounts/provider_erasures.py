"""Telling e-learning systems to erase an account: a row until the system has confirmed it."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot.clock import Clock
from bot.errors import ProviderError
from bot.providers.base import Provider
from bot.services.shared import retries
from models.account import Account
from models.database import Database
from models.privacy import PendingErasure

FIRST_WAIT, MAX_WAIT = timedelta(seconds=10), timedelta(hours=6)


def request(session: Session, account_id: str, provider: str, now: datetime) -> None:
    """Have a system told that an account is to be erased; asking twice is one row."""
    if session.get(PendingErasure, account_id) is None:
        session.add(
            PendingErasure(id=account_id, provider=provider, asked_at=now, due_at=now, attempts=0)
        )
        session.flush()


def ask_if_gone(session: Session, account_id: str, provider: str, now: datetime) -> None:
    """Ask where the account was erased while the system was at it."""
    if session.get(Account, account_id) is None:
        request(session, account_id, provider, now)


def due(session: Session, now: datetime, most: int = 50) -> list[str]:
    """Accounts of which the system has to be told (again)."""
    query = select(PendingErasure.id).where(PendingErasure.due_at <= now)
    return list(session.scalars(query.order_by(PendingErasure.due_at).limit(most)))


def tell(database: Database, provider: Provider, account_id: str, clock: Clock) -> bool:
    """Have the system erase an account; False where it has to be tried again.

    No transaction is open meanwhile. A crash after its "yes" only means that it is asked again.
    """
    try:
        provider.erase(account_id, clock())
    except ProviderError as error:
        reason = error.reason
        database.write(lambda session: _postpone(session, account_id, reason, clock()))
        return False
    database.write(lambda session: _confirmed(session, account_id))
    return True


def _confirmed(session: Session, account_id: str) -> None:
    session.execute(delete(PendingErasure).where(PendingErasure.id == account_id))


def _postpone(session: Session, account_id: str, reason: str, now: datetime) -> None:
    row = session.get(PendingErasure, account_id)
    if row is None:
        return
    row.attempts += 1
    row.due_at = now + retries.wait(FIRST_WAIT, row.attempts, MAX_WAIT)
    row.reason = reason[:80]
