"""A real browser, a real server with the built-in LINE, and an ear for what goes wrong in pages."""

import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.clerk import Clerk
from tests.browser.person import OWN_PASSWORD, PHONE, Person, Screen
from tests.browser.setting_up import Puppet
from tests.databases import fresh
from tests.servers import Product

NAMES = ("chromium", "chromium-browser", "google-chrome")


def installed() -> str | None:
    return next((path for path in map(shutil.which, NAMES) if path), None)


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    path = installed()
    if path is None:
        pytest.skip("no browser: install the package chromium (apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def started(directory: Path) -> Iterator[Product]:
    """The demo as `make demo` runs it, with a database of its own."""
    with fresh("sqlite", directory) as url:
        made = Product(
            database_url=url,
            line_url="",
            channel_secret=secrets.token_hex(16),
            access_token=secrets.token_hex(24),
            bot_user_id="U" + "e" * 32,
            directory=directory,
            more={"SIMULATOR": "1"},
        )
        made.web.environment["LINE_API_URL"] = f"http://127.0.0.1:{made.port}/simulator/line"
        try:
            made.start()
            yield made
        finally:
            made.stop()


@pytest.fixture(scope="package")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """One demo for all tests in which everybody is somebody else."""
    with started(tmp_path_factory.mktemp("town")) as made:
        yield made


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
def open_context(chromium: Browser, town: Product) -> Iterator[object]:
    """Makes browser contexts that are watched: no request elsewhere, no complaint of a page."""
    made: list[tuple[BrowserContext, Watch]] = []

    def make(**options: object) -> tuple[BrowserContext, Watch]:
        context = chromium.new_context(**options)  # type: ignore[arg-type]
        context.set_default_timeout(20_000)
        watch = Watch(town.url)
        watch.over(context)
        made.append((context, watch))
        return context, watch

    yield make
    for context, _watch in made:
        context.close()


@pytest.fixture
def someone(chromium: Browser, town: Product, tmp_path: Path) -> Iterator[Callable[..., Person]]:
    """Makes people of the simulator; none of their pages may complain or ask another site."""
    shots = tmp_path / "shots" if os.environ.get("SHOTS") else None
    if shots is not None:
        shots.mkdir()
    made: list[tuple[BrowserContext, Watch]] = []

    def make(
        language: str = "th", screen: Screen = PHONE, *, is_settled: bool = True, name: str = ""
    ) -> Person:
        locale = {"th": "th-TH", "en": "en-GB"}[language]
        context = chromium.new_context(locale=locale, accept_downloads=True, **screen.options)
        context.set_default_timeout(20_000)
        # The browser's own word for an answer that refuses: the pages behind it are looked at.
        watch = Watch(town.url, expected={f"status of {n}" for n in (403, 410, 422)})
        watch.over(context)
        made.append((context, watch))
        called = name or f"{language} {secrets.token_hex(3)}"
        puppet = Puppet(context.request, town, called, language)
        if is_settled:
            puppet.registers(f"{puppet.user_id[:9].lower()}@example.com", OWN_PASSWORD)
        else:
            puppet.follows()
        return Person(context, puppet, town, shots, screen)

    yield make
    for context, _watch in made:
        context.close()
    for _context, watch in made:
        assert watch.complaints == []
        assert watch.foreign == []


@pytest.fixture
def clerk(chromium: Browser, town: Product, tmp_path: Path) -> Iterator[Callable[..., Clerk]]:
    """Makes members of staff; none of their pages may complain or ask another site."""
    shots = tmp_path / "shots" if os.environ.get("SHOTS") else None
    if shots is not None:
        shots.mkdir()
    made: list[tuple[BrowserContext, Watch]] = []

    def make(
        role: str,
        screen: Screen = PHONE,
        language: str = "th",
        *,
        at: str = "/console/campaigns",
        has_script: bool = True,
    ) -> Clerk:
        context = chromium.new_context(
            locale={"th": "th-TH", "en": "en-GB"}[language],
            java_script_enabled=has_script,
            accept_downloads=True,
            **screen.options,
        )
        context.set_default_timeout(20_000)
        watch = Watch(town.url, expected={f"status of {n}" for n in (403, 409, 422)})
        watch.over(context)
        made.append((context, watch))
        member = Clerk(context, town, screen, language, shots)
        member.enters(role, at)
        return member

    yield make
    for context, _watch in made:
        context.close()
    for _context, watch in made:
        assert watch.complaints == []
        assert watch.foreign == []
