"""Writes the audit trail, in the same transaction as the act."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from models.audit import AuditEntry


class Action(StrEnum):
    """What can be done, as `subject:verb`."""

    # ruff: noqa: S105 - names of acts, not secrets
    CONSENT_RECORDED = "consent:record"
    LEARNER_CREATED = "learner:create"
    ACCOUNT_REQUESTED = "account:request"
    ACCOUNT_CREATED = "account:create"
    ACCOUNT_CLOSED = "account:close"
    LINK_ISSUED = "link:issue"
    LINK_OPENED = "link:open"
    PASSWORD_ISSUED = "password:issue"
    PASSWORD_CHANGED = "password:change"
    SESSION_OPENED = "session:open"
    SESSION_REFUSED = "session:refuse"
    SESSION_CLOSED = "session:close"
    DUPLICATE_FLAGGED = "duplicate:flag"
    HUMAN_WANTED = "inquiry:open"
    DRAFT_EXPIRED = "draft:expire"
    KEYS_ROTATED = "keys:rotate"


KEYS: dict[Action, frozenset[str]] = {
    Action.CONSENT_RECORDED: frozenset({"purpose", "state", "event_id"}),
    Action.LEARNER_CREATED: frozenset({"age_band"}),
    Action.ACCOUNT_REQUESTED: frozenset({"account_id", "provider"}),
    Action.ACCOUNT_CREATED: frozenset({"account_id", "provider"}),
    Action.ACCOUNT_CLOSED: frozenset({"account_id", "cause"}),
    Action.LINK_ISSUED: frozenset({"link_id", "purpose"}),
    Action.LINK_OPENED: frozenset({"link_id", "purpose"}),
    Action.PASSWORD_ISSUED: frozenset({"account_id"}),
    Action.PASSWORD_CHANGED: frozenset({"account_id"}),
    Action.SESSION_OPENED: frozenset({"account_id"}),
    Action.SESSION_REFUSED: frozenset({"cause"}),
    Action.SESSION_CLOSED: frozenset({"account_id"}),
    Action.DUPLICATE_FLAGGED: frozenset({"other_id", "matched"}),
    Action.HUMAN_WANTED: frozenset({"topic"}),
    Action.DRAFT_EXPIRED: frozenset({"flow"}),
    Action.KEYS_ROTATED: frozenset({"rows", "key"}),
}


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
    session.add(AuditEntry(at=now, action=str(action), actor=actor, subject=subject, data=data))
