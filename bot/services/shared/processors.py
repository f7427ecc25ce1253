"""Who else handles data for the school, with what, where and why (R24; PDPA s.28, s.40).

A recipient that is not listed here gets nothing: `disclosures` asks this register.
"""

from dataclasses import dataclass

from bot.settings import School

NOT_SET = "not yet set"


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
            ("LINE userId", "text of messages"),
            "Japan",
            "PDPA s.24(3), s.28(3): needed for the contract with the person",
        ),
        Processor(
            "hosting",
            school.hosting or f"hosting provider ({NOT_SET})",
            "runs the servers; stored data is encrypted under keys that it does not hold in the "
            "database",
            ("all stored data, sealed",),
            "as named by the owner" if school.hosting else NOT_SET,
            "PDPA s.40: on instruction",
        ),
        Processor(
            "mail",
            f"mail provider ({NOT_SET})",
            "delivers e-mails",
            ("e-mail address", "full name", "text of e-mails"),
            NOT_SET,
            "PDPA s.40: on instruction",
        ),
        Processor(
            "elearning",
            "e-learning system",
            "keeps the accounts; the embedded one is part of this system",
            ("username", "full name", "e-mail address", "language"),
            "with the hosting provider, unless another system is set",
            "PDPA s.24(3): needed for the contract with the person",
        ),
    )


def find(school: School, processor_id: str) -> Processor | None:
    """A registered processor, or None."""
    return next((known for known in register(school) if known.id == processor_id), None)
