"""Events of every shape: never a 5xx, never silence for somebody who is all right."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from bot.presentation import words as commands
from handlers.line import build_dispatcher
from handlers.line.registration.flow import Step
from models.conversation import Conversation
from models.inbox import EventState, WebhookEvent
from models.learner import Learner
from tests.chat import words
from tests.samples import every, numbered, sampled
from tests.scenarios.story import reach, register

USER = "U" + "9" * 32
NASTY = [
    "\x00",
    "สวัสดี\x00",
    "\ud800",
    "a\udfffb",
    "😀" * 500,
    "ก" * 10_000,
    "' OR 1=1 --",
    "'); DROP TABLE conversation; --",
    "<script>alert(1)</script>",
    "{{7*7}} {0} %s %n ${jndi:ldap://x}",
    "\u202eกลับหัว",
    "\r\nX-Injected: 1",
    "\ufeffmenu",
]


@pytest.fixture
def neighbour(someone):
    """Somebody whose event is in the same delivery and must be answered."""
    return someone("เพื่อนบ้าน")


@pytest.fixture
def beside(neighbour, line, post, rows):
    """Deliver odd events beside the neighbour's; the status, once the neighbour was answered."""

    def deliver(*odd):
        good = line.text(neighbour.user_id, "ช่วยเหลือ", deliver_now=False)
        status = post(*odd[: len(odd) // 2], good, *odd[len(odd) // 2 :])
        assert status == 200
        assert "พิมพ์คำเหล่านี้ได้เลย" in words(neighbour.heard())
        assert [event for event in rows(WebhookEvent) if event.payload_sealed] == []

    return deliver


def message(line, **changes):
    """A stranger's text event as LINE sends it, changed."""
    if USER not in {person.user_id for person in line.people}:
        line.add_person("แปลก", "th", USER)
    event = line.text(USER, "สวัสดี", deliver_now=False)
    for name, value in changes.items():
        if value is ...:
            del event[name]
        else:
            event[name] = value
    return event


ODD = {
    "unknown type": {"type": "messageEdited"},
    "no type": {"type": ...},
    "type is a number": {"type": 5},
    "type is a list": {"type": ["message"]},
    "unknown mode": {"mode": "sleeping"},
    "no mode": {"mode": ...},
    "no source": {"source": ...},
    "source is a text": {"source": "user"},
    "empty source": {"source": {}},
    "odd userId": {"source": {"type": "user", "userId": "'; --"}},
    "userId is a number": {"source": {"type": "user", "userId": 7}},
    "upper case userId": {"source": {"type": "user", "userId": "U" + "F" * 32}},
    "no webhookEventId": {"webhookEventId": ...},
    "webhookEventId is a dict": {"webhookEventId": {"x": 1}},
    "long webhookEventId": {"webhookEventId": "A" * 5000},
    "webhookEventId with a NUL": {"webhookEventId": "\x00"},
    "no timestamp": {"timestamp": ...},
    "timestamp is a text": {"timestamp": "now"},
    "timestamp is a float": {"timestamp": 1.5e308},
    "timestamp is true": {"timestamp": True},
    "huge timestamp": {"timestamp": 10**300},
    "last timestamp": {"timestamp": 253402300799999},
    "negative timestamp": {"timestamp": -62135596800000},
    "very negative timestamp": {"timestamp": -(10**30)},
    "no replyToken": {"replyToken": ...},
    "odd replyToken": {"replyToken": "ก" * 2000},
    "replyToken is a list": {"replyToken": []},
    "no message": {"message": ...},
    "message is a list": {"message": []},
    "message without type": {"message": {"id": "1", "text": "menu"}},
    "text is a number": {"message": {"type": "text", "id": "1", "text": 5}},
    "id is a dict": {"message": {"type": "text", "id": {}, "text": "menu"}},
    "no deliveryContext": {"deliveryContext": ...},
    "deliveryContext is null": {"deliveryContext": None},
    "postback without data": {"type": "postback", "message": ...},
    "postback is a text": {"type": "postback", "postback": "a=menu"},
    "follow without detail": {"type": "follow", "message": ...},
    "follow is a list": {"type": "follow", "follow": [True]},
    "unsend without id": {"type": "unsend", "message": ...},
    "join from a user": {"type": "join", "message": ...},
    "group without id": {"source": {"type": "group", "userId": USER}},
    "groupId is a dict": {"source": {"type": "group", "groupId": {}, "userId": USER}},
    "empty": dict.fromkeys(
        ("type", "message", "webhookEventId", "deliveryContext", "timestamp", "source", "mode"), ...
    ),
}


def test_an_odd_event_costs_nobody_their_answer(line, beside):
    every(ODD, lambda changes: beside(message(line, **changes)))


@pytest.mark.long
@pytest.mark.parametrize("changes", ODD.values(), ids=ODD)
def test_an_odd_event_that_is_the_first_one_costs_nobody_their_answer(changes, line, beside):
    beside(message(line, **changes))


def test_an_event_that_is_none_costs_nobody_their_answer(beside):
    none = [None, 1, "event", [], [{}], True, {}, {"type": None}]
    every(numbered(none), lambda odd: beside(odd, odd))


@pytest.mark.parametrize("text", sampled(NASTY, NASTY[::3]), ids=range(len(NASTY)))
def test_any_text_is_answered_at_every_question(text, line, post, beside, someone, platform):
    """As a message, and in every other field of an event that holds text."""
    for name, step in (("มะลิ", Step.NAME), ("กุหลาบ", Step.LINE_ID)):
        chat = someone(name)
        reach(chat, step)
        event = line.text(chat.user_id, "x", deliver_now=False)
        event["message"]["text"] = text
        assert post(event) == 200
        assert chat.heard(), "answered"
    for field in ("id", "quoteToken", "type"):
        odd = message(line)
        odd["message"][field] = text
        beside(odd)
    beside(
        message(line, replyToken=text),
        message(line, mode=text),
        message(line, type=text),
        message(line, webhookEventId=text),
        message(line, source={"type": text, "userId": text}),
        message(line, source={"type": "group", "groupId": text, "userId": text}),
        message(line, source={"type": "room", "roomId": text}),
        message(line, type="postback", postback={"data": text}),
        message(line, type="unsend", unsend={"messageId": text}),
    )
    assert [call.status for call in platform.calls if call.status >= 500] == []


ACTIONS = sorted({*build_dispatcher().entries, *commands.COMMANDS})
GARBAGE = "p=%00%ff&topic=%27--&v=__proto__&s=%F0%9F%98%80&lang=" + "x" * 300


def test_every_forged_button_is_answered_and_harms_nobody(someone, rows, platform):
    """Every known action with garbage beside it, one after the other, by a stranger and a learner.

    Each one of the whole product meets people who did nothing before, in a flow too.
    """
    stranger, learner = someone("แปลก"), someone("มะลิ")
    stranger.adds_the_account()
    register(learner)

    def is_answered(action):
        for chat, data in (
            (stranger, f"a={action}&{GARBAGE}"),
            (learner, f"a={action}&a={action}&{GARBAGE}"),
        ):
            assert chat.posts(data), chat.person.name
            chat.posts("a=thai")
            chat.posts("a=cancel")

    every({action: action for action in ACTIONS}, is_answered)
    assert [row.blocked_at for row in rows(Conversation)] == [None, None]
    assert len(rows(Learner)) == 1
    assert [call.error for call in platform.calls if call.status >= 400] == []


@pytest.mark.parametrize("action", sampled(ACTIONS, ACTIONS[::10]))
def test_a_forged_button_is_answered_and_harms_nobody(action, someone, rows, platform):
    """A known action with garbage beside it, for a stranger, in a flow, and for a learner."""
    chat = someone("มะลิ")
    chat.adds_the_account()
    assert chat.posts(f"a={action}&{GARBAGE}"), "a stranger is answered"
    chat.posts("a=thai")
    chat.posts("a=cancel")
    reach(chat, Step.PHONE)
    assert chat.posts(f"{GARBAGE}&a={action}"), "somebody in a flow is answered"
    chat.posts("a=thai")
    chat.posts("a=cancel")
    register(chat)
    assert chat.posts(f"a={action}&a={action}&{GARBAGE}"), "a learner is answered"
    assert rows(Conversation)[0].blocked_at is None
    assert len(rows(Learner)) == 1
    assert [call.error for call in platform.calls if call.status >= 400] == []


FORGED = [
    "",
    "&&&&",
    "=",
    "a",
    "a=",
    "a=%",
    "a=%zz%00",
    "s=registration.name&v=" + "x" * 250,
    "s=registration.summary&v=confirm",
    "{json: true}",
    "'; DROP TABLE learner; --",
    "&".join(f"k{n}=v" for n in range(60)),
    "a=register;a=cancel",
    "😀" * 70,
    "a=" + "b" * 298,
]


def test_every_forged_postback_is_answered(someone, rows):
    """One after the other: by somebody who did nothing yet, and by somebody who is asked a name."""
    idle, asked = someone("มะลิ"), someone("กุหลาบ")
    idle.adds_the_account()
    reach(asked, Step.NAME)

    def is_answered(data):
        assert idle.posts(data)
        assert asked.posts(data)

    every(numbered(FORGED), is_answered)
    assert rows(Learner) == []


@pytest.mark.long
@pytest.mark.parametrize("data", FORGED)
def test_a_forged_postback_is_answered(data, someone, rows):
    chat = someone("มะลิ")
    chat.adds_the_account()
    assert chat.posts(data)
    reach(chat, Step.NAME)
    assert chat.posts(data)
    assert rows(Learner) == []


def test_a_postback_far_beyond_the_limit_is_answered(someone, line, post):
    chat = someone("มะลิ")
    event = line.postback(chat.user_id, "a=menu", deliver_now=False)
    event["postback"]["data"] = "a=menu&x=" + "y" * 500_000

    assert post(event) == 200
    assert chat.heard()


def test_while_another_module_is_in_charge_we_stay_silent(someone, platform, rows, clock):
    """Standby events carry no reply token; a block and an unsend still count."""
    chat = someone("มะลิ")
    reach(chat, Step.NAME)
    spoken = len(chat.bubbles())
    platform.mode = "standby"
    chat.says("สมชาย ใจดี")
    chat.posts("a=menu")
    assert len(chat.bubbles()) == spoken
    assert rows(Conversation)[0].step == Step.NAME
    clock.advance(seconds=1)
    platform.unfollow(chat.user_id)

    assert rows(Conversation)[0].blocked_at == clock()
    clock.advance(seconds=1)
    platform.follow(chat.user_id)
    assert rows(Conversation)[0].blocked_at is None
    assert len(chat.bubbles()) == spoken
    assert platform.paid == 0


def test_a_stranger_who_adds_us_on_standby_is_nobody_yet(platform, line, rows):
    platform.mode = "standby"
    before = len(platform.calls)
    line.follow(line.add_person("มะลิ").user_id)
    assert rows(Conversation) == []
    assert len(platform.calls) == before


def test_an_event_without_an_id_is_still_handled_once(someone, line, post, database):
    chat = someone("มะลิ")
    event = line.text(chat.user_id, "เมนู", deliver_now=False)
    del event["webhookEventId"]
    again = {**event, "deliveryContext": {"isRedelivery": True}}

    assert [post(event), post(again)] == [200, 200]
    assert len(chat.heard()) == 1
    count = database.read(lambda s: s.scalar(select(func.count()).select_from(WebhookEvent)))
    assert count == 1


JSON = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False),
        st.text(max_size=20),
        st.sampled_from([USER, "message", "postback", "follow", "unsend", "text", "a=menu"]),
    ),
    lambda children: st.one_of(
        st.lists(children, max_size=4), st.dictionaries(st.text(max_size=8), children, max_size=4)
    ),
    max_leaves=12,
)
EVENT = st.fixed_dictionaries(
    {},
    optional={
        "type": st.one_of(st.sampled_from(["message", "postback", "follow", "unsend"]), JSON),
        "mode": st.one_of(st.sampled_from(["active", "standby"]), JSON),
        "timestamp": st.one_of(st.integers(), JSON),
        "webhookEventId": st.one_of(st.uuids().map(str), JSON),
        "replyToken": JSON,
        "deliveryContext": JSON,
        "source": st.one_of(
            st.fixed_dictionaries({"type": st.just("user"), "userId": st.just(USER)}), JSON
        ),
        "message": st.one_of(
            st.fixed_dictionaries({"type": st.just("text"), "text": st.text(max_size=30)}), JSON
        ),
        "postback": st.one_of(st.fixed_dictionaries({"data": st.text(max_size=30)}), JSON),
        "follow": JSON,
        "unsend": JSON,
    },
)


def any_events(examples):
    """Lists of events of any shape, the same ones in every run."""

    def decorate(test):
        steady = settings(
            derandomize=True,
            deadline=None,
            max_examples=examples,
            suppress_health_check=[HealthCheck.function_scoped_fixture],
        )
        return steady(given(events=st.lists(st.one_of(EVENT, JSON), max_size=6))(test))

    return decorate


def are_taken_and_finished(line, post, rows, events):
    text = json.dumps({"destination": line.bot_user_id, "events": events})
    assert post(*json.loads(text)["events"]) == 200
    for event in rows(WebhookEvent):
        assert event.state is EventState.DONE
        assert event.payload_sealed is None


@any_events(15)
def test_any_json_is_taken_and_finished(line, post, rows, events):
    are_taken_and_finished(line, post, rows, events)


@pytest.mark.long
@any_events(60)
def test_much_json_is_taken_and_finished(line, post, rows, events):
    are_taken_and_finished(line, post, rows, events)
