"""Template messages: buttons, confirm, carousel and image carousel, with their limits."""

from collections.abc import Mapping
from typing import Any

from simulator.actions import Place, action
from simulator.characters import grapheme_count
from simulator.checks import (
    Check,
    a_list,
    an_object,
    anything,
    as_object,
    check_fields,
    color,
    https_url,
    label,
    one_of,
    text,
)
from simulator.problems import Problems

picture = https_url(2000)
LOOK: Mapping[str, Check] = {
    "imageAspectRatio": one_of("rectangle", "square"),
    "imageSize": one_of("cover", "contain"),
}


def _body_text(plain: int, beside: int, given: Mapping[str, Any]) -> Check:
    """The text must be shorter when it shares the space with a picture or a title."""
    shares = "thumbnailImageUrl" in given or "title" in given
    return text(beside if shares else plain, count=grapheme_count)


def _card(given: Mapping[str, Any], plain: int, actions: int) -> Mapping[str, Check]:
    return {
        "thumbnailImageUrl": picture,
        "imageBackgroundColor": color,
        "title": label(40),
        "text": _body_text(plain, 60, given),
        "defaultAction": action(Place.DEFAULT),
        "actions": a_list(action(Place.TEMPLATE), 1, actions),
    }


def _column(value: object, path: str, problems: Problems) -> None:
    given = as_object(value, path, problems)
    if given is not None:
        check_fields(given, _card(given, 120, 3), ("text", "actions"), path, problems)


image_column = an_object(
    {"imageUrl": picture, "action": action(Place.IMAGE_CAROUSEL)}, ("imageUrl", "action")
)


def _same_everywhere(columns: object, path: str, problems: Problems) -> None:
    """All columns carry the same parts and as many actions (reference, "Carousel template")."""
    if not isinstance(columns, list):
        return
    shapes = {
        (
            len(column["actions"]),
            column.get("thumbnailImageUrl") is None,
            column.get("title") is None,
        )
        for column in columns
        if isinstance(column, dict) and isinstance(column.get("actions"), list)
    }
    if len(shapes) > 1:
        problems.add(path, "All columns must have the same number of actions and the same parts")


def template(value: object, path: str, problems: Problems) -> None:
    """The check for `template` (reference, "Template messages")."""
    given = as_object(value, path, problems)
    if given is None:
        return
    kind = given.get("type")
    fields: Mapping[str, Check]
    required: tuple[str, ...]
    if kind == "buttons":
        fields, required = {**_card(given, 160, 4), **LOOK}, ("text", "actions")
    elif kind == "confirm":
        words = text(240, count=grapheme_count)
        fields = {"text": words, "actions": a_list(action(Place.TEMPLATE), 2, 2)}
        required = ("text", "actions")
    elif kind == "carousel":
        fields, required = {"columns": a_list(_column, 1, 10), **LOOK}, ("columns",)
        _same_everywhere(given.get("columns"), f"{path}.columns", problems)
    elif kind == "image_carousel":
        fields, required = {"columns": a_list(image_column, 1, 10)}, ("columns",)
    else:
        problems.add(f"{path}.type", "unknown template type")
        return
    check_fields(given, {"type": anything, **fields}, required, path, problems)
