"""Groups, rooms and people whom LINE does not name: a polite line, and nothing kept."""

import pytest

from models.conversation import Conversation
from models.inbox import EventState, GreetedGroup, WebhookEvent
from tests.chat import words

GROUP = "C" + "1" * 32
ROOM = "R" + "2" * 32


@pytest.fixture
def group(line):
    """A group with two members who talk."""
    for name in ("มะลิ", "กุหลาบ"):
        line.add_person(name, "th")
    return GROUP


def said_in(line, chat_id):
    return [bubble for bubble in line.room(chat_id) if bubble.who == "bot"]


def test_joining_is_answered_once_in_both_languages(line, group, rows):
    line.join(group)
    for person in line.people:
        line.group_text(group, person.user_id, "เบอร์ฉัน 0812345678 สมัครเรียน")
    line.join(group)

    (bubble,) = said_in(line, group)
    assert "แชตส่วนตัว" in words([bubble])
    assert "one-to-one" in words([bubble])
    assert "quickReply" not in bubble.message, "no buttons: they would answer for everybody"
    assert len(rows(GreetedGroup)) == 1
    assert line.paid == 0


def test_nothing_of_a_group_is_kept(line, group, rows, all_words):
    line.join(group)
    line.group_text(group, line.people[0].user_id, "ชื่อ สมชาย ใจดี")

    stored = all_words()
    for secret in (group, "สมชาย", *(person.user_id for person in line.people)):
        assert secret not in stored
    assert rows(Conversation) == []
    assert {event.state for event in rows(WebhookEvent)} == {EventState.DONE}


def test_not_even_before_it_is_answered(line, group, client, all_words):
    """The stored event carries the group and its token, not who said what."""
    line.join(group)
    event = line.group_text(group, line.people[0].user_id, "ชื่อ สมชาย ใจดี", deliver_now=False)
    body = line.webhooks.body([event])
    headers = line.webhooks.headers(body)
    assert client.post("/line/webhook", data=body, headers=headers).status_code == 200

    stored = all_words()
    assert event["replyToken"] in stored
    assert "สมชาย" not in stored
    assert line.people[0].user_id not in stored


def test_a_room_is_greeted_like_a_group(line, post, rows):
    event = line.event("join", line.add_person("มะลิ", "th").user_id, {})
    event["source"] = {"type": "room", "roomId": ROOM}

    assert post(event) == 200
    assert len(rows(GreetedGroup)) == 1
    assert len([call for call in line.calls if call.endpoint == "reply"]) == 1


def test_buttons_and_files_in_a_group_are_left_alone(line, group, post, rows):
    line.join(group)
    person = line.people[0].user_id
    spoken = len(said_in(line, group))
    for detail in (
        {"type": "postback", "postback": {"data": "a=register"}},
        {"type": "message", "message": {"type": "image", "id": "1"}},
        {"type": "unsend", "unsend": {"messageId": "1"}},
    ):
        event = line.group_text(group, person, "x", deliver_now=False)
        assert post({**event, **detail}) == 200

    assert len(said_in(line, group)) == spoken
    assert rows(Conversation) == []


def test_two_groups_are_two_greetings(line, rows):
    for group_id in ("C" + "3" * 32, "C" + "4" * 32):
        line.join(group_id)
        assert len(said_in(line, group_id)) == 1
    assert len({row.digest for row in rows(GreetedGroup)}) == 2


def test_a_greeting_that_failed_once_is_said_after_all(line, group, engine, clock):
    line.faults.add("reply", "500")
    line.join(group)
    assert said_in(line, group) == []
    clock.advance(seconds=5)
    engine.sweep()

    assert len(said_in(line, group)) == 1


def test_somebody_whom_line_does_not_name_is_told_so(line, post, rows):
    """userId is missing where a person has not accepted LINE's terms."""
    person = line.add_person("มะลิ", "th")
    event = line.text(person.user_id, "สมัครเรียน", deliver_now=False)
    event["source"] = {"type": "user"}

    assert post(event) == 200
    (bubble,) = said_in(line, person.user_id)
    assert "LINE ยังไม่ได้แจ้งเราว่าคุณเป็นใคร" in words([bubble])
    assert "does not tell us who you are" in words([bubble])
    assert rows(Conversation) == []


def test_two_nameless_people_do_not_share_a_lane(line, post, rows):
    events = []
    for name in ("มะลิ", "กุหลาบ"):
        event = line.text(line.add_person(name, "th").user_id, "สวัสดี", deliver_now=False)
        events.append({**event, "source": {"type": "user"}})
    post(*events)

    assert len({event.person for event in rows(WebhookEvent)}) == 2
