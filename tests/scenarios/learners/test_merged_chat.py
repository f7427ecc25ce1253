"""What the owner of a merged registration reads: at once, when they write, and after an undo."""

import pytest

from bot.services.learners import merging
from models.account import Account
from models.learner import Learner
from models.mail import Mail
from tests.chat import words
from tests.scenarios.story import register, tap
from tests.services.learners.merging import MEMBER, flag

pytestmark = pytest.mark.sql


@pytest.fixture
def pair(bot, line, someone, rows):
    """Ben registered from two phones; the older one is closed."""
    kept, closed = someone("Ben", "en"), someone("Benny", "en")
    register(kept)
    [kept_id] = [row.id for row in rows(Learner)]
    register(closed)
    [closed_id] = [row.id for row in rows(Learner) if row.id != kept_id]
    bot.database.write(lambda session: flag(session, kept_id, closed_id, bot.clock()))
    return closed, kept_id, closed_id


@pytest.fixture
def merged(bot, pair):
    closed, kept_id, closed_id = pair
    row = bot.database.write(
        lambda s: merging.merge(s, kept_id, closed_id, bot.settings, MEMBER, bot.clock())
    )
    assert not isinstance(row, tuple), row
    return closed, row


USE = "We merged this account with your other one."


def test_they_hear_at_once_and_whenever_they_write(merged, engine, rows):
    chat, _ = merged
    engine.drain_pushes()
    said = words(chat.heard())
    assert USE in said
    assert "tell us before" in said
    for typed in ("hello", "my account", "forgot password"):
        said = words(chat.says(typed))
        assert USE in said, typed
        assert "welcome back" not in said
    names = [row.username for row in rows(Account)]
    everything = words(chat.bubbles()[-5:])
    assert not [name for name in names if name in everything], "it may be somebody else's"


def test_after_an_undo_they_hear_that_all_is_as_before(merged, bot, engine, rows):
    chat, row = merged
    engine.drain_pushes()
    chat.heard()
    assert bot.database.write(lambda s: merging.undo(s, row.id, bot.settings, MEMBER, bot.clock()))
    engine.drain_pushes()
    said = words(chat.heard())
    assert "Everything is as before" in said
    assert "password" in said
    assert "parted" in {mail.template for mail in rows(Mail)}
    assert USE not in words(chat.says("my account"))
    assert "English Planet menu" in words(chat.says("hello"))


def test_whoever_closes_their_own_account_later_is_not_told_of_a_merge(merged, bot, engine):
    chat, row = merged
    bot.database.write(lambda s: merging.undo(s, row.id, bot.settings, MEMBER, bot.clock()))
    bot.clock.advance(hours=1)
    chat.posts("a=close")
    tap(chat, "Close account")
    said = words(chat.says("hello"))
    assert USE not in said
    assert "welcome back" in said
