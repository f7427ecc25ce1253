"""News of one's choice by chat: channels, topics, a pause, and a stop in one tap."""

from urllib.parse import parse_qsl

import pytest

from models.audit import AuditEntry
from models.consent import ConsentEvent, ConsentState, Purpose
from models.learner import Learner
from models.mail import Mail
from models.subscription import Channel, Subscription
from tests.chat import actions, words
from tests.samples import every
from tests.scenarios.story import language_of, register, tap, tapping

YES, NO = "Yes, please", "No, thank you"
USUAL = {"courses", "articles", "videos"}
GIVEN, REFUSED, WITHDRAWN = ConsentState.GIVEN, ConsentState.REFUSED, ConsentState.WITHDRAWN
BOTH = pytest.mark.parametrize("language", ["th", "en"])
EACH = pytest.mark.parametrize("purpose", [Purpose.LINE_NEWS, Purpose.EMAIL_NEWS])


def press(chat, action, **data):
    """Tap the newest button that carries this entry and these data; what is answered."""
    for bubble in reversed(chat.bubbles()):
        for found in actions(bubble.message):
            carried = dict(parse_qsl(found.get("data", "")))
            if carried.get("a") == action and data.items() <= carried.items():
                chat.platform.tap(chat.user_id, found)
                return words(chat.heard())
    raise AssertionError(f"no button {action} {data}")


def said_to(rows, purpose):
    return [event.state for event in rows(ConsentEvent) if event.purpose is purpose]


def topics_of(rows, channel):
    return {row.topic for row in rows(Subscription) if row.channel is channel}


@BOTH
@EACH
def test_a_yes_takes_two_taps_and_a_no_takes_one(language, purpose, someone, rows):
    chat = someone("มะลิ", language)
    register(chat)
    chat.says("ข่าวสาร" if language == "th" else "news")
    press(chat, "news_on", p=purpose)
    press(chat, "news_yes", p=purpose)
    assert said_to(rows, purpose) == [REFUSED, GIVEN]
    chat.says("หยุดข่าว" if language == "th" else "stop news")
    answer = press(chat, "news_off", p=purpose)

    assert said_to(rows, purpose) == [REFUSED, GIVEN, WITHDRAWN]
    t = language_of(chat)
    assert t("Done: you get no more of this news.") in answer
    assert t("Consent receipt") in answer
    assert rows(Subscription) == []


@BOTH
def test_a_yes_at_registration_chooses_the_usual_topics(language, someone, rows):
    chat = someone("มะลิ", language)
    register(chat, line_news=tapping(YES))

    assert topics_of(rows, Channel.LINE) == USUAL
    assert topics_of(rows, Channel.EMAIL) == set()


def test_somebody_who_declined_both_has_chosen_nothing(someone, rows):
    chat = someone("มะลิ")
    register(chat)

    assert rows(Subscription) == []
    assert "รวมทุกช่องทาง" in words(chat.says("ข่าวสาร"))


@BOTH
def test_a_topic_is_left_out_and_taken_again_with_one_tap_each(language, someone, rows):
    chat = someone("มะลิ", language)
    register(chat, line_news=tapping(YES))
    tap(chat, "News")
    press(chat, "news_topic", p=Purpose.LINE_NEWS, topic="videos", on="0")
    assert topics_of(rows, Channel.LINE) == USUAL - {"videos"}
    press(chat, "news_topic", p=Purpose.LINE_NEWS, topic="promotions", on="1")
    assert topics_of(rows, Channel.LINE) == (USUAL - {"videos"}) | {"promotions"}

    chosen = [row.data for row in rows(AuditEntry) if row.action == "news:choose"]
    assert chosen == [
        {"channel": "line", "topic": "videos", "is_on": 0},
        {"channel": "line", "topic": "promotions", "is_on": 1},
    ]


@pytest.mark.parametrize(
    "data",
    [
        "a=news_topic&p=email_news&topic=videos&on=1",
        "a=news_topic&p=line_news&topic=nothing&on=1",
        "a=news_topic&p=line_news&on=1",
        "a=news_topic&p=line_news&topic=videos&on=2",
        "a=news_topic&p=all&topic=videos&on=0",
        "a=news_topic",
        "a=news_confirm",
        "a=news_go_on",
    ],
)
def test_forged_choices_choose_nothing(data, someone, rows):
    chat = someone("มะลิ")
    register(chat, line_news=tapping(YES))
    mails, entries = len(rows(Mail)), len(rows(AuditEntry))
    assert chat.posts(data)

    assert topics_of(rows, Channel.LINE) == USUAL
    assert topics_of(rows, Channel.EMAIL) == set()
    assert (len(rows(Mail)), len(rows(AuditEntry))) == (mails, entries)


@BOTH
def test_all_news_stops_with_one_tap(language, someone, rows):
    chat = someone("มะลิ", language)
    register(chat, line_news=tapping(YES), email_news=tapping(YES))
    tap(chat, "News")
    tap(chat, "Stop all news")

    for purpose in (Purpose.LINE_NEWS, Purpose.EMAIL_NEWS):
        assert said_to(rows, purpose) == [GIVEN, WITHDRAWN]
    assert rows(Subscription) == []
    tap(chat, "News")
    assert language_of(chat)("Stop all news") not in chat.labels()


def test_stopping_twice_is_said_once(someone, rows):
    chat = someone("มะลิ")
    register(chat, line_news=tapping(YES))
    for _ in range(2):
        chat.posts("a=news_off&p=line_news")

    assert said_to(rows, Purpose.LINE_NEWS) == [GIVEN, WITHDRAWN]
    assert "ไม่ได้รับข่าวนี้" in words(chat.newest())


@BOTH
def test_a_pause_ends_by_itself_or_with_one_tap(language, someone, rows, clock):
    chat = someone("มะลิ", language)
    register(chat, line_news=tapping(YES))
    t = language_of(chat)
    tap(chat, "News")
    day = "23 ธันวาคม 2569" if language == "th" else "23 December 2026"
    span = t("{n} days", n=30)
    told = words(tap(chat, "Pause for {span}", span=span))
    assert t("No news until {until}. After that it goes on by itself.", until=day) in told
    assert (rows(Learner)[0].news_paused_until - clock()).days == 30
    tap(chat, "Go on now")
    assert rows(Learner)[0].news_paused_until is None

    tap(chat, "Pause for {span}", span=span)
    clock.advance(days=30)
    tap(chat, "News")
    assert t("Pause for {span}", span=span) in chat.labels()


@BOTH
def test_news_by_mail_begins_with_a_link_to_the_address(language, someone, rows, clock):
    chat = someone("มะลิ", language)
    said = words(register(chat, email_news=tapping(YES)))
    t = language_of(chat)

    assert t("News by e-mail begins after that.") in said
    assert [mail.template for mail in rows(Mail)] == ["welcome"], "one mail, not two"
    tap(chat, "News")
    assert t("Begins once you have opened the link in our mail") in words(chat.newest())
    sent = t("We have sent you a mail. News by e-mail begins once you have opened its link.")
    assert sent in press(chat, "news_confirm"), "which is on its way"
    assert len(rows(Mail)) == 1
    for _ in range(2):
        clock.advance(minutes=1)
        assert sent in press(chat, "news_confirm")
    clock.advance(minutes=1)
    too_many = t(
        "We have sent you the link already. Please look in your mailbox, or try again in {span}.",
        span=t("1 hour"),
    )
    assert too_many in press(chat, "news_confirm")
    assert len(rows(Mail)) == 3


def test_a_confirmed_address_is_not_asked_for_again(someone, rows, database, clock):
    chat = someone("มะลิ")
    register(chat)
    learner = rows(Learner)[0].id
    database.write(
        lambda session: setattr(session.get(Learner, learner), "email_verified_at", clock())
    )
    tap(chat, "News")
    press(chat, "news_on", p=Purpose.EMAIL_NEWS)
    press(chat, "news_yes", p=Purpose.EMAIL_NEWS)

    assert [mail.template for mail in rows(Mail)] == ["welcome"]
    assert topics_of(rows, Channel.EMAIL) == USUAL


@EACH
def test_a_typed_yes_is_no_consent_and_a_no_is_kept(purpose, someone, rows):
    chat = someone("มะลิ")
    register(chat)
    tap(chat, "News")
    press(chat, "news_on", p=purpose)
    for typed in ("ครับ", "yes", "รับข่าวสาร"):
        chat.says(typed)
    assert said_to(rows, purpose) == [REFUSED]
    press(chat, "news_no", p=purpose)

    assert said_to(rows, purpose) == [REFUSED, REFUSED]
    assert rows(Subscription) == []


@pytest.mark.parametrize("action", ["news_yes", "news_no"])
def test_words_that_have_changed_are_read_again_first(action, someone, rows):
    chat = someone("มะลิ")
    register(chat)
    said = words(chat.posts(f"a={action}&p=line_news&c=0123456789abcdef"))

    assert "รับข่าวสารทาง LINE ไหมคะ" in said or language_of(chat)("News on LINE?") in said
    assert said_to(rows, Purpose.LINE_NEWS) == [REFUSED]


def test_a_no_to_an_old_question_stops_what_flows(someone, rows):
    chat = someone("มะลิ")
    register(chat)
    tap(chat, "News")
    press(chat, "news_on", p=Purpose.LINE_NEWS)
    press(chat, "news_yes", p=Purpose.LINE_NEWS)
    press(chat, "news_no", p=Purpose.LINE_NEWS)

    assert said_to(rows, Purpose.LINE_NEWS) == [REFUSED, GIVEN, WITHDRAWN]


@BOTH
def test_a_stranger_is_shown_the_way_to_register(language, someone, rows):
    chat = someone("มะลิ", language)
    chat.adds_the_account()
    t = language_of(chat)

    def shows_the_way(action):
        said = words(chat.posts(f"a={action}&p=line_news"))
        assert t("You have no account here yet. Registering takes about three minutes.") in said
        assert rows(ConsentEvent) == []

    actions = ("news", "news_yes", "news_no", "news_topic", "news_pause", "news_go_on")
    every({action: action for action in actions}, shows_the_way)
