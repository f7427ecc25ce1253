"""Writes the audit trail, in the same transaction as the act.

A new act stands in bot/services/audit/actions.py: its name and the keys that it takes.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from bot.services.audit import proof
from bot.services.audit.actions import KEYS, Action
from models.audit import AuditEntry
from models.base import session_keyring

__all__ = ["KEYS", "Action", "record"]


def record(
    session: Session,
    action: Action,
    *,
    actor: str,
    subject: str | None,
    now: datetime,
    **data: str | int,
) -> None:
    """Append one entry; raises ValueError for keys that the action does not declare."""
    if set(data) != KEYS[action]:
        raise ValueError(f"{action} takes exactly {sorted(KEYS[action])}")
    entry = AuditEntry(at=now, action=str(action), actor=actor, subject=subject, data=data)
    entry.mac = proof.mac(session_keyring(session).audit_keys[0], entry)
    session.add(entry)
