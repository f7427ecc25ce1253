"""Which groups have been told that the bot serves one-to-one chats."""

from datetime import datetime

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from models.database import database_of
from models.inbox import GreetedGroup


def first_time(session: Session, digest: str, now: datetime) -> bool:
    """Note that a group is being told; False where it was told before."""
    insert = sqlite.insert if database_of(session).is_sqlite else postgresql.insert
    told = session.execute(
        insert(GreetedGroup)
        .values(digest=digest, told_at=now)
        .on_conflict_do_nothing()
        .returning(GreetedGroup.digest)
    )
    return told.one_or_none() is not None
