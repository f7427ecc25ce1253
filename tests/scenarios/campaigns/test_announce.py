"""Staff write, approve and stop announcements in the chat; nobody else finds any of it."""

from dataclasses import replace

import pytest

from bot.runtime import mailing, quota_reading
from bot.services.campaigns.workflow import alerts, campaigns
from bot.services.staff import chats
from models.audit import AuditEntry
from models.campaign import Campaign, CampaignAction, CampaignEvent, CampaignState
from models.conversation import Conversation
from models.outbox import Push
from models.staff import Role
from models.subscription import Channel
from tests.chat import actions, words
from tests.news import Subscriber
from tests.scenarios.campaigns.announcing import asks, linked, only, settle, writes


@pytest.fixture
def readers(bot, line):
    return [
        Subscriber(bot, line, Channel.LINE, name="มะลิ"),
        Subscriber(bot, line, Channel.LINE, name="Ben", language="en"),
        Subscriber(bot, line, Channel.EMAIL, name="ส้ม"),
    ]


def test_from_a_word_to_the_approval(author, approver, readers, bot, engine, rows):
    shown = writes(author)
    assert "เปิดหลักสูตรใหม่แล้ว" in shown
    assert "A new course" in shown
    assert "คุณได้รับข้อความนี้เพราะ" in shown, "the very last message, too"
    assert rows(Campaign) == [], "nothing is kept before it is asked for"
    author.taps("นับผู้รับและขออนุมัติ")
    campaign = only(rows)
    assert campaign.state is CampaignState.IN_REVIEW
    assert "กำลังนับผู้รับ" in words(author.taps("ดูผลการนับ"))
    settle(bot, engine)
    told = words(author.taps("ดูผลการนับ"))
    assert "LINE 2 คน อีเมล 1 คน" in told
    assert "2 ข้อความ เพิ่ม 0.00 บาท" in told
    assert "อนุมัติ" not in author.labels()
    assert "นำกลับมาแก้ไข" in author.labels()

    card = words(approver.heard())
    for fact in ("เปิดหลักสูตรใหม่แล้ว", "A new course", "ผู้เขียนประกาศ", "LINE 2 คน", "ข่าวคอร์ส"):
        assert fact in card
    assert only(rows).digest[:12] in card
    done = words(approver.taps("อนุมัติ"))
    assert "อนุมัติแล้ว" in done
    campaign = only(rows)
    assert campaign.state is CampaignState.APPROVED
    assert campaign.approved_by == approver.id
    assert campaign.approved_digest == campaign.digest
    assert "หยุดทันที" in approver.labels()
    engine.drain_pushes()
    assert "หยุดทันที" in _labels(author.heard())
    acts = [entry.actor for entry in rows(AuditEntry, AuditEntry.action == "campaign:approve")]
    assert acts == [f"staff:{approver.id}"]


def _labels(bubbles):
    return [action["label"] for bubble in bubbles for action in actions(bubble.message)]


def test_it_can_be_stopped_with_one_tap_by_both(author, approver, readers, bot, engine, rows):
    asks(author, bot, engine)
    approver.taps("อนุมัติ")
    engine.drain_pushes()
    said = words(author.taps("หยุดทันที"))
    assert "หยุดถาวรแล้ว" in said
    assert only(rows).state is CampaignState.STOPPED
    assert "ดำเนินการไปแล้ว" in words(approver.taps("หยุดทันที"))
    verdicts = [(e.verdict, e.staff_id) for e in rows(CampaignEvent)]
    assert verdicts[-1] == (CampaignAction.STOPPED, author.id)


def test_an_author_who_also_approves_does_not_approve_their_own(bot, line, engine, rows):
    both = linked(bot, line, Role.AUTHOR, Role.APPROVER)
    asks(both, bot, engine)
    card = words(both.says("รออนุมัติ"))
    assert "อนุมัติ" not in both.labels()
    assert card
    campaign = only(rows)
    told = words(both.posts(f"a=campaign_approve&c={campaign.id}&d={campaign.digest}"))
    assert only(rows).state is CampaignState.IN_REVIEW
    assert told
    assert rows(Push) == [], "nobody is pushed what they wrote"


def test_a_school_of_one_may_allow_it(bot, line, readers, engine, rows):
    bot.settings = replace(bot.settings, approve_own=True)
    both = linked(bot, line, Role.AUTHOR, Role.APPROVER)
    asks(both, bot, engine)
    both.taps("อนุมัติ")
    assert only(rows).state is CampaignState.APPROVED


def test_a_card_of_yesterday_approves_nothing(author, approver, readers, bot, engine, rows):
    asks(author, bot, engine)
    approver.heard()
    campaign = only(rows)

    def change(session):
        row = session.get_one(Campaign, campaign.id)
        row.content = {"th": {"title": "อื่น", "parts": [{"type": "text", "text": "ข้อความอื่น"}]}}

    bot.database.write(change)
    said = words(approver.taps("อนุมัติ"))
    assert "ประกาศเปลี่ยนไป" in said
    assert only(rows).state is CampaignState.IN_REVIEW
    forged = words(approver.posts(f"a=campaign_approve&c={campaign.id}&d={'0' * 64}"))
    assert "ประกาศเปลี่ยนไป" in forged
    assert only(rows).state is CampaignState.IN_REVIEW


def test_asked_again_after_an_edit_the_old_card_is_dead(
    author, approver, readers, bot, engine, rows
):
    asks(author, bot, engine)
    approver.heard()
    old = approver.button("อนุมัติ")["data"]
    author.says("รออนุมัติ")
    author.taps("ดู")
    author.taps("นำกลับมาแก้ไข")
    assert only(rows).state is CampaignState.DRAFT
    assert "ดำเนินการไปแล้ว" in words(approver.posts(old))
    Subscriber(bot, approver.platform, Channel.LINE, name="ใหม่")
    author.taps("ขออนุมัติ")
    settle(bot, engine)
    assert "ประกาศเปลี่ยนไป" in words(approver.posts(old))
    assert only(rows).state is CampaignState.IN_REVIEW


def test_sending_back_with_a_reason(author, approver, bot, engine, rows):
    asks(author, bot, engine)
    approver.heard()
    approver.taps("ส่งกลับแก้ไข")
    assert "ส่งกลับให้ผู้เขียนแล้ว" in words(approver.says("วันที่ผิด"))
    assert only(rows).state is CampaignState.DRAFT
    (event,) = rows(CampaignEvent, CampaignEvent.verdict == CampaignAction.SENT_BACK)
    assert (event.note, event.staff_id) == ("วันที่ผิด", approver.id)
    engine.drain_pushes()
    assert "วันที่ผิด" in words(author.heard())


def test_sending_back_without_a_reason_or_not_at_all(author, approver, bot, engine, rows):
    asks(author, bot, engine)
    approver.heard()
    approver.taps("ส่งกลับแก้ไข")
    approver.taps("ยกเลิก")
    assert only(rows).state is CampaignState.IN_REVIEW
    approver.says("รออนุมัติ")
    approver.taps("ส่งกลับแก้ไข")
    approver.taps("ไม่ระบุเหตุผล")
    assert only(rows).state is CampaignState.DRAFT


def test_only_thai_is_enough_and_is_said_so(author, readers, bot, engine, rows):
    writes(author, english=None)
    author.taps("นับผู้รับและขออนุมัติ")
    settle(bot, engine)
    campaign = only(rows)
    assert list(campaign.content) == ["th"]
    assert campaign.counts["line.th"] == 2


def test_an_english_text_first(bot, line, rows):
    ben = linked(bot, line, Role.AUTHOR, name="Ben", language="en")
    ben.says("announce We open on Monday")
    ben.taps("Course news")
    shown = words(ben.taps("Leave it out"))
    assert "We open on Monday" in shown
    ben.taps("Keep it as a draft")
    campaign = only(rows)
    assert list(campaign.content) == ["en"]
    assert campaign.state is CampaignState.DRAFT
    assert campaign.author_id == ben.id


def test_a_text_that_was_taken_back_is_in_no_draft(author, line, rows, all_words):
    author.says("ประกาศ")
    said = line.text(author.user_id, "ข่าวที่ถอนคืน")
    assert "ข่าวที่ถอนคืน" in all_words()
    line.unsend(author.user_id, said["message"]["id"])
    assert "ข่าวที่ถอนคืน" not in all_words()
    assert "ภาษาไทย" in words(author.taps("ข่าวคอร์ส")), "it is asked for again"


def test_a_change_of_mind(author, rows):
    writes(author)
    author.taps("แก้ข้อความ")
    author.says("ข้อความใหม่")
    shown = words(author.taps("ไม่ใส่"))
    assert "ข้อความใหม่" in shown
    assert "A new course" not in shown
    author.taps("ลบทิ้ง")
    assert rows(Campaign) == []
    (conversation,) = rows(Conversation)
    assert conversation.draft_sealed is None


def test_words_inside_the_text_are_text(author, rows):
    """Whoever is asked for a text types one, whatever it begins with."""
    author.says("ประกาศ")
    author.taps("ข่าวคอร์ส")
    author.says("ประกาศวันหยุด โรงเรียนปิดวันศุกร์")
    author.taps("ไม่ใส่")
    author.taps("เก็บเป็นร่าง")
    [part] = only(rows).content["th"]["parts"]
    assert part["text"] == "ประกาศวันหยุด โรงเรียนปิดวันศุกร์"


@pytest.mark.parametrize("length", [4000, 4001, 5000])
def test_the_longest_text(author, rows, length):
    author.says("ประกาศ")
    author.taps("ข่าวคอร์ส")
    said = words(author.says("ก" * length))
    if length > 4000:
        assert "ยาวเกินไป" in said
        return
    author.taps("ไม่ใส่")
    author.taps("นับผู้รับและขออนุมัติ")
    assert only(rows).state is CampaignState.IN_REVIEW


def test_line_looks_at_it_first(author, line, rows):
    writes(author)
    line.faults.add("validate/multicast", "500")
    assert "ติดต่อ LINE" in words(author.taps("นับผู้รับและขออนุมัติ"))
    assert only(rows).state is CampaignState.DRAFT
    author.taps("ขออนุมัติอีกครั้ง")
    assert only(rows).state is CampaignState.IN_REVIEW
    assert len(rows(Campaign)) == 1


def test_a_double_tap_makes_one_announcement(author, rows):
    writes(author)
    ask = author.button("นับผู้รับและขออนุมัติ")["data"]
    author.posts(ask)
    author.posts(ask)
    assert len(rows(Campaign)) == 1


def test_approvers_are_told_once_and_late_comers_too(author, approver, bot, line, engine, rows):
    asks(author, bot, engine)
    settle(bot, engine)
    settle(bot, engine)
    pushes = rows(Push)
    assert [push.person for push in pushes] == [
        found.person for found in bot.database.read(chats.linked) if found.member_id == approver.id
    ]
    late = linked(bot, line, Role.APPROVER, name="คนใหม่")
    settle(bot, engine)
    assert "ผู้เขียนประกาศ" in words(late.heard())
    assert len(rows(Push)) == 2


def test_the_list_shows_what_waits_for_me_first(author, approver, readers, bot, engine, rows):
    asks(author, bot, engine)
    asks(author, bot, engine)
    approver.heard()
    listed = words(approver.says("รออนุมัติ"))
    assert listed.count("เปิดหลักสูตรใหม่แล้ว") == 2
    approver.taps("ดู")
    assert "อนุมัติ" in approver.labels()
    assert "ไม่มีประกาศที่กำลังส่ง" in words(approver.says("กำลังส่ง"))
    approver.says("รออนุมัติ")
    approver.taps("ดู")
    approver.taps("อนุมัติ")
    assert "หยุดทันที" in _labels(approver.says("กำลังส่ง"))


def test_a_quota_short_by_one_is_not_approved(author, approver, readers, bot, line, engine, rows):
    reserve = bot.settings.quota_reserve
    line.usage.quota = reserve + 1
    asks(author, bot, engine)
    approver.heard()
    said = words(approver.taps("อนุมัติ"))
    assert "1" in said
    assert only(rows).state is CampaignState.IN_REVIEW
    line.usage.quota = reserve + 50
    bot.clock.advance(minutes=5)
    quota_reading.read(bot)
    approver.taps("อนุมัติ")
    assert only(rows).state is CampaignState.APPROVED


def test_a_pause_by_itself_is_told_once(author, approver, readers, bot, engine, mailbox, rows):
    bot.settings = replace(bot.settings, owner_email="owner@school.example")
    asks(author, bot, engine)
    approver.taps("อนุมัติ")
    engine.drain_pushes()
    author.heard()
    approver.heard()
    campaign_id = only(rows).id

    def hold(session):
        campaign = campaigns.locked(session, campaign_id)
        campaigns.pause(session, campaign, None, "late", bot.clock())
        alerts.tell(session, campaign, "late", bot.settings, bot.clock())
        alerts.tell(session, campaign, "late", bot.settings, bot.clock())

    bot.database.write(hold)
    engine.drain_pushes()
    mailing.drain(bot)
    assert "30" in words(author.heard())
    assert "30" in words(approver.heard())
    [mail] = mailbox.of("owner@school.example")
    assert "เปิดหลักสูตรใหม่แล้ว" in mail.subject
    assert f"/console/campaigns/{campaign_id}" in mail.text
    bot.clock.advance(days=1)

    def again(session):
        campaign = campaigns.locked(session, campaign_id)
        alerts.tell(session, campaign, "late", bot.settings, bot.clock())

    bot.database.write(again)
    engine.drain_pushes()
    assert author.heard() == []


def test_after_a_cancel_nothing_that_is_typed_becomes_an_announcement(author, rows):
    author.says("ประกาศ")
    author.taps("บทความ")
    author.says("ยกเลิก")
    author.says("พรุ่งนี้หยุดเรียน")
    assert rows(Campaign) == []
    assert "พรุ่งนี้หยุดเรียน" not in words(author.newest())


def test_after_a_cancel_nothing_that_is_typed_goes_back_to_the_author(
    author, approver, bot, engine, rows
):
    asks(author, bot, engine)
    approver.heard()
    approver.taps("ส่งกลับแก้ไข")
    approver.says("ยกเลิก")
    approver.says("สวัสดี")
    assert only(rows).state is CampaignState.IN_REVIEW
