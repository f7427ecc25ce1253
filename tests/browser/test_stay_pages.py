"""Staying signed in on a phone, and the way from the chat into the lessons."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.person import OWN_PASSWORD, PHONE, Person

pytestmark = pytest.mark.browser


def test_a_tick_lasts_beyond_the_session_and_the_chat_leads_in(
    someone: Callable[..., Person],
) -> None:
    person = someone("th", PHONE)
    person.page = person.context.new_page()
    person.goes_to("/portal/sign-in?lang=th")
    person.page.get_by_label(person.t("Stay signed in on this phone or computer")).check()
    person.is_on("Sign in", is_signed_in=False)
    person.signs_in(person.puppet.username, OWN_PASSWORD)
    person.is_on("My courses")
    person.opens("My devices")
    person.is_on("My devices")

    person.context.clear_cookies(name="__Host-session")
    person.goes_to("/portal/courses/everyday-english?lang=th")
    person.page.wait_for_url("**/portal/courses/everyday-english*")
    expect(person.page.get_by_role("heading", level=1)).to_be_visible()
    person.goes_to("/portal/rights?lang=th")
    person.is_on("Your password, please")
    person.fills("Present password", "not this one")
    person.clicks("button", "Go on")
    person.is_warned("Your present password is not right.")
    person.fills("Present password", OWN_PASSWORD)
    person.clicks("button", "Go on")
    person.is_on("My rights")

    person.clicks("button", "Log Out")
    person.is_on("You are logged out", is_signed_in=False)
    person.goes_to("/portal?lang=th")
    person.is_on("Sign in", is_signed_in=False)

    person.opens_the_chat()
    person.types("คอร์ส")
    expect(person.button("Go to E-Learning")).to_be_visible(timeout=20_000)
    person.follows("Go to E-Learning")
    person.is_on("Your lessons", is_signed_in=False)
    person.clicks("button", "Go to my lessons")
    person.is_on("My courses")
