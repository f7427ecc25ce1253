"""Sending: reply tokens, retry keys, who receives, what it costs."""

import json
import uuid

import pytest
from linebot.v3.messaging import (
    ApiException,
    BroadcastRequest,
    MulticastRequest,
    NarrowcastRequest,
    PushMessageRequest,
    ReplyMessageRequest,
    TextMessage,
)
from linebot.v3.messaging.models import Limit

HELLO = [TextMessage(text="สวัสดี")]
GROUP = "C" + "b" * 32
STRANGER = "U" + "9" * 32


def reply(line, event):
    return line.api.reply_message(
        ReplyMessageRequest(replyToken=event["replyToken"], messages=HELLO)
    )


def push(line, to, key=None):
    return line.api.push_message(
        PushMessageRequest(to=to, messages=HELLO), x_line_retry_key=key, _request_timeout=10
    )


def refused(call, status, message):
    with pytest.raises(ApiException) as caught:
        call()
    assert caught.value.status == status
    assert json.loads(caught.value.body)["message"] == message
    return caught.value


def texts(platform, person):
    return [bubble.text for bubble in platform.room(person.user_id)]


def test_a_reply_is_free_and_seen(platform, line, mali):
    answer = reply(line, platform.text(mali.user_id, "hi"))
    bubble = platform.room(mali.user_id)[-1]
    assert (bubble.who, bubble.via, bubble.text) == ("bot", "reply", "สวัสดี")
    assert bubble.free
    assert answer.sent_messages[0].id == bubble.message_id
    assert answer.sent_messages[0].quote_token
    assert (platform.free, platform.paid) == (1, 0)


def test_a_reply_token_works_once(platform, line, mali):
    event = platform.text(mali.user_id, "hi")
    reply(line, event)
    refused(lambda: reply(line, event), 400, "Invalid reply token")


def test_an_unknown_reply_token(line):
    refused(lambda: reply(line, {"replyToken": "f" * 32}), 400, "Invalid reply token")


@pytest.mark.parametrize(("age", "works"), [(60, True), (61, False)])
def test_a_reply_token_lives_a_minute(platform, line, clock, mali, age, works):
    event = platform.text(mali.user_id, "hi")
    clock.advance(age)
    if works:
        assert reply(line, event).sent_messages
    else:
        refused(lambda: reply(line, event), 400, "Invalid reply token")


@pytest.mark.parametrize(("minutes", "works"), [(2, True), (20, True), (20.1, False)])
def test_a_redelivery_renews_the_token_for_20_minutes(platform, line, clock, mali, minutes, works):
    event = platform.text(mali.user_id, "hi")
    clock.advance(minutes * 60)
    platform.redeliver(event)
    clock.advance(59)
    if works:
        assert reply(line, event).sent_messages
    else:
        refused(lambda: reply(line, event), 400, "Invalid reply token")


def test_a_redelivery_does_not_renew_a_used_token(platform, line, mali):
    event = platform.text(mali.user_id, "hi")
    reply(line, event)
    platform.redeliver(event)
    refused(lambda: reply(line, event), 400, "Invalid reply token")


def test_a_held_event_starts_its_minute_when_it_arrives(platform, line, clock, mali):
    event = platform.text(mali.user_id, "hi", deliver_now=False)
    clock.advance(120)
    platform.send_events([event])
    assert reply(line, event).sent_messages


def test_a_refused_reply_leaves_the_token(platform, line, mali):
    event = platform.text(mali.user_id, "hi")
    too_long = {"replyToken": event["replyToken"], "messages": [{"type": "text", "text": ""}]}
    assert line.raw("POST", "/v2/bot/message/reply", json=too_long).status == 400
    assert reply(line, event).sent_messages


def test_an_accepted_retry_key_answers_409(platform, line, clock, mali):
    key = str(uuid.uuid4())
    first = line.api.push_message_with_http_info(
        PushMessageRequest(to=mali.user_id, messages=HELLO), x_line_retry_key=key
    )
    clock.advance(24 * 3600 - 1)
    words = "The retry key is already accepted"
    error = refused(lambda: push(line, mali.user_id, key), 409, words)
    assert error.headers["x-line-accepted-request-id"] == first.headers["x-line-request-id"]
    assert error.headers["x-line-request-id"] != first.headers["x-line-request-id"]
    assert json.loads(error.body)["sentMessages"][0]["id"] == first.data.sent_messages[0].id
    assert texts(platform, mali) == ["สวัสดี"]
    assert platform.paid == 1


def test_after_24_hours_the_same_key_sends_again(platform, line, clock, mali):
    key = str(uuid.uuid4())
    push(line, mali.user_id, key)
    clock.advance(24 * 3600)
    push(line, mali.user_id, key)
    assert len(texts(platform, mali)) == 2


def test_only_an_accepted_request_locks_its_key(platform, line, mali):
    key = str(uuid.uuid4())
    platform.faults.add("push", "500")
    with pytest.raises(ApiException):
        push(line, mali.user_id, key)
    assert push(line, mali.user_id, key).sent_messages


@pytest.mark.parametrize("key", ["", "abc", "123e4567e89b12d3a456426614174000", "g" * 36])
def test_a_retry_key_is_a_uuid(line, mali, key):
    body = {"to": mali.user_id, "messages": [{"type": "text", "text": "hi"}]}
    answer = line.raw("POST", "/v2/bot/message/push", json=body, headers={"X-Line-Retry-Key": key})
    assert answer.status == 400


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v2/bot/message/reply"),
        ("POST", "/v2/bot/message/validate/push"),
        ("GET", "/v2/bot/info"),
    ],
)
def test_other_endpoints_refuse_a_retry_key(line, method, path):
    headers = {"X-Line-Retry-Key": str(uuid.uuid4())}
    body = {} if method == "POST" else None
    answer = line.raw(method, path, json=body, headers=headers)
    assert answer.status == 400
    assert "X-Line-Retry-Key" in answer.json()["message"]


@pytest.mark.parametrize("kind", ["multicast", "broadcast", "narrowcast"])
def test_retry_keys_of_the_other_sends(platform, line, mali, kind):
    body = {"messages": [{"type": "text", "text": "hi"}]}
    if kind == "multicast":
        body["to"] = [mali.user_id]
    headers = {"X-Line-Retry-Key": str(uuid.uuid4())}
    path = f"/v2/bot/message/{kind}"
    assert line.raw("POST", path, json=body, headers=headers).status in {200, 202}
    again = line.raw("POST", path, json=body, headers=headers)
    assert again.status == 409
    assert "sentMessages" not in again.json()
    assert platform.paid == 1


def test_the_blocked_and_strangers_get_nothing_and_cost_nothing(platform, line, mali):
    platform.unfollow(mali.user_id)
    for user_id in (mali.user_id, STRANGER):
        assert push(line, user_id).sent_messages
    line.api.multicast(MulticastRequest(to=[mali.user_id, STRANGER], messages=HELLO))
    assert platform.room(mali.user_id) == []
    assert platform.paid == 0


def test_a_stranger_who_wrote_can_be_pushed_to_for_a_week(platform, line, clock):
    ben = platform.add_person("Ben", "en")
    platform.text(ben.user_id, "hello")
    clock.advance(7 * 86400)
    push(line, ben.user_id)
    clock.advance(1)
    push(line, ben.user_id)
    assert texts(platform, ben) == ["hello", "สวัสดี"]
    assert platform.paid == 1


def test_the_quota_counts_people_not_messages(platform, line, mali):
    ben = platform.add_person("Ben", "en")
    platform.follow(ben.user_id)
    to = [mali.user_id, ben.user_id, mali.user_id]
    line.api.multicast(MulticastRequest(to=to, messages=HELLO * 5))
    assert platform.paid == 2
    assert line.api.get_message_quota_consumption().total_usage == 2
    assert line.api.get_message_quota().value == 300
    line.api.broadcast(BroadcastRequest(messages=HELLO))
    assert platform.paid == 4


def test_a_send_over_the_quota_reaches_nobody(platform, line, mali):
    ben = platform.add_person("Ben", "en")
    platform.follow(ben.user_id)
    platform.usage.quota = 1
    request = MulticastRequest(to=[mali.user_id, ben.user_id], messages=HELLO)
    refused(lambda: line.api.multicast(request), 429, "You have reached your monthly limit.")
    assert platform.room(mali.user_id) == []
    push(line, mali.user_id)
    refused(lambda: push(line, mali.user_id), 429, "You have reached your monthly limit.")
    assert reply(line, platform.text(mali.user_id, "hi")).sent_messages


def test_the_quota_begins_anew_with_the_month(platform, line, clock, mali):
    platform.usage.quota = 1
    push(line, mali.user_id)
    clock.advance(8 * 86400)
    push(line, mali.user_id)
    assert platform.paid == 1


def test_without_a_quota(platform, line):
    platform.usage.quota = None
    assert line.api.get_message_quota().type.value == "none"


def test_a_push_to_a_group_counts_its_members(platform, line, mali):
    platform.join(GROUP)
    ben = platform.add_person("Ben", "en")
    for person in (mali, ben):
        platform.group_text(GROUP, person.user_id, "hi")
    push(line, GROUP)
    assert platform.paid == 2
    assert platform.room(GROUP)[-1].text == "สวัสดี"
    line.api.leave_group(GROUP)
    push(line, GROUP)
    assert platform.paid == 2


@pytest.mark.parametrize("to", ["mali", "U" + "F" * 32, "U" + "a" * 31, "@line-id", 7])
def test_a_bad_recipient(line, mali, to):
    body = {"to": to, "messages": [{"type": "text", "text": "hi"}]}
    answer = line.raw("POST", "/v2/bot/message/push", json=body)
    words = "The property, 'to', in the request body is invalid (line: -, column: -)"
    assert (answer.status, answer.json()["message"]) == (400, words)


@pytest.mark.parametrize(
    ("to", "words"),
    [
        ([], "The request body has 1 error(s)"),
        (["U" + "a" * 32] * 501, "The request body has 1 error(s)"),
        (["U" + "a" * 32, GROUP], "The property, 'to[1]', in the request body is invalid"),
        ("U" + "a" * 32, "The property, 'to', in the request body is invalid"),
    ],
)
def test_bad_recipients_of_a_multicast(platform, line, mali, to, words):
    body = {"to": to, "messages": [{"type": "text", "text": "hi"}]}
    answer = line.raw("POST", "/v2/bot/message/multicast", json=body)
    assert answer.status == 400
    assert answer.json()["message"].startswith(words)
    assert platform.paid == 0


def test_500_recipients_are_allowed(line, mali):
    request = MulticastRequest(to=[mali.user_id] * 500, messages=HELLO)
    assert line.api.multicast(request) is not None


def test_a_narrowcast_is_accepted_and_reports_progress(platform, line, mali):
    answer = line.api.narrowcast_with_http_info(
        NarrowcastRequest(messages=HELLO, limit=Limit(max=1))
    )
    assert answer.status_code == 202
    progress = line.api.get_narrowcast_progress(answer.headers["x-line-request-id"])
    assert (progress.phase, progress.success_count) == ("succeeded", 1)


def test_counts_of_a_day_are_ready_on_the_next_in_utc_plus_9(platform, line, clock, mali):
    push(line, mali.user_id)
    today = "20261123"
    assert line.api.get_number_of_sent_push_messages(today).status == "unready"
    clock.advance(12 * 3600)  # 00:00 in UTC+9
    ready = line.api.get_number_of_sent_push_messages(today)
    assert (ready.status, ready.success) == ("ready", 1)
    assert line.raw("GET", "/v2/bot/message/delivery/push?date=yesterday").status == 400


def test_the_ledger_remembers_each_call(platform, line, mali):
    key = str(uuid.uuid4())
    push(line, mali.user_id, key)
    call = platform.calls[-1]
    assert (call.method, call.endpoint, call.status) == ("POST", "push", 200)
    assert call.path == "/v2/bot/message/push"
    assert call.retry_key == key
    assert call.body["to"] == mali.user_id
    assert call.at == platform.clock()
    assert platform.room(mali.user_id)[-1].request_id == call.request_id
