"""Freezing: by the notice's button or link, at once, until a person of the school ends it."""

import pytest
from sqlalchemy import select

from bot.services.accounts import freezing
from models.account import Account, AccountState
from models.audit import AuditEntry
from models.inquiry import Inquiry
from models.mail import Mail
from models.portal import PortalAccount
from tests.chat import words
from tests.portal.snapshots import fingerprint
from tests.scenarios.auth.resetting import DIGITS, ORIGIN, WORDS, Browser, ask, reset, settle
from tests.scenarios.doubles import DOWN, make_wayward
from tests.scenarios.story import language_of, tap

LANGUAGES = pytest.mark.parametrize("language", ["th", "en"])
FROZEN = "Your account is frozen, so nobody can sign in. Our staff check with you and open it."


@pytest.fixture
def unfreeze(app):
    """The operator at the command line."""

    def run(username):
        runner = app.test_cli_runner()
        return runner.invoke(args=["account-unfreeze", username])

    return run


def mailed_link(bot):
    def read(session):
        mail = session.scalars(
            select(Mail).where(Mail.template == "reset_notice").order_by(Mail.id.desc())
        ).first()
        return next(word for word in mail.text.split() if "/s/freeze/" in word)

    return bot.database.read(read).removeprefix(ORIGIN)


def noticed(chat, app, engine):
    """Somebody reset the password; the owner sees the notice in the chat."""
    thief = reset(chat, app)
    engine.drain_pushes()
    chat.heard()
    return thief


@LANGUAGES
def test_the_button_freezes_at_once(language, someone, app, engine, rows):
    chat = someone("มะลิ", language)
    settle(chat, app)
    t = language_of(chat)
    thief = noticed(chat, app, engine)
    browser = Browser(app.test_client())
    assert browser.sign_in(thief.username, thief.password).status_code == 303
    open_link = ask(chat)
    said = words(tap(chat, "Freeze my account"))
    assert t(FROZEN) in said
    assert t("Ask our staff") in chat.labels()
    assert browser.get("/portal").location.startswith("/portal/sign-in")
    stranger = Browser(app.test_client(), ip="198.51.100.9")
    frozen = stranger.sign_in(thief.username, thief.password)
    wrong = stranger.sign_in(thief.username, "no such password")
    assert frozen.status_code == wrong.status_code == 403
    assert Browser(app.test_client()).post(open_link, {"digits": DIGITS}).status_code == 410
    (account,) = rows(Account)
    assert (account.state, account.due_at) == (AccountState.FROZEN, None)
    assert rows(PortalAccount)[0].suspended_at is not None
    for action in (WORDS[language], "link"):
        said = words(chat.says(action))
        assert t(FROZEN) in said
        assert t("Our staff are glad to help you with this.") in said
    tap(chat, "Ask our staff")
    assert [wish.topic for wish in rows(Inquiry)] == ["account"]
    assert words(chat.posts("a=account"))


def test_refused_sign_in_looks_the_same_frozen_or_wrong(someone, app, engine):
    chat = someone("มะลิ")
    settle(chat, app)
    thief = noticed(chat, app, engine)
    visitor = Browser(app.test_client())
    wrong = visitor.sign_in(thief.username, "no such password")
    tap(chat, "Freeze my account")
    frozen = visitor.sign_in(thief.username, thief.password)

    def without_token(answer):
        return answer.status_code, [
            line for line in answer.text.splitlines() if 'name="token"' not in line
        ]

    assert without_token(frozen) == without_token(wrong)


@LANGUAGES
def test_the_mails_link_freezes_by_its_post_only(language, someone, app, bot, rows):
    chat = someone("มะลิ", language)
    settle(chat, app)
    t = language_of(chat)
    reset(chat, app)
    link = mailed_link(bot)
    browser = Browser(app.test_client())
    before = fingerprint(bot.database)
    page = browser.get(link)
    assert page.status_code == 200
    assert t("Freeze my account now") in page.text
    assert fingerprint(bot.database) == before
    for _ in range(2):
        done = browser.post(link)
        assert done.status_code == 200
        assert t("Nobody can sign in now, neither with the old password nor with the new one.") in (
            done.text
        )
    assert rows(Account)[0].state is AccountState.FROZEN
    frozen = [entry for entry in rows(AuditEntry) if entry.action == "account:freeze"]
    assert [entry.data["cause"] for entry in frozen] == ["page"]
    for answer in (page, done):
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "noindex" in answer.headers["X-Robots-Tag"]


def test_a_page_of_somebody_else_cannot_press_it(someone, app, bot, rows):
    chat = someone("มะลิ")
    settle(chat, app)
    reset(chat, app)
    link = mailed_link(bot)
    browser = Browser(app.test_client())
    assert browser.post(link, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert rows(Account)[0].state is AccountState.ACTIVE


def test_a_freeze_is_ended_by_a_person_and_then_by_a_new_password(
    someone, app, engine, unfreeze, rows
):
    chat = someone("มะลิ")
    first, _ = settle(chat, app)
    thief = noticed(chat, app, engine)
    link = mailed_link(engine.bot)
    engine.bot.clock.advance(minutes=1)
    tap(chat, "Freeze my account")
    assert unfreeze("epnobody22").exit_code == 1
    done = unfreeze(first.username.upper())
    assert (done.exit_code, rows(Account)[0].state) == (0, AccountState.ACTIVE)
    assert unfreeze(first.username).exit_code == 1, "nothing is frozen any more"
    browser = Browser(app.test_client())
    assert browser.sign_in(thief.username, thief.password).status_code == 403
    mine = reset(chat, app)
    assert browser.sign_in(mine.username, mine.password).status_code == 303
    engine.bot.clock.advance(minutes=1)
    assert browser.post(link).status_code == 410, "an old notice freezes nothing any more"
    assert rows(Account)[0].state is AccountState.ACTIVE
    ended = [entry for entry in rows(AuditEntry) if entry.action == "account:unfreeze"]
    assert [entry.actor for entry in ended] == ["operator"]


@pytest.mark.parametrize("how", ["forged", "moved", "empty", "too old"])
def test_only_our_own_seal_freezes_and_for_thirty_days(how, someone, app, bot, clock, rows):
    chat = someone("มะลิ")
    settle(chat, app)
    (account,) = rows(Account)
    sealed = freezing.authority(bot.keyring, account.id, clock())
    if how == "forged":
        sealed = sealed[:-4] + ("AAAA" if not sealed.endswith("AAAA") else "BBBB")
    elif how == "moved":
        sealed = freezing.authority(bot.cookie_keys, account.id, clock())
    elif how == "empty":
        sealed = ""
    else:
        clock.advance(days=30)
    assert "ปุ่มนี้ใช้ไม่ได้แล้ว" in words(chat.posts(f"a=freeze&k={sealed}"))
    assert Browser(app.test_client()).post(f"/s/freeze/{sealed or 'x'}").status_code == 410
    assert rows(Account)[0].state is AccountState.ACTIVE


def test_the_button_fits_and_still_works_on_its_last_day(someone, app, bot, clock, rows):
    chat = someone("มะลิ")
    settle(chat, app)
    sealed = freezing.authority(bot.keyring, rows(Account)[0].id, clock())
    assert len(f"a=freeze&k={sealed}") < 200
    clock.advance(days=29, hours=23, minutes=59)
    chat.posts(f"a=freeze&k={sealed}")
    assert rows(Account)[0].state is AccountState.FROZEN


def test_a_freeze_that_the_system_did_not_hear_is_said_again(someone, app, engine, rows, clock):
    chat = someone("มะลิ")
    settle(chat, app)
    noticed(chat, app, engine)
    make_wayward(engine.bot).telling_errors = [DOWN, DOWN]
    tap(chat, "Freeze my account")
    assert rows(PortalAccount)[0].suspended_at is None
    for _ in range(3):
        clock.advance(minutes=10)
        engine.drain_accounts()
    assert rows(PortalAccount)[0].suspended_at is not None
    assert rows(Account)[0].due_at is None


def test_an_unfreezing_while_the_system_freezes_ends_open(someone, app, engine, rows, clock):
    """Whichever call arrives last at the system, the state that stands here wins in the end."""
    chat = someone("มะลิ")
    first, _ = settle(chat, app)
    noticed(chat, app, engine)
    provider = make_wayward(engine.bot)

    def end_it():
        engine.bot.database.write(
            lambda session: freezing.unfreeze(session, first.username, "operator", clock())
        )

    provider.before["suspend"] = end_it
    tap(chat, "Freeze my account")
    clock.advance(minutes=10)
    engine.drain_accounts()
    assert rows(Account)[0].state is AccountState.ACTIVE
    assert rows(PortalAccount)[0].suspended_at is None
    assert rows(Account)[0].due_at is None


def test_a_frozen_account_gets_no_password_by_a_link_that_is_being_opened(
    someone, app, bot, rows, clock
):
    """The freeze comes between the link's claim and the system's answer."""
    chat = someone("มะลิ")
    settle(chat, app)
    link = ask(chat)
    (account,) = rows(Account)
    provider = make_wayward(bot)
    sealed = freezing.authority(bot.keyring, account.id, clock())
    provider.before["issue_password"] = lambda: Browser(app.test_client()).post(
        f"/s/freeze/{sealed}"
    )
    answer = Browser(app.test_client()).post(link, {"digits": DIGITS})
    assert answer.status_code == 503
    assert 'id="password"' not in answer.text
    assert rows(PortalAccount)[0].password_hash is None


def test_freezing_a_closed_account_says_so(someone, app, bot, rows, clock):
    chat = someone("มะลิ")
    settle(chat, app)
    (account,) = rows(Account)
    sealed = freezing.authority(bot.keyring, account.id, clock())

    def close(session):
        session.get_one(Account, account.id).state = AccountState.CLOSED

    bot.database.write(close)
    assert "บัญชีนี้ปิดแล้ว" in words(chat.posts(f"a=freeze&k={sealed}"))
    assert rows(Account)[0].state is AccountState.CLOSED
