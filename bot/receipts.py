"""What LINE answers to a paid sending: its yes, or which of its limits was met."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True)
class Receipt:
    """LINE's yes: to this call, or (409) to an earlier one under the same retry key.

    request_id names the call that was accepted, for statistics and for questions to LINE.
    """

    request_id: str | None
    was_accepted_before: bool = False


class Shortage(StrEnum):
    """What LINE's one status 429 can mean for a sending."""

    RATE = "rate"  # too many calls a second: a moment's patience helps
    QUOTA = "quota"  # the month's messages do not suffice: only the owner or a new month helps
    RESERVED = "reserved"  # another sending holds messages back: they are free when it is through
