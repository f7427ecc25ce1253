"""The console's page for linking one's LINE account."""

import re

from sqlalchemy import select

from bot.services.shared import codes as crockford
from bot.services.staff import chats
from models.audit import AuditEntry
from models.staff import Role
from models.staff_chat import StaffChatCode

CODE = re.compile(r"พนักงาน ([0-9A-Z]{4}-[0-9A-Z]{4})")


def code_on(answer):
    found = CODE.search(answer.text)
    assert found, answer.text
    return crockford.read_staff(f"พนักงาน {found[1]}")


def test_a_code_is_shown_once_and_links(console, bot):
    desk = console(Role.SUPPORT)
    page = desk.get("/console/me/chat")
    assert "ยังไม่ได้เชื่อม" in page.text
    answer = desk.submit("/console/me/chat", "/console/me/chat/code")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    code = code_on(answer)
    user_id = "U" + "7" * 32
    now = bot.clock()
    bot.database.write(lambda session: chats.link(session, code, user_id, now) and None)
    assert "เชื่อมไว้ตั้งแต่" in desk.get("/console/me/chat").text
    again = desk.submit("/console/me/chat", "/console/me/chat/unlink")
    assert again.status_code == 303
    assert "เลิกเชื่อมบัญชี LINE ของคุณแล้ว" in desk.get("/console/me/chat").text
    assert bot.database.read(lambda s: chats.linked_at(s, desk.member_id)) is None


def test_looking_makes_no_code(console, bot):
    desk = console(Role.AUTHOR)
    desk.get("/console/me/chat")
    assert desk.get("/console/me/chat/code").status_code in {404, 405}
    codes = bot.database.read(lambda s: list(s.scalars(select(StaffChatCode))))
    assert codes == []


def test_a_code_needs_a_second_factor_shown_lately(console, bot, clock):
    desk = console(Role.AUTHOR)
    clock.advance(minutes=11)
    answer = desk.submit("/console/me/chat", "/console/me/chat/code")
    assert answer.status_code == 303
    assert "/console/prove" in answer.headers["Location"] or "prove" in answer.headers["Location"]


def test_a_forged_form_makes_no_code(console, bot):
    desk = console(Role.AUTHOR)
    assert desk.post("/console/me/chat/code", {"token": "x"}).status_code == 403
    assert desk.post("/console/me/chat/unlink", {}).status_code == 403


def test_too_many_codes(console):
    desk = console(Role.AUTHOR)
    for _ in range(10):
        assert desk.submit("/console/me/chat", "/console/me/chat/code").status_code == 200
    assert desk.submit("/console/me/chat", "/console/me/chat/code").status_code == 303
    assert "ขอรหัสบ่อยเกินไป" in desk.get("/console/me/chat").text


def test_the_way_there(console):
    desk = console(Role.PRIVACY)
    assert 'href="/console/me/chat"' in desk.get("/console/me").text


def test_the_audit_knows_it(console, bot):
    desk = console(Role.AUTHOR)
    desk.submit("/console/me/chat", "/console/me/chat/code")
    query = select(AuditEntry).where(AuditEntry.action == "staff:chat_code")
    [entry] = bot.database.read(lambda session: list(session.scalars(query)))
    assert (entry.actor, entry.data) == (f"staff:{desk.member_id}", {})


def test_the_link_into_the_chat(console, bot):
    bot.basic_id = "@school"
    desk = console(Role.AUTHOR)
    answer = desk.submit("/console/me/chat", "/console/me/chat/code")
    assert "https://line.me/R/oaMessage/%40school/?" in answer.text
    assert 'src="data:image/svg+xml' in answer.text
