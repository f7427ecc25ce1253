"""INSERT with ON CONFLICT, which both databases have and SQLAlchemy spells once for each."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from models.base import Base
from models.database import database_of

Row = TypeVar("Row", bound=Base)


def inserting(session: Session) -> Callable[[type[Base]], Any]:
    """The INSERT of the session's database, for what is to be written over an older row."""
    return sqlite.insert if database_of(session).is_sqlite else postgresql.insert


def insert_if_new(session: Session, model: type[Base], row: Mapping[str, Any]) -> bool:
    """Insert a row unless a unique key of it is there; tells whether it was inserted."""
    statement = inserting(session)(model).values(row).on_conflict_do_nothing()
    added = session.execute(statement.returning(*model.__mapper__.primary_key))
    return added.first() is not None


def locked(session: Session, model: type[Row], row: Mapping[str, Any]) -> Row:
    """The row of a key, made where it is missing, locked until the transaction ends."""
    key = row[model.__mapper__.primary_key[0].name]
    while True:
        insert_if_new(session, model, row)
        found = session.get(model, key, with_for_update=True, populate_existing=True)
        # Another transaction may take the row away between the two, as an erasure does.
        if found is not None:
            return found
