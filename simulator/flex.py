"""Flex Messages as LINE checks them: the whole tree, known fields only, and its weight in bytes."""

import json
from collections.abc import Mapping

from simulator.actions import Place, action
from simulator.checks import (
    Check,
    a_list,
    an_object,
    anything,
    as_object,
    aspect_ratio,
    boolean,
    check_fields,
    color,
    https_url,
    integer,
    measure,
    one_of,
    text,
)
from simulator.problems import Problems

BUBBLE_BYTES = 30 * 1024
CAROUSEL_BYTES = 50 * 1024
CAROUSEL_BUBBLES = 12

STEPS = ("none", "xs", "sm", "md", "lg", "xl", "xxl")
SIZES = ("xxs", "xs", "sm", "md", "lg", "xl", "xxl", "3xl", "4xl", "5xl")
gap = measure(*STEPS)
padding = measure(*STEPS, percent=True)
font = measure(*SIZES)
weight = integer(0)
gravity = one_of("top", "bottom", "center")
align = one_of("start", "end", "center")
shrink = one_of("shrink-to-fit")

POSITIONED: Mapping[str, Check] = {
    "margin": gap,
    "position": one_of("relative", "absolute"),
    "offsetTop": padding,
    "offsetBottom": padding,
    "offsetStart": padding,
    "offsetEnd": padding,
}
TYPEFACE: Mapping[str, Check] = {
    "text": text(BUBBLE_BYTES),
    "size": font,
    "color": color,
    "weight": one_of("regular", "bold"),
    "style": one_of("normal", "italic"),
    "decoration": one_of("none", "underline", "line-through"),
}


def _gradient_angle(value: object, path: str, problems: Problems) -> None:
    digits = value.removesuffix("deg") if isinstance(value, str) else ""
    if not digits.replace(".", "", 1).isdigit() or not 0 <= float(digits) < 360:
        problems.add(path, "invalid angle")


gradient = an_object(
    {
        "type": one_of("linearGradient"),
        "angle": _gradient_angle,
        "startColor": color,
        "endColor": color,
        "centerColor": color,
        "centerPosition": measure(pixels=False, percent=True),
    },
    ("type", "angle", "startColor", "endColor"),
)
corner = measure("none", "xs", "sm", "md", "lg", "xl", "xxl")
length = measure(percent=True)

COMPONENTS: Mapping[str, tuple[Mapping[str, Check], tuple[str, ...]]] = {
    "box": (
        {
            **POSITIONED,
            "layout": one_of("horizontal", "vertical", "baseline"),
            "contents": anything,
            "flex": weight,
            "spacing": gap,
            "backgroundColor": color,
            "borderColor": color,
            "borderWidth": measure("none", "light", "normal", "medium", "semi-bold", "bold"),
            "cornerRadius": corner,
            "width": length,
            "maxWidth": length,
            "height": length,
            "maxHeight": length,
            "paddingAll": padding,
            "paddingTop": padding,
            "paddingBottom": padding,
            "paddingStart": padding,
            "paddingEnd": padding,
            "action": action(Place.FLEX),
            "justifyContent": one_of(
                "flex-start", "center", "flex-end", "space-between", "space-around", "space-evenly"
            ),
            "alignItems": one_of("flex-start", "center", "flex-end"),
            "background": gradient,
        },
        ("layout", "contents"),
    ),
    "button": (
        {
            **POSITIONED,
            "action": action(Place.FLEX_BUTTON),
            "flex": weight,
            "color": color,
            "style": one_of("primary", "secondary", "link"),
            "gravity": gravity,
            "height": one_of("sm", "md"),
            "adjustMode": shrink,
            "scaling": boolean,
        },
        ("action",),
    ),
    "image": (
        {
            **POSITIONED,
            "url": https_url(2000),
            "flex": weight,
            "align": align,
            "gravity": gravity,
            "size": measure(*SIZES, "full", percent=True),
            "aspectRatio": aspect_ratio,
            "aspectMode": one_of("fit", "cover"),
            "backgroundColor": color,
            "action": action(Place.FLEX),
            "animated": boolean,
        },
        ("url",),
    ),
    "icon": (
        {
            **POSITIONED,
            "url": https_url(2000),
            "size": font,
            "aspectRatio": aspect_ratio,
            "scaling": boolean,
        },
        ("url",),
    ),
    "text": (
        {
            **POSITIONED,
            **TYPEFACE,
            "contents": anything,
            "flex": weight,
            "align": align,
            "gravity": gravity,
            "wrap": boolean,
            "lineSpacing": measure(),
            "maxLines": integer(0),
            "action": action(Place.FLEX),
            "adjustMode": shrink,
            "scaling": boolean,
        },
        (),
    ),
    "span": (TYPEFACE, ("text",)),
    "separator": ({"margin": gap, "color": color}, ()),
    "filler": ({"flex": weight}, ()),
    "video": (
        {
            "url": https_url(2000),
            "previewUrl": https_url(2000),
            "altContent": anything,
            "aspectRatio": aspect_ratio,
            "action": action(Place.FLEX),
        },
        ("url", "previewUrl", "altContent"),
    ),
}
IN_BOX = ("box", "button", "image", "text", "separator", "filler")
IN_BASELINE = ("icon", "text", "filler")
IN_BLOCK: Mapping[str, tuple[str, ...]] = {
    "header": ("box",),
    "hero": ("box", "image", "video"),
    "body": ("box",),
    "footer": ("box",),
}


def component(allowed: tuple[str, ...]) -> Check:
    """The check for one component where only some types may stand (reference, "Flex Message")."""

    def check(value: object, path: str, problems: Problems) -> None:
        given = as_object(value, path, problems)
        if given is None:
            return
        kind = given.get("type")
        if not isinstance(kind, str) or kind not in COMPONENTS:
            problems.add(f"{path}.type", "unknown component type")
            return
        if kind not in allowed:
            problems.add(f"{path}.type", f"{kind} can't be placed here")
            return
        fields, required = COMPONENTS[kind]
        check_fields(given, {"type": anything, **fields}, required, path, problems)
        if kind == "box":
            inside = IN_BASELINE if given.get("layout") == "baseline" else IN_BOX
            if "contents" in given:
                a_list(component(inside), 0, 500)(given["contents"], f"{path}.contents", problems)
        if kind == "text":
            if "contents" in given:
                spans = a_list(component(("span",)), 1, 500)
                spans(given["contents"], f"{path}.contents", problems)
            elif "text" not in given:
                problems.add(f"{path}.text", "must be specified")
        if kind == "video" and "altContent" in given:
            component(("box", "image"))(given["altContent"], f"{path}.altContent", problems)

    return check


block_style = an_object({"backgroundColor": color, "separator": boolean, "separatorColor": color})
BUBBLE: Mapping[str, Check] = {
    "type": anything,
    "size": one_of("nano", "micro", "deca", "hecto", "kilo", "mega", "giga"),
    "direction": one_of("ltr", "rtl"),
    "styles": an_object(dict.fromkeys(IN_BLOCK, block_style)),
    "action": action(Place.FLEX),
    **{block: component(allowed) for block, allowed in IN_BLOCK.items()},
}


def weight_in_bytes(value: object) -> int:
    """The size of the JSON as it would travel."""
    return len(
        json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    )


def _bubble(value: object, path: str, problems: Problems, *, in_carousel: bool) -> None:
    given = as_object(value, path, problems)
    if given is None:
        return
    if given.get("type") != "bubble":
        problems.add(f"{path}.type", "must be a bubble")
        return
    check_fields(given, BUBBLE, (), path, problems)
    if not any(block in given for block in IN_BLOCK):
        problems.add(path, "At least one block must be specified")
    hero = given.get("hero")
    if isinstance(hero, dict) and hero.get("type") == "video":
        if in_carousel:
            problems.add(f"{path}.hero.type", "video can't be used in a carousel")
        if str(given.get("size", "mega")) not in {"kilo", "mega", "giga"}:
            problems.add(f"{path}.size", "video needs a bubble of kilo, mega or giga")
    if weight_in_bytes(value) > BUBBLE_BYTES:
        problems.add(path, "The bubble must be at most 30 KB")


def flex_container(value: object, path: str, problems: Problems) -> None:
    """A bubble of at most 30 KB, or a carousel of at most 12 bubbles and 50 KB, equally wide."""
    given = as_object(value, path, problems)
    if given is None:
        return
    if given.get("type") == "bubble":
        _bubble(given, path, problems, in_carousel=False)
        return
    if given.get("type") != "carousel":
        problems.add(f"{path}.type", "must be bubble or carousel")
        return

    def bubble(element: object, at: str, found: Problems) -> None:
        _bubble(element, at, found, in_carousel=True)

    bubbles = a_list(bubble, 1, CAROUSEL_BUBBLES)
    check_fields(given, {"type": anything, "contents": bubbles}, ("contents",), path, problems)
    contents = given.get("contents")
    if isinstance(contents, list):
        widths = {str(b.get("size") or "mega") for b in contents if isinstance(b, dict)}
        if len(widths) > 1:
            problems.add(f"{path}.contents", "All bubbles of a carousel must be equally wide")
    if weight_in_bytes(value) > CAROUSEL_BYTES:
        problems.add(path, "The carousel must be at most 50 KB")
