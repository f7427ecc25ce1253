"""The phone: what a tap does, and what the page may and may not."""

import json

import pytest
from flask import Flask

from simulator.page import NavigationLink, create_simulator_blueprint


def heard(listener):
    return json.loads(listener.heard[-1][0])["events"][0]


def test_a_tapped_postback_shows_its_display_text(platform, listener, mali):
    platform.tap(
        mali.user_id,
        {
            "type": "postback",
            "label": "x",
            "data": "a=1",
            "displayText": "ขอดู",
            "inputOption": "openKeyboard",
        },
    )
    assert heard(listener)["postback"] == {"data": "a=1"}
    bubble = platform.room(mali.user_id)[-1]
    assert (bubble.who, bubble.text, bubble.event_id) == (
        "person",
        "ขอดู",
        heard(listener)["webhookEventId"],
    )
    assert bubble.read


def test_a_tapped_message_is_said(platform, listener, mali):
    platform.tap(mali.user_id, {"type": "message", "label": "x", "text": "เมนู"})
    assert heard(listener)["message"]["text"] == "เมนู"
    assert platform.room(mali.user_id)[-1].text == "เมนู"


def test_links_and_clipboard_stay_on_the_phone(platform, listener, mali):
    before = len(listener.heard)
    uri = platform.tap(mali.user_id, {"type": "uri", "label": "x", "uri": "https://example.com"})
    copied = platform.tap(mali.user_id, {"type": "clipboard", "clipboardText": "abc"})
    assert (uri, copied) == ("https://example.com", "abc")
    assert platform.opened == [(mali.user_id, "https://example.com")]
    assert platform.copied == [(mali.user_id, "abc")]
    assert len(listener.heard) == before


@pytest.mark.parametrize(
    ("mode", "value"), [("date", "2026-12-05"), ("time", "10:00"), ("datetime", "2026-12-05T10:00")]
)
def test_the_date_picker(platform, listener, mali, mode, value):
    action = {"type": "datetimepicker", "label": "x", "data": "d", "mode": mode}
    platform.tap(mali.user_id, action, value)
    assert heard(listener)["postback"] == {"data": "d", "params": {mode: value}}


def test_switching_to_a_menu_that_is_not_there(platform, listener, mali):
    platform.tap(mali.user_id, {"type": "richmenuswitch", "richMenuAliasId": "b", "data": "s"})
    assert heard(listener)["postback"]["params"] == {
        "newRichMenuAliasId": "b",
        "status": "RICHMENU_ALIAS_ID_NOTFOUND",
    }


@pytest.mark.parametrize(
    ("kind", "content"), [("camera", "image"), ("cameraRoll", "image"), ("location", "location")]
)
def test_camera_and_location(platform, listener, mali, kind, content):
    platform.tap(mali.user_id, {"type": kind, "label": "x"})
    assert heard(listener)["message"]["type"] == content


def test_an_unknown_tap(platform, mali):
    with pytest.raises(ValueError, match="no such action"):
        platform.tap(mali.user_id, {"type": "fly"})


@pytest.fixture
def browser(platform):
    mailbox = NavigationLink("/simulator/mailbox", "กล่องจดหมาย", "Mailbox")
    app = Flask(__name__)
    app.register_blueprint(create_simulator_blueprint(platform, (mailbox,)))
    return app.test_client()


def test_the_page_stands_without_inline_code(browser):
    page = browser.get("/simulator")
    assert page.status_code == 200
    assert "'unsafe-inline'" not in page.headers["Content-Security-Policy"]
    assert " style=" not in page.text
    assert "onclick" not in page.text
    assert "กล่องจดหมาย" in page.text
    for name in ("phone.js", "flex.js", "bubbles.js", "elements.js", "simulator.css"):
        answer = browser.get(f"/simulator/static/{name}")
        assert answer.status_code == 200
        assert "innerHTML" not in answer.text
        answer.close()


def test_the_state_tells_only_what_changed(platform, browser, mali):
    platform.text(mali.user_id, "hi")
    state = browser.get(f"/simulator/api/state?person={mali.user_id}").json
    assert state["bubbles"][0]["message"]["text"] == "hi"
    assert state["people"][0]["name"] == "มะลิ"
    same = browser.get(
        f"/simulator/api/state?person={mali.user_id}&version={state['version']}"
    ).json
    assert same == {"version": state["version"], "loading": False}
    platform.text(mali.user_id, "again")
    later = browser.get(
        f"/simulator/api/state?person={mali.user_id}&version={state['version']}"
    ).json
    assert len(later["bubbles"]) == 2


def test_acting_from_the_page(platform, browser, listener, mali):
    added = browser.post("/simulator/api/people", json={"name": "Ben", "language": "en"}).json
    ben = platform.person(added["result"])
    assert (ben.name, ben.language) == ("Ben", "en")
    person = ben.user_id
    for act in ("follow", "sticker", "image", "audio", "video", "location", "block"):
        answer = browser.post("/simulator/api/act", json={"person": person, "act": act})
        assert answer.status_code == 200
    assert ben.blocked
    refused = browser.post("/simulator/api/text", json={"person": person, "text": "hi"})
    assert refused.status_code == 409
    action = {"type": "postback", "data": "a=1"}
    browser.post("/simulator/api/tap", json={"person": mali.user_id, "action": action})
    assert heard(listener)["postback"]["data"] == "a=1"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("people", {"name": " "}),
        ("people", {"name": "x", "language": "fr"}),
        ("text", {"person": "U1", "text": " "}),
        ("text", {"person": "U1", "text": "x"}),
        ("act", {"person": "U1", "act": "fly"}),
        ("tap", {"person": "U1", "action": "fly"}),
        ("lever", {"person": "U1", "lever": "fly"}),
        ("lever", {"person": "U1", "lever": "redeliver"}),
        ("lever", {"person": "U1", "lever": "unsend"}),
    ],
)
def test_the_page_says_why_not(browser, path, body):
    answer = browser.post(f"/simulator/api/{path}", json=body)
    assert answer.status_code == 409
    assert answer.json["error"]


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({"json": {}, "headers": {"Origin": "https://evil.example"}}, 403),
        ({"json": {}, "headers": {"Origin": "null"}}, 403),
        ({"json": {}, "headers": {"Sec-Fetch-Site": "cross-site"}}, 403),
        ({"data": "{}", "content_type": "text/plain"}, 415),
        ({"data": {"lever": "clear"}}, 415),
        ({"data": "[", "content_type": "application/json"}, 400),
        ({"json": {"lever": "clear"}, "headers": {"Origin": "http://localhost"}}, 200),
    ],
)
def test_only_the_page_itself_may_act(browser, options, status):
    assert browser.post("/simulator/api/lever", **options).status_code == status


@pytest.mark.parametrize("path", ["people", "text", "act", "tap", "lever"])
def test_a_get_changes_nothing(browser, path):
    assert browser.get(f"/simulator/api/{path}").status_code == 405


def test_the_levers(platform, browser, listener, mali):
    def pull(lever, **more):
        body = {"person": mali.user_id, "lever": lever, **more}
        assert browser.post("/simulator/api/lever", json=body).status_code == 200

    event = platform.text(mali.user_id, "hi")
    pull("redeliver")
    assert heard(listener)["webhookEventId"] == event["webhookEventId"]
    assert heard(listener)["deliveryContext"] == {"isRedelivery": True}
    before = len(listener.heard)
    pull("twice")
    platform.text(mali.user_id, "two")
    platform.text(mali.user_id, "one")
    assert len(listener.heard) == before + 3
    pull("unsend")
    assert heard(listener)["type"] == "unsend"
    for lever in (
        "500",
        "500-after-accept",
        "409",
        "429-rate",
        "429-quota",
        "lost-response",
        "hang",
    ):
        pull(lever, endpoint="push")
    pull("late-token")
    assert [fault.kind for fault in platform.faults.armed] == [
        "500",
        "500_after_accept",
        "409",
        "429_rate",
        "429_quota",
        "lost_response",
        "hang",
        "token_expired",
    ]
    pull("latency", seconds=2.5)
    assert platform.latency == 2.5
    pull("clear")
    assert platform.faults.armed == []
    assert platform.latency == 0
    pull("hold")
    platform.text(mali.user_id, "a")
    platform.text(mali.user_id, "b")
    pull("release-reversed")
    assert heard(listener)["message"]["text"] == "a"


def test_a_menu_picture_needs_a_menu(browser):
    assert browser.get("/simulator/api/richmenu/none").status_code == 404
