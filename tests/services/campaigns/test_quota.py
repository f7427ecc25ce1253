"""The month's messages: readings, what campaigns may have of them, prices, the month's end."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from bot.errors import DeliveryError, SettingsError
from bot.line.sending import MAX_RECIPIENTS, multicast_body, push_body, shortage
from bot.receipts import Shortage
from bot.runtime import quota_reading
from bot.services.campaigns.sending import quota
from bot.settings import Settings
from models.mail import Mail
from models.rate_limit import QuotaReading

WORDS = '[{"type":"text","text":"ข่าว"}]'.encode()


@pytest.fixture
def read(database):
    """Have LINE's figures be so at some moment."""

    def make(limit, used, at):
        database.write(lambda session: quota.record(session, limit, used, at))

    return make


@pytest.fixture
def left(database, settings, clock):
    def ask(promised=0, **changes):
        chosen = replace(settings, **changes)
        return database.read(
            lambda session: quota.left_for_campaigns(session, chosen, clock(), promised)
        )

    return ask


def test_the_reserve_and_what_is_promised_are_kept(read, left, clock):
    read(1000, 300, clock())
    assert left(quota_reserve=100) == 600
    assert left(quota_reserve=100, promised=250) == 350
    assert left(quota_reserve=100, promised=600) == 0
    assert left(quota_reserve=800) == 0


def test_no_limit_is_said_and_no_figures_are_nothing_to_spend(read, left, clock):
    assert left() == 0
    read(None, 300, clock())
    assert left() is None
    clock.advance(minutes=59)
    assert left() is None
    clock.advance(minutes=2)
    assert left() == 0


def test_a_day_keeps_its_last_figures(read, database, clock):
    first = clock()
    read(1000, 300, first)
    read(1000, 310, first + timedelta(minutes=3))
    read(1000, 305, first + timedelta(minutes=1))  # it came late
    read(1000, 400, first + timedelta(days=1))
    read(1000, 900, first + timedelta(days=450))
    rows = database.read(lambda session: list(session.scalars(select(QuotaReading))))

    assert [(row.used, row.day) for row in rows] == [(900, date(2028, 2, 16))]
    read(1000, 310, first + timedelta(days=451))
    rows = database.read(lambda session: list(session.scalars(select(QuotaReading))))
    assert [row.used for row in rows] == [900, 310]


@pytest.mark.parametrize(
    ("messages", "included", "price", "satang"),
    [(100, 200, "0.10", 0), (300, 200, "0.10", 1000), (300, 0, "0.06", 1800), (1, 0, "0.0451", 5)],
)
def test_what_the_fee_does_not_cover_costs(settings, messages, included, price, satang):
    chosen = replace(settings, line_extra_price=Decimal(price))
    assert quota.cost_in_satang(messages, included, chosen) == satang


def test_what_is_included_is_used_up_first(read, database, settings, clock):
    read(20_000, 14_000, clock())
    chosen = replace(settings, line_included=15_000)
    included = database.read(
        lambda session: quota.included_left(session, chosen, clock(), promised=400)
    )
    assert included == 600


def here(text):
    """A moment in Thailand."""
    return datetime.fromisoformat(f"{text}+07:00").astimezone(UTC)


@pytest.fixture
def forecast(database, settings):
    chosen = replace(settings, line_included=15_000, line_extra_price=Decimal("0.10"))

    def ask(now, **known):
        return database.read(lambda session: quota.forecast(session, chosen, now, **known))

    return ask


def test_the_months_end_is_linear(read, forecast):
    read(35_000, 10_000, here("2026-11-10 00:00"))
    found = forecast(here("2026-11-10 00:05"))
    assert (found.messages, found.satang) == (33_333, 18_333 * 10)
    assert not found.is_short


@pytest.mark.parametrize(
    ("announced", "planned", "messages"),
    [
        (0, 0, 20_000),
        (10_000, 0, 10_000),  # one announcement is no pace
        (9_000, 0, 9_000 + 2_000),
        (9_000, 6_000, 17_000),
        (0, 500, 20_500),
        (12_000, 0, 10_000),  # LINE's figure is a little behind ours
    ],
)
def test_announcements_are_counted_once_and_the_approved_ones_added(
    announced, planned, messages, read, forecast
):
    read(15_000, 10_000, here("2026-11-16 00:00"))
    found = forecast(here("2026-11-16 00:05"), announced=announced, planned=planned)
    assert found.messages == messages
    assert found.planned == planned
    assert found.is_short == (messages > 15_000)


def test_a_short_month_is_said(read, forecast):
    read(15_000, 10_000, here("2026-11-16 00:00"))
    assert forecast(here("2026-11-16 00:05")).is_short


def test_last_months_figures_say_nothing_of_this_one(read, forecast):
    read(15_000, 10_000, here("2026-10-31 23:58"))
    assert forecast(here("2026-11-01 00:02")) is None
    read(15_000, 10_000, here("2026-11-01 00:02"))
    assert forecast(here("2026-11-01 00:05")) is None, "LINE's month has not begun yet"
    read(15_000, 40, here("2026-11-01 03:00"))
    found = forecast(here("2026-11-01 03:00"))
    assert found.messages == 40 * 30, "the first hours are not blown up to a month"


def test_the_job_reads_line(bot, line, database):
    line.usage.quota = 500
    assert quota_reading.read(bot)
    line.usage.count_paid("push", 7, bot.clock())
    assert quota_reading.read(bot)
    reading = database.read(lambda session: quota.latest(session, bot.clock()))
    assert (reading.limit, reading.used, reading.at) == (500, 7, bot.clock())

    line.faults.add("quota", "500")
    assert not quota_reading.read(bot)
    line.usage.quota = None
    assert quota_reading.read(bot)
    assert database.read(lambda session: quota.latest(session, bot.clock())).limit is None


def test_the_owner_is_told_once_a_day(bot, line, database, clock):
    bot.settings = replace(bot.settings, owner_email="owner@example.test")
    for _ in range(3):
        quota_reading.used_up(bot)
    clock.advance(days=1)
    quota_reading.used_up(bot)

    assert len(database.read(lambda session: list(session.scalars(select(Mail.id))))) == 2


@pytest.mark.parametrize(
    ("words", "limit", "used", "recipients", "meant"),
    [
        ("The API rate limit has been exceeded. Try again later.", 500, 10, 1, Shortage.RATE),
        ("You have reached your monthly limit.", 500, 500, 1, Shortage.QUOTA),
        ("You have reached your monthly limit.", 500, 100, 500, Shortage.QUOTA),
        ("You have reached your monthly limit.", 500, 100, 1, Shortage.RESERVED),
        ("You have reached your monthly limit.", None, 100, 1, Shortage.RESERVED),
        ("words that LINE has changed", 500, 500, 1, Shortage.QUOTA),
        ("words that LINE has changed", 500, 10, 1, Shortage.RATE),
        ("You have reached your monthly limit.", None, None, 1, Shortage.QUOTA),
        ("words that LINE has changed", None, None, 1, Shortage.RATE),
    ],
)
def test_one_status_and_three_meanings(words, limit, used, recipients, meant):
    assert shortage(words, limit, used, recipients) is meant


@pytest.mark.parametrize("quota_left", [0, 100, None])
def test_the_gateway_asks_what_a_429_meant(bot, line, quota_left):
    line.usage.quota = quota_left
    line.faults.add("multicast", "429_quota")
    body = multicast_body(["U" + "1" * 32], WORDS)
    with pytest.raises(DeliveryError) as refused:
        bot.gateway.multicast(body, "00000000-0000-4000-8000-000000000000")
    meant = bot.gateway.shortage(refused.value, 1)

    assert meant is (Shortage.QUOTA if quota_left == 0 else Shortage.RESERVED)
    assert not refused.value.permanent
    assert not refused.value.unknown


def test_a_multicast_is_the_same_bytes_and_done_once(someone, bot, line):
    people = [someone(name) for name in ("มะลิ", "Ben")]
    for person in people:
        person.adds_the_account()
    key = "00000000-0000-4000-8000-000000000001"
    body = multicast_body([person.user_id for person in people], WORDS, "unit_1")
    assert body == multicast_body([person.user_id for person in people], WORDS, "unit_1")

    first = bot.gateway.multicast(body, key)
    again = bot.gateway.multicast(body, key)

    sent = [call for call in line.calls if call.endpoint == "multicast"]
    assert [call.status for call in sent] == [200, 409]
    assert first.request_id == sent[0].request_id
    assert not first.was_accepted_before
    assert (again.request_id, again.was_accepted_before) == (sent[0].request_id, True)
    assert sent[0].body["customAggregationUnits"] == ["unit_1"]


def test_bad_messages_are_found_without_sending(bot, line):
    bot.gateway.validate("multicast", [{"type": "text", "text": "ดี"}])
    with pytest.raises(DeliveryError) as refused:
        bot.gateway.validate("multicast", [{"type": "text", "text": ""}])
    assert "messages[0].text" in refused.value.reason
    assert line.paid == 0


def test_opens_and_clicks_are_asked_by_unit(bot, line):
    found = bot.gateway.aggregation("unit_1", date(2026, 11, 1), date(2026, 11, 30))
    assert found["overview"]["uniqueImpression"] is None


def test_a_multicast_has_recipients_and_not_too_many():
    for count in (0, MAX_RECIPIENTS + 1):
        with pytest.raises(ValueError, match="recipients"):
            multicast_body(["U"] * count, WORDS)


def test_a_pushs_bytes_are_what_was_stored():
    assert push_body("U1", b'[{"a":1}]') == b'{"to":"U1","messages":[{"a":1}]}'


@pytest.mark.parametrize("price", ["-1", "0,06", "abc", "1e3", "NaN"])
def test_a_price_is_checked(price):
    with pytest.raises(SettingsError) as refused:
        Settings.from_env({"LINE_EXTRA_PRICE": price})
    assert "LINE_EXTRA_PRICE" in {problem.name for problem in refused.value.problems}
