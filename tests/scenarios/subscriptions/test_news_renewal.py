"""A consent that ran out is asked for again exactly once, then there is silence."""

from datetime import timedelta

import pytest

from bot.runtime import mailing
from bot.services.consent.consents import GUARDIAN, ConsentStatement
from bot.services.subscriptions import subscriptions
from models.consent import ConsentEvent, ConsentState, Purpose
from models.conversation import Conversation
from models.learner import AgeBand, LearnerState
from models.mail import Mail
from models.outbox import Push, PushState
from models.subscription import Channel, Subscription
from tests.chat import words
from tests.news import Subscriber
from tests.scenarios.story import language_of, tap

GIVEN, EXPIRED, REFUSED = ConsentState.GIVEN, ConsentState.EXPIRED, ConsentState.REFUSED
LINE_NEWS, EMAIL_NEWS = Purpose.LINE_NEWS, Purpose.EMAIL_NEWS


def said(rows, purpose=LINE_NEWS):
    return [event.state for event in rows(ConsentEvent) if event.purpose is purpose]


def a_day_goes_by(engine, clock, days=1):
    for _ in range(days):
        clock.advance(days=1)
        engine.renew_consents()
        engine.drain_pushes()


@pytest.mark.parametrize("language", ["th", "en"])
def test_asked_once_on_the_day_and_not_before(language, bot, line, engine, clock, rows):
    reader = Subscriber(bot, line, Channel.LINE, language=language)
    clock.advance(days=728)
    a_day_goes_by(engine, clock)
    assert said(rows) == [GIVEN]
    assert reader.chat.heard() == []
    a_day_goes_by(engine, clock)

    t = language_of(reader.chat)
    asked = words(reader.chat.heard())
    over = "Your consent to news on LINE has run out after {span}. May we ask once more?"
    assert t(over, span=t("{n} months", n=24)) in asked
    assert t("News on LINE?") in asked
    assert said(rows) == [GIVEN, EXPIRED]
    assert [event.actor for event in rows(ConsentEvent)] == ["self", "system"]
    a_day_goes_by(engine, clock, days=40)
    assert reader.chat.heard() == [], "after that there is silence"
    assert [push.state for push in rows(Push)] == [PushState.SENT]
    assert said(rows) == [GIVEN, EXPIRED]


@pytest.mark.parametrize("language", ["th", "en"])
def test_a_yes_to_it_goes_on_with_what_was_chosen(language, bot, line, engine, clock, rows):
    reader = Subscriber(bot, line, Channel.LINE, language=language)
    reader.chat.posts("a=news_topic&p=line_news&topic=videos&on=0")
    clock.advance(days=729)
    a_day_goes_by(engine, clock)
    reader.is_sent("c1")
    engine.drain_pushes()
    assert rows(Push, Push.topic == "courses")[0].reason == "no consent"
    tap(reader.chat, "Yes, please")
    reader.is_sent("c2")
    engine.drain_pushes()

    assert said(rows) == [GIVEN, EXPIRED, GIVEN]
    assert {row.topic for row in rows(Subscription)} == {"courses", "articles"}
    assert rows(Push, Push.cause.startswith("news:c2"))[0].state is PushState.SENT


def test_a_no_to_it_is_kept(bot, line, engine, clock, rows):
    reader = Subscriber(bot, line, Channel.LINE)
    clock.advance(days=729)
    a_day_goes_by(engine, clock)
    tap(reader.chat, "No, thank you")

    assert said(rows) == [GIVEN, EXPIRED, REFUSED]
    reader.chat.heard()
    a_day_goes_by(engine, clock, days=3)
    assert reader.chat.heard() == []


def test_news_by_mail_asks_by_mail(bot, line, engine, clock, rows, mailbox):
    Subscriber(bot, line, Channel.EMAIL)
    clock.advance(days=729)
    a_day_goes_by(engine, clock)
    mailing.drain(bot)
    a_day_goes_by(engine, clock, days=3)
    mailing.drain(bot)

    (mail,) = mailbox.mails
    assert mail.subject == "อยากรับข่าวจากเราต่อไหมคะ"
    assert "https://bot.example.test/portal/news?lang=th" in mail.text
    assert mail.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert said(rows, EMAIL_NEWS) == [GIVEN, EXPIRED]
    assert rows(Push) == []


def withdrew(reader, line):
    reader.chat.posts("a=news_off&p=line_news")
    reader.chat.heard()


@pytest.mark.parametrize(
    "values",
    [
        {"objected_at": "now"},
        {"restricted_at": "now"},
        {"state": LearnerState.CLOSED},
        {"state": LearnerState.WITHDRAWN},
        {"age_band": AgeBand.UP_TO_10},
    ],
    ids=lambda values: next(iter(values)),
)
def test_who_left_or_objected_is_not_asked(values, bot, line, engine, clock, rows):
    reader = Subscriber(bot, line, Channel.LINE)
    reader.becomes(**{k: clock() if v == "now" else v for k, v in values.items()})
    clock.advance(days=729)
    a_day_goes_by(engine, clock)

    assert rows(Push) == []
    assert said(rows) == [GIVEN, EXPIRED]


def test_who_withdrew_is_not_asked(bot, line, engine, clock, rows):
    reader = Subscriber(bot, line, Channel.LINE)
    withdrew(reader, line)
    clock.advance(days=729)
    a_day_goes_by(engine, clock, days=2)

    assert rows(Push) == []
    assert said(rows) == [GIVEN, ConsentState.WITHDRAWN]


def test_who_blocked_us_is_not_asked(bot, line, engine, clock, rows):
    reader = Subscriber(bot, line, Channel.LINE)
    clock.advance(seconds=1)
    line.unfollow(reader.chat.user_id)
    clock.advance(days=729)
    a_day_goes_by(engine, clock, days=2)

    assert rows(Push) == []


def test_a_question_that_waits_is_dropped_after_an_objection(bot, line, engine, clock, rows):
    reader = Subscriber(bot, line, Channel.LINE)
    clock.advance(days=730)
    engine.renew_consents()
    reader.becomes(objected_at=clock())
    engine.drain_pushes()

    assert [(push.state, push.reason) for push in rows(Push)] == [(PushState.DROPPED, "objected")]
    assert reader.chat.heard() == []


def test_a_question_that_was_answered_meanwhile_is_dropped(bot, line, engine, clock, rows):
    reader = Subscriber(bot, line, Channel.LINE)
    clock.advance(days=730)
    engine.renew_consents()
    clock.advance(seconds=1)
    reader.chat.posts("a=news_off&p=line_news")
    reader.chat.heard()
    engine.drain_pushes()

    assert [(push.state, push.reason) for push in rows(Push)] == [(PushState.DROPPED, "answered")]


def test_a_pause_is_waited_for(bot, line, engine, clock, rows):
    reader = Subscriber(bot, line, Channel.LINE)
    clock.advance(days=720)
    reader.chat.posts("a=news_pause")
    reader.chat.heard()
    a_day_goes_by(engine, clock, days=29)
    assert reader.chat.heard() == []
    assert said(rows) == [GIVEN]
    a_day_goes_by(engine, clock)

    assert len(reader.chat.heard()) == 2
    assert said(rows) == [GIVEN, EXPIRED]


def test_a_yes_in_between_begins_a_new_time(bot, line, engine, clock, rows):
    reader = Subscriber(bot, line, Channel.LINE)
    clock.advance(days=700)
    reader.chat.posts("a=news_on&p=line_news")
    tap(reader.chat, "Yes, please")
    reader.chat.heard()
    a_day_goes_by(engine, clock, days=60)
    assert said(rows) == [GIVEN, GIVEN]
    clock.advance(days=670)
    a_day_goes_by(engine, clock)

    assert said(rows) == [GIVEN, GIVEN, EXPIRED]
    assert line.paid == 1


def test_both_voices_of_a_child_end_once(bot, line, engine, clock, rows, database):
    reader = Subscriber(bot, line, Channel.LINE, age_band=AgeBand.FROM_11_TO_19)
    clock.advance(seconds=1)
    database.write(
        lambda session: (
            subscriptions.start(
                session,
                session.get_one(Conversation, reader.subject_id),
                LINE_NEWS,
                ConsentStatement("ยินยอม", actor=GUARDIAN),
                bot.settings,
                clock(),
            )
            and None
        )
    )
    clock.advance(days=730)
    engine.renew_consents()
    engine.drain_pushes()

    assert said(rows) == [GIVEN, GIVEN, EXPIRED]
    assert line.paid == 1
    reader.chat.heard()
    answer = words(tap(reader.chat, "Yes, please"))
    assert "ผู้ปกครองต้องยินยอมด้วย" in answer


def test_many_are_done_in_small_units(bot, line, engine, clock, database, rows):
    """More than one batch; nobody is left over and nobody is asked twice."""
    for number in range(3):
        Subscriber(bot, line, Channel.LINE, Channel.EMAIL, name=f"p{number}")
    clock.advance(days=730)
    assert engine.renew_consents() == 6
    assert engine.renew_consents() == 0
    clock.advance(hours=1)

    assert len(rows(Push)) == len(rows(Mail)) == 3
    assert clock() - rows(Push)[0].created_at == timedelta(hours=1)
