"""Retry keys: a second request with an accepted key is answered, not sent."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from simulator.problems import ApiError

VALID = timedelta(hours=24)


@dataclass(frozen=True)
class Accepted:
    """What the first request with a key was answered."""

    request_id: str
    at: datetime
    sent_messages: list[dict[str, Any]] | None


def already_accepted(accepted: Accepted) -> ApiError:
    """409, which means success (documentation, "Retry failed API requests")."""
    extra = {"sentMessages": accepted.sent_messages} if accepted.sent_messages else {}
    return ApiError(
        409,
        "The retry key is already accepted",
        headers={"x-line-accepted-request-id": accepted.request_id},
        extra=extra,
    )


class RetryKeys:
    """Keys live 24 hours from the accepted request; afterwards the same key sends again."""

    def __init__(self) -> None:
        self._accepted: dict[str, Accepted] = {}

    def check(self, key: str, now: datetime) -> str:
        canonical: str | None
        try:
            canonical = str(uuid.UUID(key))
        except ValueError:
            canonical = None
        if canonical is None or canonical != key.lower():
            raise ApiError(400, "The retry key is invalid: a UUID in hexadecimal form is needed")
        found = self._accepted.get(canonical)
        if found is not None and now - found.at < VALID:
            raise already_accepted(found)
        return canonical

    def accept(self, key: str, accepted: Accepted) -> None:
        self._accepted[key] = accepted
