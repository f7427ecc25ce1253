"""The contact mailbox into the archive: every letter once, whatever breaks in the middle."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from imap_tools.utils import encode_folder
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.mail import arrived
from bot.mail.imap import SLICE
from bot.runtime import Bot, archive_reading, mailing
from bot.services.delivery import archived_fields, mail_archive, mail_trouble, mailbox_cursor
from bot.settings import Settings
from handlers import jobs
from models.database import Database
from models.mail import Mail, MailboxCursor, WaitingLetter, WhyWaiting
from models.mail_archive import ArchivedChunk, ArchivedMail, Direction
from simulator.mailbox import Mailbox
from tests.clock import FakeClock
from tests.crash.death import dies
from tests.mail.imap_server import ImapBox, ImapServer, serve_imap
from tests.samples import sampled

SENT = "ส่งแล้ว"


@pytest.fixture
def contact(bot: Bot) -> Iterator[tuple[ImapBox, ImapServer]]:
    """The mailbox that people write to, and its server."""
    box = ImapBox()
    with serve_imap(box) as server:
        bot.settings = replace(bot.settings, contact_imap_url=server.url)
        yield box, server
    assert box.complaints == []


@pytest.fixture
def box(contact: tuple[ImapBox, ImapServer]) -> ImapBox:
    return contact[0]


def letter(number: int, body: bytes = b"") -> bytes:
    return (
        b"From: learner%d@example.test\r\nMessage-ID: <%d@x>\r\n\r\nquestion %d"
        % (*(number, number, number),)
        + body
    )


def kept(database: Database) -> list[bytes]:
    """The bytes of every archived mail, in the order of their arrival, as their rows say them."""

    def read(session: Session) -> list[bytes]:
        found = []
        for row in session.scalars(select(ArchivedMail).order_by(ArchivedMail.id)):
            raw = b"".join(mail_archive.pieces(session, row))
            assert (row.sha256, row.size) == (hashlib.sha256(raw).hexdigest(), len(raw))
            assert row.read_at is not None
            found.append(raw)
        chunks = set(session.scalars(select(ArchivedChunk.mail_id)))
        assert chunks == set(session.scalars(select(ArchivedMail.id)))
        return found

    return database.read(read)


def test_without_a_mailbox_there_is_nothing_to_read(bot: Bot) -> None:
    assert archive_reading.read(bot) == 0


def test_it_is_a_job() -> None:
    assert "archive" in {job.name for job in jobs.JOBS}


def test_every_letter_is_kept_once_and_nothing_is_touched(
    bot: Bot, box: ImapBox, database: Database
) -> None:
    """Not by what is unseen: somebody has read one of them, and deleted another."""
    raws = [letter(number) for number in range(5)]
    uids = [box.put(raw) for raw in raws]
    box.letter(uids[1]).flags = {"\\Seen"}
    box.letter(uids[2]).flags = {"\\Deleted"}
    assert [archive_reading.read(bot), archive_reading.read(bot)] == [5, 0]
    assert kept(database) == raws
    raws.append(letter(5))
    box.put(raws[-1])
    assert archive_reading.read(bot) == 1
    assert kept(database) == raws
    assert box.numbers() == [*uids, uids[-1] + 1]
    assert [box.letter(uid).flags for uid in uids] == [
        set(),
        {"\\Seen"},
        {"\\Deleted"},
        set(),
        set(),
    ]


def test_answers_of_other_programs_are_kept_and_our_own_mails_are_there_already(
    bot: Bot,
    contact: tuple[ImapBox, ImapServer],
    mailbox: Mailbox,
    queue: Callable[..., str],
    database: Database,
) -> None:
    box, _ = contact
    mail_id = queue(to="office@school.example")
    mailing.drain(bot)
    [ours] = mailbox.mails
    answer = b"To: A <a@example.test>, b@example.test\r\nFrom: office@school.example\r\n\r\nyes"
    box.put(answer, encode_folder(SENT).decode().strip('"'))
    box.put(ours.raw, encode_folder(SENT).decode().strip('"'))
    box.put(b"Received: by mx\r\n" + ours.raw)
    bot.settings = replace(bot.settings, contact_sent_folder=SENT)
    assert archive_reading.read(bot) == 3
    assert kept(database) == [ours.raw, answer]
    query = select(ArchivedMail).where(ArchivedMail.mail_id.is_(None))
    row = database.read(lambda s: s.scalars(query).one())
    assert row.direction is Direction.OUTGOING
    said = database.read(lambda s: (s.get_one(ArchivedMail, row.id).peer, row.mail_id))
    assert said == ("a@example.test", None)
    assert mail_id


def test_copies_are_one_mail_and_a_mailbox_that_counts_anew_doubles_nothing(
    bot: Bot, box: ImapBox, database: Database
) -> None:
    raws = [letter(number) for number in range(4)]
    for raw in [*raws, raws[0]]:
        box.put(raw)
    box.cuts = {"FETCH": 3}
    archive_reading.read(bot)
    box.cuts, box.validity = {}, 8
    assert archive_reading.read(bot) == 5
    assert kept(database) == raws


@pytest.mark.parametrize("command", ["LOGIN", "SELECT", "SEARCH", "FETCH"])
def test_after_a_cut_the_next_tick_goes_on(
    command: str, bot: Bot, box: ImapBox, database: Database
) -> None:
    raws = [letter(0), letter(1, b"x" * (2 * SLICE)), letter(2)]
    for raw in raws:
        box.put(raw)
    box.cuts = {command: 4 if command == "FETCH" else 1}  # the third slice of the large one
    archive_reading.read(bot)
    box.cuts = {}
    archive_reading.read(bot)
    assert kept(database) == raws


@pytest.mark.parametrize("size", [SLICE - 1, SLICE, SLICE + 1, 3 * SLICE])
def test_a_large_letter_comes_in_slices(
    size: int, bot: Bot, box: ImapBox, database: Database
) -> None:
    raw = letter(1)
    raw += b"\x00\xff\r\n.\r\n" * (size // 7)
    raw = raw.ljust(size, b"x")[:size]
    box.put(raw)
    assert archive_reading.read(bot) == 1
    assert kept(database) == [raw]


def test_of_one_that_is_too_large_the_headers_are_kept_and_staff_are_told(
    bot: Bot, box: ImapBox, database: Database, app: Flask
) -> None:
    head = b"From: Somying <a@example.test>\r\nSubject: my film\r\n\r\n"
    uid = box.put(head + b"x" * SLICE)
    box.letter(uid).claims = archive_reading.MAX_BYTES + 1
    box.put(letter(1))
    assert archive_reading.read(bot) == 2
    assert kept(database) == [head, letter(1)]
    [told] = database.read(
        lambda s: [(w.why, w.uid, w.sender, w.title) for w in s.scalars(select(WaitingLetter))]
    )
    assert told == (WhyWaiting.TOO_LARGE, uid, "a@example.test", "my film")
    sizes = database.read(lambda s: set(s.scalars(select(ArchivedMail.full_size))))
    assert sizes == {archive_reading.MAX_BYTES + 1, None}


def test_what_cannot_be_parsed_is_kept_and_stops_nothing(
    bot: Bot, box: ImapBox, database: Database
) -> None:
    deep = b"".join(
        b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (n, n)
        for n in range(3000)
    )
    raws = [
        deep,
        b"\xff\xfe\x00" * 90,
        b"\r\n",
        b"Subject: " + b"=?utf-8?b?" * 9000,
        b"From: " + b"(" * 5000 + b"@\r\nDate: Mon, 99 Nov 99999 99:99\r\nMessage-ID: <>\r\n\r\n",
        letter(9),
    ]
    for raw in raws:
        box.put(raw)
    assert archive_reading.read(bot) == len(raws)
    assert kept(database) == raws


def test_one_process_at_a_time(
    bot: Bot, box: ImapBox, clock: FakeClock, database: Database
) -> None:
    box.put(letter(1))
    name = archive_reading.contact_mailboxes_of(bot.settings)[0].name
    held = database.write(lambda s: mailbox_cursor.begin(s, name, "other", clock()))
    assert held
    assert archive_reading.read(bot) == 0
    clock.advance(minutes=6)
    assert archive_reading.read(bot) == 1


def test_a_cursor_of_another_numbering_skips_nothing(
    bot: Bot, box: ImapBox, clock: FakeClock, database: Database
) -> None:
    """A reader that dies in its first letter after the server began to count anew."""
    name = archive_reading.contact_mailboxes_of(bot.settings)[0].name
    for number in range(3):
        box.put(letter(number))
    archive_reading.read(bot)
    reading = database.write(lambda s: mailbox_cursor.begin(s, name, "dead", clock()))
    assert reading
    assert database.write(lambda s: mailbox_cursor.trying(s, reading, "dead", 8, 1))
    row = database.read(lambda s: s.get_one(MailboxCursor, reading.id))
    assert (row.validity, row.last_uid) == (8, 0)


def test_the_operator_and_the_doctor_know_that_it_cannot_be_read(
    app: Flask,
    bot: Bot,
    box: ImapBox,
    mailbox: Mailbox,
    database: Database,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def doctor() -> str:
        return app.test_cli_runner().invoke(args=["doctor"]).output

    archive_reading.read(bot)
    assert "✓ CONTACT_IMAP_URL\n✓ archive\n" in doctor()
    bot.settings = replace(bot.settings, owner_email="owner@school.example")
    box.password = "another"
    archive_reading.read(bot)
    said = capsys.readouterr().out
    assert '"setting": "CONTACT_IMAP_URL"' in said
    assert "Check user and password in CONTACT_IMAP_URL" in said
    query = select(Mail).where(Mail.template == mail_trouble.TEMPLATE)
    [told] = database.read(lambda s: [mail.text or "" for mail in s.scalars(query)])
    assert "ระบบไม่ได้อ่านกล่องอีเมลติดต่อตั้งแต่" in told
    assert "✗ CONTACT_IMAP_URL: cannot be read (sign-in refused).\n    cure: Check user" in doctor()
    bot.settings = replace(bot.settings, contact_imap_url=None)
    assert "! CONTACT_IMAP_URL: is not set" in doctor()


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (
            'From: "A, B" <A@Example.test>\r\nTo: office@school.example\r\nCc: c@example.test\r\n'
            "Message-ID: <1@x>\r\nIn-Reply-To: <0@x>\r\nReferences: <9@x>\r\n <0@x>\r\n"
            "Date: Mon, 2 Nov 2026 10:00:00 +0700",
            (
                "a@example.test",
                "a@example.test office@school.example c@example.test",
                "1@x",
                "0@x 9@x",
                datetime(2026, 11, 2, 3, tzinfo=UTC),
            ),
        ),
        ("Message-ID: bare@x\r\nFrom:", (None, None, "bare@x", None, None)),
        ("Message-ID: <[a@b@c]>\r\nIn-Reply-To: <>", (None, None, "[a@b@c]", None, None)),
        ("Message-ID: \r\nReferences:  \r\nDate: 1 Jan 1901 00:00", (None,) * 5),
        ("Reply-To: b@example.test", ("b@example.test", "b@example.test", None, None, None)),
        ("Date: 2 Nov 2026 10:00:00", (None,) * 4 + (datetime(2026, 11, 2, 10, tzinfo=UTC),)),
    ],
)
def test_what_a_mail_says_of_itself(
    fields: str, expected: tuple[Any, ...], database: Database, clock: FakeClock
) -> None:
    raw = fields.encode() + b"\r\n\r\nx"

    def work(session: Session) -> tuple[Any, ...]:
        made = mail_archive.begin(session, Direction.INCOMING, ("m", 1, 1), clock())
        archived_fields.read(session, made, raw, clock())
        row = session.get_one(ArchivedMail, made)
        assert len((row.references_index or "").split()) == len((row.references or "").split())
        return row.peer, row.addresses, row.message_id, row.references, row.date

    assert database.write(work) == expected


def test_ids_of_a_field() -> None:
    assert arrived.ids("<a@x> (comment) <b@x>\t<c@x>") == ["a@x", "b@x", "c@x"]
    assert arrived.ids("a b") == arrived.ids("<>") == arrived.ids("") == []
    assert arrived.ids(f"<{'x' * 251}>") == []


DEATHS = [
    (kind, point, at)
    for kind in ("sqlite", "postgres")
    for point, at in (("fetched", 1), ("fetched", 3), ("kept", 2), ("sliced", 3), ("unread", 1))
]
OFTEN = [("sqlite", "kept", 2), ("sqlite", "sliced", 3), ("postgres", "kept", 2)]


@pytest.mark.parametrize(
    ("database_url", "point", "at"), sampled(DEATHS, OFTEN), indirect=["database_url"]
)
def test_killed_at_any_point_each_letter_is_kept_once(
    point: str,
    at: int,
    bot: Bot,
    settings: Settings,
    contact: tuple[ImapBox, ImapServer],
    database: Database,
    clock: FakeClock,
) -> None:
    box, server = contact
    raws = [letter(0), letter(1, b"x" * (2 * SLICE)), letter(2), letter(3)]
    for raw in raws:
        box.put(raw)
    point_of = {"CRASH_POINT": point, "CRASH_AT": str(at)}
    dies("tests.crash.archive_drain", settings, clock, CONTACT_IMAP_URL=server.url, **point_of)
    if at == 3:
        box.validity += 1  # and the server counts anew meanwhile
    clock.advance(minutes=6)
    archive_reading.read(bot)
    assert sorted(kept(database)) == sorted(raws)
    count = database.read(lambda s: s.scalar(select(func.count()).select_from(ArchivedMail)))
    assert count == len(raws)
