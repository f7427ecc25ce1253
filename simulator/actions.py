"""What a button may do, and how long its words may be, by the place where it stands."""

import re
from collections.abc import Mapping
from enum import StrEnum

from simulator.characters import grapheme_count
from simulator.checks import (
    Check,
    action_uri,
    an_object,
    anything,
    as_object,
    check_fields,
    label,
    one_of,
    text,
)
from simulator.problems import Problems


class Place(StrEnum):
    """Where an action stands decides its label (reference, "Label specifications")."""

    FLEX_BUTTON = "flex_button"
    FLEX = "flex"
    QUICK_REPLY = "quick_reply"
    TEMPLATE = "template"
    IMAGE_CAROUSEL = "image_carousel"
    RICH_MENU = "rich_menu"
    DEFAULT = "default_action"


LABELS: Mapping[Place, int] = {
    Place.FLEX_BUTTON: 40,
    Place.FLEX: 40,
    Place.QUICK_REPLY: 20,
    Place.TEMPLATE: 20,
    Place.IMAGE_CAROUSEL: 12,
    Place.RICH_MENU: 20,
    Place.DEFAULT: 20,
}
LABEL_REQUIRED = frozenset({Place.FLEX_BUTTON, Place.QUICK_REPLY, Place.TEMPLATE})
QUICK_REPLY_ONLY = frozenset({"camera", "cameraRoll", "location"})

MOMENTS: Mapping[str, re.Pattern[str]] = {
    "date": re.compile(r"(?:19|20)\d\d-\d\d-\d\d|2100-\d\d-\d\d"),
    "time": re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d"),
    "datetime": re.compile(r"(?:19|20|21)\d\d-\d\d-\d\d[Tt](?:[01]\d|2[0-3]):[0-5]\d"),
}

spoken = text(300, count=grapheme_count)
FIELDS: Mapping[str, tuple[Mapping[str, Check], tuple[str, ...]]] = {
    "postback": (
        {
            "data": text(300),
            "displayText": spoken,
            "text": spoken,
            "inputOption": one_of("closeRichMenu", "openRichMenu", "openKeyboard", "openVoice"),
            "fillInText": text(300),
        },
        ("data",),
    ),
    "message": ({"text": spoken}, ("text",)),
    "uri": (
        {"uri": action_uri, "altUri": an_object({"desktop": action_uri}, ("desktop",))},
        ("uri",),
    ),
    "datetimepicker": (
        {
            "data": text(300),
            "mode": one_of(*MOMENTS),
            "initial": anything,
            "max": anything,
            "min": anything,
        },
        ("data", "mode"),
    ),
    "clipboard": ({"clipboardText": text(1000)}, ("clipboardText",)),
    "richmenuswitch": (
        {"richMenuAliasId": text(32), "data": text(300, least=0)},
        ("richMenuAliasId", "data"),
    ),
    "camera": ({}, ()),
    "cameraRoll": ({}, ()),
    "location": ({}, ()),
}


def action(place: Place) -> Check:
    """The check for one action object (reference, "Action objects")."""

    def check(value: object, path: str, problems: Problems) -> None:
        given = as_object(value, path, problems)
        if given is None:
            return
        kind = given.get("type")
        if not isinstance(kind, str) or kind not in FIELDS:
            problems.add(f"{path}.type", "unknown action type")
            return
        if kind in QUICK_REPLY_ONLY and place is not Place.QUICK_REPLY:
            problems.add(f"{path}.type", f"{kind} is for quick replies only")
        if kind == "richmenuswitch" and place is not Place.RICH_MENU:
            problems.add(f"{path}.type", "richmenuswitch is for rich menus only")
        fields, required = FIELDS[kind]
        known = {"type": anything, "label": label(LABELS[place]), **fields}
        needed = (*required, "label") if place in LABEL_REQUIRED else required
        check_fields(given, known, needed, path, problems)
        _check_combinations(kind, given, path, problems)

    return check


def _check_combinations(
    kind: str, given: Mapping[str, object], path: str, problems: Problems
) -> None:
    if kind == "postback":
        if "displayText" in given and "text" in given:
            problems.add(f"{path}.text", "can't be used with displayText")
        if "fillInText" in given and given.get("inputOption") != "openKeyboard":
            problems.add(f"{path}.fillInText", "needs inputOption openKeyboard")
    if kind == "datetimepicker":
        pattern = MOMENTS.get(str(given.get("mode")))
        for name in ("initial", "max", "min"):
            moment = given.get(name)
            if moment is not None and (pattern is None or not pattern.fullmatch(str(moment))):
                problems.add(f"{path}.{name}", "invalid format")
