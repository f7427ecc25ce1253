"""The team: adding, roles, links, shutting out; the last administrator stays."""

import re
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from bot.errors import InputError
from bot.runtime import Bot
from bot.services.staff import sessions, staff
from bot.texts.dates import shown_time
from models.audit import AuditEntry
from models.staff import Role, Staff
from tests.clock import FakeClock
from tests.console.conftest import Desk, Phone
from tests.console.door import at_once, invite, settle, sign_in
from tests.factories import make_staff

pytestmark = pytest.mark.sql

LINK = re.compile(r"https://bot\.example\.test(/console/start/[\w-]+)")


def acts(bot: Bot, action: str) -> list[AuditEntry]:
    return list(
        bot.database.read(
            lambda s: s.scalars(select(AuditEntry).where(AuditEntry.action == action)).all()
        )
    )


def test_a_member_is_added_and_begins(
    console: Callable[..., Desk], bot: Bot, new_desk, phone: Phone
) -> None:
    admin = console(Role.ADMIN)
    answer = admin.submit(
        "/console/team",
        "/console/team",
        name="  สมชาย   ใจดี ",
        username="Somchai.J",
        role=["author", "approver"],
    )
    path = LINK.search(answer.text)[1]
    desk = new_desk()
    settle(desk, path, phone)
    text = desk.get("/console/me").text
    assert "สมชาย ใจดี" in text
    assert "ผู้เขียน" in text
    assert "ผู้อนุมัติ" in text
    [added] = acts(bot, "staff:add")
    assert added.actor == f"staff:{admin.member_id}"
    assert added.data == {"roles": "approver,author"}


def test_the_link_is_copied_with_script_and_selected_without(console: Callable[..., Desk]) -> None:
    form = {"name": "สมชาย ใจดี", "username": "somchai.j", "role": ["author"]}
    page = console(Role.ADMIN).submit("/console/team", "/console/team", **form).text
    field = re.search(r'<textarea [^>]*id="link"[^>]*readonly[^>]*>([^<]+)</textarea>', page)
    assert field
    assert LINK.match(field[1])
    assert re.search(r'<button [^>]*hidden data-copies="link"', page)
    assert "/copy.js" in page
    assert "hreflang" not in page, "the other language would lose what is shown this once"


def test_the_other_language_is_one_press_away_where_a_get_leads_to_the_page(
    console: Callable[..., Desk],
) -> None:
    admin = console(Role.ADMIN)
    answer = admin.submit("/console/team", "/console/team", name="", username="okay")
    assert answer.status_code == 422
    assert 'href="?lang=en&amp;keep=1"' in answer.text
    token = admin.token("/console/team")
    answer = admin.post(f"/console/team/{admin.member_id}/disable", {"token": token})
    assert answer.status_code == 422
    assert "hreflang" not in answer.text, "no page stands at this address"


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"name": "", "username": "okay", "role": ["author"]}, "name"),
        ({"name": "ก" * 81, "username": "okay", "role": ["author"]}, "name"),
        ({"name": "ก", "username": "a b", "role": ["author"]}, "username"),
        ({"name": "ก", "username": "ab", "role": ["author"]}, "username"),
        ({"name": "ก", "username": "okay"}, "roles"),
        ({"name": "ก", "username": "okay", "role": ["king"]}, "roles"),
    ],
)
def test_a_wrong_form_is_told_beside_its_field(
    console: Callable[..., Desk], bot: Bot, form: dict, field: str
) -> None:
    answer = console(Role.ADMIN).submit("/console/team", "/console/team", **form)
    assert answer.status_code == 422
    assert f'id="{field}-problem"' in answer.text
    assert acts(bot, "staff:add") == []


def test_a_username_is_taken_once(console: Callable[..., Desk], bot: Bot) -> None:
    invite(bot, "okay")
    form = {"name": "ก", "username": "OKAY", "role": ["author"]}
    answer = console(Role.ADMIN).submit("/console/team", "/console/team", **form)
    assert answer.status_code == 422
    assert 'id="username-problem"' in answer.text


def test_nobody_changes_their_own_rights(console: Callable[..., Desk], bot: Bot) -> None:
    admin = console(Role.ADMIN)
    console(Role.ADMIN)
    own = f"/console/team/{admin.member_id}"
    token = admin.token("/console/team")
    for act in ("roles", "disable", "link", "enable"):
        answer = admin.post(f"{own}/{act}", {"token": token, "role": ["admin", "author"]})
        assert answer.status_code == 422, act
    row = bot.database.read(lambda s: s.get_one(Staff, admin.member_id))
    assert row.held_roles == "admin"
    assert row.disabled_at is None
    assert not acts(bot, "staff:change_roles")


def test_two_administrators_cannot_take_the_role_from_each_other(
    console: Callable[..., Desk], bot: Bot, clock: FakeClock
) -> None:
    pair = [console(Role.ADMIN).member_id for _ in range(2)]
    turns = [(pair[0], pair[1]), (pair[1], pair[0])]

    def demote() -> str:
        target, actor = turns.pop()
        try:
            bot.database.write(
                lambda s: staff.change_roles(
                    s, target, [Role.AUTHOR], sessions.actor(actor), clock()
                )
            )
        except InputError as error:
            return error.code
        return "done"

    assert sorted(str(found) for found in at_once(2, demote)) == ["done", "not_allowed"]
    rows = bot.database.read(lambda s: s.scalars(select(Staff)).all())
    assert sum(Role.ADMIN in row.roles for row in rows) == 1


def test_shut_out_and_let_in_again(
    console: Callable[..., Desk], bot: Bot, new_desk, phone: Phone
) -> None:
    staff_id, path = invite(bot, "kru.jai", Role.AUTHOR)
    desk = new_desk()
    settle(desk, path, phone)
    admin = console(Role.ADMIN)
    page = f"/console/team/{staff_id}"
    assert admin.submit(page, f"{page}/disable").location == page
    assert desk.get("/console/me").status_code == 303
    assert sign_in(new_desk(), phone.code()).status_code == 403
    row = bot.database.read(lambda s: s.get_one(Staff, staff_id))
    assert (row.password_hash, row.totp_sealed) == (None, None)
    answer = admin.submit(page, f"{page}/link")
    assert answer.status_code == 422
    path = LINK.search(admin.submit(page, f"{page}/enable").text)[1]
    settle(desk, path, phone)
    assert sign_in(new_desk(), phone.code()).status_code == 303


def test_a_link_of_somebody_who_is_shut_out_is_dead(
    console: Callable[..., Desk], bot: Bot, new_desk
) -> None:
    staff_id, path = invite(bot, "kru.jai", Role.AUTHOR)
    page = f"/console/team/{staff_id}"
    console(Role.ADMIN).submit(page, f"{page}/disable")
    assert new_desk().get(path).status_code == 410


def test_old_factors_work_until_the_new_link_is_used(
    console: Callable[..., Desk], bot: Bot, new_desk, phone: Phone, clock: FakeClock
) -> None:
    staff_id, path = invite(bot, "kru.jai", Role.AUTHOR)
    settle(new_desk(), path, phone)
    page = f"/console/team/{staff_id}"
    answer = console(Role.ADMIN).submit(page, f"{page}/link")
    assert sign_in(new_desk(), phone.code()).status_code == 303
    other = Phone(clock)
    settle(new_desk(), LINK.search(answer.text)[1], other)
    assert sign_in(new_desk(), phone.code()).status_code == 403
    assert sign_in(new_desk(), other.code()).status_code == 303


def test_the_name_is_sealed(bot: Bot) -> None:
    staff_id, _ = invite(bot)
    row = bot.database.read(lambda s: s.get_one(Staff, staff_id))
    assert "ครู".encode() not in (row.name_sealed or b"")


def test_the_commands(app: Flask, bot: Bot, new_desk, phone: Phone) -> None:
    runner = app.test_cli_runner()
    words = ["staff-add", "--name", "ครูใจดี", "--username", "kru.jai", "--role", "admin"]
    first = runner.invoke(args=words)
    assert first.exit_code == 0, first.output
    path = LINK.search(first.output)[1]
    assert "ครูใจดี" not in first.output
    again = runner.invoke(args=words)
    assert again.exit_code == 1
    assert "staff-link" in again.output
    newer = LINK.search(runner.invoke(args=["staff-link", "kru.jai"]).output)[1]
    assert new_desk().get(path).status_code == 410
    settle(new_desk(), newer, phone)
    assert runner.invoke(args=["staff-link", "nobody"]).exit_code == 1
    assert runner.invoke(args=[*words[:-1], "king"]).exit_code == 2


def test_roles_by_command_and_the_last_administrator_stays(app: Flask, bot: Bot) -> None:
    def run(*words: str) -> tuple[int, str]:
        done = app.test_cli_runner().invoke(args=words)
        return done.exit_code, done.output

    run("staff-add", "--name", "ก", "--username", "kru.ko", "--role", "admin")
    for locked_out in (("staff-role", "kru.ko", "--role", "author"), ("staff-disable", "kru.ko")):
        code, said = run(*locked_out)
        assert (code, "last administrator" in said) == (1, True)
    twice = ("staff-role", "Kru.Ko", "--role", "admin", "--role", "author", "--role", "admin")
    assert run(*twice) == (0, "kru.ko: admin, author\n")
    assert run("staff-list")[1] == "kru.ko  admin,author  not begun  never signed in\n"
    run("staff-add", "--name", "ข", "--username", "kru.kho", "--role", "admin")
    assert run("staff-role", "kru.ko", "--role", "author")[0] == 0
    assert run("staff-disable", "kru.ko")[0] == 0
    assert run("staff-disable", "kru.kho")[0] == 1, "who is shut out administers nothing"
    assert run("staff-role", "nobody", "--role", "admin")[0] == 1
    assert run("staff-role", "kru.ko")[0] == 2


def test_the_team_shows_when_each_signed_in_last(console: Callable[..., Desk], bot: Bot) -> None:
    desk = console(Role.ADMIN, language="en")
    bot.database.write(lambda s: make_staff(s, bot.clock(), username="kru.new").id)
    page = desk.get("/console/team").text
    assert "Last sign-in" in page
    assert page.count("Last sign-in: never") == 1
    assert shown_time(bot.clock(), "en") in page


def test_the_language_is_remembered(console: Callable[..., Desk], bot: Bot) -> None:
    desk = console(Role.AUTHOR)
    assert "บัญชีของฉัน" in desk.get("/console/me").text
    desk.submit("/console/me", "/console/me/language", language="en")
    assert "My account" in desk.get("/console/me").text
    row = bot.database.read(lambda s: s.get_one(Staff, desk.member_id))
    assert row.language == "en"
    desk.submit("/console/me", "/console/me/language", language="xx")
    assert "My account" in desk.get("/console/me").text
