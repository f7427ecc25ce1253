"""What working on one event can come to, between its transaction and LINE's receipt."""

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto

from bot.errors import BotError
from bot.line.messages import Message
from bot.services.chat.replies import Answer
from bot.services.chat.rich_menus import Linking


class Next(Enum):
    """What a transaction found to do besides answering."""

    IDLE = auto()
    AGAIN = auto()


@dataclass(frozen=True)
class NeedsProfile:
    """Somebody new: their language has to be asked of LINE before anything is said."""

    user_id: str


@dataclass(frozen=True)
class ToSay:
    """An answer that is committed and waits for the network.

    is_last: nothing else of this person is open and no other process can be told so by us; what
    comes later is handed to the same lane. linking: the rich menu that they should have now.
    """

    answer: Answer
    is_last: bool = False
    linking: Linking | None = None


@dataclass(frozen=True)
class AnswerOutcome:
    """How an answer ended: done, given back for a while, or to be pushed instead."""

    answer: Answer
    wait: timedelta | None = None
    push: list[Message] | None = None
    given_up: bool = False

    @property
    def is_plain(self) -> bool:
        """Said and done, with nothing left to write but that."""
        return self.way == "said"

    @property
    def way(self) -> str:
        """The same in one word, for the log."""
        if self.given_up:
            return "given_up"
        if self.wait is not None:
            return "later"
        return "said" if self.push is None else "push"


class LostRaceError(BotError):
    """Another worker took the event while we handled it; nothing of ours may be kept."""
