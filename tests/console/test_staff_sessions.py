"""Sessions of staff: their limits, who ends them, fixation, and what the cookies are."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from bot.runtime import Bot
from bot.services.auth.sessions import SessionCookie
from bot.services.staff import staff
from handlers.console import cookies
from models.audit import AuditEntry
from models.staff import Role, StaffSession
from tests.clock import FakeClock
from tests.console.conftest import Desk, Phone
from tests.console.door import PASSWORD, invite, settle, sign_in

pytestmark = pytest.mark.sql


def is_in(desk: Desk) -> bool:
    answer = desk.get("/console/me")
    assert answer.status_code in {200, 303}
    return answer.status_code == 200


def test_staff_never_stay_signed_in(console: Callable[..., Desk], app: Flask) -> None:
    """No tick, and no cookie that outlives the browser."""
    page = app.test_client().get("/console/sign-in", base_url="https://bot.example.test")
    assert page.status_code == 200
    assert 'type="checkbox"' not in page.text
    answer = console(Role.AUTHOR).get("/console/me")
    for line in [*page.headers.getlist("Set-Cookie"), *answer.headers.getlist("Set-Cookie")]:
        assert "Max-Age" not in line
        assert "Expires" not in line


def test_idle_for_thirty_minutes(console: Callable[..., Desk], clock: FakeClock) -> None:
    desk = console(Role.AUTHOR)
    for _ in range(4):
        clock.advance(minutes=29)
        assert is_in(desk)
    clock.advance(minutes=30)
    assert not is_in(desk)


def test_eight_hours_at_most(console: Callable[..., Desk], clock: FakeClock) -> None:
    desk = console(Role.AUTHOR)
    for _ in range(23):
        clock.advance(minutes=20)
        assert is_in(desk)
    clock.advance(minutes=20)
    assert not is_in(desk)


def test_an_administrator_ends_sessions_at_will(console: Callable[..., Desk], bot: Bot) -> None:
    admin, author = console(Role.ADMIN), console(Role.AUTHOR)
    path = f"/console/team/{author.member_id}"
    answer = admin.submit(path, f"{path}/sessions/end")
    assert answer.location == path
    assert not is_in(author)
    assert is_in(admin)
    entry = bot.database.read(
        lambda s: s.scalars(
            select(AuditEntry).where(AuditEntry.action == "staff:end_sessions")
        ).one()
    )
    assert (entry.actor, entry.subject) == (f"staff:{admin.member_id}", author.member_id)
    assert entry.data == {"sessions": 1}


def test_ones_own_other_sessions(bot: Bot, new_desk, phone: Phone) -> None:
    _, path = invite(bot)
    first, second, third = new_desk(), new_desk(), new_desk()
    settle(first, path, phone)
    for desk in (second, third):
        assert sign_in(desk, phone.code()).status_code == 303
    assert third.submit("/console/me", "/console/me/sessions/end").status_code == 303
    assert [is_in(desk) for desk in (first, second, third)] == [False, False, True]


@pytest.mark.parametrize("act", ["roles", "disable"])
def test_a_change_of_rights_ends_sessions(console: Callable[..., Desk], act: str) -> None:
    admin, author = console(Role.ADMIN), console(Role.AUTHOR)
    path = f"/console/team/{author.member_id}"
    answer = admin.submit(path, f"{path}/{act}", role=["approver"])
    assert answer.status_code == 303, answer.text
    assert not is_in(author)


def test_a_password_change_ends_the_others(bot: Bot, new_desk, phone: Phone) -> None:
    _, path = invite(bot)
    first, second = new_desk(), new_desk()
    settle(first, path, phone)
    sign_in(second, phone.code())
    newer = "ห้าแมว swim under 8 bridges"
    page = "/console/me/password"
    wrong = second.submit(page, page, current="wrong", chosen=newer, again=newer)
    assert wrong.status_code == 422
    assert is_in(first)
    done = second.submit(page, page, current=PASSWORD, chosen=newer, again=newer)
    assert done.location == "/console/me"
    assert not is_in(first)
    assert is_in(second)
    assert sign_in(new_desk(), phone.code()).status_code == 403
    assert sign_in(new_desk(), phone.code(), password=newer).status_code == 303


def test_another_phone_ends_everything_and_the_old_one_is_dead(
    bot: Bot, new_desk, phone: Phone, clock: FakeClock
) -> None:
    _, path = invite(bot)
    first, second = new_desk(), new_desk()
    codes = settle(first, path, phone)
    sign_in(second, phone.code())
    second.submit("/console/me", "/console/me/authenticator")
    other = Phone(clock)
    other.scan(second.get("/console/me/authenticator").text)
    assert other.secret != phone.secret
    answer = second.submit(
        "/console/me/authenticator", "/console/me/authenticator/confirm", code=other.code()
    )
    assert answer.status_code == 200
    assert (is_in(first), is_in(second)) == (False, True)
    assert sign_in(new_desk(), phone.code()).status_code == 403
    assert sign_in(new_desk(), codes[0]).status_code == 403
    assert sign_in(new_desk(), other.code()).status_code == 303


def test_what_matters_asks_for_the_factor_once_more(
    bot: Bot, new_desk, phone: Phone, clock: FakeClock
) -> None:
    _, path = invite(bot)
    desk = new_desk()
    settle(desk, path, phone)
    clock.advance(minutes=11)
    answer = desk.submit(
        "/console/team", "/console/team", name="สมชาย", username="somchai", role=["author"]
    )
    assert answer.location.startswith("/console/prove")
    assert "somchai" not in desk.get("/console/team").text
    before = desk.cookie()
    answer = desk.submit(answer.location, "/console/prove", code="000000")
    assert answer.status_code == 403
    answer = desk.submit(
        "/console/prove", "/console/prove", code=phone.code(), next="/console/team"
    )
    assert answer.location == "/console/team"
    now = desk.cookie()
    assert now != before
    desk.set_cookie(before or "")
    assert not is_in(desk)  # the old reference is dead
    desk.set_cookie(now or "")
    answer = desk.submit(
        "/console/team", "/console/team", name="สมชาย", username="somchai", role=["author"]
    )
    assert "/console/start/" in answer.text


def test_every_step_has_a_reference_of_its_own(bot: Bot, new_desk, phone: Phone) -> None:
    """Fixation: whatever a browser held before, the session that opens is another one."""
    _, path = invite(bot)
    desk = new_desk()
    settle(desk, path, phone)
    desk.submit("/console/me", "/console/sign-out")
    held = []
    desk.get("/console/sign-in")
    held.append(desk.cookie() or "")
    form = {"username": "kru.jai", "password": PASSWORD}
    desk.submit("/console/sign-in", "/console/sign-in", **form)
    held.append(desk.cookie() or "")
    page = "/console/sign-in/code"
    assert desk.submit(page, page, code=phone.code()).status_code == 303
    held.append(desk.cookie() or "")
    assert len(set(held)) == 3
    for value in held[:2]:
        desk.set_cookie(value)
        assert not is_in(desk)
    desk.set_cookie(held[2])
    assert is_in(desk)


def test_a_copied_cookie_is_dead_after_log_out(console: Callable[..., Desk]) -> None:
    desk = console(Role.AUTHOR)
    copied = desk.cookie() or ""
    assert desk.submit("/console/me", "/console/sign-out").status_code == 303
    desk.set_cookie(copied)
    assert not is_in(desk)


def test_the_portals_cookie_opens_no_console(
    console: Callable[..., Desk], bot: Bot, clock: FakeClock
) -> None:
    """The same bytes sealed for the other door are no cookie here."""
    desk = console(Role.AUTHOR)
    ticket = SessionCookie.unseal(bot.cookie_keys, desk.cookie() or "", cookies.PLACE)
    assert ticket is not None
    desk.set_cookie(ticket.seal(bot.cookie_keys))
    assert not is_in(desk)


@pytest.mark.parametrize("evil", ["", "x", "=" * 40, "ก", "a" * 700])
def test_evil_cookies_are_no_cookies(app: Flask, evil: str) -> None:
    header = "; ".join(f"{cookie.name}={evil}" for cookie in cookies.COOKIES)
    desk = Desk(app.test_client(use_cookies=False))
    answer = desk.get("/console/sign-in", headers={"Cookie": header.encode().decode("latin-1")})
    assert answer.status_code == 200
    assert desk.get("/console/me", headers={"Cookie": "x"}).status_code == 303


def test_another_site_cannot_send_a_form(console: Callable[..., Desk]) -> None:
    desk = console(Role.AUTHOR)
    token = desk.token("/console/me")
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = desk.post("/console/sign-out", {"token": token}, headers=headers)
        assert answer.status_code == 403
    other = console(Role.AUTHOR).token("/console/me")
    assert desk.post("/console/sign-out", {"token": other}).status_code == 403
    assert is_in(desk)


def test_the_row_knows_no_reference(console: Callable[..., Desk], bot: Bot) -> None:
    desk = console(Role.AUTHOR)
    [row] = bot.database.read(lambda s: s.scalars(select(StaffSession)).all())
    assert row.digest not in (desk.cookie() or "")
    assert staff.OPERATOR == "operator"


def test_a_message_reaches_the_next_page_once(console: Callable[..., Desk]) -> None:
    desk = console(Role.ADMIN, language="en")
    other = console(Role.AUTHOR)
    path = f"/console/team/{other.member_id}"
    desk.submit(path, f"{path}/sessions/end")
    assert "All sessions were ended." in desk.get(path).text
    assert "All sessions were ended." not in desk.get(path).text
    assert desk.cookie(cookies.NOTES.name) is None
