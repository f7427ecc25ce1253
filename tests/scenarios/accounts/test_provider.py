"""The e-learning system at its worst: slow, down, taken names, and moments in between."""

import pytest

from bot.errors import ProviderError
from handlers.line.registration.flow import Step
from models.account import Account, AccountState
from models.outbox import Push
from models.portal import PortalAccount
from tests.chat import words
from tests.scenarios.doubles import DOWN, TAKEN, make_wayward
from tests.scenarios.story import ACTS, NAME, language_of, reach, register, saying, tap

pytestmark = pytest.mark.sql


def calls(platform, endpoint):
    return [call for call in platform.calls if call.endpoint == endpoint]


@pytest.fixture
def tick(clock, engine):
    """Let seconds pass with all that they bring."""

    def pass_by(seconds, step=10):
        for _ in range(0, seconds, step):
            clock.advance(seconds=step)
            engine.sweep()
            engine.drain_accounts()
            engine.drain_pushes()

    return pass_by


def test_a_slow_system_shows_that_an_answer_is_on_its_way(someone, bot, platform):
    chat = someone("มะลิ")
    reach(chat, Step.SUMMARY)
    make_wayward(bot, is_slow=True)
    ACTS[Step.SUMMARY](chat)

    order = [call.endpoint for call in platform.calls][-2:]
    assert order == ["loading", "reply"]
    (loading,) = calls(platform, "loading")
    assert loading.body["chatId"] == chat.user_id
    assert loading.status == 202


def test_a_loading_sign_that_fails_does_not_matter(someone, bot, platform):
    chat = someone("มะลิ")
    reach(chat, Step.SUMMARY)
    make_wayward(bot, is_slow=True)
    platform.faults.add("loading", "500")

    assert "ดูรหัสผ่าน" in (ACTS[Step.SUMMARY](chat) and chat.labels())


def test_a_quick_system_shows_no_sign(someone, platform):
    register(someone("มะลิ"))

    assert calls(platform, "loading") == []


@pytest.mark.parametrize("language", ["th", "en"])
def test_a_system_that_is_down_is_told_and_made_up_for(language, someone, bot, rows, tick, client):
    chat = someone("มะลิ", language)
    reach(chat, Step.SUMMARY)
    make_wayward(bot).errors = [DOWN, DOWN]
    said = words(ACTS[Step.SUMMARY](chat))
    t = language_of(chat)

    assert t("Thank you. Your registration is complete.") in said
    assert t("Your account is being prepared") in said
    assert rows(Account)[0].state is AccountState.PENDING
    assert t("being prepared") in words(chat.posts("a=account"))
    tick(600)
    told = chat.heard()
    assert t("Your account is ready") in words(told)
    assert len(told) == len(calls(chat.platform, "push")) == chat.platform.paid == 1
    (account,) = rows(Account)
    assert (account.state, account.due_at) == (AccountState.ACTIVE, None)
    tap(chat, "Get my link")
    link = chat.opens(t("Show my password")).removeprefix("https://bot.example.test")
    assert client.post(link).status_code == 200
    tick(600)
    assert chat.platform.paid == 1


def test_trying_again_by_hand_needs_no_push(someone, bot, rows, tick):
    chat = someone("มะลิ")
    reach(chat, Step.SUMMARY)
    make_wayward(bot).errors = [DOWN]
    ACTS[Step.SUMMARY](chat)
    chat.taps("ลองอีกครั้ง")

    assert "ดูรหัสผ่าน" in chat.labels()
    tick(300)
    assert chat.platform.paid == 0
    assert len(rows(PortalAccount)) == 1


def test_the_tries_come_at_growing_distances(someone, bot, rows, tick):
    chat = someone("มะลิ")
    reach(chat, Step.SUMMARY)
    provider = make_wayward(bot)
    provider.errors = [DOWN] * 1000
    ACTS[Step.SUMMARY](chat)
    tick(3 * 3600, step=120)

    assert 8 <= len(provider.asked) <= 16
    assert rows(Account)[0].state is AccountState.PENDING
    assert rows(Account)[0].reason == "unreachable"


@pytest.mark.parametrize("times", [1, 2])
def test_a_username_that_is_taken_is_drawn_anew(times, someone, bot, rows):
    chat = someone("มะลิ")
    reach(chat, Step.SUMMARY)
    provider = make_wayward(bot)
    provider.errors = [TAKEN] * times
    said = words(ACTS[Step.SUMMARY](chat))

    assert len(set(provider.asked)) == len(provider.asked) == times + 1
    (account,) = rows(Account)
    assert account.username == provider.asked[-1] == rows(PortalAccount)[0].username
    assert account.username in said
    assert provider.asked[0] not in said


def test_usernames_are_not_drawn_for_ever(someone, bot, rows, tick):
    chat = someone("มะลิ")
    reach(chat, Step.SUMMARY)
    provider = make_wayward(bot)
    provider.errors = [TAKEN] * 5
    said = words(ACTS[Step.SUMMARY](chat))

    assert "กำลังเตรียมบัญชีของคุณ" in said
    assert len(provider.asked) == 5
    tick(300)
    assert rows(Account)[0].state is AccountState.ACTIVE


def test_a_defect_of_the_adapter_is_tried_again(someone, bot, rows, tick):
    chat = someone("มะลิ")
    reach(chat, Step.SUMMARY)
    make_wayward(bot).errors = [ValueError("0812345678")]
    assert ACTS[Step.SUMMARY](chat) == []
    tick(10)

    assert "ดูรหัสผ่าน" in (chat.heard() and chat.labels())
    assert rows(Account)[0].state is AccountState.ACTIVE


def test_a_defect_that_stays_is_told(someone, bot, engine, clock):
    """The registration is committed; silence would leave its owner in the dark for good."""
    chat = someone("มะลิ")
    reach(chat, Step.SUMMARY)
    make_wayward(bot).broken_for = {NAME}
    assert ACTS[Step.SUMMARY](chat) == []
    for _ in range(60):
        clock.advance(seconds=10)
        engine.sweep()
        engine.drain_pushes()

    assert words(chat.heard())


def test_one_account_at_which_the_adapter_breaks_stops_no_other(someone, bot, engine, rows, clock):
    provider = make_wayward(bot)
    provider.errors = [DOWN, DOWN]
    first, second = someone("มะลิ"), someone("กุหลาบ")
    register(first)
    register(second, name=saying("กุหลาบ งามตา"))
    provider.broken_for = {NAME}
    clock.advance(minutes=5)
    engine.drain_accounts()

    assert sorted(account.state for account in rows(Account)) == [
        AccountState.ACTIVE,
        AccountState.PENDING,
    ]


def test_a_tick_while_the_account_is_being_made_is_no_news(someone, bot, engine, rows, tick):
    """The drain meets an account that its owner is just getting: their reply says it all."""
    chat = someone("มะลิ")
    reach(chat, Step.SUMMARY)
    make_wayward(bot).meanwhile = engine.drain_accounts
    ACTS[Step.SUMMARY](chat)

    assert "ดูรหัสผ่าน" in chat.labels()
    tick(60)
    assert [push.cause for push in rows(Push)] == []
    assert chat.platform.paid == 0
    assert len(rows(PortalAccount)) == 1


def test_a_withdrawal_while_the_account_is_being_made_closes_it_there_too(
    someone, bot, engine, rows, tick, clock
):
    chat = someone("มะลิ")
    reach(chat, Step.SUMMARY)
    provider = make_wayward(bot)
    provider.errors = [DOWN]
    ACTS[Step.SUMMARY](chat)
    chat.posts("a=withdraw")
    provider.meanwhile = lambda: tap(chat, "Withdraw")
    clock.advance(minutes=5)
    engine.drain_accounts()
    chat.heard()
    tick(600)

    assert rows(Account)[0].state is AccountState.CLOSED
    assert [theirs.closed_at is not None for theirs in rows(PortalAccount)] in ([], [True])
    assert "พร้อมแล้ว" not in words(chat.heard()), "nobody is told of an account that is closed"


def test_a_closing_that_fails_is_made_up_for(someone, bot, rows, tick):
    chat = someone("มะลิ")
    register(chat)
    make_wayward(bot).closing_errors = [DOWN, ProviderError("busy", retry_after=5.0)]
    chat.posts("a=withdraw")
    said = words(tap(chat, "Withdraw"))

    assert "ปิดบัญชีของคุณแล้ว" in said
    assert rows(Account)[0].state is AccountState.CLOSED
    assert rows(PortalAccount)[0].closed_at is None
    tick(300)
    assert rows(PortalAccount)[0].closed_at is not None
    assert rows(Account)[0].due_at is None
    assert chat.platform.paid == 0
