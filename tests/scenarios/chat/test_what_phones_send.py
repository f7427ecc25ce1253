"""Stickers with words, LINE's own emojis, pictures in sets: what phones send besides plain text."""

import pytest

from bot.line.events import read_event
from bot.texts import translator
from handlers.line.registration.flow import Step
from models.conversation import Conversation
from models.learner import Learner
from tests.chat import words
from tests.scenarios.story import ACTS, NAME, question, reach

THAI = translator("th")
SET = {"imageSet": {"id": "E005D41A7288F41B65593ED38FF6E9834B046AB36A37921A56BC236F13A91855"}}


@pytest.fixture
def sends_text(line, post):
    """Somebody sends a text with LINE's own emojis in it, which stand in brackets."""

    def send(chat, text, *emojis):
        event = line.text(chat.user_id, text, deliver_now=False)
        event["message"]["emojis"] = [
            {"index": text.index(each), "length": len(each), "productId": "5ac1", "emojiId": "001"}
            for each in emojis
        ]
        assert post(event) == 200
        return words(chat.heard())

    return send


def steps(rows):
    return [row.step for row in rows(Conversation)]


@pytest.mark.parametrize("step", [Step.NAME, Step.LINE_NEWS, Step.SUMMARY])
def test_the_words_of_a_sticker_say_nothing(step, someone, line, post, rows):
    """Not "cancel", not an answer, not a command; and it is answered as a sticker."""
    chat = someone("มะลิ")
    reach(chat, step)
    for said in ("ยกเลิก", "cancel", NAME, "เมนู", "ยืนยันและสมัคร"):
        event = line.sticker(chat.user_id, deliver_now=False)
        event["message"] |= {"text": said, "keywords": [said], "stickerResourceType": "MESSAGE"}
        assert post(event) == 200
        heard = words(chat.heard())
        assert THAI("Thank you for the sticker!") in heard, said
        assert question(THAI, step) in heard, said

    assert steps(rows) == [step]
    assert rows(Learner) == []


def test_a_text_in_anything_but_a_text_message_is_none(clock):
    for kind in ("sticker", "image", "file", "location", "hologram"):
        message = {"type": kind, "id": "1", "text": "ยกเลิก"}
        event = read_event({"type": "message", "message": message}, clock())
        assert event is not None
        assert (event.text, event.plain) == (None, "")


def test_a_line_emoji_in_a_name_is_called_what_it_is(someone, sends_text, rows):
    chat = someone("มะลิ")
    reach(chat, Step.NAME)
    said = sends_text(chat, "สมชาย(moon grin) ใจดี", "(moon grin)")

    assert "อีโมจิของ LINE" in said
    assert question(THAI, Step.NAME) in said
    assert steps(rows) == [Step.NAME]


def test_beside_a_number_or_an_address_a_line_emoji_is_let_go(someone, sends_text, rows):
    chat = someone("มะลิ")
    reach(chat, Step.PHONE)
    sends_text(chat, "081-234-5678 (happy)ค่ะ", "(happy)")
    assert steps(rows) == [Step.EMAIL]
    sends_text(chat, "(star)somchai.jd@gmail.com(star)", "(star)")
    assert steps(rows) == [Step.LINE_ID]


def test_a_command_with_a_line_emoji_is_understood(someone, sends_text, rows):
    chat = someone("มะลิ")
    reach(chat, Step.NAME)
    sends_text(chat, "ยกเลิก(sad)", "(sad)")
    assert steps(rows) == [None]


@pytest.mark.parametrize(
    "odd",
    [
        "x", None, {}, [None], [{}], [{"index": "0", "length": 3}], [{"index": -1, "length": 3}],
        [{"index": 0, "length": 10**9}], [{"index": 10**9, "length": 3}],
        [{"index": 0, "length": 3}], [{"index": 0, "length": 0}],
    ],
)  # fmt: skip
def test_odd_emojis_take_nothing_from_a_text(odd, clock):
    message = {"type": "text", "id": "1", "text": "สมชาย ใจดี", "emojis": odd}
    event = read_event({"type": "message", "message": message}, clock())
    assert event is not None
    assert (event.plain, event.emojis) == ("สมชาย ใจดี", ())


def test_places_of_emojis_are_counted_as_line_counts(clock):
    text = "😀 (star) สมชาย"
    emojis = [{"index": 3, "length": 6}]
    raw = {"type": "message", "message": {"type": "text", "text": text, "emojis": emojis}}
    event = read_event(raw, clock())
    assert event is not None
    assert event.emojis == ("(star)",)


@pytest.mark.parametrize("is_numbered", [True, False])
@pytest.mark.parametrize("at_once", [True, False])
def test_pictures_of_one_set_get_one_answer(at_once, is_numbered, someone, line, rows):
    chat = someone("มะลิ")
    reach(chat, Step.NAME)
    events = line.images(chat.user_id, 3, is_numbered=is_numbered, deliver_now=not at_once)
    if at_once:
        line.send_events(list(reversed(events)))
    heard = words(chat.heard())

    assert heard.count("ขอบคุณสำหรับรูป") == 1
    assert heard.count(question(THAI, Step.NAME)) == 1
    assert steps(rows) == [Step.NAME]
    line.images(chat.user_id, 2)
    assert words(chat.heard()).count(question(THAI, Step.NAME)) == 1, "another set is answered too"
    assert chat.sends("image"), "and so is a picture by itself"
    ACTS[Step.NAME](chat)
    assert steps(rows) == [Step.PHONE]


def test_a_set_is_one_persons(someone, line):
    for name in ("มะลิ", "กุหลาบ"):
        chat = someone(name)
        chat.adds_the_account()
        (event,) = line.images(chat.user_id, 1, deliver_now=False)
        event["message"] |= SET
        line.send_events([event])
        assert chat.heard(), name
