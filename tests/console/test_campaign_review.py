"""The dry run and the approval: what is frozen, who decides, and that only what was seen counts."""

import csv
import io
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.mail.smtp import mailer_of
from bot.runtime import Bot
from bot.services.audit.audit import Action
from bot.services.campaigns.sending import quota
from bot.services.campaigns.workflow import campaigns
from bot.settings import Settings
from models.audit import AuditEntry
from models.campaign import Campaign, CampaignEvent, CampaignState
from models.conversation import Conversation
from models.staff import Role
from simulator.platform import Platform
from tests.clock import FakeClock
from tests.console.announcing import asked, count, draft, row, subscribers
from tests.console.conftest import Desk


@pytest.fixture
def waiting(author: Desk, bot: Bot, line: Platform) -> str:
    """Counted, and waiting for an approver; one of three has blocked us."""
    _, second, _ = subscribers(bot, line)

    def block(session) -> None:
        session.get_one(Conversation, second.subject_id).blocked_at = bot.clock()

    bot.database.write(block)
    campaign_id = draft(bot, author.member_id)
    asked(bot, campaign_id, author.member_id)
    return campaign_id


def review(campaign_id: str) -> str:
    return f"/console/campaigns/{campaign_id}/review"


def seen(page: str) -> str:
    found = re.search(r'name="seen" value="([0-9a-f]{64})"', page)
    assert found, "nothing to approve"
    return found[1]


def test_while_it_is_counted_the_page_asks_again_by_itself(
    author: Desk, bot: Bot, line: Platform
) -> None:
    subscribers(bot, line)
    campaign_id = draft(bot, author.member_id)
    asked(bot, campaign_id, author.member_id, is_counted=False)
    page = author.get(review(campaign_id)).text
    assert '<meta http-equiv="refresh" content="3">' in page
    assert "<progress" in page
    assert "ตรวจแล้ว 0 จาก 3 คน" in page
    count(bot, campaign_id)
    page = author.get(review(campaign_id)).text
    assert "http-equiv" not in page


def test_the_dry_run_says_who_gets_it_what_it_costs_and_who_does_not(
    author: Desk, waiting: str, bot: Bot
) -> None:
    page = author.get(review(waiting)).text
    assert re.search(r'LINE</th><td class="num">1</td><td class="num">0</td>', page)
    assert re.search(r'อีเมล</th><td class="num">0</td><td class="num">1</td>', page)
    assert re.search(r"บล็อกเราใน LINE</td><td class=\"num\">1</td>", page)
    assert "0.00 บาท" in page
    left = 1000 - bot.settings.quota_reserve
    assert f"<dd>{left:,}</dd>" in page
    assert "เปิดแล้ววันนี้" in page
    assert "It opens today" in page


def test_mails_that_nobody_can_send_are_no_surprise(
    author: Desk, waiting: str, bot: Bot, settings: Settings
) -> None:
    told = "อีเมลถึงผู้รับ 1 คนจึงต้องรอ"
    assert told in author.get(review(waiting)).text
    url = "smtp://127.0.0.1:2525"
    sender = "English Planet <news@example.test>"
    bot.mailer = mailer_of(replace(settings, smtp_url=url, mail_from=sender, mail_news_from=sender))
    assert told not in author.get(review(waiting)).text


def test_the_author_is_told_why_somebody_else_decides(
    author: Desk, approver: Desk, console: Callable[..., Desk], waiting: str, bot: Bot
) -> None:
    page = author.get(review(waiting)).text
    assert "/approve" not in page
    assert "รอผู้มีบทบาทผู้อนุมัติ" in page
    both = console(Role.AUTHOR, Role.APPROVER, name="ครูสอง")
    own = draft(bot, both.member_id)
    digest = asked(bot, own, both.member_id)
    page = both.get(review(own)).text
    assert "ต้องให้ผู้อนุมัติคนอื่นอนุมัติ" in page
    assert "/approve" not in page
    token = both.token(review(own))
    answer = both.post(
        f"/console/campaigns/{own}/approve", {"token": token, "seen": digest, "read": "yes"}
    )
    assert answer.status_code == 303
    assert row(bot, own).state is CampaignState.IN_REVIEW
    assert "ต้องให้ผู้อนุมัติคนอื่นอนุมัติ" in both.get(review(own)).text


def test_it_is_approved_as_it_was_seen_and_held_back(
    author: Desk, approver: Desk, waiting: str, bot: Bot
) -> None:
    page = approver.get(review(waiting)).text
    assert "checked" not in page, "the box is ticked by the one who read"
    path = f"/console/campaigns/{waiting}/approve"
    token = approver.token(review(waiting))
    approver.post(path, {"token": token, "seen": seen(page)})
    assert row(bot, waiting).state is CampaignState.IN_REVIEW
    answer = approver.post(path, {"token": token, "seen": seen(page), "read": "yes"})
    assert answer.status_code == 303
    kept = row(bot, waiting)
    assert kept.state is CampaignState.APPROVED
    assert kept.approved_by == approver.member_id
    assert kept.due_at == bot.clock() + timedelta(minutes=5)
    shown = approver.get(f"/console/campaigns/{waiting}/progress").text
    assert "5:00 นาที" in shown
    assert "หยุดทันที" in shown


def test_one_character_later_the_page_that_was_read_approves_nothing(
    author: Desk, approver: Desk, waiting: str, bot: Bot
) -> None:
    page = approver.get(review(waiting)).text
    desk = f"/console/campaigns/{waiting}"
    author.submit(review(waiting), f"{desk}/edit-again")
    assert row(bot, waiting).state is CampaignState.DRAFT
    asked(bot, waiting, author.member_id)

    def change(session) -> None:
        campaign = session.get_one(Campaign, waiting)
        said = campaign.content["th"]
        campaign.content = {**campaign.content, "th": {**said, "title": said["title"] + "!"}}
        campaigns.price(session, campaign, bot.settings, bot.clock())

    bot.database.write(change)
    token = approver.token(review(waiting))
    form = {"token": token, "seen": seen(page), "read": "yes"}
    assert approver.post(f"{desk}/approve", form).status_code == 303
    assert row(bot, waiting).state is CampaignState.IN_REVIEW
    assert "ไม่ตรงกับที่คุณเห็น" in approver.get(review(waiting)).text


def test_what_does_not_fit_the_month_is_refused_with_the_figures(
    approver: Desk, waiting: str, bot: Bot, clock: FakeClock
) -> None:
    used = 1000 - bot.settings.quota_reserve
    bot.database.write(lambda session: quota.record(session, 1000, used, clock()))
    page = approver.get(review(waiting)).text
    assert "ต้องใช้ 1 ข้อความ แต่เดือนนี้เหลือสำหรับประกาศ 0 ข้อความ" in page
    form = {"seen": seen(page), "read": "yes"}
    approver.submit(review(waiting), f"/console/campaigns/{waiting}/approve", **form)
    assert row(bot, waiting).state is CampaignState.IN_REVIEW
    assert "เหลือสำหรับประกาศ 0 ข้อความ" in approver.get(review(waiting)).text


def test_it_goes_back_to_its_author_with_a_word_on_why(
    author: Desk, approver: Desk, waiting: str, bot: Bot
) -> None:
    back = f"/console/campaigns/{waiting}/send-back"
    approver.submit(review(waiting), back, note="  ")
    assert row(bot, waiting).state is CampaignState.IN_REVIEW
    approver.submit(review(waiting), back, note="วันที่ผิด <b>")
    assert row(bot, waiting).state is CampaignState.DRAFT
    notes = bot.database.read(lambda s: list(s.scalars(select(CampaignEvent.note))))
    assert "วันที่ผิด <b>" in notes
    page = author.get(f"/console/campaigns/{waiting}/edit").text
    assert "วันที่ผิด &lt;b&gt;" in page, "the author sees it where it is mended"


def test_the_list_is_taken_out_under_pseudonyms_and_audited(
    author: Desk, waiting: str, bot: Bot
) -> None:
    answer = author.submit(review(waiting), f"/console/campaigns/{waiting}/list.csv")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert len(rows) == 3
    why = "เหตุผลที่ไม่ได้อยู่ในรายชื่อส่ง"
    assert sorted(each[f"{why} (รหัส)"] for each in rows) == ["", "", "blocked"]
    assert sorted(each[why] for each in rows) == ["", "", "บล็อกเราใน LINE"]
    assert sorted(each["ช่องทาง"] for each in rows) == ["", "LINE", "อีเมล"]
    assert "example.test" not in answer.text
    query = select(AuditEntry).where(AuditEntry.action == Action.CAMPAIGN_EXPORTED)
    entry = bot.database.read(lambda session: session.scalars(query).one())
    assert entry.actor == f"staff:{author.member_id}"
    assert entry.data == {"campaign_id": waiting}


def test_the_list_shows_what_waits_for_whom(
    author: Desk, approver: Desk, console: Callable[..., Desk], waiting: str
) -> None:
    assert "รอคุณ" in approver.get("/console/campaigns").text
    assert "รอคุณ" not in author.get("/console/campaigns").text
    privacy = console(Role.PRIVACY)
    assert "คอร์สใหม่" in privacy.get("/console/campaigns").text
    assert "รอคุณ" not in privacy.get("/console/campaigns").text
    assert "สร้างประกาศใหม่" not in approver.get("/console/campaigns").text
    assert approver.get(f"/console/campaigns/{waiting}").location.endswith("/review")


def test_what_nobody_gets_is_not_offered_for_approval(
    author: Desk, approver: Desk, bot: Bot
) -> None:
    campaign_id = draft(bot, author.member_id)
    asked(bot, campaign_id, author.member_id)
    page = approver.get(review(campaign_id)).text
    assert "ไม่มีผู้รับประกาศนี้" in page
    assert 'name="seen"' not in page
    assert 'name="note"' in page, "it can go back"


def test_a_series_says_what_a_month_of_it_takes(
    author: Desk, approver: Desk, bot: Bot, line: Platform
) -> None:
    subscribers(bot, line)
    campaign_id = draft(bot, author.member_id, rule="0 10 * * mon")
    asked(bot, campaign_id, author.member_id)
    page = approver.get(review(campaign_id)).text
    assert "ข้อความทาง LINE ต่อรอบ</dt><dd>2<" in page
    assert re.search(r"ใน 30 วัน</dt><dd>ประมาณ (8 \(4|10 \(5) รอบ", page)


def test_the_time_is_said_in_one_way_before_and_as_it_is_after(
    author: Desk, approver: Desk, waiting: str
) -> None:
    before = "5 นาทีหลังอนุมัติ (ไม่ส่งในช่วง 21:00–08:00\u00a0น.)"
    preview = f"/console/campaigns/{waiting}/preview"
    for page in (preview, review(waiting)):
        assert before in approver.get(page).text
    form = {"seen": seen(approver.get(review(waiting)).text), "read": "yes"}
    approver.submit(review(waiting), f"/console/campaigns/{waiting}/approve", **form)
    for page in (preview, review(waiting)):
        text = approver.get(page).text
        assert before not in text
        assert "23 พฤศจิกายน 2569 เวลา" in text
