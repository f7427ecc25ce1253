"""What staff type in the chat: a stop at any moment, a text that is kept, words half right."""

import pytest

from bot.presentation import staff_words
from models.campaign import Campaign, CampaignState
from models.conversation import Conversation
from models.staff import Role
from models.subscription import Channel
from tests.chat import words
from tests.factories import make_campaign
from tests.news import Subscriber
from tests.scenarios.campaigns.announcing import code_of, hire, linked, only, writes
from tests.scenarios.story import register

TEXT = "พรุ่งนี้โรงเรียนหยุด เปิดเรียนวันพุธ"
GUEST = ("ลงทะเบียน", "สมัครเรียน", "ถามเจ้าหน้าที่")


def under_way(bot, *states: CampaignState) -> None:
    def write(session):
        for number, state in enumerate(states):
            make_campaign(session, bot.clock(), [], bot.settings, state=state, name=f"ข่าว {number}")

    bot.database.write(write)


@pytest.mark.parametrize("typed", ["หยุด", "หยุดประกาศ", "Stop", "หยุดค่ะ", "ขอหยุดประกาศเรื่องวันหยุด"])
def test_a_word_leads_to_the_one_tap_that_stops_it(typed, approver, bot, rows):
    under_way(bot, CampaignState.SENDING)
    assert "ข่าว 0" in words(approver.says(typed))
    assert only(rows).state is CampaignState.SENDING, "a word alone ends nothing"
    approver.taps("หยุดทันที")
    assert only(rows).state is CampaignState.STOPPED


def test_of_several_each_has_its_tap(author, bot, rows):
    under_way(bot, CampaignState.SENDING, CampaignState.SCHEDULED)
    shown = words(author.says("หยุด"))
    assert "ข่าว 0" in shown
    assert "ข่าว 1" in shown
    assert author.labels().count("หยุดทันที") == 2
    author.taps("หยุดทันที")
    assert sorted(row.state for row in rows(Campaign)).count(CampaignState.STOPPED) == 1


def test_where_nothing_is_under_way_it_is_said_with_the_buttons_of_staff(author):
    assert "ไม่มีประกาศ" in words(author.says("หยุด"))
    assert "รออนุมัติ" in author.labels()
    assert not set(GUEST) & set(author.labels())


def test_for_learners_and_for_other_roles_the_word_means_what_it_meant(someone, bot, line):
    under_way(bot, CampaignState.SENDING)
    chat = someone("มะลิ")
    chat.adds_the_account()
    assert words(chat.says("หยุด")) == words(chat.says("หยุดข่าว"))
    helper = linked(bot, line, Role.SUPPORT, name="ผู้ช่วย")
    assert "ข่าว 0" not in words(helper.says("หยุด"))


def test_whoever_writes_another_one_can_stop_and_keeps_the_text(author, bot, rows):
    under_way(bot, CampaignState.SENDING)
    writes(author)
    shown = words(author.says("หยุด"))
    assert "ข่าว 0" in shown
    assert "กรุณาตรวจสอบ" in shown, "and the question that was open"
    author.taps("หยุดทันที")
    author.taps("เก็บเป็นร่าง")
    assert sorted(row.state for row in rows(Campaign)) == [
        CampaignState.DRAFT,
        CampaignState.STOPPED,
    ]


def test_inside_a_conversation_it_cancels_where_nothing_can_be_stopped(author, rows):
    writes(author)
    assert "ลบทิ้งแล้ว" in words(author.says("หยุด"))


def test_a_text_about_a_stop_is_a_text(author, bot, rows):
    under_way(bot, CampaignState.SENDING)
    author.says("ประกาศ")
    author.taps("ข่าวคอร์ส")
    author.says("ยกเลิกประกาศเรื่องวันหยุด เรียนตามปกติ")
    author.taps("ไม่ใส่")
    author.taps("เก็บเป็นร่าง")
    [draft] = rows(Campaign, Campaign.state == CampaignState.DRAFT)
    assert draft.content["th"]["parts"][0]["text"] == "ยกเลิกประกาศเรื่องวันหยุด เรียนตามปกติ"


@pytest.mark.parametrize("typed", [f"ประกาศ {TEXT}", TEXT])
def test_a_text_before_the_topic_is_kept(typed, author, rows):
    author.says("ประกาศ")
    said = words(author.says(typed))
    assert "เก็บข้อความของคุณไว้แล้ว" in said
    assert "ประกาศเรื่องอะไร" in said
    assert "ภาษาอังกฤษ" in words(author.taps("ข่าวคอร์ส")), "the next question"
    assert TEXT in words(author.taps("ไม่ใส่"))
    author.taps("เก็บเป็นร่าง")
    assert only(rows).content["th"]["parts"][0]["text"] == TEXT


def test_what_is_kept_is_sealed_and_goes_with_a_cancel(author, rows):
    author.says("ประกาศ")
    author.says(TEXT)
    (conversation,) = rows(Conversation)
    assert conversation.draft_sealed is not None
    assert TEXT.encode() not in conversation.draft_sealed
    author.says("ยกเลิก")
    (conversation,) = rows(Conversation)
    assert conversation.draft_sealed is None


def test_a_topic_may_be_typed(author):
    author.says(f"ประกาศ {TEXT}")
    assert "ภาษาอังกฤษ" in words(author.says("ข่าวคอร์ส"))


def test_a_text_too_long_before_the_topic_is_called_so(author):
    author.says("ประกาศ")
    said = words(author.says("ก" * 4001))
    assert "ยาวเกินไป" in said
    assert "เก็บข้อความของคุณไว้แล้ว" not in said


def test_a_second_tap_on_the_menu_throws_nothing_away(author):
    author.says("ประกาศ")
    author.says(TEXT)
    author.posts("a=announce")
    author.taps("ข่าวคอร์ส")
    assert TEXT in words(author.taps("ไม่ใส่"))


BODIES: list[tuple[str, str]] = [
    ("ประกาศ", ""),
    ("ประกาศ พรุ่งนี้หยุด", "พรุ่งนี้หยุด"),
    ("ประกาส พรุ่งนี้หยุด", "พรุ่งนี้หยุด"),
    ("ช่วยประกาศให้หน่อยว่า พรุ่งนี้หยุด", "พรุ่งนี้หยุด"),
    ("ช่วยประกาศให้หน่อยค่ะว่าพรุ่งนี้หยุด", "พรุ่งนี้หยุด"),
    ("ประกาศให้หน่อยว่าพรุ่งนี้หยุด", "พรุ่งนี้หยุด"),
    ("อยากประกาศ", ""),
    ("อยากจะประกาศ", ""),
    ("ขอประกาศหน่อย", ""),
    ("ขอประกาศให้ทราบทั่วกัน", "ขอประกาศให้ทราบทั่วกัน"),
    ("ประกาศให้นักเรียนทราบ", "ให้นักเรียนทราบ"),
    ("ประกาศทีมที่ชนะ", "ทีมที่ชนะ"),
    ("Please announce that we open on Monday", "we open on Monday"),
    ("I want to make an announcement", ""),
]


@pytest.mark.parametrize(("typed", "body"), BODIES)
def test_a_wish_to_announce_is_understood(typed, body):
    assert staff_words.command(typed, inside=False) == "announce"
    assert staff_words.body(typed) == body


@pytest.mark.parametrize("typed", ["ดูประกาศ", "ประชุมพรุ่งนี้", "announced", "โรงเรียนจะประกาศผล"])
def test_other_sentences_are_no_wish(typed):
    assert staff_words.command(typed, inside=False) != "announce"


def test_a_request_in_the_chat_begins_the_announcement(author):
    said = words(author.says("ช่วยประกาศให้หน่อยว่า พรุ่งนี้หยุด"))
    assert "ประกาศเรื่องอะไร" in said
    author.taps("ข่าวคอร์ส")
    assert "พรุ่งนี้หยุด" in words(author.taps("ไม่ใส่"))


@pytest.mark.parametrize("typed", ["ฝนตกหนักมาก", "ช่วยเหลือ", "English", "สวัสดี", "เมนู", "ยกเลิก"])
def test_staff_keep_their_words_and_buttons(typed, author):
    author.says(typed)
    labels = set(author.labels())
    assert labels & {"รออนุมัติ", "Waiting for approval"}
    assert labels & {"สร้างประกาศใหม่", "New announcement"}
    assert not labels & set(GUEST)


@pytest.mark.parametrize("typed", ["ฝนตกหนักมาก", "help"])
def test_each_role_is_told_the_words_that_it_may_say(typed, author, approver, bot, line):
    written, approves = words(author.says(typed)), words(approver.says(typed))
    assert "• ประกาศ" in written
    assert "• รออนุมัติ" in approves
    assert "• ประกาศ" not in approves
    assert approves.index("• รออนุมัติ") < approves.find("ลืมรหัสผ่าน") or typed != "help"
    helper = linked(bot, line, Role.SUPPORT, name="ผู้ช่วย")
    assert "• รออนุมัติ" not in words(helper.says(typed))


@pytest.mark.parametrize(
    ("role", "has", "lacks"),
    [(Role.AUTHOR, "• ประกาศ", "รอคุณอนุมัติ"), (Role.APPROVER, "• รออนุมัติ", "• ประกาศ")],
)
def test_whoever_links_reads_what_their_role_may_do(role, has, lacks, bot, line):
    member = linked(bot, line, role, name="คนใหม่")
    told = words(member.newest())
    assert has in told
    assert lacks not in told
    assert ("สร้างประกาศใหม่" in member.labels()) is (role is Role.AUTHOR)


def test_a_member_who_learns_here_keeps_their_lessons(someone, bot):
    chat = someone("Ben", "en")
    register(chat)
    chat.says(code_of(bot, hire(bot, Role.AUTHOR, language="en")))
    said = words(chat.says("hello"))
    assert "English Planet menu" in said


def test_other_words_at_the_check_are_called_ignored(author):
    writes(author)
    said = words(author.says("เปลี่ยนเป็นวันศุกร์"))
    assert said.startswith("ยังไม่ได้เปลี่ยนข้อความ")
    assert "กรุณาตรวจสอบ" in said


def test_a_picture_is_pointed_to_the_console(author, someone):
    author.says("ประกาศ")
    author.taps("ข่าวคอร์ส")
    assert "หน้าเจ้าหน้าที่" in words(author.sends("image"))
    chat = someone("มะลิ")
    chat.adds_the_account()
    assert "หน้าเจ้าหน้าที่" not in words(chat.sends("image"))


@pytest.mark.parametrize(
    ("typed", "is_taken"), [("เปิดแล้ว", False), ("Open เปิด", True), ("2027 🎉", True)]
)
def test_thai_is_not_taken_for_english(typed: str, is_taken: bool, author) -> None:
    author.says(f"ประกาศ {TEXT}")
    author.taps("ข่าวคอร์ส")
    said = words(author.says(typed))
    assert ("กรุณาตรวจสอบ" in said) is is_taken
    if not is_taken:
        assert "ข้อความนี้เป็นภาษาไทย" in said
        assert "กรุณาตรวจสอบ" in words(author.taps("ไม่ใส่"))


def test_the_button_of_a_copy_says_whom_it_is_for(author, bot, line):
    assert "เฉพาะผู้เรียน" in words(author.posts("a=news_off&p=line_news"))
    assert "เฉพาะผู้เรียน" in words(author.posts("a=news"))
    reader = Subscriber(bot, line, Channel.LINE).chat
    assert "เฉพาะผู้เรียน" not in words(reader.posts("a=news_off&p=line_news"))
