"""The data map: every table with personal data, how it is read, erased and kept.

Export, erasure, purge, notice and record of processing all go by it; a table that is in neither
list below fails a test.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy.orm import Session

from bot.services import data_rows
from bot.services.data_rows import Row, Value
from bot.services.subjects import Subject, subject_of

__all__ = [
    "LABELS",
    "TABLES",
    "WITHOUT_PERSONAL_DATA",
    "Row",
    "Subject",
    "Table",
    "Value",
    "subject_of",
]


class Fate(StrEnum):
    """What an erasure does with a person's rows (PDPA s.33)."""

    DELETED = "deleted"
    EMPTIED = "emptied"  # a tombstone without content is left
    DETACHED = "detached"  # the row is somebody else's too: what is this person's is taken out
    KEPT = "kept"  # under a pseudonym, for the reason given


@dataclass(frozen=True)
class Table:
    """One table with personal data.

    title: an English sentence for people, translated where it is shown. holds: the kinds of data,
    for the record of processing. rule: its key in bot.services.retention. withheld: why a person
    is not shown their rows, where the law lets us keep them back.
    """

    name: str
    title: str
    holds: tuple[str, ...]
    rows: Callable[[Session, Subject], list[Row]]
    fate: Fate
    rule: str
    why_kept: str = ""
    withheld: str = ""


def _(sentence: str) -> str:
    """Marks a sentence for the catalogue."""
    return sentence


PROOF = "PDPA s.19, s.39: proof that the law was kept; pseudonyms only"

TABLES: tuple[Table, ...] = (
    Table(
        "learner",
        _("Your details"),
        ("full name", "phone number", "e-mail address", "LINE ID", "LINE userId", "age band"),
        data_rows.learner,
        Fate.DELETED,
        "account",
    ),
    Table(
        "conversation",
        _("Your chat"),
        ("pseudonym of the LINE userId", "language", "what an open step has collected"),
        data_rows.conversation,
        Fate.DELETED,
        "stranger",
    ),
    Table(
        "account",
        _("Your E-Learning account"),
        ("username", "state of the account"),
        data_rows.account,
        Fate.DELETED,
        "account",
    ),
    Table(
        "portal_account",
        _("Your sign-in"),
        ("username", "hash of the password"),
        data_rows.portal_account,
        Fate.DELETED,
        "account",
    ),
    Table(
        "portal_session",
        _("Where you are signed in"),
        ("time of sign-in",),
        data_rows.portal_session,
        Fate.DELETED,
        "session",
    ),
    Table(
        "lesson_progress",
        _("Your lessons"),
        ("lessons that are done",),
        data_rows.lesson_progress,
        Fate.DELETED,
        "account",
    ),
    Table(
        "secret_link",
        _("Links to a new password"),
        ("time of issue and use",),
        data_rows.secret_link,
        Fate.DELETED,
        "link",
    ),
    Table(
        "one_time_token",
        _("Links and codes that prove something"),
        ("time of issue and use", "e-mail address"),
        data_rows.one_time_token,
        Fate.DELETED,
        "token",
    ),
    Table(
        "consent_event",
        _("Your consents"),
        ("what was said to a purpose", "the text that was seen"),
        data_rows.consent_event,
        Fate.KEPT,
        "proof",
        why_kept=PROOF,
    ),
    Table(
        "subscription",
        _("News that you chose"),
        ("topics and channels",),
        data_rows.subscription,
        Fate.DELETED,
        "account",
    ),
    Table(
        "mail",
        _("E-mails to you"),
        ("e-mail address", "subject and text"),
        data_rows.mail,
        Fate.EMPTIED,
        "archive",
    ),
    Table(
        "suppression",
        _("Bars against news by e-mail"),
        ("keyed digest of an e-mail address", "reason"),
        data_rows.suppression,
        Fate.KEPT,
        "suppression",
        why_kept="PDPA s.32: nobody may start writing news to the address again; a digest only",
    ),
    Table(
        "push",
        _("Messages that we sent first"),
        ("LINE userId and text until it is sent", "time of sending", "topic"),
        data_rows.push,
        Fate.DELETED,
        "archive",
    ),
    Table(
        "webhook_event",
        _("Messages from you"),
        ("what was typed, until it is answered", "time of the message"),
        data_rows.webhook_event,
        Fate.DETACHED,
        "event",
    ),
    Table(
        "inquiry",
        _("Wishes for a member of staff"),
        ("topic",),
        data_rows.inquiry,
        Fate.DELETED,
        "archive",
    ),
    Table(
        "guardianship",
        _("Consent of a guardian"),
        ("nickname of a child", "name of a guardian", "LINE userId", "relation", "age band"),
        data_rows.guardianship,
        Fate.DETACHED,
        "guardianship",
    ),
    Table(
        "possible_duplicate",
        _("Details that two people gave"),
        ("which detail is the same",),
        data_rows.nothing,
        Fate.DELETED,
        "account",
        withheld="PDPA s.30: it would tell about another person, or that there is one",
    ),
    Table(
        "privacy_request",
        _("Your requests"),
        ("kind and state of a request", "what was written about it", "reason of a refusal"),
        data_rows.privacy_request,
        Fate.EMPTIED,
        "proof",
    ),
    Table(
        "legal_hold",
        _("Orders to keep your data"),
        ("number of an order",),
        data_rows.legal_hold,
        Fate.KEPT,
        "proof",
        why_kept="PDPA s.24(6), s.33: the order itself; a released one is proof of why it was kept",
    ),
    Table(
        "disclosure",
        _("To whom your data was given"),
        ("recipient", "names of the items", "ground"),
        data_rows.disclosure,
        Fate.KEPT,
        "proof",
        why_kept="PDPA s.39(6): record of disclosures; names of items, no values",
    ),
    Table(
        "erasure",
        _("Erasures"),
        ("pseudonyms of who was erased",),
        data_rows.erasure,
        Fate.KEPT,
        "proof",
        why_kept="PDPA s.33: so that a restored backup cannot bring the person back",
    ),
    Table(
        "audit_entry",
        _("What was done with your data"),
        ("acts under pseudonyms",),
        data_rows.audit_entry,
        Fate.KEPT,
        "audit",
        why_kept="PDPA s.37(1): audit trail; pseudonyms only",
    ),
    Table(
        "pending_erasure",
        _("Erasures that another system has yet to confirm"),
        ("id of an account",),
        data_rows.nothing,
        Fate.KEPT,
        "pending",
        why_kept="PDPA s.33: needed until the e-learning system has erased the account too",
        withheld="it exists only after an erasure",
    ),
)

# Why nothing of a person stands in them.
WITHOUT_PERSONAL_DATA: dict[str, str] = {
    "greeted_group": "a keyed digest of a group's id",
    "rich_menu": "ids of pictures at LINE",
    "throttle": "keyed digests that say how often something was tried, gone when they end",
}

# What each column of an export is called, translated where it is shown.
LABELS: dict[str, str] = {
    "acknowledged_at": _("Acknowledged"),
    "action": _("Act"),
    "actor": _("By"),
    "age_band": _("Age group"),
    "answer": _("Answer on its way"),
    "asked_by": _("Asked by"),
    "at": _("Time"),
    "blocked_at": _("Blocked us on"),
    "called": _("Name given"),
    "channel": _("Channel"),
    "chosen_at": _("Chosen on"),
    "closed_at": _("Closed on"),
    "course": _("Course"),
    "created_at": _("Made on"),
    "decided_at": _("Decided on"),
    "detail": _("What you wrote"),
    "done_at": _("Done on"),
    "draft": _("Not finished yet"),
    "due_at": _("Due on"),
    "email": _("E-mail"),
    "email_verified_at": _("E-mail confirmed on"),
    "ended_at": _("Ended on"),
    "erased_at": _("Erased on"),
    "expires_at": _("Ends on"),
    "ground": _("Ground"),
    "happened_at": _("Happened on"),
    "issued_at": _("Password issued on"),
    "items": _("Items"),
    "kind": _("Kind"),
    "language": _("Language"),
    "lesson": _("Lesson"),
    "line_id": _("LINE ID"),
    "line_user_id": _("LINE userId"),
    "messages": _("Messages on their way"),
    "name": _("Full name"),
    "news_paused_until": _("News paused until"),
    "notice_version": _("Version of the notice"),
    "objected_at": _("Objected to news on"),
    "opened_at": _("Asked on"),
    "phone": _("Phone"),
    "placed_at": _("Ordered on"),
    "provider": _("System"),
    "purpose": _("Purpose"),
    "reason": _("Reason"),
    "receipt": _("Receipt number"),
    "recipient": _("Recipient"),
    "reference": _("Reference"),
    "relation": _("Relation"),
    "released_at": _("Lifted on"),
    "replaced_at": _("Replaced on"),
    "restricted_at": _("Use restricted on"),
    "role": _("Role"),
    "said": _("What you typed"),
    "seen_at": _("Last seen on"),
    "sent_at": _("Sent on"),
    "state": _("State"),
    "stream": _("Kind of mail"),
    "suspended_at": _("Frozen on"),
    "text": _("Text"),
    "title": _("Subject"),
    "to": _("To"),
    "topic": _("Topic"),
    "used_at": _("Last used on"),
    "username": _("Username"),
    "valid_until": _("Counts until"),
    "value": _("Address"),
}
