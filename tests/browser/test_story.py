"""The whole story in a browser: from hello in the chat to a lesson, and out again."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from bot.texts import Translator, translator
from handlers.web.cookies import COOKIES
from simulator.people import known_user_id
from simulator.wiring import CAST
from tests.browser.looks import fits
from tests.servers import SOMCHAI, Details, Product

pytestmark = pytest.mark.browser

MALI, BEN = CAST[0][0], CAST[2][0]
BENS = Details("Ben Carter", "081-999-2345", "ben.carter@example.com", "ben.carter")
OWN_PASSWORD = "แมวเจ็ดตัว jump over 31 fences"
PHONE = {"width": 360, "height": 740}


class Story:
    """One person in front of the simulator; every page can be photographed."""

    def __init__(
        self,
        context: BrowserContext,
        product: Product,
        name: str,
        language: str,
        shots: Path | None,
    ) -> None:
        self.context = context
        self.product = product
        self.user_id = known_user_id(name)
        self.language = language
        self.t: Translator = translator(language)
        self.shots = shots
        self.page = context.new_page()
        self.lesson_url = ""

    def shoot(self, name: str, page: Page | None = None) -> None:
        if self.shots is not None:
            number = len(list(self.shots.glob("*.png"))) + 1
            (page or self.page).screenshot(path=self.shots / f"{number:02}-{name}.png")

    def begins(self, *, on_phone: bool) -> None:
        page = self.page
        page.goto(f"{self.product.url}/simulator")
        if on_phone:
            page.get_by_test_id("view-people").click()
            self.shoot("simulator-people")
        page.get_by_test_id(f"person-{self.user_id}").click()
        page.get_by_test_id("follow").click()
        self.answered(1)
        self.shoot("welcome")

    def answered(self, least: int) -> None:
        """Wait until the bot has said so much, and nothing is on its way."""
        expect(self.page.get_by_test_id("bubble-bot").nth(least - 1)).to_be_visible(timeout=20_000)

    def bubbles(self) -> int:
        return self.page.get_by_test_id("bubble-bot").count()

    def presses(self, kind: str, english: str) -> None:
        before = self.bubbles()
        label = re.compile(f"^\\s*{re.escape(self.t(english))}\\s*$")
        self.page.get_by_test_id(kind).filter(has_text=label).last.click()
        self.answered(before + 1)

    def types(self, text: str) -> None:
        before = self.bubbles()
        self.page.get_by_test_id("message-input").fill(text)
        self.page.get_by_test_id("send").click()
        self.answered(before + 1)

    def registers(self, details: Details) -> None:
        self.presses("flex-button", "Register")
        self.shoot("consent")
        self.presses("flex-button", "I agree")
        self.shoot("age")
        self.presses("quick-reply", "20 years and over")
        for name, typed in vars(details).items():
            self.types(typed)
            self.shoot(f"after-{name}")
        self.presses("flex-button", "Yes, please")
        self.shoot("news-by-email")
        self.presses("flex-button", "No, thank you")
        self.shoot("summary")
        self.presses("flex-button", "Confirm and register")
        show = self.page.get_by_test_id("flex-button").filter(has_text=self.t("Show my password"))
        expect(show.last).to_be_visible(timeout=20_000)
        self.shoot("way-in")

    def opens_the_link(self) -> tuple[str, str]:
        with self.context.expect_page() as opening:
            self.page.get_by_test_id("flex-button").filter(
                has_text=self.t("Show my password")
            ).last.click()
        self.page = page = opening.value
        page.wait_for_load_state()
        assert page.locator("html").get_attribute("lang") == self.language
        self.looks_at("link")
        page.get_by_role("button", name=self.t("Show my username and password")).click()
        expect(page.locator("#password")).to_be_visible()
        self.looks_at("revealed")
        return page.locator("#username").inner_text(), page.locator("#password").inner_text()

    def looks_at(self, name: str) -> None:
        self.shoot(name)
        fits(self.page)

    def signs_in(self, username: str, password: str) -> None:
        page, t = self.page, self.t
        page.get_by_role("button", name=t("Type the password myself")).click()
        self.looks_at("sign-in")
        expect(page.locator("#username")).to_have_value(username)
        page.locator("#password").fill(password)
        page.get_by_role("button", name=t("Sign in"), exact=True).click()
        page.wait_for_url("**/portal/password*")
        self.looks_at("choose-password")

    def chooses(self, password: str) -> None:
        page = self.page
        page.locator("#chosen").fill(password)
        page.locator("#again").fill(password)
        page.get_by_role("button", name=self.t("Save"), exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(self.t("My courses"))
        self.looks_at("courses")

    def studies(self) -> str:
        """Open a course and a lesson, mark it done; returns the lesson's title."""
        page, t = self.page, self.t
        page.locator("ul.cards h2 a").first.click()
        page.wait_for_url("**/portal/courses/*")
        self.looks_at("course")
        page.locator("ol.lessons a").first.click()
        expect(page.locator("article.text")).to_be_visible()
        self.looks_at("lesson")
        title = page.get_by_role("heading", level=1).first.inner_text()
        page.get_by_role("button", name=t("Mark as done")).click()
        expect(page.get_by_text(t("You have finished this lesson."))).to_be_visible()
        self.looks_at("lesson-done")
        self.lesson_url = page.url
        return title

    def logs_out(self) -> None:
        page = self.page
        page.get_by_role("button", name=self.t("Log Out"), exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(self.t("You are logged out"))
        self.looks_at("signed-out")

    def goes_back(self, title: str) -> None:
        """Back, and back again: whatever shows, it is not the lesson."""
        page = self.page
        for _ in range(3):
            page.go_back()
            page.wait_for_load_state()
            assert page.locator("article.text").count() == 0, page.url
            assert title not in page.locator("main").inner_text()
            assert page.get_by_role("button", name=self.t("Log Out"), exact=True).count() == 0
        page.goto(self.lesson_url)
        assert "/portal/sign-in" in page.url
        self.looks_at("sign-in-again")


def tells_nothing(context: BrowserContext, page: Page) -> None:
    """After logging out the browser holds nothing of ours."""
    ours = [c["name"] for c in context.cookies() if c["name"] in {k.name for k in COOKIES}]
    stored = page.evaluate("[localStorage.length, sessionStorage.length]")
    # The simulator remembers its person and language under its own two names on the same origin.
    kept = page.evaluate("Object.keys(localStorage)")
    assert all(str(name).startswith("sim.") for name in kept), kept
    assert stored[1] == 0
    # The sign-in form that was reached last ties itself to the browser with a fresh ticket.
    assert ours in ([], ["__Host-session"])


@pytest.mark.parametrize(
    ("name", "language", "details", "viewport"),
    [
        pytest.param(MALI, "th", SOMCHAI, PHONE, id="thai-on-a-phone"),
        pytest.param(BEN, "en", BENS, None, id="english-at-a-desk", marks=pytest.mark.long),
    ],
)
def test_from_hello_to_a_lesson(
    town: Product,
    open_context: Callable[..., Any],
    tmp_path: Path,
    name: str,
    language: str,
    details: Details,
    viewport: dict[str, int] | None,
) -> None:
    shots = tmp_path / "shots"
    shots.mkdir()
    options: dict[str, Any] = {"locale": "th-TH" if language == "th" else "en-GB"}
    if viewport:
        options |= {"viewport": viewport, "is_mobile": True, "has_touch": True}
    context, watch = open_context(**options)
    story = Story(context, town, name, language, shots)
    story.begins(on_phone=viewport is not None)
    story.registers(details)
    fits(story.page)
    username, password = story.opens_the_link()
    story.signs_in(username, password)
    story.chooses(OWN_PASSWORD)
    title = story.studies()
    story.logs_out()
    story.goes_back(title)
    tells_nothing(context, story.page)
    assert watch.foreign == []
    assert watch.complaints == []
    names = {value.partition("=")[0] for value in watch.set_cookies}
    assert names <= {cookie.name for cookie in COOKIES}
    assert names, "no cookie was seen: the watch is blind"


def test_a_dead_link_and_the_public_pages_on_a_phone(
    town: Product, open_context: Callable[..., Any], tmp_path: Path
) -> None:
    """Pages off the straight way: they fit, they ask nobody else, they complain of nothing."""
    context, watch = open_context(viewport=PHONE, is_mobile=True, has_touch=True, locale="th-TH")
    watch.expected = {"status of 410", "status of 404"}  # the browser's own word for the answer
    page = context.new_page()
    shots = tmp_path / "shots"
    shots.mkdir()

    def looks_at(name: str) -> None:
        number = len(list(shots.glob("*.png"))) + 1
        page.screenshot(path=shots / f"{number:02}-{name}.png", full_page=True)
        fits(page)

    page.goto(f"{town.url}/s/{'x' * 43}")
    page.get_by_role("button").last.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(
        translator("th")("This link does not work any more")
    )
    looks_at("dead-link")
    for name, path in {
        "privacy": "/privacy",
        "advice": "/portal/advice",
        "sign-in": "/portal/sign-in",
        "not-found": "/nowhere",
    }.items():
        page.goto(town.url + path)
        looks_at(name)
    page.locator("a.switch").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    looks_at("not-found-in-english")
    assert watch.foreign == []
    assert watch.complaints == []
