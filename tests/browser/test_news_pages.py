"""News of one's choice: chosen on the page, sent by the lever, stopped from chat and mail."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from bot.services.subscriptions.topics import NewsKind
from simulator.sample_news import SAMPLES
from tests.browser.person import DESK, PHONE, SOON, Person

pytestmark = pytest.mark.browser


def card(person: Person, english: str) -> Locator:
    """The part of the page that is about one channel."""
    heading = person.page.get_by_role("heading", name=person.t(english), exact=True)
    return person.page.locator("section").filter(has=heading)


def starts(person: Person, english: str) -> None:
    found = card(person, english)
    found.get_by_text(person.t("Start"), exact=True).click()
    found.get_by_role("button", name=person.t("Yes, please"), exact=True).click()
    person.is_told("Your choice counts from now on.")


def opens_news(person: Person) -> None:
    person.gets_in()
    person.opens("News")
    person.is_on("My news")


def pulls(person: Person, kind: NewsKind) -> None:
    """The lever of the simulator that sends a sample of this kind."""
    if person.screen.is_phone:
        person.chat.get_by_test_id("view-tools").click()
    person.chat.get_by_test_id(f"lever-news-{kind}").click()
    if person.screen.is_phone:
        person.chat.get_by_test_id("view-chat").click()


def hears(person: Person, kind: NewsKind) -> None:
    title = SAMPLES[kind].title[person.language]
    expect(person.bubbles().filter(has_text=title).last).to_be_visible(timeout=SOON)


def test_chosen_paused_sent_and_stopped_on_a_phone(someone: Callable[..., Person]) -> None:
    person = someone("th", PHONE)
    opens_news(person)
    starts(person, "News on LINE")
    person.is_on("My news")
    line = card(person, "News on LINE")
    boxes = line.get_by_role("checkbox")
    expect(boxes).to_have_count(4)
    for box in boxes.all():
        box.set_checked(True)
    line.get_by_role("button", name=person.t("Save"), exact=True).click()
    person.is_told("Your choice counts from now on.")
    for box in card(person, "News on LINE").get_by_role("checkbox").all():
        expect(box).to_be_checked()
    pause = {"span": person.t("{n} days", n=30)}
    person.clicks("button", "Pause for {span}", **pause)
    expect(person.page.get_by_role("button", name=person.t("Go on now"))).to_be_visible()
    person.is_on("My news")
    person.clicks("button", "Go on now")
    again = person.t("Pause for {span}", **pause)
    expect(person.page.get_by_role("button", name=again)).to_be_visible()

    starts(person, "News by e-mail")
    portal = person.page
    mail = person.opens_the_mail("welcome", person.puppet.email)
    person.follows_in(mail, "/s/email/")
    person.clicks("button", "Confirm this address")
    person.is_on("Your e-mail address is confirmed", is_signed_in=False)

    person.opens_the_chat()
    pulls(person, NewsKind.ARTICLE)
    hears(person, NewsKind.ARTICLE)
    person.shows_the_chat("news")
    person.presses("Stop news on LINE")
    person.reads("Done: you get no more of this news.")
    pulls(person, NewsKind.ARTICLE)  # one announcement comes on one way; the other is left now
    news = person.opens_the_mail(
        "campaign", person.puppet.email, title=SAMPLES[NewsKind.ARTICLE].title["th"]
    )
    person.follows_in(news, "/s/stop/")
    person.is_on("Stop news by e-mail", is_signed_in=False)
    person.clicks("button", "Stop news by e-mail")
    person.is_told("Done: you get no more news by e-mail.")
    person.is_on("Stop news by e-mail", is_signed_in=False)

    person.page = portal
    person.goes_to("/portal/news")
    for channel in ("News on LINE", "News by e-mail"):
        expect(card(person, channel).get_by_text(person.t("Start"), exact=True)).to_be_visible()


@pytest.mark.long
def test_started_and_stopped_on_the_page_at_a_desk(someone: Callable[..., Person]) -> None:
    person = someone("en", DESK)
    opens_news(person)
    starts(person, "News on LINE")
    person.opens_the_chat()
    pulls(person, NewsKind.COURSE_INFO)
    hears(person, NewsKind.COURSE_INFO)
    person.shows_the_chat("news")
    stop = card(person, "News on LINE").get_by_role("button", name=person.t("Stop"), exact=True)
    stop.click()
    person.is_told("Your choice counts from now on.")
    expect(card(person, "News on LINE").get_by_role("checkbox")).to_have_count(0)
