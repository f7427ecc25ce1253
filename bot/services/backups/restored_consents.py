"""Withdrawals of news that a replaced database knows of: a restore does not undo them (PDPA s.19).

They are taken over as they stand in the ledger. Who said yes again afterwards says it once more.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select
from sqlalchemy.orm import Session

from bot.services.audit import audit
from bot.services.audit.audit import Action
from bot.services.subscriptions import subscriptions
from bot.services.subscriptions.subscriptions import NEWS
from models.consent import ConsentEvent, ConsentState
from models.conversation import Conversation


def withdrawn(session: Session, since: datetime) -> list[Row[Any]]:
    """Every no to news since a moment, oldest first."""
    table = ConsentEvent.__table__
    query = select(table).where(
        table.c.state == ConsentState.WITHDRAWN, table.c.purpose.in_(NEWS), table.c.at >= since
    )
    return list(session.execute(query.order_by(table.c.at, table.c.id)))


def carry(session: Session, events: Iterable[Row[Any]], now: datetime) -> int:
    """Let them count in a restored database, for whoever is in it; returns how many are new."""
    carried = 0
    for event in events:
        is_here = session.get(Conversation, event.subject_id) is not None
        if not is_here or session.get(ConsentEvent, event.id) is not None:
            continue
        session.execute(insert(ConsentEvent).values(**event._mapping))
        subscriptions.end_topics(session, event.subject_id, event.purpose)
        audit.record(
            session,
            Action.CONSENT_RECORDED,
            actor="operator",
            subject=event.subject_id,
            now=now,
            purpose=event.purpose,
            state=event.state,
            event_id=event.id,
        )
        carried += 1
    return carried
