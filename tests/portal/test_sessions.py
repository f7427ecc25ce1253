"""The session cookie: small, sealed, meaningless, mortal; and forms tied to it."""

import base64
import hashlib
import json
import zlib

import pytest
from sqlalchemy import func, select

from bot.runtime import Bot, turned_clock
from bot.services.auth import sessions
from bot.services.auth.sessions import SessionCookie
from handlers.web.cookies import COOKIES, MAX_BYTES
from models.portal import PortalSession
from tests.clock import FakeClock
from tests.factories import PERSON
from tests.portal.conftest import OWN_PASSWORD, TOKEN, Browser, Pupil

pytestmark = pytest.mark.sql


def raw(value: str) -> bytes:
    return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))


def test_the_cookies_properties(browser: Browser, pupil: Pupil) -> None:
    seen = []
    for answer in (
        browser.get("/portal/sign-in"),
        browser.sign_in(pupil.username, pupil.initial),
        browser.get("/portal/password?lang=en&keep=1"),
    ):
        seen += answer.headers.getlist("Set-Cookie")
    assert len(seen) >= 3
    for line in seen:
        pair, *flags = [part.strip() for part in line.split(";")]
        assert sorted(flags) == ["HttpOnly", "Path=/", "SameSite=Lax", "Secure"], line
        name, _, value = pair.partition("=")
        assert name in {cookie.name for cookie in COOKIES}
        assert len(name) + len(value) <= MAX_BYTES


def test_the_value_is_unreadable_and_holds_nothing_of_the_person(
    browser: Browser, settled: Pupil, new_browser, bot: Bot
) -> None:
    other = new_browser()
    other.sign_in(settled.username, OWN_PASSWORD)
    first, second = browser.cookie(), other.cookie()
    assert first
    assert second
    personal = [*PERSON.values(), settled.username, settled.account_id, settled.learner_id]
    rows = bot.database.read(lambda s: s.scalars(select(PortalSession)).all())
    personal += [row.id for row in rows] + [row.account_id for row in rows]
    for value in (first, second):
        shapes = [value.encode(), raw(value), value.lower().encode(), raw(value).hex().encode()]
        for person in personal:
            for algorithm in ("md5", "sha1", "sha256"):
                made = hashlib.new(algorithm, person.encode())
                for trace in (
                    person.encode(),
                    base64.b64encode(person.encode()).rstrip(b"="),
                    made.hexdigest().encode(),
                    made.digest(),
                    base64.urlsafe_b64encode(made.digest()).rstrip(b"="),
                ):
                    assert not any(trace in shape for shape in shapes)
        with pytest.raises(UnicodeDecodeError):
            raw(value)[3:].decode("ascii")
        with pytest.raises(ValueError):  # noqa: PT011
            json.loads(raw(value))
        with pytest.raises(zlib.error):
            zlib.decompress(raw(value))
        assert value.count(".") == 0  # no JWT
    # Two logins of one person: nothing in common but the key's name and the length.
    shared = sum(a == b for a, b in zip(raw(first)[3:], raw(second)[3:], strict=True))
    assert shared < 12


def test_every_flipped_byte_is_rejected(browser: Browser, settled: Pupil, bot: Bot) -> None:
    value = browser.cookie()
    assert value
    keys = bot.cookie_keys
    assert SessionCookie.unseal(keys, value)
    sealed = bytearray(raw(value))
    for place in range(len(sealed)):
        sealed[place] ^= 1
        broken = base64.urlsafe_b64encode(sealed).decode().rstrip("=")
        assert SessionCookie.unseal(keys, broken) is None, place
        sealed[place] ^= 1
    for place in range(len(value)):  # in the text as well: no second spelling of the same bytes
        other = "A" if value[place] != "A" else "B"
        assert SessionCookie.unseal(keys, value[:place] + other + value[place + 1 :]) is None
    for junk in ("", "A", "é", "ก", "=", "a" * 5000, value + "=", value + "A", "\x00"):
        assert SessionCookie.unseal(keys, junk) is None
    browser.set_cookie(value[:-2] + ("AA" if value[-2:] != "AA" else "BB"))
    assert browser.get("/portal").location == "/portal/sign-in"


def test_the_row_knows_only_a_digest(browser: Browser, settled: Pupil, bot: Bot) -> None:
    ticket = SessionCookie.unseal(bot.cookie_keys, browser.cookie() or "")
    row = bot.database.read(lambda s: s.scalars(select(PortalSession)).one())
    assert ticket
    assert row.digest != ticket.reference.hex()
    assert row.digest == hashlib.sha256(ticket.reference.hex().encode()).hexdigest()


def test_sign_in_and_password_change_give_new_references(
    browser: Browser, pupil: Pupil, bot: Bot
) -> None:
    values, references = [], set()

    def keep() -> None:
        values.append(browser.cookie())
        references.add(SessionCookie.unseal(bot.cookie_keys, values[-1]).reference)

    browser.get("/portal/sign-in")
    keep()
    browser.sign_in(pupil.username, pupil.initial)
    keep()
    browser.submit("/portal/password", "/portal/password", chosen=OWN_PASSWORD, again=OWN_PASSWORD)
    keep()
    assert len(references) == 3
    for dead in values[:2]:  # neither the cookie from before nor the one in between is signed in
        browser.set_cookie(dead)
        assert browser.get("/portal").location == "/portal/sign-in"
    browser.set_cookie(values[2])
    assert browser.get("/portal").status_code == 200


def test_thirty_idle_minutes_end_it(browser: Browser, settled: Pupil, clock: FakeClock) -> None:
    for _ in range(4):
        clock.advance(minutes=29)
        assert browser.get("/portal").status_code == 200
    clock.advance(minutes=30)
    assert browser.get("/portal").location == "/portal/sign-in"


def test_an_old_copy_dies_although_the_session_goes_on(
    browser: Browser, settled: Pupil, clock: FakeClock
) -> None:
    old = browser.cookie()
    clock.advance(minutes=20)
    browser.get("/portal")
    fresh = browser.cookie()
    clock.advance(minutes=20)
    browser.set_cookie(old)
    assert browser.get("/portal").location == "/portal/sign-in"
    browser.set_cookie(fresh)
    assert browser.get("/portal").status_code == 200


def test_twelve_hours_end_it_however_busy(
    browser: Browser, settled: Pupil, clock: FakeClock
) -> None:
    for _ in range(35):
        clock.advance(minutes=20)
        assert browser.get("/portal").status_code == 200
    clock.advance(minutes=20)
    assert browser.get("/portal").location == "/portal/sign-in"


@pytest.mark.parametrize("hours", [25, 1])
def test_a_clock_that_is_set_back_signs_nobody_out_and_keeps_nobody_for_good(
    hours: int, bot: Bot, clock: FakeClock, browser: Browser, settled: Pupil
) -> None:
    clock.advance(hours=hours)
    assert browser.sign_in(settled.username, OWN_PASSWORD).status_code == 303
    clock.advance(hours=-hours)
    turned_clock.put_right(bot.database, clock())
    old = browser.cookie()
    assert browser.get("/portal/account").status_code == 200
    assert browser.cookie() != old, "it gets the right time at once"
    for _ in range(12 * 3):
        clock.advance(minutes=20)
        answer = browser.get("/portal/account")
    assert answer.status_code == 303, "the absolute limit"


def test_a_fresh_cookie_is_not_sent_again(
    browser: Browser, settled: Pupil, clock: FakeClock
) -> None:
    assert "Set-Cookie" not in browser.get("/portal").headers
    clock.advance(minutes=1)
    assert "Set-Cookie" in browser.get("/portal").headers


def test_without_cookies_there_is_help_and_no_loop(browser: Browser, pupil: Pupil) -> None:
    hops, path = 0, "/"
    while True:
        browser.forget()
        answer = browser.get(path)
        if answer.status_code == 200:
            break
        path, hops = answer.location, hops + 1
    assert hops <= 2
    assert path == "/portal/sign-in"
    token = TOKEN.search(answer.text)[1]
    browser.forget()
    for language, words in (("th", "กรุณาเปิดใช้คุกกี้ค่ะ"), ("en", "Please allow cookies")):
        answer = browser.post(
            f"/portal/sign-in?lang={language}",
            {"token": token, "username": pupil.username, "password": pupil.initial},
        )
        browser.forget()
        assert answer.status_code == 200
        assert words in answer.text
    assert "session" not in path


@pytest.mark.parametrize("token", ["", "x", "a.b", "ก.ก", "." * 99])
def test_a_form_without_its_token_is_refused(
    browser: Browser, settled: Pupil, bot: Bot, token: str
) -> None:
    for path in (
        "/portal/log-out",
        "/portal/password",
        "/portal/courses/everyday-english/greetings/done",
    ):
        answer = browser.post(path, {"token": token})
        assert answer.status_code == 403
        assert "เปิดไว้นานเกินไป" in answer.text
    assert bot.database.read(lambda s: s.scalar(select(func.count(PortalSession.id)))) == 1


def test_a_token_of_another_browser_is_refused(
    browser: Browser, settled: Pupil, new_browser
) -> None:
    other = new_browser()
    other.sign_in(settled.username, OWN_PASSWORD)
    token = TOKEN.search(other.get("/portal/account").text)[1]
    assert browser.post("/portal/log-out", {"token": token}).status_code == 403
    before = TOKEN.search(new_browser().get("/portal/sign-in").text)[1]
    form = {"token": before, "username": settled.username, "password": OWN_PASSWORD}
    stranger = new_browser()
    stranger.get("/portal/sign-in")
    assert stranger.post("/portal/sign-in", form).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.test"},
        {"Origin": "https://bot.example.test.evil.test"},
        {"Origin": "http://bot.example.test"},
        {"Origin": "null"},
    ],
)
def test_a_form_on_another_site_is_refused_even_with_a_token(
    browser: Browser, settled: Pupil, headers: dict[str, str]
) -> None:
    token = TOKEN.search(browser.get("/portal/account").text)[1]
    assert browser.post("/portal/log-out", {"token": token}, headers=headers).status_code == 403
    fine = {"Origin": "https://bot.example.test", "Sec-Fetch-Site": "same-origin"}
    assert browser.post("/portal/log-out", {"token": token}, headers=fine).status_code == 303


def test_expired_rows_are_purged(
    browser: Browser, settled: Pupil, bot: Bot, clock: FakeClock
) -> None:
    assert bot.database.write(lambda s: sessions.purge(s, clock())) == 0
    clock.advance(hours=12)
    assert bot.database.write(lambda s: sessions.purge(s, clock())) == 1
