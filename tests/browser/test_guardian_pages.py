"""A child and a parent with a phone each: a code, a page with a QR code, two answers."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.person import DESK, PHONE, SOON, Person, Screen

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    ("language", "screen", "band"),
    [
        ("th", PHONE, "11 to 19 years"),
        pytest.param("en", DESK, "Up to 10 years", marks=pytest.mark.long),
    ],
    ids=["thai-on-a-phone", "english-at-a-desk"],
)
def test_a_child_asks_a_parent_agrees_both_finish(
    someone: Callable[..., Person], language: str, screen: Screen, band: str
) -> None:
    child = someone(language, screen, is_settled=False)
    parent = someone(language, screen, is_settled=False)
    child.opens_the_chat()
    child.presses("Register")
    child.presses("I agree")
    child.presses(band)
    child.types("น้ำผึ้ง")
    expect(child.button("Show the QR code")).to_be_visible()
    child.shows_the_chat("code")
    page = child.follows("Show the QR code")
    child.is_on("For a parent or guardian", is_signed_in=False)
    drawn = page.get_by_role("img", name=child.t("QR code that opens our LINE chat"), exact=True)
    expect(drawn).to_be_visible()
    size = drawn.locator("svg").bounding_box()
    assert size, "no code is drawn"
    assert size["width"] == size["height"] >= 160, "too small for a camera"
    words = page.locator("main strong").inner_text()

    parent.opens_the_chat()
    parent.types(words)
    parent.shows_the_chat("a-child")
    parent.presses("I am the parent")
    parent.presses("Yes, {age} or older", age=20)
    parent.types("วรรณา รักษากุล")
    parent.shows_the_chat("consent")
    for english in ("I agree", "No, thank you", "No, thank you"):
        parent.presses(english)
    parent.reads("Thank you for your answers")
    parent.shows_the_chat("thanks")

    child.reads("Your parent or guardian has agreed")
    child.presses("Go on registering")
    for typed in ("มะลิ ใจดี", "081-234-5678", child.puppet.user_id[:9] + "@example.com", "mali.jd"):
        child.types(typed)
    child.presses("Confirm and register")
    expect(child.button("Show my password")).to_be_visible(timeout=SOON)
    child.shows_the_chat("finished")
    parent.types({"th": "บุตรหลาน", "en": "my children"}[language])
    parent.reads("My children")
    parent.shows_the_chat("children")
