"""The edges of the API: tokens, sizes, rates, unknown paths and faults on purpose."""

import base64
import json
import uuid

import pytest
import urllib3.exceptions
from linebot.v3.messaging import ApiException, PushMessageRequest, TextMessage
from linebot.v3.oauth import ApiClient as OAuthClient
from linebot.v3.oauth import ChannelAccessToken
from linebot.v3.oauth import Configuration as OAuthConfiguration

from simulator.problems import ApiError
from simulator.rates import Rate, RateLimits
from tests.simulator.conftest import SECRET, TOKEN, Line

HELLO = [TextMessage(text="สวัสดี")]


def push(line, person, key=None):
    return line.api.push_message(
        PushMessageRequest(to=person.user_id, messages=HELLO), x_line_retry_key=key
    )


def fails(line, person, status, key=None):
    with pytest.raises(ApiException) as caught:
        push(line, person, key)
    assert caught.value.status == status
    return caught.value


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", TOKEN])
def test_without_the_right_token(line, authorization):
    answer = line.raw("GET", "/v2/bot/info", headers={"Authorization": authorization})
    assert answer.status == 401
    assert answer.json()["message"].startswith("Authentication failed")
    assert answer.headers["x-line-request-id"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v2/bot/nothing", 404),
        ("POST", "/oauth2/v9/token", 404),
        ("GET", "/v2/bot/message/push", 405),
        ("PUT", "/v2/bot/profile/U1", 405),
    ],
)
def test_unknown_paths_and_methods(line, method, path, status):
    answer = line.raw(method, path)
    assert answer.status == status
    assert set(answer.json()) == {"message"}
    assert answer.headers["x-line-request-id"]


def test_two_megabytes_are_the_end(platform, line):
    body = b'{"messages":"' + b"x" * (2 * 1024 * 1024) + b'"}'
    headers = {"Content-Type": "application/json"}
    answer = line.raw("POST", "/v2/bot/message/broadcast", body=body, headers=headers)
    assert answer.status == 413


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"text"'])
def test_a_body_that_is_not_a_json_object(line, body):
    headers = {"Content-Type": "application/json"}
    answer = line.raw("POST", "/v2/bot/message/push", body=body, headers=headers)
    assert answer.status == 400


def test_a_bucket_holds_a_second_and_fills_with_the_clock(platform, line, clock, mali):
    platform.rates.table["push"] = Rate(2)
    push(line, mali)
    push(line, mali)
    error = fails(line, mali, 429)
    words = "The API rate limit has been exceeded. Try again later."
    assert json.loads(error.body) == {"message": words}
    assert "retry-after" not in {name.lower() for name in error.headers}
    assert line.api.get_bot_info().basic_id  # another endpoint, another bucket
    clock.advance(0.5)
    push(line, mali)
    fails(line, mali, 429)


@pytest.mark.parametrize(
    ("endpoint", "calls", "seconds"),
    [
        ("push", 2000, 1),
        ("reply", 2000, 1),
        ("profile", 2000, 1),
        ("multicast", 200, 1),
        ("loading", 100, 1),
        ("broadcast", 60, 3600),
        ("narrowcast", 60, 3600),
        ("webhook/test", 60, 3600),
        ("richmenu/create", 100, 3600),
        ("richmenu/delete", 100, 3600),
        ("richmenu/list", 10, 1),
    ],
)
def test_published_rates(clock, endpoint, calls, seconds):
    limits = RateLimits()
    for _ in range(calls):
        limits.take(endpoint, clock())
    with pytest.raises(ApiError):
        limits.take(endpoint, clock())
    clock.advance(seconds / calls)
    limits.take(endpoint, clock())
    with pytest.raises(ApiError):
        limits.take(endpoint, clock())


def test_a_retry_counts_against_the_rate(platform, line, mali):
    platform.rates.table["push"] = Rate(2)
    key = str(uuid.uuid4())
    push(line, mali, key)
    fails(line, mali, 409, key)
    fails(line, mali, 429, key)


def test_500_sends_nothing(platform, line, mali):
    platform.faults.add("push", "500")
    fails(line, mali, 500)
    assert platform.room(mali.user_id) == []
    assert platform.calls[-1].fault == "500"
    assert push(line, mali).sent_messages


def test_500_after_accept_has_sent_and_locks_the_key(platform, line, mali):
    key = str(uuid.uuid4())
    platform.faults.add("push", "500_after_accept")
    fails(line, mali, 500, key)
    fails(line, mali, 409, key)
    assert len(platform.room(mali.user_id)) == 1


def test_409_on_purpose_means_it_was_accepted_before(platform, line, mali):
    platform.faults.add("push", "409")
    error = fails(line, mali, 409, str(uuid.uuid4()))
    assert error.headers["x-line-accepted-request-id"]
    assert len(platform.room(mali.user_id)) == 1


@pytest.mark.parametrize(
    ("kind", "words"), [("429_rate", "rate limit"), ("429_quota", "monthly limit")]
)
def test_429_on_purpose(platform, line, mali, kind, words):
    platform.faults.add("/v2/bot/message/push", kind, times=2)
    for _ in range(2):
        assert words in json.loads(fails(line, mali, 429).body)["message"]
    assert push(line, mali).sent_messages


def test_a_lost_response_has_sent(platform, line, mali):
    key = str(uuid.uuid4())
    platform.faults.add("push", "lost_response")
    with pytest.raises(urllib3.exceptions.HTTPError):
        push(line, mali, key)
    assert len(platform.room(mali.user_id)) == 1
    fails(line, mali, 409, key)


def test_a_hanging_call_runs_into_the_callers_timeout(platform, line, mali):
    platform.faults.add("push", "hang", seconds=60)
    request = PushMessageRequest(to=mali.user_id, messages=HELLO)
    with pytest.raises(urllib3.exceptions.HTTPError):
        line.api.push_message(request, _request_timeout=0.05)


def test_token_expired_makes_all_open_tokens_too_old(platform, line, mali):
    event = platform.text(mali.user_id, "hi")
    platform.faults.add("*", "token_expired")
    body = {"replyToken": event["replyToken"], "messages": [{"type": "text", "text": "hi"}]}
    assert line.raw("POST", "/v2/bot/message/reply", json=body).status == 400
    platform.redeliver(event)
    assert line.raw("POST", "/v2/bot/message/reply", json=body).status == 200


def test_latency_holds_every_answer(platform, line, mali):
    platform.latency = 60
    request = PushMessageRequest(to=mali.user_id, messages=HELLO)
    with pytest.raises(urllib3.exceptions.HTTPError):
        line.api.push_message(request, _request_timeout=0.05)


def test_an_unknown_fault_is_refused(platform):
    with pytest.raises(ValueError, match="unknown fault"):
        platform.faults.add("push", "418")


def stateless(line, **form):
    configuration = OAuthConfiguration(host=line.base_url)
    client = OAuthClient(configuration)
    given = {"grant_type": "client_credentials", "client_id": "1234567890"}
    try:
        return ChannelAccessToken(client).issue_stateless_channel_token(
            **(given | {"client_secret": SECRET} | form)
        )
    finally:
        client.rest_client.pool_manager.clear()


def test_a_stateless_token_lives_15_minutes(platform, line, clock):
    issued = stateless(line)
    assert (issued.token_type, issued.expires_in) == ("Bearer", 900)
    other = Line(line.base_url, issued.access_token)
    clock.advance(899)
    assert other.api.get_bot_info().user_id == platform.bot_user_id
    verify = f"/v2/oauth/verify?access_token={issued.access_token}"
    assert line.raw("GET", verify).json()["expires_in"] == 1
    clock.advance(1)
    with pytest.raises(ApiException) as caught:
        other.api.get_bot_info()
    assert caught.value.status == 401
    fields = {"access_token": issued.access_token}
    gone = line.raw("POST", "/v2/oauth/verify", fields=fields, encode_multipart=False)
    assert (gone.status, gone.json()["error"]) == (400, "invalid_request")
    other.close()


def assertion(clock, **claims):
    own = {
        "iss": "1234567890",
        "sub": "1234567890",
        "aud": "https://api.line.me/",
        "exp": int(clock().timestamp()) + 1800,
    } | claims
    payload = base64.urlsafe_b64encode(json.dumps(own).encode()).decode().rstrip("=")
    return f"e30.{payload}.c2ln"


@pytest.mark.parametrize(
    ("claims", "status"),
    [({}, 200), ({"iss": "1"}, 400), ({"exp": 0}, 400), ({"aud": "https://example.com/"}, 400)],
)
def test_a_stateless_token_by_assertion(line, clock, claims, status):
    fields = {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": assertion(clock, **claims),
    }
    answer = line.raw("POST", "/oauth2/v3/token", fields=fields, encode_multipart=False)
    assert answer.status == status


@pytest.mark.parametrize(
    "fields",
    [
        {"grant_type": "password"},
        {"grant_type": "client_credentials"},
        {"grant_type": "client_credentials", "client_id": "1234567890", "client_secret": "no"},
    ],
)
def test_no_token_for_the_wrong_secret(line, fields):
    answer = line.raw("POST", "/oauth2/v3/token", fields=fields, encode_multipart=False)
    assert answer.status == 400
    assert "error" in answer.json()


def test_a_body_nested_beyond_reason(line):
    headers = {"Content-Type": "application/json"}
    body = b'{"messages":' + b"[" * 200_000
    assert line.raw("POST", "/v2/bot/message/broadcast", body=body, headers=headers).status == 400


def test_half_a_character_does_not_stop_the_webhook(platform, listener, mali):
    platform.text(mali.user_id, "\ud83d")
    assert platform.deliveries[-1].accepted
    assert json.loads(listener.heard[-1][0])["events"][0]["message"]["text"] == "?"
