"""Rich menus: what stands below the chat, for everybody or for one person."""

import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from simulator.actions import Place, action
from simulator.characters import grapheme_count
from simulator.checks import (
    a_list,
    an_object,
    as_object,
    boolean,
    check_fields,
    integer,
    label,
    text,
)
from simulator.pictures import PictureSize, read_picture
from simulator.problems import ApiError, Problems

IMAGE_BYTES = 1024 * 1024
MAX_MENUS = 1000
MAX_ALIASES = 1000
MAX_OPERATIONS = 1000
BATCH_NEEDS = {"link": ("from", "to"), "unlink": ("from",), "unlinkAll": ()}
ALIAS_ID = re.compile(r"[a-z0-9_-]{1,32}")

size = an_object({"width": integer(800, 2500), "height": integer(250)}, ("width", "height"))
bounds = an_object(
    {"x": integer(0), "y": integer(0), "width": integer(1), "height": integer(1)},
    ("x", "y", "width", "height"),
)
menu_area = an_object({"bounds": bounds, "action": action(Place.RICH_MENU)}, ("bounds", "action"))
MENU = {
    "size": size,
    "selected": boolean,
    "name": label(300),
    "chatBarText": text(14, count=grapheme_count),
    "areas": a_list(menu_area, 0, 20),
}


def check_rich_menu(given: Mapping[str, Any], problems: Problems) -> None:
    """Size, ratio of at least 1.45, and areas inside (reference, "Rich menu object")."""
    check_fields(given, MENU, MENU, "", problems)
    if problems.details:
        return
    width, height = given["size"]["width"], given["size"]["height"]
    if width / height < 1.45:
        problems.add("size", "The aspect ratio (width / height) must be at least 1.45")
    for index, menu_part in enumerate(given["areas"]):
        part = menu_part["bounds"]
        if part["x"] + part["width"] > width or part["y"] + part["height"] > height:
            problems.add(f"areas[{index}].bounds", "must be inside the rich menu")


def check_batch(operations: Any, menus: Mapping[str, "StoredRichMenu"]) -> None:
    """1 to 1,000 operations over menus that exist; unlinkAll stands alone."""
    problems = Problems()
    if not isinstance(operations, list) or not 1 <= len(operations) <= MAX_OPERATIONS:
        problems.add("operations", f"Size must be between 1 and {MAX_OPERATIONS}")
        problems.raise_if_any()
    for index, operation in enumerate(operations):
        kind = operation.get("type") if isinstance(operation, dict) else None
        if kind not in BATCH_NEEDS:
            problems.add(f"operations[{index}].type", "must be link, unlink or unlinkAll")
            continue
        for needed in BATCH_NEEDS[kind]:
            menu = menus.get(str(operation.get(needed)))
            if menu is None or (needed == "to" and menu.image is None):
                problems.add(f"operations[{index}].{needed}", "richmenu not found")
        if kind == "unlinkAll" and len(operations) > 1:
            problems.add(f"operations[{index}].type", "unlinkAll must be the only operation")
    problems.raise_if_any()


@dataclass
class StoredRichMenu:
    """A menu as it was created; it can be shown only once its picture is there."""

    rich_menu_id: str
    definition: dict[str, Any]
    image: bytes | None = None
    picture: PictureSize | None = None

    def as_json(self) -> dict[str, Any]:
        return {"richMenuId": self.rich_menu_id, **self.definition}


class RichMenus:
    """All menus of the account: the person's own first, then the default."""

    def __init__(self) -> None:
        self.menus: dict[str, StoredRichMenu] = {}
        self.aliases: dict[str, str] = {}
        self.default_id: str | None = None
        self.of_person: dict[str, str] = {}
        self.batches: dict[str, str] = {}  # request id -> ongoing, succeeded or failed

    def create(self, body: Mapping[str, Any]) -> StoredRichMenu:
        problems = Problems()
        check_rich_menu(as_object(body, "", problems) or {}, problems)
        problems.raise_if_any()
        if len(self.menus) >= MAX_MENUS:
            raise ApiError(400, "The number of rich menus has reached its limit")
        menu = StoredRichMenu("richmenu-" + secrets.token_hex(16), dict(body))
        self.menus[menu.rich_menu_id] = menu
        return menu

    def get(self, rich_menu_id: str) -> StoredRichMenu:
        menu = self.menus.get(rich_menu_id)
        if menu is None:
            raise ApiError(404, "Not found")
        return menu

    def delete(self, rich_menu_id: str) -> None:
        self.get(rich_menu_id)
        del self.menus[rich_menu_id]
        if self.default_id == rich_menu_id:
            self.default_id = None
        self.of_person = {u: m for u, m in self.of_person.items() if m != rich_menu_id}

    def upload(self, rich_menu_id: str, data: bytes, media_type: str) -> None:
        """The picture is read, not believed (reference, "Requirements for rich menu images")."""
        menu = self.get(rich_menu_id)
        if media_type not in {"image/png", "image/jpeg"}:
            raise ApiError(415, "The media type is not supported: image/png or image/jpeg")
        if menu.image is not None:
            raise ApiError(400, "An image has already been uploaded to the richmenu")
        if len(data) > IMAGE_BYTES:
            raise ApiError(413, "The image is larger than 1 MB")
        picture = read_picture(data)
        if picture is None or picture.media_type != media_type:
            raise ApiError(400, "The image is not what its Content-Type says")
        if not 800 <= picture.width <= 2500 or picture.height < 250:
            raise ApiError(400, "The image size is invalid")
        wanted = menu.definition["size"]
        if (picture.width, picture.height) != (wanted["width"], wanted["height"]):
            raise ApiError(400, "The image size doesn't match the size of the rich menu")
        menu.image, menu.picture = data, picture

    def showable(self, rich_menu_id: str) -> StoredRichMenu:
        menu = self.get(rich_menu_id)
        if menu.image is None:
            raise ApiError(400, "must upload richmenu image before applying it to user")
        return menu

    def set_default(self, rich_menu_id: str) -> None:
        self.default_id = self.showable(rich_menu_id).rich_menu_id

    def link(self, user_ids: Iterable[str], rich_menu_id: str) -> None:
        menu = self.showable(rich_menu_id)
        for user_id in user_ids:
            self.of_person[user_id] = menu.rich_menu_id

    def unlink(self, user_ids: Iterable[str]) -> None:
        for user_id in user_ids:
            self.of_person.pop(user_id, None)

    def run_batch(self, operations: Any, request_id: str) -> None:
        """Replace or remove one menu's links (reference, "Replace or unlink the linked rich
        menus in batches"); here it is done at once."""
        check_batch(operations, self.menus)
        for operation in operations:
            here = {u for u, m in self.of_person.items() if m == operation.get("from")}
            if operation["type"] == "link":
                self.link(here, operation["to"])
            else:
                self.unlink(here if operation["type"] == "unlink" else list(self.of_person))
        self.batches[request_id] = "succeeded"

    def shown_to(self, user_id: str) -> StoredRichMenu | None:
        """Per person before default (documentation, "Rich menu priority")."""
        chosen = self.of_person.get(user_id) or self.default_id
        return self.menus.get(chosen) if chosen else None

    def put_alias(self, alias_id: str, rich_menu_id: str, *, create: bool) -> None:
        if not ALIAS_ID.fullmatch(alias_id):
            raise ApiError(400, "richMenuAliasId is invalid")
        if create and alias_id in self.aliases:
            raise ApiError(400, "conflict richmenu alias id")
        if not create and alias_id not in self.aliases:
            raise ApiError(404, "richmenu alias not found")
        menu = self.menus.get(rich_menu_id)
        if menu is None or menu.image is None:
            raise ApiError(400, "richmenu not found")
        if create and len(self.aliases) >= MAX_ALIASES:
            raise ApiError(400, "The number of rich menu aliases has reached its limit")
        self.aliases[alias_id] = rich_menu_id

    def alias(self, alias_id: str) -> dict[str, str]:
        if alias_id not in self.aliases:
            raise ApiError(404, "richmenu alias not found")
        return {"richMenuAliasId": alias_id, "richMenuId": self.aliases[alias_id]}

    def delete_alias(self, alias_id: str) -> None:
        self.alias(alias_id)
        del self.aliases[alias_id]
