"""A real browser, a real server with the built-in LINE, and an ear for what goes wrong in pages."""

import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.databases import fresh
from tests.servers import Product

NAMES = ("chromium", "chromium-browser", "google-chrome")


def installed() -> str | None:
    return next((path for path in map(shutil.which, NAMES) if path), None)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    path = installed()
    if path is None:
        pytest.skip("no browser: install the package chromium (apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Product]:
    """The demo as `make demo` runs it, with a database of its own."""
    with fresh("sqlite", tmp_path) as url:
        made = Product(
            database_url=url,
            line_url="",
            channel_secret=secrets.token_hex(16),
            access_token=secrets.token_hex(24),
            bot_user_id="U" + "e" * 32,
            directory=tmp_path,
            more={"SIMULATOR": "1"},
        )
        made.web.environment["LINE_API_URL"] = f"http://127.0.0.1:{made.port}/simulator/line"
        try:
            made.start()
            yield made
        finally:
            made.stop()


@dataclass
class Watch:
    """What every page of a context asked for, and what it complained of."""

    origin: str
    complaints: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    set_cookies: list[str] = field(default_factory=list)
    expected: set[str] = field(default_factory=set)

    def over(self, context: BrowserContext) -> None:
        context.on("request", lambda request: self._asked(request.url))
        context.on("page", self._hears)
        context.on("response", self._answered)
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))

    def _hears(self, page: Page) -> None:
        page.on(
            "console",
            lambda said: (
                self.complaints.append(f"{page.url}: {said.text}")
                if said.type in {"error", "warning"}
                and not any(word in said.text for word in self.expected)
                else None
            ),
        )

    def _asked(self, url: str) -> None:
        parts = urlsplit(url)
        if (
            parts.scheme not in {"data", "blob"}
            and f"{parts.scheme}://{parts.netloc}" != self.origin
        ):
            self.foreign.append(url)

    def _answered(self, response: object) -> None:
        headers = response.headers_array()  # type: ignore[attr-defined]
        self.set_cookies += [h["value"] for h in headers if h["name"].lower() == "set-cookie"]


@pytest.fixture
def open_context(chromium: Browser, demo: Product) -> Iterator[object]:
    """Makes browser contexts that are watched: no request elsewhere, no complaint of a page."""
    made: list[tuple[BrowserContext, Watch]] = []

    def make(**options: object) -> tuple[BrowserContext, Watch]:
        context = chromium.new_context(**options)  # type: ignore[arg-type]
        context.set_default_timeout(20_000)
        watch = Watch(demo.url)
        watch.over(context)
        made.append((context, watch))
        return context, watch

    yield make
    for context, _watch in made:
        context.close()
