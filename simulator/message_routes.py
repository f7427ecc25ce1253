"""The endpoints that send: reply, push, multicast, broadcast, narrowcast, and their checks."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from simulator.checks import (
    CHAT_ID,
    USER_ID,
    Check,
    an_object,
    anything,
    boolean,
    check_fields,
    integer,
    text,
)
from simulator.messages import messages, refuse_quotes
from simulator.problems import ApiError, Problems, invalid_property
from simulator.routes import ApiAnswer, ApiRequest, Handle, Route
from simulator.usage import day

if TYPE_CHECKING:
    from simulator.platform import Platform

COMMON: Mapping[str, Check] = {"messages": messages, "notificationDisabled": boolean}
UNIT = re.compile(r"[A-Za-z0-9_]{1,30}")
PROGRESS_KEPT = timedelta(days=14)


def _units(value: object, path: str, problems: Problems) -> None:
    """One unit for a request, at most 30 of [A-Za-z0-9_] (reference, customAggregationUnits)."""
    if not isinstance(value, list) or len(value) > 1:
        problems.add(path, "Size must be between 0 and 1")
        return
    if value and (not isinstance(value[0], str) or not UNIT.fullmatch(value[0])):
        problems.add(f"{path}[0]", "must match [a-zA-Z0-9_]{1,30}")


FIELDS: Mapping[str, Mapping[str, Check]] = {
    "reply": {**COMMON, "replyToken": text(1000)},
    "push": {**COMMON, "to": anything, "customAggregationUnits": _units},
    "multicast": {**COMMON, "to": anything, "customAggregationUnits": _units},
    "broadcast": COMMON,
    "narrowcast": {
        **COMMON,
        "recipient": anything,
        "filter": anything,
        "limit": an_object(
            {
                "max": integer(1),
                "upToRemainingQuota": boolean,
                "forbidPartialDelivery": boolean,
            }
        ),
    },
}
REQUIRED: Mapping[str, tuple[str, ...]] = {
    "reply": ("replyToken", "messages"),
    "push": ("to", "messages"),
    "multicast": ("to", "messages"),
    "broadcast": ("messages",),
    "narrowcast": ("messages",),
}
TAKES_QUOTES = frozenset({"reply", "push"})


def _checked(kind: str, request: ApiRequest) -> dict[str, Any]:
    """The body, or an error that lists everything wrong with it; the recipients come first."""
    body = {key: value for key, value in request.json.items() if value is not None}
    if kind == "push" and "to" in body and not _matches(CHAT_ID, body["to"]):
        raise invalid_property("to")
    if kind == "multicast" and "to" in body:
        _check_recipients(body["to"])
    problems = Problems()
    check_fields(body, FIELDS[kind], REQUIRED[kind], "", problems)
    if kind not in TAKES_QUOTES:
        refuse_quotes(body.get("messages"), problems)
    problems.raise_if_any()
    return body


def _matches(pattern: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _check_recipients(to: object) -> None:
    """1 to 500 user ids; one bad one and nobody gets anything (reference, multicast)."""
    if not isinstance(to, list):
        raise invalid_property("to")
    if not 1 <= len(to) <= 500:
        problems = Problems()
        problems.add("to", "Size must be between 1 and 500")
        problems.raise_if_any()
    for index, user_id in enumerate(to):
        if not _matches(USER_ID, user_id):
            raise invalid_property(f"to[{index}]")


def reply(platform: "Platform", request: ApiRequest) -> ApiAnswer:
    """Free, by the token of an event (reference, "Send reply message")."""
    body = _checked("reply", request)
    now = platform.clock()
    token = platform.reply_tokens.check(body["replyToken"], now)
    token.used = True
    chats = platform.chats
    receipts = chats.receipts(body["messages"])
    if chats.reaches(token.chat_id):
        chats.post(
            token.chat_id,
            body["messages"],
            via="reply",
            request_id=request.request_id,
            paid=False,
            receipts=receipts,
        )
    platform.usage.count_free(now)
    return ApiAnswer({"sentMessages": receipts}, sent_messages=receipts)


def push(platform: "Platform", request: ApiRequest) -> ApiAnswer:
    """To one chat; 200 even when nobody receives it (reference, "Send push message")."""
    body = _checked("push", request)
    now, chats = platform.clock(), platform.chats
    recipients = chats.readers(body["to"], pushed=True)
    platform.usage.check(recipients, now)
    receipts = chats.receipts(body["messages"])
    if chats.reaches(body["to"]):
        chats.post(
            body["to"],
            body["messages"],
            via="push",
            request_id=request.request_id,
            paid=True,
            receipts=receipts,
        )
    platform.usage.count_paid("push", recipients, now)
    _count_unit(platform, body, now)
    return ApiAnswer({"sentMessages": receipts}, sent_messages=receipts)


def multicast(platform: "Platform", request: ApiRequest) -> ApiAnswer:
    """To up to 500 people, each once (reference, "Send multicast message")."""
    body = _checked("multicast", request)
    everyone = dict.fromkeys(body["to"])
    return _to_friends(platform, request, "multicast", body, everyone)


def broadcast(platform: "Platform", request: ApiRequest) -> ApiAnswer:
    """To every friend (reference, "Send broadcast message")."""
    body = _checked("broadcast", request)
    everyone = [person.user_id for person in platform.chats.friends()]
    return _to_friends(platform, request, "broadcast", body, everyone)


def narrowcast(platform: "Platform", request: ApiRequest) -> ApiAnswer:
    """202; audiences and filters are not modelled: it reaches all friends up to limit.max."""
    body = _checked("narrowcast", request)
    everyone = [person.user_id for person in platform.chats.friends()]
    most = (body.get("limit") or {}).get("max")
    _to_friends(platform, request, "narrowcast", body, everyone[:most])
    reached = len(everyone[:most])
    platform.narrowcasts[request.request_id] = (platform.clock(), reached)
    return ApiAnswer(status=202)


def _to_friends(
    platform: "Platform",
    request: ApiRequest,
    via: str,
    body: Mapping[str, Any],
    user_ids: Iterable[str],
) -> ApiAnswer:
    now, chats = platform.clock(), platform.chats
    reached = [user_id for user_id in user_ids if chats.receives(user_id)]
    platform.usage.check(len(reached), now)
    for user_id in reached:
        chats.post(user_id, body["messages"], via=via, request_id=request.request_id, paid=True)
    platform.usage.count_paid(via, len(reached), now)
    _count_unit(platform, body, now)
    return ApiAnswer()


def _count_unit(platform: "Platform", body: Mapping[str, Any], now: datetime) -> None:
    for unit in body.get("customAggregationUnits") or ():
        platform.insights.sent(unit, day(now), len(body["messages"]))


def validate(kind: str) -> Handle:
    """Checks the messages only and sends nothing (reference, "Validate message objects")."""

    def handle(platform: "Platform", request: ApiRequest) -> ApiAnswer:
        problems = Problems()
        check_fields(request.json, {"messages": messages}, ("messages",), "", problems)
        if kind not in TAKES_QUOTES:
            refuse_quotes(request.json.get("messages"), problems)
        problems.raise_if_any()
        return ApiAnswer()

    return handle


def quota(platform: "Platform", request: ApiRequest) -> ApiAnswer:
    if platform.usage.quota is None:
        return ApiAnswer({"type": "none"})
    return ApiAnswer({"type": "limited", "value": platform.usage.quota})


def consumption(platform: "Platform", request: ApiRequest) -> ApiAnswer:
    return ApiAnswer({"totalUsage": platform.usage.paid(platform.clock())})


def delivered(via: str) -> Handle:
    """Counts by day of UTC+9, ready on the next day (reference, "Get number of sent messages")."""

    def handle(platform: "Platform", request: ApiRequest) -> ApiAnswer:
        date = request.query.get("date", "")
        try:
            datetime.strptime(date, "%Y%m%d").replace(tzinfo=UTC)
        except ValueError:
            raise ApiError(400, "The date is invalid: yyyyMMdd is needed") from None
        if len(date) != 8 or date >= day(platform.clock()):
            return ApiAnswer({"status": "unready"})
        return ApiAnswer({"status": "ready", "success": platform.usage.delivered[via, date]})

    return handle


def narrowcast_progress(platform: "Platform", request: ApiRequest) -> ApiAnswer:
    """Available for 14 days (reference, "Get narrowcast progress status")."""
    found = platform.narrowcasts.get(request.query.get("requestId", ""))
    if found is None or platform.clock() - found[0] > PROGRESS_KEPT:
        raise ApiError(404, "Not found")
    at = found[0].astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    body = {
        "phase": "succeeded",
        "successCount": found[1],
        "failureCount": 0,
        "targetCount": found[1],
        "acceptedTime": at,
        "completedTime": at,
    }
    return ApiAnswer(body)


SENDERS: Mapping[str, Callable[["Platform", ApiRequest], ApiAnswer]] = {
    "reply": reply,
    "push": push,
    "multicast": multicast,
    "broadcast": broadcast,
    "narrowcast": narrowcast,
}
MESSAGE = "/v2/bot/message"
ROUTES = (
    *(
        Route("POST", f"{MESSAGE}/{kind}", kind, handle, takes_retry_key=kind != "reply")
        for kind, handle in SENDERS.items()
    ),
    *(
        Route("POST", f"{MESSAGE}/validate/{kind}", f"validate/{kind}", validate(kind))
        for kind in SENDERS
    ),
    Route("GET", f"{MESSAGE}/quota", "quota", quota),
    Route("GET", f"{MESSAGE}/quota/consumption", "quota/consumption", consumption),
    *(
        Route("GET", f"{MESSAGE}/delivery/{via}", f"delivery/{via}", delivered(via))
        for via in ("reply", "push", "multicast", "broadcast")
    ),
    Route("GET", f"{MESSAGE}/progress/narrowcast", "progress/narrowcast", narrowcast_progress),
)
