"""Every act that the audit trail knows, and exactly what is written down about it."""

from enum import StrEnum


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
    STAY_OPENED = "stay:open"
    STAY_ENDED = "stay:end"
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
    EMAIL_BOUNCED = "email:bounce"
    EMAIL_SUPPRESSED = "email:suppress"
    SUPPRESSION_RELEASED = "suppression:release"
    DOMAIN_PAUSED = "domain:pause"
    DOMAIN_RELEASED = "domain:release"
    LETTER_DONE = "letter:done"
    MAIL_SEEN = "mail:see"
    NEWS_CHOSEN = "news:choose"
    NEWS_PAUSED = "news:pause"
    REQUEST_OPENED = "request:open"
    REQUEST_MOVED = "request:move"
    REQUEST_READ = "request:read"
    ARCHIVE_MADE = "archive:make"
    MAILS_EXPORTED = "mails:export"
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
    AUDIT_READ = "audit:read"
    AUDIT_EXPORTED = "audit:export"
    AUDIT_ANCHORED = "audit:anchor"
    AUDIT_ADOPTED = "audit:adopt"
    LEARNERS_SEARCHED = "learner:search"
    LEARNER_UNMASKED = "learner:unmask"
    LEARNER_TAGGED = "learner:tag"
    LEARNER_IMPORTED = "learner:import"
    LEARNER_INVITED = "learner:invite"
    LEARNERS_MERGED = "learner:merge"
    LEARNERS_PARTED = "learner:part"
    MERGE_SETTLED = "learner:settle"
    DUPLICATE_DISMISSED = "duplicate:dismiss"
    TAG_MADE = "tag:make"
    ADDRESS_PROPOSED = "learner:propose-email"
    TAG_RENAMED = "tag:rename"
    TAG_REMOVED = "tag:remove"
    IMPORT_UPLOADED = "import:upload"
    IMPORT_MOVED = "import:move"
    IMPORT_REST_TAKEN = "import:take"
    EXPORT_ASKED = "export:ask"
    EXPORT_MOVED = "export:move"
    CAMPAIGN_WRITTEN = "campaign:write"
    CAMPAIGN_ASKED = "campaign:ask"
    CAMPAIGN_APPROVED = "campaign:approve"
    CAMPAIGN_SENT_BACK = "campaign:send_back"
    CAMPAIGN_PAUSED = "campaign:pause"
    CAMPAIGN_WENT_ON = "campaign:go_on"
    CAMPAIGN_STOPPED = "campaign:stop"
    CAMPAIGN_TESTED = "campaign:test"
    CAMPAIGN_ENDED = "campaign:end"
    CAMPAIGN_SETTLED = "campaign:settle"
    CAMPAIGN_EXPORTED = "campaign:export"
    STAFF_CHAT_CODE = "staff:chat_code"
    STAFF_CHAT_LINKED = "staff:chat_link"
    STAFF_CHAT_UNLINKED = "staff:chat_unlink"
    STAFF_ADDED = "staff:add"
    STAFF_LINK_ISSUED = "staff:link"
    STAFF_STARTED = "staff:start"
    STAFF_SIGNED_IN = "staff:sign_in"
    STAFF_REFUSED = "staff:refuse"
    STAFF_SIGNED_OUT = "staff:sign_out"
    STAFF_PROVED = "staff:prove"
    STAFF_ROLES_CHANGED = "staff:change_roles"
    STAFF_DISABLED = "staff:disable"
    STAFF_ENABLED = "staff:enable"
    STAFF_SESSIONS_ENDED = "staff:end_sessions"
    STAFF_FACTOR_CHANGED = "staff:change_factor"


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
    Action.STAY_OPENED: frozenset({"stay_id"}),
    Action.STAY_ENDED: frozenset({"stay_id", "cause"}),
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
    Action.EMAIL_BOUNCED: frozenset({"mail_id", "code", "is_unconfirmed"}),
    Action.EMAIL_SUPPRESSED: frozenset({"mail_id", "reason"}),
    Action.SUPPRESSION_RELEASED: frozenset({"address"}),  # its keyed digest
    Action.DOMAIN_PAUSED: frozenset({"mail_id", "code"}),
    Action.DOMAIN_RELEASED: frozenset({"domain"}),  # its keyed digest
    Action.LETTER_DONE: frozenset({"letter_id"}),
    Action.MAIL_SEEN: frozenset({"mail_id"}),
    Action.NEWS_CHOSEN: frozenset({"channel", "topic", "is_on"}),
    Action.NEWS_PAUSED: frozenset({"until"}),
    Action.REQUEST_OPENED: frozenset({"request_id", "kind", "asked_by"}),
    Action.REQUEST_MOVED: frozenset({"request_id", "state"}),
    Action.REQUEST_READ: frozenset({"request_id"}),
    Action.ARCHIVE_MADE: frozenset({"request_id"}),
    Action.MAILS_EXPORTED: frozenset({"rows"}),
    Action.HOLD_PLACED: frozenset({"hold_id"}),
    Action.HOLD_RELEASED: frozenset({"hold_id"}),
    Action.DATA_DISCLOSED: frozenset({"disclosure_id", "ground"}),
    Action.DATA_PURGED: frozenset({"rule", "rows"}),
    Action.BACKUP_MADE: frozenset({"rows"}),
    Action.BACKUP_RESTORED: frozenset(
        {"rows", "erased_again", "sessions", "links", "held", "unsent"}
    ),
    Action.GUARDIAN_ASKED: frozenset({"guardianship_id", "age_band"}),
    Action.GUARDIAN_OPENED: frozenset({"guardianship_id"}),
    Action.GUARDIAN_DECIDED: frozenset({"guardianship_id", "state"}),
    Action.GUARDIAN_ENDED: frozenset({"guardianship_id", "cause"}),
    # By which fields it was searched, how many entries were shown, and how many reasons with them.
    Action.AUDIT_READ: frozenset({"fields", "rows", "reasons"}),
    Action.AUDIT_EXPORTED: frozenset({"fields", "rows"}),
    Action.AUDIT_ANCHORED: frozenset({"position"}),
    Action.AUDIT_ADOPTED: frozenset({"rows"}),
    # How somebody was searched for, never the value.
    Action.LEARNERS_SEARCHED: frozenset({"kind", "found"}),
    Action.LEARNER_UNMASKED: frozenset({"unmasking_id", "category"}),
    Action.LEARNER_TAGGED: frozenset({"tag", "is_on"}),
    Action.LEARNER_IMPORTED: frozenset({"import_id", "line"}),
    Action.LEARNER_INVITED: frozenset({"account_id", "channel"}),
    Action.LEARNERS_MERGED: frozenset({"merge_id", "other_id"}),
    Action.LEARNERS_PARTED: frozenset({"merge_id", "other_id"}),
    Action.MERGE_SETTLED: frozenset({"merge_id", "other_id"}),
    Action.DUPLICATE_DISMISSED: frozenset({"one_id", "other_id"}),
    Action.TAG_MADE: frozenset({"tag"}),
    Action.ADDRESS_PROPOSED: frozenset({"new"}),
    Action.TAG_RENAMED: frozenset({"tag", "renamed"}),
    Action.TAG_REMOVED: frozenset({"tag", "learners"}),
    Action.IMPORT_UPLOADED: frozenset({"import_id", "lines"}),
    Action.IMPORT_MOVED: frozenset({"import_id", "state", "enrolled", "known", "refused"}),
    Action.IMPORT_REST_TAKEN: frozenset({"import_id", "rows"}),
    Action.EXPORT_ASKED: frozenset({"export_id", "rows", "columns", "in_full"}),
    Action.EXPORT_MOVED: frozenset({"export_id", "state", "rows"}),
    Action.CAMPAIGN_WRITTEN: frozenset({"campaign_id"}),
    Action.CAMPAIGN_ASKED: frozenset({"campaign_id"}),
    Action.CAMPAIGN_APPROVED: frozenset({"campaign_id"}),
    Action.CAMPAIGN_SENT_BACK: frozenset({"campaign_id"}),
    Action.CAMPAIGN_PAUSED: frozenset({"campaign_id"}),
    Action.CAMPAIGN_WENT_ON: frozenset({"campaign_id"}),
    Action.CAMPAIGN_STOPPED: frozenset({"campaign_id"}),
    Action.CAMPAIGN_TESTED: frozenset({"campaign_id", "copies"}),
    Action.CAMPAIGN_ENDED: frozenset({"campaign_id", "state"}),
    # What a person decided about a batch of which nobody knows whether it arrived.
    Action.CAMPAIGN_SETTLED: frozenset({"campaign_id", "batch", "decision"}),
    Action.CAMPAIGN_EXPORTED: frozenset({"campaign_id"}),
    Action.STAFF_CHAT_CODE: frozenset(),
    Action.STAFF_CHAT_LINKED: frozenset(),
    Action.STAFF_CHAT_UNLINKED: frozenset({"cause"}),
    Action.STAFF_ADDED: frozenset({"roles"}),
    Action.STAFF_LINK_ISSUED: frozenset({"link_id"}),
    Action.STAFF_STARTED: frozenset({"link_id"}),
    Action.STAFF_SIGNED_IN: frozenset({"factor"}),
    Action.STAFF_REFUSED: frozenset({"cause"}),
    Action.STAFF_SIGNED_OUT: frozenset(),
    Action.STAFF_PROVED: frozenset({"factor"}),
    Action.STAFF_ROLES_CHANGED: frozenset({"before", "after"}),
    Action.STAFF_DISABLED: frozenset(),
    Action.STAFF_ENABLED: frozenset(),
    Action.STAFF_SESSIONS_ENDED: frozenset({"sessions"}),
    Action.STAFF_FACTOR_CHANGED: frozenset({"factor"}),
}
