"""Everything that is kept about one person, gathered from every table of the data map."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from bot.providers.base import Provider
from bot.services.people import subjects
from bot.services.people.subjects import Subject
from bot.services.privacy import data_map


def _(sentence: str) -> str:
    """Marks a sentence for the catalogue."""
    return sentence


ELSEWHERE = _("What the e-learning system keeps about you")

Row = dict[str, str | int | None]


@dataclass(frozen=True)
class Section:
    """One table: what it is called, what it holds, and the person's rows in it."""

    name: str
    title: str  # an English sentence, to be translated
    rows: list[Row] = field(default_factory=list)

    @property
    def columns(self) -> list[str]:
        """Every column that any of the rows has, in their order."""
        return list(dict.fromkeys(name for row in self.rows for name in row))


@dataclass(frozen=True)
class Archive:
    """What goes into one file for one person."""

    number: str  # of the request that it answers
    made_at: datetime
    sections: list[Section]


def keys(session: Session, subject: Subject) -> list[str]:
    """The keys under which e-learning systems know a person."""
    return subjects.account_ids(session, subject)


def held_elsewhere(provider: Provider, keys: list[str]) -> list[Section]:
    """What an e-learning system keeps that is not in our tables; raises ProviderError.

    Called with no transaction open. Nothing where the system is embedded: its tables are ours.
    """
    rows = [row for key in keys for row in provider.held(key)]
    return [Section("elearning", ELSEWHERE, rows)] if rows else []


def gather(session: Session, subject: Subject, number: str, now: datetime) -> Archive:
    """Read a person's rows; nothing is written, nothing is left out (PDPA s.30, s.31)."""
    return Archive(
        number,
        now,
        [
            Section(table.name, table.title, list(table.rows(session, subject)))
            for table in data_map.TABLES
        ],
    )
