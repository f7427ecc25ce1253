"""News to people under 20: the guardian's own yes, kindly asked for; stopping works for all."""

import pytest

from bot.services.consent import consents
from bot.services.consent.consents import GUARDIAN, ConsentStatement
from bot.services.subscriptions import subscriptions
from models.consent import ConsentEvent, ConsentState, Purpose
from models.conversation import Conversation
from models.learner import AgeBand
from models.outbox import Push
from models.subscription import Channel
from tests.chat import words
from tests.news import Subscriber
from tests.scenarios.story import language_of, tap

BOTH = pytest.mark.parametrize("language", ["th", "en"])
TOO = (
    "Because you are under {age}, your parent or guardian has to agree too. News begins after that."
)
ONLY = "Up to {age} years, a parent or guardian decides about news."
ASK_THEM = f"{ONLY} Please ask them to start it."
LINE_NEWS = Purpose.LINE_NEWS


@pytest.fixture
def guardian(bot, clock):
    """What the guardian says to the child's news on LINE."""

    def says(child, *, is_yes):
        clock.advance(seconds=1)

        def write(session):
            conversation = session.get_one(Conversation, child.subject_id)
            said, now = ConsentStatement("x", actor=GUARDIAN), clock()
            if is_yes:
                subscriptions.start(session, conversation, LINE_NEWS, said, bot.settings, now)
            else:
                school = bot.settings.school
                subscriptions.stop(session, conversation, LINE_NEWS, said, school, now)

        bot.database.write(write)
        clock.advance(seconds=1)

    return says


def reasons(rows, child, engine, cause):
    """What becomes of a piece of news now."""
    child.is_sent(cause)
    engine.drain_pushes()
    (push,) = rows(Push, Push.cause.startswith(f"news:{cause}:"))
    return push.reason


@BOTH
def test_the_guardian_has_to_agree_too(language, bot, line, engine, rows, guardian):
    child = Subscriber(bot, line, language=language, age_band=AgeBand.FROM_11_TO_19)
    t = language_of(child.chat)
    child.chat.says("news")
    assert t(TOO, age=20) in words(tap(child.chat, "Start"))
    answer = words(tap(child.chat, "Yes, please"))
    assert t(TOO, age=20) in answer
    assert t("Waits for your guardian") in answer
    assert reasons(rows, child, engine, "c1") == "no consent"
    guardian(child, is_yes=True)
    assert reasons(rows, child, engine, "c2") is None
    guardian(child, is_yes=False)
    assert reasons(rows, child, engine, "c3") == "no consent"


@BOTH
def test_up_to_ten_years_the_guardian_alone_starts(language, bot, line, engine, rows, guardian):
    child = Subscriber(bot, line, language=language, age_band=AgeBand.UP_TO_10)
    t = language_of(child.chat)
    assert t(ONLY, age=10) in words(child.chat.says("news"))
    assert t("Start") not in child.chat.labels()
    assert t(ASK_THEM, age=10) in words(child.chat.posts("a=news_on&p=line_news"))
    child.chat.posts("a=news_yes&p=line_news&c=x")
    assert rows(ConsentEvent) == []
    guardian(child, is_yes=True)

    assert reasons(rows, child, engine, "c1") is None


@pytest.mark.parametrize("band", [AgeBand.UP_TO_10, AgeBand.FROM_11_TO_19])
@BOTH
def test_every_child_stops_with_one_tap(band, language, bot, line, engine, rows, guardian):
    child = Subscriber(bot, line, Channel.LINE, language=language, age_band=band)
    guardian(child, is_yes=True)
    child.chat.says("stop news")
    tap(child.chat, "Stop")
    assert reasons(rows, child, engine, "c1") == "no consent"
    last = rows(ConsentEvent)[-1]
    assert (last.actor, last.state) == ("self", ConsentState.WITHDRAWN)


def test_a_child_of_ten_who_stopped_waits_for_the_guardian(
    bot, line, engine, rows, guardian, clock
):
    child = Subscriber(bot, line, age_band=AgeBand.UP_TO_10)
    guardian(child, is_yes=True)
    child.chat.posts("a=news_off&p=line_news")
    assert reasons(rows, child, engine, "c1") == "no consent"
    guardian(child, is_yes=True)

    assert reasons(rows, child, engine, "c2") is None
    assert bot.database.read(
        lambda session: consents.holds(session, child.subject_id, LINE_NEWS, clock())
    )
