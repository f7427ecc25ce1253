"""Rich menus as LINE takes them: a grid of tiles, each a button with its place and its words.

Limits: https://developers.line.biz/en/reference/messaging-api/#rich-menu-object ; a rich menu is
not shown on a computer, so nothing may be reachable through it alone.
"""

import re
from dataclasses import dataclass
from typing import Any

from bot.line.messages import Action, postback

WIDTH, COLUMNS, ROW = 2500, 3, 843
PREFIX = "english-planet/"  # begins the names of our menus, which only the account's staff see


@dataclass(frozen=True)
class Tile:
    """One button: its icon, and its action, whose label may have a break where it is drawn."""

    icon: str
    action: Action

    @property
    def caption(self) -> str:
        """The words as they are drawn, in one line or two."""
        return str(self.action["label"])


@dataclass(frozen=True)
class Menu:
    """One menu: its key (also its alias at LINE), the words of the chat bar, and its tiles.

    The first tile stands out. Three tiles make a low menu, six a high one.
    """

    key: str
    bar: str
    tiles: tuple[Tile, ...]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels: one of the two sizes that LINE's templates have."""
        rows = -(-len(self.tiles) // COLUMNS)
        return WIDTH, ROW * rows

    def bounds(self, index: int) -> tuple[int, int, int, int]:
        """x, y, width and height of a tile; together the tiles cover the menu without overlap."""
        row, column = divmod(index, COLUMNS)
        left, right = (WIDTH * edge // COLUMNS for edge in (column, column + 1))
        return left, ROW * row, right - left, ROW


def payload(menu: Menu, name: str) -> dict[str, Any]:
    """The rich menu object; each button has a label, which screen readers say."""
    width, height = menu.size
    return {
        "size": {"width": width, "height": height},
        "selected": True,
        "name": name,
        "chatBarText": menu.bar,
        "areas": [
            {
                "bounds": dict(zip(("x", "y", "width", "height"), menu.bounds(index), strict=True)),
                "action": _action(tile.action, menu.key),
            }
            for index, tile in enumerate(menu.tiles)
        ],
    }


def _action(action: Action, key: str) -> Action:
    """The action with its label in one line; `m` tells us which menu the person has before them."""
    said = one_line(action["label"])
    data = dict(part.split("=", 1) for part in action["data"].split("&"))
    return postback(said, {**data, "m": key})


def one_line(caption: str) -> str:
    """A caption without its break: Thai words follow each other without a space."""
    return re.sub(r"(?<=[ก-๛])\n(?=[ก-๛])", "", caption).replace("\n", " ")
