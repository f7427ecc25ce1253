"""A new member of staff comes in by the one-time link, and the next day with a passkey."""

import subprocess
import time

import pytest
from playwright.sync_api import BrowserContext, CDPSession, Page, expect

from bot.services.staff import factors
from tests.browser.clerk import Clerk
from tests.browser.person import PHONE, SOON
from tests.servers import BINARIES, ROOT, Product

OWN = "ประโยคยาวที่จำง่ายของครูใจดี"


@pytest.fixture
def newcomer(open_context, town):
    """Somebody whom an administrator has just added, with the link that the command printed."""
    context, watch = open_context(locale="th-TH", **PHONE.options)
    watch.expected = {"status of 410"}  # the link, once more
    words = ["--name", "ครูใจดี", "--username", "kru.jaidee", "--role", "author"]
    made = subprocess.run(
        [BINARIES / "flask", "--app", town.module, "staff-add", *words],
        env=town.environment(),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    yield Clerk(context, town, PHONE, "th", None), made.stdout.split()[-1]
    assert watch.complaints == []
    assert watch.foreign == []


def authenticator(page: Page) -> CDPSession:
    """The phone's own store of passkeys, which a finger opens: the browser's virtual one."""
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return devices


def types_the_code(clerk: Clerk) -> None:
    """What an authenticator app shows that was given the key by hand."""
    clerk.page.locator("summary").click()
    key = clerk.page.locator("p.codes").inner_text().replace(" ", "")
    totp = factors.TOTP(key=key, format="base32")
    clerk.fills("code", str(totp.generate(int(time.time())).token))
    clerk.clicks("Confirm")


def signs_out(clerk: Clerk, context: BrowserContext) -> None:
    """By closing the browser: a phone that was put away for the night."""
    context.clear_cookies()
    clerk.goes_to("/console/sign-in?lang=th&keep=1")


def test_from_the_one_time_link_to_a_passkey(newcomer: tuple[Clerk, str], town: Product) -> None:
    clerk, link = newcomer
    page = clerk.page
    page.goto(link)
    clerk.fills("chosen", OWN)
    clerk.fills("again", OWN)
    clerk.looks("start", is_walked=False)
    clerk.clicks("Go on")
    clerk.looks("factor", is_walked=False)
    types_the_code(clerk)
    expect(page.locator("ul.codes li")).to_have_count(10)
    clerk.clicks("I have kept them: go on", "link")

    devices = authenticator(page)
    clerk.goes_to("/console/me/passkeys")
    clerk.looks("passkeys")
    clerk.clicks("Add a passkey of this device")
    clerk.is_told("The passkey was added.")

    signs_out(clerk, page.context)
    clerk.fills("username", "kru.jaidee")
    clerk.fills("password", OWN)
    clerk.clicks("Go on")
    clerk.looks("code", is_walked=False)
    clerk.clicks("Use a passkey")
    expect(page.get_by_role("contentinfo")).to_contain_text("kru.jaidee", timeout=SOON)

    signs_out(clerk, page.context)
    devices.send("WebAuthn.disable")
    clerk.goes_to("/console/campaigns")
    expect(page.locator('[name="password"]')).to_be_visible(timeout=SOON)
    page.goto(link)
    clerk.sees(clerk.t("Please ask an administrator for a new link."))
