"""The door: link, password, authenticator; sign-in with two factors; the way out."""

import re

import pytest
from sqlalchemy import select

from bot.runtime import Bot
from bot.services.staff import enrolment, factors, staff
from bot.services.staff.devices import DeviceCookie
from handlers.console import cookies
from models.staff import StaffLink
from tests.clock import FakeClock
from tests.console.conftest import Phone
from tests.console.door import PASSWORD, actions, at_once, invite, settle, sign_in

pytestmark = pytest.mark.sql


def test_from_the_link_to_the_first_page(bot: Bot, new_desk, phone: Phone) -> None:
    _, path = invite(bot)
    desk = new_desk()
    for _ in range(3):
        assert "kru.jai" in desk.get(path).text  # a preview does not spend it
    codes = settle(desk, path, phone)
    assert len(set(codes)) == factors.HOW_MANY
    assert "ครูใจดี" in desk.get("/console/me").text
    assert new_desk().get(path).status_code == 410
    answer = desk.submit("/console/me", "/console/sign-out")
    assert "Clear-Site-Data" in answer.headers
    assert desk.get("/console/me").location.startswith("/console/sign-in")
    assert sign_in(desk, phone.code()).location == "/console"
    assert desk.get("/console/me").status_code == 200
    assert actions(bot) == [
        "staff:add",
        "staff:link",
        "staff:start",
        "staff:change_factor",
        "staff:sign_in",
        "staff:sign_out",
        "staff:sign_in",
    ]


@pytest.mark.parametrize(("before", "behind"), [("\u200b", "\ufeff"), ("\u00a0", " \u2060")])
def test_secrets_are_pasted_with_what_stands_invisibly_around_them(
    before: str, behind: str, bot: Bot, new_desk, phone: Phone
) -> None:
    _, path = invite(bot)
    codes = settle(new_desk(), path, phone)

    def pasted(secret: str) -> str:
        return before + secret + behind

    assert sign_in(new_desk(), pasted(phone.code()), password=pasted(PASSWORD)).status_code == 303
    assert sign_in(new_desk(), pasted(codes[0]), password=pasted(PASSWORD)).status_code == 303


def test_gibberish_of_a_thai_keyboard_is_asked_about(bot: Bot, new_desk, phone: Phone) -> None:
    _, path = invite(bot)
    settle(new_desk(), path, phone)
    hint = "แป้นพิมพ์เป็นภาษาไทย"
    for username in ("kru.jai", "nobody"):
        desk = new_desk()
        desk.get("/console/sign-in?lang=th")
        fields = {"username": username, "password": "ฟิแๅ/-"}
        assert hint in desk.submit("/console/sign-in", "/console/sign-in", **fields).text
        fields["password"] = "wrong"
        assert hint not in desk.submit("/console/sign-in", "/console/sign-in", **fields).text


def test_the_same_code_opens_once(bot: Bot, new_desk, phone: Phone) -> None:
    _, path = invite(bot)
    settle(new_desk(), path, phone)
    code = phone.code()
    assert sign_in(new_desk(), code).status_code == 303
    again = sign_in(new_desk(), code)
    assert again.status_code == 403
    assert "is-invalid" in again.text
    assert sign_in(new_desk(), phone.code()).status_code == 303


def test_a_recovery_code_opens_once(bot: Bot, new_desk, phone: Phone) -> None:
    _, path = invite(bot)
    codes = settle(new_desk(), path, phone)
    desk = new_desk()
    assert sign_in(desk, codes[3].upper().replace("-", " ")).status_code == 303
    assert "9" in desk.get("/console/me").text
    assert sign_in(new_desk(), codes[3]).status_code == 403
    assert sign_in(new_desk(), codes[4]).status_code == 303


def test_of_twenty_at_once_one_spends_the_link(bot: Bot, clock: FakeClock) -> None:
    _, path = invite(bot)
    drawn = path.removeprefix(enrolment.PATH)
    found = at_once(20, lambda: enrolment.begin(bot.database, drawn, PASSWORD, clock()))
    assert sum(ticket is not None for ticket in found) == 1


@pytest.mark.parametrize("kind", ["totp", "recovery"])
def test_of_ten_at_once_one_burns_the_code(bot: Bot, new_desk, phone: Phone, kind: str) -> None:
    staff_id, path = invite(bot)
    codes = settle(new_desk(), path, phone)
    code = phone.code() if kind == "totp" else codes[0]
    now = phone.clock()
    found = at_once(10, lambda: factors.burn(bot.database, staff_id, code, now))
    assert [factor for factor in found if factor] == [kind]


def test_unknown_wrong_unfinished_and_disabled_are_told_the_same(
    bot: Bot, new_desk, phone: Phone, clock: FakeClock
) -> None:
    invite(bot, "unfinished")
    gone, path = invite(bot, "gone")
    settle(new_desk(), path, phone)
    bot.database.write(lambda s: staff.disable(s, gone, staff.OPERATOR, clock()))
    _, path = invite(bot)
    settle(new_desk(), path, phone)
    tries = [
        ("nobody", PASSWORD),
        ("kru.jai", "not the password"),
        ("unfinished", PASSWORD),
        ("gone", PASSWORD),
    ]
    told = set()
    for username, password in tries:
        answer = sign_in(new_desk(), "", username, password)
        text = re.sub(r'value="[^"]*"', "", answer.text)
        told.add((answer.status_code, text.replace(username, "")))
    assert len(told) == 1
    assert next(iter(told))[0] == 403
    assert actions(bot).count("staff:refuse") == 4


def test_passwords_and_codes_are_throttled(bot: Bot, new_desk, phone: Phone, clock) -> None:
    _, path = invite(bot)
    settle(new_desk(), path, phone)
    statuses = [sign_in(new_desk(), "", "kru.jai", "wrong").status_code for _ in range(6)]
    assert statuses == [403] * 5 + [429]
    assert sign_in(new_desk(), phone.code()).status_code == 429  # the right one too
    elsewhere = new_desk("198.51.100.4")
    statuses = [sign_in(elsewhere, "000000").status_code for _ in range(5)]
    assert statuses == [403] * 5
    answer = sign_in(elsewhere, phone.code())
    assert answer.status_code == 429
    clock.advance(minutes=16)
    assert sign_in(elsewhere, phone.code()).status_code == 303


def test_the_browser_of_a_member_is_a_way_in_when_strangers_try_their_name(
    bot: Bot, new_desk, phone: Phone
) -> None:
    """Pupils in the school's own network, and strangers everywhere else."""
    _, path = invite(bot)
    own = new_desk()
    settle(own, path, phone)
    own.submit("/console/me", "/console/sign-out")
    for _ in range(9):
        sign_in(new_desk(), "", "kru.jai", "wrong")
    for n in range(20):
        for _ in range(5):
            sign_in(new_desk(f"198.51.100.{n}"), "", "kru.jai", "wrong")
    assert sign_in(new_desk(), phone.code()).status_code == 429
    assert sign_in(own, phone.code()).status_code == 303
    own.ip = "192.0.2.77"  # at home, where they never were
    own.submit("/console/me", "/console/sign-out")
    assert sign_in(own, phone.code()).status_code == 303


def test_a_member_is_known_in_the_network_they_come_from(bot: Bot, new_desk, phone: Phone) -> None:
    _, path = invite(bot)
    settle(new_desk(), path, phone)
    for n in range(40):
        sign_in(new_desk(), "", f"nobody{n}", "wrong")
    assert sign_in(new_desk(), "", "kru.nobody", "wrong").status_code == 429
    wrong = sign_in(new_desk(), "", "kru.jai", "wrong")
    assert wrong.status_code == 429, "told like anybody else's"
    assert sign_in(new_desk(), phone.code()).status_code == 303


def test_who_has_the_password_holds_no_second_factor_back(bot: Bot, new_desk, phone: Phone) -> None:
    _, path = invite(bot)
    settle(new_desk(), path, phone)
    thief = new_desk("198.51.100.4")
    assert [sign_in(thief, "000000").status_code for _ in range(6)] == [403] * 5 + [429]
    assert sign_in(new_desk(), phone.code()).status_code == 303


@pytest.mark.parametrize("hours", [25, 1])
def test_a_clock_that_is_set_back_locks_no_member_out(
    hours: int, bot: Bot, new_desk, phone: Phone, clock
) -> None:
    _, path = invite(bot)
    settle(new_desk(), path, phone)
    clock.advance(hours=hours)
    assert sign_in(new_desk(), phone.code()).status_code == 303
    for _ in range(9):
        sign_in(new_desk(), "", "kru.jai", "wrong")
    clock.advance(hours=-hours)
    code = phone.code()
    assert sign_in(new_desk(), code).status_code == 303
    assert sign_in(new_desk(), code).status_code == 403, "it still opens once"


def test_learners_and_staff_of_one_network_count_apart(bot: Bot, new_desk, phone: Phone) -> None:
    _, path = invite(bot)
    settle(new_desk("198.51.100.4"), path, phone)
    desk = new_desk()
    for n in range(40):
        form = {"username": f"epbcd{n:05}", "password": "wrong"}
        last = desk.submit("/portal/sign-in", "/portal/sign-in", **form)
    assert last.status_code == 429
    assert sign_in(new_desk(), phone.code()).status_code == 303


def test_a_device_cookie_is_one_members_and_opens_nothing(
    bot: Bot, new_desk, phone: Phone, clock
) -> None:
    _, path = invite(bot)
    own = new_desk()
    settle(own, path, phone)
    value = own.client.get_cookie(
        cookies.DEVICE.name, domain="bot.example.test", path="/console"
    ).value
    device = DeviceCookie.unseal(bot.cookie_keys, value)
    assert device is not None
    assert not device.is_of("f" * 32, clock())
    clock.advance(days=91)
    assert not device.is_of(device.staff_id, clock())
    assert DeviceCookie.unseal(bot.cookie_keys, value[:-4] + "AAAA") is None
    bare = new_desk()
    bare.client.set_cookie(
        cookies.DEVICE.name, value, domain="bot.example.test", path="/console", secure=True
    )
    assert bare.get("/console/me").location.startswith("/console/sign-in")


@pytest.mark.parametrize(
    ("chosen", "again", "words"),
    [
        ("short", "short", "อย่างน้อย"),
        ("englishplanet1", "englishplanet1", "ชื่อโรงเรียน"),
        (PASSWORD, "other", "ไม่ตรงกัน"),
    ],
)
def test_a_bad_password_does_not_spend_the_link(
    bot: Bot, new_desk, chosen: str, again: str, words: str
) -> None:
    _, path = invite(bot)
    desk = new_desk()
    answer = desk.submit(path, path, chosen=chosen, again=again)
    assert answer.status_code == 422
    assert "is-invalid" in answer.text
    assert words in answer.text
    assert desk.get(path).status_code == 200


def test_a_wrong_code_sets_nothing_up(bot: Bot, new_desk, phone: Phone) -> None:
    _, path = invite(bot)
    desk = new_desk()
    desk.submit(path, path, chosen=PASSWORD, again=PASSWORD)
    answer = desk.submit("/console/start-factor", "/console/start-factor", code="000000")
    assert answer.status_code == 422
    assert desk.get("/console/me").location == "/console/start-factor"
    phone.scan(desk.get("/console/start-factor").text)
    answer = desk.submit("/console/start-factor", "/console/start-factor", code=phone.code())
    assert answer.status_code == 200


def test_a_link_lives_a_day_and_the_newer_one_counts(bot: Bot, new_desk, clock: FakeClock) -> None:
    staff_id, path = invite(bot)
    newer = bot.database.write(lambda s: staff.new_link(s, staff_id, staff.OPERATOR, clock()))
    assert new_desk().get(path).status_code == 410
    path = f"{enrolment.PATH}{newer}"
    clock.advance(hours=23, minutes=59)
    assert new_desk().get(path).status_code == 200
    clock.advance(minutes=1)
    desk = new_desk()
    assert desk.get(path).status_code == 410
    rows = bot.database.read(lambda s: s.scalars(select(StaffLink)).all())
    assert all(newer not in row.digest for row in rows)


def test_where_one_wanted_to_go(bot: Bot, new_desk, phone: Phone) -> None:
    _, path = invite(bot)
    settle(new_desk(), path, phone)
    for wish, found in (
        ("/console/team", "/console/team"),
        ("https://elsewhere.example/console/x", "/console"),
        ("//elsewhere.example/console/", "/console"),
        ("/console/../portal", "/console"),
    ):
        desk = new_desk()
        form = {"username": "kru.jai", "password": PASSWORD, "next": wish}
        answer = desk.submit("/console/sign-in", "/console/sign-in", **form)
        page = desk.get(answer.location)
        shown = re.search(r'name="next" value="([^"]*)"', page.text)[1]
        answer = desk.submit(
            answer.location, "/console/sign-in/code", code=phone.code(), next=shown
        )
        assert answer.location == found


def test_both_languages(bot: Bot, new_desk) -> None:
    _, path = invite(bot)
    assert "เข้าสู่ระบบ" in new_desk().get("/console/sign-in").text
    assert "Go on" in new_desk().get("/console/sign-in?lang=en").text
    assert "Step 1 of 2" in new_desk().get(f"{path}?lang=en").text
    assert "ขั้นที่ 1" in new_desk().get(path).text
