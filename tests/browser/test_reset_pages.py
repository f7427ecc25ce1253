"""A forgotten password as its owner lives it: chat, page, mail, and the end of a thief."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.person import DESK, OTHER_PASSWORD, OWN_PASSWORD, PHONE, Person

pytestmark = pytest.mark.browser

WORDS = {"th": "ลืมรหัสผ่าน", "en": "reset password"}


def resets(person: Person) -> tuple[str, str]:
    """From the words in the chat to a new temporary password, with one slip on the way."""
    person.opens_the_chat()
    person.types(WORDS[person.language])
    expect(person.button("Get a new password")).to_be_visible(timeout=20_000)
    person.shows_the_chat("reset-card")
    person.follows("Get a new password")
    person.is_on("A new password", is_signed_in=False)
    person.fills("Last {digits} digits of your phone number", "0000", digits=4)
    person.clicks("button", "Show my new password")
    person.is_warned("These digits are not right. {left} tries are left.", left=4)
    person.is_on("A new password", is_signed_in=False)
    person.fills("Last {digits} digits of your phone number", "5678", digits=4)
    person.clicks("button", "Show my new password")
    person.is_on("Your username and password", is_signed_in=False)
    page = person.page
    return page.locator("#username").inner_text(), page.locator("#password").inner_text()


def chooses(person: Person, password: str) -> None:
    person.is_on("Choose your own password")
    person.fills("New password", password)
    person.fills("New password once more", password)
    person.clicks("button", "Save")
    person.is_on("My courses")


def test_from_forgotten_to_frozen_on_a_phone(someone: Callable[..., Person]) -> None:
    person = someone("th", PHONE)
    username, temporary = resets(person)
    assert username == person.puppet.username
    person.clicks("button", "Sign in with these")
    person.is_on("Choose your own password")
    assert temporary not in person.page.url
    chooses(person, OTHER_PASSWORD)
    portal = person.page

    person.reads("Your password was reset")
    person.shows_the_chat("notice")
    mail = person.opens_the_mail("reset_notice", person.puppet.email)
    assert temporary not in mail.content()
    person.follows_in(mail, "/s/freeze/")
    person.is_on("Freeze my account", is_signed_in=False)
    person.clicks("button", "Freeze my account now")
    person.is_on("Your account is frozen", is_signed_in=False)

    person.page = portal
    portal.reload()
    person.is_on("Sign in", is_signed_in=False)
    person.signs_in(username, OTHER_PASSWORD)
    person.is_warned("The username or the password is not right.")


def explains(person: Person, temporary: str) -> None:
    """The page that Back and reload find: why nothing is shown, and what can be done."""
    person.is_on("The password was shown once", is_signed_in=False)
    page = person.page
    expect(page.get_by_role("link", name=person.t("Ask for a new link in LINE"))).to_be_visible()
    assert temporary not in page.content()
    assert "/s/opened" in page.url


def test_back_after_the_password_was_shown(someone: Callable[..., Person]) -> None:
    person = someone("th", PHONE)
    username, temporary = resets(person)
    page = person.page
    person.clicks("button", "Type the password myself")
    person.is_on("Sign in", is_signed_in=False)
    expect(page.locator("#username")).to_have_value(username)
    page.go_back()
    explains(person, temporary)
    page.go_forward()
    person.is_on("Sign in", is_signed_in=False)
    person.signs_in(username, temporary)
    person.is_on("Choose your own password")
    for _ in range(2):
        page.go_back()
        assert temporary not in page.content()
    explains(person, temporary)


@pytest.mark.long
def test_a_new_password_at_a_desk(someone: Callable[..., Person]) -> None:
    person = someone("en", DESK)
    username, temporary = resets(person)
    person.page.reload()
    explains(person, temporary)
    person.clicks("link", "Go to sign-in")
    person.is_on("Sign in", is_signed_in=False)
    person.signs_in(username, OWN_PASSWORD)
    person.is_warned("The username or the password is not right.")
    person.signs_in(username, temporary)
    chooses(person, OTHER_PASSWORD)
    person.clicks("button", "Log Out")
    person.is_on("You are logged out", is_signed_in=False)
