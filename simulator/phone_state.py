"""What the page needs to draw the phone, as plain JSON."""

from typing import Any

from simulator.platform import Platform
from simulator.rooms import Bubble
from simulator.routes import Call

CALLS_SHOWN = 60
BUBBLES_SHOWN = 200


def state_of(platform: Platform, user_id: str | None) -> dict[str, Any]:
    """Everything at one moment, under one lock."""
    with platform.lock:
        chats = platform.chats
        person = chats.people.get(user_id or "") or next(iter(chats.people.values()), None)
        chosen = person.user_id if person else None
        room = chats.rooms.get(chosen or "", [])[-BUBBLES_SHOWN:]
        last = platform.deliveries[-1] if platform.deliveries else None
        return {
            "version": chats.version,
            "bot": platform.name,
            "people": [
                {
                    "id": p.user_id,
                    "name": p.name,
                    "language": p.language,
                    "friend": p.friend,
                    "blocked": p.blocked,
                }
                for p in chats.people.values()
            ],
            "person": chosen,
            "bubbles": [_bubble(bubble) for bubble in room],
            "loading": is_loading(platform, chosen),
            "richMenu": _rich_menu(platform, chosen) if person and person.friend else None,
            "free": platform.free,
            "paid": platform.paid,
            "quota": platform.usage.quota,
            "calls": [_call(call) for call in platform.calls[-CALLS_SHOWN:]],
            "delivery": {"reason": last.reason, "status": last.status} if last else None,
            "levers": {
                "holding": platform.webhooks.holding,
                "held": len(platform.webhooks.held),
                "twice": platform.webhooks.doubling,
                "latency": platform.latency,
                "armed": [
                    {"endpoint": fault.endpoint, "kind": fault.kind, "times": fault.times}
                    for fault in platform.faults.armed
                ],
            },
        }


def is_loading(platform: Platform, user_id: str | None) -> bool:
    return user_id is not None and platform.loading_until(user_id) is not None


def _bubble(bubble: Bubble) -> dict[str, Any]:
    return {
        "id": bubble.message_id,
        "who": bubble.who,
        "via": bubble.via,
        "message": bubble.message,
        "at": bubble.at.isoformat(),
        "paid": bubble.paid,
        "read": bubble.read,
        "unsent": bubble.unsent,
    }


def _rich_menu(platform: Platform, user_id: str | None) -> dict[str, Any] | None:
    menu = platform.rich_menus.shown_to(user_id or "")
    if menu is None or menu.image is None:
        return None
    return {"id": menu.rich_menu_id, **menu.definition}


def _call(call: Call) -> dict[str, Any]:
    error = dict(call.error) if call.error else None
    return {
        "id": call.request_id,
        "at": call.at.isoformat(),
        "method": call.method,
        "endpoint": call.endpoint,
        "status": call.status,
        "fault": call.fault,
        "error": error,
    }
