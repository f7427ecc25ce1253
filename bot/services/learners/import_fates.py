"""What becomes of each line of an import: who is here already, who stands in the file twice.

Somebody is known by phone, e-mail and name together: a family has one phone and one e-mail.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.services.learners.import_lines import ImportLine
from bot.services.learners.import_words import Column, ImportColumn, plain
from bot.services.people import inputs
from bot.services.people.fields import Item
from models.learner import Learner

MAX_FAMILY = 8  # names with one phone and e-mail; more are rather the school's own
_AT_ONCE = 200  # lines whose details are looked up in one query
_TITLE = re.compile(
    r"^(?:นางสาว|น\.ส\.|นาย|นาง|คุณ|เด็กชาย|ด\.ช\.|เด็กหญิง|ด\.ญ\.|(?:mrs?|ms|miss|dr)\b\.?)\s*",
    re.IGNORECASE,
)

Contact = tuple[str, str]  # phone and e-mail
Names = Mapping[Contact, set[str]]


class RowOutcome(StrEnum):
    """What becomes of a line."""

    ENROL = "enrol"
    UNUSUAL = "unusual"  # goes in where somebody says that it is meant so
    KNOWN = "known"  # name, phone and e-mail of somebody who is here already, or was and left
    TWICE = "twice"  # the same person stands further up
    WRONG = "wrong"
    NO_CONSENT = "no_consent"  # to be invited: nothing of theirs is kept
    MINOR = "minor"  # to be invited: a guardian consents in the chat


@dataclass(frozen=True)
class Looked:
    """A line and what will become of it.

    same_as: the number of the line with the same person. family: the number of a line with the
    same phone and e-mail and another name; 0 where somebody like that is here already. crowd: how
    many such names there are, where they are more than a family.
    """

    line: ImportLine
    fate: RowOutcome
    same_as: int | None = None
    family: int | None = None
    crowd: int | None = None


def judged(
    session: Session, lines: Sequence[ImportLine], accepted: Collection[int]
) -> list[Looked]:
    """Every line with what becomes of it, as the lines before it go in."""
    known = known_names(session, lines)
    met: dict[Contact, dict[str, int]] = {}
    return [_judged(line, known, met, accepted) for line in lines]


def _judged(
    line: ImportLine,
    known: Names,
    met: dict[Contact, dict[str, int]],
    accepted: Collection[int],
) -> Looked:
    if line.is_minor:
        return Looked(line, RowOutcome.MINOR)
    if line.lacks_consent:
        return Looked(line, RowOutcome.NO_CONSENT)
    if line.problems:
        return Looked(line, RowOutcome.WRONG)
    contact, name = contact_of(line), name_of(line)
    here, above = known.get(contact, set()), met.setdefault(contact, {})
    if name in here:
        return Looked(line, RowOutcome.KNOWN)
    if name in above:
        return Looked(line, RowOutcome.TWICE, same_as=above[name])
    family = min(above.values(), default=0 if here else None)
    names = len(here | set(above))
    crowd = names if names >= MAX_FAMILY else None
    if line.details is None or (crowd and line.number not in accepted):
        return Looked(line, RowOutcome.UNUSUAL, family=family, crowd=crowd)
    above[name] = line.number
    return Looked(line, RowOutcome.ENROL, family=family, crowd=crowd)


def standing(session: Session, line: ImportLine, accepted: Collection[int]) -> RowOutcome:
    """What becomes of a line without problems, after those before it went in."""
    here = known_names(session, [line]).get(contact_of(line), set())
    if name_of(line) in here:
        return RowOutcome.KNOWN
    is_crowded = len(here) >= MAX_FAMILY and line.number not in accepted
    return RowOutcome.UNUSUAL if is_crowded else RowOutcome.ENROL


def known_names(session: Session, lines: Iterable[ImportLine]) -> Names:
    """Names of everybody who is here already with a phone and an e-mail that the lines name."""
    contacts = sorted({contact_of(line) for line in lines if not line.problems})
    found: dict[Contact, set[str]] = {}
    for first in range(0, len(contacts), _AT_ONCE):
        part = contacts[first : first + _AT_ONCE]
        emails = [index for _, email in part for index in Learner.email.lookups(session, email)]
        phones = {index for phone, _ in part for index in Learner.phone.lookups(session, phone)}
        query = select(Learner).where(Learner.email_index.in_(emails))
        for learner in session.scalars(query):
            if learner.phone_index in phones:
                contact = (learner.phone or "", (learner.email or "").casefold())
                found.setdefault(contact, set()).add(_folded(learner.name or ""))
    return found


def contact_of(line: ImportLine) -> Contact:
    """How a line's person is reached, to be compared."""
    return line.values[Item.PHONE], line.values[Item.EMAIL].casefold()


def name_of(line: ImportLine) -> str:
    """A line's name, to be compared."""
    return _folded(line.values[Item.NAME])


def first_alike(
    number: int,
    lines: Sequence[tuple[int, tuple[str, ...]]],
    columns: Mapping[Column, int],
) -> int | None:
    """The number of the first line above one that says the same of who it is, as far as written."""
    keys = (Item.NAME, ImportColumn.SURNAME, Item.PHONE, Item.EMAIL)
    places = [columns[key] for key in keys if key in columns]

    def written(cells: tuple[str, ...]) -> list[str]:
        return [cells[place] if place < len(cells) else "" for place in places]

    own = next((written(cells) for one, cells in lines if one == number), None)
    for one, cells in lines:
        if one == number:
            return None
        if written(cells) == own:
            return one
    return None


def _folded(name: str) -> str:
    """A name without what people write in several ways: its title, spaces, capital letters."""
    return plain(_TITLE.sub("", inputs.tidy(name)))
