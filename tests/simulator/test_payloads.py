"""What LINE refuses in a payload, though the SDK lets it through."""

import copy

import pytest

from simulator.characters import utf16_units
from simulator.messages import refuse_quotes
from simulator.problems import Problems
from tests.simulator.payloads import (
    GRADIENT,
    RICH,
    URL,
    act,
    box,
    bubble,
    button,
    buttons,
    carousel,
    chips,
    column,
    flex,
    found,
    paths,
    template,
    text,
)

GOOD = {
    "text of 5000 units": text("ก" * 5000),
    "emoji": text("$ hi", emojis=[{"index": 0, "productId": "a", "emojiId": "1"}]),
    "text v2": {
        "type": "textV2",
        "text": "{a} hi",
        "substitution": {"a": {"type": "emoji", "productId": "a", "emojiId": "1"}},
    },
    "rich flex": flex(RICH),
    "empty box": flex(bubble(box())),
    "video hero": flex(
        {
            "type": "bubble",
            "size": "mega",
            "hero": {
                "type": "video",
                "url": URL,
                "previewUrl": URL,
                "altContent": {"type": "image", "url": URL},
                "aspectRatio": "20:13",
            },
        }
    ),
    "12 bubbles": flex({"type": "carousel", "contents": [bubble(text()) for _ in range(12)]}),
    "13 chips": chips(*[act()] * 13),
    "camera chip": chips(act("camera"), act("cameraRoll"), act("location")),
    "buttons": buttons(title="หัว", thumbnailImageUrl=URL, actions=[act()] * 4),
    "confirm": template(type="confirm", text="ใช่ไหม", actions=[act(), act("postback")]),
    "carousel": carousel(*[column()] * 10),
    "image carousel": template(
        type="image_carousel", columns=[{"imageUrl": URL, "action": act(label="ดู")}]
    ),
    "sticker": {"type": "sticker", "packageId": "1", "stickerId": "2"},
    "image": {"type": "image", "originalContentUrl": URL, "previewImageUrl": URL},
    "video": {"type": "video", "originalContentUrl": URL, "previewImageUrl": URL},
    "audio": {"type": "audio", "originalContentUrl": URL, "duration": 60000},
    "location": {
        "type": "location",
        "title": "สยาม",
        "address": "กรุงเทพฯ",
        "latitude": 13.7,
        "longitude": 100.5,
    },
    "imagemap": {
        "type": "imagemap",
        "baseUrl": "https://example.com/map",
        "altText": "แผนที่",
        "baseSize": {"width": 1040, "height": 1040},
        "actions": [
            {
                "type": "message",
                "text": "hi",
                "area": {"x": 0, "y": 0, "width": 520, "height": 1040},
            }
        ],
    },
    "sender": text(sender={"name": "ครูพลอย", "iconUrl": URL}),
    "absent is null": text(quickReply=None, sender=None),
    "Thai label of 20 clusters": chips(act(label="ที่" * 20)),
    "flex label of 40 clusters": flex(bubble(button(act(label="น้ำ" * 40)))),
    "tel, line, http": flex(
        bubble(
            button(act("uri", uri="tel:021234567")),
            button(act("uri", uri="line://nv/chat")),
            button(act("uri", uri="http://example.com")),
        )
    ),
}


def test_good_messages():
    told = {name: found(copy.deepcopy(given)) for name, given in GOOD.items()}
    wrong = [f"{name}: {problems}" for name, problems in told.items() if problems]
    assert not wrong, "\n".join(wrong)


M = "messages[0]"
BODY = f"{M}.contents.body.contents[0]"
CHIP = f"{M}.quickReply.items[0].action"
BAD = [
    ({}, f"{M}.type"),
    ("hello", M),
    ({"type": "poem"}, f"{M}.type"),
    (text(""), f"{M}.text"),
    (text(" \n"), f"{M}.text"),
    (text(None), f"{M}.text"),
    (text(7), f"{M}.text"),
    (text("ก" * 5001), f"{M}.text"),
    (text("😀" * 2501), f"{M}.text"),
    (text(colour="red"), f"{M}.colour"),
    (text("hi", emojis=[{"index": 0, "productId": "a", "emojiId": "1"}]), f"{M}.emojis[0].index"),
    (text("$" * 21, emojis=[{"index": 0, "productId": "a", "emojiId": "1"}] * 21), f"{M}.emojis"),
    (text(sender={"name": "x" * 21}), f"{M}.sender.name"),
    (text(sender={"name": "LINE ครู"}), f"{M}.sender.name"),
    (text(sender={"iconUrl": "http://example.com/a.png"}), f"{M}.sender.iconUrl"),
    (chips(), f"{M}.quickReply.items"),
    (chips(*[act()] * 14), f"{M}.quickReply.items"),
    (chips(act(label="ก" * 21)), f"{CHIP}.label"),
    (chips({"type": "message", "text": "hi"}), f"{CHIP}.label"),
    (chips(act(label="")), f"{CHIP}.label"),
    (chips(act(text="")), f"{CHIP}.text"),
    (chips(act(text="ก" * 301)), f"{CHIP}.text"),
    (chips(act("postback", data="")), f"{CHIP}.data"),
    (chips(act("postback", data="x" * 301)), f"{CHIP}.data"),
    (chips(act("postback", displayText="ก" * 301)), f"{CHIP}.displayText"),
    (chips(act("postback", displayText="a", text="b")), f"{CHIP}.text"),
    (chips(act("postback", inputOption="openDoor")), f"{CHIP}.inputOption"),
    (chips(act("postback", fillInText="x")), f"{CHIP}.fillInText"),
    (chips(act("uri", uri="ftp://example.com")), f"{CHIP}.uri"),
    (chips(act("uri", uri="javascript:alert(1)")), f"{CHIP}.uri"),
    (chips(act("uri", uri="example.com")), f"{CHIP}.uri"),
    (chips(act("uri", uri="https://example.com/ a")), f"{CHIP}.uri"),
    (chips(act("uri", uri="https://example.com/" + "a" * 981)), f"{CHIP}.uri"),
    (chips(act("datetimepicker", mode="year")), f"{CHIP}.mode"),
    (chips(act("datetimepicker", initial="2026-12-05T10:00")), f"{CHIP}.initial"),
    (chips(act("datetimepicker", min="1899-12-31")), f"{CHIP}.min"),
    (chips(act("clipboard", clipboardText="x" * 1001)), f"{CHIP}.clipboardText"),
    (chips(act("richmenuswitch", richMenuAliasId="a", data="b")), f"{CHIP}.type"),
    (chips(act("fly")), f"{CHIP}.type"),
    (flex(bubble(text()), alt=None), f"{M}.altText"),
    (flex(bubble(text()), alt=""), f"{M}.altText"),
    (flex(bubble(text()), alt="ก" * 1501), f"{M}.altText"),
    (flex({"type": "box"}), f"{M}.contents.type"),
    (flex({"type": "bubble"}), f"{M}.contents"),
    (flex(bubble(text(), size="huge")), f"{M}.contents.size"),
    (flex(bubble(text(), title="x")), f"{M}.contents.title"),
    (flex({"type": "bubble", "body": text()}), f"{M}.contents.body.type"),
    (flex({"type": "bubble", "hero": button()}), f"{M}.contents.hero.type"),
    (flex(bubble({"type": "spacer"})), f"{BODY}.type"),
    (flex(bubble({"type": "icon", "url": URL})), f"{BODY}.type"),
    (flex(bubble({"type": "video", "url": URL})), f"{BODY}.type"),
    (flex(bubble(text(""))), f"{BODY}.text"),
    (flex(bubble({"type": "text"})), f"{BODY}.text"),
    (flex(bubble({"type": "text", "contents": []})), f"{BODY}.contents"),
    (flex(bubble({"type": "text", "contents": [text()]})), f"{BODY}.contents[0].type"),
    (flex(bubble(text(size="huge"))), f"{BODY}.size"),
    (flex(bubble(text(size="12"))), f"{BODY}.size"),
    (flex(bubble(text(weight="700"))), f"{BODY}.weight"),
    (flex(bubble(text(align="left"))), f"{BODY}.align"),
    (flex(bubble(text(gravity="middle"))), f"{BODY}.gravity"),
    (flex(bubble(text(style="oblique"))), f"{BODY}.style"),
    (flex(bubble(text(decoration="blink"))), f"{BODY}.decoration"),
    (flex(bubble(text(color="red"))), f"{BODY}.color"),
    (flex(bubble(text(color="#FFF"))), f"{BODY}.color"),
    (flex(bubble(text(wrap="true"))), f"{BODY}.wrap"),
    (flex(bubble(text(margin="10"))), f"{BODY}.margin"),
    (flex(bubble(text(maxLines=-1))), f"{BODY}.maxLines"),
    (flex(bubble(text(flex=1.5))), f"{BODY}.flex"),
    (flex(bubble(text(bold=True))), f"{BODY}.bold"),
    (flex(bubble({"type": "box", "layout": "diagonal", "contents": []})), f"{BODY}.layout"),
    (flex(bubble({"type": "box", "contents": []})), f"{BODY}.layout"),
    (flex(bubble({"type": "box", "layout": "vertical"})), f"{BODY}.contents"),
    (flex(bubble(box(spacing="huge"))), f"{BODY}.spacing"),
    (flex(bubble(box(paddingAll="1em"))), f"{BODY}.paddingAll"),
    (flex(bubble(box(cornerRadius="50%"))), f"{BODY}.cornerRadius"),
    (flex(bubble(box(alignItems="range"))), f"{BODY}.alignItems"),
    (flex(bubble(box(background=GRADIENT | {"type": "image"}))), f"{BODY}.background.type"),
    (
        flex(bubble({"type": "box", "layout": "baseline", "contents": [button()]})),
        f"{BODY}.contents[0].type",
    ),
    (flex(bubble({"type": "button"})), f"{BODY}.action"),
    (flex(bubble(button({"type": "uri", "uri": URL}))), f"{BODY}.action.label"),
    (flex(bubble(button(act(label="ก" * 41)))), f"{BODY}.action.label"),
    (flex(bubble(button(style="danger"))), f"{BODY}.style"),
    (flex(bubble(button(height="lg"))), f"{BODY}.height"),
    (flex(bubble(button(act("camera")))), f"{BODY}.action.type"),
    (flex(bubble({"type": "image"})), f"{BODY}.url"),
    (flex(bubble({"type": "image", "url": "http://example.com/a.png"})), f"{BODY}.url"),
    (flex(bubble({"type": "image", "url": URL, "aspectRatio": "1:4"})), f"{BODY}.aspectRatio"),
    (flex(bubble({"type": "image", "url": URL, "aspectMode": "fill"})), f"{BODY}.aspectMode"),
    (flex(bubble({"type": "separator", "height": "1px"})), f"{BODY}.height"),
    (flex(bubble(*[text("ก" * 1000)] * 12)), f"{M}.contents"),
    (flex({"type": "carousel", "contents": []}), f"{M}.contents.contents"),
    (
        flex({"type": "carousel", "contents": [bubble(text())] * 13}),
        f"{M}.contents.contents",
    ),
    (flex({"type": "carousel", "contents": [bubble(text("ก" * 1900))] * 10}), f"{M}.contents"),
    (
        flex({"type": "carousel", "contents": [bubble(text()), bubble(text(), size="kilo")]}),
        f"{M}.contents.contents",
    ),
    (template(type="poem"), f"{M}.template.type"),
    (buttons(actions=[]), f"{M}.template.actions"),
    (buttons(actions=[act()] * 5), f"{M}.template.actions"),
    (buttons(text="ก" * 161), f"{M}.template.text"),
    (buttons(title="หัว", text="ก" * 61), f"{M}.template.text"),
    (buttons(title="ก" * 41), f"{M}.template.title"),
    (buttons(actions=[act(label="ก" * 21)]), f"{M}.template.actions[0].label"),
    (buttons(imageSize="fill"), f"{M}.template.imageSize"),
    (template(type="confirm", text="?", actions=[act()]), f"{M}.template.actions"),
    (template(type="confirm", text="ก" * 241, actions=[act()] * 2), f"{M}.template.text"),
    (carousel(*[column()] * 11), f"{M}.template.columns"),
    (carousel(column(text="ก" * 121)), f"{M}.template.columns[0].text"),
    (carousel(column(title="x", text="ก" * 61)), f"{M}.template.columns[0].text"),
    (carousel(column(actions=[act()] * 4)), f"{M}.template.columns[0].actions"),
    (carousel(column(), column(actions=[act()] * 2)), f"{M}.template.columns"),
    (
        template(type="image_carousel", columns=[{"imageUrl": URL, "action": act(label="ก" * 13)}]),
        f"{M}.template.columns[0].action.label",
    ),
    ({"type": "sticker", "packageId": "1"}, f"{M}.stickerId"),
    ({"type": "image", "originalContentUrl": URL}, f"{M}.previewImageUrl"),
    (
        {"type": "image", "originalContentUrl": "http://a.example/x", "previewImageUrl": URL},
        f"{M}.originalContentUrl",
    ),
    ({"type": "audio", "originalContentUrl": URL}, f"{M}.duration"),
    ({**GOOD["location"], "latitude": 91}, f"{M}.latitude"),
    ({**GOOD["location"], "title": "ก" * 101}, f"{M}.title"),
    ({**GOOD["imagemap"], "baseSize": {"width": 700, "height": 700}}, f"{M}.baseSize.width"),
    ({**GOOD["imagemap"], "actions": GOOD["imagemap"]["actions"] * 51}, f"{M}.actions"),
]


def test_bad_messages():
    wrong = [
        f"{number}: {path} is not what is found: {told}: {given}"
        for number, (given, path) in enumerate(BAD)
        if (told := paths(copy.deepcopy(given))) != {path}
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(("count", "good"), [(0, False), (1, True), (5, True), (6, False)])
def test_one_to_five_messages(count, good):
    assert (found(*[text()] * count) == []) is good


def test_unknown_fields_are_named_as_line_names_them():
    assert found(text(bold=True)) == [("messages[0].bold", "unknown field")]


def test_a_chip_label_counts_what_the_eye_sees():
    assert found(chips(act(label="ที่" * 20))) == []
    assert utf16_units("ที่" * 20) == 60
    assert paths(chips(act(label="ที่" * 21))) == {CHIP + ".label"}


def test_an_answer_lists_every_error(line, mali):
    body = {"to": mali.user_id, "messages": [text(""), text("hi", x=1)], "colour": "red"}
    answer = line.raw("POST", "/v2/bot/message/push", json=body)
    assert answer.status == 400
    assert answer.json() == {
        "message": "The request body has 3 error(s)",
        "details": [
            {"message": "May not be empty", "property": "messages[0].text"},
            {"message": "unknown field", "property": "messages[1].x"},
            {"message": "unknown field", "property": "colour"},
        ],
    }


@pytest.mark.parametrize("kind", ["reply", "push", "multicast", "broadcast", "narrowcast"])
def test_validate_endpoints_send_nothing(platform, line, mali, kind):
    path = f"/v2/bot/message/validate/{kind}"
    assert line.raw("POST", path, json={"messages": [text()]}).status == 200
    assert line.raw("POST", path, json={"messages": [text("")]}).status == 400
    assert platform.room(mali.user_id) == []


def test_quotes_go_with_reply_and_push_only(line, mali):
    quoting = {"messages": [text(quoteToken="q")]}
    for kind, status in {"push": 200, "reply": 200, "multicast": 400, "broadcast": 400}.items():
        path = f"/v2/bot/message/validate/{kind}"
        assert line.raw("POST", path, json=quoting).status == status
    problems = Problems()
    refuse_quotes([text(), text(quoteToken="q")], problems)
    assert [detail["property"] for detail in problems.details] == ["messages[1].quoteToken"]


@pytest.mark.parametrize(
    ("units", "status"),
    [(["class_7"], 200), (["class-7"], 400), (["a", "b"], 400), (["a" * 31], 400)],
)
def test_aggregation_units(line, mali, units, status):
    body = {"to": mali.user_id, "messages": [text()], "customAggregationUnits": units}
    assert line.raw("POST", "/v2/bot/message/push", json=body).status == status
