"""A mail that did not arrive: its owner is told with an answer, which costs nothing, and once."""

import pytest
from sqlalchemy import select

from bot.runtime import mailing
from bot.services.accounts import details
from models.conversation import Conversation
from models.learner import Learner
from models.mail import Mail, MailState
from models.outbox import Push
from simulator.mailbox import Mailbox
from tests.chat import words
from tests.mail.servers import CUT, Wilful
from tests.mail.test_news_sending import sending_to
from tests.scenarios.story import EMAIL, language_of, register, tap

REFUSED = {"rcpt": "550 5.1.1 nobody is here"}
NOT_KNOWN = {"content": CUT}


def lose(bot, **behaviour):
    """Send what waits to a server that does not take it."""
    before = bot.mailer
    with sending_to(bot, Wilful(**behaviour)):
        mailing.drain(bot)
    bot.mailer = before


def confirmed(bot):
    def write(session):
        session.scalars(select(Learner)).one().email_verified_at = bot.clock()

    bot.database.write(write)


def change_name(session, now):
    learner = session.scalars(select(Learner)).one()
    details.change(session, learner, "name", "Ben Somdet", "learner", now)


def newest(rows):
    return rows(Mail)[-1]


@pytest.mark.parametrize(
    ("behaviour", "state", "told"),
    [
        (REFUSED, MailState.FAILED, "could not be delivered"),
        (NOT_KNOWN, MailState.UNKNOWN, "We do not know whether our mail"),
    ],
)
def test_it_is_told_once_with_the_next_answer(behaviour, state, told, someone, bot, rows):
    chat = someone("Ben", "en")
    register(chat)
    lose(bot, **behaviour)
    assert newest(rows).state is state
    said = chat.says("menu")
    assert told in words(said[:1])
    assert len(said) > 1, "the answer itself follows"
    assert EMAIL not in words(said)
    assert {"Send again", "Change the address"} <= set(chat.labels())
    assert told not in words(chat.says("menu"))
    assert rows(Push) == []


@pytest.mark.parametrize(
    ("days", "state"), [(1, MailState.DROPPED), (3, MailState.FAILED)], ids=["a link", "words"]
)
def test_what_no_server_took_for_days_is_told_too(days, state, someone, bot, rows, clock):
    chat = someone("Ben", "en")
    register(chat)
    if state is MailState.FAILED:  # a mail without a link is worth sending for longer
        mailing.drain(bot)
        confirmed(bot)
        bot.database.write(lambda s: change_name(s, clock()))
    with sending_to(bot, Mailbox()):
        pass  # nobody listens there any more
    mailing.drain(bot)
    assert newest(rows).state is MailState.QUEUED
    assert "could not be delivered" not in words(chat.says("menu"))
    clock.advance(days=days, hours=1)
    mailing.drain(bot)
    assert newest(rows).state is state
    assert "could not be delivered" in words(chat.says("menu"))
    assert "could not be delivered" not in words(chat.says("menu"))


def test_the_link_goes_out_again_and_then_nothing_is_told(someone, bot, rows, mailbox):
    chat = someone("Ben", "en")
    register(chat)
    lose(bot, **REFUSED)
    chat.says("menu")
    assert "on its way to" in words(tap(chat, "Send again"))
    mailing.drain(bot)
    assert newest(rows).template == "email_confirm"
    assert len(mailbox.of(EMAIL)) == 1
    assert "may not have arrived" not in words(chat.says("my account"))


def test_the_words_of_a_notice_go_out_again_as_another_mail(someone, bot, rows, mailbox, clock):
    chat = someone("Ben", "en")
    register(chat)
    mailing.drain(bot)
    confirmed(bot)

    bot.database.write(lambda s: change_name(s, clock()))
    lose(bot, **NOT_KNOWN)
    lost = newest(rows)
    assert "may not have arrived" in words(chat.says("my account"))
    for _ in range(2):
        chat.posts("a=mail_again")
        mailing.drain(bot)
    again = newest(rows)
    assert (again.template, again.state) == (lost.template, MailState.SENT)
    assert again.message_id != lost.message_id
    assert len(mailbox.of(EMAIL)) == 2, "the welcome, and the notice once"
    texts = bot.database.read(lambda s: [m.text for m in s.scalars(select(Mail))])
    assert texts[-1] == texts[-2]


def test_a_success_since_then_leaves_nothing_to_tell(someone, bot, rows, clock):
    chat = someone("Ben", "en")
    register(chat)
    lose(bot, **REFUSED)
    clock.advance(minutes=2)
    chat.posts("a=confirm_email")  # told here, and another mail goes out
    mailing.drain(bot)
    assert rows(Conversation)[0].undelivered is None
    assert "could not" not in words(chat.says("menu"))


@pytest.mark.parametrize(
    ("typed", "language"),
    [
        ("ไม่ได้รับอีเมล", "th"),
        ("ยังไม่ได้เมลยืนยันเลยค่ะ", "th"),
        ("อีเมลไม่เข้าค่ะ", "th"),
        ("I did not get the email", "en"),
    ],
)
def test_whoever_misses_a_mail_is_told_what_became_of_it(typed, language, someone, bot, clock):
    chat = someone("มะลิ", language)
    t = language_of(chat)
    stranger = someone("คนใหม่", language)
    stranger.adds_the_account()
    assert t("Our mail does not come?") in words(stranger.says(typed))
    register(chat)
    lose(bot, **REFUSED)
    assert t("A mail may not have reached you") in words(chat.says(typed))
    mailing.drain(bot)
    clock.advance(minutes=2)
    tap(chat, "Send again")
    mailing.drain(bot)
    clock.advance(minutes=2)
    assert t("Confirm your e-mail address") in words(chat.says(typed)), "it is sent once more"
    mailing.drain(bot)
    confirmed(bot)
    assert t("Our mail does not come?") in words(chat.says(typed))
