"""What a chat, a link or a broken row must not do any more after the facts behind it changed."""

import pytest
from sqlalchemy import update

from bot.services.consent.consents import ConsentStatement
from bot.services.delivery import outbox
from bot.services.people import people
from bot.services.subscriptions import subscriptions
from bot.texts import translator
from handlers.line import rights as rights_flow
from models.account import Account
from models.base import new_id
from models.consent import Purpose
from models.conversation import Conversation
from models.learner import AgeBand, Learner
from models.one_time_token import OneTimeToken
from models.outbox import Push, PushState
from models.privacy import PrivacyRequest
from models.subscription import Channel
from tests.chat import words
from tests.news import Subscriber
from tests.scenarios.auth.resetting import reset, settle
from tests.scenarios.guardians.guardian_story import agrees, asks, finishes
from tests.scenarios.learners.relinking import code_of
from tests.scenarios.story import register, tap

pytestmark = pytest.mark.sql

NEW_ADDRESS = "somebody.else@gmail.com"


def test_an_address_put_in_before_a_freeze_is_not_confirmed_after_it(
    someone, app, bot, engine, rows, database
):
    """Whoever was at the account would move it to their own LINE with that address later."""
    chat = someone("มะลิ")
    shown, _ = settle(chat, app)
    chat.posts("a=change&item=email")
    chat.says(NEW_ADDRESS)
    tap(chat, "Save")
    reset(chat, app)
    engine.drain_pushes()
    chat.heard()
    tap(chat, "Freeze my account")
    runner = app.test_cli_runner()
    assert runner.invoke(args=["account-unfreeze", shown.username]).exit_code == 0

    waiting = rows(OneTimeToken, OneTimeToken.purpose == "email_confirm")
    assert len(waiting) == 2, "of the welcome, and of the new address"
    assert all(token.replaced_at is not None for token in waiting)
    address = database.read(lambda session: session.query(Learner).one().email)
    assert address != NEW_ADDRESS


def test_a_repeated_answer_gives_the_old_chat_no_link_to_the_data(someone, app, bot, rows):
    """A worker died before it answered; meanwhile the account moved to another LINE account."""
    old = someone("มะลิ")
    _, browser = settle(old, app)
    old.posts("a=rights_download")
    (request,) = rows(PrivacyRequest)
    was = {"request": request.id, "event_id": "e1", "person": _person_of(bot, old)}
    new = someone("มะลิเครื่องใหม่")
    new.adds_the_account()
    new.says(code_of(browser))

    said = rights_flow.hand_over(bot, was, _thai())
    assert said.now == said.later == []
    still = rights_flow.hand_over(bot, {**was, "person": _person_of(bot, new)}, _thai())
    assert len(still.now) == 1


def test_a_former_guardian_gets_no_link_to_the_childs_data(someone, bot, rows):
    child, guardian = someone("น้ำผึ้ง"), someone("แม่")
    agrees(guardian, asks(child, "up_to_10"))
    finishes(child, news=None)
    guardian.says("my children")
    tap(guardian, "See and download data")
    (request,) = rows(PrivacyRequest)
    wish = {"request": request.id, "event_id": "e1", "person": _person_of(bot, guardian)}
    assert len(rights_flow.hand_over(bot, wish, _thai()).now) == 1
    assert rights_flow.hand_over(bot, {**wish, "person": _person_of(bot, child)}, _thai()).now == []
    tap(guardian, "Withdraw")
    tap(guardian, "Withdraw")

    assert rights_flow.hand_over(bot, wish, _thai()).now == []


def test_a_push_that_cannot_be_read_holds_up_no_other(someone, bot, engine, database, rows, clock):
    chats = [someone("มะลิ"), someone("กุหลาบ")]
    for chat in chats:
        chat.adds_the_account()
        clock.advance(seconds=1)

    def queue(session):
        for number, chat in enumerate(chats):
            outbox.queue(
                session,
                cause=f"c{number}",
                person=new_id(),
                to=chat.user_id,
                messages=[{"type": "text", "text": "x"}],
                now=clock(),
            )

    database.write(queue)

    def break_the_first(session):
        session.query(Push).filter(Push.cause == "c0").one().messages_sealed = b"broken"

    database.write(break_the_first)
    engine.drain_pushes()
    engine.drain_pushes()

    assert {push.cause: push.state for push in rows(Push)} == {
        "c0": PushState.FAILED,
        "c1": PushState.SENT,
    }


@pytest.mark.parametrize("band", list(AgeBand))
def test_an_objection_ends_with_the_wish_of_whoever_decides(band, bot, line, rows, clock):
    """Up to ten years the child's objection holds until the guardian, who decides, wishes news."""
    reader = Subscriber(bot, line, Channel.LINE, age_band=band)
    reader.chat.posts("a=rights_object")

    def objected(actor):
        clock.advance(seconds=1)

        def say(session):
            person = session.get_one(Conversation, reader.subject_id)
            said = ConsentStatement("x", actor=actor)
            subscriptions.start(session, person, Purpose.LINE_NEWS, said, bot.settings, clock())

        bot.database.write(say)
        return rows(Learner)[0].objected_at is not None

    other, decider = ("self", "guardian") if band is AgeBand.UP_TO_10 else ("guardian", "self")
    assert objected(other)
    assert not objected(decider)


def _person_of(bot, chat):
    return people.pseudonym(bot.keyring, chat.user_id)


def _thai():
    return translator("th")


@pytest.mark.parametrize("wish", ["rights_download", "rights_erase", "withdraw", "close"])
def test_a_frozen_account_is_neither_ended_nor_shown_from_the_chat(wish, someone, bot, rows):
    """Somebody else may be in this chat, before the question or between it and the answer."""
    chat = someone("มะลิ")
    register(chat)
    chat.posts(f"a={wish}")
    labels = {"rights_erase": "Erase everything", "withdraw": "Withdraw", "close": "Close account"}
    bot.database.write(
        lambda session: session.execute(update(Account).values(state="frozen")) and None
    )
    if wish in labels:
        assert "ถูกล็อก" in words(tap(chat, labels[wish]))
    assert "ถูกล็อก" in words(chat.posts(f"a={wish}"))

    assert [learner.state for learner in rows(Learner)] == ["active"]
    assert [account.state for account in rows(Account)] == ["frozen"]
    assert rows(PrivacyRequest, PrivacyRequest.kind == "erase") == []
