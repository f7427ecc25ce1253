"""Defects of our own: the person hears an apology, the event is not lost, neighbours are fine."""

import pytest
from sqlalchemy.exc import OperationalError

from bot.dispatch import Flow, HandlerResult
from bot.line import messages as line_messages
from handlers.line.registration.flow import Step
from models.conversation import Conversation
from models.inbox import EventState, WebhookEvent
from models.inquiry import Inquiry
from tests.chat import words
from tests.scenarios.doubles import add_flow
from tests.scenarios.story import PHONE, language_of, question, reach

pytestmark = pytest.mark.sql

SORRY = {"th": "ระบบของเราขัดข้อง", "en": "something went wrong on our side"}


@pytest.fixture
def broken(bot):
    """A bot with a conversation that fails in several ways; the list counts its calls."""
    flow = Flow("broken")
    calls = []

    @flow.entry("raises")
    def raises(event, ctx):
        calls.append(event.id)
        ctx.conversation.language_chosen = True
        ctx.session.add(
            Inquiry(
                id="f" * 32,
                conversation_id=ctx.conversation.id,
                topic="half done",
                created_at=ctx.now,
            )
        )
        ctx.session.flush()
        raise RuntimeError("ความลับ 0812345678")

    @flow.entry("unlucky")
    def unlucky(event, ctx):
        calls.append(event.id)
        if len(calls) < 3:
            raise OperationalError("SELECT", {}, Exception("connection lost"))
        return HandlerResult((line_messages.text("third time lucky"),))

    @flow.entry("poison")
    def poison(event, ctx):
        calls.append(event.id)
        raise OperationalError("SELECT", {}, Exception("connection lost"))

    @flow.entry("unspeakable")
    def unspeakable(event, ctx):
        calls.append(event.id)
        return HandlerResult(({"type": "text", "text": ""},))

    @flow.entry("too_much")
    def too_much(event, ctx):
        return HandlerResult(tuple(line_messages.text(f"message {number}") for number in range(9)))

    @flow.entry("silent")
    def silent(event, ctx):
        return HandlerResult()

    add_flow(bot, flow)
    return calls


@pytest.mark.parametrize("language", ["th", "en"])
def test_a_handler_that_raises_ends_in_an_apology(language, someone, broken, rows, capsys):
    chat = someone("มะลิ", language)
    reach(chat, Step.PHONE)
    said = words(chat.posts("a=raises"))

    assert SORRY[language] in said
    assert len(set(broken)) == 1
    assert rows(Inquiry) == [], "its transaction is undone"
    (conversation,) = rows(Conversation)
    assert conversation.step == Step.PHONE
    assert not conversation.language_chosen
    assert {event.state for event in rows(WebhookEvent)} == {EventState.DONE}
    assert question(language_of(chat), Step.EMAIL) in words(chat.says(PHONE)), "nothing is lost"
    logged = capsys.readouterr()
    assert "0812345678" not in logged.out + logged.err
    assert "ความลับ" not in logged.out + logged.err


def test_somebody_new_gets_the_apology_too(someone, broken):
    assert SORRY["th"] in words(someone("มะลิ").posts("a=raises"))


def test_neighbours_in_the_same_delivery_are_answered(someone, line, post, broken, clock):
    first, second = someone("มะลิ"), someone("กุหลาบ")
    bad = line.postback(first.user_id, "a=raises", deliver_now=False)
    clock.advance(milliseconds=5)
    after = line.text(first.user_id, "ช่วยเหลือ", deliver_now=False)
    good = line.text(second.user_id, "ช่วยเหลือ", deliver_now=False)
    assert post(bad, good, after) == 200

    assert "พิมพ์คำเหล่านี้ได้เลย" in words(second.heard())
    sorry, helped = first.heard()
    assert SORRY["th"] in words([sorry])
    assert "พิมพ์คำเหล่านี้ได้เลย" in words([helped])


def test_a_database_that_comes_back_costs_nobody_their_answer(
    someone, broken, engine, clock, platform
):
    chat = someone("มะลิ")
    chat.adds_the_account()
    assert chat.posts("a=unlucky") == []
    for _ in range(60):
        clock.advance(seconds=1)
        engine.sweep()

    assert words(chat.heard()) == "third time lucky"
    assert len(set(broken)) == 1
    assert platform.paid == 0


def test_a_poisonous_event_is_given_up_and_does_not_stand_in_the_way(
    someone, broken, engine, clock, rows
):
    chat = someone("มะลิ")
    chat.adds_the_account()
    clock.advance(milliseconds=5)
    assert chat.posts("a=poison") == []
    clock.advance(milliseconds=5)
    assert chat.says("ช่วยเหลือ") == [], "its turn has not come"
    for _ in range(40):
        clock.advance(seconds=5)
        engine.sweep()
        engine.drain_pushes()

    tried = len(broken)
    clock.advance(hours=1)
    engine.sweep()
    assert len(broken) == tried, "nobody tries it again"
    states = [event.state for event in rows(WebhookEvent)]
    assert sorted(states) == [EventState.DONE, EventState.DONE, EventState.FAILED]
    assert all(event.payload_sealed is None for event in rows(WebhookEvent))
    assert "พิมพ์คำเหล่านี้ได้เลย" in words(chat.heard())


def test_the_person_is_told_that_an_event_was_given_up(someone, broken, engine, clock):
    """EventState.FAILED promises it: "given up after several tries; the person was told"."""
    chat = someone("มะลิ")
    chat.adds_the_account()
    chat.posts("a=poison")
    for _ in range(40):
        clock.advance(seconds=5)
        engine.sweep()
        engine.drain_pushes()

    assert SORRY["th"] in words(chat.heard())


def test_words_that_line_refuses_are_replaced_by_an_apology(someone, broken, rows, platform):
    chat = someone("มะลิ")
    chat.adds_the_account()
    said = words(chat.posts("a=unspeakable"))

    assert SORRY["th"] in said
    assert [call.status for call in platform.calls if call.endpoint == "reply"] == [200, 400, 200]
    assert {event.state for event in rows(WebhookEvent)} == {EventState.DONE}


def test_more_messages_than_line_takes_are_cut_to_five(someone, broken):
    assert len(someone("มะลิ").posts("a=too_much")) == 5


def test_a_handler_may_say_nothing(someone, broken, rows):
    assert someone("มะลิ").posts("a=silent") == []
    assert {event.state for event in rows(WebhookEvent)} == {EventState.DONE}
