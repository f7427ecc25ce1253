"""What the audit trail noted about an act, in words: each key, and values out of fixed lists."""

from collections.abc import Mapping
from typing import Any

from bot.presentation import campaign_words
from bot.texts import Translator
from bot.texts import marked as _
from handlers.console import import_words, learner_words
from handlers.console.exports import COLUMNS
from handlers.console.exports import STATES as EXPORTS
from handlers.console.role_words import ROLE_WORDS

KEYS: dict[str, str] = {
    "account_id": _("Account (id)"),
    "address": _("Address (fingerprint)"),
    "after": _("Roles afterwards"),
    "age_band": _("Age group"),
    "asked_by": _("Asked by"),
    "batch": _("Batch"),
    "before": _("Roles before"),
    "campaign_id": _("Announcement (id)"),
    "category": _("What for"),
    "cause": _("Why"),
    "channel": _("Channel"),
    "code": _("Answer of the mail server"),
    "columns": _("Columns"),
    "copies": _("Copies"),
    "decision": _("Decision"),
    "disclosure_id": _("Disclosure (id)"),
    "domain": _("Domain of addresses (fingerprint)"),
    "enrolled": _("Enrolled"),
    "erased_again": _("People erased again"),
    "links": _("Links and codes ended"),
    "held": _("Announcements held"),
    "event_id": _("Entry in the consent ledger (id)"),
    "export_id": _("File (id)"),
    "factor": _("Second factor"),
    "fields": _("Searched by"),
    "flow": _("Conversation about"),
    "found": _("Found"),
    "ground": _("Ground"),
    "guardianship_id": _("Request to the guardian (id)"),
    "hold_id": _("Order (id)"),
    "import_id": _("Import (id)"),
    "in_full": _("Details in full"),
    "is_on": _("Switched on"),
    "is_unconfirmed": _("Address was not confirmed"),
    "item": _("Detail"),
    "key": _("Key (name)"),
    "kind": _("Kind"),
    "known": _("Were here already"),
    "learners": _("Learners"),
    "letter_id": _("Letter (id)"),
    "line": _("Line of the file"),
    "lines": _("Lines"),
    "link_id": _("Link (id)"),
    "mail_id": _("Mail (id)"),
    "matched": _("The same"),
    "merge_id": _("Merge (id)"),
    "new": _("New (fingerprint)"),
    "old": _("Old (fingerprint)"),
    "one_id": _("The one (id)"),
    "other_id": _("The other one (id)"),
    "position": _("Up to number"),
    "proof": _("Proved by"),
    "provider": _("System"),
    "purpose": _("Purpose"),
    "reason": _("Reason"),
    "reasons": _("Reasons shown"),
    "refused": _("Not enrolled"),
    "renamed": _("New name"),
    "request_id": _("Request (id)"),
    "roles": _("Roles"),
    "rows": _("Rows"),
    "rule": _("Rule"),
    "sessions": _("Sessions ended"),
    "state": _("State"),
    "stay_id": _("Device that stays signed in (id)"),
    "tag": _("Group"),
    "token_id": _("Code or link (id)"),
    "topic": _("Topic"),
    "unmasking_id": _("Look (id)"),
    "unsent": _("Pushes and e-mails not sent"),
    "until": _("Until"),
}
_SWITCHES = {"is_on", "in_full", "is_unconfirmed"}
_LISTS = {"roles", "before", "after", "columns", "fields"}
# Their values are words of ours; what people named themselves (a group, a topic) is shown as it is.
_WORDED = {
    "age_band",
    "asked_by",
    "channel",
    "ground",
    "item",
    "kind",
    "matched",
    "purpose",
    "state",
}
_ROLES: dict[str, str] = {role.value: said for role, said in ROLE_WORDS.items()}
_CAUSES: dict[str, str] = {
    f"staff-{cause.value}": said for cause, said in learner_words.CAUSES.items()
}
# What stands nowhere is told by learner_words, or shown as it is.
_VALUES: dict[str, Mapping[str, str]] = {
    "category": {look.value: said for look, said in learner_words.LOOKS.items()},
    "roles": _ROLES,
    "before": _ROLES,
    "after": _ROLES,
    "columns": {column.value: said for column, said in COLUMNS.items()},
    "fields": {
        "action": _("Act"),
        "actor": _("Who did it"),
        "subject": _("To whom or what (id)"),
        "since": _("From"),
        "until": _("Until"),
    },
    "decision": {
        "leave": _("left as it is"),
        "again": _("sent again"),
    },
    "ground": {
        "consent": _("consent of the person"),
        "service": _("a service that works for the school"),
        "law": _("an obligation by law"),
    },
    "factor": {
        "totp": _("code of the authenticator app"),
        "recovery": _("recovery code"),
        "passkey": _("passkey"),
    },
    "cause": _CAUSES
    | {
        "password": _("wrong password"),
        "unknown": _("no such username"),
        "disabled": _("shut out"),
        "factor": _("wrong second factor"),
        "digits": _("wrong digits"),
        "spent": _("too many wrong digits"),
        "merge": _("merged with another registration"),
        "merged": _("merged with another registration"),
        "closed": _("closed at the owner’s wish"),
        "withdrawn": _("consent withdrawn"),
        "erased": _("data erased"),
        "chat": _("in the chat"),
        "console": _("in the console"),
        "new_link": _("a new first link was made"),
        "sessions_ended": _("all sessions were ended"),
        "log_out": _("logged out there"),
        "owner": _("ended by its owner"),
        "replaced": _("another sign-in in the same browser"),
        "replayed": _("an old copy of its cookie was used"),
        "restored": _("a backup was restored"),
    },
}
_BY_ACT: dict[str, Mapping[str, str]] = {
    "campaign:end": {state.value: said for state, said in campaign_words.STATES.items()},
    "import:move": {state.value: said for state, said in import_words.STATES.items()},
    "export:move": {state.value: said for state, said in EXPORTS.items()},
}


def told(t: Translator, action: str, data: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Every detail of an entry: what it is called, and what it says."""
    return [
        (t(KEYS[key]) if key in KEYS else key, _value(t, action, key, value))
        for key, value in sorted(data.items())
    ]


def _value(t: Translator, action: str, key: str, value: Any) -> str:
    if key in _SWITCHES:
        return t("yes, it is so") if value else t("no, it is not")
    if key == "batch" and isinstance(value, int):
        return str(value + 1)  # people count from one
    meaning = _VALUES.get(key, {})
    if key == "state":
        meaning = _BY_ACT.get(action, {})

    def said(word: str) -> str:
        sentence = meaning.get(word)
        if sentence is None and key in _WORDED:
            sentence = learner_words.STATES.get(word)
        return t(sentence) if sentence else word

    if key in _LISTS:
        return ", ".join(said(word) for word in str(value).split(",") if word) or "–"
    return said(str(value)) or "–"
