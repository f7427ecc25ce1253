"""A new LINE account: the portal shows a code, the new chat takes it, the old one is told."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.person import DESK, OWN_PASSWORD, PHONE, Person, Screen

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    ("language", "screen"),
    [("th", PHONE), pytest.param("en", DESK, marks=pytest.mark.long)],
    ids=["thai-on-a-phone", "english-at-a-desk"],
)
def test_the_code_of_the_portal_moves_the_account(
    someone: Callable[..., Person], language: str, screen: Screen
) -> None:
    old = someone(language, screen)
    new = someone(language, screen, is_settled=False)
    old.gets_in()
    old.opens("Move to another LINE account")
    old.is_on("Move to another LINE account")
    old.fills("Present password", "not my password")
    old.clicks("button", "Show the code")
    old.is_warned("Your present password is not right.")
    old.fills("Present password", OWN_PASSWORD)
    old.clicks("button", "Show the code")
    old.is_on("Your code")
    code = old.page.locator("#relink-code").inner_text()

    new.opens_the_chat()
    new.types(code)
    new.reads("Your account is here now")
    expect(new.bubbles().filter(has_text=old.puppet.username).last).to_be_visible()
    new.shows_the_chat("moved")
    old.opens_the_chat()
    old.reads("Your account moved")
    old.shows_the_chat("told")
    old.goes_to("/portal")
    old.is_on("Sign in", is_signed_in=False)
    old.signs_in(old.puppet.username, OWN_PASSWORD)
    old.is_on("My courses")
