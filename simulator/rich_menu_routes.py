"""The endpoints of rich menus: create, picture, default, per person, aliases."""

from typing import TYPE_CHECKING, Any

from simulator.checks import USER_ID
from simulator.problems import ApiError, Problems
from simulator.rich_menus import check_batch, check_rich_menu
from simulator.routes import ApiAnswer, ApiRequest, Route

if TYPE_CHECKING:
    from simulator.platform import Platform


def create(platform: "Platform", request: ApiRequest) -> ApiAnswer:
    menu = platform.rich_menus.create(request.json)
    return ApiAnswer({"richMenuId": menu.rich_menu_id})


def validate(platform: "Platform", request: ApiRequest) -> ApiAnswer:
    problems = Problems()
    check_rich_menu(request.json, problems)
    problems.raise_if_any()
    return ApiAnswer()


def all_menus(platform: "Platform", request: ApiRequest) -> ApiAnswer:
    menus = [menu.as_json() for menu in platform.rich_menus.menus.values()]
    return ApiAnswer({"richmenus": menus})


def get(platform: "Platform", request: ApiRequest) -> ApiAnswer:
    return ApiAnswer(platform.rich_menus.get(request.params["menu_id"]).as_json())


def delete(platform: "Platform", request: ApiRequest) -> ApiAnswer:
    platform.rich_menus.delete(request.params["menu_id"])
    return _changed(platform)


def upload(platform: "Platform", request: ApiRequest) -> ApiAnswer:
    platform.rich_menus.upload(request.params["menu_id"], request.raw, request.content_type)
    return _changed(platform)


def download(platform: "Platform", request: ApiRequest) -> ApiAnswer:
    menu = platform.rich_menus.get(request.params["menu_id"])
    if menu.image is None or menu.picture is None:
        raise ApiError(404, "Not found")
    return ApiAnswer(menu.image, content_type=menu.picture.media_type)


def set_default(platform: "Platform", request: ApiRequest) -> ApiAnswer:
    platform.rich_menus.set_default(request.params["menu_id"])
    return _changed(platform)


def get_default(platform: "Platform", request: ApiRequest) -> ApiAnswer:
    if platform.rich_menus.default_id is None:
        raise ApiError(404, "no default richmenu")
    return ApiAnswer({"richMenuId": platform.rich_menus.default_id})


def cancel_default(platform: "Platform", request: ApiRequest) -> ApiAnswer:
    platform.rich_menus.default_id = None
    return _changed(platform)


def _user_id(request: ApiRequest) -> str:
    user_id = request.params["user_id"]
    if not USER_ID.fullmatch(user_id):
        raise ApiError(400, "The value for the 'userId' parameter is invalid")
    return user_id


def get_of_person(platform: "Platform", request: ApiRequest) -> ApiAnswer:
    found = platform.rich_menus.of_person.get(_user_id(request))
    if found is None:
        raise ApiError(404, "the user has no richmenu")
    return ApiAnswer({"richMenuId": found})


def link(platform: "Platform", request: ApiRequest) -> ApiAnswer:
    platform.rich_menus.link([_user_id(request)], request.params["menu_id"])
    return _changed(platform)


def unlink(platform: "Platform", request: ApiRequest) -> ApiAnswer:
    platform.rich_menus.unlink([_user_id(request)])
    return _changed(platform)


def _user_ids(request: ApiRequest) -> list[str]:
    """1 to 500 ids (reference, "Link rich menu to multiple users")."""
    user_ids: Any = request.json.get("userIds")
    problems = Problems()
    if not isinstance(user_ids, list) or not 1 <= len(user_ids) <= 500:
        problems.add("userIds", "Size must be between 1 and 500")
    else:
        for index, user_id in enumerate(user_ids):
            if not isinstance(user_id, str) or not USER_ID.fullmatch(user_id):
                problems.add(f"userIds[{index}]", "invalid user id")
    problems.raise_if_any()
    return list(user_ids)


def bulk_link(platform: "Platform", request: ApiRequest) -> ApiAnswer:
    platform.rich_menus.link(_user_ids(request), str(request.json.get("richMenuId", "")))
    return _changed(platform, 202)


def bulk_unlink(platform: "Platform", request: ApiRequest) -> ApiAnswer:
    platform.rich_menus.unlink(_user_ids(request))
    return _changed(platform, 202)


def batch(platform: "Platform", request: ApiRequest) -> ApiAnswer:
    platform.rich_menus.run_batch(request.json.get("operations"), request.request_id)
    return _changed(platform, 202)


def validate_batch(platform: "Platform", request: ApiRequest) -> ApiAnswer:
    check_batch(request.json.get("operations"), platform.rich_menus.menus)
    return ApiAnswer()


def batch_progress(platform: "Platform", request: ApiRequest) -> ApiAnswer:
    phase = platform.rich_menus.batches.get(request.query.get("requestId", ""))
    if phase is None:
        raise ApiError(404, "Not found")
    at = platform.clock().isoformat(timespec="milliseconds").replace("+00:00", "Z")
    ended = {"completedTime": at} if phase != "ongoing" else {}
    return ApiAnswer({"phase": phase, "acceptedTime": at, **ended})


def create_alias(platform: "Platform", request: ApiRequest) -> ApiAnswer:
    body = request.json
    alias_id, menu_id = str(body.get("richMenuAliasId", "")), str(body.get("richMenuId", ""))
    platform.rich_menus.put_alias(alias_id, menu_id, create=True)
    return _changed(platform)


def update_alias(platform: "Platform", request: ApiRequest) -> ApiAnswer:
    menu_id = str(request.json.get("richMenuId", ""))
    platform.rich_menus.put_alias(request.params["alias_id"], menu_id, create=False)
    return _changed(platform)


def get_alias(platform: "Platform", request: ApiRequest) -> ApiAnswer:
    return ApiAnswer(platform.rich_menus.alias(request.params["alias_id"]))


def delete_alias(platform: "Platform", request: ApiRequest) -> ApiAnswer:
    platform.rich_menus.delete_alias(request.params["alias_id"])
    return _changed(platform)


def all_aliases(platform: "Platform", request: ApiRequest) -> ApiAnswer:
    menus = platform.rich_menus
    return ApiAnswer({"aliases": [menus.alias(alias_id) for alias_id in menus.aliases]})


def _changed(platform: "Platform", status: int = 200) -> ApiAnswer:
    platform.chats.changed()
    return ApiAnswer(status=status)


MENU = "/v2/bot/richmenu"
USER = "/v2/bot/user"
ROUTES = (
    Route("POST", MENU, "richmenu/create", create),
    Route("POST", f"{MENU}/validate", "richmenu/validate", validate),
    Route("GET", f"{MENU}/list", "richmenu/list", all_menus),
    Route("POST", f"{MENU}/bulk/link", "richmenu/bulk/link", bulk_link),
    Route("POST", f"{MENU}/bulk/unlink", "richmenu/bulk/unlink", bulk_unlink),
    Route("POST", f"{MENU}/batch", "richmenu/batch", batch),
    Route("POST", f"{MENU}/validate/batch", "richmenu/validate/batch", validate_batch),
    Route("GET", f"{MENU}/progress/batch", "richmenu/batch:progress", batch_progress),
    Route("POST", f"{MENU}/alias", "richmenu/alias:create", create_alias),
    Route("GET", f"{MENU}/alias/list", "richmenu/alias:list", all_aliases),
    Route("GET", f"{MENU}/alias/<alias_id>", "richmenu/alias:get", get_alias),
    Route("POST", f"{MENU}/alias/<alias_id>", "richmenu/alias:update", update_alias),
    Route("DELETE", f"{MENU}/alias/<alias_id>", "richmenu/alias:delete", delete_alias),
    Route("GET", f"{MENU}/<menu_id>", "richmenu/get", get),
    Route("DELETE", f"{MENU}/<menu_id>", "richmenu/delete", delete),
    Route("POST", f"{MENU}/<menu_id>/content", "richmenu/content:set", upload),
    Route("GET", f"{MENU}/<menu_id>/content", "richmenu/content:get", download),
    Route("GET", f"{USER}/all/richmenu", "richmenu/default:get", get_default),
    Route("DELETE", f"{USER}/all/richmenu", "richmenu/default:cancel", cancel_default),
    Route("POST", f"{USER}/all/richmenu/<menu_id>", "richmenu/default:set", set_default),
    Route("GET", f"{USER}/<user_id>/richmenu", "richmenu/user:get", get_of_person),
    Route("DELETE", f"{USER}/<user_id>/richmenu", "richmenu/user:unlink", unlink),
    Route("POST", f"{USER}/<user_id>/richmenu/<menu_id>", "richmenu/user:link", link),
)
