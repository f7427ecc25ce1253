"""The one-time page: looking spends nothing, opening works once."""

import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from bot.crypto import Keyring, digest
from bot.errors import ProviderError
from bot.runtime import Bot
from bot.services.accounts import freezing
from bot.services.auth import secret_links, tokens
from bot.services.shared import codes
from models.account import Account, AccountState
from models.audit import AuditEntry
from models.learner import Learner
from models.one_time_token import TokenPurpose
from models.secret_link import LinkPurpose, SecretLink
from models.tables import metadata
from tests.clock import FakeClock
from tests.portal.conftest import Browser, Pupil
from tests.portal.snapshots import fingerprint

pytestmark = pytest.mark.sql

CRAWLERS = [
    "facebookexternalhit/1.1;line-poker/1.0",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "Mozilla/5.0 (compatible; MSIE 10.0; Windows NT 6.1) SafeLinks",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 HeadlessChrome/126.0",
]
PASSWORD = re.compile(r'id="password">([^<]+)<')
S9 = "ท่านมีหน้าที่รักษารหัสผ่านของท่านอย่างเคร่งครัด โดยไม่เปิดเผยชื่อบัญชีและรหัสผ่านของท่านแก่บุคคลอื่นทั้งสิ้น"
S10 = "ทุกครั้งที่ท่านใช้บริการเสร็จแล้ว ท่านควรคลิก Log Out เพื่อป้องกันมิให้ผู้อื่นสามารถใช้บัญชีของท่านได้"


def test_the_link_opens_once_and_says_both_duties(browser: Browser, pupil: Pupil, new_link) -> None:
    link = new_link(pupil.account_id)
    opened = browser.post(link)
    assert opened.status_code == 200
    assert S9 in opened.text
    assert S10 in opened.text
    assert pupil.username in opened.text
    password = PASSWORD.search(opened.text)[1]
    assert re.fullmatch(r"([0-9a-hjkmnp-tv-z]{4}-){3}[0-9a-hjkmnp-tv-z]{4}", password)
    again = browser.post(link)
    assert again.status_code == 410
    assert "ขอลิงก์ใหม่" in again.text
    assert password not in again.text
    assert browser.sign_in(pupil.username, pupil.initial).status_code == 403
    assert browser.sign_in(pupil.username, password).status_code == 303


def test_fifty_crawlers_spend_nothing(browser: Browser, pupil: Pupil, new_link, bot: Bot) -> None:
    link = new_link(pupil.account_id)
    before = fingerprint(bot.database)
    for n in range(50):
        method = ("GET", "HEAD", "OPTIONS")[n % 3]
        answer = browser.request(method, link, headers={"User-Agent": CRAWLERS[n % len(CRAWLERS)]})
        assert answer.status_code == 200
    assert fingerprint(bot.database) == before
    assert browser.post(link).status_code == 200


def test_live_used_expired_replaced_and_unknown_look_the_same(
    browser: Browser, pupil: Pupil, enrol, new_link, clock: FakeClock
) -> None:
    expired = new_link(enrol().account_id)
    clock.advance(minutes=10)
    replaced, live = new_link(pupil.account_id), new_link(pupil.account_id)
    used = new_link(enrol().account_id)
    browser.post(used)
    looks, answers = set(), set()
    for link in (
        live,
        used,
        expired,
        replaced,
        "/s/unknown?lang=th",
        "/s/" + "a" * 43 + "?lang=th",
    ):
        answer = browser.get(link)
        looks.add((answer.status_code, answer.text, tuple(sorted(answer.headers))))
    for link in (used, expired, replaced, "/s/unknown?lang=th"):
        answer = browser.post(link)
        answers.add((answer.status_code, answer.text, tuple(sorted(answer.headers))))
    assert len(looks) == 1
    assert len(answers) == 1
    assert next(iter(answers))[0] == 410
    assert browser.post(live).status_code == 200


def test_twenty_at_once_one_success(app: Flask, pupil: Pupil, new_link) -> None:
    link = new_link(pupil.account_id)

    def press(_: int) -> int:
        return Browser(app.test_client()).post(link).status_code

    with ThreadPoolExecutor(20) as pool:
        answers = sorted(pool.map(press, range(20)))
    assert answers == [200] + [410] * 19


def test_a_link_lives_for_ten_minutes(
    browser: Browser, pupil: Pupil, new_link, clock: FakeClock
) -> None:
    link = new_link(pupil.account_id)
    clock.advance(minutes=9, seconds=59)
    assert browser.post(link).status_code == 200
    link = new_link(pupil.account_id)
    clock.advance(minutes=10)
    assert browser.post(link).status_code == 410


def test_a_new_link_kills_the_old_one(browser: Browser, pupil: Pupil, new_link) -> None:
    old, new = new_link(pupil.account_id), new_link(pupil.account_id)
    assert browser.post(old).status_code == 410
    assert browser.post(new).status_code == 200


def test_links_asked_for_at_once_leave_one_alive(pupil: Pupil, new_link, bot: Bot) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: new_link(pupil.account_id), range(8)))
    live = bot.database.read(
        lambda s: s.scalars(select(SecretLink).where(SecretLink.replaced_at.is_(None))).all()
    )
    assert len(live) == 1


def test_only_a_digest_is_stored(pupil: Pupil, new_link, bot: Bot) -> None:
    token = new_link(pupil.account_id).removeprefix("/s/").split("?")[0]
    assert len(token) == 64  # 256 bits in hex
    row = bot.database.read(lambda s: s.scalars(select(SecretLink)).one())
    assert row.digest == digest(token)
    assert token not in repr(vars(row))


@pytest.mark.parametrize("state", [AccountState.PENDING, AccountState.CLOSED])
def test_no_password_for_an_account_that_is_not_active(
    browser: Browser, pupil: Pupil, new_link, bot: Bot, state: AccountState
) -> None:
    link = new_link(pupil.account_id)

    def change(session) -> None:
        session.get_one(Account, pupil.account_id).state = state

    bot.database.write(change)
    assert browser.post(link).status_code == 410


def test_it_ends_open_sessions(browser: Browser, settled: Pupil, new_link, new_browser) -> None:
    assert browser.get("/portal").status_code == 200
    new_browser().post(new_link(settled.account_id))
    assert browser.get("/portal").location == "/portal/sign-in"


def test_a_failing_provider_is_told_kindly(
    browser: Browser, pupil: Pupil, new_link, bot: Bot
) -> None:
    class Broken:
        name, is_slow = "broken", False

        def issue_password(self, *_: object) -> None:
            raise ProviderError("timeout", unknown=True)

    link, bot.provider = new_link(pupil.account_id), Broken()
    answer = browser.post(link)
    assert answer.status_code == 503
    assert "ขอลิงก์ใหม่" in answer.text
    assert not PASSWORD.search(answer.text)
    account = bot.database.read(lambda s: s.get_one(Account, pupil.account_id))
    assert account.issued_at is None


def test_somebody_elses_page_cannot_open_it(browser: Browser, pupil: Pupil, new_link) -> None:
    link = new_link(pupil.account_id)
    for site in ("cross-site", "same-site"):
        answer = browser.post(link, headers={"Sec-Fetch-Site": site})
        assert answer.status_code == 403
        assert "กรุณาเปิดลิงก์จากแชต" in answer.text
    # A form on a no-referrer page says `Origin: null`; that is our own page.
    ours = {"Sec-Fetch-Site": "same-origin", "Origin": "null"}
    assert browser.post(link, headers=ours).status_code == 200


def test_nothing_of_it_is_kept_or_told(browser: Browser, pupil: Pupil, new_link) -> None:
    link = new_link(pupil.account_id)
    seen, shown, dead = browser.get(link), browser.post(link), browser.post(link)
    (cookie,) = shown.headers.getlist("Set-Cookie")
    assert cookie.startswith("__Host-session=")  # what ties the page's own form to this browser
    assert not {"Set-Cookie"} & ({*seen.headers.keys()} | {*dead.headers.keys()})
    for answer in (seen, shown, dead):
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "noindex" in answer.headers["X-Robots-Tag"]
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert '<meta property="og:title" content="English Planet">' in answer.text
    assert link.split("?")[0] not in browser.get(link).text


def test_the_page_speaks_the_links_language(browser: Browser, pupil: Pupil, new_link) -> None:
    english = {"Accept-Language": "en"}
    thai = browser.get(new_link(pupil.account_id, "th"), headers=english)
    assert '<html lang="th">' in thai.text
    opened = browser.post(new_link(pupil.account_id, "en"))
    assert '<html lang="en">' in opened.text
    assert 'action="/s/sign-in?lang=en"' in opened.text


def test_the_address_never_comes_from_the_host_header(browser: Browser, pupil, new_link) -> None:
    assert secret_links.url("https://a.test", "t", "en") == "https://a.test/s/t?lang=en"
    link = new_link(pupil.account_id)
    answer = browser.post(link, headers={"Host": "evil.test", "X-Forwarded-Host": "evil.test"})
    assert "evil.test" not in answer.text


def test_issuing_and_opening_are_audited(
    browser: Browser, pupil: Pupil, new_link, bot: Bot, clock: FakeClock
) -> None:
    link = new_link(pupil.account_id)
    browser.post(link)
    entries = bot.database.read(lambda s: s.scalars(select(AuditEntry).order_by("seq")).all())
    assert [entry.action for entry in entries] == ["link:issue", "link:open", "password:issue"]
    assert {entry.subject for entry in entries} == {pupil.learner_id}
    account = bot.database.read(lambda s: s.get_one(Account, pupil.account_id))
    assert account.issued_at == clock()


def test_the_password_is_nowhere_in_the_database_files(
    browser: Browser, pupil: Pupil, new_link, bot: Bot
) -> None:
    password = PASSWORD.search(browser.post(new_link(pupil.account_id)).text)[1]
    canaries = [form.encode() for form in (password, password.replace("-", ""))]
    canaries += [form.upper() for form in canaries]
    if bot.database.is_sqlite:
        path = bot.settings.database_url.removeprefix("sqlite:///")
        files = [Path(path + end).read_bytes() for end in ("", "-wal")]
    else:
        files = bot.database.read(
            lambda s: [repr(s.execute(select(t)).all()).encode() for t in metadata.sorted_tables]
        )
    assert any(pupil.username.encode() in content for content in files)  # the search can find
    assert not any(canary in content for canary in canaries for content in files)


def test_a_live_link_is_drawn_again_while_its_key_is_there(
    pupil: Pupil, bot: Bot, clock: FakeClock
) -> None:
    """Rotating keys kills no link; taking a key away ends those that it drew."""
    keys = {name: os.urandom(32) for name in ("old", "new")}
    first, reset = LinkPurpose.INITIAL_PASSWORD, LinkPurpose.PASSWORD_RESET

    def held(*names: str, purpose: LinkPurpose = first) -> str | None:
        def read(session) -> str | None:
            session.info["keyring"] = Keyring({name: keys[name] for name in names})
            found = tokens.held(session, purpose, pupil.account_id, clock())
            return found.secret if found else None

        return bot.database.read(read)

    def make(session) -> str:
        session.info["keyring"] = Keyring({"old": keys["old"]})
        return tokens.issue(session, first, pupil.account_id, clock())

    made = bot.database.write(make)
    assert held("old") == held("new", "old") == made
    assert held("new") is None
    assert held("old", purpose=reset) is None
    clock.advance(minutes=10)
    assert held("old") is None


def test_old_links_are_purged(pupil: Pupil, new_link, bot: Bot, clock: FakeClock) -> None:
    new_link(pupil.account_id)

    def over() -> int:
        is_over = tokens.over(LinkPurpose.INITIAL_PASSWORD, clock())
        return len(bot.database.read(lambda s: s.scalars(select(SecretLink).where(is_over)).all()))

    assert over() == 0
    clock.advance(days=31)
    assert over() == 1


BEHIND = (".", ")", "”", "ๆ", "ค่ะ", "%22", "%0D%0A", "/", ",")


@pytest.mark.parametrize("way", ["initial", "reset", "lessons", "email", "data", "freeze"])
def test_what_a_sentence_puts_around_a_link_is_forgiven_at_every_door(
    way: str, new_browser, pupil: Pupil, bot: Bot, clock: FakeClock
) -> None:
    """Live with it, and dead for everybody after that: it is the same secret."""

    def made(session):
        account = session.get_one(Account, pupil.account_id)
        learner = session.get_one(Learner, account.learner_id)
        subject, now = learner.conversation_id, clock()
        if way == "freeze":
            return freezing.authority(bot.keyring, account.id, now)
        if way == "email":
            value = "somying@example.test"
            return tokens.issue(session, TokenPurpose.EMAIL_CONFIRM, subject, now, value=value)
        if way == "data":
            value = f'{{"learner": "{learner.id}"}}'
            return tokens.issue(session, TokenPurpose.ARCHIVE, subject, now, value=value)
        purpose = {"reset": LinkPurpose.PASSWORD_RESET, "lessons": LinkPurpose.LESSONS}.get(way)
        return secret_links.issue(session, account, now, purpose)

    door = "" if way == "initial" else f"{way}/"
    for behind in BEHIND:
        token = bot.database.write(made)
        assert new_browser().get(f"/s/{door}{token}{behind}").status_code == 200
        # Wrong digits are told so where a link lives; of a dead one nothing is asked.
        answer = new_browser().post(f"/s/{door}{token}{behind}", {"digits": "0000"})
        assert answer.status_code in {200, 303, 422}, (behind, answer.status_code)


@pytest.mark.parametrize(
    ("text", "token"),
    [
        ("AbC-_9.", "AbC-_9"),
        ("<AbC-_9>", "AbC-_9"),
        ("“AbC-_9”", "AbC-_9"),
        ("AbC-_9ค่ะ", "AbC-_9"),
        ("\ufeffAbC-_9\u200b", "AbC-_9"),
        ("AbC-_9%22", "AbC-_9"),
        ("AbC-_", "AbC-_"),  # both may end a secret
        ("ๆ", ""),
        ("", ""),
        (" " * 5_000 + "AbC", ""),
    ],
)
def test_a_secret_without_its_sentence(text: str, token: str) -> None:
    assert codes.bare_token(text) == token


@pytest.mark.parametrize(
    "kind", ["email", "lessons", "freeze", "reset", "data", "guardian", "stop"]
)
def test_a_link_without_its_secret_is_a_dead_one_of_its_kind(kind: str, browser: Browser) -> None:
    """Never the page of a password, whose links have no kind: /s/email is none with that secret."""
    for path in (f"/s/{kind}", f"/s/{kind}/"):
        looked = browser.get(path)
        assert looked.status_code == 200
        assert looked.text == browser.get(f"/s/{kind}/%E0%B8%81").text


@pytest.mark.parametrize("body", ["password=a%00b", "password=" + "x" * 20_001])
def test_a_page_of_an_error_reads_no_form(browser: Browser, body: str) -> None:
    """It is refused for its origin before its form is looked at, and again where a page looks."""
    answer = browser.request(
        "POST",
        "/portal/account/email/link",
        data=body,
        content_type="application/x-www-form-urlencoded",
        headers={"Origin": "https://elsewhere.example"},
    )
    assert 400 <= answer.status_code < 500
