"""What happens on the phone when a button is tapped (reference, "Action objects")."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulator.platform import Platform

MOMENT_FORMATS = {"date": "%Y-%m-%d", "time": "%H:%M", "datetime": "%Y-%m-%dT%H:%M"}


def tap(
    platform: "Platform", user_id: str, action: dict[str, Any], value: str | None = None
) -> dict[str, Any] | str:
    """The event that the tap causes; for uri and clipboard the address or the text."""
    kind = action.get("type")
    if kind == "postback":
        return _postback(platform, user_id, action)
    if kind == "message":
        return platform.text(user_id, str(action["text"]))
    if kind == "uri":
        with platform.lock:
            platform.opened.append((user_id, str(action["uri"])))
        return str(action["uri"])
    if kind == "clipboard":
        with platform.lock:
            platform.copied.append((user_id, str(action["clipboardText"])))
        return str(action["clipboardText"])
    if kind == "datetimepicker":
        mode = str(action["mode"])
        chosen = value or action.get("initial")
        if chosen is None:
            chosen = platform.clock().strftime(MOMENT_FORMATS[mode])
        return platform.postback(user_id, str(action["data"]), {mode: str(chosen)})
    if kind == "richmenuswitch":
        return _switch(platform, user_id, action)
    if kind in {"camera", "cameraRoll"}:
        return platform.image(user_id)
    if kind == "location":
        return platform.location(user_id)
    raise ValueError(f"no such action: {kind!r}")


def _postback(platform: "Platform", user_id: str, action: dict[str, Any]) -> dict[str, Any]:
    """displayText is shown and not sent; the older `text` is both."""
    event = platform.postback(user_id, str(action["data"]), deliver_now=False)
    shown = action.get("displayText")
    if shown:
        with platform.lock:
            words = {"type": "text", "text": str(shown)}
            event_id = str(event["webhookEventId"])
            platform.chats.say(user_id, user_id, words, via="postback", event_id=event_id)
    platform.send_events([event])
    if action.get("text"):
        platform.text(user_id, str(action["text"]))
    return event


def _switch(platform: "Platform", user_id: str, action: dict[str, Any]) -> dict[str, Any]:
    """Switching happens on the phone; the bot learns how it went (reference, postback.params)."""
    alias = str(action["richMenuAliasId"])
    with platform.lock:
        menus = platform.rich_menus
        target = menus.menus.get(menus.aliases.get(alias, ""))
        if alias not in menus.aliases:
            status = "RICHMENU_ALIAS_ID_NOTFOUND"
        elif target is None or target.image is None:
            status = "RICHMENU_NOTFOUND"
        else:
            status = "SUCCESS"
            menus.link([user_id], target.rich_menu_id)
    params = {"newRichMenuAliasId": alias, "status": status}
    return platform.postback(user_id, str(action["data"]), params)
