"""What the whole database says, to see whether something has changed it."""

import hashlib

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.database import Database
from models.tables import metadata


def fingerprint(database: Database) -> dict[str, str]:
    """A hash of the rows of each table, in the order of their keys."""

    def read(session: Session) -> dict[str, str]:
        found = {}
        for table in metadata.sorted_tables:
            rows = session.execute(select(table).order_by(*table.primary_key.columns)).all()
            found[table.name] = hashlib.sha256(repr(rows).encode()).hexdigest()
        return found

    return database.read(read)
