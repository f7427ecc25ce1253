""" "หยุด" behind a piece of news: that news stops, it is said what, and it can be taken back."""

import pytest

from bot.texts import translator
from models.audit import AuditEntry
from models.conversation import Conversation
from models.subscription import Channel, Subscription
from tests.campaigns import Announcement, news_of
from tests.chat import words
from tests.news import Subscriber
from tests.scenarios.story import register, tap

THAI = translator("th")
STOPPED = THAI("Stopped: {topic}", topic="ข่าวคอร์ส")
WHICH = THAI("Which news shall stop? What is on can be stopped here with one tap.")


@pytest.fixture
def news(reader, bot, line):
    """A piece of news that has just come to a reader of both channels."""
    announcement = Announcement(bot, line).is_due()
    announcement.runs()
    assert news_of(reader.chat) == 1
    return announcement


def topics_of(rows, channel):
    return {row.topic for row in rows(Subscription) if row.channel is channel}


@pytest.mark.sql
def test_the_topic_of_what_came_last_stops_and_comes_back(news, reader, rows):
    before = topics_of(rows, Channel.LINE)
    assert STOPPED in words(reader.chat.says("หยุดค่ะ"))
    assert topics_of(rows, Channel.LINE) == before - {"courses"}
    assert "courses" in topics_of(rows, Channel.EMAIL), "only what was stopped stops"
    (entry,) = rows(AuditEntry, AuditEntry.action == "news:choose")
    assert (entry.data["topic"], entry.data["is_on"]) == ("courses", 0)
    tap(reader.chat, "Undo")
    assert topics_of(rows, Channel.LINE) == before


def test_words_about_news_do_the_same(news, reader, rows):
    assert STOPPED in words(reader.chat.says("ไม่ต้องส่งมาแล้ว"))
    assert WHICH in words(reader.chat.says("หยุดข่าว")), "that one has stopped: which other?"
    tap(reader.chat, "Stop all news")
    assert rows(Subscription) == []


def test_a_day_later_it_is_asked_which(news, reader, rows, clock):
    before = topics_of(rows, Channel.LINE)
    clock.advance(hours=25)
    assert WHICH in words(reader.chat.says("หยุด"))
    assert topics_of(rows, Channel.LINE) == before


def test_news_that_came_into_an_open_question_is_meant(reader, bot, line, rows, clock):
    reader.chat.posts("a=change")
    clock.advance(minutes=1)
    Announcement(bot, line).is_due().runs()
    assert news_of(reader.chat) == 1
    said = words(reader.chat.says("หยุด"))
    assert STOPPED in said
    assert THAI("What would you like to change?") in said, "and the question is still there"
    assert rows(Conversation)[0].flow == "details"


def test_a_question_that_was_asked_since_is_what_stops(news, reader, rows, clock):
    clock.advance(minutes=1)
    reader.chat.posts("a=change")
    before = topics_of(rows, Channel.LINE)
    assert THAI("Nothing has changed.") in words(reader.chat.says("หยุด"))
    assert topics_of(rows, Channel.LINE) == before


def test_somebody_else_s_news_is_not_mine(news, bot, line):
    other = Subscriber(bot, line, Channel.LINE, name="ฟ้า")
    assert WHICH in words(other.chat.says("หยุด"))


def test_whoever_gets_none_is_told_so(someone):
    stranger = someone("มะลิ")
    stranger.adds_the_account()
    told = "You get no news from us: only people with an account who said yes to it do."
    assert THAI(told) in words(stranger.says("หยุดข่าว"))
    learner = someone("ฟ้า")
    register(learner)
    none = "You get no news from us now. If you want to end something else, please choose it."
    assert THAI(none) in words(learner.says("หยุด"))
    assert THAI("Close account") in learner.labels()
