"""What may be sent is asked at the moment of sending: consent, choice, pause, objection, cap."""

from dataclasses import replace
from datetime import timedelta

import pytest

from models.account import Account, AccountState
from models.base import new_id
from models.consent import Purpose
from models.learner import AgeBand, Learner, LearnerState
from models.mail import Mail, Stream
from models.outbox import Push, PushState
from models.subscription import Channel
from tests.chat import words
from tests.factories import make_account
from tests.news import BODY, READ_ON, TITLE, URL, Subscriber, allow_many, states
from tests.scenarios.story import language_of, tap

pytestmark = pytest.mark.sql

QUEUED, SENT, DROPPED = PushState.QUEUED, PushState.SENT, PushState.DROPPED


@pytest.mark.parametrize("language", ["th", "en"])
def test_news_says_why_it_comes_and_stops_with_one_tap(language, bot, line, engine, rows):
    reader = Subscriber(bot, line, Channel.LINE, language=language)
    assert reader.is_sent("c1")
    engine.drain_pushes()
    chat, t = reader.chat, language_of(reader.chat)
    read = words(chat.heard())

    assert TITLE[language] in read
    assert BODY[language] in read
    title = {"th": "ข่าวคอร์ส", "en": "Course news"}[language]
    assert t("You get this because you chose “{topic}” on LINE.", topic=title) in read
    assert chat.opens(READ_ON[language]) == URL
    reader.is_sent("c2")
    said = words(tap(chat, "Stop news on LINE"))
    assert t("Done: you get no more of this news.") in said
    engine.drain_pushes()
    assert states(rows) == [(SENT, None), (DROPPED, "no consent")]
    assert {push.state: push.sent_at for push in rows(Push)} == {SENT: bot.clock(), DROPPED: None}
    assert [push.messages_sealed for push in rows(Push)] == [None, None]


def test_one_cause_is_one_message(reader, engine, rows):
    assert reader.is_sent("c1")
    assert not reader.is_sent("c1")
    assert reader.is_sent("c1", channel=Channel.EMAIL)
    engine.drain_pushes()

    assert len(rows(Push)) == len(rows(Mail)) == 1
    (mail,) = rows(Mail)
    assert (mail.stream, mail.purpose, mail.topic) == (
        Stream.NEWS,
        Purpose.EMAIL_NEWS,
        "courses",
    )


def test_a_mail_says_why_it_comes_and_how_to_stop(reader, database):
    reader.is_sent("c1", channel=Channel.EMAIL)

    def read(session):
        (mail,) = session.query(Mail)
        return mail.title, mail.text, mail.to

    title, text, to = database.read(read)
    assert title == TITLE["th"]
    assert to == "somying@example.test"
    for part in (BODY["th"], URL, "เลือกรับ “ข่าวคอร์ส”", "{unsubscribe}"):
        assert part in text
    assert "https://bot.example.test/portal/news?lang=th" in text


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"objected_at": "now"}, "objected"),
        ({"restricted_at": "now"}, "restricted"),
        ({"news_paused_until": "later"}, "paused"),
        ({"state": LearnerState.CLOSED}, "closed"),
        ({"state": LearnerState.WITHDRAWN}, "closed"),
        ({"age_band": AgeBand.FROM_11_TO_19}, "no consent"),
    ],
)
def test_what_changed_after_queueing_counts(values, reason, reader, engine, rows, clock, line):
    reader.is_sent("c1")
    times = {"now": clock(), "later": clock() + timedelta(seconds=1)}
    reader.becomes(**{name: times.get(value, value) for name, value in values.items()})
    engine.drain_pushes()

    assert states(rows) == [(DROPPED, reason)]
    assert line.paid == 0


def test_a_topic_that_was_left_out_meanwhile_is_not_sent(reader, engine, rows):
    reader.is_sent("c1", "videos")
    reader.is_sent("c2", "articles")
    reader.chat.posts("a=news_topic&p=line_news&topic=videos&on=0")
    engine.drain_pushes()

    assert states(rows) == [(DROPPED, "topic not chosen"), (SENT, None)]


def test_a_topic_that_was_never_chosen_is_not_sent(reader, engine, rows):
    reader.is_sent("c1", "promotions")
    engine.drain_pushes()

    assert states(rows) == [(DROPPED, "topic not chosen")]
    reader.is_sent("c2", "unheard-of")
    engine.drain_pushes()
    assert states(rows)[1:] == [(DROPPED, "topic gone")]


def test_a_topic_that_vanished_from_the_file_is_not_sent(
    reader, engine, rows, bot, tmp_path, settings
):
    reader.is_sent("c1", "videos")
    kept = settings.news_dir.joinpath("topics.toml").read_text(encoding="utf-8")
    (tmp_path / "topics.toml").write_text(kept.replace('"videos"', '"films"'), encoding="utf-8")
    bot.settings = replace(bot.settings, news_dir=tmp_path)
    engine.drain_pushes()

    assert states(rows) == [(DROPPED, "topic gone")]


def test_somebody_who_blocked_us_gets_nothing(reader, engine, rows, line, clock):
    clock.advance(seconds=1)
    reader.is_sent("c1")
    line.unfollow(reader.chat.user_id)
    engine.drain_pushes()

    assert [push.state for push in rows(Push)] == [PushState.FAILED]
    assert line.paid == 0


def test_a_frozen_account_gets_no_news(reader, engine, rows, database, clock):
    def freeze(session):
        learner = session.get(Learner, reader.learner_id)
        make_account(session, learner, clock(), state=AccountState.FROZEN)

    database.write(freeze)
    reader.is_sent("c1")
    engine.drain_pushes()

    assert rows(Account)[0].state is AccountState.FROZEN
    assert states(rows) == [(DROPPED, "closed")]


def test_news_that_waits_does_not_follow_to_a_place_that_was_left(reader, engine, rows, line):
    """A phone that was given away, a LINE account that was moved away from."""
    reader.is_sent("c1")
    reader.becomes(line_user_id="U" + "0" * 32)
    engine.drain_pushes()

    assert states(rows) == [(DROPPED, "address changed")]
    assert line.paid == 0


def test_news_goes_on_by_itself_after_a_pause(reader, engine, rows, clock):
    reader.chat.posts("a=news_pause")
    reader.is_sent("c1")
    engine.drain_pushes()
    clock.advance(days=30)
    reader.is_sent("c2")
    engine.drain_pushes()

    assert states(rows) == [(DROPPED, "paused"), (SENT, None)]


def test_the_fifth_news_within_thirty_days_is_left_out(reader, engine, rows, clock):
    for number in range(5):
        reader.is_sent(f"c{number}")
        engine.drain_pushes()
        clock.advance(days=1)
    assert states(rows) == [(SENT, None)] * 4 + [(DROPPED, "enough this month")]
    clock.advance(days=24, hours=23)
    reader.is_sent("c5: too early")
    engine.drain_pushes()
    clock.advance(hours=1)
    reader.is_sent("c6: in time")
    engine.drain_pushes()

    assert [state for state, _ in states(rows)[5:]] == [DROPPED, SENT]


def test_the_owner_sets_how_many(reader, engine, rows, bot):
    allow_many(bot, 1)
    for number in range(2):
        reader.is_sent(f"c{number}")
        engine.drain_pushes()

    assert [state for state, _ in states(rows)] == [SENT, DROPPED]


def test_mails_count_too(reader, engine, rows, database, clock):
    def send(session):
        for number in range(4):
            session.add(
                Mail(
                    id=new_id(),
                    cause=f"m{number}",
                    stream=Stream.NEWS,
                    template="campaign",
                    language="th",
                    subject_id=reader.subject_id,
                    message_id=f"<{number}>",
                    state="sent",
                    purpose=Purpose.EMAIL_NEWS,
                    topic="courses",
                    created_at=clock(),
                    due_at=clock(),
                    sent_at=clock(),
                    attempts=1,
                )
            )

    database.write(send)
    reader.is_sent("c1")
    engine.drain_pushes()

    assert states(rows) == [(DROPPED, "enough this month")]
