"""What the chat's cards and previews say of an announcement: what it is, and what is real."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.line import messages as line_messages
from bot.presentation import preview_banners
from bot.services.campaigns.workflow import campaigns
from models.campaign import Campaign, CampaignAction, CampaignEvent, CampaignState
from models.staff import Role
from models.subscription import Channel
from tests.campaigns import Announcement
from tests.chat import words
from tests.factories import make_campaign
from tests.news import Subscriber
from tests.scenarios.campaigns.announcing import asks, linked, only, settle, writes

MARK = "[ตัวอย่างประกาศที่รออนุมัติ]"


def test_what_waits_is_marked_wherever_its_messages_are_seen(author, approver, bot, line, engine):
    Subscriber(bot, line, Channel.LINE)
    asks(author, bot, engine)
    pushed = approver.heard()
    assert words(pushed).startswith(MARK)
    assert len(pushed) == 5, "in two languages and with the card: one push"
    assert words(approver.says("รออนุมัติ")).startswith(MARK)
    assert words(approver.taps("ดูฉบับภาษาไทย")).startswith(MARK)


def test_where_there_is_room_the_mark_stands_alone(author, approver, bot, line, engine):
    Subscriber(bot, line, Channel.LINE)
    writes(author, english=None)
    author.taps("นับผู้รับและขออนุมัติ")
    settle(bot, engine)
    first, second, *_ = approver.heard()
    assert first.message["text"] == MARK
    assert second.message["text"] == "เปิดหลักสูตรใหม่แล้ว", "word for word"


def test_the_copies_of_staff_say_what_they_are(bot, line, engine):
    member = linked(bot, line, Role.APPROVER)
    reader = Subscriber(bot, line, Channel.LINE)
    announcement = Announcement(bot, line).is_due()
    announcement.tick()
    engine.drain_pushes()
    copy = member.heard()
    assert words(copy).startswith("ฉบับของเจ้าหน้าที่: ผู้เรียนจะได้รับในอีกประมาณ 2 นาที")
    announcement.runs()
    engine.drain_pushes()
    assert [bubble.message for bubble in reader.chat.heard()] == [b.message for b in copy[1:]]


def test_a_copy_that_is_full_stays_as_it_is():
    full = [line_messages.text(str(number)) for number in range(5)]
    assert preview_banners.staff_copy(full, "th", timedelta(minutes=2)) == full


def test_after_the_approval_the_card_says_the_real_moment_only(
    author, approver, bot, line, engine, rows
):
    Subscriber(bot, line, Channel.LINE)
    asks(author, bot, engine)
    approver.heard()
    card = words(approver.taps("อนุมัติ"))
    assert only(rows).due_at is not None
    assert "หลังอนุมัติ" not in card
    assert "ทันทีที่อนุมัติ" not in card
    assert "กำหนดส่ง" in card


def test_a_stopped_one_says_whom_it_reached_once_it_had_begun(author, bot, line, rows):
    make(bot, state=CampaignState.SENDING, started_at=bot.clock())
    author.says("กำลังส่ง")
    card = words(author.taps("หยุดทันที"))
    assert "ส่งแล้ว" in card
    assert "ไม่ได้รับ" not in card
    assert "ตัดออกจากรายชื่อ" in card


def test_one_stopped_before_it_began_names_no_moment(author, bot, line, rows):
    make(bot, state=CampaignState.APPROVED, started_at=None, due_at=bot.clock())
    author.says("กำลังส่ง")
    card = words(author.taps("หยุดทันที"))
    assert "กำหนดส่ง" not in card
    assert "ส่งแล้ว" not in card


def make(bot, **values):
    def write(session):
        make_campaign(session, bot.clock(), [], bot.settings, wave=None, **values)

    bot.database.write(write)


def test_sent_back_is_called_so_and_taken_back_is_a_draft(
    author, approver, bot, line, engine, rows
):
    Subscriber(bot, line, Channel.LINE)
    asks(author, bot, engine)
    approver.heard()
    approver.taps("ส่งกลับแก้ไข")
    approver.says("วันที่ผิด")
    engine.drain_pushes()
    told = words(author.heard())
    assert "ประกาศ: ส่งกลับแก้ไข" in told
    assert "วันที่ผิด" in told
    author.taps("ขออนุมัติ")
    settle(bot, engine)
    author.says("สถานะ")
    told = words(author.taps("นำกลับมาแก้ไข"))
    assert "ประกาศ: ร่าง" in told
    assert "วันที่ผิด" not in told


def test_the_reason_taken_back_is_forgotten_and_the_decision_stands(
    author, approver, bot, engine, line, rows
):
    Subscriber(bot, line, Channel.LINE)
    asks(author, bot, engine)
    approver.heard()
    approver.taps("ส่งกลับแก้ไข")
    approver.says("วันที่ผิด")
    (said,) = [one for one in line.room(approver.user_id) if one.text == "วันที่ผิด"]
    line.unsend(approver.user_id, said.message_id)
    sent_back = [one for one in rows(CampaignEvent) if one.verdict is CampaignAction.SENT_BACK]
    assert [(one.note, one.note_source) for one in sent_back] == [(None, None)]
    assert rows(Campaign)[0].state is CampaignState.DRAFT
    author.says("สถานะ")
    assert "วันที่ผิด" not in words(author.heard())


def test_an_empty_list_has_no_button_and_no_forged_tap(author, approver, bot, engine, rows):
    asks(author, bot, engine)
    card = words(approver.heard())
    assert "ไม่มีผู้รับ" in card
    assert "อนุมัติ" not in approver.labels()
    assert "ส่งกลับแก้ไข" in approver.labels()
    campaign = only(rows)
    told = words(approver.posts(f"a=campaign_approve&c={campaign.id}&d={campaign.digest}"))
    assert "ไม่มีผู้รับ" in told
    assert rows(Campaign)[0].state is CampaignState.IN_REVIEW


def test_a_draft_out_of_a_backup_says_so_in_words(author, bot, engine, line):
    Subscriber(bot, line, Channel.LINE)
    asks(author, bot, engine)
    bot.database.write(
        lambda session: campaigns.send_back(
            session, session.scalars(select(Campaign)).one(), None, "restored", bot.clock()
        )
    )
    told = words(author.says("สถานะ"))
    assert "กู้คืน" in told
    assert "restored" not in told


@pytest.mark.parametrize(
    ("rule", "messages", "is_too_often"),
    [
        ("0 10 15 * *", "ประมาณ 2 (1 รอบ)", False),
        ("0 10 * * mon", "ประมาณ 8 (4 รอบ)", True),
        ("0 10 * * mon,wed,fri", " รอบ)", True),
    ],
)
def test_a_series_says_what_it_costs_in_a_month_and_whether_it_is_too_much(
    rule, messages, is_too_often, bot, line, engine
):
    approver = linked(bot, line, Role.APPROVER)
    for number in range(2):
        Subscriber(bot, line, Channel.LINE, name=f"ผู้เรียน {number}")
    Announcement(bot, line, rule=rule).is_asked_for()
    card = words(approver.says("รออนุมัติ"))
    assert "ข้อความทาง LINE ใน 30 วัน" in card
    assert messages in card
    assert ("รอบส่งถี่กว่า" in card) == is_too_often


@pytest.mark.parametrize("state", [CampaignState.SCHEDULED, CampaignState.STOPPED])
def test_a_series_that_was_stopped_has_no_next_time(state, bot, line):
    approver = linked(bot, line, Role.APPROVER)
    make(
        bot, state=state, started_at=None, due_at=bot.clock(), rule="0 10 * * mon", name="รายสัปดาห์"
    )
    campaign_id = bot.database.read(lambda s: s.scalars(select(Campaign.id)).one())
    card = words(approver.posts(f"a=campaign_show&c={campaign_id}"))
    assert "รายสัปดาห์" in card
    assert ("ครั้งถัดไป" in card) == (state is CampaignState.SCHEDULED)
    assert ("ข้อความทาง LINE ใน 30 วัน" in card) == (state is CampaignState.SCHEDULED)
