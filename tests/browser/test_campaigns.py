"""Announcements in the console: written, looked at, counted, approved, watched, stopped."""

import io
import re
import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, expect
from sqlalchemy.orm import Session

from bot.clock import system_clock
from bot.crypto import Keyring
from bot.services.campaigns.workflow import campaigns
from bot.services.campaigns.workflow.rollout import WAVE_PAUSE
from bot.settings import Settings
from models.campaign import Campaign, CampaignState, RolloutStage
from models.database import Database
from models.recipient import Batch, BatchState
from tests.browser.clerk import Clerk
from tests.browser.person import DESK, OWN_PASSWORD, SOON
from tests.browser.setting_up import Puppet
from tests.servers import Product

pytestmark = pytest.mark.browser
LIST_PAGE = "/console/campaigns"


def photo() -> bytes:
    """A picture with something to see on it."""
    picture = Image.new("RGB", (1600, 1040), "#dff1ee")
    draw = ImageDraw.Draw(picture)
    draw.ellipse((980, 180, 1480, 680), fill="#ffc247")
    draw.polygon([(0, 1040), (520, 380), (1040, 1040)], fill="#0b6e62")
    draw.polygon([(560, 1040), (1100, 520), (1600, 1040)], fill="#14385c")
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def readers(chromium: Browser, town: Product) -> Puppet:
    """Two learners who want news on LINE, one of each language."""
    context = chromium.new_context()
    for language in ("en", "th"):
        puppet = Puppet(context.request, town, f"{language} {secrets.token_hex(3)}", language)
        puppet.registers(
            f"{puppet.user_id[:9].lower()}@example.com", OWN_PASSWORD, news="Yes, please"
        )
    context.close()
    return puppet


@pytest.fixture
def rows(town: Product) -> Iterator[Callable[[Callable[[Session], Any]], Any]]:
    """Reaches into the database of the demo, for what would take the clock hours."""
    settings = Settings.from_env(town.web.environment)
    keyring = Keyring(settings.data_keys, settings.audit_keys)
    database = Database(settings.database_url, keyring)
    yield database.write
    database.close()


def writes(author: Clerk) -> str:
    """An announcement with every kind of part in Thai and a text in English; its id."""
    page = author.page
    author.begins()
    author.looks("form-empty")
    author.fills("name", "คอร์สสนทนาเดือนธันวาคม")
    page.locator("#topic").select_option("courses")
    author.fills("th.title", "คอร์สสนทนาใหม่ เริ่ม 1 ธันวาคม")
    author.fills("th.parts.0.text", "สวัสดี 👋\nคอร์สสนทนาภาษาอังกฤษรอบใหม่เปิดรับสมัครแล้ว")
    adds = page.locator("section").filter(has=page.locator("#parts-th"))
    adds.get_by_role("button", name="+ " + author.t("Card"), exact=True).click()
    expect(page.locator('[name="th.parts.0.text"]')).to_have_value(re.compile("รอบใหม่"))
    page.locator('[name="upload:th.parts.1.picture"]').set_input_files(
        {"name": "IMG_1.png", "mimeType": "image/png", "buffer": photo()}
    )
    put_in = page.locator('[name="th.parts.1.picture"]')
    expect(put_in).to_have_value(re.compile("^[0-9a-f]{32}$"), timeout=SOON)
    author.fills("th.parts.1.title", "สนทนาในชีวิตจริง")
    author.fills("th.parts.1.text", "เรียนสด 8 ครั้ง กลุ่มเล็ก 6 คน")
    page.locator("#part-th-1").get_by_role("button", name="+ " + author.t("Button")).click()
    author.fills("th.parts.1.buttons.0.label", "ดูรายละเอียด")
    author.fills("th.parts.1.buttons.0.url", "https://school.example.com/speaking")
    author.clicks("Save draft")
    author.is_told("Saved.")
    author.looks("form-saved")
    return page.url.split("/")[5]


def test_written_looked_at_counted_approved_watched_and_stopped(
    clerk: Callable[..., Clerk], readers: Puppet, rows: Callable[..., Any]
) -> None:
    author = clerk("author")
    author.looks("list-of-author")
    campaign_id = writes(author)
    home = f"{LIST_PAGE}/{campaign_id}"
    page = author.page

    page.locator("#language").select_option("")
    author.clicks("Count")
    expect(page.locator("#count strong")).to_contain_text(re.compile(r"ประมาณ \d+ คน"))
    author.looks("form-counted", is_walked=False)

    author.fills("en.title", "Speaking course")
    author.clicks("Save and look at it")
    author.sees(author.t("This still needs you:"))
    author.looks("preview-unfinished")
    author.clicks("To the form", "link")
    expect(page.locator('[id="en.parts"], #parts-en').first).to_be_visible()
    author.looks("form-problems")
    adds = page.locator("section").filter(has=page.locator("#parts-en"))
    adds.get_by_role("button", name="+ " + author.t("Text"), exact=True).click()
    author.fills("en.parts.0.text", "Our new speaking course is open. It begins on 1 December.")
    author.clicks("Save and look at it")
    author.sees("Our new speaking course is open.")
    for image in page.locator(".phone img").all():
        expect(image).to_have_js_property("complete", True)
        assert image.evaluate("(node) => node.naturalWidth") > 0
    page.locator("summary", has_text=author.t("As an e-mail")).first.click()
    mail = page.frame_locator("iframe").first
    expect(mail.get_by_role("heading", name="สนทนาในชีวิตจริง")).to_be_visible()
    author.looks("preview", is_walked=False)
    page.locator("#username").fill(readers.username)
    author.clicks("Show")
    author.sees(author.t("Gets it"))
    author.looks("preview-named")

    author.clicks("Ask for approval")
    expect(page).to_have_url(re.compile("/review$"))
    author.looks("dry-run-early", is_walked=False)
    author.sees(author.t("Who does not get it, and why"))
    author.looks("dry-run-author")

    approver = clerk("approver")
    approver.looks("list-of-approver")
    page = approver.page
    page.locator(".waiting").get_by_role("link", name="คอร์สสนทนาเดือนธันวาคม").first.click()
    approver.sees(approver.t("Approval"))
    approver.looks("approval")
    page.get_by_label(
        approver.t("I have read everything on this page, and it may go to these people.")
    ).check()
    approver.clicks("Approve")
    expect(page).to_have_url(re.compile("/progress$"))
    approver.is_told("Approved. It can still be stopped.")
    stop = page.get_by_role("button", name=approver.t("Stop now"), exact=True)
    expect(stop).to_be_in_viewport()
    box = stop.bounding_box()
    assert box is not None
    assert box["height"] >= 56, "the way out is big"
    assert box["width"] >= 300
    approver.looks("held-back")

    def begin(session: Session) -> None:
        """As if the hold-back were over and the first percent on its way."""
        campaign = session.get_one(Campaign, campaign_id)
        now = system_clock()
        campaigns.move(campaign, CampaignState.SENDING)
        campaign.started_at, campaign.wave = now, RolloutStage.FIRST
        campaign.wave_due_at, campaign.alive_at = now + WAVE_PAUSE, now

    rows(begin)
    expect(page.locator("#live")).to_have_attribute("data-state", "sending", timeout=SOON)
    approver.looks("sending", is_walked=False)

    def settle(session: Session) -> None:
        for batch in session.query(Batch).filter_by(campaign_id=campaign_id):
            batch.state, batch.reached = BatchState.SENT, batch.size
            batch.settled_at = system_clock()

    rows(settle)
    approver.sees(approver.t("{people} people a second", people="").strip())
    approver.looks("sending-further", is_walked=False)
    approver.clicks("Pause")
    approver.is_told("A member of staff paused it.", role="alert")
    assert page.locator("#live").get_attribute("data-poll") is None
    approver.looks("paused")
    approver.clicks("each of them", "link")
    approver.looks("batches")
    approver.goes_to(f"{home}/progress")
    approver.clicks("Stop now")
    expect(page).to_have_url(re.compile("/results$"))
    approver.is_told("Stopped. Nothing more of it goes out.")
    approver.looks("results")
    approver.goes_to(f"{LIST_PAGE}?group=over")
    approver.looks("list-over")
    with page.expect_download() as taken:
        approver.goes_to(f"{home}/results")
        approver.clicks("Download the list (CSV, pseudonyms only)")
    assert taken.value.suggested_filename.endswith(".csv")


@pytest.mark.long
def test_everything_works_without_script_on_a_desk(
    clerk: Callable[..., Clerk], readers: Puppet
) -> None:
    author = clerk("author", DESK, "en", has_script=False)
    author.begins()
    page = author.page
    author.fills("name", "Without script")
    page.locator("#topic").select_option("videos")
    author.fills("th.title", "วิดีโอใหม่")
    author.fills("th.parts.0.text", "ดูได้แล้ว")
    panel = page.locator("section").filter(has=page.locator("#parts-th"))
    panel.get_by_role("button", name="+ Picture", exact=True).click()
    page.locator('[name="upload:th.parts.1.picture"]').set_input_files(
        {"name": "a.png", "mimeType": "image/png", "buffer": photo()}
    )
    page.locator("#part-th-1").get_by_role("button", name="Put it in").click()
    expect(page.locator('[name="th.parts.1.picture"]')).to_have_value(re.compile("^[0-9a-f]{32}$"))
    page.get_by_role("button", name="Move up: part 2").click()
    expect(page.locator('[name="th.parts.1.text"]')).to_have_value("ดูได้แล้ว")
    page.get_by_role("button", name="Take over the shape of the Thai parts").click()
    author.fills("en.title", "A new video")
    author.fills("en.parts.1.text", "Watch it now")
    author.clicks("Count")
    expect(page.locator("#count strong")).to_contain_text("About")
    author.clicks("Save and look at it")
    author.sees("Watch it now")
    author.clicks("Ask for approval")
    expect(page).to_have_url(re.compile("/review$"))
    author.sees("Who does not get it, and why")
    author.clicks("Drop it for good")
    author.is_told("Stopped. Nothing more of it goes out.")


def test_the_pages_on_a_desk_in_english(clerk: Callable[..., Clerk]) -> None:
    author = clerk("author", DESK, "en")
    author.begins()
    author.looks("desk-form")
    author.goes_to(LIST_PAGE)
    author.looks("desk-list")


@pytest.mark.long
def test_two_tabs_lose_nothing_and_the_language_is_switched_in_between(
    clerk: Callable[..., Clerk],
) -> None:
    author = clerk("author")
    writes(author)
    page, other = author.page, author.context.new_page()
    other.goto(page.url)
    other.locator('[name="th.title"]').fill("เปลี่ยนในอีกแท็บ")
    other.locator("#language").select_option("en")
    other.get_by_role("button", name=author.t("Save draft"), exact=True).first.click()
    expect(other.get_by_role("status").filter(has_text=author.t("Saved."))).to_be_visible()
    author.fills("th.title", "ของแท็บแรก")
    author.clicks("Save draft")
    told = page.get_by_role("alert")
    expect(told).to_be_in_viewport()
    expect(told).to_contain_text("เปลี่ยนในอีกแท็บ")
    expect(told).to_contain_text(author.t("Only people who read English"))
    expect(told.get_by_role("row")).to_have_count(3)
    author.looks("form-conflict")
    page.get_by_role("button", name="English", exact=True).click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator('[name="th.title"]')).to_have_value("ของแท็บแรก")
    page.get_by_role("button", name="ภาษาไทย", exact=True).click()
    expect(page.locator("html")).to_have_attribute("lang", "th")
    author.clicks("Save draft")
    author.is_told("Saved.")
    expect(page.locator('[name="th.title"]')).to_have_value("ของแท็บแรก")
