"""The same event many times, late, and out of order: one effect, one answer."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from handlers.line.registration.flow import Step
from models.consent import ConsentEvent
from models.conversation import Conversation
from models.inbox import EventState, WebhookEvent
from models.learner import Learner
from models.outbox import Push
from tests.chat import words
from tests.scenarios.story import NAME, PHONE, language_of, question, reach

pytestmark = pytest.mark.sql


def replies(platform):
    return [call for call in platform.calls if call.endpoint == "reply"]


def test_a_hundred_deliveries_at_once_are_one_event(someone, line, app, engine, rows, platform):
    """LINE signs no timestamp: the id is all that guards against a replay."""
    chat = someone("มะลิ")
    reach(chat, Step.CONSENT)
    before, stored = len(replies(platform)), len(rows(WebhookEvent))
    tap = line.postback(chat.user_id, chat.button("ยินยอม")["data"], deliver_now=False)
    body = line.webhooks.body([tap])
    headers = line.webhooks.headers(body)
    engine.lanes.start()

    def deliver(_):
        return app.test_client().post("/line/webhook", data=body, headers=headers).status_code

    with ThreadPoolExecutor(20) as pool:
        statuses = list(pool.map(deliver, range(100)))
    engine.lanes.stop()

    assert set(statuses) == {200}
    assert len(rows(WebhookEvent)) == stored + 1
    assert len(rows(ConsentEvent)) == 1
    assert len(replies(platform)) == before + 1
    assert rows(Conversation)[0].step == Step.AGE


def test_the_same_event_twice_in_one_delivery(someone, line, post, rows):
    chat = someone("มะลิ")
    event = line.text(chat.user_id, "เมนู", deliver_now=False)

    assert post(event, event, event) == 200
    assert len(chat.heard()) == 1
    assert len(rows(WebhookEvent)) == 1


@pytest.mark.parametrize("times", [1, 5])
def test_a_redelivery_is_answered_once(times, someone, line, rows, clock):
    chat = someone("มะลิ")
    event = line.text(chat.user_id, "เมนู", deliver_now=False)
    line.send_events([event])
    for _ in range(times):
        clock.advance(seconds=30)
        assert line.redeliver(event).status == 200

    assert len(chat.heard()) == 1
    assert line.paid == 0


def test_a_redelivery_after_a_month_is_still_known(someone, line, clock, engine, rows):
    chat = someone("มะลิ")
    event = line.text(chat.user_id, "เมนู", deliver_now=False)
    line.send_events([event])
    clock.advance(days=29)
    engine.purge()
    line.redeliver(event)
    assert len(chat.heard()) == 1
    clock.advance(days=2)
    engine.purge()

    assert rows(WebhookEvent) == []


def test_an_event_that_comes_late_for_the_first_time_is_answered(someone, line, clock):
    """The first delivery was lost; LINE makes the token of the redelivery good again."""
    chat = someone("มะลิ")
    event = line.text(chat.user_id, "เมนู", deliver_now=False)
    clock.advance(minutes=10)
    line.redeliver(event)

    assert len(chat.heard()) == 1
    assert line.paid == 0


def test_events_of_one_delivery_run_in_the_order_in_which_they_happened(
    someone, line, post, clock, rows
):
    chat = someone("มะลิ")
    reach(chat, Step.NAME)
    events = []
    for typed in (NAME, PHONE, "somchai.jd@gmail.com"):
        clock.advance(milliseconds=5)
        events.append(line.text(chat.user_id, typed, deliver_now=False))
    assert post(*reversed(events)) == 200

    assert rows(Conversation)[0].step == Step.LINE_ID
    asked = [words([bubble]) for bubble in chat.heard()]
    t = language_of(chat)
    steps = (Step.PHONE, Step.EMAIL, Step.LINE_ID)
    assert [said.partition(" · ")[2] for said in asked] == [question(t, step) for step in steps]


def test_a_message_and_its_unsending_in_the_wrong_order(someone, line, post, clock, all_words):
    chat = someone("มะลิ")
    reach(chat, Step.PHONE)
    said = line.text(chat.user_id, PHONE, deliver_now=False)
    clock.advance(seconds=1)
    gone = line.unsend(chat.user_id, said["message"]["id"], deliver_now=False)
    assert post(gone, said) == 200

    assert "+66812345678" not in all_words()


def test_a_message_that_was_unsent_before_it_came_is_not_used(someone, line, clock, all_words):
    """A redelivery after the unsend: the person took it back, so it counts as never said."""
    chat = someone("มะลิ")
    reach(chat, Step.PHONE)
    said = line.text(chat.user_id, PHONE, deliver_now=False)
    clock.advance(seconds=1)
    line.unsend(chat.user_id, said["message"]["id"])
    line.redeliver(said)

    assert "+66812345678" not in all_words()


@pytest.mark.parametrize("typed", ["0811112233", "ยกเลิก", "สมัคร", "ข้อมูลของฉัน"])
def test_what_was_said_before_a_question_is_no_answer_to_it(typed, someone, line, clock, rows):
    """LINE delivers again, out of order, what somebody wrote before; the timestamp tells."""
    chat = someone("มะลิ")
    reach(chat, Step.NAME)
    old = line.text(chat.user_id, typed, deliver_now=False)
    clock.advance(seconds=5)
    chat.says(NAME)
    before, heard = rows(Conversation)[0], len(chat.heard())
    clock.advance(seconds=5)
    line.redeliver(old)

    after = rows(Conversation)[0]
    assert (after.step, after.draft_sealed) == (Step.PHONE, before.draft_sealed)
    assert len(chat.heard()) == heard
    assert line.paid == 0


def test_an_answer_that_was_lost_counts_when_it_comes_again(someone, line, clock, rows):
    chat = someone("มะลิ")
    reach(chat, Step.PHONE)
    clock.advance(seconds=5)
    said = line.text(chat.user_id, PHONE, deliver_now=False)
    clock.advance(minutes=2)
    line.redeliver(said)

    assert rows(Conversation)[0].step == Step.EMAIL


def test_an_old_tap_is_no_answer_either(someone, line, clock, rows):
    chat = someone("มะลิ")
    reach(chat, Step.CONSENT)
    yes = line.postback(chat.user_id, chat.button("ยินยอม")["data"], deliver_now=False)
    clock.advance(seconds=5)
    chat.posts("a=cancel")
    chat.posts("a=register")
    reach(chat, Step.CONSENT)
    clock.advance(seconds=5)
    line.redeliver(yes)

    assert rows(Conversation)[0].step == Step.CONSENT
    assert rows(ConsentEvent) == []


def test_five_follows_at_once_are_one_greeting(line, post, rows, clock):
    follows = []
    user = line.add_person("มะลิ")
    for _ in range(5):
        follows.append(line.follow(user.user_id, deliver_now=False))
        clock.advance(milliseconds=1)
    assert post(*follows) == 200

    assert len(replies(line)) == 1
    assert line.paid == 0
    assert rows(Push) == []
    assert {event.state for event in rows(WebhookEvent)} == {EventState.DONE}
    line.unfollow(user.user_id)
    line.follow(user.user_id)
    assert len(replies(line)) == 2, "whoever comes back is greeted"


def test_a_follow_that_comes_after_the_block_that_followed_it(someone, line, clock, rows):
    chat = someone("มะลิ")
    late = line.follow(chat.user_id, deliver_now=False)
    clock.advance(seconds=5)
    line.unfollow(chat.user_id)
    line.redeliver(late)

    assert rows(Conversation)[0].blocked_at is not None


def test_whoever_writes_has_not_blocked_us_whatever_comes_late(someone, line, clock, rows):
    chat = someone("มะลิ")
    late = line.unfollow(chat.user_id, deliver_now=False)
    clock.advance(seconds=5)
    line.follow(chat.user_id)
    line.redeliver(late)
    clock.advance(seconds=5)
    chat.says("เมนู")

    assert rows(Conversation)[0].blocked_at is None


@pytest.mark.parametrize(
    "change",
    [
        {"replyToken": "0" * 32},
        {"replyToken": "f" * 32},
        {"source": {"type": "user", "userId": "U" + "deadbeef" * 4}},
    ],
)
def test_the_dummies_of_a_verify_button_get_silence(change, line, post, rows, platform):
    """Old consoles send one message and one follow with tokens of zeros and of f."""
    user = line.add_person("มะลิ")
    before = len(platform.calls)
    message = line.text(user.user_id, "Hello, world", deliver_now=False)
    follow = line.follow(user.user_id, deliver_now=False)

    assert post({**message, **change}, {**follow, **change}) == 200
    assert rows(WebhookEvent) == rows(Conversation) == rows(Push) == []
    assert len(platform.calls) == before
    assert line.paid == 0


def test_two_devices_at_once_register_one_learner(someone, line, app, engine, rows):
    """The confirmation is tapped on phone and tablet, in two webhooks at the same moment."""
    chat = someone("มะลิ")
    reach(chat, Step.SUMMARY)
    data = chat.button("ยืนยันและสมัคร")["data"]
    taps = [line.postback(chat.user_id, data, deliver_now=False) for _ in range(8)]
    engine.lanes.start()

    def deliver(event):
        body = line.webhooks.body([event])
        door = app.test_client()
        headers = line.webhooks.headers(body)
        return door.post("/line/webhook", data=body, headers=headers).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(deliver, taps)) == {200}
    engine.lanes.stop()
    engine.bot.database.write(lambda _: None)  # what nobody waited for is written by now

    assert len(rows(Learner)) == 1
    assert {event.state for event in rows(WebhookEvent)} == {EventState.DONE}
    said = json.dumps([bubble.message for bubble in chat.heard()], ensure_ascii=False)
    assert said.count("ขอบคุณค่ะ สมัครเรียบร้อยแล้ว") == 1
