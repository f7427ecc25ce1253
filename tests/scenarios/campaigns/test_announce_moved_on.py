"""What changed between a look and a tap: the words, the role, the hour; nothing goes on unseen."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from bot.dispatch import Context
from bot.line.events import Event
from bot.services.campaigns.audience.filters import Audience
from bot.services.campaigns.workflow import alerts, campaigns
from bot.services.campaigns.workflow.campaigns import Draft
from bot.services.people import people
from bot.services.staff import chats, staff
from models.campaign import Campaign, CampaignState
from models.conversation import Conversation
from models.outbox import Push
from models.staff import Role, Staff
from models.subscription import Channel
from tests.chat import words
from tests.factories import make_campaign
from tests.news import Subscriber
from tests.scenarios.campaigns.announcing import asks, hire, linked, only, settle, writes

NEW = {"th": {"title": "ใหม่", "parts": [{"type": "text", "text": "ข้อความที่แก้แล้ว"}]}}


def edit(bot, campaign_id, editor_id):
    def write(session):
        row = session.get_one(Campaign, campaign_id)
        draft = Draft(row.name, row.topic, NEW, Audience())
        now = bot.clock()
        campaigns.edit(session, campaign_id, draft, row.revision, editor_id, bot.settings, now)

    bot.database.write(write)


class Meanwhile:
    """LINE, while it looks at the messages: something happens elsewhere."""

    def __init__(self, gateway: Any, happens: Any) -> None:
        self.gateway, self.happens = gateway, happens

    def __getattr__(self, name: str) -> Any:
        return getattr(self.gateway, name)

    def validate(self, kind: str, messages: list[Any]) -> None:
        self.gateway.validate(kind, messages)
        happens, self.happens = self.happens, lambda: None
        happens()


def test_an_edit_before_the_second_try_is_looked_at_first(author, bot, line, rows):
    writes(author)
    line.faults.add("validate/multicast", "500")
    author.taps("นับผู้รับและขออนุมัติ")
    edit(bot, only(rows).id, hire(bot, Role.AUTHOR))
    shown = words(author.taps("ขออนุมัติอีกครั้ง"))
    assert "ประกาศเปลี่ยนไป" in shown
    assert "ข้อความที่แก้แล้ว" in shown
    assert only(rows).state is CampaignState.DRAFT
    assert "กำลังนับผู้รับ" in words(author.taps("ขออนุมัติ"))
    assert only(rows).state is CampaignState.IN_REVIEW


def test_an_edit_while_line_looks_is_looked_at_first(author, bot, rows):
    writes(author)
    other = hire(bot, Role.AUTHOR)
    bot.gateway = Meanwhile(bot.gateway, lambda: edit(bot, only(rows).id, other))
    shown = words(author.taps("นับผู้รับและขออนุมัติ"))
    assert "ประกาศเปลี่ยนไป" in shown
    assert "ข้อความที่แก้แล้ว" in shown
    assert only(rows).state is CampaignState.DRAFT


def shut_out(bot, member_id):
    now = bot.clock()
    bot.database.write(lambda session: staff.disable(session, member_id, "operator", now))


def demote(bot, member_id):
    def write(session):
        session.get_one(Staff, member_id).roles = [Role.SUPPORT]

    bot.database.write(write)


@pytest.mark.parametrize("leave", [shut_out, demote])
def test_whoever_goes_while_line_looks_asks_for_nothing(leave, author, bot, rows):
    writes(author)
    bot.gateway = Meanwhile(bot.gateway, lambda: leave(bot, author.id))
    assert "ไม่มีสิทธิ์" in words(author.taps("นับผู้รับและขออนุมัติ"))
    assert only(rows).state is CampaignState.DRAFT


@pytest.mark.parametrize("leave", [shut_out, demote])
@pytest.mark.parametrize("action", ["campaign_approve", "campaign_stop", "campaign_back"])
def test_a_tap_that_waited_counts_as_who_one_is_now(action, leave, approver, bot, rows):
    """Who taps is asked when the event begins; then the tap may wait for the announcement."""
    now = bot.clock()

    def waiting(session):
        state = CampaignState.SENDING if action == "campaign_stop" else CampaignState.IN_REVIEW
        row = make_campaign(session, now, [], bot.settings, state=state)
        return row.id, row.digest

    campaign_id, digest = bot.database.write(waiting)
    before = rows(Campaign)[0].state

    def tap(session):
        person = people.pseudonym(bot.keyring, approver.user_id)
        found = select(Conversation).where(Conversation.person == person)
        ctx = Context(
            session=session,
            conversation=session.scalars(found).one(),
            user_id=approver.user_id,
            settings=bot.settings,
            now=now,
            provider="local",
        )
        ctx.member = known
        data = {"a": action, "c": campaign_id, "d": digest}
        event = Event("1", "postback", now, user_id=approver.user_id, postback=data)
        return bot.dispatcher.entries[action](event, ctx)

    known = bot.database.read(lambda session: chats.member_of(session, approver.user_id))
    leave(bot, approver.id)
    turn = bot.database.write(tap)
    assert "ไม่มีสิทธิ์" in turn.messages[0]["text"]
    assert turn.state is None
    assert rows(Campaign)[0].state is before


def test_nobody_is_woken_up_to_approve(author, approver, bot, line, engine, rows):
    Subscriber(bot, line, Channel.LINE)
    bot.clock.advance(hours=11)  # 21:00 in Bangkok
    asks(author, bot, engine)
    assert rows(Push) == []
    assert "เปิดหลักสูตรใหม่แล้ว" in words(approver.says("รออนุมัติ")), "whoever looks finds it"
    bot.clock.advance(hours=10, minutes=59)
    settle(bot, engine)
    assert rows(Push) == []
    bot.clock.advance(minutes=1)
    settle(bot, engine)
    assert heard(approver, "อนุมัติ")
    settle(bot, engine)
    assert len(rows(Push)) == 1


def heard(chat, label):
    """Whether something new came that has this button."""
    return bool(chat.heard()) and label in chat.labels()


def test_what_was_held_at_night_is_told_at_night(author, bot, engine):
    bot.clock.advance(hours=12)

    def hold(session):
        row = make_campaign(session, bot.clock(), [], bot.settings, author_id=author.id)
        campaigns.pause(session, row, None, "errors", bot.clock())
        alerts.tell(session, row, "errors", bot.settings, bot.clock())

    bot.database.write(hold)
    engine.drain_pushes()
    assert heard(author, "หยุดทันที")


def test_what_was_taken_back_at_night_is_not_told_in_the_morning(
    author, approver, bot, engine, rows
):
    bot.clock.advance(hours=12)
    asks(author, bot, engine)
    author.says("ดูผล")
    author.taps("นำกลับมาแก้ไข")
    bot.clock.advance(hours=12)
    settle(bot, engine)
    assert rows(Push) == []


def test_a_text_that_is_too_long_behind_the_word_is_not_dropped_in_silence(author, rows):
    """It says so at once, and goes on."""
    said = words(author.says("ประกาศ " + "ก" * 4001))
    assert "ยาวเกินไป" in said
    assert "4,000" in said
    assert "ประกาศเรื่องอะไร" in said
    asked = words(author.taps("ข่าวคอร์ส"))
    assert "ภาษาไทย" in asked
    author.says("สั้นลงแล้ว")
    assert "สั้นลงแล้ว" in words(author.taps("ไม่ใส่"))


def test_the_count_is_found_again_after_a_second_tap(author, bot, engine, rows):
    writes(author)
    ask = author.button("นับผู้รับและขออนุมัติ")["data"]
    [counting] = author.posts(ask)
    assert counting.message["type"] == "flex", "a quick reply would be gone with the next message"
    said = words(author.posts(ask))
    assert "“ดูผล”" in said
    assert "ลงทะเบียน" not in author.labels(), "what staff do, and not what learners do"
    assert "รออนุมัติ" in author.labels()
    author.taps("ดูผลการนับ")
    settle(bot, engine)
    assert len(rows(Campaign)) == 1


@pytest.mark.parametrize("typed", ["ดูผล", "ดูผลการนับ", "status", "ดูผลหน่อยค่ะ"])
def test_the_count_is_found_by_a_word(typed, author, bot, engine, rows):
    assert "ยังไม่เคยขออนุมัติ" in words(author.says(typed))
    asks(author, bot, engine)
    asks(author, bot, engine)
    last = rows(Campaign)[-1]
    card = words(author.says(typed))
    assert "LINE 0 คน" in card
    assert last.digest[:12] in card


def test_answers_to_staff_carry_what_staff_do(author, approver, someone, bot, line):
    assert "สร้างประกาศใหม่" in replies(author.says("กำลังส่ง"))
    mine = replies(approver.says("รออนุมัติ"))
    assert "กำลังส่ง" in mine
    assert "สร้างประกาศใหม่" not in mine, "an approver writes nothing"
    assert "ลงทะเบียน" not in mine
    author.says("ประกาศ")
    assert "สร้างประกาศใหม่" in replies(author.says("ยกเลิก"))
    helper = linked(bot, line, Role.SUPPORT, name="ผู้ช่วย")
    assert "รออนุมัติ" not in replies(helper.says("รออนุมัติ"))
    stranger = someone("มะลิ")
    stranger.adds_the_account()
    assert "รออนุมัติ" not in replies(stranger.says("รออนุมัติ"))


def replies(said):
    items = said[-1].message["quickReply"]["items"]
    return [item["action"]["label"] for item in items]


def test_when_it_goes_out_is_said_before_anybody_asks(author, bot, rows):
    bot.settings = replace(bot.settings, hold_back_minutes=7)
    shown = words(writes_all(author))
    assert "7 นาทีหลังอนุมัติ" in shown
    assert "ตั้งเวลาส่ง" in shown


def writes_all(author):
    author.says("ประกาศ เปิดแล้ว")
    author.taps("ข่าวคอร์ส")
    return author.taps("ไม่ใส่")
