"""Who may do what with announcements in the chat, and that for everybody else none of it exists."""

import pytest

from bot.runtime.answering import sorry
from bot.services.staff import chats, staff
from handlers.line import FLOWS
from models.audit import AuditEntry
from models.campaign import Campaign, CampaignState
from models.staff import Role, Staff
from models.subscription import Channel
from tests.chat import words
from tests.news import Subscriber
from tests.samples import every, sampled
from tests.scenarios.campaigns.announcing import asks, linked, only, writes

ROLES = [Role.AUTHOR, Role.APPROVER, Role.SUPPORT, Role.PRIVACY, Role.ADMIN]
STAFF_ENTRIES = sorted({entry for flow in FLOWS if flow.is_for_staff for entry in flow.entries})


PRODUCT = [(role, language) for role in ROLES for language in ("th", "en")]


@pytest.mark.parametrize(("role", "language"), sampled(PRODUCT, PRODUCT[::4] + PRODUCT[3::4]))
def test_every_entry_answers_every_role(role, language, bot, line, engine, rows):
    """In any order, with forged ids and with real ones: an answer, and only what the role may."""
    writer = linked(bot, line, Role.AUTHOR, name="ผู้เขียนประกาศ")
    asks(writer, bot, engine)
    campaign = only(rows)
    member = linked(bot, line, role, name="สมาชิก", language=language)
    for data in ("c=" + "0" * 32, f"c={campaign.id}&d={'1' * 64}&l=th", "c=", "x=y"):
        for entry in STAFF_ENTRIES:
            if entry in {"staff_unlink", "campaign_take_back"}:
                continue
            told = words(member.posts(f"a={entry}&{data}"))
            assert told.strip(), entry
            assert sorry("th") not in told, entry
            assert sorry("en") not in told, entry
            assert "{" not in told, entry
            member.posts("a=cancel")
    assert only(rows).state is CampaignState.IN_REVIEW
    assert [call.error for call in line.calls if call.status >= 400] == []


def test_for_anybody_else_there_is_no_such_button(author, someone, bot, engine, rows):
    asks(author, bot, engine)
    campaign = only(rows)
    chat = someone("มะลิ")
    chat.adds_the_account()
    unknown = words(chat.posts("a=nothing"))

    def is_nothing(entry):
        forged = words(chat.posts(f"a={entry}&c={campaign.id}&d={campaign.digest}"))
        assert forged == unknown
        assert only(rows).state is CampaignState.IN_REVIEW

    every({entry: entry for entry in STAFF_ENTRIES}, is_nothing)


@pytest.mark.parametrize(
    "typed", ["ประกาศ", "ประกาศ พรุ่งนี้", "announce it", "รออนุมัติ", "กำลังส่ง", "approve"]
)
def test_for_anybody_else_the_words_are_words(typed, someone):
    chat = someone("มะลิ")
    chat.adds_the_account()
    fallback = words(chat.says("ฝนตกหนักมาก"))
    assert words(chat.says(typed)) == fallback


def test_a_learner_asking_about_a_course_still_gets_it(someone):
    chat = someone("มะลิ")
    chat.adds_the_account()
    assert words(chat.says("ประกาศหลักสูตร")) == words(chat.says("หลักสูตร"))


def test_whoever_is_disabled_is_anybody_at_once(author, approver, bot, line, engine, rows):
    Subscriber(bot, line, Channel.LINE)
    asks(author, bot, engine)
    approver.heard()
    button = approver.button("อนุมัติ")["data"]
    writes(author)
    now = bot.clock()
    for member in (author, approver):
        staff_id = member.id
        bot.database.write(
            lambda session, found=staff_id: staff.disable(session, found, "operator", now)
        )
    assert bot.database.read(chats.linked) == []
    approver.posts(button)
    assert "ด้านบนคือข้อความ" not in words(author.says("อะไรก็ได้"))
    assert all(row.state is CampaignState.IN_REVIEW for row in rows(Campaign))
    untied = [entry.data for entry in rows(AuditEntry, AuditEntry.action == "staff:chat_unlink")]
    assert untied == [{"cause": "disabled"}] * 2


def test_whoever_loses_the_role_in_the_middle_asks_for_nothing(author, bot, rows):
    writes(author)

    def change(session):
        session.get_one(Staff, author.id).roles = [Role.SUPPORT]

    bot.database.write(change)
    author.taps("นับผู้รับและขออนุมัติ")
    assert rows(Campaign) == []
