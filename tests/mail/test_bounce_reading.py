"""Reading what came back: one process at a time, on from where it was, whatever breaks."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from app import create_app
from bot.mail.imap import PROCESSED
from bot.runtime import Bot, bounce_reading
from bot.services.delivery import mailbox_cursor, mails
from bot.settings import Settings
from handlers import jobs
from models.audit import AuditEntry
from models.database import Database
from models.mail import Mail
from tests.clock import FakeClock
from tests.mail.coming_back import own_address, reason_of
from tests.mail.conftest import ADDRESS
from tests.mail.imap_server import ImapBox
from tests.mail.returned import bounce, by_a_person

MailOf = Callable[[str], Mail]


def test_without_a_mailbox_there_is_nothing_to_read(bot: Bot) -> None:
    assert bounce_reading.read(bot) == 0


def test_it_is_a_job() -> None:
    assert "bounces" in {job.name for job in jobs.JOBS}


@pytest.mark.parametrize("command", ["LOGIN", "SELECT", "SEARCH", "FETCH", "MOVE"])
def test_after_a_cut_the_next_tick_goes_on(
    command: str,
    bot: Bot,
    returns: ImapBox,
    send_news: Callable[[], str],
    mail_of: MailOf,
    database: Database,
) -> None:
    ids = [send_news(), send_news()]
    letters = [returns.put(bounce(to=own_address(each), status="5.2.2")) for each in ids]
    returns.cuts = {command: 2 if command in {"FETCH", "MOVE"} else 1}
    bounce_reading.read(bot)
    returns.cuts = {}
    bounce_reading.read(bot)
    assert {mail_of(each).bounce_code for each in ids} == {"5.2.2"}
    assert returns.numbers(PROCESSED) == letters
    assert reason_of(database) is None, "none was counted twice"


def test_a_mailbox_that_cannot_be_read_is_told_with_its_cure(
    bot: Bot, returns: ImapBox, capsys: pytest.CaptureFixture[str]
) -> None:
    returns.password = "another"
    assert bounce_reading.read(bot) == 0
    said = capsys.readouterr().out
    assert '"setting": "IMAP_URL"' in said
    assert "Check user and password in IMAP_URL" in said
    assert "school.example" not in said


def test_what_was_read_is_not_read_again(bot: Bot, returns: ImapBox) -> None:
    for _ in range(3):
        returns.put(by_a_person("office@school.example"))
    assert [bounce_reading.read(bot), bounce_reading.read(bot)] == [3, 0]
    returns.put(by_a_person("office@school.example"))
    assert bounce_reading.read(bot) == 1
    assert returns.heard.count("UID FETCH") == 4


def test_a_mailbox_that_counts_anew_is_read_anew(bot: Bot, returns: ImapBox) -> None:
    """Its old numbers mean nothing any more (RFC 3501, 2.3.1.1)."""
    for _ in range(3):
        returns.put(by_a_person("office@school.example"))
    bounce_reading.read(bot)
    returns.validity += 1
    assert bounce_reading.read(bot) == 3


def test_many_letters_are_gone_through_in_one_tick(
    bot: Bot, returns: ImapBox, send_news: Callable[[], str], database: Database
) -> None:
    for _ in range(bounce_reading.ROUND + 20):
        returns.put(by_a_person("office@school.example"))
    returns.put(bounce(to=own_address(send_news())))
    assert bounce_reading.read(bot) == bounce_reading.ROUND + 21
    assert reason_of(database) == "hard bounce"


def test_a_letter_that_breaks_the_parser_holds_up_no_other(
    bot: Bot, returns: ImapBox, send_news: Callable[[], str], database: Database
) -> None:
    deep = b"".join(
        b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (n, n)
        for n in range(3000)
    )
    bad = returns.put(deep)
    returns.put(bounce(to=own_address(send_news())))
    assert bounce_reading.read(bot) == 2
    assert returns.numbers() == [bad]
    assert reason_of(database) == "hard bounce"


def test_one_process_at_a_time(
    bot: Bot, returns: ImapBox, settings: Settings, clock: FakeClock
) -> None:
    other: Bot = create_app(settings, clock=clock).extensions["bot"]
    other.bounce_mailbox, other.settings = bot.bounce_mailbox, bot.settings
    returns.put(by_a_person("office@school.example"))
    assert bot.bounce_mailbox
    name = bot.bounce_mailbox.name
    held = other.database.write(
        lambda session: mailbox_cursor.begin(session, name, "other", clock())
    )
    assert held
    assert bounce_reading.read(bot) == 0
    assert returns.heard == []
    # It dies; its lease ends, and what it says after that counts for nothing.
    clock.advance(minutes=6)
    assert bounce_reading.read(bot) == 1
    assert not other.database.write(
        lambda session: mailbox_cursor.went_on(session, held, "other", 7, 99)
    )
    other.close()


def suppress(database: Database, clock: FakeClock, address: str, reason: str) -> None:
    database.write(
        lambda session: mails.suppress(
            session, mails.address_index(session, address), reason, clock()
        )
    )


def test_staff_see_reasons_and_counts_but_no_address(
    app: Flask, database: Database, clock: FakeClock
) -> None:
    for number in range(2):
        suppress(database, clock, f"{number}@example.test", "hard bounce")
    suppress(database, clock, ADDRESS, "complaint")
    said = app.test_cli_runner().invoke(args=["suppressions"]).output
    assert "       2  hard bounce" in said
    assert "       1  complaint" in said
    assert "       3  in all" in said
    assert "@" not in said


def test_one_address_is_released_and_that_is_written_down(
    app: Flask, database: Database, clock: FakeClock
) -> None:
    suppress(database, clock, ADDRESS, "complaint")

    def release(typed: str) -> tuple[int, str]:
        done = app.test_cli_runner().invoke(args=["suppression-release"], input=typed)
        return done.exit_code, done.output

    assert release("") == (1, "Give the address on standard input, one line.\n")
    assert release(f"{ADDRESS.upper()}\n")[0] == 0
    assert reason_of(database) is None
    code, said = release(f"{ADDRESS}\n")
    assert (code, ADDRESS in said) == (1, False)

    def entries(session: Any) -> list[AuditEntry]:
        return session.query(AuditEntry).filter_by(action="suppression:release").all()

    [entry] = database.read(entries)
    assert entry.actor == "operator"
    assert ADDRESS not in str(entry.data)


def test_the_doctor_reads_the_mailbox(app: Flask, bot: Bot, mailbox: Any, returns: ImapBox) -> None:
    def said() -> str:
        return app.test_cli_runner().invoke(args=["doctor"]).output

    assert "✓ IMAP_URL" in said()
    returns.password = "another"
    assert "✗ IMAP_URL: cannot be read (sign-in refused).\n    cure: Check user" in said()
    bot.bounce_mailbox = None
    assert "! IMAP_URL: is not set" in said()
