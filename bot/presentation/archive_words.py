"""What values in the archive mean, for readers who are not machines."""

from collections.abc import Mapping

from bot.presentation import campaign_words, data_labels
from bot.presentation import labels as label_words
from bot.texts import Translator
from models.account import AccountState
from models.consent import ConsentState, Purpose
from models.learner import AgeBand
from models.portal import Device
from models.privacy import RequestKind, RequestState
from models.subscription import Channel


def values(t: Translator) -> dict[str, str]:
    """Values that come out of a fixed list; names that the system uses are explained."""
    # A consent that was declined and a request that was refused have one word in the rows.
    labels = label_words.sentences(
        RequestState, RequestKind, AgeBand, AccountState, Channel, Device, Purpose, ConsentState
    )
    shown = {value: t(said) for value, said in labels.items()}
    names = {str(language): name for language, name in label_words.OWN_NAMES.items()}
    return (
        shown
        | names
        | {
            "portal": t("the portal"),
            "complaint": t("a complaint about an e-mail"),
            "self": t("the person"),
            "learner": t("the person"),
            "guardian": t("the guardian"),
            "staff": t("the staff"),
            "system": t("the system"),
            "bot": t("the system"),
            "queued": t("waiting to be sent"),
            "sent": t("sent"),
            "failed": t("not delivered"),
            "dropped": t("not sent"),
            "initial_password": t("first password"),
            "password_reset": t("new password"),
            "local": t("E-Learning"),
            "email_confirm": t("a link that confirms an e-mail address"),
            "email_code": t("a code by e-mail"),
            "relink_code": t("a code for another LINE account"),
            "archive": t("a copy of your data"),
            "relink_mail": t("a code by e-mail"),
            "same_details": t("a comparison with other registrations"),
            "transactional": t("about your account"),
            "incoming": t("from you"),
            "outgoing": t("to you"),
            "news": t("News"),
            "unknown": t("Unknown"),
            "answering": t("being answered"),
            "consent": t("your consent"),
            "service": t("so that you can study"),
            "law": t("the law"),
            "lessons": t("lessons without a password"),
            "postback": t("a button"),
            "message": t("a message"),
            "follow": t("the account was added"),
            "unfollow": t("the account was blocked"),
            # Why staff looked, as it is said to the person: learner_words.LOOKS has it for staff.
            "asked": t("you asked for help"),
            "check": t("a detail was checked"),
            "rights": t("a request of yours"),
            "other": t("something else"),
        }
        | acts(t)
    )


def of_table(t: Translator, table: str) -> dict[str, str]:
    """Values that mean something else in one table than in the others."""
    if table == "guardianship":
        return {
            "pending": t("waits for the parent or guardian"),
            "opened": t("the parent or guardian is reading it"),
            "agreed": t("agreed"),
            "refused": t("declined"),
            "expired": t("has run out"),
            "ended": t("has ended"),
            "child": t("the child"),
            "parent": t("parent"),
            "other": t("somebody else"),
        }
    if table == "recipient":
        return {str(why): t(said) for why, said in campaign_words.EXCLUSIONS.items()}
    if table == "suppression":
        return dict.fromkeys(("hard bounce", "soft bounces"), t("Earlier mails came back"))
    if table == "inquiry":
        return {
            "account": t("My account"),
            "registration": t("Register"),
            "link": t("Get another link"),
            "general": t("something else"),
        }
    return {}


def listed(t: Translator, text: str) -> str:
    """Names of details, as `name: value` lines or behind commas, in words."""
    lines = []
    for line in text.split("\n"):
        name, colon, value = line.partition(": ")
        names = (_name(t, part) for part in name.split(", "))
        lines.append(", ".join(names) + colon + value)
    return "\n".join(lines)


def _name(t: Translator, name: str) -> str:
    known = data_labels.LABELS.get(name)
    return name if known is None else t(known)


def title(named: Mapping[str, str], row: Mapping[str, object], column: str) -> str | None:
    """What a course, a lesson or a topic is called; None for one that no file has any more."""
    key = f"{column} {row[column]}"
    return named.get(f"lesson {row.get('course')}/{row[column]}" if column == "lesson" else key)


def acts(t: Translator) -> dict[str, str]:
    """What the audit trail calls the acts that concern one person, said to that person.

    Staff read more of each act (handlers/console/audit_words.py).
    """
    return {
        "consent:record": t("A consent was recorded"),
        "learner:create": t("Registered"),
        "account:request": t("An account was asked for"),
        "account:create": t("The account was made"),
        "account:close": t("The account was closed"),
        "account:freeze": t("The account was frozen"),
        "account:unfreeze": t("The account was opened again"),
        "link:issue": t("A one-time link was sent"),
        "link:open": t("A one-time link was opened"),
        "link:refuse": t("A one-time link was refused"),
        "password:issue": t("A temporary password was shown"),
        "password:change": t("The password was changed"),
        "reset:notice": t("A notice of a new password was sent"),
        "session:open": t("Signed in"),
        "session:refuse": t("A sign-in was refused"),
        "session:close": t("Logged out"),
        "stay:open": t("Asked to stay signed in"),
        "stay:end": t("No longer stayed signed in"),
        "inquiry:open": t("Asked for our staff"),
        "draft:expire": t("Unfinished answers were erased"),
        "learner:change": t("A detail was changed"),
        "learner:relink": t("Moved to another LINE account"),
        "token:issue": t("A one-time code was made"),
        "token:use": t("A one-time code was used"),
        "email:verify": t("The e-mail address was confirmed"),
        "news:choose": t("News was chosen"),
        "news:pause": t("News was paused"),
        "request:open": t("A right was used"),
        "request:move": t("A request went on"),
        "request:read": t("Staff read a request"),
        "archive:make": t("A copy of the data was made"),
        "mails:export": t("The archive of e-mails was exported"),
        "data:disclose": t("Data was given to somebody"),
        "learner:unmask": t("Staff read the details in full"),
        "learner:tag": t("Staff changed the groups"),
        "learner:import": t("Enrolled from a file of the school"),
        "learner:invite": t("Staff sent the way to a password"),
        "learner:merge": t("Two registrations were put together"),
        "learner:part": t("Two registrations were parted again"),
        "learner:settle": t("A merged registration was closed"),
        "guardian:ask": t("A parent or guardian was asked"),
        "guardian:open": t("A parent or guardian opened the request"),
        "guardian:decide": t("A parent or guardian decided"),
        "guardian:end": t("The guardianship ended"),
    }
