"""Whoever puts into words, for a channel, what services have to tell people.

A service names what happened; `app.py` gives a presenter to the database, and each session brings
it along, as it does the keyring. What it makes is stored as bytes when it is queued, so that every
try says the same.
"""

from collections.abc import Sequence
from typing import Any, Protocol

from sqlalchemy.orm import Session


class Notice:
    """What somebody is to be told; each kind is a dataclass of the service that tells it."""


class Presenter(Protocol):
    """What services ask of it."""

    def messages(self, session: Session, notice: Notice, language: str) -> list[dict[str, Any]]:
        """A notice as the messages of a chat."""

    def values(self, notice: Notice, language: str) -> dict[str, str]:
        """A notice as what stands in the gaps of its e-mail."""

    def push(self, to: str, messages: bytes) -> bytes:
        """The request that sends stored messages to one chat."""

    def multicast(self, to: Sequence[str], messages: bytes, unit: str | None) -> bytes:
        """The request that sends messages to many chats, counted under a unit's name."""


def presenter_of(session: Session) -> Presenter:
    """The presenter that models.database gave to this session."""
    presenter: Presenter | None = session.info.get("presenter")
    if presenter is None:
        raise RuntimeError("this database was opened without a presenter: nothing can be told")
    return presenter
