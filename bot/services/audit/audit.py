"""Writes the audit trail, in the same transaction as the act.

A new act stands in bot/services/audit/actions.py: its name and the keys that it takes.
"""

import secrets
from datetime import datetime

from sqlalchemy.orm import Session

from bot.services.audit import proof
from bot.services.audit.actions import KEYS, Action
from models.audit import AuditEntry
from models.base import session_keyring

__all__ = ["KEYS", "Action", "by_learner", "by_operator", "by_staff", "record"]


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
    entry = AuditEntry(
        at=now,
        action=str(action),
        actor=actor,
        subject=subject,
        data=data,
        uid=secrets.token_hex(16),
    )
    entry.mac = proof.mac(session_keyring(session).audit_keys[0], entry)
    session.add(entry)


def by_learner(
    session: Session, action: Action, learner_id: str, now: datetime, **data: str | int
) -> None:
    """Append what a learner did with what is theirs: they are the actor and the subject."""
    record(session, action, actor=f"learner:{learner_id}", subject=learner_id, now=now, **data)


def by_staff(
    session: Session,
    action: Action,
    member_id: str,
    now: datetime,
    subject: str | None = None,
    **data: str | int,
) -> None:
    """Append what a member of staff did; subject None: it is about no person in particular."""
    record(session, action, actor=f"staff:{member_id}", subject=subject, now=now, **data)


def by_operator(session: Session, action: Action, now: datetime, **data: str | int) -> None:
    """Append what whoever runs the server did by command; about no person in particular."""
    record(session, action, actor="operator", subject=None, now=now, **data)
