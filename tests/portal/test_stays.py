"""Staying signed in: by one's own tick, for lessons only, until it is ended."""

import hashlib
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.runtime import Bot
from bot.services.auth import sessions, stays
from bot.services.auth.stays import StayCookie
from bot.services.people import subjects
from bot.services.privacy import erasure, retention
from handlers.web.cookies import MAX_BYTES, STAY
from models.account import Account
from models.audit import AuditEntry
from models.learner import Learner
from models.portal import Device, PortalSession, PortalStay
from tests.clock import FakeClock
from tests.factories import PERSON
from tests.portal.conftest import OWN_PASSWORD, TOKEN, Browser, Pupil
from tests.portal.snapshots import fingerprint

pytestmark = pytest.mark.sql

LESSON = "/portal/courses/everyday-english/greetings"
PHONE = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/130.0 Mobile"
NewBrowser = Callable[..., Browser]


def stay_of(browser: Browser) -> str | None:
    return browser.cookie(STAY.name, STAY.path)


def put_stay(browser: Browser, value: str | None) -> None:
    browser.set_cookie(value or "", STAY.name, STAY.path)


def ticked(browser: Browser, pupil: Pupil) -> None:
    """Sign in with the tick."""
    answer = browser.sign_in(pupil.username, pupil.password, stay="1")
    assert answer.status_code == 303, answer.text
    assert stay_of(browser)


def comes_back(browser: Browser, to: str = "/portal") -> str:
    """Open a page after the session is over, and press the button; where that leads."""
    browser.forget()
    asked = browser.get(to).location
    answer = browser.submit(asked, "/portal/come-back", to=to)
    return str(answer.location)


def is_in(browser: Browser) -> bool:
    """Whether the stay still opens anything."""
    return comes_back(browser) == "/portal" and browser.get("/portal").status_code == 200


def rows(bot: Bot, model: type) -> list:
    return bot.database.read(lambda session: list(session.scalars(select(model))))


@pytest.fixture
def phone(new_browser: NewBrowser, settled: Pupil) -> Browser:
    """A phone that stays signed in."""
    made = new_browser()
    ticked(made, settled)
    return made


def test_without_the_tick_nothing_stays(browser: Browser, pupil: Pupil, bot: Bot) -> None:
    page = browser.get("/portal/sign-in")
    box = page.text.split('name="stay"')[1].split(">")[0]
    assert "checked" not in box
    answer = browser.sign_in(pupil.username, pupil.initial)
    for line in [*page.headers.getlist("Set-Cookie"), *answer.headers.getlist("Set-Cookie")]:
        assert "Max-Age" not in line
        assert "Expires" not in line
        assert not line.startswith(STAY.name)
    assert rows(bot, PortalStay) == []


def test_the_cookies_properties(settled: Pupil, new_browser: NewBrowser, bot: Bot) -> None:
    browser = new_browser()
    answer = browser.sign_in(settled.username, OWN_PASSWORD, stay="1")
    (line,) = [each for each in answer.headers.getlist("Set-Cookie") if each.startswith(STAY.name)]
    pair, *flags = [part.strip() for part in line.split(";")]
    flags = [flag for flag in flags if not flag.startswith("Expires=")]
    assert sorted(flags) == [
        "HttpOnly",
        "Max-Age=2592000",
        "Path=/portal",
        "SameSite=Lax",
        "Secure",
    ]
    assert len(pair) <= MAX_BYTES
    value = pair.partition("=")[2]
    cookie = StayCookie.unseal(bot.cookie_keys, value)
    (row,) = rows(bot, PortalStay)
    assert cookie
    assert row.digest == hashlib.sha256(cookie.reference.hex().encode()).hexdigest()
    personal = [*PERSON.values(), settled.username, settled.account_id, settled.learner_id, row.id]
    for known in personal:
        assert known not in value
        assert hashlib.sha256(known.encode()).hexdigest() not in value
    for place in range(len(value)):
        other = "A" if value[place] != "A" else "B"
        broken = value[:place] + other + value[place + 1 :]
        assert StayCookie.unseal(bot.cookie_keys, broken) is None


def test_a_session_cookie_is_no_stay_and_the_other_way_round(
    phone: Browser, new_browser: NewBrowser
) -> None:
    thief = new_browser()
    put_stay(thief, phone.cookie())
    assert thief.get("/portal").location == "/portal/sign-in"
    thief.set_cookie(stay_of(phone) or "")
    assert "come-back" not in thief.get("/portal/sign-in").text


def test_it_comes_back_to_where_it_was_with_a_new_reference(
    phone: Browser, bot: Bot, clock: FakeClock
) -> None:
    old = stay_of(phone)
    clock.advance(days=3)
    before = fingerprint(bot.database)
    asked = phone.get(LESSON)
    assert asked.status_code == 303
    welcome = phone.get(asked.location)
    assert "ยินดีต้อนรับกลับมา" in welcome.text
    assert fingerprint(bot.database) == before, "a GET changes nothing"
    answer = phone.submit(asked.location, "/portal/come-back", to=LESSON)
    assert answer.location == LESSON
    assert phone.get(LESSON).status_code == 200
    assert stay_of(phone) != old
    (line,) = [x for x in answer.headers.getlist("Set-Cookie") if x.startswith(STAY.name)]
    assert f"Max-Age={27 * 24 * 3600}" in line, "using it makes it no longer"


def test_a_form_that_was_open_too_long_leads_back_to_its_page(
    phone: Browser, clock: FakeClock
) -> None:
    clock.advance(hours=1)
    assert phone.post(f"{LESSON}/done").location == f"/portal/sign-in?to={LESSON}"


def test_it_leads_to_pages_of_ours_only(phone: Browser, clock: FakeClock) -> None:
    for to in (
        "https://evil.example/",
        "//evil.example/portal",
        "/console",
        "/s/freeze/x",
        "/portal/sign-in",
        "/portal/log-out",
        "javascript:alert(1)",
        "",
        "\\evil.example",
    ):
        phone.forget()
        clock.advance(minutes=2)
        assert phone.submit("/portal/sign-in", "/portal/come-back", to=to).location == "/portal", to


def test_an_old_reference_ends_the_stay_and_its_sessions(
    phone: Browser, new_browser: NewBrowser, bot: Bot, clock: FakeClock
) -> None:
    stolen = stay_of(phone)
    comes_back(phone)
    clock.advance(minutes=2)
    thief = new_browser()
    put_stay(thief, stolen)
    assert comes_back(thief) == "/portal/sign-in"
    assert stay_of(thief) is None
    assert rows(bot, PortalStay) == []
    assert phone.get("/portal").status_code == 303, "nobody knows who of the two is the thief"
    acts = [row.data for row in rows(bot, AuditEntry) if row.action == "stay:end"]
    assert [act["cause"] for act in acts] == ["replayed"]


def test_an_even_older_one_ends_it_too(
    phone: Browser, new_browser: NewBrowser, bot: Bot, clock: FakeClock
) -> None:
    stolen = stay_of(phone)
    for _ in range(3):
        comes_back(phone)
        clock.advance(days=1)
    thief = new_browser()
    put_stay(thief, stolen)
    assert comes_back(thief) == "/portal/sign-in"
    assert rows(bot, PortalStay) == []


def test_an_answer_that_was_lost_costs_nothing(phone: Browser, bot: Bot, clock: FakeClock) -> None:
    """Two tabs at once, or a phone in a tunnel: the same successor is given again."""
    old = stay_of(phone)
    comes_back(phone)
    following = StayCookie.unseal(bot.cookie_keys, stay_of(phone) or "")
    put_stay(phone, old)
    clock.advance(seconds=50)
    assert is_in(phone)
    assert StayCookie.unseal(bot.cookie_keys, stay_of(phone) or "") == following
    clock.advance(days=1)
    assert is_in(phone)


def test_two_phones_know_nothing_of_each_other(
    phone: Browser, settled: Pupil, browser: Browser, new_browser: NewBrowser, bot: Bot
) -> None:
    other = new_browser()
    ticked(other, settled)
    assert len(rows(bot, PortalStay)) == 2
    phone.log_out()
    assert len(rows(bot, PortalStay)) == 1
    assert is_in(other)
    assert browser.get("/portal").status_code == 200


def test_log_out_ends_it(phone: Browser, bot: Bot) -> None:
    held = stay_of(phone)
    phone.log_out()
    assert stay_of(phone) is None
    assert rows(bot, PortalStay) == []
    put_stay(phone, held)
    phone.forget()
    assert "come-back" not in phone.get("/portal/sign-in").text
    assert stay_of(phone) is None, "a dead cookie is taken back"


def test_log_out_of_a_session_that_came_back_ends_it(phone: Browser, bot: Bot) -> None:
    comes_back(phone)
    answer = phone.submit("/portal", "/portal/log-out")
    assert answer.location.startswith("/portal/signed-out")
    assert rows(bot, PortalStay) == []


def _password(_: Bot, browser: Browser, pupil: Pupil, __: FakeClock) -> None:
    new = "another fine sentence"
    answer = browser.submit(
        "/portal/password", "/portal/password", current=OWN_PASSWORD, chosen=new, again=new
    )
    assert answer.status_code == 303


def _reset(bot: Bot, _: Browser, pupil: Pupil, clock: FakeClock) -> None:
    bot.provider.issue_password(pupil.account_id, "0000-1111-2222-3333", clock())


def _freeze(bot: Bot, _: Browser, pupil: Pupil, clock: FakeClock) -> None:
    bot.provider.suspend(pupil.account_id, clock())


def _close(bot: Bot, _: Browser, pupil: Pupil, clock: FakeClock) -> None:
    bot.provider.close(pupil.account_id, clock())


def _erase(bot: Bot, _: Browser, pupil: Pupil, clock: FakeClock) -> None:
    def work(session: Session) -> None:
        subject = subjects.of_learner(session, pupil.learner_id)
        assert subject
        erasure.erase(session, subject, clock())

    bot.database.write(work)


def _restore(bot: Bot, _: Browser, __: Pupil, clock: FakeClock) -> None:
    bot.database.write(lambda session: sessions.close_everybodys(session, clock()))


def _month(_: Bot, __: Browser, ___: Pupil, clock: FakeClock) -> None:
    clock.advance(days=30)


def _from_my_devices(bot: Bot, browser: Browser, pupil: Pupil, clock: FakeClock) -> None:
    (row,) = rows(bot, PortalStay)
    page = "/portal/devices"
    assert browser.submit(page, page, device=row.id).location == "/portal/devices?done=1"


def _all_others(_: Bot, browser: Browser, __: Pupil, ___: FakeClock) -> None:
    page = "/portal/devices"
    browser.submit(page, page, device="others")
    assert browser.get(page).status_code == 200


ENDS = {
    "password": _password,
    "reset": _reset,
    "freeze": _freeze,
    "close": _close,
    "erase": _erase,
    "restore": _restore,
    "month": _month,
    "my devices": _from_my_devices,
    "all others": _all_others,
}


@pytest.mark.parametrize("end", sorted(ENDS))
def test_what_ends_it(
    phone: Browser, browser: Browser, settled: Pupil, bot: Bot, clock: FakeClock, end: str
) -> None:
    ENDS[end](bot, browser, settled, clock)
    assert phone.get("/portal").status_code == 303, "its open session ends too"
    assert "come-back" not in phone.get("/portal/sign-in").text
    if end != "month":
        assert rows(bot, PortalStay) == []


def test_a_tick_at_the_first_sign_in_outlives_the_choice_of_a_password(
    browser: Browser, pupil: Pupil, bot: Bot
) -> None:
    ticked(browser, pupil)
    first = stay_of(browser)
    page = "/portal/password"
    answer = browser.submit(page, page, chosen=OWN_PASSWORD, again=OWN_PASSWORD)
    assert answer.status_code == 303
    assert stay_of(browser) != first
    assert len(rows(bot, PortalStay)) == 1
    assert is_in(browser)


def test_somebody_else_at_the_same_browser_ends_the_stay(
    phone: Browser, enrol: Callable[[], Pupil], bot: Bot, clock: FakeClock
) -> None:
    clock.advance(hours=1)
    other = enrol()
    page = phone.get("/portal/sign-in?other=1").text
    form = {"username": other.username, "password": other.initial}
    assert (
        phone.post("/portal/sign-in", {"token": TOKEN.search(page)[1], **form}).status_code == 303
    )
    assert stay_of(phone) is None
    assert rows(bot, PortalStay) == []


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.test"}, {}]
)
def test_no_other_page_can_bring_it_back(
    phone: Browser, bot: Bot, clock: FakeClock, headers: dict[str, str]
) -> None:
    clock.advance(hours=1)
    held, before = stay_of(phone), fingerprint(bot.database)
    phone.get("/portal/sign-in")
    assert phone.post("/portal/come-back", {"token": "x"}, headers=headers).status_code == 403
    assert stay_of(phone) == held
    assert fingerprint(bot.database) == before


def test_nobody_ends_a_device_of_somebody_else(
    phone: Browser, enrol: Callable[[], Pupil], new_browser: NewBrowser, bot: Bot
) -> None:
    other, pupil = new_browser(), enrol()
    other.sign_in(pupil.username, pupil.initial)
    other.submit("/portal/password", "/portal/password", chosen=OWN_PASSWORD, again=OWN_PASSWORD)
    (row,) = rows(bot, PortalStay)
    for which in (row.id, "others", "", "x" * 40):
        other.submit("/portal/devices", "/portal/devices", device=which)
    assert [each.id for each in rows(bot, PortalStay)] == [row.id]
    shown = other.get("/portal/devices").text
    assert "คุณไม่ได้เลือกอยู่ในระบบต่อ" in shown
    assert "เครื่องละ" not in shown, "and not that these are the devices where they did"


def test_my_devices_says_what_kind_it_is_and_ends_this_one_as_log_out_does(
    browser: Browser, settled: Pupil, bot: Bot
) -> None:
    token = TOKEN.search(browser.get("/portal/account").text)[1]
    browser.post("/portal/log-out", {"token": token})
    page = browser.get("/portal/sign-in").text
    form = {"username": settled.username, "password": OWN_PASSWORD, "stay": "1"}
    form["token"] = TOKEN.search(page)[1]
    browser.post("/portal/sign-in", form, headers={"User-Agent": PHONE})
    (row,) = rows(bot, PortalStay)
    assert row.device is Device.ANDROID
    shown = browser.get("/portal/devices").text
    assert "มือถือหรือแท็บเล็ต Android" in shown
    assert "เครื่องละ" in shown
    assert "กำลังใช้เครื่องนี้" in shown
    assert PHONE not in shown
    answer = browser.submit("/portal/devices", "/portal/devices", device=row.id)
    assert answer.location.startswith("/portal/signed-out")
    assert stay_of(browser) is None
    assert rows(bot, PortalStay) == rows(bot, PortalSession) == []


def test_rows_past_their_time_are_purged_with_their_sessions(
    phone: Browser, bot: Bot, clock: FakeClock
) -> None:
    (rule,) = [rule for rule in retention.RULES if rule.name == "stay"]
    school = bot.settings.school

    def purge() -> int:
        return bot.database.write(lambda s: retention.purge_batch(s, rule, school, clock()))[0]

    assert purge() == 0
    clock.advance(days=29, hours=23)
    comes_back(phone)
    clock.advance(hours=1)
    assert purge() == 1
    assert rows(bot, PortalStay) == []
    assert [row.stay_id for row in rows(bot, PortalSession) if row.stay_id] == []
    assert timedelta(days=30) == stays.LIFE


def test_coming_back_counts_as_use(
    phone: Browser, settled: Pupil, bot: Bot, clock: FakeClock
) -> None:
    def used_at(session: Session) -> object:
        account = session.get_one(Account, settled.account_id)
        return session.get_one(Learner, account.learner_id).used_at

    before = bot.database.read(used_at)
    clock.advance(days=5)
    comes_back(phone)
    assert bot.database.read(used_at) != before
