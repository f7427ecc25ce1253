"""Payloads to build on: good ones by default, spoilt by the tests."""

from simulator.messages import messages
from simulator.problems import Problems

URL = "https://example.com/a.png"


def found(*given):
    problems = Problems()
    messages(list(given), "messages", problems)
    return [(detail["property"], detail["message"]) for detail in problems.details]


def paths(*given):
    return {path for path, _ in found(*given)}


def text(words="hi", **more):
    return {"type": "text", "text": words, **more}


def act(kind="message", **more):
    usual = {
        "message": {"label": "ตกลง", "text": "ตกลง"},
        "postback": {"label": "ตกลง", "data": "a=1"},
        "uri": {"label": "เปิด", "uri": "https://example.com"},
        "datetimepicker": {"label": "วัน", "data": "d", "mode": "date"},
        "clipboard": {"label": "คัดลอก", "clipboardText": "x"},
    }.get(kind, {"label": "x"})
    return {"type": kind, **usual, **more}


def chips(*actions):
    return text(quickReply={"items": [{"type": "action", "action": a} for a in actions]})


def box(*contents, **more):
    return {"type": "box", "layout": "vertical", "contents": list(contents), **more}


def bubble(*contents, **more):
    return {"type": "bubble", "body": box(*contents), **more}


def flex(contents, alt="อ่าน"):
    return {"type": "flex", "altText": alt, "contents": contents}


def button(action=None, **more):
    return {"type": "button", "action": action or act(), **more}


def template(**given):
    return {"type": "template", "altText": "อ่าน", "template": given}


def buttons(**more):
    return template(**({"type": "buttons", "text": "เลือก", "actions": [act()]} | more))


def column(**more):
    return {"text": "เลือก", "actions": [act()]} | more


def carousel(*columns):
    return template(type="carousel", columns=list(columns))


GRADIENT = {
    "type": "linearGradient",
    "angle": "90deg",
    "startColor": "#FFFFFF",
    "endColor": "#000000",
}
RICH = {
    "type": "carousel",
    "contents": [
        {
            "type": "bubble",
            "size": "kilo",
            "direction": "ltr",
            "header": box({"type": "text", "text": "หัว", "weight": "bold", "size": "xl"}),
            "hero": {
                "type": "image",
                "url": URL,
                "size": "full",
                "aspectRatio": "20:13",
                "aspectMode": "cover",
                "action": act("uri"),
            },
            "body": box(
                {
                    "type": "box",
                    "layout": "baseline",
                    "spacing": "sm",
                    "contents": [
                        {"type": "icon", "url": URL, "size": "sm"},
                        {"type": "text", "text": "4.0", "color": "#999999", "margin": "4px"},
                        {"type": "filler"},
                    ],
                },
                {
                    "type": "text",
                    "contents": [{"type": "span", "text": "ครู", "color": "#00000080"}],
                },
                {"type": "separator", "margin": "xxl", "color": "#EEEEEE"},
                box(
                    paddingAll="20px",
                    cornerRadius="md",
                    width="50%",
                    height="6px",
                    background=GRADIENT,
                ),
                spacing="md",
                justifyContent="space-between",
            ),
            "footer": box(button(style="primary", height="sm", color="#06C755")),
            "styles": {"footer": {"separator": True, "backgroundColor": "#FFFFFF"}},
        }
    ],
}
