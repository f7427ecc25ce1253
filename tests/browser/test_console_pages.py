"""The console on the smallest phone: learners, a look at one, the audit trail, overview, team."""

import re
import secrets
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.clerk import Clerk
from tests.browser.person import OWN_PASSWORD, SOON
from tests.browser.setting_up import Puppet
from tests.servers import Product

pytestmark = pytest.mark.browser
CONSOLE = "/console"


@pytest.fixture
def learner(chromium: Browser, town: Product) -> Puppet:
    """Somebody who has registered."""
    context = chromium.new_context()
    puppet = Puppet(context.request, town, f"th {secrets.token_hex(3)}", "th")
    puppet.registers(f"{puppet.user_id[:9].lower()}@example.com", OWN_PASSWORD)
    context.close()
    return puppet


def test_a_learner_is_found_and_looked_at_and_the_look_is_in_the_trail(
    clerk: Callable[..., Clerk], learner: Puppet
) -> None:
    support = clerk("support", at=f"{CONSOLE}/learners")
    page, t = support.page, support.t
    support.looks("learners")
    page.locator("#by").select_option("username")
    page.locator("#typed").fill(learner.username)
    support.clicks("Search")
    of_learner = re.compile("/learners/[0-9a-f]{32}$")
    expect(page).to_have_url(of_learner)
    page.go_back()
    expect(page.locator("#typed")).to_be_visible()
    page.go_forward()
    expect(page).to_have_url(of_learner)
    assert learner.email not in page.content()
    support.looks("learner")

    page.locator("summary", has_text=t("See the details in full")).click()
    page.locator("#category").select_option(index=1)
    page.locator("#reason").fill("สั้นไป")
    support.clicks("Show once, and note it")
    problem = page.get_by_role("alert")
    expect(problem).to_be_in_viewport()
    support.looks("learner-problem")
    reason = f"ผู้เรียนโทรมาถามเรื่องอีเมล {secrets.token_hex(3)}"
    page.locator("#reason").fill(reason)
    support.clicks("Show once, and note it")
    support.sees(learner.email)
    support.looks("learner-in-full")

    privacy = clerk("privacy", at=f"{CONSOLE}/audit")
    page = privacy.page
    privacy.looks("audit")
    page.locator("#action").select_option("learner:unmask")
    privacy.clicks("Show entries")
    privacy.sees(reason)
    privacy.looks("audit-of-looks")


def test_the_overview_opens_its_figures(clerk: Callable[..., Clerk]) -> None:
    member = clerk("support", at=f"{CONSOLE}/overview")
    member.looks("overview")
    tables = member.page.locator("summary", has_text=member.t("As a table"))
    for summary in tables.all():
        summary.click()
    expect(member.page.locator("details table").first).to_be_visible()
    member.looks("overview-tables", is_walked=False)


def test_a_member_is_added_and_their_link_copied(clerk: Callable[..., Clerk]) -> None:
    admin = clerk("admin", at=f"{CONSOLE}/team")
    page, t = admin.page, admin.t
    admin.context.grant_permissions(["clipboard-read", "clipboard-write"])
    admin.looks("team")
    row = page.get_by_role("row").filter(has_text="demo.admin")
    expect(row).to_contain_text(t("active"))
    admin.fills("name", "สมชาย ใจดี")
    admin.fills("username", "x")
    page.locator("#role-author").check()
    admin.clicks("Add, and show the one-time link")
    expect(page.locator("#username")).to_be_focused()
    page.get_by_role("link", name="English", exact=True).click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.get_by_role("link", name="ภาษาไทย", exact=True).click()
    expect(page.locator("html")).to_have_attribute("lang", "th")
    admin.fills("name", "สมชาย ใจดี")
    admin.fills("username", f"somchai-{secrets.token_hex(3)}")
    page.locator("#role-author").check()
    admin.clicks("Add, and show the one-time link")
    link = page.get_by_label(t("One-time link"), exact=True)
    expect(link).to_have_value(re.compile("/console/start/"))
    admin.looks("team-link")
    admin.clicks("Copy")
    expect(page.get_by_role("button", name=t("Copied"), exact=True)).to_be_visible(timeout=SOON)
    assert page.evaluate("navigator.clipboard.readText()") == link.input_value()


def test_the_bar_of_the_demo_is_whole(clerk: Callable[..., Clerk]) -> None:
    member = clerk("support", at="/simulator/console")
    for path in ("/simulator/console", "/simulator/mailbox", "/simulator"):
        member.goes_to(path)
        for part in member.page.locator(".top a, .top button").all():
            expect(part).to_be_in_viewport(ratio=1)
