"""Webhook bodies as plain values: tolerant of whatever is new, strict about what we rely on."""

import hashlib
import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")
_USER = re.compile(r"U[0-9a-f]{32}")
# What the Verify button of old consoles sends: tokens of one repeated digit, and a user of none.
_VERIFY_TOKEN, _VERIFY_USER = re.compile(r"0{8,}|[fF]{8,}"), re.compile(r"U(?:deadbeef){4}")
_PLACE, _MOST_EMOJIS = ("index", "length"), 100
# What we act on. Everything else that LINE sends, now or later, is acknowledged and let go.
MAX_MESSAGE_ID = 64  # characters; columns that keep one are as wide
KINDS = frozenset({"message", "postback", "follow", "unfollow", "unsend", "join"})


class MalformedBody(ValueError):
    """The body is not a webhook."""


@dataclass(frozen=True)
class Delivery:
    """One webhook: whom it was meant for, and its events as LINE sent them."""

    destination: str | None
    events: list[dict[str, Any]]


@dataclass(frozen=True)
class Event:
    """One event, with everything missing or odd replaced by None."""

    id: str
    kind: str
    happened_at: datetime
    user_id: str | None = None
    group_id: str | None = None
    reply_token: str | None = None
    is_redelivery: bool = False
    is_standby: bool = False  # another module channel answers; what happened counts all the same
    is_unblocked: bool = False
    message_kind: str | None = None
    message_id: str | None = None
    text: str | None = None
    emojis: tuple[str, ...] = ()  # LINE's own, as they stand in the text: "(smile)"
    image_set: str | None = None  # pictures that were sent at once
    postback: dict[str, str] = field(default_factory=dict)

    @property
    def action(self) -> str | None:
        """The entry action that a button asks for."""
        return self.postback.get("a")

    @property
    def plain(self) -> str:
        """The text without LINE's own emojis; empty where there is none."""
        said = self.text or ""
        for emoji in self.emojis:
            said = said.replace(emoji, " ")
        return said

    def choice(self, step: str) -> str | None:
        """What a button of this step says; None where the event is not such a button."""
        return self.postback.get("v") if self.postback.get("s") == step else None


def parse_body(body: bytes) -> Delivery:
    """Take a webhook apart; raises MalformedBody where it is not one.

    The SDK's parser drops the whole batch on an unknown `mode`; here an event that cannot be
    read costs nobody else theirs.
    """
    try:
        data = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise MalformedBody("not JSON in UTF-8") from error
    if not isinstance(data, dict) or not isinstance(data.get("events"), list):
        raise MalformedBody("no list of events")
    destination = data.get("destination")
    return Delivery(
        destination if isinstance(destination, str) else None,
        [event for event in data["events"] if isinstance(event, dict)],
    )


def read_event(raw: dict[str, Any], received_at: datetime) -> Event | None:
    """One raw event as an Event; None where it is of a kind that we do not act on."""
    kind = raw.get("type")
    if not isinstance(kind, str) or kind not in KINDS:
        return None
    # `standby`: another module channel is in charge and we must stay silent, but a block, its end
    # or an unsend still counts. A mode that we do not know is treated like `active`.
    is_standby = raw.get("mode") == "standby"
    if is_standby and kind not in {"follow", "unfollow", "unsend"}:
        return None
    source = _dict(raw, "source")
    if _is_dummy(raw, source):
        return None
    group_id = _text(source, "groupId") or _text(source, "roomId")
    user_id = _text(source, "userId")
    message, unsend = _dict(raw, "message"), _dict(raw, "unsend")
    # A sticker carries words too, its own or those that somebody put on it: they say nothing.
    text = _text(message, "text") if message.get("type") == "text" else None
    return Event(
        id=event_id(raw),
        kind=kind,
        happened_at=_time(raw.get("timestamp"), received_at),
        user_id=user_id if user_id and _USER.fullmatch(user_id) else None,
        group_id=group_id,
        reply_token=_text(raw, "replyToken"),
        is_redelivery=_dict(raw, "deliveryContext").get("isRedelivery") is True,
        is_standby=is_standby,
        is_unblocked=_dict(raw, "follow").get("isUnblocked") is True,
        message_kind=_text(message, "type"),
        message_id=_id(message, "id") or _id(unsend, "messageId"),
        text=text,
        emojis=_emojis(message, text or ""),
        image_set=_text(_dict(message, "imageSet"), "id"),
        postback=_postback(_dict(raw, "postback")),
    )


def read_events(delivery: Delivery, received_at: datetime) -> list[tuple[dict[str, Any], Event]]:
    """The events of a webhook that we act on, each as LINE sent it and as an Event."""
    found = ((raw, read_event(raw, received_at)) for raw in delivery.events)
    return [(raw, event) for raw, event in found if event is not None]


def event_id(raw: dict[str, Any]) -> str:
    """The webhookEventId; where it is missing or odd, a digest of the event takes its place.

    `deliveryContext` is left out of the digest because it differs in a redelivery.
    """
    given = raw.get("webhookEventId")
    if isinstance(given, str) and _ID.fullmatch(given):
        return given
    rest = {key: value for key, value in raw.items() if key != "deliveryContext"}
    canonical = json.dumps(rest, sort_keys=True, ensure_ascii=True)
    return "x" + hashlib.sha256(canonical.encode()).hexdigest()[:63]


def _is_dummy(raw: dict[str, Any], source: dict[str, Any]) -> bool:
    """Whether an event is one of those with which consoles verify a webhook's address."""
    token, user = _text(raw, "replyToken") or "", _text(source, "userId") or ""
    return bool(_VERIFY_TOKEN.fullmatch(token) or _VERIFY_USER.fullmatch(user))


def _dict(raw: dict[str, Any], key: str) -> dict[str, Any]:
    value = raw.get(key)
    return value if isinstance(value, dict) else {}


def _id(raw: dict[str, Any], key: str) -> str | None:
    """What a message is called; what is longer than any number of LINE's names none."""
    found = _text(raw, key)
    return found if found is not None and len(found) <= MAX_MESSAGE_ID else None


def _text(raw: dict[str, Any], key: str) -> str | None:
    value = raw.get(key)
    if not isinstance(value, str) or not value:
        return None
    # JSON may carry halves of surrogate pairs, which no database or encoder takes, and NUL, which
    # PostgreSQL does not: whoever sent one would wait for an answer for good.
    whole = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return whole.replace("\0", "\ufffd")


def _emojis(message: dict[str, Any], text: str) -> tuple[str, ...]:
    """What stands in a text for LINE's own emojis; places are counted in UTF-16 units."""
    listed = message.get("emojis")
    units, found = text.encode("utf-16-le"), []
    for each in listed[:_MOST_EMOJIS] if isinstance(listed, list) else []:
        index, length = (each.get(key) if isinstance(each, dict) else None for key in _PLACE)
        if isinstance(index, int) and isinstance(length, int) and index >= 0 and 0 < length <= 100:
            part = units[2 * index : 2 * (index + length)].decode("utf-16-le", "replace")
            found += [part] if part.startswith("(") and part.endswith(")") else []
    return tuple(found)


def _time(value: Any, otherwise: datetime) -> datetime:
    if isinstance(value, bool) or not isinstance(value, int):
        return otherwise
    try:
        return datetime.fromtimestamp(value / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return otherwise


def _postback(raw: dict[str, Any]) -> dict[str, str]:
    data = _text(raw, "data")
    if data is None:
        return {}
    try:
        return dict(parse_qsl(data[:300], max_num_fields=16))
    except ValueError:
        return {}
