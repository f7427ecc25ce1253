"""Webhooks: signed over the raw bytes, complete, and delivered as LINE delivers them."""

import http.server
import json
import threading
from collections.abc import Callable, Iterator

import pytest
from linebot.v3 import WebhookParser
from linebot.v3.webhooks import (
    AudioMessageContent,
    FollowEvent,
    ImageMessageContent,
    JoinEvent,
    LocationMessageContent,
    MessageEvent,
    PostbackEvent,
    StickerMessageContent,
    TextMessageContent,
    UnfollowEvent,
    UnsendEvent,
    VideoMessageContent,
)

from simulator.delivery import http_deliver
from simulator.platform import Platform
from simulator.webhooks import sign

SECRET = "8c570fa6dd201bb328f1c1eac23a96d8"
GROUP = "C" + "a" * 32


def test_the_published_test_vector():
    body = b'{"destination":"U8e742f61d673b39c7fff3cecb7536ef0","events":[]}'
    assert sign(SECRET, body) == "GhRKmvmHys4Pi8DxkF4+EayaH0OqtJtaZxgTD9fMDLs="


def group_text(platform: Platform, user_id: str) -> None:
    platform.join(GROUP, deliver_now=False)
    platform.group_text(GROUP, user_id, "สวัสดีทุกคน")


def unsend(platform: Platform, user_id: str) -> None:
    said = platform.text(user_id, "อุ๊ย", deliver_now=False)
    platform.unsend(user_id, said["message"]["id"])


HAPPENINGS: list[tuple[Callable[[Platform, str], object], type, type | None]] = [
    (lambda p, u: p.follow(u), FollowEvent, None),
    (lambda p, u: p.unfollow(u), UnfollowEvent, None),
    (lambda p, u: p.text(u, "สวัสดี 👋"), MessageEvent, TextMessageContent),
    (lambda p, u: p.sticker(u), MessageEvent, StickerMessageContent),
    (lambda p, u: p.image(u), MessageEvent, ImageMessageContent),
    (lambda p, u: p.images(u, 2), MessageEvent, ImageMessageContent),
    (lambda p, u: p.audio(u), MessageEvent, AudioMessageContent),
    (lambda p, u: p.video(u), MessageEvent, VideoMessageContent),
    (lambda p, u: p.location(u), MessageEvent, LocationMessageContent),
    (lambda p, u: p.postback(u, "a=1", {"date": "2026-12-05"}), PostbackEvent, None),
    (unsend, UnsendEvent, None),
    (lambda p, u: p.join(GROUP), JoinEvent, None),
    (group_text, MessageEvent, TextMessageContent),
]


@pytest.mark.parametrize(("happen", "event_class", "content_class"), HAPPENINGS)
def test_every_event_is_complete(platform, mali, listener, happen, event_class, content_class):
    happen(platform, mali.user_id)
    body, headers = listener.heard[-1]
    [event] = WebhookParser(SECRET).parse(body.decode(), headers["X-Line-Signature"])
    assert type(event) is event_class
    if content_class is not None:
        assert type(event.message) is content_class
        assert event.message.mark_as_read_token
    assert len(event.webhook_event_id) == 26
    answerable = event_class not in {UnfollowEvent, UnsendEvent}
    assert bool(getattr(event, "reply_token", None)) is answerable
    payload = json.loads(body)
    assert payload["destination"] == platform.bot_user_id
    assert payload["events"][0]["timestamp"] == int(platform.clock().timestamp() * 1000)


def test_headers_are_lines(platform, mali, listener):
    platform.text(mali.user_id, "hi")
    body, headers = listener.heard[-1]
    assert headers == {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "LineBotWebhook/2.0",
        "X-Line-Signature": platform.sign(body),
    }


def test_following_again_after_a_block_says_so(platform, mali):
    platform.unfollow(mali.user_id)
    assert mali.blocked
    assert not mali.friend
    assert platform.follow(mali.user_id)["follow"] == {"isUnblocked": True}
    assert platform.follow(mali.user_id)["follow"] == {"isUnblocked": False}


def test_who_has_blocked_the_bot_cannot_write(platform, mali):
    platform.unfollow(mali.user_id)
    with pytest.raises(ValueError, match="unblock"):
        platform.text(mali.user_id, "hi")


def test_one_webhook_may_carry_events_of_several_people(platform, mali, listener):
    ben = platform.add_person("Ben", "en")
    events = [
        platform.text(mali.user_id, "หนึ่ง", deliver_now=False),
        platform.follow(ben.user_id, deliver_now=False),
    ]
    heard = len(listener.heard)
    platform.send_events(events)
    assert len(listener.heard) == heard + 1
    sources = [event["source"]["userId"] for event in json.loads(listener.heard[-1][0])["events"]]
    assert sources == [mali.user_id, ben.user_id]


def test_a_redelivery_differs_in_one_flag_only(platform, mali, listener):
    event = platform.text(mali.user_id, "hi")
    platform.redeliver(event)
    first, again = (json.loads(body)["events"][0] for body, _ in listener.heard[-2:])
    assert again.pop("deliveryContext") == {"isRedelivery": True}
    assert first.pop("deliveryContext") == {"isRedelivery": False}
    assert again == first


def test_held_deliveries_come_out_in_reverse(platform, mali, listener):
    heard = len(listener.heard)
    platform.webhooks.holding = True
    platform.text(mali.user_id, "หนึ่ง")
    platform.text(mali.user_id, "สอง")
    assert len(listener.heard) == heard
    platform.webhooks.release(reverse=True)
    texts = [json.loads(body)["events"][0]["message"]["text"] for body, _ in listener.heard[heard:]]
    assert texts == ["สอง", "หนึ่ง"]
    platform.text(mali.user_id, "สาม")
    assert len(listener.heard) == heard + 3


def test_a_standby_event_has_no_reply_token(platform, mali):
    platform.mode = "standby"
    event = platform.text(mali.user_id, "hi")
    assert event["mode"] == "standby"
    assert "replyToken" not in event


def test_people_keep_their_id_over_a_restart(platform, mali, clock):
    again = Platform(clock=clock, channel_secret="s", access_token="t")
    assert again.add_person("มะลิ").user_id == mali.user_id
    with pytest.raises(ValueError, match="already here"):
        again.add_person("มะลิ")


class _Bot(http.server.BaseHTTPRequestHandler):
    seen: list[tuple[dict[str, str], bytes]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.seen.append((dict(self.headers), body))
        self.send_response(200 if self.path == "/line/webhook" else 500)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def bot_url() -> Iterator[str]:
    _Bot.seen = []
    server = http.server.HTTPServer(("127.0.0.1", 0), _Bot)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_delivery_over_http(platform, mali, bot_url):
    platform.deliver = http_deliver(f"{bot_url}/line/webhook")
    platform.text(mali.user_id, "ทดสอบ")
    headers, body = _Bot.seen[-1]
    assert headers["X-Line-Signature"] == platform.sign(body)
    assert platform.deliveries[-1].status == 200
    platform.deliver = http_deliver(f"{bot_url}/wrong")
    platform.text(mali.user_id, "ทดสอบ")
    assert (platform.deliveries[-1].status, platform.deliveries[-1].reason) == (
        500,
        "error_status_code",
    )


def test_a_silent_or_absent_bot_is_reported(platform, mali):
    def too_slow(body: bytes, headers: dict[str, str]) -> int:
        raise TimeoutError

    def absent(body: bytes, headers: dict[str, str]) -> int:
        raise ConnectionRefusedError

    for deliver, reason in ((too_slow, "request_timeout"), (absent, "could_not_connect")):
        platform.deliver = deliver
        platform.text(mali.user_id, "hi")
        assert platform.deliveries[-1].reason == reason
        assert not platform.room(mali.user_id)[-1].read
    platform.deliver = None
    platform.text(mali.user_id, "hi")
    assert platform.deliveries[-1].reason == "could_not_connect"


def test_the_lock_is_free_while_the_bot_answers(platform, mali):
    answers: list[int] = []

    def answering(body: bytes, headers: dict[str, str]) -> int:
        other = threading.Thread(target=lambda: answers.append(platform.free))
        other.start()
        other.join(5)
        return 200

    platform.deliver = answering
    platform.text(mali.user_id, "hi")
    assert answers == [0]
