"""The rich menu below the chat in a browser: it is there by itself, opens, closes and answers."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.setting_up import Puppet
from tests.servers import Product

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 844}


@pytest.mark.parametrize("size", [PHONE, {"width": 1280, "height": 900}], ids=["phone", "desk"])
def test_the_menu_answers_taps_and_closes(
    town: Product, open_context: Callable[..., Any], size: dict[str, int], tmp_path: Any
) -> None:
    """The demo has deployed the menus without being asked to."""
    context, watch = open_context(viewport=size)
    user_id = Puppet(context.request, town, f"menu {size['width']}", "th").user_id
    page = context.new_page()
    page.goto(f"{town.url}/simulator")
    if size is PHONE:
        page.get_by_test_id("view-people").click()
    page.get_by_test_id(f"person-{user_id}").click()
    page.get_by_test_id("follow").click()
    answers = page.get_by_test_id("bubble-bot")
    expect(answers.first).to_be_visible()
    bar, areas = page.get_by_test_id("menu-bar"), page.get_by_test_id("menu-area")
    expect(areas).to_have_count(6, timeout=30_000)
    expect(bar).to_have_attribute("aria-expanded", "true")
    expect(page.locator("#menu-picture img")).to_have_js_property("naturalWidth", 2500)
    page.screenshot(path=tmp_path / "open.png")
    before = answers.count()
    page.get_by_role("button", name="นโยบายความเป็นส่วนตัว", exact=True).and_(areas).click()
    expect(answers).to_have_count(before + 1)
    page.get_by_role("button", name="English", exact=True).and_(areas).click()
    expect(
        page.get_by_role("button", name="Privacy policy", exact=True).and_(areas)
    ).to_be_visible()
    bar.click()
    expect(bar).to_have_attribute("aria-expanded", "false")
    expect(areas.first).to_be_hidden()
    bar.click()
    expect(areas.first).to_be_visible()
    assert watch.complaints == []
    assert watch.foreign == []
