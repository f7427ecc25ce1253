"""Many callers at once: nothing is counted twice and nothing is lost."""

import threading
import uuid

from tests.simulator.conftest import StandingClock


def together(steps):
    barrier = threading.Barrier(len(steps))

    def run(step):
        barrier.wait(10)
        step()

    threads = [threading.Thread(target=run, args=(step,)) for step in steps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)


def test_one_retry_key_is_accepted_once(platform, line, mali):
    headers = {"X-Line-Retry-Key": str(uuid.uuid4())}
    body = {"to": mali.user_id, "messages": [{"type": "text", "text": "hi"}]}
    statuses: list[int] = []

    def push():
        answer = line.raw("POST", "/v2/bot/message/push", json=body, headers=headers)
        statuses.append(answer.status)

    together([push] * 8)
    assert sorted(statuses) == [200] + [409] * 7
    assert (platform.paid, len(platform.room(mali.user_id))) == (1, 1)


def test_one_reply_token_is_used_once(platform, line, mali):
    event = platform.text(mali.user_id, "hi")
    body = {"replyToken": event["replyToken"], "messages": [{"type": "text", "text": "hi"}]}
    statuses: list[int] = []
    path = "/v2/bot/message/reply"
    together([lambda: statuses.append(line.raw("POST", path, json=body).status)] * 8)
    assert sorted(statuses) == [200] + [400] * 7
    assert platform.free == 1


def test_people_write_at_the_same_time(platform, clock: StandingClock, listener):
    people = [platform.add_person(f"p{number}") for number in range(8)]
    together([lambda p=p: [platform.text(p.user_id, "hi") for _ in range(20)] for p in people])
    assert len(listener.heard) == 160
    ids = {event["webhookEventId"] for event in platform.webhooks.sent}
    assert len(ids) == 160
    messages = {b.message_id for p in people for b in platform.room(p.user_id)}
    assert len(messages) == 160
