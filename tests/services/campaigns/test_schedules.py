"""Rules of repeated announcements: read from a form, said in words, and turned into times."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clock import BANGKOK
from bot.presentation import schedule_words
from bot.services.campaigns.content.problems import CampaignError
from bot.services.campaigns.workflow import schedules
from bot.services.shared import quiet_hours
from bot.texts import translator

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)  # a Monday, 10:00 in Bangkok
THAI, ENGLISH = translator("th"), translator("en")


def local(times):
    return [f"{time.astimezone(BANGKOK):%a %Y-%m-%d %H:%M}" for time in times]


@pytest.mark.parametrize(
    ("form", "rule", "times"),
    [
        (
            ("weekly", ["thu", "mon"], "", "10:00", ""),
            "0 10 * * mon,thu",
            ["Thu 2026-11-26 10:00", "Mon 2026-11-30 10:00", "Thu 2026-12-03 10:00"],
        ),
        (
            ("monthly", [], "28", "9.30", ""),
            "30 9 28 * *",
            ["Sat 2026-11-28 09:30", "Mon 2026-12-28 09:30", "Thu 2027-01-28 09:30"],
        ),
        (
            ("monthly", ["mon"], "last", "08:00", ""),
            "0 8 last * *",
            ["Mon 2026-11-30 08:00", "Thu 2026-12-31 08:00", "Sun 2027-01-31 08:00"],
        ),
    ],
)
def test_a_form_becomes_a_rule_with_times(form, rule, times):
    found, until = schedules.read_form(*form)
    assert (found, until) == (rule, None)
    assert local(schedules.next_times(rule, NOW, 3)) == times
    assert schedules.problems(rule, None, NOW) == []


def test_the_last_day_of_february():
    after = datetime(2028, 2, 1, tzinfo=UTC)
    assert local(schedules.next_times("0 10 last * *", after, 1)) == ["Tue 2028-02-29 10:00"]


def test_a_time_is_never_the_moment_itself():
    """Whoever asks for what comes after a time of the rule gets the one behind it."""
    first, second = schedules.next_times("0 10 * * mon", NOW, 2)
    assert first == NOW + timedelta(days=7)
    assert schedules.next_times("0 10 * * mon", first, 1) == [second]
    just_before = NOW - timedelta(microseconds=1)
    assert schedules.next_times("0 10 * * mon", just_before, 1) == [NOW]


def test_no_repetition():
    assert schedules.read_form("no", [], "", "", "") == (None, None)
    assert schedules.read_form("", [], "", "", "") == (None, None)
    assert schedules.problems(None, None, NOW) == []


def test_the_end_counts_its_whole_day():
    rule, until = schedules.read_form("weekly", ["mon"], "", "20:59", "2026-12-07")
    assert local(schedules.next_times(rule, NOW, 9, until)) == [
        "Mon 2026-11-23 20:59",
        "Mon 2026-11-30 20:59",
        "Mon 2026-12-07 20:59",
    ]


def test_a_buddhist_year_is_understood():
    assert (
        schedules.read_form("weekly", ["mon"], "", "10:00", "2569-12-07")[1]
        == schedules.read_form("weekly", ["mon"], "", "10:00", "2026-12-07")[1]
    )


@pytest.mark.parametrize(
    ("form", "fields"),
    [
        (("weekly", [], "", "10:00", ""), {"weekdays"}),
        (("weekly", ["someday"], "", "10:00", ""), {"weekdays"}),
        (("weekly", ["mon"], "", "", ""), {"time"}),
        (("weekly", ["mon"], "", "25:00", ""), {"time"}),
        (("weekly", ["mon"], "", "10:00", "tomorrow"), {"until"}),
        (("weekly", ["mon"], "", "10:00", "2569-02-30"), {"until"}),
        (("monthly", [], "29", "10:00", ""), {"month_day"}),
        (("monthly", [], "0", "10:00", ""), {"month_day"}),
        (("monthly", [], "²", "10:00", ""), {"month_day"}),
        (("monthly", [], "", "ten", "x"), {"month_day", "time", "until"}),
        (("hourly", [], "", "10:00", ""), {"repeat"}),
    ],
)
def test_every_wrong_field_is_named(form, fields):
    with pytest.raises(CampaignError) as caught:
        schedules.read_form(*form)
    assert {problem.where for problem in caught.value.problems} == fields


@pytest.mark.parametrize(
    ("time", "is_fine"),
    [("07:59", False), ("08:00", True), ("20:59", True), ("21:00", False), ("03:00", False)],
)
def test_quiet_hours_are_refused(time, is_fine):
    rule, _ = schedules.read_form("weekly", ["mon"], "", time, "")
    found = [(problem.where, problem.code) for problem in schedules.problems(rule, None, NOW)]
    assert found == ([] if is_fine else [("time", "quiet")])


@pytest.mark.parametrize(
    "rule",
    [
        "* * * * *",
        "0 10 * * *",
        "0 10 1 * mon",
        "0 10 31 * *",
        "0 24 * * mon",
        "60 10 * * mon",
        "0 10 * 1 mon",
        "0 10 * * mon,xyz",
        "0 10 */2 * *",
        "rm -rf",
        "",
    ],
)
def test_no_other_rule_is_taken(rule):
    assert [problem.where for problem in schedules.problems(rule, None, NOW)] == ["rule"]


def test_a_rule_without_any_time_left_is_refused():
    until = NOW + timedelta(days=2)
    found = schedules.problems("0 10 * * mon", until, NOW)
    assert [(problem.where, problem.code) for problem in found] == [("until", "past")]


@pytest.mark.parametrize(
    ("rule", "thai", "english"),
    [
        ("0 10 * * mon", "ทุกวันจันทร์ เวลา 10:00 น.", "every Monday at 10:00"),
        (
            "0 10 * * mon,thu",
            "ทุกวันจันทร์และพฤหัสบดี เวลา 10:00 น.",
            "every Monday and Thursday at 10:00",
        ),
        (
            "5 9 * * mon,wed,fri",
            "ทุกวันจันทร์, พุธและศุกร์ เวลา 09:05 น.",
            "every Monday, Wednesday and Friday at 09:05",
        ),
        ("0 18 * * mon,tue,wed,thu,fri,sat,sun", "ทุกวัน เวลา 18:00 น.", "every day at 18:00"),
        ("0 8 15 * *", "ทุกวันที่ 15 ของเดือน เวลา 08:00 น.", "on day 15 of every month at 08:00"),
        (
            "0 8 last * *",
            "ทุกวันสิ้นเดือน เวลา 08:00 น.",
            "on the last day of every month at 08:00",
        ),
    ],
)
def test_words(rule, thai, english):
    assert schedule_words.words(rule, THAI) == thai
    assert schedule_words.words(rule, ENGLISH) == english


def test_words_with_an_end():
    _, until = schedules.read_form("weekly", ["mon"], "", "10:00", "2026-12-31")
    assert schedule_words.words("0 10 * * mon", THAI, until).endswith("จนถึง 31 ธันวาคม 2569")
    assert schedule_words.words("0 10 * * mon", ENGLISH, until).endswith(", until 31 December 2026")


@pytest.mark.parametrize(
    ("rule", "most", "is_too_often"),
    [
        ("0 10 1 * *", 4, False),
        ("0 10 * * mon", 5, False),
        ("0 10 * * mon", 4, True),  # five Mondays in thirty days
        ("0 10 * * mon,thu", 4, True),
    ],
)
def test_more_often_than_one_person_may_get_news(rule, most, is_too_often):
    assert schedules.is_too_often(rule, NOW, most) is is_too_often


@given(
    weekdays=st.sets(st.sampled_from(schedules.WEEKDAYS), min_size=1),
    day=st.one_of(st.integers(1, 28).map(str), st.just("last")),
    is_weekly=st.booleans(),
    hour=st.integers(0, 23),
    minute=st.integers(0, 59),
    after=st.datetimes(datetime(2026, 1, 1), datetime(2031, 1, 1)).map(  # noqa: DTZ001
        lambda naive: naive.replace(tzinfo=UTC)
    ),
)
def test_any_form_comes_back_as_it_was(weekdays, day, is_weekly, hour, minute, after):
    repeat = "weekly" if is_weekly else "monthly"
    time = f"{hour:02}:{minute:02}"
    rule, until = schedules.read_form(repeat, sorted(weekdays), day, time, "2032-01-31")
    shown = schedules.form(rule, until)
    assert (shown.repeat, shown.time, shown.until) == (repeat, time, "2032-01-31")
    assert set(shown.weekdays) == (weekdays if is_weekly else set())
    assert shown.month_day == ("" if is_weekly else day)
    times = schedules.next_times(rule, after, 3, until)
    assert times == sorted(set(times))
    assert all(after < moment for moment in times)
    here = [moment.astimezone(BANGKOK) for moment in times]
    assert {(moment.hour, moment.minute) for moment in here} == {(hour, minute)}
    if is_weekly:
        assert {schedules.WEEKDAYS[moment.weekday()] for moment in here} <= weekdays
    else:
        assert all(
            moment.day == int(day) if day != "last" else (moment + timedelta(days=1)).day == 1
            for moment in here
        )
    is_quiet = quiet_hours.is_quiet(times[0])
    assert bool(schedules.problems(rule, until, after)) is is_quiet
