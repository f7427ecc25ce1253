"""What is to be said to one event, and how it is kept until LINE took it."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Answer:
    """What is to be said to one event, from its commit until LINE took it.

    after: name and arguments of what remains to be done outside a transaction, whose messages
    follow (they may hold a one-time link, which is never stored).
    """

    event_id: str
    person: str
    attempts: int
    reply_token: str | None
    user_id: str | None
    received_at: datetime
    language: str
    messages: list[dict[str, Any]]
    menu: list[dict[str, Any]] = field(default_factory=list)
    after: tuple[str, dict[str, str]] | None = None
    # An earlier life of ours may have said it already; nobody knows.
    is_repeat: bool = False


def dumped(answer: Answer) -> bytes:
    """What has to be kept of an answer beside its row's own columns."""
    return json.dumps(
        {
            "reply_token": answer.reply_token,
            "user_id": answer.user_id,
            "language": answer.language,
            "messages": answer.messages,
            "menu": answer.menu,
            "after": answer.after,
        },
        ensure_ascii=False,
        separators=(",", ":"),
    ).encode()


def loaded(said: bytes) -> dict[str, Any]:
    """The kept values, as Answer takes them."""
    values: dict[str, Any] = json.loads(said)
    if values["after"] is not None:
        values["after"] = tuple(values["after"])
    return values
