"""Webhook events, complete: the SDK turns any event that lacks a part into an unknown one."""

import copy
from datetime import datetime
from typing import Any

from simulator.identifiers import milliseconds, ulid

Event = dict[str, Any]


def complete_event(
    kind: str,
    chat_id: str,
    detail: dict[str, Any],
    *,
    now: datetime,
    mode: str,
    in_group: bool,
    reply_token: str | None,
) -> Event:
    """The common properties around the detail (reference, "Common properties" of webhooks).

    `userId` in the detail belongs to the source: whoever wrote in a group.
    """
    own = {key: copy.deepcopy(value) for key, value in detail.items() if key != "userId"}
    source = {"type": "group", "groupId": chat_id} if in_group else {"type": "user"}
    user_id = detail.get("userId", None if in_group else chat_id)
    if user_id is not None:
        source["userId"] = user_id
    return {
        "type": kind,
        **own,
        "webhookEventId": ulid(now),
        "deliveryContext": {"isRedelivery": False},
        "timestamp": milliseconds(now),
        "source": source,
        **({"replyToken": reply_token} if reply_token else {}),
        "mode": mode,
    }
