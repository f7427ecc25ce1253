"""Everything that is kept about one person, gathered from every table of the data map."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from bot.services.people.subjects import Subject
from bot.services.privacy import data_map

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
