"""Who else handles data for the school, with what, where and why (R24; PDPA s.28, s.40).

A recipient that is not listed here gets nothing. `check` alone decides: what goes to the e-learning
system, into a file for staff or to anybody by a disclosure is asked of it; the adapters' own doors
stand in DOORS, which a test holds against their signatures.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.errors import BotError
from bot.settings import School

NOT_SET = "not yet set"

# The least that each recipient needs. Staff are no recipient outside: what they take out as a file
# stays in the school, and giving it on is a disclosure of its own.
STAFF, ELEARNING = "staff", "elearning"
NEEDS: Mapping[str, tuple[str, ...]] = {
    "line": ("LINE userId", "text of messages"),
    "hosting": ("all stored data, sealed",),
    "mail": ("e-mail address", "full name", "text of e-mails"),
    ELEARNING: ("username", "full name", "e-mail address", "language"),
    STAFF: (
        "full name",
        "phone number",
        "e-mail address",
        "LINE ID",
        "username",
        "state of the account",
        "age band",
        "language",
        "times of use",
        "groups",
    ),
}
# What of a person passes an adapter: processor, then parameter or field by item. A password goes
# to the system that keeps it and is nobody's to give.
DOORS: Mapping[str, Mapping[str, str]] = {
    "line": {
        "to": "LINE userId",
        "user_id": "LINE userId",
        "messages": "text of messages",
        "body": "text of messages",
        "reply_token": "text of messages",
    },
    "mail": {
        "to": "e-mail address",
        "title": "text of e-mails",
        "text": "text of e-mails",
        "html": "text of e-mails",
        "unsubscribe": "text of e-mails",
        "language": "text of e-mails",
    },
    ELEARNING: {
        "username": "username",
        "name": "full name",
        "email": "e-mail address",
        "language": "language",
    },
}


class DisclosureError(BotError):
    """Nothing may be given; the text says what is missing and names no person."""


@dataclass(frozen=True)
class Processor:
    """One recipient in the school's service. items: the least that it needs."""

    id: str
    name: str
    role: str
    items: tuple[str, ...]
    country: str
    basis: str


def register(school: School) -> tuple[Processor, ...]:
    """All processors, the owner's facts filled in."""
    return (
        Processor(
            "line",
            "LY Corporation (LINE)",
            "carries the chat's messages",
            NEEDS["line"],
            "Japan",
            "PDPA s.24(3), s.28(3): needed for the contract with the person",
        ),
        Processor(
            "hosting",
            school.hosting or f"hosting provider ({NOT_SET})",
            "runs the servers; stored data is encrypted under keys that it does not hold in the "
            "database",
            NEEDS["hosting"],
            "as named by the owner" if school.hosting else NOT_SET,
            "PDPA s.40: on instruction",
        ),
        Processor(
            "mail",
            f"mail provider ({NOT_SET})",
            "delivers e-mails",
            NEEDS["mail"],
            NOT_SET,
            "PDPA s.40: on instruction",
        ),
        Processor(
            ELEARNING,
            "e-learning system",
            "keeps the accounts; the embedded one is part of this system",
            NEEDS[ELEARNING],
            "with the hosting provider, unless another system is set",
            "PDPA s.24(3): needed for the contract with the person",
        ),
    )


def find(school: School, processor_id: str) -> Processor | None:
    """A registered processor, or None."""
    return next((known for known in register(school) if known.id == processor_id), None)


def check(recipient: str, items: Iterable[str]) -> None:
    """Whether a recipient may be told these items; raises DisclosureError where it may not."""
    needed = NEEDS.get(recipient)
    if needed is None:
        raise DisclosureError("the recipient is not in the register of processors")
    if not set(items) <= set(needed):
        raise DisclosureError("the processor does not need all of these items")
