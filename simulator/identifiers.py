"""The ids that LINE gives out: unique across restarts, so that a demo's database meets no twin."""

import itertools
import secrets
from datetime import datetime

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def ulid(now: datetime) -> str:
    """48 bits of milliseconds and 80 of chance, as webhookEventId (reference, "Webhook event")."""
    value = (milliseconds(now) << 80) | secrets.randbits(80)
    return "".join(CROCKFORD[(value >> shift) & 31] for shift in range(125, -1, -5))


def milliseconds(now: datetime) -> int:
    return int(now.timestamp() * 1000)


class MessageIds:
    """Numbers of 18 digits that grow."""

    def __init__(self) -> None:
        self._count = itertools.count(secrets.randbelow(90_000))

    def next(self, now: datetime) -> str:
        return f"{milliseconds(now):013d}{next(self._count) % 100_000:05d}"


def opaque_token() -> str:
    """A quote token or mark-as-read token: opaque, not to be parsed."""
    return secrets.token_urlsafe(48)
