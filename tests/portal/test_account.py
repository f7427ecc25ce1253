"""My account in the portal: masked details, changes with the password, and a history by pages."""

from html import unescape

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.runtime import Bot, mailing
from models.account import Account, AccountState
from models.audit import AuditEntry
from models.learner import Learner
from models.mail import Mail, MailState
from tests.clock import FakeClock
from tests.factories import PERSON, make_consent_event
from tests.portal.conftest import OWN_PASSWORD, TOKEN, Browser, Pupil
from tests.traces import PHONE_END

FORMS = {
    "name": "สมใจ รักเรียน",
    "phone": "089-999-0000",
    "email": "canary@gmail.com",
    "line_id": "canary.id",
}
GUARDED = ("phone", "email")


def learner(session: Session) -> Learner:
    return session.scalars(select(Learner)).one()


def kept(bot: Bot, item: str) -> str | None:
    return bot.database.read(lambda s: getattr(learner(s), item))


def letters(bot: Bot) -> list[str]:
    return bot.database.read(lambda s: [mail.template for mail in s.scalars(select(Mail))])


def change(browser: Browser, item: str, value: str, current: str = OWN_PASSWORD, **more: str):
    page = f"/portal/account/{item}"
    form = {"value": value, "current": current} if item in GUARDED else {"value": value}
    return browser.submit(page, page, **form, **more)


@pytest.mark.parametrize("language", ["th", "en"])
def test_the_page_shows_details_masked(language, browser: Browser, settled: Pupil) -> None:
    text = browser.get(f"/portal/account?lang={language}").text
    assert settled.username in text
    for value in PERSON.values():
        assert value not in text
    assert not PHONE_END.search(text)
    assert "s•••@example.test" in text
    for item in FORMS:
        assert f"/portal/account/{item}" in text
    for page in ("/portal/news", "/portal/rights", "/portal/relink", "/portal/history"):
        assert page in text
        assert browser.get(page).status_code == 200


@pytest.mark.parametrize(
    ("item", "stored"),
    [
        ("name", "สมใจ รักเรียน"),
        ("phone", "+66899990000"),
        ("line_id", "canary.id"),
    ],
)
def test_a_detail_is_changed(item, stored, browser: Browser, settled: Pupil, bot: Bot) -> None:
    answer = change(browser, item, FORMS[item])
    assert (answer.status_code, answer.location) == (303, f"/portal/account?changed={item}")
    assert kept(bot, item) == stored
    assert 'role="status"' in browser.get(answer.location).text
    entries = bot.database.read(
        lambda s: list(s.scalars(select(AuditEntry).where(AuditEntry.action == "learner:change")))
    )
    (entry,) = entries
    assert entry.actor == f"learner:{settled.learner_id}"
    assert FORMS[item] not in str(entry.data)


def test_an_address_waits_for_its_link(
    browser: Browser, settled: Pupil, bot: Bot, mailbox, clock
) -> None:
    answer = change(browser, "email", FORMS["email"])
    assert answer.location == "/portal/account?changed=email"
    assert kept(bot, "email") == PERSON["email"]
    assert "c•••@gmail.com" in browser.get("/portal/account").text
    mailing.drain(bot)
    (mail,) = mailbox.of(FORMS["email"])
    link = mail.text.split("https://bot.example.test")[1].split(">")[0]
    assert browser.post(link).status_code == 200
    assert kept(bot, "email") == FORMS["email"]


@pytest.mark.parametrize("item", GUARDED)
@pytest.mark.parametrize("current", ["", "a wrong password of mine", "x" * 5000])
def test_what_guards_the_account_needs_the_password(
    item, current, browser: Browser, settled: Pupil, bot: Bot
) -> None:
    answer = change(browser, item, FORMS[item], current)
    assert answer.status_code == 422
    assert "รหัสผ่านปัจจุบันไม่ถูกต้องค่ะ" in answer.text
    assert f'value="{FORMS[item]}"' in answer.text, "what was typed is kept"
    assert kept(bot, item) == PERSON[item]
    assert bot.database.read(lambda s: list(s.scalars(select(Mail)))) == []


def test_passwords_are_not_tried_out_here(browser: Browser, settled: Pupil, bot: Bot) -> None:
    for _ in range(5):
        change(browser, "phone", FORMS["phone"], "a wrong password of mine")
    answer = change(browser, "phone", FORMS["phone"])
    assert answer.status_code == 422
    assert "15 นาที" in answer.text
    assert kept(bot, "phone") == PERSON["phone"]


@pytest.mark.parametrize(
    ("item", "bad", "why"),
    [
        ("name", "สมใจ 99", "ชื่อมีตัวเลขไม่ได้"),
        ("name", "", ""),
        ("name", "please call me back tomorrow", "ดูเหมือนเป็นประโยค"),
        ("phone", "12", ""),
        ("email", "nobody", ""),
        ("line_id", "ก", ""),
        ("name", "<script>alert(1)</script>", ""),
    ],
)
def test_a_bad_value_comes_back_with_the_reason_beside_it(
    item, bad, why, browser: Browser, settled: Pupil, bot: Bot
) -> None:
    answer = change(browser, item, bad)
    assert answer.status_code == 422
    assert 'id="why"' in answer.text
    assert why in answer.text
    assert "<script>alert" not in answer.text
    assert f'value="{bad}"' in unescape(answer.text)
    assert kept(bot, item) == PERSON[item]


@pytest.mark.parametrize("name", ["Priya d/o Raman", "Jean–Luc Picard", "김민준", "အောင်ဆန်း စုကြည်"])
def test_a_name_is_changed_to_what_it_is(name, browser: Browser, settled: Pupil, bot: Bot) -> None:
    assert change(browser, "name", name).status_code == 303
    assert kept(bot, "name") == name


def test_a_single_name_is_taken_the_second_time(browser: Browser, settled: Pupil, bot: Bot) -> None:
    assert change(browser, "name", "Somchai").status_code == 422
    assert change(browser, "name", "Somchai", single="Somchai").status_code == 303
    assert kept(bot, "name") == "Somchai"


@pytest.mark.parametrize(
    ("choice", "address"),
    [
        ("meant", "me@gmail.com"),
        ("typed", "me@gmial.com"),
    ],
)
def test_a_slip_is_asked_about(
    choice, address, browser: Browser, settled: Pupil, bot: Bot, mailbox
) -> None:
    answer = change(browser, "email", "me@gmial.com")
    assert answer.status_code == 422
    assert 'name="meant" value="me@gmail.com"' in answer.text
    more = {"as": choice, "meant": "me@gmail.com"}
    assert change(browser, "email", "me@gmial.com", **more).status_code == 303
    mailing.drain(bot)
    assert [mail.to for mail in mailbox.mails] == [address]


def test_three_mails_an_hour(browser: Browser, settled: Pupil, bot: Bot) -> None:
    for number in range(3):
        assert change(browser, "email", f"new{number}@gmail.com").status_code == 303
    answer = change(browser, "email", "new3@gmail.com")
    assert answer.status_code == 422
    assert "3 ฉบับ" in answer.text


def test_a_line_id_is_removed(browser: Browser, settled: Pupil, bot: Bot) -> None:
    assert change(browser, "line_id", "", remove="1").status_code == 303
    assert kept(bot, "line_id") is None
    assert 'name="remove"' not in browser.get("/portal/account/line_id").text


def test_the_same_value_is_said_to_be_there_already(
    browser: Browser, settled: Pupil, bot: Bot
) -> None:
    assert change(browser, "name", PERSON["name"]).status_code == 422


def test_a_frozen_account_changes_nothing(browser: Browser, settled: Pupil, bot: Bot) -> None:
    bot.database.write(
        lambda s: setattr(s.scalars(select(Account)).one(), "state", AccountState.FROZEN)
    )
    assert change(browser, "name", FORMS["name"]).status_code == 422
    assert kept(bot, "name") == PERSON["name"]


@pytest.mark.parametrize("item", ["state", "id", "conversation_id", "line_user_id", "name%00"])
def test_only_the_four_details_have_a_form(item, browser: Browser, settled: Pupil) -> None:
    assert browser.get(f"/portal/account/{item}").status_code == 404
    assert browser.submit("/portal/account", f"/portal/account/{item}").status_code == 404


def test_a_form_needs_its_token(browser: Browser, settled: Pupil, bot: Bot) -> None:
    answer = browser.post("/portal/account/name", {"value": FORMS["name"]})
    assert answer.status_code == 403
    assert browser.post("/portal/close", {"current": OWN_PASSWORD}).status_code == 403
    assert kept(bot, "name") == PERSON["name"]


def test_one_cannot_change_somebody_else(
    browser: Browser, settled: Pupil, new_browser, enrol, bot: Bot
) -> None:
    other = enrol()
    change(browser, "name", FORMS["name"])
    names = bot.database.read(lambda s: {one.id: one.name for one in s.scalars(select(Learner))})
    assert names == {settled.learner_id: FORMS["name"], other.learner_id: PERSON["name"]}


def test_the_history_stands_on_pages(browser: Browser, settled: Pupil, bot: Bot, clock) -> None:
    subject = bot.database.read(lambda s: learner(s).conversation_id)

    def events(session: Session) -> None:
        for _ in range(45):
            clock.advance(minutes=1)
            make_consent_event(session, clock(), subject_id=subject)

    bot.database.write(events)
    clock.advance(minutes=-40)
    first = browser.get("/portal/history?lang=en").text
    assert "Page 1 of 3" in first
    assert first.count("<dt><time") == 20
    assert "You agreed" in first
    last = browser.get("/portal/history?lang=en&page=3").text
    assert "You chose a password of your own" in last


@pytest.mark.parametrize("page", ["0", "-1", "99999", "x", "", "9" * 400, "๑"])
def test_a_strange_page_is_one_that_there_is(page, browser: Browser, settled: Pupil) -> None:
    assert browser.get(f"/portal/history?page={page}").status_code == 200


def test_the_day_of_the_last_sign_in_is_kept_and_no_finer_time(
    browser: Browser, settled: Pupil, bot: Bot, clock
) -> None:
    day = bot.database.read(lambda s: learner(s).used_at)
    assert day is not None
    assert day <= clock()
    assert (day.minute, day.second, day.microsecond) == (0, 0, 0)
    clock.advance(days=3)
    browser.sign_in(settled.username, settled.password)
    assert (bot.database.read(lambda s: learner(s).used_at) - day).days == 3


def test_the_page_says_whether_the_address_is_confirmed_and_sends_the_link_again(
    browser: Browser, settled: Pupil, bot: Bot, clock: FakeClock
) -> None:
    page, link = "/portal/account?lang=en", "/portal/account/email/link?lang=en"
    assert "(not confirmed yet)" in browser.get(page).text
    assert letters(bot) == []
    assert browser.post(link).status_code == 403, "without the form's token"
    for pressed in range(2):  # within a minute they are one
        answer = browser.submit(page, link)
        assert answer.status_code == 303
        told = browser.get(answer.location).text
        assert "We have sent a mail to s•••@example.test" in told, pressed
        assert "among the spam" in told
    assert letters(bot) == ["email_confirm"]
    for _ in range(2):
        clock.advance(minutes=1)
        browser.submit(page, link)
    clock.advance(minutes=1)
    told = browser.get(browser.submit(page, link).location).text
    assert "We have sent you 3 mails within 1 hour" in told
    assert len(letters(bot)) == 3

    bot.database.write(lambda s: setattr(learner(s), "email_verified_at", clock()))
    told = browser.get("/portal/account?changed=link&lang=en").text
    assert "(confirmed)" in told
    assert "Confirm my e-mail" not in told
    assert "We have sent" not in told


def test_no_link_is_sent_while_the_account_is_frozen(
    browser: Browser, settled: Pupil, bot: Bot
) -> None:
    page = browser.get("/portal/account").text
    token = TOKEN.search(page)[1]
    bot.database.write(
        lambda s: setattr(s.scalars(select(Account)).one(), "state", AccountState.FROZEN)
    )
    answer = browser.post("/portal/account/email/link", {"token": token})
    assert answer.status_code in {303, 403, 404}
    assert letters(bot) == []


def test_a_mail_that_did_not_arrive_is_told_with_the_ways_on(
    browser: Browser, settled: Pupil, bot: Bot, clock: FakeClock
) -> None:
    note = "may not have reached you"

    def lost(session: Session) -> None:
        mail = session.scalars(select(Mail).order_by(Mail.id.desc())).first()
        mail.state = MailState.UNKNOWN

    bot.database.write(lambda s: setattr(learner(s), "email_verified_at", clock()))
    assert note not in browser.get("/portal/account?lang=en").text
    assert change(browser, "name", "สมหญิง ดีใจ").status_code == 303
    bot.database.write(lost)
    page = browser.get("/portal/account?lang=en").text
    assert note in page
    assert "/portal/account/email" in page
    sent = browser.submit("/portal/account", "/portal/account/mail/again")
    assert sent.status_code == 303
    page = browser.get(sent.location.replace("lang=th", "lang=en")).text
    assert letters(bot)[-1] == letters(bot)[-2] == "changed_name"
    assert note not in page
    for _ in range(4):
        bot.database.write(lost)
        sent = browser.submit("/portal/account", "/portal/account/mail/again")
    assert "not_again" in sent.location
    assert len(letters(bot)) == 4
