"""A person of the simulator with a phone or a desk in front of them: chat, mails and portal."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Locator, Page, expect

from bot.texts import Translator, translator
from bot.texts import __file__ as texts
from tests.browser.looks import fits, looks_right
from tests.browser.setting_up import Puppet
from tests.servers import Product

OWN_PASSWORD = "แมวเจ็ดตัว jump over 31 fences"
OTHER_PASSWORD = "นกแปดตัว sing in 12 gardens"
SOON = 20_000  # milliseconds until something of the server's counts as missed


@dataclass(frozen=True)
class Screen:
    """Where somebody sits: the smallest phone that we promise, or a desk."""

    width: int
    height: int
    is_phone: bool

    @property
    def options(self) -> dict[str, Any]:
        size = {"width": self.width, "height": self.height}
        return {"viewport": size, "is_mobile": self.is_phone, "has_touch": self.is_phone}


PHONE = Screen(360, 740, is_phone=True)
DESK = Screen(1280, 900, is_phone=False)


class Person:
    """Does what people do, and looks at every page on the way."""

    def __init__(
        self,
        context: BrowserContext,
        puppet: Puppet,
        product: Product,
        shots: Path | None,
        screen: Screen,
    ) -> None:
        self.context = context
        self.puppet = puppet
        self.product = product
        self.shots = shots
        self.screen = screen
        self.language = puppet.language
        self.t: Translator = translator(puppet.language)
        self.chat = context.new_page()
        self.page = self.chat

    # The chat

    def opens_the_chat(self) -> None:
        self.chat.goto(f"{self.product.url}/simulator?person={self.puppet.user_id}")
        expect(self.chat.get_by_role("log")).to_be_visible()
        if self.chat.locator("html").get_attribute("lang") != self.language:
            self.chat.get_by_test_id("ui-language").click()
        expect(self.chat.locator("html")).to_have_attribute("lang", self.language)
        self.closes_the_menu()

    def closes_the_menu(self) -> None:
        """The rich menu would take half of a small screen; it has tests of its own."""
        bar = self.chat.get_by_test_id("menu-bar")
        expect(bar).to_be_visible(timeout=SOON)
        if bar.get_attribute("aria-expanded") == "true":
            bar.click()
        expect(bar).to_have_attribute("aria-expanded", "false")

    def bubbles(self) -> Locator:
        """What the bot has said; in front, because a page in the background asks more seldom."""
        self.chat.bring_to_front()
        return self.chat.get_by_test_id("bubble-bot")

    def types(self, text: str) -> None:
        with _Answered(self.bubbles()):
            self.chat.get_by_role("textbox", name="ข้อความ / Message").fill(text)
            self.chat.get_by_test_id("send").click()

    def presses(self, english: str, **gaps: object) -> None:
        """The newest button of a card, or a quick reply, with this sentence on it."""
        with _Answered(self.bubbles()):
            self.button(english, **gaps).click()

    def button(self, english: str, **gaps: object) -> Locator:
        label = re.compile(f"^\\s*{re.escape(self.t(english, **gaps))}\\s*$")
        anywhere = self.chat.locator("#room, #quick")
        return anywhere.get_by_role("button", name=label).last

    def reads(self, english: str, **gaps: object) -> None:
        """It stands in the chat, or comes by itself within a moment."""
        words = self.t(english, **gaps)
        expect(self.bubbles().filter(has_text=words).last).to_be_visible(timeout=SOON)

    def shows_the_chat(self, name: str) -> None:
        fits(self.chat)
        self.shoot(name, self.chat, is_whole=False)

    def follows(self, english: str) -> Page:
        """Press a button of the chat that opens a page."""
        return self._opening(lambda: self.button(english).click())

    def _opening(self, act: Callable[[], None]) -> Page:
        with self.context.expect_page() as opening:
            act()
        self.page = opening.value
        self.page.wait_for_load_state()
        return self.page

    # Mails

    def opens_the_mail(self, letter: str, to: str, **gaps: str) -> Page:
        """The newest mail of this kind to an address, once it is there."""
        mail = self.context.new_page()
        mail.goto(f"{self.product.url}/simulator/mailbox")
        listed = mail.get_by_role("link").filter(has_text=to)
        listed = listed.filter(has_text=subject(letter, self.language).format(**gaps))
        expect(listed.first).to_be_visible(timeout=SOON)
        fits(mail)
        listed.first.click()
        expect(mail.get_by_test_id("text")).to_be_visible()
        fits(mail)
        self.shoot(f"mail-{letter}", mail)
        return mail

    def follows_in(self, mail: Page, path: str) -> Page:
        """Press the link of a mail that leads to this path."""
        link = mail.get_by_test_id("text").locator(f"a[href*='{path}']")
        return self._opening(link.click)

    # The portal

    def goes_to(self, path: str) -> None:
        self.page.goto(self.product.url + path)

    def signs_in(self, username: str, password: str) -> None:
        """On the sign-in page; which page comes next is for the caller to say."""
        page = self.page
        page.get_by_label(self.t("Username"), exact=True).fill(username)
        page.get_by_label(self.t("Password"), exact=True).fill(password)
        page.get_by_role("button", name=self.t("Sign in"), exact=True).click()

    def gets_in(self) -> None:
        """Open the portal in a tab of its own and sign in with the password of one's own."""
        self.page = self.context.new_page()
        self.goes_to("/portal")
        self.signs_in(self.puppet.username, OWN_PASSWORD)
        self.is_on("My courses")

    def opens(self, english: str) -> None:
        """By the menu of the portal to my account, and on to one of the pages that it lists."""
        menu = self.page.get_by_role("navigation", name=self.t("Menu"), exact=True)
        menu.get_by_role("link", name=self.t("My account"), exact=True).click()
        self.is_on("My account")
        self.clicks("link", english)

    def clicks(self, role: Any, english: str, **gaps: object) -> None:
        self.page.get_by_role(role, name=self.t(english, **gaps), exact=True).click()

    def fills(self, english: str, value: str, **gaps: object) -> None:
        self.page.get_by_label(self.t(english, **gaps), exact=True).fill(value)

    def is_on(self, english: str, *, is_signed_in: bool = True, **gaps: object) -> None:
        """The page has this heading, and is in order."""
        expect(self.page.get_by_role("heading", level=1)).to_have_text(self.t(english, **gaps))
        self.shoot(english, self.page)
        looks_right(self.page, self.language, is_signed_in=is_signed_in)

    def is_told(self, english: str, *, role: Any = "status", **gaps: object) -> None:
        """The page says so where screen readers read it out."""
        told = self.page.get_by_role(role).filter(has_text=self.t(english, **gaps))
        expect(told).to_be_visible()
        self.shoot(english[:40], self.page)

    def is_warned(self, english: str, **gaps: object) -> None:
        self.is_told(english, role="alert", **gaps)

    def shoot(self, name: str, page: Page, *, is_whole: bool = True) -> None:
        if self.shots is None:
            return
        number = len(list(self.shots.glob("*.png"))) + 1
        tidy = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
        page.screenshot(path=self.shots / f"{number:02}-{tidy}.png", full_page=is_whole)


class _Answered:
    """What is done inside is followed by an answer of the bot."""

    def __init__(self, bubbles: Locator) -> None:
        self.bubbles = bubbles

    def __enter__(self) -> None:
        self.before = self.bubbles.count()

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            expect(self.bubbles.nth(self.before)).to_be_visible(timeout=SOON)


def subject(letter: str, language: str) -> str:
    """The subject of a mail as its file has it."""
    path = Path(texts).parent / "mails" / f"{letter}.{language}.md"
    return path.read_text("utf-8").splitlines()[0].removeprefix("Subject: ")
