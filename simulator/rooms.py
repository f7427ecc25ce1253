"""What stands in a chat: the bubbles of both sides, in order."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

Side = Literal["person", "bot"]


@dataclass
class Bubble:
    """One message as the phone shows it, and how it came there."""

    who: Side
    via: str
    message: dict[str, Any]
    at: datetime
    message_id: str
    sender_id: str | None = None
    event_id: str | None = None
    request_id: str | None = None
    paid: bool = False
    read: bool = False
    unsent: bool = False

    @property
    def free(self) -> bool:
        return self.who == "bot" and not self.paid

    @property
    def text(self) -> str:
        """The words of a text, else what the chat list would show."""
        words = self.message.get("text") or self.message.get("altText") or ""
        return str(words)
