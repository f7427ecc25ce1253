"""The endpoints about people, chats and the bot itself."""

import base64
import secrets
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from simulator.checks import USER_ID, check_fields, integer, text
from simulator.problems import ApiError, Problems, invalid_property
from simulator.routes import ApiAnswer, ApiRequest, Route

if TYPE_CHECKING:
    from simulator.platform import Platform

# What the phone's camera gives here: the smallest PNG.
SNAPSHOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def profile(platform: "Platform", request: ApiRequest) -> ApiAnswer:
    """404 for strangers and for who has blocked the bot (reference, "Get profile")."""
    user_id = request.params["user_id"]
    if not platform.chats.receives(user_id):
        raise ApiError(404, "Not found")
    person = platform.chats.person(user_id)
    body = {"displayName": person.name, "userId": person.user_id}
    if person.language:
        body["language"] = person.language
    return ApiAnswer(body)


def info(platform: "Platform", request: ApiRequest) -> ApiAnswer:
    body = {
        "userId": platform.bot_user_id,
        "basicId": "@simulated",
        "displayName": platform.name,
        "chatMode": platform.chat_mode,
        "markAsReadMode": "auto" if platform.chat_mode == "bot" else "manual",
    }
    return ApiAnswer(body)


def followers(platform: "Platform", request: ApiRequest) -> ApiAnswer:
    """Verified and premium accounts only, at most 1,000 a page (reference, "Get follower IDs")."""
    if not platform.verified:
        raise ApiError(403, "Access to this API is not available for your account")
    try:
        limit = int(request.query.get("limit", "300"))
        start = int(request.query.get("start", "0"))
    except ValueError:
        raise ApiError(400, "The value for the 'start' or 'limit' parameter is invalid") from None
    if not 1 <= limit <= 1000 or start < 0:
        raise ApiError(400, "The value for the 'start' or 'limit' parameter is invalid")
    ids = [person.user_id for person in platform.chats.friends()]
    body: dict[str, Any] = {"userIds": ids[start : start + limit]}
    if start + limit < len(ids):
        body["next"] = str(start + limit)
    return ApiAnswer(body)


def loading(platform: "Platform", request: ApiRequest) -> ApiAnswer:
    """5 to 60 seconds in fives, one-on-one chats (reference, "Display a loading indicator")."""
    body = {key: value for key, value in request.json.items() if value is not None}
    problems = Problems()
    fields = {"chatId": text(100), "loadingSeconds": integer(5, 60)}
    check_fields(body, fields, ("chatId",), "", problems)
    seconds = body.get("loadingSeconds", 20)
    if not problems.details and seconds % 5:
        problems.add("loadingSeconds", "must be a multiple of 5")
    problems.raise_if_any()
    if not USER_ID.fullmatch(body["chatId"]):
        raise invalid_property("chatId")
    if platform.chats.receives(body["chatId"], pushed=True):
        platform.chats.loading[body["chatId"]] = platform.clock() + timedelta(seconds=seconds)
        platform.chats.changed()
    return ApiAnswer(status=202)


def mark_as_read(platform: "Platform", request: ApiRequest) -> ApiAnswer:
    """Reads that message and those before (reference, "Mark messages as read")."""
    problems = Problems()
    check_fields(request.json, {"markAsReadToken": text(1000)}, ("markAsReadToken",), "", problems)
    problems.raise_if_any()
    found = platform.chats.read_tokens.get(request.json["markAsReadToken"])
    if found is None:
        raise ApiError(400, "Invalid markAsReadToken")
    platform.chats.mark_read(*found)
    return ApiAnswer()


def content(platform: "Platform", request: ApiRequest) -> ApiAnswer:
    """A picture that somebody sent; gone with the unsend (reference, "Get content")."""
    wanted = request.params["message_id"]
    for room in platform.chats.rooms.values():
        for bubble in room:
            if bubble.message_id == wanted and bubble.who == "person" and not bubble.unsent:
                if bubble.message["type"] not in {"image", "video", "audio", "file"}:
                    raise ApiError(400, "The message has no content")
                return ApiAnswer(SNAPSHOT, content_type="image/png")
    raise ApiError(404, "Not found")


def link_token(platform: "Platform", request: ApiRequest) -> ApiAnswer:
    """Ten minutes, single use (reference, "Issue link token")."""
    user_id = request.params["user_id"]
    if not USER_ID.fullmatch(user_id):
        raise ApiError(400, "The value for the 'userId' parameter is invalid")
    if not platform.chats.receives(user_id):
        raise ApiError(404, "Not found")
    token = secrets.token_urlsafe(24)
    platform.link_tokens[token] = user_id
    return ApiAnswer({"linkToken": token})


def leave_group(platform: "Platform", request: ApiRequest) -> ApiAnswer:
    group = platform.chats.groups.get(request.params["group_id"])
    if group is None or not group.bot_inside:
        raise ApiError(404, "Not found")
    group.bot_inside = False
    platform.chats.changed()
    return ApiAnswer()


def aggregation(platform: "Platform", request: ApiRequest) -> ApiAnswer:
    """By unit, over days of UTC+9 (line-openapi, getStatisticsPerUnit; reference)."""
    unit = request.query.get("customAggregationUnit", "")
    if not 1 <= len(unit) <= 30:
        raise ApiError(400, "The value for the 'customAggregationUnit' parameter is invalid")
    days = []
    for name in ("from", "to"):
        text = request.query.get(name, "")
        try:
            days.append(datetime.strptime(text, "%Y%m%d"))  # noqa: DTZ007
        except ValueError:
            days.clear()
        if len(text) != 8 or not days:
            raise ApiError(400, f"The value for the '{name}' parameter is invalid")
    if not timedelta(0) <= days[1] - days[0] <= timedelta(days=30):
        raise ApiError(400, "The value for the 'to' parameter is invalid")
    first, last = request.query["from"], request.query["to"]
    return ApiAnswer(platform.insights.answer(unit, first, last))


def get_endpoint(platform: "Platform", request: ApiRequest) -> ApiAnswer:
    if not platform.webhooks.endpoint:
        raise ApiError(404, "Webhook endpoint not found")
    return ApiAnswer({"endpoint": platform.webhooks.endpoint, "active": True})


def set_endpoint(platform: "Platform", request: ApiRequest) -> ApiAnswer:
    """https and at most 500 characters (reference, "Set webhook endpoint URL")."""
    endpoint = request.json.get("endpoint")
    if not isinstance(endpoint, str) or len(endpoint) > 500 or not endpoint.startswith("https://"):
        raise ApiError(400, "Invalid webhook endpoint URL")
    platform.webhooks.endpoint = endpoint
    return ApiAnswer()


REASONS = {
    "ok": "OK",
    "could_not_connect": "COULD_NOT_CONNECT",
    "request_timeout": "REQUEST_TIMEOUT",
    "error_status_code": "ERROR_STATUS_CODE",
    "unclassified": "UNCLASSIFIED",
}


def webhook_test(platform: "Platform", request: ApiRequest) -> ApiAnswer:
    """Really posts an empty, signed webhook (reference, "Test webhook endpoint")."""
    delivery = platform.webhooks.post([])
    body = {
        "success": delivery.accepted,
        "timestamp": delivery.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "statusCode": delivery.status or 0,
        "reason": REASONS[delivery.reason],
        "detail": delivery.detail,
    }
    return ApiAnswer(body)


ROUTES = (
    Route("GET", "/v2/bot/profile/<user_id>", "profile", profile),
    Route("GET", "/v2/bot/info", "info", info),
    Route("GET", "/v2/bot/followers/ids", "followers/ids", followers),
    Route("POST", "/v2/bot/chat/loading/start", "loading", loading),
    Route("POST", "/v2/bot/chat/markAsRead", "mark_as_read", mark_as_read),
    Route("GET", "/v2/bot/message/<message_id>/content", "content", content),
    Route("POST", "/v2/bot/user/<user_id>/linkToken", "link_token", link_token),
    Route("POST", "/v2/bot/group/<group_id>/leave", "group/leave", leave_group),
    Route("GET", "/v2/bot/insight/message/event/aggregation", "insight/aggregation", aggregation),
    Route("GET", "/v2/bot/channel/webhook/endpoint", "webhook/endpoint:get", get_endpoint),
    Route("PUT", "/v2/bot/channel/webhook/endpoint", "webhook/endpoint:set", set_endpoint),
    Route("POST", "/v2/bot/channel/webhook/test", "webhook/test", webhook_test, locked=False),
)
