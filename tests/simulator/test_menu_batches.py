"""Moving people from one rich menu to another without naming them, by the real SDK."""

import pytest
from linebot.v3.messaging import (
    RichMenuBatchLinkOperation,
    RichMenuBatchRequest,
    RichMenuBatchUnlinkAllOperation,
    RichMenuBatchUnlinkOperation,
)
from linebot.v3.messaging.exceptions import ApiException

from simulator.people import Person
from simulator.platform import Platform
from tests.simulator.conftest import Line
from tests.simulator.test_account import menu, png, upload


def run(line: Line, *operations: object) -> str:
    """Start a batch; the phase that it is in afterwards."""
    started = line.api.rich_menu_batch_with_http_info(RichMenuBatchRequest(operations=operations))
    assert started.status_code == 202
    request_id = started.headers["x-line-request-id"]
    return str(line.api.get_rich_menu_batch_progress(request_id).phase.value)


@pytest.fixture
def two(line: Line) -> tuple[str, str]:
    made = [str(line.api.create_rich_menu(menu()).rich_menu_id) for _ in range(2)]
    for menu_id in made:
        upload(line, menu_id, png(2500, 1686))
    return made[0], made[1]


def link(old: str, new: str) -> RichMenuBatchLinkOperation:
    return RichMenuBatchLinkOperation(type="link", **{"from": old, "to": new})


def test_whoever_has_the_old_menu_gets_the_new_one(
    platform: Platform, line: Line, mali: Person, two: tuple[str, str]
) -> None:
    old, new = two
    other = platform.add_person("Ben")
    line.api.link_rich_menu_id_to_user(mali.user_id, old)
    assert run(line, link(old, new)) == "succeeded"
    assert platform.rich_menus.of_person == {mali.user_id: new}
    assert platform.rich_menus.shown_to(other.user_id) is None


def test_links_can_be_removed(
    platform: Platform, line: Line, mali: Person, two: tuple[str, str]
) -> None:
    line.api.link_rich_menu_id_to_user(mali.user_id, two[0])
    run(line, RichMenuBatchUnlinkOperation(type="unlink", **{"from": two[1]}))
    assert platform.rich_menus.of_person == {mali.user_id: two[0]}
    run(line, RichMenuBatchUnlinkAllOperation(type="unlinkAll"))
    assert platform.rich_menus.of_person == {}


def test_a_menu_without_a_picture_is_refused(line: Line, two: tuple[str, str]) -> None:
    bare = line.api.create_rich_menu(menu()).rich_menu_id
    with pytest.raises(ApiException) as refused:
        run(line, link(two[0], bare))
    assert refused.value.status == 400


@pytest.mark.parametrize("operations", [[], "all", [{"type": "swap"}], [{"type": "link"}]])
def test_what_is_no_batch_is_refused(line: Line, operations: object) -> None:
    body = {"operations": operations}
    for path in ("/v2/bot/richmenu/batch", "/v2/bot/richmenu/validate/batch"):
        assert line.raw("POST", path, json=body).status == 400


def test_three_batches_an_hour(line: Line, two: tuple[str, str]) -> None:
    for _ in range(3):
        run(line, link(*two))
    with pytest.raises(ApiException) as refused:
        run(line, link(*two))
    assert refused.value.status == 429


def test_an_unknown_batch_has_no_progress(line: Line) -> None:
    path = "/v2/bot/richmenu/progress/batch?requestId=none"
    assert line.raw("GET", path).status == 404
