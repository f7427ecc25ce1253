"""Who uses LINE here: people with a name and a language, and the groups they sit in."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime


def known_user_id(name: str) -> str:
    """The same person after a restart: the id comes from the name."""
    return "U" + hashlib.sha256(f"simulated person {name}".encode()).hexdigest()[:32]


@dataclass
class Person:
    """Someone with LINE on the phone; a friend of the bot only after adding it."""

    user_id: str
    name: str
    language: str | None = "th"
    friend: bool = False
    blocked: bool = False
    wrote_at: datetime | None = None


@dataclass
class Group:
    """A group chat that the bot was asked into."""

    group_id: str
    members: set[str] = field(default_factory=set)
    bot_inside: bool = True
