"""Signing in and out: one answer for every failure, an own password before anything else."""

import re

import pytest
from argon2 import PasswordHasher
from sqlalchemy import func, select

from bot.errors import InputError
from bot.providers import hashes
from bot.runtime import Bot
from bot.services.auth import sign_in
from bot.services.auth.sessions import SignedIn
from models.audit import AuditEntry
from models.portal import PortalAccount, PortalSession
from tests.clock import FakeClock
from tests.portal.conftest import OWN_PASSWORD, Browser, Pupil

pytestmark = pytest.mark.sql

STRANGER = "epbcdfghjk"


def test_the_front_door_leads_to_the_portal(browser: Browser) -> None:
    assert browser.get("/").location == "/portal"
    assert browser.get("/portal").location == "/portal/sign-in"
    assert browser.get("/portal/sign-in").status_code == 200


def test_a_first_sign_in_must_choose_a_password_before_anything_else(
    browser: Browser, pupil: Pupil
) -> None:
    assert browser.sign_in(pupil.username, pupil.initial).location == "/portal"
    for path in ("/portal", "/portal/account", "/portal/courses/everyday-english"):
        assert browser.get(path).location == "/portal/password", path
    refused = browser.submit("/portal/password", "/portal/courses/everyday-english/greetings/done")
    assert refused.location == "/portal/password"
    chosen = browser.submit(
        "/portal/password", "/portal/password", chosen=OWN_PASSWORD, again=OWN_PASSWORD
    )
    assert chosen.location == "/portal"
    assert browser.get("/portal").status_code == 200


@pytest.mark.parametrize(
    "typed",
    [
        lambda password: password.upper(),
        lambda password: password.replace("-", ""),
        lambda password: password.replace("-", " ").upper() + " ",
        lambda password: password.replace("0", "O").replace("1", "l"),
    ],
)
def test_an_initial_password_may_be_typed_in_many_ways(
    browser: Browser, pupil: Pupil, typed
) -> None:
    assert browser.sign_in(f"  {pupil.username.upper()} ", typed(pupil.initial)).status_code == 303


def test_an_own_password_is_taken_exactly(browser: Browser, settled: Pupil, new_browser) -> None:
    assert new_browser("198.51.100.1").sign_in(settled.username, OWN_PASSWORD).status_code == 303
    for wrong in (OWN_PASSWORD.upper(), OWN_PASSWORD + ".", OWN_PASSWORD.replace(" ", "")):
        assert new_browser("198.51.100.2").sign_in(settled.username, wrong).status_code == 403


@pytest.mark.parametrize(
    ("before", "behind"),
    [("", " "), ("\u200b", "\ufeff"), ("\u00a0", "\r\n"), ("\u2060\u3000", "\u3164\t")],
)
def test_what_a_copied_secret_brings_along_at_its_ends_does_not_count(
    before: str, behind: str, pupil: Pupil, settled: Pupil, new_browser
) -> None:
    def pasted(secret: str) -> str:
        return before + secret + behind

    answer = new_browser().sign_in(pasted(settled.username), pasted(OWN_PASSWORD))
    assert answer.status_code == 303


def test_an_initial_password_is_pasted_with_anything_around_and_in_it(
    pupil: Pupil, new_browser
) -> None:
    typed = "\ufeff" + pupil.initial.replace("-", "\u200b-\u2060") + "\u00a0"
    assert new_browser().sign_in(pupil.username, typed).status_code == 303


def test_an_older_password_with_blanks_at_its_ends_still_opens(
    bot: Bot, settled: Pupil, new_browser
) -> None:
    def older(session) -> None:
        account = session.scalars(select(PortalAccount)).one()
        account.password_hash = hashes.hash_password(f" {OWN_PASSWORD} ")

    bot.database.write(older)
    assert new_browser().sign_in(settled.username, f" {OWN_PASSWORD} ").status_code == 303


def test_gibberish_of_a_thai_keyboard_is_asked_about_without_telling_how_near_it_was(
    settled: Pupil, new_browser
) -> None:
    """The same words for the right account and for none, for gibberish and for a Thai password."""
    hint = "แป้นพิมพ์เป็นภาษาไทย"
    for username in (settled.username, STRANGER):
        for typed in ("ฟิแๅ/-", "ฟหกด เ้่าสวง", "สี่แมวเดินข้ามเขา 9"):
            assert hint in new_browser().sign_in(username, typed).text
        for typed in ("wrong", "ห้าแมว walks over 9 hills"):  # no keyboard on Thai has Latin letters
            assert hint not in new_browser().sign_in(username, typed).text
    assert hint in new_browser().sign_in("ำยกแ", "wrong").text


def test_known_and_unknown_usernames_get_the_same_answer(
    browser: Browser, pupil: Pupil, bot: Bot, clock: FakeClock, enrol
) -> None:
    closed, expired = enrol(), enrol()
    bot.provider.close(closed.account_id, clock())
    clock.advance(hours=73)
    bot.provider.issue_password(pupil.account_id, pupil.initial, clock())
    seen = set()
    for username, password in (
        (pupil.username, "wrong"),
        (STRANGER, "wrong"),
        (closed.username, closed.initial),
        (expired.username, expired.initial),
    ):
        answer = browser.sign_in(username, password)
        text = answer.text.replace(username, "-")
        for token in re.findall(r'name="token" value="([^"]+)"', text):
            text = text.replace(token, "-")
        headers = tuple(sorted((k, v) for k, v in answer.headers if k != "Content-Length"))
        seen.add((answer.status_code, text, headers))
    assert len(seen) == 1
    assert next(iter(seen))[0] == 403


def test_every_try_does_the_same_work(bot: Bot, pupil: Pupil, clock: FakeClock) -> None:
    """Not a stop-watch: the same number of units, and a hash compared, whatever the cause."""
    units: list[int] = []

    class Counting:
        def __init__(self) -> None:
            self.units = 0

        def write(self, work):
            self.units += 1
            return bot.database.write(work)

    for username in (pupil.username, STRANGER):
        counting = Counting()
        sign_in.attempt(counting, username, "wrong", "203.0.113.9", clock())
        units.append(counting.units)
    assert units == [2, 2]
    assert hashes.verify(None, "anything") is False


def test_an_initial_password_expires_after_72_hours(
    browser: Browser, pupil: Pupil, clock: FakeClock
) -> None:
    clock.advance(hours=72)
    answer = browser.sign_in(pupil.username, pupil.initial)
    assert answer.status_code == 403
    assert "ขอลิงก์ใหม่ได้ในแชต LINE" in answer.text


def test_an_initial_password_works_until_then(
    browser: Browser, pupil: Pupil, clock: FakeClock
) -> None:
    clock.advance(hours=71, minutes=59)
    assert browser.sign_in(pupil.username, pupil.initial).status_code == 303


def test_the_initial_password_is_dead_once_an_own_one_is_chosen(
    settled: Pupil, new_browser
) -> None:
    assert new_browser().sign_in(settled.username, settled.initial).status_code == 403


def test_a_changed_password_ends_all_other_sessions(
    browser: Browser, settled: Pupil, new_browser
) -> None:
    other = new_browser("198.51.100.4")
    other.sign_in(settled.username, OWN_PASSWORD)
    assert other.get("/portal").status_code == 200
    answer = browser.submit(
        "/portal/password",
        "/portal/password",
        current=OWN_PASSWORD,
        chosen="another long sentence 12",
        again="another long sentence 12",
    )
    assert answer.location == "/portal/account?changed=1"
    assert browser.get("/portal").status_code == 200
    assert other.get("/portal").location == "/portal/sign-in"


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"chosen": "too short", "again": "too short"}, "สั้นเกินไป"),
        ({"chosen": "x" * 257, "again": "x" * 257}, "ยาวเกินไป"),
        ({"chosen": "a fine new sentence", "again": "a fine new sentense"}, "ไม่ตรงกัน"),
        ({"chosen": "englishplanet2026", "again": "englishplanet2026"}, "ชื่อโรงเรียน"),
        ({"chosen": "password123456", "again": "password123456"}, "มีคนใช้"),
        ({"chosen": "123456789012", "again": "123456789012"}, "เรียงกัน"),
        (
            {"chosen": "a fine new sentence", "again": "a fine new sentence", "current": "no"},
            "ปัจจุบันไม่ถูกต้อง",
        ),
        ({"chosen": "a fine new sentence", "again": "a fine new sentence"}, "ปัจจุบันไม่ถูกต้อง"),
    ],
)
def test_a_bad_choice_is_explained(
    browser: Browser, settled: Pupil, form: dict[str, str], words: str
) -> None:
    answer = browser.submit("/portal/password", "/portal/password", **form)
    assert answer.status_code == 422
    assert words in answer.text
    assert form["chosen"] not in answer.text


def test_the_initial_password_cannot_become_the_own_one(browser: Browser, pupil: Pupil) -> None:
    browser.sign_in(pupil.username, pupil.initial)
    again = pupil.initial.upper()
    answer = browser.submit("/portal/password", "/portal/password", chosen=again, again=again)
    assert answer.status_code == 422
    assert "รหัสผ่านชั่วคราวที่ระบบสร้างให้" in answer.text


def test_guesses_at_the_present_password_are_held_back(
    browser: Browser, settled: Pupil, clock: FakeClock
) -> None:
    form = {"current": "guess", "chosen": "a fine new sentence", "again": "a fine new sentence"}
    for _ in range(5):
        assert "ปัจจุบันไม่ถูกต้อง" in browser.submit("/portal/password", "/portal/password", **form).text
    form["current"] = OWN_PASSWORD
    held = browser.submit("/portal/password", "/portal/password", **form)
    assert "15 นาที" in held.text
    clock.advance(minutes=15)
    assert browser.submit("/portal/password", "/portal/password", **form).status_code == 303


def test_log_out_ends_the_session_on_the_server(browser: Browser, settled: Pupil, bot: Bot) -> None:
    cookie = browser.cookie()
    assert cookie
    answer = browser.log_out()
    assert answer.location == "/portal/signed-out?lang=th"
    assert answer.headers["Clear-Site-Data"] == '"cache", "cookies", "storage"'
    assert browser.cookie() is None
    assert bot.database.read(lambda s: s.scalar(select(func.count(PortalSession.id)))) == 0
    browser.set_cookie(cookie)
    assert browser.get("/portal").location == "/portal/sign-in"
    assert "ออกจากระบบแล้ว" in browser.get("/portal/signed-out").text


def test_log_out_stands_on_every_page_of_a_signed_in_person(
    browser: Browser, settled: Pupil
) -> None:
    for path in (
        "/portal",
        "/portal/courses/everyday-english",
        "/portal/courses/everyday-english/greetings",
        "/portal/account",
        "/portal/password",
        "/portal/advice",
    ):
        answer = browser.get(path)
        assert 'action="/portal/log-out"' in answer.text, path
        assert "Log Out" in answer.text
        assert answer.headers["Cache-Control"] == "no-store"


def test_a_closed_account_is_out_at_once(
    browser: Browser, settled: Pupil, bot: Bot, clock: FakeClock
) -> None:
    bot.provider.close(settled.account_id, clock())
    assert browser.get("/portal").location == "/portal/sign-in"


def test_acts_are_in_the_audit_trail(
    browser: Browser, settled: Pupil, bot: Bot, new_browser
) -> None:
    new_browser().sign_in(settled.username, "wrong")
    new_browser().sign_in(STRANGER, "wrong")
    browser.log_out()
    entries = bot.database.read(
        lambda s: [(e.action, e.subject) for e in s.scalars(select(AuditEntry).order_by("seq"))]
    )
    assert entries == [
        ("session:open", settled.learner_id),
        ("password:change", settled.learner_id),
        ("session:refuse", settled.learner_id),
        ("session:refuse", None),
        ("session:close", settled.learner_id),
    ]


@pytest.mark.usefixtures("real_hashes")
def test_an_outdated_hash_is_renewed_at_sign_in(
    browser: Browser, settled: Pupil, bot: Bot, new_browser
) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)

    def weaken(session) -> None:
        session.scalars(select(PortalAccount)).one().password_hash = weak.hash(OWN_PASSWORD)

    bot.database.write(weaken)
    assert new_browser().sign_in(settled.username, OWN_PASSWORD).status_code == 303
    stored = bot.database.read(lambda s: s.scalars(select(PortalAccount)).one().password_hash)
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_whoever_was_erased_while_their_page_was_open_has_no_password_that_is_right(
    bot: Bot, clock: FakeClock
) -> None:
    erased = SignedIn("s" * 32, "a" * 32, "b" * 32, STRANGER, must_choose_password=False)
    with pytest.raises(InputError, match="current_wrong"):
        sign_in.prove_password(bot.database, erased, OWN_PASSWORD, clock())
    chosen = "ห้าแมว walks over 8 hills"
    with pytest.raises(InputError, match="current_wrong"):
        sign_in.change_password(bot.database, erased, OWN_PASSWORD, chosen, clock())
