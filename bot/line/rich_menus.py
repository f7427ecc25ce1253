"""Calls to LINE about rich menus; they send no message and cost nothing.

https://developers.line.biz/en/reference/messaging-api/#rich-menu
"""

from collections.abc import Callable, Mapping
from typing import Any

from bot.errors import DeliveryError
from bot.line.sending import json_object

MENU, USER = "/v2/bot/richmenu", "/v2/bot/user"


class RichMenuCalls:
    """The part of the gateway that makes, shows and removes rich menus.

    Every method raises DeliveryError as the gateway does. Pictures go to another host than the
    rest (reference, "Domain name").
    """

    def __init__(self, call: Callable[..., Any], data_host: str) -> None:
        self._call = call
        self._data_host = data_host

    def names(self) -> dict[str, str]:
        """Name of each menu that was made through the API, by LINE's id."""
        listed = json_object(self._call("GET", f"{MENU}/list")).get("richmenus", [])
        return {str(menu["richMenuId"]): str(menu.get("name", "")) for menu in listed}

    def aliases(self) -> dict[str, str]:
        """LINE's id of the menu behind each alias."""
        listed = json_object(self._call("GET", f"{MENU}/alias/list")).get("aliases", [])
        return {str(one["richMenuAliasId"]): str(one["richMenuId"]) for one in listed}

    def default(self) -> str | None:
        """LINE's id of the menu that everybody has who is linked to none."""
        try:
            answer = json_object(self._call("GET", f"{USER}/all/richmenu"))
        except DeliveryError as error:
            if error.status == 404:
                return None
            raise
        return str(answer["richMenuId"])

    def check(self, payload: Mapping[str, Any]) -> None:
        """Have LINE look at a menu without making it; raises where it would be refused."""
        self._call("POST", f"{MENU}/validate", dict(payload))

    def create(self, payload: Mapping[str, Any]) -> str:
        """Make a menu, which has no picture yet; returns LINE's id. 100 an hour."""
        return str(json_object(self._call("POST", MENU, dict(payload)))["richMenuId"])

    def upload(self, menu_id: str, picture: bytes) -> None:
        """Give a menu its picture (PNG), once and for all."""
        self._call(
            "POST",
            f"{MENU}/{menu_id}/content",
            picture,
            {"Content-Type": "image/png"},
            read_seconds=30.0,
            host=self._data_host,
        )

    def has_picture(self, menu_id: str) -> bool:
        """Whether an upload was finished."""
        try:
            self._call("GET", f"{MENU}/{menu_id}/content", read_seconds=30.0, host=self._data_host)
        except DeliveryError as error:
            if error.status == 404:
                return False
            raise
        return True

    def delete(self, menu_id: str) -> None:
        """Remove a menu; whoever was linked to it has the default from now on. 100 an hour."""
        self._call("DELETE", f"{MENU}/{menu_id}")

    def put_alias(self, alias: str, menu_id: str, *, exists: bool) -> None:
        """Let an alias mean a menu."""
        if exists:
            self._call("POST", f"{MENU}/alias/{alias}", {"richMenuId": menu_id})
            return
        self._call("POST", f"{MENU}/alias", {"richMenuAliasId": alias, "richMenuId": menu_id})

    def set_default(self, menu_id: str) -> None:
        """Show a menu to everybody who is linked to none."""
        self._call("POST", f"{USER}/all/richmenu/{menu_id}")

    def link(self, user_id: str, menu_id: str) -> None:
        """Show a menu to one person, at once."""
        self._call("POST", f"{USER}/{user_id}/richmenu/{menu_id}")

    def unlink(self, user_id: str) -> None:
        """Let one person have the default again."""
        self._call("DELETE", f"{USER}/{user_id}/richmenu")

    def move(self, moves: Mapping[str, str]) -> str:
        """Begin to move everybody from old menus to new ones, without naming anybody. 3 an hour.

        Returns the request id to ask `moved` with.
        """
        operations = [{"type": "link", "from": old, "to": new} for old, new in moves.items()]
        response = self._call("POST", f"{MENU}/batch", {"operations": operations})
        return str(response.getheader("x-line-request-id") or "")

    def moved(self, request_id: str) -> str:
        """How far a move is: ongoing, succeeded or failed."""
        path = f"/v2/bot/richmenu/progress/batch?requestId={request_id}"
        return str(json_object(self._call("GET", path)).get("phase"))
