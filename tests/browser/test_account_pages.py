"""My account in the portal: details that change, an address that proves itself, a last page."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from bot.services.people.fields import Item, masked
from tests.browser.person import DESK, OWN_PASSWORD, PHONE, Person

pytestmark = pytest.mark.browser


def changes(person: Person, item: str, value: str) -> None:
    """Fill in the form of one detail; the label is the question of the chat."""
    name = person.t(item)
    person.clicks("link", "Change: {name}", name=name)
    person.is_on("Change: {name}", name=name)
    person.page.locator("#value").fill(value)
    person.fills("Present password", OWN_PASSWORD)
    person.clicks("button", "Save")


def test_details_history_and_the_end_on_a_phone(someone: Callable[..., Person]) -> None:
    person = someone("th", PHONE)
    old, new = person.puppet.email, f"new.{person.puppet.email}"
    person.gets_in()
    person.clicks("link", "My account")
    phone = person.t("Phone")
    person.clicks("link", "Change: {name}", name=phone)
    person.is_on("Change: {name}", name=phone)
    person.page.locator("#value").fill("12345")
    person.fills("Present password", OWN_PASSWORD)
    person.clicks("button", "Save")
    expect(person.page.get_by_role("alert")).to_be_visible()
    person.is_on("Change: {name}", name=phone)
    person.page.locator("#value").fill("089-999-0000")
    person.fills("Present password", "not my password")
    person.clicks("button", "Save")
    person.is_warned("Your present password is not right.")
    person.fills("Present password", OWN_PASSWORD)
    person.clicks("button", "Save")
    person.is_told("Saved.")
    expect(person.page.get_by_text(masked(Item.PHONE, "+66899990000"))).to_be_visible()

    changes(person, "E-mail", new)
    person.is_on("My account")
    expect(
        person.page.get_by_text(
            person.t("({masked} waits for its link)", masked=masked(Item.EMAIL, new))
        )
    ).to_be_visible()
    portal = person.page
    mail = person.opens_the_mail("email_confirm", new)
    person.follows_in(mail, "/s/email/")
    person.is_on("Confirm your e-mail address", is_signed_in=False)
    person.clicks("button", "Confirm this address")
    person.is_on("Your e-mail address is confirmed", is_signed_in=False)
    told = person.opens_the_mail("email_changed", old)
    assert new not in told.content()

    person.page = portal
    person.opens("My history")
    person.is_on("My history")
    expect(person.page.get_by_text(person.t("You registered"))).to_be_visible()
    person.opens("Close account")
    person.is_on("Close your account?")
    person.fills("Present password", "not my password")
    person.clicks("button", "Close account")
    person.is_warned("Your present password is not right.")
    person.fills("Present password", OWN_PASSWORD)
    person.clicks("button", "Close account")
    person.is_on("Your account is closed", is_signed_in=False)
    person.goes_to("/portal/account")
    person.is_on("Sign in", is_signed_in=False)
    person.signs_in(person.puppet.username, OWN_PASSWORD)
    person.is_warned("The username or the password is not right.")


@pytest.mark.long
def test_a_changed_address_at_a_desk(someone: Callable[..., Person]) -> None:
    person = someone("en", DESK)
    person.gets_in()
    person.clicks("link", "My account")
    changes(person, "E-mail", "new.ben@gmial.com")
    person.is_warned("Did you mean {meant}?", meant="new.ben@gmail.com")
    person.fills("Present password", OWN_PASSWORD)
    person.clicks("button", "Yes, correct it")
    person.is_on("My account")
    mail = person.opens_the_mail("email_confirm", "new.ben@gmail.com")
    person.follows_in(mail, "/s/email/")
    person.clicks("button", "Confirm this address")
    person.is_on("Your e-mail address is confirmed", is_signed_in=False)
    person.page.reload()  # a used link says what it did
    person.is_on("Your e-mail address is confirmed", is_signed_in=False)
