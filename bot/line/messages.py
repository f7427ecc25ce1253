"""Messages as LINE takes them: plain dicts, built within LINE's limits.

Limits: https://developers.line.biz/en/reference/messaging-api/ ; lengths of texts are counted in
UTF-16 code units, lengths of labels in grapheme clusters.
"""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from bot.texts import units

Message = dict[str, Any]
Action = dict[str, Any]

MAX_MESSAGES = 5  # messages in one request
TEXT_LIMIT = 5000
ALT_LIMIT = 400  # 1,500 are allowed now, 400 still stands in older clients' documents
POSTBACK_LIMIT = 300

GREEN, INK, GREY, PAPER, LINE_COLOUR = "#0B6E4F", "#1F2933", "#5F6B76", "#FFFFFF", "#E4E7EB"


def clip(text: str, limit: int) -> str:
    """Cut a text to so many UTF-16 units; an ellipsis shows the cut."""
    if units(text) <= limit:
        return text
    while units(text) > limit - 1:
        text = text[:-1]
    return text + "…"


def text(body: str) -> Message:
    """A plain text message."""
    return {"type": "text", "text": clip(body, TEXT_LIMIT)}


def postback(label: str, data: dict[str, str], shown: str | None = None) -> Action:
    """A button that comes back to us; what the person is seen to say is the label itself."""
    encoded = urlencode(data)
    if len(encoded) > POSTBACK_LIMIT:
        raise ValueError("postback data is too long")
    return {
        "type": "postback",
        "label": label,
        "data": encoded,
        "displayText": clip(shown or label, 300),
    }


def entry(label: str, action: str, **more: str) -> Action:
    """A button that starts an entry action, from anywhere."""
    return postback(label, {"a": action, **more})


def choice(label: str, step: str, value: str, **more: str) -> Action:
    """A button that answers one step of a flow; step reads `flow.step`."""
    return postback(label, {"s": step, "v": value, **more})


def link(label: str, uri: str) -> Action:
    """A button that opens a page."""
    return {"type": "uri", "label": label, "uri": uri}


def quick(said: Message | str, actions: list[Action]) -> Message:
    """The message with quick replies below it (13 at most; shown under the last message only).

    Of two that say the same the first is shown: the menu has what an offer may have had already.
    """
    message = text(said) if isinstance(said, str) else said
    if not actions:
        return message
    shown: dict[object, Action] = {}
    for action in actions:
        shown.setdefault(action.get("label", id(action)), action)
    items = [{"type": "action", "action": action} for action in list(shown.values())[:13]]
    return {**message, "quickReply": {"items": items}}


def with_menu(said: list[Message], menu: list[Action]) -> list[Message]:
    """At most five messages, the menu below the last one unless that has buttons of its own."""
    said = said[:MAX_MESSAGES]
    if said and "quickReply" not in said[-1]:
        return [*said[:-1], quick(said[-1], menu)]
    return said


def card(
    title: str,
    blocks: Sequence[dict[str, Any] | str],
    actions: list[Action],
    *,
    alt: str = "",
    columns: bool = False,
    even: bool = False,
    pairs: bool = False,
) -> Message:
    """A Flex bubble: a title, blocks (bare text is a paragraph), buttons.

    alt: what is read out and shown in lists, where that is not the title with the paragraphs.
    The first button stands out, unless the choice is to be even: a question of consent must not
    push towards one answer. pairs: the buttons after the first stand two by two.
    """
    bubble: dict[str, Any] = {
        "type": "bubble",
        "size": "mega",
        "header": {
            "type": "box",
            "layout": "vertical",
            "backgroundColor": GREEN,
            "paddingAll": "16px",
            "contents": [
                {
                    "type": "text",
                    "text": title,
                    "color": PAPER,
                    "weight": "bold",
                    "size": "lg",
                    "wrap": True,
                }
            ],
        },
        "body": {
            "type": "box",
            "layout": "vertical",
            "spacing": "md",
            "paddingAll": "16px",
            "contents": [paragraph(each) if isinstance(each, str) else each for each in blocks],
        },
    }
    buttons = [
        _button(action, strong=index == 0 and not even) for index, action in enumerate(actions)
    ]
    if actions:
        bubble["footer"] = {
            "type": "box",
            "layout": "horizontal" if columns else "vertical",
            "spacing": "sm",
            "paddingAll": "12px",
            "contents": _in_pairs(buttons) if pairs else buttons,
        }
    said = clip(alt or _read_out(title, blocks), ALT_LIMIT)
    return {"type": "flex", "altText": said, "contents": bubble}


def _read_out(title: str, blocks: Sequence[dict[str, Any] | str]) -> str:
    """The title and the paragraphs; no labelled values, as they would stand on a locked screen."""
    words = [each if isinstance(each, str) else each.get("text", "") for each in blocks]
    body = " ".join(filter(None, words))
    return f"{title}: {body}" if body else title


def quiet_card(blocks: Sequence[dict[str, Any]], actions: list[Action], *, alt: str) -> Message:
    """A small Flex bubble that asks nothing: no title, and links instead of buttons."""
    links = [
        {**paragraph(action["label"], small=True), "decoration": "underline", "action": action}
        for action in actions
    ]
    body = {
        "type": "box",
        "layout": "vertical",
        "spacing": "xs",
        "paddingAll": "12px",
        "contents": [*blocks, *links],
    }
    bubble = {"type": "bubble", "size": "kilo", "body": body}
    return {"type": "flex", "altText": clip(alt, ALT_LIMIT), "contents": bubble}


def headed(message: Message, line_above: str) -> Message:
    """The message, a text or a card with a title, with a few small words above its own."""
    if message["type"] == "text":
        return {**message, "text": clip(f"{line_above} · {message['text']}", TEXT_LIMIT)}
    bubble = message["contents"]
    above = {"type": "text", "text": line_above, "color": PAPER, "size": "xs"}
    header = {**bubble["header"], "contents": [above, *bubble["header"]["contents"]]}
    alt = clip(f"{line_above} · {message['altText']}", ALT_LIMIT)
    return {**message, "altText": alt, "contents": {**bubble, "header": header}}


def _in_pairs(buttons: list[dict[str, Any]]) -> list[dict[str, Any]]:
    first, *rest = buttons
    rows = [rest[at : at + 2] for at in range(0, len(rest), 2)]
    return [
        first,
        *(
            {"type": "box", "layout": "horizontal", "spacing": "sm", "contents": row}
            for row in rows
        ),
    ]


def even_choice(
    title: str, blocks: Sequence[dict[str, Any] | str], step: str, *, yes: str, no: str
) -> Message:
    """A question before something that cannot be undone; neither answer stands out."""
    buttons = [choice(yes, step, "yes"), choice(no, step, "no")]
    return card(title, blocks, buttons, even=True)


def paragraph(body: str, *, small: bool = False, strong: bool = False) -> dict[str, Any]:
    """A wrapped text in a card."""
    block: dict[str, Any] = {
        "type": "text",
        "text": body,
        "wrap": True,
        "size": "sm" if small else "md",
        "color": GREY if small else INK,
    }
    if strong:
        block["weight"] = "bold"
    return block


def fact(label: str, value: str, action: Action | None = None) -> dict[str, Any]:
    """A labelled value in a card, with a small button at its side where it can be changed."""
    column: dict[str, Any] = {
        "type": "box",
        "layout": "vertical",
        "flex": 5,
        "contents": [
            {"type": "text", "text": label, "size": "xs", "color": GREY, "wrap": True},
            {"type": "text", "text": value, "size": "md", "color": INK, "wrap": True},
        ],
    }
    contents = [column]
    if action is not None:
        contents.append(
            {
                "type": "text",
                "text": action["label"],
                "size": "sm",
                "color": GREEN,
                "weight": "bold",
                "decoration": "underline",
                "align": "end",
                "gravity": "center",
                "flex": 2,
                "wrap": True,
                "action": action,
            }
        )
    return {"type": "box", "layout": "horizontal", "spacing": "sm", "contents": contents}


def separator() -> dict[str, Any]:
    """A thin line in a card."""
    return {"type": "separator", "color": LINE_COLOUR}


def _button(action: Action, *, strong: bool) -> dict[str, Any]:
    button: dict[str, Any] = {
        "type": "button",
        "action": action,
        "height": "sm",
        "adjustMode": "shrink-to-fit",
    }
    if strong:
        return {**button, "style": "primary", "color": GREEN}
    return {**button, "style": "link" if action["type"] == "uri" else "secondary"}
