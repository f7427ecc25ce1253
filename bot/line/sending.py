"""A paid sending: its body, made once; its receipt; and what LINE means by “too many”."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

MAX_RECIPIENTS = 500  # of one multicast (LINE, "Send multicast message")
Kind = Literal["reply", "push", "multicast"]


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


def multicast_body(to: Sequence[str], messages: bytes, unit: str | None = None) -> bytes:
    """The bytes of one multicast, the same for every try under its retry key; messages as JSON."""
    if not 1 <= len(to) <= MAX_RECIPIENTS:
        raise ValueError(f"a multicast has 1 to {MAX_RECIPIENTS} recipients")
    units = b"" if unit is None else b',"customAggregationUnits":["%b"]' % unit.encode()
    named = json.dumps(to, separators=(",", ":")).encode()
    return b'{"to":%b,"messages":%b%b}' % (named, messages, units)


def push_body(to: str, messages: bytes) -> bytes:
    """The bytes of one push; messages is the JSON list as it was stored."""
    return b'{"to":%b,"messages":%b}' % (json.dumps(to).encode(), messages)


def shortage(words: str, limit: int | None, used: int | None, recipients: int) -> Shortage:
    """Tell the meanings of a 429 apart (reference, "Status codes" and "Error messages").

    limit and used are LINE's own figures, asked after the refusal; used None where it would not
    tell them. LINE does not guarantee its words, so they only decide where figures do not.
    """
    names_the_month = "monthly limit" in words.lower()
    if used is None:
        return Shortage.QUOTA if names_the_month else Shortage.RATE
    if limit is not None and used + recipients > limit:
        return Shortage.QUOTA
    return Shortage.RESERVED if names_the_month else Shortage.RATE
