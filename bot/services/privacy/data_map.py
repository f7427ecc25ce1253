"""The data map: every table with personal data, how it is read, erased and kept.

Export, erasure, purge, notice and record of processing all go by it; a table that is in neither
list below fails a test.
"""

from dataclasses import dataclass
from enum import StrEnum

from bot.services.people.fields import FIELDS
from bot.services.people.subjects import Subject, subject_of
from bot.services.privacy import data_rows
from bot.services.privacy.data_rows import Read, Row, Value
from bot.services.staff import chats

__all__ = [
    "TABLES",
    "WITHOUT_PERSONAL_DATA",
    "ErasureAction",
    "Row",
    "Subject",
    "Table",
    "Value",
    "subject_of",
]


class ErasureAction(StrEnum):
    """What an erasure does with a person's rows (PDPA s.33)."""

    DELETED = "deleted"
    EMPTIED = "emptied"  # a tombstone without content is left
    DETACHED = "detached"  # the row is somebody else's too: what is this person's is taken out
    KEPT = "kept"  # under a pseudonym, for the reason given


@dataclass(frozen=True)
class Table:
    """One table with personal data.

    title: an English sentence for people, translated where it is shown. holds: the kinds of data,
    for the record of processing. rule: its key in `retention` beside this. withheld: why a person
    is not shown their rows, where the law lets us keep them back.
    """

    name: str
    title: str
    holds: tuple[str, ...]
    rows: Read
    fate: ErasureAction
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
        (*(field.recorded for field in FIELDS.values()), "LINE userId", "age band"),
        data_rows.learner,
        ErasureAction.DELETED,
        "account",
    ),
    Table(
        "learner_name_word",
        _("What staff find your name by"),
        ("keyed digests of the words of a name",),
        data_rows.nothing,
        ErasureAction.DELETED,
        "account",
        withheld="digests that say nothing: the name itself stands in “Your details”",
    ),
    Table(
        "conversation",
        _("Your chat"),
        ("pseudonym of the LINE userId", "language", "what an open step has collected"),
        data_rows.conversation,
        ErasureAction.DELETED,
        "stranger",
    ),
    Table(
        "account",
        _("Your E-Learning account"),
        ("username", "state of the account"),
        data_rows.account,
        ErasureAction.DELETED,
        "account",
    ),
    Table(
        "portal_account",
        _("Your sign-in"),
        ("username", "hash of the password"),
        data_rows.portal_account,
        ErasureAction.DELETED,
        "account",
    ),
    Table(
        "portal_stay",
        _("Phones and computers on which you stay signed in"),
        ("kind of device", "time of the wish and of the last use"),
        data_rows.portal_stay,
        ErasureAction.DELETED,
        "stay",
    ),
    Table(
        "known_network",
        _("Networks from which you signed in"),
        ("keyed digest of a network", "time of the last sign-in from it"),
        data_rows.known_network,
        ErasureAction.DELETED,
        "network",
    ),
    Table(
        "portal_session",
        _("Where you are signed in"),
        ("time of sign-in",),
        data_rows.portal_session,
        ErasureAction.DELETED,
        "session",
    ),
    Table(
        "lesson_progress",
        _("Your lessons"),
        ("lessons that are done",),
        data_rows.lesson_progress,
        ErasureAction.DELETED,
        "account",
    ),
    Table(
        "secret_link",
        _("One-time links to a new password or to your lessons"),
        ("time of issue and use",),
        data_rows.secret_link,
        ErasureAction.DELETED,
        "link",
    ),
    Table(
        "one_time_token",
        _("Links and codes that prove something"),
        ("time of issue and use", "e-mail address"),
        data_rows.one_time_token,
        ErasureAction.DELETED,
        "token",
    ),
    Table(
        "errand",
        _("What is being done for you"),
        ("e-mail address that was typed", "time"),
        data_rows.errand,
        ErasureAction.DELETED,
        "token",
    ),
    Table(
        "consent_event",
        _("Your consents"),
        ("what was said to a purpose", "the text that was seen"),
        data_rows.consent_event,
        ErasureAction.KEPT,
        "proof",
        why_kept=PROOF,
    ),
    Table(
        "subscription",
        _("News that you chose"),
        ("topics and channels",),
        data_rows.subscription,
        ErasureAction.DELETED,
        "account",
    ),
    Table(
        "recipient",
        _("Announcements that went to you or passed you by"),
        ("pseudonym", "channel", "why somebody was left out"),
        data_rows.recipient,
        ErasureAction.DELETED,
        "list",
    ),
    Table(
        "mail",
        _("E-mails to you"),
        ("e-mail address", "subject and text"),
        data_rows.mail,
        ErasureAction.EMPTIED,
        "archive",
    ),
    Table(
        "archived_mail",
        _("E-mails from and to you, as they were sent"),
        ("e-mail address", "ids and dates of a mail", "digest of its bytes"),
        data_rows.archived_mail,
        ErasureAction.EMPTIED,
        "archive",
    ),
    Table(
        "archived_chunk",
        _("The bytes of these e-mails"),
        ("whole e-mails with their attachments",),
        data_rows.archived_chunk,
        ErasureAction.DELETED,
        "archive",
    ),
    Table(
        "suppression",
        _("Bars against news by e-mail"),
        ("keyed digest of an e-mail address", "reason"),
        data_rows.suppression,
        ErasureAction.KEPT,
        "suppression",
        why_kept="PDPA s.32: nobody may start writing news to the address again; a digest only",
    ),
    Table(
        "waiting_letter",
        _("Letters to the mailbox for returned mails that staff have to look at"),
        ("e-mail address", "subject"),
        data_rows.waiting_letter,
        ErasureAction.DELETED,
        "letter",
    ),
    Table(
        "push",
        _("Messages that we sent first"),
        ("LINE userId and text until it is sent", "time of sending", "topic"),
        data_rows.push,
        ErasureAction.DELETED,
        "archive",
    ),
    Table(
        "webhook_event",
        _("Messages from you"),
        ("what was typed, until it is answered", "time of the message"),
        data_rows.webhook_event,
        ErasureAction.DETACHED,
        "event",
    ),
    Table(
        "inquiry",
        _("Wishes for a member of staff"),
        ("topic",),
        data_rows.inquiry,
        ErasureAction.DELETED,
        "archive",
    ),
    Table(
        "guardianship",
        _("Consent of a guardian"),
        ("nickname of a child", "name of a guardian", "LINE userId", "relation", "age band"),
        data_rows.guardianship,
        ErasureAction.DETACHED,
        "guardianship",
    ),
    Table(
        "possible_duplicate",
        _("Details that two people gave"),
        ("which detail is the same",),
        data_rows.nothing,
        ErasureAction.DELETED,
        "account",
        withheld="PDPA s.30: it would tell about another person, or that there is one",
    ),
    Table(
        "learner_tag",
        _("Groups that staff put you in"),
        ("words for a group",),
        data_rows.learner_tag,
        ErasureAction.DELETED,
        "account",
    ),
    Table(
        "unmasking",
        _("When staff read your details in full"),
        ("time", "what it was for"),
        data_rows.unmasking,
        ErasureAction.DELETED,
        "account",
    ),
    Table(
        "learner_merge",
        _("Registrations that were put together"),
        ("pseudonyms of two registrations", "for a day: how their consents stood"),
        data_rows.nothing,
        ErasureAction.DELETED,
        "account",
        withheld="PDPA s.30: it would tell about another registration, which may be another’s",
    ),
    Table(
        "learner_import",
        _("Files of learners on their way in"),
        ("the details in the file, and its name",),
        data_rows.nothing,
        ErasureAction.KEPT,
        "import",
        why_kept="PDPA s.22: the file goes within a day, at once when it was gone through; the "
        "lines that did not go in go a day later, the name of the file within 30 days",
        withheld="a sealed file of many people; whoever is enrolled from it has rows of their own",
    ),
    Table(
        "export_request",
        _("Wishes of staff for a file of learners"),
        ("why it was asked for",),
        data_rows.nothing,
        ErasureAction.KEPT,
        "export",
        why_kept="PDPA s.37(1): who took out what; it names no learner",
        withheld="it is about no learner in particular",
    ),
    Table(
        "staff",
        _("Members of staff"),
        ("name and username of a member of staff", "hash of a password", "secret of a factor"),
        data_rows.nothing,
        ErasureAction.KEPT,
        "staff",
        why_kept="PDPA s.24(3), s.37(1): who may act, and who is meant by an id in the audit trail",
        withheld="it is about members of staff and no learner",
    ),
    Table(
        "staff_session",
        _("Where members of staff are signed in"),
        ("time of sign-in of a member of staff",),
        data_rows.nothing,
        ErasureAction.KEPT,
        "link",
        why_kept="PDPA s.37(1): sessions of staff, to be ended at will",
        withheld="it is about members of staff and no learner",
    ),
    Table(
        "staff_passkey",
        _("Passkeys of members of staff"),
        ("public key of a device", "what a member of staff calls the device"),
        data_rows.nothing,
        ErasureAction.KEPT,
        "staff",
        why_kept="PDPA s.37(1): how a member of staff proves themselves; deleted with the passkey",
        withheld="it is about members of staff and no learner",
    ),
    Table(
        "kept_form",
        _("Forms that members of staff have yet to send"),
        ("what a member of staff typed",),
        data_rows.nothing,
        ErasureAction.KEPT,
        "session",
        why_kept="PDPA s.37(1): for half an hour, sealed, for its writer alone",
        withheld="it is a member's own writing, and gone within half an hour",
    ),
    Table(
        "staff_chat",
        _("Your work as a member of staff in this chat"),
        ("LINE userId of a member of staff", "time of linking"),
        chats.rows,
        ErasureAction.DELETED,
        "staff",
    ),
    Table(
        "privacy_request",
        _("Your requests"),
        ("kind and state of a request", "what was written about it", "reason of a refusal"),
        data_rows.privacy_request,
        ErasureAction.EMPTIED,
        "proof",
    ),
    Table(
        "legal_hold",
        _("Orders to keep your data"),
        ("number of an order",),
        data_rows.legal_hold,
        ErasureAction.KEPT,
        "proof",
        why_kept="PDPA s.24(6), s.33: the order itself; a released one is proof of why it was kept",
    ),
    Table(
        "disclosure",
        _("To whom your data was given"),
        ("recipient", "names of the items", "ground"),
        data_rows.disclosure,
        ErasureAction.KEPT,
        "proof",
        why_kept="PDPA s.39(6): record of disclosures; names of items, no values",
    ),
    Table(
        "erasure",
        _("Erasures"),
        ("pseudonyms of who was erased",),
        data_rows.erasure,
        ErasureAction.KEPT,
        "proof",
        why_kept="PDPA s.33: so that a restored backup cannot bring the person back",
    ),
    Table(
        "audit_entry",
        _("What was done with your data"),
        ("acts under pseudonyms",),
        data_rows.audit_entry,
        ErasureAction.KEPT,
        "audit",
        why_kept="PDPA s.37(1): audit trail; pseudonyms only",
    ),
    Table(
        "pending_erasure",
        _("Erasures that another system has yet to confirm"),
        ("id of an account",),
        data_rows.nothing,
        ErasureAction.KEPT,
        "pending",
        why_kept="PDPA s.33: needed until the e-learning system has erased the account too",
        withheld="it exists only after an erasure",
    ),
)

# Why nothing of a person stands in them.
WITHOUT_PERSONAL_DATA: dict[str, str] = {
    "line_rate": "how far the calls to LINE are given away, by endpoint",
    "quota_reading": "LINE’s own count of the month’s messages",
    "archived_body": "what the e-mails of an announcement to many have in common",
    "audit_anchor": "a number and a hash of the audit trail on one day",
    "audit_chain": "where the chain of the audit trail begins",
    "audit_link": "numbers and hashes of entries of the audit trail",
    "greeted_group": "a keyed digest of a group's id",
    "rich_menu": "ids of pictures at LINE",
    "campaign": "what the school says to many, and which member of staff wrote and allowed it",
    "campaign_event": "what members of staff decided about an announcement, under their ids",
    "batch": "how many people one request named, and what LINE answered",
    "picture": "what announcements show to everybody, and which member of staff put it there",
    "statistic": "counts of a day",
    "tag": "words for groups of learners, and which member of staff made them",
    "staff_link": "digests of one-time links of members of staff",
    "staff_recovery_code": "hashes of codes of members of staff",
    "mail_pace": "keyed digests of the domains of mail providers, and when the next mail may go",
    "postbox_reading": "a keyed digest of our own mailbox, and how far it was read",
    "staff_chat_code": "keyed digests of codes that members of staff send in the chat",
    "throttle": "keyed digests that say how often something was tried, gone when they end",
}
