"""Any sequence of consent events folds to the right state, and nothing goes out without one."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from bot.services.consent import consents
from bot.services.consent.consents import ConsentStatement
from bot.services.delivery.gate import News
from bot.services.subscriptions import news, subscriptions
from models.base import new_id
from models.consent import ConsentEvent, ConsentState, Purpose
from models.conversation import Conversation
from models.learner import AgeBand
from models.subscription import Channel
from tests.news import Subscriber, allow_many

START = datetime(2026, 1, 1, tzinfo=UTC)
LIFE = 730  # days of a yes to news
GIVEN, WITHDRAWN = ConsentState.GIVEN, ConsentState.WITHDRAWN


@dataclass(frozen=True)
class Word:
    """One thing said: by whom, what, and how many days after the one before."""

    voice: str
    state: ConsentState
    days: int


WORDS = st.lists(
    st.builds(
        Word,
        st.sampled_from(["self", "guardian", "system"]),
        st.sampled_from(list(ConsentState)),
        st.integers(0, 400),
    ),
    max_size=7,
)


def permits(said: list[tuple[int, str, ConsentState]], band: AgeBand, today: int) -> bool:
    """The rule in other words than the product's: walk through time with two lamps.

    A lamp is on from a voice's yes until the same voice says anything else, until the system
    ends it, or until its time is over. Who must agree needs a burning lamp. Up to ten years the
    child's lamp does not matter, but a child's "stop" dims the guardian's until the next yes of
    the guardian.
    """
    lit: dict[str, int | None] = {"self": None, "guardian": None}
    is_stopped_by_child = False
    for day, voice, state in said:
        if voice == "system":
            if state is GIVEN:  # staff who note a yes note the person's own
                lit["self"], is_stopped_by_child = day, False
            else:
                lit = {"self": None, "guardian": None}
                is_stopped_by_child = False
            continue
        lit[voice] = day if state is GIVEN else None
        if voice == "guardian" and state is GIVEN:
            is_stopped_by_child = False
        if voice == "self":
            is_stopped_by_child = state is WITHDRAWN

    def burns(voice: str) -> bool:
        since = lit[voice]
        return since is not None and today < since + LIFE

    if band is AgeBand.FROM_20:
        return burns("self")
    if band is AgeBand.FROM_11_TO_19:
        return burns("self") and burns("guardian")
    return burns("guardian") and not is_stopped_by_child


def events_of(words: list[Word]) -> tuple[list[ConsentEvent], list[tuple[int, str, ConsentState]]]:
    day, events, told = 0, [], []
    for number, word in enumerate(words):
        day += word.days
        # Words of one day keep their order by the second at which they were said.
        at = START + timedelta(days=day, seconds=number)
        events.append(
            ConsentEvent(
                id=f"{number:032x}",
                purpose=Purpose.LINE_NEWS,
                state=word.state,
                actor=word.voice,
                at=at,
                valid_until=at + timedelta(days=LIFE) if word.state is GIVEN else None,
            )
        )
        told.append((day, word.voice, word.state))
    return events, told


@settings(derandomize=True, deadline=None, max_examples=1500)
@given(words=WORDS, band=st.sampled_from(list(AgeBand)), later=st.integers(0, 900))
def test_any_sequence_folds_to_what_was_meant(words: list[Word], band: AgeBand, later: int) -> None:
    events, told = events_of(words)
    today = sum(word.days for word in words) + later
    # The end of a life falls on the second of its beginning; look well before and after those.
    now = START + timedelta(days=today, hours=-1 if later else 0, seconds=0 if later else 60)
    assume(all(abs((now - START).days - day - LIFE) > 1 for day, _, _ in told))

    assert consents.fold(events, band, now) is permits(told, band, (now - START).days)


@pytest.mark.parametrize(
    ("days", "seconds", "holds"), [(729, 0, True), (730, -1, True), (730, 0, False)]
)
def test_the_end_falls_on_the_second(days: int, seconds: int, holds: bool) -> None:
    events, _ = events_of([Word("self", GIVEN, 0)])
    now = START + timedelta(days=days, seconds=seconds)

    assert consents.fold(events, AgeBand.FROM_20, now) is holds


@settings(
    derandomize=True,
    deadline=None,
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(words=WORDS, band=st.sampled_from(list(AgeBand)), later=st.integers(0, 900))
def test_nothing_goes_out_without_a_living_consent(bot, platform, words, band, later) -> None:
    """The gate that every send passes, asked with rows: exactly the ledger's answer."""
    allow_many(bot)
    name = new_id()
    reader = Subscriber(bot, platform, name=name, age_band=band)

    def write(session):
        events, _ = events_of(words)
        for event in events:
            event.id, event.subject_id = new_id(), reader.subject_id
            event.notice_version, event.notice_hash = "1", "0" * 64
            event.text, event.language, event.channel = "x", "th", "line"
            event.record = {}
            session.add(event)
        subscriptions.choose_usual(
            session, reader.subject_id, Channel.LINE, bot.settings, bot.clock()
        )

    bot.database.write(write)
    now = START + timedelta(days=sum(word.days for word in words) + later, minutes=1)

    def ask(session):
        reason = news.may_send(
            session, News(reader.subject_id, Purpose.LINE_NEWS, "courses"), now, bot.settings
        )
        holds = consents.holds(session, reader.subject_id, Purpose.LINE_NEWS, now)
        return reason, holds

    reason, holds = bot.database.write(ask)
    assert reason == (None if holds else "no consent")


def test_a_yes_to_one_channel_is_none_to_the_other(bot, platform) -> None:
    reader = Subscriber(bot, platform, Channel.EMAIL)

    def ask(session):
        return [
            news.may_send(
                session, News(reader.subject_id, purpose, "courses"), bot.clock(), bot.settings
            )
            for purpose in (Purpose.LINE_NEWS, Purpose.EMAIL_NEWS)
        ]

    assert bot.database.write(ask) == ["no consent", None]


def test_stopping_again_after_the_guardian_started_anew_counts(bot, platform, clock) -> None:
    """A child's second "stop" is a new one where the guardian said yes in between."""
    reader = Subscriber(bot, platform, age_band=AgeBand.UP_TO_10)

    def say(work, actor):
        def write(session):
            person = session.get_one(Conversation, reader.subject_id)
            last = bot.settings if work is subscriptions.start else bot.settings.school
            return work(
                session,
                person,
                Purpose.LINE_NEWS,
                ConsentStatement("x", actor=actor),
                last,
                clock(),
            )

        done = bot.database.write(write)
        clock.advance(seconds=1)
        return done

    say(subscriptions.start, "guardian")
    assert say(subscriptions.stop, "self") is not None
    assert say(subscriptions.stop, "self") is None
    say(subscriptions.start, "guardian")
    assert say(subscriptions.stop, "self") is not None
