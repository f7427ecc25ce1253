"""No letter costs more than its length, none is tried twice, and each is left for a person."""

import time
from collections.abc import Callable

import pytest
from sqlalchemy import select

from bot.mail import arrived, reports
from bot.runtime import Bot, bounce_reading
from bot.services.delivery import mailbox_cursor, waiting_letters
from models.database import Database
from models.mail import WaitingLetter, WhyWaiting
from tests.clock import FakeClock
from tests.mail.coming_back import own_address, reason_of
from tests.mail.hostile import letters
from tests.mail.imap_server import ImapBox
from tests.mail.returned import bounce, by_a_person


def waiting(database: Database) -> list[WaitingLetter]:
    query = select(WaitingLetter).order_by(WaitingLetter.uid)
    return database.read(lambda session: list(session.scalars(query)))


def test_hostile_letters_are_read_in_their_length() -> None:
    """Each of them took the standard library seconds or minutes; benchmarks/hostile.py measures."""
    begun = time.process_time()
    for name, raw in letters():
        assert reports.read(raw).message_id is None, name
    assert time.process_time() - begun < 10


def test_they_hold_up_no_other_letter_and_wait_for_a_person(
    bot: Bot, returns: ImapBox, send_news: Callable[[], str], database: Database
) -> None:
    hostile = [raw for name, raw in letters() if name in {"parameters", "deep", "addresses"}]
    ids = [returns.put(raw) for raw in hostile]
    returns.put(bounce(to=own_address(send_news())))
    assert bounce_reading.read(bot) == len(ids) + 1
    assert reason_of(database) == "hard bounce"
    assert [(each.uid, each.why) for each in waiting(database)] == [
        (uid, WhyWaiting.NOT_UNDERSTOOD) for uid in ids
    ]
    assert all(not returns.letter(uid).flags for uid in ids)


def test_a_letter_in_which_a_process_ended_is_not_tried_again(
    bot: Bot, returns: ImapBox, send_news: Callable[[], str], database: Database, clock: FakeClock
) -> None:
    """Killed by the system for its memory, say: nothing of this process was left to tell it."""
    assert bot.bounce_mailbox
    name, deadly = bot.bounce_mailbox.name, returns.put(bounce(to=own_address(send_news())))
    returns.put(by_a_person("office@school.example"))
    reading = database.write(lambda session: mailbox_cursor.begin(session, name, "dead", clock()))
    assert reading
    assert database.write(
        lambda session: mailbox_cursor.trying(session, reading, "dead", returns.validity, deadly)
    )
    clock.advance(minutes=6)
    assert bounce_reading.read(bot) == 1
    assert [(each.uid, each.why) for each in waiting(database)] == [
        (deadly, WhyWaiting.BROKE),
        (deadly + 1, WhyWaiting.NOT_UNDERSTOOD),
    ]
    assert reason_of(database) is None
    assert bounce_reading.read(bot) == 0


def test_a_connection_that_breaks_is_no_fault_of_the_letter(
    bot: Bot, returns: ImapBox, send_news: Callable[[], str], database: Database
) -> None:
    returns.put(bounce(to=own_address(send_news())))
    returns.cuts = {"MOVE": 1}
    bounce_reading.read(bot)
    returns.cuts = {}
    assert bounce_reading.read(bot) == 1
    assert waiting(database) == []


def test_the_list_has_an_end(
    bot: Bot, returns: ImapBox, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting_letters, "MAX_WAITING", 2)
    for _ in range(3):
        returns.put(by_a_person("office@school.example"))
    assert bounce_reading.read(bot) == 3
    assert len(waiting(database)) == 2


@pytest.mark.parametrize(
    "line",
    [
        'To: "a@b, <office@school.example>',
        "To: undisclosed-recipients:;",
        "To: a@b@c.test, (",
        'To: "=?utf-8?q?=22a?= <x@y.test',
        "To: <<<<>>>@@",
    ],
)
def test_a_broken_recipient_hides_no_other(line: str) -> None:
    """Readers of addresses differ between patch versions of Python over such a line."""
    ours = own_address("0123456789abcdef" * 2)
    raw = f"{line}\r\nDelivered-To: {ours}\r\nX-Original-To: {line[4:]}\r\n\r\nx".encode()
    assert reports.read(raw).mail_ids("bounce.school.example") == {"0123456789abcdef" * 2}
    both = f"To: {line[4:]}, {ours}\r\n\r\nx".encode()
    assert reports.read(both).mail_ids("bounce.school.example") == {"0123456789abcdef" * 2}


@pytest.mark.parametrize(
    ("raw", "fields", "body"),
    [
        (b"", {}, b""),
        (b"\r\nbody", {}, b"body"),
        (b"\nbody", {}, b"body"),
        (b"no field\r\nA: b\r\n\r\nbody", {}, b"no field\r\nA: b\r\n\r\nbody"),
        (b"A: b\r\nc\r\nD : e\r\n\r\nbody", {"a": ("b",), "d": ("e",)}, b"body"),
        (b"A: b\r\n  c\r\n\td\r\n\r\nbody", {"a": ("b  c\td",)}, b"body"),
        (b"A: b\r\na:c\n\nbody\n\nmore", {"a": ("b", "c")}, b"body\n\nmore"),
        (b"A: b", {"a": ("b",)}, b""),
        (b"A:\r\n\r\n", {"a": ("",)}, b""),
    ],
)
def test_fields_end_with_the_first_empty_line(
    raw: bytes, fields: dict[str, tuple[str, ...]], body: bytes
) -> None:
    found = arrived.read(raw)
    assert (dict(found.fields), found.body) == (fields, body)


def test_parts_are_cut_at_their_boundary_alone() -> None:
    raw = (
        b'Content-Type: Multipart/Mixed; x=1; BOUNDARY="a b"\r\n\r\npreface --a b\r\n'
        b"--a b\r\n\r\none\r\n--a bc\r\n--a b  \r\nContent-Type: text/html; charset=x\r\n\r\ntwo"
        b"\r\n--a b--\r\nepilogue\r\n--a b\r\n\r\nthree"
    )
    one, two = arrived.read(raw).parts()
    assert (one.type, one.body) == ("text/plain", b"one\r\n--a bc\r")
    assert (two.type, two.parameter("charset"), two.body) == ("text/html", "x", b"two\r")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("=?utf-8?b?4LiC4LmI4Liy4Lin?= News", "ข่าว News"),
        ("=?tis-620?q?=A2?=", "ข"),
        ("=?none?q?=A2?=", "=?none?q?=A2?="),
        ("a\u202eb\x00c\td", "a b c d"),
        ("x" * 5_000, "x" * 200),
    ],
)
def test_a_field_is_shown_as_it_is_read(value: str, shown: str) -> None:
    assert arrived.shown(value) == shown
