"""The page in a real browser: it draws, it acts, and it fits a phone."""

from collections.abc import Iterator

import pytest
from flask import Flask
from linebot.v3.messaging import (
    FlexContainer,
    FlexMessage,
    MessageAction,
    PushMessageRequest,
    QuickReply,
    QuickReplyItem,
    ShowLoadingAnimationRequest,
    TextMessage,
)
from playwright.sync_api import Page, expect, sync_playwright

from simulator.api import create_line_blueprint
from simulator.page import create_simulator_blueprint
from simulator.server import serve_app
from simulator.wiring import add_cast
from tests.simulator.conftest import Line

pytestmark = pytest.mark.browser
CARD = {
    "type": "bubble",
    "body": {
        "type": "box",
        "layout": "vertical",
        "contents": [{"type": "text", "text": "<b>คอร์สใหม่</b>", "wrap": True, "weight": "bold"}],
    },
    "footer": {
        "type": "box",
        "layout": "vertical",
        "contents": [
            {
                "type": "button",
                "style": "primary",
                "action": {
                    "type": "postback",
                    "label": "ลงทะเบียน",
                    "data": "enrol=1",
                    "displayText": "ลงทะเบียนค่ะ",
                },
            },
            {
                "type": "button",
                "action": {
                    "type": "datetimepicker",
                    "label": "เลือกวัน",
                    "data": "day",
                    "mode": "date",
                },
            },
        ],
    },
}


@pytest.fixture(scope="module")
def chromium() -> Iterator[object]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        yield browser
        browser.close()


@pytest.fixture
def cast(platform):
    return add_cast(platform)


@pytest.fixture
def phone(platform, cast, chromium) -> Iterator[tuple[Page, Line]]:
    app = Flask(__name__)
    app.register_blueprint(create_line_blueprint(platform), url_prefix="/line")
    app.register_blueprint(create_simulator_blueprint(platform))
    complaints: list[str] = []
    with serve_app(app, platform, "127.0.0.1", 0) as base_url:
        line = Line(base_url + "/line")
        page = chromium.new_page(viewport={"width": 1280, "height": 900})
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda said: complaints.append(said.text) if "Content Security" in said.text else None,
        )
        page.goto(f"{base_url}/simulator?person={cast[0].user_id}")
        yield page, line
        page.close()
        line.close()
    assert complaints == []


def push(line, person, *messages):
    line.api.push_message(PushMessageRequest(to=person.user_id, messages=list(messages)))


def test_a_conversation(platform, cast, phone):
    page, line = phone
    mali = cast[0]
    page.get_by_test_id("follow").click()
    expect(page.get_by_test_id("block")).to_be_visible()
    assert mali.friend
    page.get_by_test_id("message-input").fill("สวัสดีค่ะ\n<i>hi</i>")
    page.get_by_test_id("send").click()
    said = page.get_by_test_id("bubble-person").last
    expect(said).to_contain_text("<i>hi</i>")
    expect(said).to_contain_text("อ่านแล้ว")
    chip = QuickReplyItem(action=MessageAction(label="เมนู", text="ขอเมนู"))
    push(line, mali, TextMessage(text="เลือกได้เลย", quickReply=QuickReply(items=[chip])))
    expect(page.get_by_test_id("bubble-bot").last).to_contain_text("เลือกได้เลย")
    expect(page.get_by_test_id("counter-paid")).to_have_text("1")
    expect(page.get_by_test_id("counter-free")).to_have_text("0")
    page.get_by_test_id("quick-reply").click()
    expect(page.get_by_test_id("bubble-person").last).to_contain_text("ขอเมนู")
    expect(page.get_by_test_id("quick-reply")).to_have_count(0)
    line.api.show_loading_animation(
        ShowLoadingAnimationRequest(chatId=mali.user_id, loadingSeconds=5)
    )
    expect(page.get_by_test_id("loading")).to_be_visible()
    page.get_by_test_id("block").click()
    expect(page.get_by_test_id("send")).to_be_disabled()
    assert mali.blocked


def test_a_card_with_buttons(platform, cast, listener, phone):
    page, line = phone
    mali = cast[0]
    platform.follow(mali.user_id)
    push(line, mali, FlexMessage(altText="คอร์ส", contents=FlexContainer.from_dict(CARD)))
    expect(page.get_by_test_id("bubble-bot")).to_contain_text("<b>คอร์สใหม่</b>")
    page.get_by_test_id("flex-button").first.click()
    expect(page.get_by_test_id("bubble-person").last).to_contain_text("ลงทะเบียนค่ะ")
    page.get_by_test_id("flex-button").last.click()
    page.get_by_test_id("picker-value").fill("2026-12-05")
    with page.expect_response("**/api/tap"):
        page.get_by_test_id("picker-ok").click()
    assert platform.webhooks.sent[-1]["postback"] == {
        "data": "day",
        "params": {"date": "2026-12-05"},
    }


def test_levers_and_the_ledger(platform, cast, phone):
    page, line = phone
    page.get_by_test_id("fault-endpoint").select_option("push")
    page.get_by_test_id("lever-500").click()
    expect(page.locator("#armed")).to_contain_text("push → 500")
    body = {"to": cast[0].user_id, "messages": [{"type": "text", "text": "hi"}]}
    assert line.raw("POST", "/v2/bot/message/push", json=body).status == 500
    bad = {"to": cast[0].user_id, "messages": [{"type": "text", "text": ""}]}
    assert line.raw("POST", "/v2/bot/message/push", json=bad).status == 400
    expect(page.get_by_test_id("calls")).to_contain_text("messages[0].text: May not be empty")
    expect(page.locator(".call.bad")).to_have_count(2)


def test_people_and_languages(platform, cast, phone):
    page, _ = phone
    page.get_by_test_id(f"person-{cast[2].user_id}").click()
    expect(page.locator("#chat-as")).to_contain_text("Ben")
    page.get_by_test_id("ui-language").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.get_by_test_id("send")).to_have_text("Send", use_inner_text=True)
    page.get_by_test_id("person-name").fill("น้ำ")
    page.get_by_test_id("person-language").select_option("")
    page.get_by_test_id("add-person").click()
    expect(page.locator("#chat-as")).to_contain_text("น้ำ")
    assert platform.people[-1].language is None


def test_it_fits_a_small_screen(platform, cast, phone):
    page, line = phone
    platform.follow(cast[0].user_id)
    carousel = {"type": "carousel", "contents": [CARD] * 3}
    push(line, cast[0], FlexMessage(altText="คอร์ส", contents=FlexContainer.from_dict(carousel)))
    page.set_viewport_size({"width": 390, "height": 844})
    for view in ("tools", "people", "chat"):
        page.get_by_test_id(f"view-{view}").click()
        assert page.evaluate("document.documentElement.scrollWidth") == 390
    expect(page.get_by_test_id("flex-button").first).to_be_visible()
