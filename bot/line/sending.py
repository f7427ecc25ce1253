"""The body of a paid sending, made once, and what LINE answers: an object, or “too many”."""

import json
from collections.abc import Sequence
from typing import Any, Literal

from bot.errors import DeliveryError
from bot.receipts import Shortage

MAX_RECIPIENTS = 500  # of one multicast (LINE, "Send multicast message")
Kind = Literal["reply", "push", "multicast"]


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


def json_object(response: Any) -> dict[str, Any]:
    """The JSON object of a response; raises DeliveryError where it is none."""
    try:
        answer = json.loads(response.data)
    except (ValueError, RecursionError) as error:  # thousands of brackets
        raise DeliveryError("answer is not JSON", unknown=True) from error
    if not isinstance(answer, dict):
        raise DeliveryError("answer is not an object", unknown=True)
    return answer
