"""The audit trail in words: what was done, and by whom."""

from bot.services.audit.audit import Action
from bot.texts import Translator
from bot.texts import marked as _

ACTS: dict[Action, str] = {
    Action.CONSENT_RECORDED: _("Answer about consent noted"),
    Action.LEARNER_CREATED: _("Learner registered"),
    Action.ACCOUNT_REQUESTED: _("E-Learning account asked for"),
    Action.ACCOUNT_CREATED: _("E-Learning account made"),
    Action.ACCOUNT_CLOSED: _("E-Learning account closed"),
    Action.LINK_ISSUED: _("One-time link made"),
    Action.LINK_OPENED: _("One-time link opened"),
    Action.LINK_REFUSED: _("One-time link refused"),
    Action.PASSWORD_ISSUED: _("Temporary password shown to its owner"),
    Action.PASSWORD_CHANGED: _("Password changed by its owner"),
    Action.SESSION_OPENED: _("Learner signed in"),
    Action.SESSION_REFUSED: _("Sign-in of a learner refused"),
    Action.SESSION_CLOSED: _("Learner signed out"),
    Action.STAY_OPENED: _("Learner asked to stay signed in on a device"),
    Action.STAY_ENDED: _("Learner no longer stays signed in on a device"),
    Action.DUPLICATE_FLAGGED: _("Possible duplicate found"),
    Action.HUMAN_WANTED: _("Learner asked for our staff"),
    Action.DRAFT_EXPIRED: _("Unfinished answers forgotten"),
    Action.KEYS_ROTATED: _("Encryption keys changed"),
    Action.RESET_NOTICED: _("Learner told of a password reset"),
    Action.ACCOUNT_FROZEN: _("Account suspended or frozen"),
    Action.ACCOUNT_UNFROZEN: _("Account opened again"),
    Action.LEARNER_CHANGED: _("Detail of a learner changed"),
    Action.LEARNER_RELINKED: _("Account moved to another LINE account"),
    Action.LEARNER_ERASED: _("Data of a person erased"),
    Action.TOKEN_ISSUED: _("One-time code or link made"),
    Action.TOKEN_USED: _("One-time code or link used"),
    Action.EMAIL_VERIFIED: _("E-mail address confirmed"),
    Action.EMAIL_BOUNCED: _("Mail came back"),
    Action.EMAIL_SUPPRESSED: _("E-mail address barred from news"),
    Action.SUPPRESSION_RELEASED: _("E-mail address open for news again"),
    Action.DOMAIN_PAUSED: _("News to a mail provider paused, it refuses us"),
    Action.DOMAIN_RELEASED: _("News to a mail provider go on"),
    Action.LETTER_DONE: _("Letter that came back looked at"),
    Action.MAIL_SEEN: _("Notice that did not arrive seen"),
    Action.NEWS_CHOSEN: _("Choice of news changed"),
    Action.NEWS_PAUSED: _("Pause of the news set or ended"),
    Action.REQUEST_OPENED: _("Request under the PDPA made"),
    Action.REQUEST_MOVED: _("Request under the PDPA went on"),
    Action.REQUEST_READ: _("Request under the PDPA read"),
    Action.ARCHIVE_MADE: _("Copy of a person’s data made for them"),
    Action.MAILS_EXPORTED: _("Archive of e-mails exported"),
    Action.HOLD_PLACED: _("Legal order to keep data noted"),
    Action.HOLD_RELEASED: _("Legal order to keep data lifted"),
    Action.DATA_DISCLOSED: _("Personal data given to somebody outside"),
    Action.DATA_PURGED: _("Data deleted, its time was over"),
    Action.BACKUP_MADE: _("Backup made"),
    Action.BACKUP_RESTORED: _("Backup restored"),
    Action.GUARDIAN_ASKED: _("Guardian asked for consent"),
    Action.GUARDIAN_OPENED: _("Guardian opened the request"),
    Action.GUARDIAN_DECIDED: _("Guardian decided"),
    Action.GUARDIAN_ENDED: _("Guardian’s consent or request ended"),
    Action.AUDIT_READ: _("Audit trail read"),
    Action.AUDIT_EXPORTED: _("Audit trail downloaded"),
    Action.AUDIT_ANCHORED: _("Audit trail anchored outside"),
    Action.AUDIT_ADOPTED: _("Entries without a signature signed as they stand"),
    Action.LEARNERS_SEARCHED: _("Learners searched"),
    Action.LEARNER_UNMASKED: _("Details of a learner seen in full"),
    Action.LEARNER_TAGGED: _("Group of a learner changed"),
    Action.LEARNER_IMPORTED: _("Learner enrolled from a file"),
    Action.LEARNER_INVITED: _("Way to the password sent to a learner"),
    Action.LEARNERS_MERGED: _("Two registrations merged"),
    Action.LEARNERS_PARTED: _("Merge of two registrations undone"),
    Action.MERGE_SETTLED: _("Merge of two registrations made final"),
    Action.DUPLICATE_DISMISSED: _("Two registrations found to be two people"),
    Action.TAG_MADE: _("New group made"),
    Action.ADDRESS_PROPOSED: _("New address of a learner waits to be confirmed"),
    Action.TAG_RENAMED: _("Group renamed"),
    Action.TAG_REMOVED: _("Group deleted"),
    Action.IMPORT_UPLOADED: _("File of learners brought"),
    Action.IMPORT_MOVED: _("Import of a file went on"),
    Action.IMPORT_REST_TAKEN: _("Left-out lines of an import downloaded"),
    Action.EXPORT_ASKED: _("File of learners asked for"),
    Action.EXPORT_MOVED: _("Wish for a file of learners went on"),
    Action.CAMPAIGN_WRITTEN: _("Announcement written or changed"),
    Action.CAMPAIGN_ASKED: _("Approval of an announcement asked for"),
    Action.CAMPAIGN_APPROVED: _("Announcement approved"),
    Action.CAMPAIGN_SENT_BACK: _("Announcement sent back to its author"),
    Action.CAMPAIGN_PAUSED: _("Announcement paused"),
    Action.CAMPAIGN_WENT_ON: _("Announcement went on"),
    Action.CAMPAIGN_STOPPED: _("Announcement stopped"),
    Action.CAMPAIGN_TESTED: _("Trial of an announcement sent to staff"),
    Action.CAMPAIGN_ENDED: _("Sending of an announcement ended"),
    Action.CAMPAIGN_SETTLED: _("Decided about a batch of unknown fate"),
    Action.CAMPAIGN_EXPORTED: _("List of an announcement downloaded"),
    Action.STAFF_CHAT_CODE: _("Code for a staff member’s LINE made"),
    Action.STAFF_CHAT_LINKED: _("LINE of a staff member linked"),
    Action.STAFF_CHAT_UNLINKED: _("LINE of a staff member unlinked"),
    Action.STAFF_ADDED: _("Staff member added"),
    Action.STAFF_LINK_ISSUED: _("First link for a staff member made"),
    Action.STAFF_STARTED: _("Staff member opened their first link"),
    Action.STAFF_SIGNED_IN: _("Staff member signed in"),
    Action.STAFF_REFUSED: _("Sign-in of a staff member refused"),
    Action.STAFF_SIGNED_OUT: _("Staff member signed out"),
    Action.STAFF_PROVED: _("Staff member confirmed it is them"),
    Action.STAFF_ROLES_CHANGED: _("Roles of a staff member changed"),
    Action.STAFF_DISABLED: _("Staff member shut out"),
    Action.STAFF_ENABLED: _("Staff member let in again"),
    Action.STAFF_SESSIONS_ENDED: _("Sessions of a staff member ended"),
    Action.STAFF_FACTOR_CHANGED: _("Second factor of a staff member changed"),
}
# By what stands before the colon of an act.
GROUPS: dict[str, tuple[str, ...]] = {
    _("Learners and their accounts"): (
        "learner", "account", "duplicate", "tag", "draft", "inquiry",
    ),
    _("Sign-ins, links and passwords"): (
        "session", "stay", "link", "token", "password", "reset",
    ),
    _("Consent, news and e-mail"): (
        "consent", "news", "email", "suppression", "domain", "letter", "mail", "mails",
    ),
    _("Guardians"): ("guardian",),
    _("Rights and legal orders"): ("request", "archive", "hold", "data"),
    _("Import and export"): ("import", "export"),
    _("Announcements"): ("campaign",),
    _("Team"): ("staff",),
    _("System and audit trail"): ("audit", "backup", "keys"),
}  # fmt: skip
# By what stands before the colon, if there is one: behind it is an id.
WHO: dict[str, str] = {
    "learner": _("the learner"),
    "subject": _("the learner"),
    "self": _("the learner"),
    "guardian": _("the guardian"),
    "staff": _("a member of staff"),
    "system": _("the system"),
    "bot": _("the system"),
    "portal": _("the system"),
    "console": _("the system"),
    "notice": _("whoever tapped “Freeze my account”"),
    "operator": _("whoever runs the server"),
}


def act(t: Translator, code: str) -> str:
    """What was done; an act that this version does not know goes by its code."""
    return t(ACTS[Action(code)]) if code in set(Action) else code


def groups() -> list[tuple[str, list[Action]]]:
    """Each group of acts by its name, and the acts in it."""
    return [
        (name, [action for action in Action if action.partition(":")[0] in subjects])
        for name, subjects in GROUPS.items()
    ]


def kinds(t: Translator, typed: str) -> tuple[str, ...]:
    """As what the trail writes those whom its rows call so, e.g. learners; members have names."""
    return tuple(code for code, said in WHO.items() if code != "staff" and t(said) == typed)


def who(t: Translator, actor: str, name: str) -> str:
    """Who did it: a member of staff by name, anybody else by what they are."""
    if name:
        return name
    kind = actor.partition(":")[0]
    return t(WHO[kind]) if kind in WHO else ""
