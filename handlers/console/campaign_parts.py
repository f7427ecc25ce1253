"""What an author typed as content: read from a form's paths, and rearranged by its buttons."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from bot.services.campaigns.content.content import (
    MAX_BUTTONS,
    MAX_CARDS,
    MAX_PARTS,
    MIN_CARDS,
    address,
)
from bot.texts import LANGUAGES
from bot.unicode import trimmed

Said = dict[str, Any]  # content as it is typed: unfinished, every language there
MAX_COUNT = {"parts": MAX_PARTS, "cards": MAX_CARDS, "buttons": MAX_BUTTONS}
_PATH = re.compile(
    r"(?:th|en)\.(?:title|parts\.\d"
    r"(?:\.(?:type|text|picture|title)"
    r"|\.buttons\.\d\.(?:label|url)"
    r"|\.cards\.\d(?:\.(?:title|text|picture)|\.buttons\.\d\.(?:label|url)))?)"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_KEPT_EMPTY = ("title", "text", "picture", "label", "url")


def read(pairs: Iterable[tuple[str, str]]) -> Said:
    """The content out of fields named by their path, e.g. `th.parts.0.text`."""
    tree: dict[str, Any] = {}
    for path, value in pairs:
        if not _PATH.fullmatch(path):
            continue
        *way, last = path.split(".")
        node = tree
        for step in way:
            node = node.setdefault(step, {})
        node[last] = _tidy(value)
    return {language: _language(tree.get(language, {})) for language in LANGUAGES}


def of(content: Mapping[str, Any]) -> Said:
    """The content of a campaign as a form shows it: both languages, every list there."""
    return {language: _language(_keyed(content.get(language, {}))) for language in LANGUAGES}


def stored(said: Said) -> dict[str, Any]:
    """What is kept: a language in which nothing was written is left out, empty extras too."""
    kept: dict[str, Any] = {}
    for language in LANGUAGES:
        parts = [_stored(part) for part in said[language]["parts"]]
        if said[language]["title"] or any(_is_filled(part) for part in parts):
            kept[language] = {"title": said[language]["title"], "parts": parts}
    return kept


def is_empty(said: Said, language: str) -> bool:
    """Whether nothing stands in a language."""
    return language not in stored(said)


def put(said: Said, path: str, value: str) -> None:
    """Set one field, where its part is there."""
    *way, last = path.split(".")
    node = _at(said, way)
    if isinstance(node, dict) and last in _KEPT_EMPTY:
        node[last] = value


def change(said: Said, wish: str) -> bool:
    """Do what a button of the form says, e.g. `up:th.parts.1`; whether there was such a thing.

    add:<list>:<kind>, remove:<item>, up:<item>, down:<item>, clear:<picture>, copy:<language>.
    """
    verb, _, rest = wish.partition(":")
    act = _ACTS.get(verb)
    if act is None:
        return False
    try:
        return act(said, rest)
    except (KeyError, IndexError, ValueError, TypeError):
        return False


def _add(said: Said, rest: str) -> bool:
    path, _, kind = rest.partition(":")
    name = path.rsplit(".", 1)[-1]
    if not isinstance(_at(said, path.split(".")[:-1]), dict) or name not in MAX_COUNT:
        return False
    found = _at(said, path.split("."))
    if len(found) < MAX_COUNT[name]:
        found.append(_new(kind if name == "parts" else name))
    return True


def _remove(said: Said, path: str) -> bool:
    *way, index = path.split(".")
    del _at(said, way)[int(index)]
    return True


def _swap(step: int) -> Callable[[Said, str], bool]:
    def act(said: Said, path: str) -> bool:
        *way, index = path.split(".")
        found, at = _at(said, way), int(index)
        if 0 <= at + step < len(found):
            found[at], found[at + step] = found[at + step], found[at]
        return True

    return act


def _clear(said: Said, path: str) -> bool:
    put(said, path, "")
    return True


def _copy(said: Said, language: str) -> bool:
    """The other language's parts with their pictures and addresses, to be translated."""
    [other] = (each for each in LANGUAGES if each != language)
    said[language]["parts"] = [_bare(part) for part in said[other]["parts"]]
    return True


_ACTS: dict[str, Callable[[Said, str], bool]] = {
    "add": _add,
    "remove": _remove,
    "up": _swap(-1),
    "down": _swap(1),
    "clear": _clear,
    "copy": _copy,
}


def _at(said: Any, way: Iterable[str]) -> Any:
    node = said
    for step in way:
        node = node[int(step)] if isinstance(node, list) else node[step]
    return node


def _new(kind: str) -> dict[str, Any]:
    if kind == "text":
        return {"type": "text", "text": ""}
    if kind == "picture":
        return {"type": "picture", "picture": ""}
    if kind == "card":
        return {"type": "card", **_new("cards")}
    if kind == "buttons":
        return {"label": "", "url": ""}
    if kind == "cards":
        return {"title": "", "text": "", "picture": "", "buttons": []}
    if kind == "set":
        return {"type": "cards", "cards": [_new("cards") for _ in range(MIN_CARDS)]}
    raise ValueError(kind)


def _language(tree: Mapping[str, Any]) -> dict[str, Any]:
    parts = [_part(each) for each in _listed(tree.get("parts"))]
    return {"title": tree.get("title", ""), "parts": parts}


def _part(tree: Mapping[str, Any]) -> dict[str, Any]:
    kind = tree.get("type")
    if kind == "picture":
        return {"type": "picture", "picture": tree.get("picture", "")}
    if kind == "card":
        return {"type": "card", **_card(tree)}
    if kind == "cards":
        return {"type": "cards", "cards": [_card(each) for each in _listed(tree.get("cards"))]}
    return {"type": "text", "text": tree.get("text", "")}


def _card(tree: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "title": tree.get("title", ""),
        "text": tree.get("text", ""),
        "picture": tree.get("picture", ""),
        "buttons": [
            {"label": each.get("label", ""), "url": each.get("url", "")}
            for each in _listed(tree.get("buttons"))
        ],
    }


def _listed(tree: Any) -> list[Any]:
    return [tree[key] for key in sorted(tree, key=int)] if isinstance(tree, dict) else []


def _keyed(value: Any) -> Any:
    """Lists as a form's paths have them."""
    if isinstance(value, list):
        return {str(index): _keyed(each) for index, each in enumerate(value)}
    if isinstance(value, dict):
        return {key: _keyed(each) for key, each in value.items()}
    return value


def _stored(part: dict[str, Any]) -> dict[str, Any]:
    """Without what is empty and need not be there."""
    if "cards" in part:
        return {**part, "cards": [_stored(card) for card in part["cards"]]}
    kept = dict(part)
    if "buttons" in kept:
        kept["buttons"] = [
            {**each, "url": address(each["url"])}
            for each in kept["buttons"]
            if each["label"] or each["url"]
        ]
        if not kept["buttons"]:
            del kept["buttons"]
        if not kept["picture"]:
            del kept["picture"]
    return kept


def _is_filled(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_is_filled(each) for key, each in value.items() if key != "type")
    return any(map(_is_filled, value)) if isinstance(value, list) else bool(value)


def _bare(value: Any) -> Any:
    """The same shape without its words."""
    if isinstance(value, dict):
        kept = {"type", "picture", "url"}
        return {key: each if key in kept else _bare(each) for key, each in value.items()}
    return [_bare(each) for each in value] if isinstance(value, list) else ""


def _tidy(value: str) -> str:
    """Line ends as we store them; nothing that no eye sees, nothing at the edges."""
    return trimmed(_CONTROL.sub("", value.replace("\r\n", "\n").replace("\r", "\n")))


def pictures(content: Mapping[str, Any]) -> dict[str, str]:
    """Every picture of a campaign by the path of its field."""
    found: dict[str, str] = {}

    def walk(path: str, value: Any) -> None:
        if isinstance(value, dict):
            for key, each in value.items():
                if key == "picture" and each:
                    found[f"{path}.picture"] = str(each)
                walk(f"{path}.{key}" if path else key, each)
        elif isinstance(value, list):
            for index, each in enumerate(value):
                walk(f"{path}.{index}", each)

    walk("", content)
    return found
