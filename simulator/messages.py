"""Message objects as LINE checks them, everything that the SDK lets through included."""

from collections.abc import Mapping

from simulator.actions import Place, action
from simulator.checks import (
    USER_ID,
    Check,
    a_list,
    an_object,
    anything,
    as_object,
    check_fields,
    https_url,
    integer,
    label,
    number,
    one_of,
    text,
)
from simulator.flex import flex_container
from simulator.problems import Problems
from simulator.template_message import template

media = https_url(2000)
identifier = text(100)
alt_text = text(1500, blank_ok=False)
message_text = text(5000, blank_ok=False)

quick_reply_item = an_object(
    {"type": one_of("action"), "imageUrl": media, "action": action(Place.QUICK_REPLY)},
    ("type", "action"),
)
quick_reply = an_object({"items": a_list(quick_reply_item, 1, 13)}, ("items",))


def _sender_name(value: object, path: str, problems: Problems) -> None:
    """At most 20 characters, and nobody may call himself LINE (reference, "Icon switch")."""
    label(20)(value, path, problems)
    if isinstance(value, str) and "LINE" in value:
        problems.add(path, "can't contain LINE")


sender = an_object({"name": _sender_name, "iconUrl": media})
emoji = an_object(
    {"index": integer(0), "productId": identifier, "emojiId": identifier},
    ("index", "productId", "emojiId"),
)


def _substitution(value: object, path: str, problems: Problems) -> None:
    """At most 100 placeholders, each an emoji or a mention (reference, "Text message (v2)")."""
    given = as_object(value, path, problems)
    if given is None:
        return
    if len(given) > 100:
        problems.add(path, "Size must be between 0 and 100")
    for key, part in given.items():
        at = f"{path}.{key}"
        found = as_object(part, at, problems)
        if found is None:
            continue
        if found.get("type") == "emoji":
            fields: Mapping[str, Check] = {"productId": identifier, "emojiId": identifier}
        elif found.get("type") == "mention":
            fields = {"mentionee": mentionee}
        else:
            problems.add(f"{at}.type", "must be emoji or mention")
            continue
        check_fields(found, {"type": anything, **fields}, fields, at, problems)


def _mentioned(value: object, path: str, problems: Problems) -> None:
    if not isinstance(value, str) or not USER_ID.fullmatch(value):
        problems.add(path, "invalid user id")


mentionee = an_object({"type": one_of("user", "all"), "userId": _mentioned}, ("type",))
area = an_object(
    {name: integer(0) for name in ("x", "y", "width", "height")}, ("x", "y", "width", "height")
)
MAP_ACTIONS: Mapping[str, Mapping[str, Check]] = {
    "uri": {"linkUri": text(1000)},
    "message": {"text": text(400)},
    "clipboard": {"clipboardText": text(1000)},
}


def _map_action(value: object, path: str, problems: Problems) -> None:
    given = as_object(value, path, problems)
    if given is None:
        return
    fields = MAP_ACTIONS.get(str(given.get("type")))
    if fields is None:
        problems.add(f"{path}.type", "unknown action type")
        return
    known = {"type": anything, "label": text(100), "area": area, **fields}
    check_fields(given, known, ("area", *fields), path, problems)


map_video = an_object(
    {
        "originalContentUrl": media,
        "previewImageUrl": media,
        "area": area,
        "externalLink": an_object({"linkUri": text(1000), "label": text(30)}),
    },
    ("originalContentUrl", "previewImageUrl", "area"),
)
picture_fields: Mapping[str, Check] = {"originalContentUrl": media, "previewImageUrl": media}

MESSAGES: Mapping[str, tuple[Mapping[str, Check], tuple[str, ...]]] = {
    "text": (
        {"text": message_text, "emojis": a_list(emoji, 0, 20), "quoteToken": identifier},
        ("text",),
    ),
    "textV2": (
        {"text": message_text, "substitution": _substitution, "quoteToken": identifier},
        ("text",),
    ),
    "sticker": (
        {"packageId": identifier, "stickerId": identifier, "quoteToken": identifier},
        ("packageId", "stickerId"),
    ),
    "image": (picture_fields, tuple(picture_fields)),
    "video": ({**picture_fields, "trackingId": text(100)}, tuple(picture_fields)),
    "audio": (
        {"originalContentUrl": media, "duration": integer(1)},
        ("originalContentUrl", "duration"),
    ),
    "location": (
        {
            "title": text(100),
            "address": text(100),
            "latitude": number(-90, 90),
            "longitude": number(-180, 180),
        },
        ("title", "address", "latitude", "longitude"),
    ),
    "imagemap": (
        {
            "baseUrl": media,
            "altText": alt_text,
            "baseSize": an_object(
                {"width": integer(1040, 1040), "height": integer(1)}, ("width", "height")
            ),
            "actions": a_list(_map_action, 0, 50),
            "video": map_video,
        },
        ("baseUrl", "altText", "baseSize", "actions"),
    ),
    "template": ({"altText": alt_text, "template": template}, ("altText", "template")),
    "flex": ({"altText": alt_text, "contents": flex_container}, ("altText", "contents")),
    "coupon": ({"couponId": identifier, "deliveryTag": text(30)}, ("couponId",)),
}
QUOTABLE = frozenset({"text", "textV2", "sticker"})


def message(value: object, path: str, problems: Problems) -> None:
    """The check for one message object (reference, "Message objects")."""
    given = as_object(value, path, problems)
    if given is None:
        return
    kind = given.get("type")
    if not isinstance(kind, str) or kind not in MESSAGES:
        problems.add(f"{path}.type", "unknown message type")
        return
    fields, required = MESSAGES[kind]
    known = {"type": anything, "quickReply": quick_reply, "sender": sender, **fields}
    check_fields(given, known, required, path, problems)
    emojis = given.get("emojis")
    if kind == "text" and isinstance(emojis, list):
        _check_emojis(str(given.get("text", "")), emojis, path, problems)


def _check_emojis(words: str, emojis: list[object], path: str, problems: Problems) -> None:
    """Each emoji takes the place of one `$` of the text (reference, "Text message")."""
    units = words.encode("utf-16-le", "surrogatepass")
    for position, entry in enumerate(emojis):
        index = entry.get("index") if isinstance(entry, dict) else None
        if isinstance(index, int) and units[index * 2 : index * 2 + 2] != b"$\0":
            problems.add(f"{path}.emojis[{position}].index", "must point at a $")


def messages(value: object, path: str, problems: Problems) -> None:
    """One to five messages of one request (reference, every send endpoint)."""
    a_list(message, 1, 5)(value, path, problems)


def refuse_quotes(value: object, problems: Problems) -> None:
    """Quote tokens go with reply and push only (documentation, "Quote messages")."""
    for index, given in enumerate(value if isinstance(value, list) else []):
        if isinstance(given, dict) and given.get("quoteToken") is not None:
            problems.add(f"messages[{index}].quoteToken", "can't be used with this endpoint")
