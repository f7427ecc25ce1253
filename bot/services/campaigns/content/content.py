"""What a campaign says: title and parts in each language, checked within LINE's limits.

The shape, as it is stored: {"th": {"title": str, "parts": [part, ...]}, "en": {...}}; a language
that is missing is told in the other one. A part is one of

    {"type": "text", "text": str}
    {"type": "picture", "picture": str}
    {"type": "card", "title": str, "text": str, "picture"?: str, "buttons"?: [button, ...]}
    {"type": "cards", "cards": [card, ...]}

with button = {"label": str, "url": str}, where url is an https address or tel: with a number. A
picture is the id of one that staff put into the console (`pictures.py` beside this). LINE takes
five messages a request, and the last one is ours: why it came and how to stop.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from bot.errors import InputError
from bot.services.campaigns.content.problems import FieldProblem
from bot.services.people import inputs
from bot.services.shared import links
from bot.texts import LANGUAGES, units
from bot.unicode import is_blank, trimmed

MAX_PARTS = 4
MAX_CARDS, MIN_CARDS = 10, 2
MAX_BUTTONS = 3
MAX_LENGTH = {"title": 100, "text": 4000, "card_title": 80, "card_text": 400, "label": 30}
MAX_URL_LENGTH = 1000
# LINE takes 50 KB a carousel; what a card and a button cost besides their words is reckoned in.
MAX_SET_BYTES, CARD_BYTES, BUTTON_BYTES = 50 * 1024, 700, 180
CALLS = "tel:"
_CALL = re.compile(r"tel:\+[0-9]{5,15}")  # as `address` writes a number (E.164)
PICTURE = re.compile(r"[0-9a-f]{32}")

Content = Mapping[str, Any]


def normal(content: Content) -> dict[str, Any]:
    """The same content as it is kept and sent: links in ASCII, nothing where nothing is seen."""
    return {language: _normal(said) for language, said in content.items()}


def languages(content: Content) -> tuple[str, ...]:
    """In which languages something is said, Thai first."""
    return tuple(language for language in LANGUAGES if language in content)


def problems(content: Content) -> Iterator[FieldProblem]:
    """What has to be put right in normal content before anybody may approve it."""
    if not languages(content):
        yield FieldProblem("th.title", "needed")
    for language in content:
        if language not in LANGUAGES:
            yield FieldProblem(language, "unknown")
            continue
        said = content[language]
        yield from _text(said.get("title"), f"{language}.title", MAX_LENGTH["title"])
        parts = said.get("parts") or []
        if not parts:
            yield FieldProblem(f"{language}.parts", "needed")
        if len(parts) > MAX_PARTS:
            yield FieldProblem(f"{language}.parts", "too_many", most=MAX_PARTS)
        for index, part in enumerate(parts):
            yield from _part(part, f"{language}.parts.{index}")


def pictures(content: Content) -> set[str]:
    """The ids of all pictures that are shown."""
    return {
        part["picture"]
        for said in content.values()
        for each in said.get("parts", ())
        for part in (each, *each.get("cards", ()))
        if part.get("picture")
    }


def digest(*values: Any) -> str:
    """A fingerprint of plain values, the same for the same values on every machine."""
    canonical = json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _normal(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _normal(each, name) for name, each in value.items()}
    if isinstance(value, list):
        return [_normal(each, key) for each in value]
    if not isinstance(value, str):
        return value
    if key == "url":
        return links.encoded(value)
    return links.encoded_in(trimmed(value)) if key == "text" else trimmed(value)


def address(typed: str) -> str:
    """What a button opens, as it is stored: a phone number becomes tel:, the rest stays.

    LINE and mail programs call a tel: address (Messaging API reference, "URI action"; RFC 3966).
    """
    try:
        return CALLS + inputs.phone(typed.strip().removeprefix(CALLS))
    except InputError:
        return typed


def _part(part: Mapping[str, Any], where: str) -> Iterator[FieldProblem]:
    kind = part.get("type")
    if kind == "text":
        yield from _text(part.get("text"), f"{where}.text", MAX_LENGTH["text"])
    elif kind == "picture":
        yield from _picture(part.get("picture"), f"{where}.picture")
    elif kind == "card":
        yield from _card(part, where)
    elif kind == "cards":
        cards = part.get("cards") or []
        if len(cards) < MIN_CARDS:
            yield FieldProblem(f"{where}.cards", "too_few", most=MIN_CARDS)
        if len(cards) > MAX_CARDS:
            yield FieldProblem(f"{where}.cards", "too_many", most=MAX_CARDS)
        elif sum(map(_bytes, cards)) > MAX_SET_BYTES:
            yield FieldProblem(f"{where}.cards", "too_large")
        for index, card in enumerate(cards):
            yield from _card(card, f"{where}.cards.{index}")
    else:
        yield FieldProblem(where, "unknown")


def _card(card: Mapping[str, Any], where: str) -> Iterator[FieldProblem]:
    yield from _text(card.get("title"), f"{where}.title", MAX_LENGTH["card_title"])
    yield from _text(card.get("text"), f"{where}.text", MAX_LENGTH["card_text"])
    if card.get("picture"):
        yield from _picture(card["picture"], f"{where}.picture")
    buttons = card.get("buttons") or []
    if len(buttons) > MAX_BUTTONS:
        yield FieldProblem(f"{where}.buttons", "too_many", most=MAX_BUTTONS)
    for index, button in enumerate(buttons):
        at = f"{where}.buttons.{index}"
        yield from _text(button.get("label"), f"{at}.label", MAX_LENGTH["label"])
        yield from _url(button.get("url"), f"{at}.url")


def _bytes(card: Mapping[str, Any]) -> int:
    """About how many bytes a card is at LINE; never too few."""
    words = len(json.dumps(card, ensure_ascii=False).encode())
    return CARD_BYTES + words + BUTTON_BYTES * len(card.get("buttons") or [])


def _text(value: Any, where: str, most: int) -> Iterator[FieldProblem]:
    if not isinstance(value, str) or is_blank(value):
        yield FieldProblem(where, "needed")
    elif units(value) > most:
        yield FieldProblem(where, "too_long", most=most)


def _picture(value: Any, where: str) -> Iterator[FieldProblem]:
    if not isinstance(value, str) or not PICTURE.fullmatch(value):
        yield FieldProblem(where, "needed")


def _url(value: Any, where: str) -> Iterator[FieldProblem]:
    if not isinstance(value, str) or is_blank(value):
        yield FieldProblem(where, "needed")
        return
    if value.lower().startswith(CALLS):
        if not _CALL.fullmatch(value):
            yield FieldProblem(where, "not_phone")
        return
    try:
        parts = urlsplit(value)
        is_https = parts.scheme == "https" and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        is_https = False
    if not is_https or not value.isascii() or any(c.isspace() for c in value):
        yield FieldProblem(where, "not_https")
    elif units(value) > MAX_URL_LENGTH:
        yield FieldProblem(where, "too_long", most=MAX_URL_LENGTH)
