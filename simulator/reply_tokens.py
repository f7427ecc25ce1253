"""Reply tokens: free, single use, and soon too old."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from simulator.problems import ApiError

USABLE = timedelta(minutes=1)
REVALIDATED_UNTIL = timedelta(minutes=20)


@dataclass
class ReplyToken:
    """What a token opens: the chat of one event."""

    chat_id: str
    event_at: datetime
    received_at: datetime
    used: bool = False
    too_old: bool = False


class ReplyTokens:
    """One minute, one use, renewed by redelivery (reference, "Send reply message")."""

    def __init__(self) -> None:
        self._tokens: dict[str, ReplyToken] = {}

    def issue(self, chat_id: str, now: datetime) -> str:
        token = secrets.token_hex(16)
        self._tokens[token] = ReplyToken(chat_id, event_at=now, received_at=now)
        return token

    def received(self, token: str, now: datetime, *, redelivered: bool) -> None:
        """A delivery starts the minute; a redelivery only within 20 minutes of the event."""
        found = self._tokens.get(token)
        if found is None or found.used:
            return
        if redelivered and now - found.event_at > REVALIDATED_UNTIL:
            return
        found.received_at = now
        found.too_old = False

    def check(self, token: str, now: datetime) -> ReplyToken:
        found = self._tokens.get(token)
        if found is None or found.used or found.too_old or now - found.received_at > USABLE:
            raise ApiError(400, "Invalid reply token")
        return found

    def expire_all(self) -> None:
        for token in self._tokens.values():
            token.too_old = True
