"""A registration from memory leaves what one by chat leaves: rows, rooms, buttons that work."""

from dataclasses import replace

import pytest
from sqlalchemy import func, select

from models.account import Account
from models.learner import Learner
from models.tables import metadata
from tests.chat import words
from tests.scenarios.story import register, tapping


@pytest.fixture
def left(database, line):
    """What can be seen of what happened: rows, calls, costs, and what stands in the rooms."""

    def look():
        tables = metadata.sorted_tables
        counts = [select(func.count()).select_from(table) for table in tables]
        return (
            database.read(lambda s: [s.scalar(count) for count in counts]),
            [(call.endpoint, call.status) for call in line.calls],
            (line.free, line.paid, [delivery.status for delivery in line.deliveries]),
            [[bubble.text for bubble in line.room(person.user_id)] for person in line.people],
            [(person.friend, person.wrote_at) for person in line.people],
        )

    return look


_seen: list[object] = []


@pytest.mark.parametrize("time", ["by chat", "for the memory", "from memory"])
def test_it_is_the_same_every_time(time, someone, left, rows):
    chat = someone("มะลิ")
    if time == "by chat":
        chat.memory = None
    said = words(register(chat))
    (account,) = rows(Account)
    assert account.username in said
    _seen.append((said.replace(account.username, "..."), chat.labels(), left()))
    assert _seen[-1] == _seen[0]
    assert account.username in words(chat.says("บัญชีของฉัน"))
    register(someone("ชบา"))
    assert len(rows(Learner)) == 2


def test_other_acts_are_another_memory(someone, left):
    refusing, agreeing = tapping("No, thank you"), tapping("Yes, please")
    assert refusing == tapping("No, thank you") != agreeing
    register(someone("มะลิ"), line_news=agreeing)
    assert left()[0] != _seen[0][2][0]


def later(clock, **_):
    clock.advance(days=4711)


def elsewhere(bot, **_):
    bot.settings = replace(bot.settings, public_url="https://another.example.test")


def slower(line, **_):
    line.latency = 0.001


def another_provider(bot, **_):
    bot.provider.create = bot.provider.create


def somebody_before(someone, **_):
    someone("ชบา").adds_the_account()


@pytest.mark.parametrize("touch", [later, elsewhere, slower, another_provider, somebody_before])
def test_where_something_is_otherwise_it_happens(touch, someone, clock, bot, line):
    chat = someone("มะลิ")
    if chat.memory is None:
        pytest.skip("the memory is of SQLite's file")
    touch(someone=someone, clock=clock, bot=bot, line=line)
    happened = []
    chat.memory.registered(chat, {}, lambda: happened.append(chat) or [])
    assert happened == [chat]


@pytest.mark.usefixtures("by_chat")
def test_whoever_wants_to_see_it_happen_does(someone):
    assert someone("มะลิ").memory is None
