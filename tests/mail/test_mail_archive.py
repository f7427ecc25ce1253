"""What goes out is archived as it was handed over; nobody alters it, and the law can erase it."""

import csv
import hashlib
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from flask import Flask
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from bot.crypto import Keyring
from bot.mail.smtp import Mailer
from bot.mail_settings import DkimKey, MailServer
from bot.runtime import Bot, mailing, purging
from bot.services.backups import key_rotation
from bot.services.delivery import archived_fields, mail_archive, mails
from bot.services.delivery.gate import Decision, Go
from bot.services.people.subjects import Subject
from bot.services.privacy import erasure
from bot.settings import School, Settings
from bot.texts.letters import Letter
from models.base import new_id
from models.database import Database
from models.learner import Learner
from models.mail import Mail, MailState
from models.mail_archive import ArchivedBody, ArchivedChunk, ArchivedMail, Direction
from simulator.mailbox import Mailbox, serve_mailbox
from tests.clock import FakeClock
from tests.mail.conftest import ADDRESS, news_of
from tests.mail.servers import CUT, Wilful
from tests.mailbox import LETTERHEAD

Queue = Callable[..., str]
Archived = Callable[[], dict[str | None, bytes]]
CAMPAIGN = new_id()


class OpenGate:
    """Whether news may go is asked elsewhere."""

    def open_queues(self, session: Session, now: datetime) -> list[str]:
        return [CAMPAIGN]

    def decide(self, session: Session, row: Any, now: datetime) -> Decision:
        return Go()

    def is_undeliverable(self, *args: Any, **more: Any) -> None:
        raise AssertionError


@pytest.fixture
def archived(database: Database) -> Archived:
    """What is kept: the bytes of each mail, by the mail's row in the queue."""

    def read(session: Session) -> dict[str | None, bytes]:
        query = select(ArchivedMail).where(ArchivedMail.erased_at.is_(None))
        found = session.scalars(query).all()
        assert len({row.mail_id for row in found}) == len(found), "none stands there twice"
        return {row.mail_id: b"".join(mail_archive.pieces(session, row)) for row in found}

    return lambda: database.read(read)


@contextmanager
def served(bot: Bot, box: Wilful) -> Iterator[Wilful]:
    with serve_mailbox(box) as server:
        bot.mailer = Mailer(MailServer("127.0.0.1", server.port, "plain"), LETTERHEAD)
        yield box


def rows(database: Database) -> list[ArchivedMail]:
    query = select(ArchivedMail).order_by(ArchivedMail.id)
    return database.read(lambda session: list(session.scalars(query)))


def verify(app: Flask) -> tuple[int, str]:
    done = app.test_cli_runner().invoke(args=["mail-archive-verify"])
    return done.exit_code, done.output


def keep(
    database: Database, clock: FakeClock, raw: bytes, direction: Direction = Direction.INCOMING
) -> str:
    """A letter as if it had been fetched."""

    def work(session: Session) -> str:
        made = mail_archive.begin(session, direction, ("m", 1, 1), clock())
        mail_archive.add(session, made, 0, raw)
        assert mail_archive.finish(session, made, hashlib.sha256(raw).hexdigest(), len(raw))
        archived_fields.read(session, made, raw, clock())
        return made

    return database.write(work)


def test_every_mail_that_arrived_is_kept_byte_for_byte(
    bot: Bot,
    mailbox: Mailbox,
    queue: Queue,
    queue_news: Queue,
    archived: Archived,
    database: Database,
) -> None:
    ids = [queue(), queue(to="father@example.test"), queue_news()]
    mailing.drain(bot)
    kept = archived()
    assert set(kept) == set(ids)
    assert sorted(kept.values()) == sorted(mail.raw for mail in mailbox.mails)
    for row in rows(database):
        raw = kept[row.mail_id]
        assert (row.sha256, row.size) == (hashlib.sha256(raw).hexdigest(), len(raw))
        assert (row.direction, row.sent_sha256) == (Direction.OUTGOING, None)
        assert row.at == bot.clock() == row.read_at
        assert (row.subject_id is None) == (row.mail_id != ids[2])

    def by_id(session: Session) -> list[str | None]:
        index = ArchivedMail.message_id.lookups(session, f"{ids[0]}@school.example")
        query = select(ArchivedMail).where(ArchivedMail.message_index.in_(index))
        return [row.peer for row in session.scalars(query)]

    assert database.read(by_id) == [ADDRESS]


def test_it_is_kept_before_it_goes_and_an_unknown_end_is_known_as_one(
    app: Flask,
    bot: Bot,
    queue_news: Queue,
    archived: Archived,
    mail_of: Callable[[str], Mail],
) -> None:
    with served(bot, Wilful(keeps_first=True, content=CUT)) as box:
        mail_id = queue_news()
        mailing.drain(bot)
    assert mail_of(mail_id).state is MailState.UNKNOWN
    assert archived() == {mail_id: box.mails[0].raw}
    code, said = verify(app)
    assert code == 0
    assert "✓ 1 mails are whole, 0 were erased; of 1 that went out nobody knows" in said


def test_a_notice_that_is_handed_over_again_is_one_mail(
    bot: Bot, queue: Queue, archived: Archived, clock: FakeClock
) -> None:
    with served(bot, Wilful(content="451 4.3.0 later")) as box:
        mail_id = queue()
        mailing.drain(bot)
        box.behaviour.clear()
        clock.advance(hours=1)
        mailing.drain(bot)
    assert [mail.raw for mail in box.mails] == [archived()[mail_id]]


def test_what_is_refused_before_it_was_handed_over_is_not_archived(
    bot: Bot, queue: Queue, archived: Archived
) -> None:
    with served(bot, Wilful(rcpt="550 5.1.1 nobody")):
        queue()
        mailing.drain(bot)
    assert archived() == {}


@pytest.mark.parametrize(("template", "gap"), [("email_confirm", "link"), ("relink_code", "code")])
def test_a_secret_is_not_in_the_archive_but_the_digest_of_what_was_sent_is(
    template: str,
    gap: str,
    bot: Bot,
    mailbox: Mailbox,
    queue: Queue,
    archived: Archived,
    database: Database,
) -> None:
    values = {"page": "https://bot.example.test/s/email", "account": "English Planet"}
    mail_id = queue(template=template, values=values)
    secret = {"link": mails.link_secret, "code": mails.code_secret}[gap]
    said = database.read(lambda session: secret(session, mail_id))
    mailing.drain(bot)
    (sent,) = mailbox.mails
    assert said in sent.text
    [row] = rows(database)
    raw = archived()[mail_id]
    kept = message_from_bytes(raw, policy=policy.default)
    assert "DKIM-Signature" not in kept
    for kind, whole in (("plain", sent.text), ("html", sent.html)):
        part = kept.get_body((kind,))  # type: ignore[attr-defined]
        words = part.get_content().replace("\r\n", "\n")
        assert words == whole.replace(said, f"{{{gap}}}")
    assert row.sent_sha256 == hashlib.sha256(sent.raw).hexdigest()
    assert row.sha256 == hashlib.sha256(raw).hexdigest()
    # What the mail provider puts into the folder of sent mails is not kept either, nor a copy that
    # came in by another way; a stranger's mail that only borrows the id is.
    ours, theirs = Direction.OUTGOING, Direction.INCOMING
    way = b"Received: from mx by school\r\n for <office@school.example>\r\n"
    borrowed = sent.raw.replace(b"Subject:", b"Subject: Re:")

    def is_copy(direction: Direction, found: bytes) -> bool:
        return database.read(lambda s: mail_archive.is_own_copy(s, direction, found))

    assert is_copy(theirs, way + sent.raw)
    assert is_copy(ours, borrowed)
    assert not is_copy(theirs, borrowed)
    assert not is_copy(ours, b"Subject: x\r\n\r\n")


def test_of_a_campaign_the_body_is_kept_once_and_every_mail_in_full(
    bot: Bot,
    mailbox: Mailbox,
    queue: Queue,
    make_reader: Callable[[str], Learner],
    archived: Archived,
    database: Database,
) -> None:
    key = rsa.generate_private_key(65537, 2048).private_bytes(
        Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
    )
    assert bot.mailer
    head = replace(bot.mailer.head, dkim=DkimKey("school.example", "s1", key))
    bot.mailer, bot.make_gate = replace(bot.mailer, head=head), lambda settings: OpenGate()
    words = "บทเรียนใหม่ " * 400
    letter = Letter("ข่าว", f"{words}{{unsubscribe}}", f"<p>{words}<a>{{unsubscribe}}</a></p>")
    for number in range(6):
        address = f"reader{number}@example.test"
        news = news_of(make_reader(address).conversation_id, CAMPAIGN)
        queue(to=address, template="campaign", news=news, written=letter)
    mailing.drain(bot)
    assert len(mailbox.mails) == 6
    assert sorted(archived().values()) == sorted(mail.raw for mail in mailbox.mails)

    def sizes(session: Session) -> tuple[int, bytes]:
        pieces = session.scalars(select(func.length(ArchivedChunk.piece_sealed))).all()
        return max(pieces), session.scalars(select(ArchivedBody.content)).one()

    largest, shared = database.read(sizes)
    assert 10 * largest < len(shared)
    # It names nobody: neither an address that ends somebody's news, nor a mail.
    read = message_from_bytes(
        b"Content-Type: multipart/alternative; boundary="
        + shared[2:].partition(b"\r\n")[0]
        + b"\r\n\r\n"
        + shared
    )
    said = b"".join(
        part.get_payload(decode=True) for part in read.walk() if not part.is_multipart()
    )
    for mail in mailbox.mails:
        stop = mail.headers["List-Unsubscribe"].strip("<>").rpartition("/")[2]
        assert stop.encode() in "".join(mail.text.split()).encode()
        assert stop.encode() not in said
        assert mail.message.get_boundary("").encode() not in shared  # type: ignore[union-attr]


def attempt(database: Database, statement: str) -> bool:
    """Whether the database does it, whoever asks."""
    engine = create_engine(database.url, poolclass=NullPool)
    try:
        with engine.begin() as connection:
            connection.execute(text(statement))
    except DBAPIError:
        return False
    return True


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE archived_mail SET sha256 = 'x'",
        "UPDATE archived_mail SET size = 1",
        "UPDATE archived_mail SET direction = 'outgoing'",
        "UPDATE archived_mail SET author = 'x'",
        "UPDATE archived_mail SET at = CURRENT_TIMESTAMP",
        "DELETE FROM archived_mail",
        "UPDATE archived_chunk SET piece_sealed = piece_sealed",
        "UPDATE archived_chunk SET mail_id = 'x'",
        "DELETE FROM archived_chunk",
        "UPDATE archived_body SET content = content",
        "DELETE FROM archived_body WHERE id = 'needed'",
    ],
)
def test_the_database_refuses_to_alter_it(
    statement: str, database: Database, clock: FakeClock
) -> None:
    keep(database, clock, b"From: a@example.test\r\n\r\nx")

    def body(session: Session) -> None:
        key = {"campaign_id": new_id(), "language": "th", "content": b"x", "at": clock()}
        session.add(ArchivedBody(id="needed", **key))
        row = ArchivedMail(id=new_id(), direction=Direction.OUTGOING, at=clock(), sha256="y")
        row.body_id = "needed"
        session.add(row)

    database.write(body)
    assert not attempt(database, statement)
    assert attempt(database, "DELETE FROM archived_body WHERE id = 'another'")


def test_an_erasure_leaves_a_tombstone_that_nothing_changes(
    app: Flask, database: Database, clock: FakeClock, reader: Learner
) -> None:
    raw = f"From: {ADDRESS}\r\nMessage-ID: <q@x>\r\n\r\nquestion".encode()
    mine = keep(database, clock, raw)
    other = keep(database, clock, b"From: other@example.test\r\n\r\nquestion")
    database.write(lambda s: erasure.erase(s, Subject(reader.conversation_id, reader.id), clock()))
    row = database.read(lambda session: session.get_one(ArchivedMail, mine))
    assert (row.erased_at, row.erased_why) == (clock(), "erased")
    assert (row.sha256, row.size) == (hashlib.sha256(raw).hexdigest(), len(raw))
    assert not any([row.peer_sealed, row.addresses_index, row.message_index, row.date])
    left = database.read(lambda s: set(s.scalars(select(ArchivedChunk.mail_id))))
    assert left == {other}
    assert not attempt(database, "UPDATE archived_mail SET erased_at = NULL")
    assert verify(app)[1].startswith("✓ 1 mails are whole, 1 were erased")
    # Fetched once more, it stays erased.
    again = database.write(
        lambda s: mail_archive.begin(s, Direction.INCOMING, ("m", 2, 1), clock())
    )
    assert not database.write(
        lambda s: mail_archive.finish(s, again, hashlib.sha256(raw).hexdigest(), len(raw))
    )
    assert {row.id for row in rows(database)} == {mine, other}


def test_what_was_altered_or_lost_is_named(
    app: Flask, database: Database, clock: FakeClock
) -> None:
    ids = [keep(database, clock, b"Subject: %d\r\n\r\nwords" % number) for number in range(4)]
    assert verify(app)[0] == 0

    def forge(session: Session) -> None:
        """Past the triggers: pieces are put there, which no trigger refuses."""
        for mail_id, piece in ((ids[1], b"more"), (ids[2], b"")):
            chunk = ArchivedChunk(id=f"{mail_id}.000009", mail_id=mail_id)
            with session.no_autoflush:
                session.add(chunk)
                chunk.piece = piece
        broken = ArchivedChunk(id=f"{ids[3]}.000009", mail_id=ids[3], piece_sealed=b"\x02k1x")
        session.add(broken)

    database.write(forge)
    code, said = verify(app)
    assert code == 1
    assert f"✗ {ids[1]}: has 23 bytes instead of 19" in said
    assert f"✗ {ids[3]}: cannot be opened" in said
    assert ids[0] not in said
    assert ids[2] not in said


def test_the_export_is_byte_for_byte_and_for_one_pair_of_eyes(
    app: Flask, database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    raws = {}
    for name, answers, more in (
        ("answer", "<q@x>", b""),
        ("question", "", b""),
        ("thanks", "<unknown@x> <a@x>", b"\xff\x00\r\n."),
        ("stranger", "", b""),
    ):
        clock.advance(minutes=1)
        raw = f"From: x@example.test\r\nMessage-ID: <{name[0]}@x>\r\nReferences: {answers}\r\n"
        raw += "Date: Mon, 2 Nov 2026 10:00:00 +0700\r\n\r\n"
        raws[keep(database, clock, raw.encode() + more)] = raw.encode() + more
    target = tmp_path / "out"
    done = app.test_cli_runner().invoke(args=["mail-archive-export", str(target)])
    assert (done.exit_code, done.output) == (0, f"4 mails in {target}; 0 more were erased.\n")
    assert {path.stem: path.read_bytes() for path in target.glob("*.eml")} == raws
    assert {stat.S_IMODE(path.stat().st_mode) for path in target.iterdir()} == {0o600}
    with (target / "index.csv").open(encoding="utf-8", newline="") as file:
        index = list(csv.DictReader(file))
    ids = list(raws)
    assert list(index[0]) == ["id", "direction", "date", "sha256", "thread"]
    assert [row["id"] for row in index] == ids
    assert [row["sha256"] for row in index] == [
        hashlib.sha256(r).hexdigest() for r in raws.values()
    ]
    assert [row["thread"] for row in index] == [ids[0], ids[0], ids[0], ids[3]]
    assert index[0]["date"] == "2026-11-02T03:00:00+00:00"
    again = app.test_cli_runner().invoke(args=["mail-archive-export", str(target)])
    assert again.exit_code == 1
    assert "name an empty directory" in again.output


def test_new_keys_reach_the_archive(
    app: Flask, settings: Settings, database: Database, clock: FakeClock
) -> None:
    keys = {"k9": b"9" * 31 + b"x", **settings.data_keys}
    mail_id = keep(database, clock, b"From: a@example.test\r\nIn-Reply-To: <q@x>\r\n\r\nx")
    new = Database(settings.database_url, Keyring(keys), clock)
    for table in (ArchivedMail, ArchivedChunk):
        count = new.write(lambda s, t=table: key_rotation.rotate_batch(s, t, "", clock())[1])
        assert count == 1

    def read(session: Session) -> tuple[Any, ...]:
        row = session.get_one(ArchivedMail, mail_id)
        index = ArchivedMail.references.lookups(session, "q@x")[0]
        raw = b"".join(mail_archive.pieces(session, row))
        return (
            row.peer,
            row.references_index == index,
            raw[-1:],
            Keyring.key_of(row.peer_sealed or b""),
        )

    assert new.read(read) == ("a@example.test", True, b"x", "k9")
    new.close()


def test_a_mail_of_somebody_who_wrote_again_stays_past_its_period(
    bot: Bot, database: Database, clock: FakeClock
) -> None:
    bot.settings = replace(bot.settings, school=School(archive_years=1))
    first = keep(database, clock, b"From: a@example.test\r\n\r\n1")
    keep(database, clock, b"From: b@example.test\r\n\r\n1")
    clock.advance(days=300)
    last = keep(database, clock, b"From: a@example.test\r\n\r\n2")
    clock.advance(days=100)
    assert purging.dry_run(bot)["archived mail"] == 1
    assert {first, last} <= {row.id for row in rows(database)}
