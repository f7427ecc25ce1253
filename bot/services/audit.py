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
    LINK_REFUSED = "link:refuse"
    RESET_NOTICED = "reset:notice"
    ACCOUNT_FROZEN = "account:freeze"
    ACCOUNT_UNFROZEN = "account:unfreeze"
    LEARNER_CHANGED = "learner:change"
    LEARNER_RELINKED = "learner:relink"
    LEARNER_ERASED = "learner:erase"
    TOKEN_ISSUED = "token:issue"
    TOKEN_USED = "token:use"
    EMAIL_VERIFIED = "email:verify"
    NEWS_CHOSEN = "news:choose"
    NEWS_PAUSED = "news:pause"
    REQUEST_OPENED = "request:open"
    REQUEST_MOVED = "request:move"
    REQUEST_READ = "request:read"
    ARCHIVE_MADE = "archive:make"
    HOLD_PLACED = "hold:place"
    HOLD_RELEASED = "hold:release"
    DATA_DISCLOSED = "data:disclose"
    DATA_PURGED = "data:purge"
    BACKUP_MADE = "backup:make"
    BACKUP_RESTORED = "backup:restore"
    GUARDIAN_ASKED = "guardian:ask"
    GUARDIAN_OPENED = "guardian:open"
    GUARDIAN_DECIDED = "guardian:decide"
    GUARDIAN_ENDED = "guardian:end"


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
    Action.LINK_REFUSED: frozenset({"link_id", "cause"}),
    Action.RESET_NOTICED: frozenset({"account_id"}),
    Action.ACCOUNT_FROZEN: frozenset({"account_id", "cause"}),
    Action.ACCOUNT_UNFROZEN: frozenset({"account_id"}),
    # Old and new value as keyed digests: enough to settle a dispute, not enough to read.
    Action.LEARNER_CHANGED: frozenset({"item", "old", "new"}),
    Action.LEARNER_RELINKED: frozenset({"proof"}),
    Action.LEARNER_ERASED: frozenset({"rows"}),
    Action.TOKEN_ISSUED: frozenset({"token_id", "purpose"}),
    Action.TOKEN_USED: frozenset({"token_id", "purpose"}),
    Action.EMAIL_VERIFIED: frozenset({"token_id"}),
    Action.NEWS_CHOSEN: frozenset({"channel", "topic", "is_on"}),
    Action.NEWS_PAUSED: frozenset({"until"}),
    Action.REQUEST_OPENED: frozenset({"request_id", "kind", "asked_by"}),
    Action.REQUEST_MOVED: frozenset({"request_id", "state"}),
    Action.REQUEST_READ: frozenset({"request_id"}),
    Action.ARCHIVE_MADE: frozenset({"request_id"}),
    Action.HOLD_PLACED: frozenset({"hold_id"}),
    Action.HOLD_RELEASED: frozenset({"hold_id"}),
    Action.DATA_DISCLOSED: frozenset({"disclosure_id", "ground"}),
    Action.DATA_PURGED: frozenset({"rule", "rows"}),
    Action.BACKUP_MADE: frozenset({"rows"}),
    Action.BACKUP_RESTORED: frozenset({"rows", "erased_again"}),
    Action.GUARDIAN_ASKED: frozenset({"guardianship_id", "age_band"}),
    Action.GUARDIAN_OPENED: frozenset({"guardianship_id"}),
    Action.GUARDIAN_DECIDED: frozenset({"guardianship_id", "state"}),
    Action.GUARDIAN_ENDED: frozenset({"guardianship_id", "cause"}),
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
