"""The free reply first; what it cannot carry becomes one push, and nothing is said twice."""

import json
import re

import pytest

from handlers.line.registration.flow import Step
from models.account import Account
from models.inbox import EventState, WebhookEvent
from models.outbox import Push, PushState
from models.secret_link import SecretLink
from tests.chat import words
from tests.scenarios.story import ACTS, reach, register

pytestmark = pytest.mark.sql


def calls(platform, endpoint):
    return [call for call in platform.calls if call.endpoint == endpoint]


@pytest.fixture
def later(clock, engine):
    """Let time pass in small steps, with every tick that comes in it."""

    def pass_by(seconds):
        for _ in range(seconds):
            clock.advance(seconds=1)
            engine.sweep()
            engine.drain_pushes()

    return pass_by


def test_a_reply_is_free_and_costs_one_call(someone, platform, engine):
    chat = someone("มะลิ")
    chat.adds_the_account()

    assert len(calls(platform, "reply")) == 1
    assert engine.sweep() == engine.drain_pushes() == 0
    assert calls(platform, "push") == []
    assert platform.paid == 0


def test_an_expired_token_becomes_one_push(someone, line, later, rows):
    chat = someone("มะลิ")
    chat.adds_the_account()
    line.faults.add("reply", "token_expired")
    assert chat.says("เมนู") == []
    (push,) = rows(Push)
    assert push.state is PushState.QUEUED
    later(3)

    said = chat.heard()
    assert "English Planet" in words(said)
    assert "สมัครเรียน" in chat.labels(), "the push has the same buttons"
    assert line.paid == 1
    (call,) = calls(line, "push")
    assert call.retry_key == push.retry_key
    later(70)
    assert chat.heard() == []
    assert line.paid == 1


@pytest.mark.parametrize("fault", ["lost_response", "500_after_accept"])
def test_an_answer_that_arrived_unnoticed_is_not_repeated(fault, someone, line, later, rows):
    chat = someone("มะลิ")
    chat.adds_the_account()
    line.faults.add("reply", fault)
    assert len(chat.says("เมนู")) == 1
    later(70)

    assert chat.heard() == []
    assert line.paid == 0
    assert rows(Push) == []
    assert {event.state for event in rows(WebhookEvent)} == {EventState.DONE}


@pytest.mark.parametrize("fault", ["500", "429_rate"])
@pytest.mark.parametrize("times", [1, 2, 3])
def test_a_refusal_is_tried_again_while_the_token_lives(fault, times, someone, line, later):
    chat = someone("มะลิ")
    chat.adds_the_account()
    line.faults.add("reply", fault, times)
    assert chat.says("เมนู") == []
    later(40)

    assert len(chat.heard()) == 1
    assert line.paid == 0
    assert calls(line, "push") == []


@pytest.mark.parametrize("fault", ["500", "429_rate"])
def test_a_long_refusal_ends_in_one_push(fault, someone, line, later, rows):
    chat = someone("มะลิ")
    chat.adds_the_account()
    line.faults.add("reply", fault, 50)
    chat.says("เมนู")
    later(120)

    assert len(chat.heard()) == 1
    assert line.paid == 1
    assert [push.state for push in rows(Push)] == [PushState.SENT]


def test_what_comes_after_a_refused_answer_waits_for_it(someone, line, later, clock):
    chat = someone("มะลิ")
    reach(chat, Step.NAME)
    line.faults.add("reply", "500")
    clock.advance(milliseconds=5)
    assert chat.says("สมชาย ใจดี") == []
    clock.advance(milliseconds=5)
    assert chat.says("0812345678") == [], "its turn has not come"
    later(10)

    first, second = chat.heard()
    assert "เบอร์โทรศัพท์" in words([first])
    assert "อีเมล" in words([second])


def test_an_event_that_waited_for_the_sweep_is_answered_too(someone, line, app, clock, later):
    """Stored by a process that died at once: the first try to answer comes from the sweep."""
    chat = someone("มะลิ")
    chat.adds_the_account()
    event = line.text(chat.user_id, "เมนู", deliver_now=False)
    body = line.webhooks.body([event])
    headers = line.webhooks.headers(body)
    assert app.test_client().post("/line/webhook", data=body, headers=headers).status_code == 200
    later(10)

    assert len(chat.heard()) == 1
    assert line.paid == 0


def test_a_dead_token_at_the_first_try_of_a_sweep_is_no_sign_of_success(someone, line, app, later):
    """Nobody has tried to answer before, so "Invalid reply token" cannot mean "answered"."""
    chat = someone("มะลิ")
    chat.adds_the_account()
    event = line.text(chat.user_id, "เมนู", deliver_now=False)
    body = line.webhooks.body([event])
    headers = line.webhooks.headers(body)
    assert app.test_client().post("/line/webhook", data=body, headers=headers).status_code == 200
    line.faults.add("reply", "token_expired")
    later(60)

    assert len(chat.heard()) == 1, "as a push"


def test_an_event_found_after_hours_is_answered_by_push(someone, line, app, later, clock):
    chat = someone("มะลิ")
    chat.adds_the_account()
    event = line.text(chat.user_id, "เมนู", deliver_now=False)
    body = line.webhooks.body([event])
    headers = line.webhooks.headers(body)
    app.test_client().post("/line/webhook", data=body, headers=headers)
    clock.advance(hours=3)
    later(5)

    assert len(chat.heard()) == 1
    assert line.paid == 1


def links(all_words):
    """Where a one-time link could stand: in any column of any table. A mail's gap is none yet."""
    return [row for row in all_words().splitlines() if re.search(r"/s/(?!email/\{link\})", row)]


def test_a_refused_reply_takes_no_link_along(someone, line, later, rows, all_words, client):
    chat = someone("มะลิ")
    reach(chat, Step.SUMMARY)
    line.faults.add("reply", "token_expired")
    ACTS[Step.SUMMARY](chat)
    assert links(all_words) == []
    later(5)

    said = chat.heard()
    assert "สมัครเรียบร้อยแล้ว" in words(said)
    assert "/s/" not in json.dumps([bubble.message for bubble in said])
    assert all("/s/" not in json.dumps(call.body) for call in calls(line, "push"))
    assert links(all_words) == []
    assert line.paid == 1
    chat.taps("รับลิงก์")
    link = chat.opens("ดูรหัสผ่าน").removeprefix("https://bot.example.test")
    assert client.post(link).status_code == 200
    assert len(rows(Account)) == 1


def test_the_link_is_in_no_column_at_any_time(someone, line, later, all_words):
    chat = someone("มะลิ")
    reach(chat, Step.SUMMARY)
    line.faults.add("reply", "500")
    ACTS[Step.SUMMARY](chat)
    assert links(all_words) == []
    later(10)
    shown = chat.heard() and chat.opens("ดูรหัสผ่าน")
    token = shown.rpartition("/")[2].partition("?")[0]

    assert len(token) >= 43
    assert token not in all_words()


@pytest.mark.parametrize("fault", ["lost_response", "500_after_accept"])
def test_the_link_that_arrived_unnoticed_still_opens(fault, someone, line, later, rows, client):
    """Trying again must not kill the link that the person holds in their hand."""
    chat = someone("มะลิ")
    reach(chat, Step.SUMMARY)
    line.faults.add("reply", fault)
    ACTS[Step.SUMMARY](chat)
    later(60)

    link = chat.opens("ดูรหัสผ่าน").removeprefix("https://bot.example.test")
    assert rows(SecretLink)
    assert client.post(link).status_code == 200


def test_an_answer_is_emptied_once_it_is_said(someone, rows):
    register(someone("มะลิ"))

    for event in rows(WebhookEvent):
        assert (event.payload_sealed, event.answer_sealed) == (None, None)
        assert event.state is EventState.DONE
