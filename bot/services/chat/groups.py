"""Which groups have been told that the bot serves one-to-one chats."""

from datetime import datetime

from sqlalchemy.orm import Session

from models.inbox import GreetedGroup
from models.inserts import insert_if_new


def first_time(session: Session, digest: str, now: datetime) -> bool:
    """Note that a group is being told; False where it was told before."""
    return insert_if_new(session, GreetedGroup, {"digest": digest, "told_at": now})
