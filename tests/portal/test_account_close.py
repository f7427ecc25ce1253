"""Closing one's account in the portal: with the password, at once, for grown-ups and the young."""

import pytest
from sqlalchemy import select

from bot.runtime import Bot
from models.account import Account, AccountState
from models.consent import ConsentEvent, ConsentState, Purpose
from models.learner import AgeBand, Learner, LearnerState
from models.mail import Mail
from models.portal import PortalSession
from tests.factories import make_consent_event
from tests.portal.conftest import OWN_PASSWORD, Browser, Pupil

pytestmark = pytest.mark.sql


def learner(bot: Bot) -> Learner:
    return bot.database.read(lambda s: s.scalars(select(Learner)).one())


def close(browser: Browser, current: str = OWN_PASSWORD):
    return browser.submit("/portal/close", "/portal/close", current=current)


@pytest.mark.parametrize("language", ["th", "en"])
def test_closing_is_told_then_done_at_once(
    language, browser: Browser, settled: Pupil, bot: Bot, clock
) -> None:
    subject = learner(bot).conversation_id
    bot.database.write(
        lambda s: make_consent_event(s, clock(), subject_id=subject, purpose=Purpose.LINE_NEWS)
    )
    clock.advance(minutes=1)
    browser.get(f"/portal/account?lang={language}&keep=1")
    told = browser.get("/portal/close").text
    assert ("ปิดทันที" if language == "th" else "closed at once") in told
    answer = close(browser)

    assert answer.status_code == 200
    assert ("บัญชีของคุณปิดแล้ว" if language == "th" else "Your account is closed") in answer.text
    assert "log-out" not in answer.text
    assert browser.cookie() is None
    found = learner(bot)
    assert (found.state, found.closed_at) == (LearnerState.CLOSED, clock())
    account = bot.database.read(lambda s: s.scalars(select(Account)).one())
    assert (account.state, account.due_at) == (AccountState.CLOSED, None)
    assert bot.database.read(lambda s: list(s.scalars(select(PortalSession)))) == []
    events = bot.database.read(lambda s: list(s.scalars(select(ConsentEvent))))
    withdrawn = [event for event in events if event.state is ConsentState.WITHDRAWN]
    (event,) = withdrawn
    assert (event.purpose, event.channel, event.language) == (
        Purpose.LINE_NEWS,
        "portal",
        language,
    )
    assert bot.database.read(lambda s: s.scalars(select(Mail.template)).all()) == ["closed"]
    assert browser.sign_in(settled.username, OWN_PASSWORD).status_code == 403


@pytest.mark.parametrize("current", ["", "a wrong password of mine"])
def test_without_the_password_nothing_is_closed(
    current, browser: Browser, settled: Pupil, bot: Bot
) -> None:
    answer = close(browser, current)
    assert answer.status_code == 422
    assert "รหัสผ่านปัจจุบันไม่ถูกต้องค่ะ" in answer.text
    assert learner(bot).state is LearnerState.ACTIVE
    assert browser.get("/portal").status_code == 200


def test_up_to_ten_years_the_guardian_closes(browser: Browser, settled: Pupil, bot: Bot) -> None:
    bot.database.write(
        lambda s: setattr(s.scalars(select(Learner)).one(), "age_band", AgeBand.UP_TO_10)
    )
    page = browser.get("/portal/close").text
    assert "ผู้ปกครองเป็นผู้ปิดบัญชี" in page
    assert 'name="current"' not in page
    assert close(browser).status_code == 403
    assert learner(bot).state is LearnerState.ACTIVE


def test_the_way_back_leads_to_the_account(browser: Browser, settled: Pupil) -> None:
    assert 'href="/portal/account"' in browser.get("/portal/close").text
