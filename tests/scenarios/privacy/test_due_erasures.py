"""Whoever withdrew was told a day: by then all is erased, whether or not staff think of it."""

import pytest

from bot.services.accounts import holds
from bot.services.privacy import requests
from models.account import Account
from models.learner import Learner
from models.privacy import Erasure, PrivacyRequest
from tests.chat import words
from tests.scenarios.guardians.guardian_story import agrees, asks, finishes
from tests.scenarios.story import register, tap

pytestmark = pytest.mark.sql

LANGUAGES = pytest.mark.parametrize("language", ["th", "en"])


@pytest.fixture
def order(database, clock, rows):
    """A court's order that the only learner's data be kept; call it to have it lifted."""

    def place():
        (learner,) = rows(Learner)
        hold = database.write(
            lambda session: (
                holds.place(session, learner.id, "x", may_tell=True, actor="staff", now=clock()).id
            )
        )
        return lambda: database.write(
            lambda session: holds.release(session, hold, actor="staff", now=clock())
        )

    return place


def withdraws(chat):
    chat.posts("a=withdraw")
    tap(chat, "Withdraw")


@LANGUAGES
def test_whoever_withdrew_is_erased_in_time(language, someone, engine, clock, rows):
    chat = someone("มะลิ", language)
    register(chat)
    withdraws(chat)
    clock.advance(days=82, hours=23)
    assert engine.erase_due() == 0
    assert len(rows(Learner)) == 1
    clock.advance(hours=1)
    assert engine.erase_due() == 1
    assert engine.erase_due() == 0, "done once"

    assert rows(Learner) == rows(Account) == []
    assert len(rows(Erasure)) == 1
    (erase,) = rows(PrivacyRequest, PrivacyRequest.kind == "erase")
    assert erase.state == "done"
    assert clock() < erase.due_at
    engine.drain_pushes()
    assert requests.number(erase.id) in words(chat.heard()), "and told of it"


def test_a_guardians_withdrawal_is_kept_to_as_well(someone, engine, clock, rows):
    child, guardian = someone("น้ำผึ้ง"), someone("แม่")
    agrees(guardian, asks(child, "up_to_10"))
    finishes(child)
    guardian.says("my children")
    tap(guardian, "Withdraw")
    tap(guardian, "Withdraw")
    clock.advance(days=83)

    assert engine.erase_due() == 1
    assert rows(Learner) == []


def test_an_order_stops_it_and_its_end_lets_it_happen(someone, engine, clock, rows, order):
    chat = someone("มะลิ")
    register(chat)
    withdraws(chat)
    lift = order()
    clock.advance(days=100)
    assert engine.erase_due() == 0
    assert len(rows(Learner)) == 1
    lift()
    assert engine.erase_due() == 1
    assert rows(Learner) == []


def test_a_wish_that_an_order_held_back_is_done_once_it_is_lifted(someone, engine, rows, order):
    chat = someone("มะลิ")
    register(chat)
    lift = order()
    chat.posts("a=rights_erase")
    tap(chat, "Erase everything")
    assert engine.erase_due() == 0
    lift()

    assert engine.erase_due() == 1
    assert rows(Learner) == []


def test_one_that_fails_holds_up_no_other(someone, engine, clock, rows, database):
    for name in ("มะลิ", "กุหลาบ"):
        chat = someone(name)
        register(chat)
        withdraws(chat)
    clock.advance(days=83)
    broken = rows(Learner)[0]

    def break_it(session):
        learner = session.get_one(Learner, broken.id)
        learner.line_user_id_sealed = b"no seal of ours"

    database.write(break_it)
    assert engine.erase_due() == 2

    assert [learner.id for learner in rows(Learner)] == [broken.id]
