"""What the data map says of one table with personal data."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy.orm import Session

from bot.services.people.subjects import Subject
from bot.services.privacy.data_rows import Row


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
    rows: Callable[[Session, Subject], list[Row]]
    fate: ErasureAction
    rule: str
    why_kept: str = ""
    withheld: str = ""
