"""The small checks of which every LINE payload rule is made."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from simulator.characters import grapheme_count, utf16_units
from simulator.problems import Problems

Check = Callable[[object, str, Problems], None]

USER_ID = re.compile(r"U[0-9a-f]{32}")
CHAT_ID = re.compile(r"[UCR][0-9a-f]{32}")
COLOR = re.compile(r"#(?:[0-9A-Fa-f]{6}|[0-9A-Fa-f]{8})")
PIXELS = re.compile(r"\d+(?:\.\d+)?px")
PERCENT = re.compile(r"\d+(?:\.\d+)?%")
HERE = ("http://127.0.0.1:", "http://localhost:")
RATIO = re.compile(r"(\d+(?:\.\d+)?):(\d+(?:\.\d+)?)")


def text(
    most: int, *, least: int = 1, count: Callable[[str], int] = utf16_units, blank_ok: bool = True
) -> Check:
    def check(value: object, path: str, problems: Problems) -> None:
        if not isinstance(value, str):
            problems.add(path, "must be a string")
        elif least > 0 and (value == "" or (not blank_ok and not value.strip())):
            problems.add(path, "May not be empty")
        elif not least <= count(value) <= most:
            problems.add(path, f"Length must be between {least} and {most}")

    return check


def label(most: int) -> Check:
    return text(most, count=grapheme_count)


def boolean(value: object, path: str, problems: Problems) -> None:
    if not isinstance(value, bool):
        problems.add(path, "must be a boolean")


def integer(least: int, most: int | None = None) -> Check:
    def check(value: object, path: str, problems: Problems) -> None:
        if isinstance(value, bool) or not isinstance(value, int):
            problems.add(path, "must be an integer")
        elif value < least or (most is not None and value > most):
            upper = f" and at most {most}" if most is not None else ""
            problems.add(path, f"must be at least {least}{upper}")

    return check


def number(least: float, most: float) -> Check:
    def check(value: object, path: str, problems: Problems) -> None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            problems.add(path, "must be a number")
        elif not least <= value <= most:
            problems.add(path, f"must be between {least} and {most}")

    return check


def one_of(*known: str) -> Check:
    def check(value: object, path: str, problems: Problems) -> None:
        if value not in known:
            problems.add(path, f"invalid property: must be one of {', '.join(known)}")

    return check


def measure(*keywords: str, pixels: bool = True, percent: bool = False) -> Check:
    """A keyword, or a length in px, or (where LINE allows it) a percentage."""

    def check(value: object, path: str, problems: Problems) -> None:
        if isinstance(value, str) and (
            value in keywords
            or (pixels and PIXELS.fullmatch(value))
            or (percent and PERCENT.fullmatch(value))
        ):
            return
        problems.add(path, "invalid property")

    return check


def color(value: object, path: str, problems: Problems) -> None:
    if not isinstance(value, str) or not COLOR.fullmatch(value):
        problems.add(path, "invalid color: #RRGGBB or #RRGGBBAA")


def aspect_ratio(value: object, path: str, problems: Problems) -> None:
    """Width and height 1..100000, height at most three times the width (reference, Flex image)."""
    found = RATIO.fullmatch(value) if isinstance(value, str) else None
    if not found:
        problems.add(path, "invalid aspect ratio")
        return
    width, height = float(found[1]), float(found[2])
    if not (1 <= width <= 100000 and 1 <= height <= 100000) or height > width * 3:
        problems.add(path, "invalid aspect ratio")


def https_url(most: int) -> Check:
    """Pictures and media are fetched by the phone: https only (reference, each message type).

    Our own phone in the browser fetches them from this machine, which has no certificate.
    """

    def check(value: object, path: str, problems: Problems) -> None:
        if not isinstance(value, str) or not value:
            problems.add(path, "May not be empty")
        elif utf16_units(value) > most:
            problems.add(path, f"Length must be between 1 and {most}")
        elif not _is_uri(value, {"https"}) and not value.startswith(HERE):
            problems.add(path, "invalid uri: must be https")

    return check


def action_uri(value: object, path: str, problems: Problems) -> None:
    """At most 1,000 characters of http, https, line or tel (reference, URI action)."""
    if not isinstance(value, str) or not value:
        problems.add(path, "May not be empty")
    elif utf16_units(value) > 1000:
        problems.add(path, "Length must be between 1 and 1000")
    elif not _is_uri(value, {"http", "https", "line", "tel"}):
        problems.add(path, "invalid uri scheme")


def _is_uri(value: str, schemes: set[str]) -> bool:
    if any(character.isspace() for character in value):
        return False
    try:
        parts = urlsplit(value)
        host = parts.hostname
    except ValueError:
        return False
    if parts.scheme not in schemes:
        return False
    return bool(host) if parts.scheme in {"http", "https"} else bool(value.partition(":")[2])


def a_list(item: Check, least: int, most: int) -> Check:
    def check(value: object, path: str, problems: Problems) -> None:
        if not isinstance(value, list):
            problems.add(path, "must be an array")
            return
        if not least <= len(value) <= most:
            problems.add(path, f"Size must be between {least} and {most}")
        for index, element in enumerate(value):
            item(element, f"{path}[{index}]", problems)

    return check


def anything(value: object, path: str, problems: Problems) -> None:
    """A field whose content another rule judges."""


def an_object(fields: Mapping[str, Check], required: Iterable[str] = ()) -> Check:
    """Known fields only; null is as good as absent; what is required must be there."""
    needed = tuple(required)

    def check(value: object, path: str, problems: Problems) -> None:
        given = as_object(value, path, problems)
        if given is not None:
            check_fields(given, fields, needed, path, problems)

    return check


def as_object(value: object, path: str, problems: Problems) -> dict[str, Any] | None:
    if isinstance(value, dict):
        return {key: item for key, item in value.items() if item is not None}
    problems.add(path, "must be an object")
    return None


def check_fields(
    given: Mapping[str, Any],
    fields: Mapping[str, Check],
    required: Iterable[str],
    path: str,
    problems: Problems,
) -> None:
    prefix = f"{path}." if path else ""
    for name in required:
        if name not in given:
            problems.add(f"{prefix}{name}", "must be specified")
    for name, value in given.items():
        check = fields.get(name)
        if check is None:
            problems.add(f"{prefix}{name}", "unknown field")
        else:
            check(value, f"{prefix}{name}", problems)
