"""The rights of the PDPA on pages: take it along, object, restrict, and have it all erased."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Download, expect

from tests.browser.looks import fits
from tests.browser.person import DESK, OWN_PASSWORD, PHONE, Person

pytestmark = pytest.mark.browser


def opens_rights(person: Person) -> None:
    person.gets_in()
    person.opens("My rights")
    person.is_on("My rights")


def saves(person: Person, english: str) -> Download:
    with person.page.expect_download() as saving:
        person.clicks("button", english)
    # The page stays behind: it says that the file comes, and nothing of an error before it.
    expect(person.page.get_by_role("alert")).to_have_count(0)
    expect(person.page.locator("[aria-invalid]")).to_have_count(0)
    person.is_told("Your file is on its way. Please look among your downloads.")
    return saving.value


def holds_everything(person: Person, saved: Download, directory: Path) -> None:
    """The archive has a page to read, which opens in the browser, and files for programs."""
    path = directory / saved.suggested_filename
    saved.save_as(path)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        for kind in (".html", ".json", ".csv"):
            assert [name for name in names if name.endswith(kind)], names
        archive.extractall(directory)
    tables = (directory / next(name for name in names if name.endswith(".json"))).read_text("utf-8")
    assert person.puppet.email in json.dumps(json.loads(tables), ensure_ascii=False)
    reader = person.context.new_page()
    reader.set_content(
        (directory / next(name for name in names if name.endswith(".html"))).read_text("utf-8")
    )
    expect(reader.locator("html")).to_have_attribute("lang", "th")
    expect(reader.get_by_text(person.puppet.email).first).to_be_visible()
    fits(reader)
    person.shoot("archive", reader)
    reader.close()


def test_every_right_on_a_phone(someone: Callable[..., Person], tmp_path: Path) -> None:
    person = someone("th", PHONE)
    opens_rights(person)
    person.fills("Present password", "not my password")
    person.clicks("button", "Download")
    person.is_warned("Your present password is not right.")
    person.fills("Present password", OWN_PASSWORD)
    holds_everything(person, saves(person, "Download"), tmp_path)

    person.page.get_by_label(person.t("What is wrong? Never write a password.")).fill("ชื่อสะกดผิด")
    person.clicks("button", "Send")
    person.is_told("Your request has arrived")
    person.clicks("button", "Object")
    person.is_told(
        "Done: no more news on any channel, and nobody asks you again. If you want news one day, "
        "type “news”."
    )
    person.clicks("button", "Stop use")
    person.is_told("The use of your data is stopped")
    person.is_on("My rights")
    person.clicks("button", "Allow use again")
    person.is_told("Done: we may use your data again as the privacy notice says.")

    person.clicks("link", "Erase my data")
    person.is_on("Erase all my data?")
    person.fills("Present password", "not my password")
    person.clicks("button", "Erase everything")
    person.is_warned("Your present password is not right.")
    person.fills("Present password", OWN_PASSWORD)
    person.clicks("button", "Erase everything")
    person.is_on("Your data has been erased", is_signed_in=False)
    person.goes_to("/portal/rights")
    person.is_on("Sign in", is_signed_in=False)
    person.signs_in(person.puppet.username, OWN_PASSWORD)
    person.is_warned("The username or the password is not right.")


@pytest.mark.long
def test_the_archive_by_the_link_of_the_chat_at_a_desk(
    someone: Callable[..., Person], tmp_path: Path
) -> None:
    person = someone("en", DESK)
    person.opens_the_chat()
    person.types("my rights")
    person.presses("Download")
    expect(person.button("Get my data")).to_be_visible()
    person.shows_the_chat("archive-card")
    person.follows("Get my data")
    person.is_on("Your data", is_signed_in=False)
    person.fills("Last {digits} digits of your phone number", "0000", digits=4)
    person.clicks("button", "Get my data")
    person.is_warned("These digits are not right. {left} tries are left.", left=4)
    person.fills("Last {digits} digits of your phone number", "5678", digits=4)
    holds_everything(person, saves(person, "Get my data"), tmp_path)
    person.page.reload()
    person.gets_in()
    person.goes_to("/portal/rights/withdraw")
    person.is_on("Withdraw and close my account?")
    person.fills("Present password", OWN_PASSWORD)
    person.clicks("button", "Withdraw")
    person.is_on("You have withdrawn, and your account is closed.", is_signed_in=False)
