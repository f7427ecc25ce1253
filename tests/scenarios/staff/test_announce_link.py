"""Linking a LINE account to a member of staff: one to one, by a code, undone at any time."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from bot.errors import InputError
from bot.runtime.menu_deployment import Deployment
from bot.services.people.subjects import Subject
from bot.services.shared import codes
from bot.services.staff import chats, staff
from models.audit import AuditEntry
from models.conversation import Conversation
from models.staff import Role, Staff
from models.staff_chat import StaffChat, StaffChatCode
from tests.chat import words
from tests.scenarios.campaigns.announcing import code_of, hire, linked
from tests.scenarios.story import register, tap

DOES_NOT_WORK = "รหัสนี้ใช้ไม่ได้"


@pytest.fixture
def chat(someone):
    made = someone("ครู")
    made.adds_the_account()
    return made


def member_of(bot, chat):
    return bot.database.read(lambda session: chats.member_of(session, chat.user_id))


def test_a_code_links_once(chat, someone, bot, rows):
    staff_id = hire(bot, Role.APPROVER, name="ผู้อนุมัติ")
    text = code_of(bot, staff_id)
    assert "ผู้อนุมัติ" in words(chat.says(text))
    assert member_of(bot, chat).id == staff_id
    (linked,) = bot.database.read(chats.linked)
    assert (linked.member_id, linked.user_id) == (staff_id, chat.user_id)
    other = someone("คนอื่น")
    other.adds_the_account()
    assert DOES_NOT_WORK in words(other.says(text))
    assert member_of(bot, other) is None
    assert rows(StaffChatCode) == []
    acts = [entry.action for entry in rows(AuditEntry) if entry.action.startswith("staff:chat")]
    assert acts == ["staff:chat_code", "staff:chat_link"]


def test_neither_the_code_nor_the_account_is_stored_in_plain(chat, bot, rows, all_words):
    staff_id = hire(bot, Role.AUTHOR)
    text = code_of(bot, staff_id)
    stored = all_words()
    code = text.split()[1]
    assert code not in stored
    assert code.replace("-", "") not in stored
    chat.says(text)
    [row] = rows(StaffChat)
    assert chat.user_id.encode() not in row.user_id_sealed
    assert chat.user_id not in row.user_index


@pytest.mark.parametrize(
    "written",
    ["พนักงาน {0}", "  พนักงาน  {0} ", "พนักงาน {1}", "พนักงาน: {2}", "Staff {2}", "STAFF {0}"],
)
def test_a_code_is_read_however_it_is_typed(written, chat, bot):
    shown = code_of(bot, hire(bot, Role.AUTHOR)).split()[1]
    plain = shown.replace("-", "")
    chat.says(written.format(shown, plain, shown.lower().replace("0", "o")))
    assert member_of(bot, chat) is not None


@pytest.mark.parametrize(
    "typed",
    ["พนักงาน WRONG", "พนักงาน ABCD-EFGH", "พนักงาน A1B2-C3D", "เจ้าหน้าที่ A1B2C3D4", "staff A1B2-C3D4"],
)
def test_a_wrong_code_is_called_one(typed, chat, bot):
    """Whoever sends it, and whatever is wrong with it, is told the same."""
    hire(bot, Role.AUTHOR)
    said = words(chat.says(typed))
    assert said.startswith(DOES_NOT_WORK)
    assert "บัญชี LINE ของฉัน" in said
    assert "/console" not in said
    assert "ถามเจ้าหน้าที่" in chat.labels(), "it may have been meant for a person"
    assert member_of(bot, chat) is None


@pytest.mark.parametrize("typed", ["พนักงาน", "staff", "staff meeting 2", "ขอคุยกับพนักงานหน่อย"])
def test_whoever_wants_a_person_gets_one(typed, chat):
    assert DOES_NOT_WORK not in words(chat.says(typed))
    assert words(chat.newest()) == words(chat.says("เจ้าหน้าที่"))


def test_a_text_in_a_conversation_is_no_code(bot, line):
    member = linked(bot, line, Role.AUTHOR)
    member.says("ประกาศ")
    member.taps("ข่าวคอร์ส")
    member.says("พนักงาน VIP")
    assert "พนักงาน VIP" in words(member.taps("ไม่ใส่"))


def test_also_in_the_middle_of_a_registration(chat, bot):
    chat.says("สมัคร")
    chat.says(code_of(bot, hire(bot, Role.AUTHOR)))
    assert member_of(bot, chat) is not None


def test_a_code_lives_ten_minutes(chat, bot):
    text = code_of(bot, hire(bot, Role.AUTHOR))
    bot.clock.advance(minutes=10)
    assert DOES_NOT_WORK in words(chat.says(text))
    assert member_of(bot, chat) is None


def test_a_newer_code_replaces_the_older_one(chat, bot):
    staff_id = hire(bot, Role.AUTHOR)
    old, new = code_of(bot, staff_id), code_of(bot, staff_id)
    assert DOES_NOT_WORK in words(chat.says(old))
    chat.says(new)
    assert member_of(bot, chat).id == staff_id


def test_guessing_is_slow(chat, bot):
    text = code_of(bot, hire(bot, Role.AUTHOR))
    for number in range(5):
        assert DOES_NOT_WORK in words(chat.says(f"พนักงาน AAAA-AA{number}A"))
    assert "บ่อยเกินไป" in words(chat.says(text)) or "15 นาที" in words(chat.newest())
    assert member_of(bot, chat) is None


def test_drawing_is_slow(bot):
    staff_id = hire(bot, Role.AUTHOR)
    for _ in range(10):
        code_of(bot, staff_id)
    with pytest.raises(InputError, match="too_often"):
        code_of(bot, staff_id)


def test_one_line_account_is_one_members(bot, line):
    first = linked(bot, line, Role.AUTHOR, name="คนแรก")
    said = words(first.says(code_of(bot, hire(bot, Role.APPROVER, name="คนที่สอง"))))
    assert "เจ้าหน้าที่คนอื่น" in said
    assert member_of(bot, first).id == first.id


def test_another_line_account_replaces_the_first(bot, line, chat, rows):
    first = linked(bot, line, Role.AUTHOR)
    chat.says(code_of(bot, first.id))
    assert member_of(bot, chat).id == first.id
    assert member_of(bot, first) is None
    assert len(rows(StaffChat)) == 1


def test_of_twenty_senders_one_succeeds(bot, rows):
    staff_id = hire(bot, Role.AUTHOR)
    code = codes.read_staff(code_of(bot, staff_id))
    now = bot.clock()

    def send(number):
        try:
            link = partial(chats.link, code=code, user_id=f"U{number:032x}", now=now)
            return bot.database.write(lambda session: link(session)).id
        except InputError:
            return None

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(send, range(20)))
    assert [each for each in found if each] == [staff_id]
    assert len(rows(StaffChat)) == 1


def test_whoever_is_disabled_cannot_link(chat, bot):
    staff_id = hire(bot, Role.AUTHOR)
    text = code_of(bot, staff_id)
    now = bot.clock()
    bot.database.write(lambda session: staff.disable(session, staff_id, "operator", now))
    assert DOES_NOT_WORK in words(chat.says(text))


def test_roles_count_at_this_moment(bot, line):
    member = linked(bot, line, Role.AUTHOR)

    def change(session):
        session.get_one(Staff, member.id).roles = [Role.APPROVER]

    bot.database.write(change)
    assert "ไม่มีสิทธิ์เขียนประกาศ" in words(member.says("ประกาศ"))


def test_unlinking_in_the_chat(bot, line, rows):
    member = linked(bot, line, Role.AUTHOR)
    assert "เลิกเชื่อมแล้ว" in words(member.taps("เลิกเชื่อมบัญชีนี้"))
    assert member_of(bot, member) is None
    [entry] = rows(AuditEntry, AuditEntry.action == "staff:chat_unlink")
    assert (entry.data, entry.actor) == ({"cause": "chat"}, f"staff:{member.id}")
    assert "ประกาศเรื่องอะไร" not in words(member.says("ประกาศ"))


def test_duties_do_not_move_with_a_learners_chat(bot, line, rows):
    """The chat's row may get another LINE account; the link is bound to the account itself."""
    member = linked(bot, line, Role.APPROVER)
    stranger = line.add_person("คนแปลกหน้า", "th").user_id
    assert bot.database.read(lambda session: chats.member_of(session, stranger)) is None
    [row] = rows(StaffChat)
    assert "conversation" not in {column.name for column in StaffChat.__table__.columns}
    assert member_of(bot, member).id == row.staff_id


def test_erasing_oneself_unlinks(bot, line, rows):
    member = linked(bot, line, Role.AUTHOR, language="en")
    register(member)
    member.posts("a=rights_erase")
    tap(member, "Erase everything")
    assert rows(StaffChat) == []
    [entry] = rows(AuditEntry, AuditEntry.action == "staff:chat_unlink")
    assert entry.data == {"cause": "erased"}


def test_the_export_says_that_one_works_here(bot, line, rows):
    member = linked(bot, line, Role.AUTHOR)
    [conversation] = rows(Conversation)
    subject = Subject(conversation.id)
    found = bot.database.read(lambda session: chats.rows(session, subject))
    assert len(found) == 1
    assert member.id


def shown(chat):
    menu = chat.platform.rich_menus.shown_to(chat.user_id)
    return str(menu.definition["name"]).split("/")[1]


def test_the_menu_of_staff_comes_and_goes(bot, line):
    Deployment(bot).run()
    member = linked(bot, line, Role.AUTHOR)
    assert shown(member) == "staff-th"
    member.says("English")
    assert shown(member) == "staff-en"
    member.says("hello")
    assert shown(member) == "staff-en"
    now = bot.clock()
    bot.database.write(lambda session: chats.unlink(session, member.id, "operator", "console", now))
    member.says("hello")
    assert shown(member) == "guest-en"


def test_a_learner_on_the_staff_has_the_menu_of_staff(bot, line):
    Deployment(bot).run()
    member = linked(bot, line, Role.AUTHOR)
    register(member)
    assert shown(member) == "staff-th"
    member.posts("a=staff_unlink")
    assert shown(member) == "learner-th"


def test_the_tiles_lead_somewhere(bot, line):
    Deployment(bot).run()
    member = linked(bot, line, Role.AUTHOR, Role.APPROVER)
    menu = line.rich_menus.shown_to(member.user_id)
    answers = []
    for area in menu.definition["areas"][:3]:
        line.tap(member.user_id, area["action"])
        answers.append(words(member.heard()))
        member.posts("a=cancel")
    assert "ไม่มีประกาศที่รออนุมัติ" in answers[0]
    assert "ประกาศเรื่องอะไร" in answers[1]
    assert "ไม่มีประกาศที่กำลังส่ง" in answers[2]
