"""A member of staff in front of the console, who looks at every page on the way."""

from typing import Any

from playwright.sync_api import BrowserContext, Page, expect

from bot.texts import translator
from tests.browser.looks import fits, looks_right
from tests.browser.person import SOON, Screen
from tests.servers import Product


class Clerk:
    """A member of staff in front of the console."""

    def __init__(
        self, context: BrowserContext, product: Product, screen: Screen, language: str, shots: Any
    ) -> None:
        self.context, self.product, self.screen = context, product, screen
        self.language, self.shots = language, shots
        self.t = translator(language, is_terse=True)
        self.page: Page = context.new_page()

    def enters(self, role: str, at: str) -> None:
        self.page.goto(f"{self.product.url}/simulator/console")
        self.page.get_by_test_id(f"enter-{role}").click()
        self.goes_to(f"{at}?lang={self.language}&keep=1")

    def goes_to(self, path: str) -> None:
        self.page.goto(self.product.url + path)

    def begins(self) -> None:
        self.page.get_by_role("link", name=self.t("New announcement")).click()

    def clicks(self, english: str, role: Any = "button", **gaps: object) -> None:
        self.page.get_by_role(role, name=self.t(english, **gaps), exact=True).first.click()

    def fills(self, name: str, value: str) -> None:
        self.page.locator(f'[name="{name}"]').fill(value)

    def is_told(self, english: str, role: Any = "status", **gaps: object) -> None:
        told = self.page.get_by_role(role).filter(has_text=self.t(english, **gaps))
        expect(told.first).to_be_visible(timeout=SOON)

    def sees(self, words: str) -> None:
        expect(self.page.get_by_text(words).first).to_be_visible(timeout=SOON)

    def looks(self, name: str, *, is_walked: bool = True) -> None:
        """The page is in order, and is kept as a picture where somebody wants to see it."""
        if self.shots is not None:
            number = len(list(self.shots.glob("*.png"))) + 1
            self.page.screenshot(path=self.shots / f"{number:02}-{name}.png", full_page=True)
        fits(self.page)
        if is_walked:
            # On a phone the way out stands in the closed menu.
            looks_right(self.page, self.language, is_signed_in=not self.screen.is_phone)
