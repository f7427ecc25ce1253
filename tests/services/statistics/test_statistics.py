"""The dashboard's counts: right, kept, and no small one can be worked out."""

import itertools
import random
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.runtime import counting
from bot.services.learners.invitations import IMPORTED
from bot.services.statistics import statistics
from bot.services.statistics.dashboard import dashboard
from bot.services.statistics.small_numbers import MIN_SHOWN, Cell, Mark, alone, nested, with_total
from handlers.console import charts
from handlers.console.charts import Bar
from models.base import new_id
from models.consent import Purpose
from models.conversation import Conversation
from models.learner import Learner
from models.statistic import Statistic
from models.subscription import Channel, Subscription
from tests.factories import make_consent_event, make_conversation, make_learner
from tests.samples import every, numbered

HIGH = 14  # what somebody who guesses tries for a withheld part


def worlds(cells: list[Cell], total: Cell) -> list[tuple[int, ...]]:
    """Everything that somebody who sees the page must hold possible."""
    ranges = {None: None, Mark.SMALL: range(MIN_SHOWN), Mark.WITHHELD: range(MIN_SHOWN, HIGH)}
    choices = [[cell.value] if cell.mark is None else ranges[cell.mark] for cell in cells]
    found = itertools.product(*choices)
    if total.value is not None:
        return [world for world in found if sum(world) == total.value]
    if total.mark is Mark.SMALL:
        return [world for world in found if sum(world) < MIN_SHOWN]
    return list(found)


def no_part_is_told(seed):
    chance = random.Random(seed)
    most = chance.choice([2, 5, 8, 12])
    parts = [chance.randint(0, most) for _ in range(chance.randint(1, 5))]
    cells, total = with_total(parts)
    possible = worlds(cells, total)
    assert tuple(parts) in possible
    for place, cell in enumerate(cells):
        if cell.mark is Mark.SMALL and total.mark is not Mark.SMALL:
            assert {world[place] for world in possible} == set(range(MIN_SHOWN)), parts
        if cell.mark is None:
            assert cell.value == parts[place]
            assert cell.value >= MIN_SHOWN


def test_no_small_part_can_be_worked_out_from_the_sum():
    every(numbered(range(150)), no_part_is_told)


def test_nothing_is_hidden_without_need():
    assert with_total([10, 20, 30]) == ([Cell(10), Cell(20), Cell(30)], Cell(60))
    cells, total = with_total([3, 10, 20, 30])
    assert [cell.mark for cell in cells] == [Mark.SMALL, Mark.WITHHELD, None, None]
    assert total == Cell(63)
    # Small ones that hide each other.
    cells, total = with_total([2, 3, 1, 0, 40])
    assert ([cell.value for cell in cells], total.value) == ([None] * 4 + [40], 46)


def test_a_sum_that_would_tell_all_is_withheld_itself():
    cells, total = with_total([4, 4, 4])
    assert total.mark is Mark.WITHHELD
    assert {cell.mark for cell in cells} == {Mark.SMALL}
    assert with_total([1, 2])[1].mark is Mark.SMALL


def no_difference_is_told(seed):
    chance = random.Random(seed)
    values = sorted((chance.randint(0, 30) for _ in range(4)), reverse=True)
    shown = [cell.value for cell in nested(values) if cell.value is not None]
    assert all(value >= MIN_SHOWN for value in shown)
    assert all(before - after >= MIN_SHOWN for before, after in itertools.pairwise(shown))
    for value, cell in zip(values, nested(values), strict=True):
        assert cell.value in {None, value}
        assert (cell.mark is Mark.SMALL) == (value < MIN_SHOWN)


def test_no_small_difference_can_be_worked_out_of_a_funnel():
    every(numbered(range(100)), no_difference_is_told)


def test_a_figure_alone():
    assert alone(4) == Cell(None, Mark.SMALL)
    assert alone(5) == Cell(5)


@pytest.fixture
def people(database, clock):
    """Thirty greeted, twenty consented, twelve registered, six signed in; four of them lately."""

    def plant(session):
        for number in range(30):
            at = clock() - timedelta(days=number % 3, hours=1)
            chat = make_conversation(session, at)
            if number < 20:
                make_consent_event(session, at, subject_id=chat.id)
            if number < 12:
                row = make_learner(
                    session, at, conversation_id=chat.id, used_at=at if number < 6 else None
                )
                chat.learner_id = row.id
            if number < 18:
                for channel in Channel:
                    if channel is Channel.LINE or number < 9:
                        session.add(subscription(chat.id, channel, at))
            if number >= 10 and number < 17:
                chat.blocked_at = at
        old = make_conversation(session, clock() - timedelta(days=60))
        old.blocked_at = clock() - timedelta(days=50)

    database.write(plant)


def subscription(subject_id, channel, at):
    return Subscription(
        id=new_id(), subject_id=subject_id, channel=channel, topic="promotions", chosen_at=at
    )


def counted(database):
    def read(session):
        return {(row.name, row.day): row.value for row in session.query(Statistic)}

    return database.read(read)


def test_everything_is_counted(bot, database, clock, people):
    assert counting.count(bot) > 0
    today = statistics.today(clock()).isoformat()
    found = {name: value for (name, day), value in counted(database).items() if day == today}
    registered = found.pop("registered")
    assert found == {
        "learners": 12,
        "funnel:greeted": 30,
        "funnel:consented": 20,
        "funnel:finished": 12,
        "funnel:signed_in": 6,
        "blocked:now": 8,
        "blocked:lately": 7,
        "subscribers:line:promotions": 11,
        "subscribers:email:promotions": 9,
        "reached:promotions": 0,  # nobody has a consent to news
    }
    per_day = {k: v for k, v in counted(database).items() if k[0] == "registered"}
    assert registered <= 12
    assert sum(per_day.values()) == 12
    assert len(per_day) == 7 * 11 + statistics.today(clock()).weekday() + 1


def test_whoever_was_imported_was_not_greeted(bot, database, clock):
    """They are learners all the same."""

    def plant(session):
        for number in range(13):
            person = new_id() if number < 6 else f"{IMPORTED}{new_id()}"
            chat = make_conversation(session, clock(), person=person)
            row = make_learner(session, clock(), conversation_id=chat.id)
            chat.learner_id = row.id

    database.write(plant)
    counting.count(bot)
    today = statistics.today(clock()).isoformat()
    found = counted(database)
    assert found["learners", today] == 13
    assert found["funnel:greeted", today] == 6


def test_only_a_given_consent_to_enrolment_counts(bot, database, clock):
    def plant(session):
        for _ in range(6):
            chat = make_conversation(session, clock())
            make_consent_event(session, clock(), subject_id=chat.id, purpose=Purpose.LINE_NEWS)

    database.write(plant)
    counting.count(bot)
    assert counted(database)["funnel:consented", statistics.today(clock()).isoformat()] == 0


def test_nobody_counts_what_was_counted_just_now(bot, database, clock, people):
    assert counting.count(bot) > 0
    assert counting.count(bot) == 0
    clock.advance(minutes=10)
    assert counting.count(bot) > 0


def test_past_days_stay_as_they_were_counted(bot, database, clock):
    database.write(lambda session: make_learner(session, clock()) and None)
    counting.count(bot)
    day = statistics.today(clock()).isoformat()
    clock.advance(days=1)
    counting.count(bot)
    database.write(lambda session: session.query(Learner).delete() and None)  # an erasure
    clock.advance(days=1)
    counting.count(bot)
    assert counted(database)["registered", day] == 1


def test_a_day_begins_in_bangkok():
    late = datetime(2026, 11, 22, 17, 30, tzinfo=UTC)  # half past midnight there
    assert statistics.today(late) == date(2026, 11, 23)
    assert statistics.first_day(late) == date(2026, 9, 7)
    assert statistics.first_day(late).weekday() == 0


def test_a_topic_that_vanished_is_not_shown_any_more(bot, database, clock, people):
    counting.count(bot)
    database.write(lambda session: session.query(Subscription).delete() and None)
    clock.advance(minutes=10)
    counting.count(bot)
    assert not [name for name, _ in counted(database) if name.startswith("subscribers")]


def test_what_is_shown_is_hidden_where_it_is_small(bot, database, clock, people):
    counting.count(bot)
    found = database.read(lambda session: dashboard(session, bot.settings, clock()))
    assert [cell.value for cell in found.funnel] == [30, 20, 12, 6]
    assert [cell.value for cell in found.blocked] == [8, None]  # 8 - 7 would tell of one
    assert found.subscribers == {
        (Channel.LINE, "promotions"): Cell(11),
        (Channel.EMAIL, "promotions"): Cell(9),
    }
    assert found.learners == Cell(12)
    assert found.weeks[-1].monday == statistics.today(clock()) - timedelta(
        days=statistics.today(clock()).weekday()
    )
    assert [len(week.days) for week in found.weeks[:-4]] == [0] * 8


def test_before_anything_was_counted_there_is_nothing(bot, database, clock):
    found = database.read(lambda session: dashboard(session, bot.settings, clock()))
    assert found.counted_at is None
    assert {cell.mark for cell in found.funnel} == {Mark.SMALL}


def test_a_chart_fits_its_frame():
    chart = charts.columns([Bar(str(n), n * 37 if n % 3 else None) for n in range(28)], labels=4)
    assert all(chart.left <= s.x and s.x + s.width <= chart.width for s in chart.shapes)
    assert all(s.y >= 0 and s.y + s.height <= chart.base + 0.1 for s in chart.shapes)
    assert [s.label for s in chart.shapes if s.label] == ["6", "13", "20", "27"]
    assert 3 <= len(chart.ticks) <= 6
    assert chart.ticks[0].label == "0"
    assert charts.columns([]).shapes == ()
    assert [charts.share(*pair) for pair in ((5, 10), (None, 3), (9, 0), (20, 10))] == [
        50,
        0,
        0,
        100,
    ]


def test_conversations_are_found_by_their_day(database):
    """The counting walks an index, not the table."""
    for table in (Learner, Conversation):
        assert any("created_at" in i.columns for i in table.__table__.indexes)
