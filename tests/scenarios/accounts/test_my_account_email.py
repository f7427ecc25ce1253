"""A new e-mail address: it counts when its link was used, and the old one is told."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from bot.runtime import mailing
from bot.services.accounts import details
from models.audit import AuditEntry
from models.learner import Learner, LearnerState
from models.mail import Mail
from models.one_time_token import OneTimeToken
from models.tables import metadata
from tests.chat import words
from tests.scenarios.story import EMAIL, register, tap
from tests.traces import PHONE_END

NEW = "canary.somchai@gmail.com"
LINK = re.compile(r"https://bot\.example\.test(/s/email/[^\s>?]+\?lang=(?:th|en))")


def learner(database):
    return database.read(lambda s: (lambda one: (one.email, one.email_verified_at))(only(s)))


def only(session):
    return session.scalars(select(Learner)).one()


def dump(database):
    """Every value of every table as it is stored, sealed columns unopened."""
    tables = metadata.sorted_tables
    return database.read(lambda s: "\n".join(repr(s.execute(select(t)).all()) for t in tables))


def ask(chat, address=NEW):
    chat.posts("a=change&item=email")
    chat.says(address)
    return words(tap(chat, "Save"))


def link_to(mailbox, bot, address=NEW):
    """The link of the newest mail to an address."""
    mailing.drain(bot)
    found = LINK.search(mailbox.of(address)[-1].text)
    assert found, mailbox.of(address)[-1].text
    return found[1]


@pytest.mark.parametrize("language", ["th", "en"])
def test_the_new_address_counts_from_its_link_on(
    language, someone, database, bot, mailbox, client, clock, rows
):
    chat = someone("มะลิ", language)
    register(chat)
    chat.posts("a=change&item=email")
    shown = words(chat.says(NEW))
    assert NEW in shown
    assert EMAIL not in shown, "the old one is masked"
    assert NEW in words(tap(chat, "Save"))
    assert learner(database) == (EMAIL, None)
    assert "•••" in words(chat.posts("a=account"))
    link = link_to(mailbox, bot)
    assert link.endswith(f"lang={language}")
    assert len(mailbox.of(EMAIL)) == 1, "the welcome"
    for _ in range(3):
        assert client.get(link).status_code == 200, "a scanner spends nothing"
    assert learner(database) == (EMAIL, None)
    clock.advance(hours=23)
    answer = client.post(link)

    assert answer.status_code == 200
    assert learner(database) == (NEW, clock())
    again = client.post(link)
    assert again.status_code == 200
    before = {"th": "ยืนยันไปก่อนหน้านี้แล้ว", "en": "It was confirmed before"}[language]
    assert before in again.text
    assert before not in answer.text
    mailing.drain(bot)
    _, told = mailbox.of(EMAIL)
    assert NEW not in told.raw.decode()
    assert "c•••@gmail.com" in told.text
    actions = [entry.action for entry in rows(AuditEntry)]
    assert "learner:change" in actions
    assert "email:verify" in actions


def test_the_mail_says_nothing_of_the_person_to_a_strangers_address(someone, bot, mailbox):
    chat = someone("มะลิ")
    register(chat)
    ask(chat)
    link_to(mailbox, bot)
    (mail,) = mailbox.of(NEW)
    for detail in ("สมชาย", "somchai.jd", EMAIL):
        assert detail not in mail.text
        assert detail not in mail.subject
    assert not PHONE_END.search(f"{mail.subject}\n{mail.text}")


def test_a_late_link_changes_nothing(someone, database, bot, mailbox, client, clock):
    chat = someone("มะลิ")
    register(chat)
    ask(chat)
    link = link_to(mailbox, bot)
    clock.advance(hours=24)
    assert client.post(link).status_code == 410
    assert learner(database) == (EMAIL, None)


def test_a_newer_address_ends_the_link_of_the_older(someone, database, bot, mailbox, client):
    chat = someone("มะลิ")
    register(chat)
    ask(chat)
    first = link_to(mailbox, bot)
    ask(chat, "newer@gmail.com")
    second = link_to(mailbox, bot, "newer@gmail.com")
    newer, there_is = client.post(first), "เราส่งลิงก์ใหม่กว่านี้ให้แล้ว"
    assert newer.status_code == 410
    assert there_is in newer.text
    assert client.post(second).status_code == 200
    assert learner(database)[0] == "newer@gmail.com"
    # Of another address than the one that counts now, so it is neither confirmed nor newer.
    late = client.post(first)
    assert late.status_code == 410
    assert there_is not in late.text


def test_an_older_link_of_an_address_that_is_confirmed_says_so(
    someone, bot, mailbox, client, clock
):
    chat = someone("มะลิ")
    register(chat)
    first = link_to(mailbox, bot, EMAIL)
    clock.advance(minutes=2)
    chat.posts("a=confirm_email")
    second = link_to(mailbox, bot, EMAIL)
    assert client.post(second).status_code == 200
    answer = client.post(first)
    assert answer.status_code == 200
    assert "ยืนยันไปก่อนหน้านี้แล้ว" in answer.text


def test_an_unknown_link_looks_and_answers_like_a_dead_one(someone, bot, mailbox, client, clock):
    chat = someone("มะลิ")
    register(chat)
    ask(chat)
    link = link_to(mailbox, bot)
    unknown = "/s/email/" + "0" * 64 + "?lang=th"
    live, none = client.get(link), client.get(unknown)
    assert (live.status_code, live.data) == (none.status_code, none.data)
    clock.advance(hours=25)
    dead, none = client.post(link), client.post(unknown)
    assert (dead.status_code, dead.data) == (none.status_code, none.data)
    for answer in (live, dead):
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_a_form_on_another_site_confirms_nothing(someone, database, bot, mailbox, client):
    chat = someone("มะลิ")
    register(chat)
    ask(chat)
    link = link_to(mailbox, bot)
    assert client.post(link, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert learner(database) == (EMAIL, None)


def test_three_mails_an_hour_and_no_more(someone, bot, mailbox, rows, clock):
    chat = someone("มะลิ", "en")
    register(chat)
    clock.advance(hours=1, seconds=1)  # the welcome counts too
    for number in range(3):
        assert "sent a mail" in ask(chat, f"new{number}@gmail.com")
    assert "3 mails within 1 hour" in ask(chat, "new4@gmail.com")
    assert len(rows(Mail, Mail.template == "email_confirm")) == 3
    clock.advance(hours=1, seconds=1)
    assert "sent a mail" in ask(chat, "new4@gmail.com")


def test_many_wishes_at_once_are_three_mails(someone, database, bot, clock, rows):
    chat = someone("มะลิ")
    register(chat)
    clock.advance(hours=1, seconds=1)  # the welcome counts too

    def wish(number):
        return database.write(
            lambda s: details.ask_to_change_email(
                s, only(s), f"new{number}@gmail.com", clock(), bot.settings
            )
        )

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(wish, range(12))) == 3
    assert len(rows(Mail, Mail.template == "email_confirm")) == 3
    live = rows(OneTimeToken, OneTimeToken.replaced_at.is_(None), OneTimeToken.expires_at > clock())
    assert len(live) == 1


def test_of_many_who_press_at_once_one_confirms(someone, database, bot, clock, mailbox):
    chat = someone("มะลิ")
    register(chat)
    ask(chat)
    token = link_to(mailbox, bot).removeprefix("/s/email/").split("?")[0]

    def press(_):
        return database.write(lambda s: details.confirm_email(s, token, clock()))

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(press, range(12))) == 1
    assert learner(database)[0] == NEW


def test_the_present_address_can_be_confirmed(someone, database, bot, clock, mailbox, client):
    chat = someone("มะลิ")
    register(chat)
    clock.advance(minutes=2)
    assert database.write(lambda s: details.ask_to_confirm_email(s, only(s), clock(), bot.settings))
    assert client.post(link_to(mailbox, bot, EMAIL)).status_code == 200
    assert learner(database) == (EMAIL, clock())
    mailing.drain(bot)
    assert len(mailbox.of(EMAIL)) == 2, "nothing has changed, so nobody is told"


def test_a_closed_account_takes_no_new_address(someone, database, bot, mailbox, client):
    chat = someone("มะลิ")
    register(chat)
    ask(chat)
    link = link_to(mailbox, bot)
    database.write(lambda s: setattr(only(s), "state", LearnerState.CLOSED))
    assert client.post(link).status_code == 410
    assert learner(database) == (EMAIL, None)


@pytest.mark.parametrize("choice", ["meant", "typed"])
def test_a_slip_is_asked_about(choice, someone, bot, mailbox):
    chat = someone("มะลิ")
    register(chat)
    chat.posts("a=change&item=email")
    chat.says("new@gmial.com")
    tap(chat, {"meant": "Yes, correct it", "typed": "No, mine is right"}[choice])
    tap(chat, "Save")
    mailing.drain(bot)
    address = {"meant": "new@gmail.com", "typed": "new@gmial.com"}[choice]
    assert len(mailbox.of(address)) == 1


def test_the_old_address_stands_nowhere_in_the_clear(someone, bot, mailbox, client, database):
    """Neither old nor new: sealed columns, keyed indexes and digests are all there is."""
    chat = someone("มะลิ")
    register(chat)
    ask(chat)
    client.post(link_to(mailbox, bot))
    stored = dump(database)
    for canary in (EMAIL, NEW, "canary.somchai"):
        assert canary not in stored
