"""The speaker of SMTP against real servers: what it makes of each answer, and of none."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.errors import DeliveryError
from bot.mail.mime import Envelope, Written, compose
from bot.mail.smtp import Connection, Mailer, MailError, Patience
from bot.mail_settings import MailServer, Security
from models.base import new_id
from simulator.mailbox import Mailbox, serve_mailbox
from tests.mail.servers import CUT, HANG, DoorKeeper, Wilful, make_certificates
from tests.mailbox import LETTERHEAD
from tests.servers import free_port

IMPATIENT = Patience(connect=5, command=0.5, outcome=0.5)
STEPS = ("mail", "rcpt", "content")


def envelope(to: str = "somying@example.test", **more: Any) -> Envelope:
    mail_id = new_id()
    values: dict[str, Any] = {
        "id": mail_id,
        "message_id": f"<{mail_id}@school.example>",
        "to": to,
        "title": "ขอลิงก์รหัสผ่านใหม่",
        "text": "สวัสดี\n",
        "html": "<p>สวัสดี</p>",
        "language": "th",
        "date": datetime(2026, 11, 23, 3, 0, tzinfo=UTC),
    }
    return compose(Written(**values | more), LETTERHEAD)


@contextmanager
def serving(
    box: Mailbox, security: Security = "plain", tls: Any = None, **options: Any
) -> Iterator[Mailer]:
    with serve_mailbox(box, **options) as server:
        yield Mailer(MailServer("127.0.0.1", server.port, security), LETTERHEAD, IMPATIENT, tls)


def hand_in(connection: Connection, mail: Envelope) -> None:
    connection.address(mail)
    connection.hand_in(mail)


def refused(connection: Connection, mail: Envelope) -> MailError:
    with pytest.raises(MailError) as found:
        hand_in(connection, mail)
    return found.value


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(
    ("code", "permanent"), [("451 4.3.0 later", False), ("554 5.0.0 no", True)]
)
def test_a_refusal_is_for_now_or_for_good_by_its_code(
    step: str, code: str, permanent: bool
) -> None:
    box = Wilful(**{step: code})
    with serving(box) as mailer, mailer.connected() as connection:
        error = refused(connection, envelope())
        assert (error.stage, error.permanent, error.unknown) == (step, permanent, False)
        assert error.status == int(code[:3])
        assert not error.is_dead_address
        # The connection is good for the next mail.
        box.behaviour.clear()
        hand_in(connection, envelope("next@example.test"))
    assert [mail.to for mail in box.mails] == ["next@example.test"]
    assert box.connections == 1


DEAD, MAYBE, NOT = (True, False), (False, True), (False, False)


@pytest.mark.parametrize(
    ("answer", "means"),
    [
        ("550 5.1.1 nobody here", DEAD),
        ("550 5.1.2 no such domain", DEAD),
        ("553 5.1.3 that is no address", DEAD),
        ("551 5.1.6 moved", DEAD),
        ("556 5.1.10 takes no mail", DEAD),
        ("550 5.2.1 closed", DEAD),
        ("550 no such user", DEAD),
        ("550 5.0.0 user unknown", DEAD),
        # Of these nobody can tell whether they are about the address or about us.
        ("550 go away", MAYBE),
        ("551 user not local", MAYBE),
        ("553 sorry", MAYBE),
        ("550 5.0.0 no", MAYBE),
        ("550 5.1.0 address rejected", MAYBE),
        ("553 5.1.4 which of the two?", MAYBE),
        ("550 5.2.0 mailbox status", MAYBE),
        ("552 5.2.2 full", MAYBE),
        # And these are about us, whatever the code says.
        ("550 relay not permitted", NOT),
        ("550 blocked using zen.spamhaus.org", NOT),
        ("553 5.1.3 refused: listed at http://www.spamhaus.org/query", NOT),
        ("550 5.1.1 too many connections", NOT),
        ("553 5.1.7 bad sender", NOT),
        ("550 5.1.8 the sender's domain was not found", NOT),
        ("550 5.7.1 we do not like you", NOT),
        ("550 5.7.27 the sender's domain takes no mail", NOT),
        ("550 5.4.4 unable to route", NOT),
        ("554 no", NOT),
        ("503 sign in first", NOT),
        ("450 4.1.1 perhaps later", NOT),
    ],
)
def test_only_what_can_mean_nothing_else_is_a_dead_address(
    answer: str, means: tuple[bool, bool]
) -> None:
    with serving(Wilful(rcpt=answer)) as mailer, mailer.connected() as connection:
        error = refused(connection, envelope())
    assert (error.is_dead_address, error.may_be_dead) == means


@pytest.mark.parametrize("step", ["mail", "content"])
def test_what_is_said_of_the_sender_or_the_content_kills_no_address(step: str) -> None:
    with serving(Wilful(**{step: "550 5.1.1 no"})) as mailer, mailer.connected() as connection:
        error = refused(connection, envelope())
    assert (error.is_dead_address, error.may_be_dead) == NOT


def test_a_refusal_does_not_repeat_the_address() -> None:
    """Servers like to; our errors go into logs."""
    box = Wilful(rcpt="550 5.1.1 <somying@example.test>: no such user")
    with serving(box) as mailer, mailer.connected() as connection:
        error = refused(connection, envelope())
    assert "somying" not in f"{error} {error!r}"
    assert error.reason == "rcpt 5.1.1"


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("how", [HANG, CUT])
def test_no_answer_is_uncertain_only_after_the_content(step: str, how: str) -> None:
    with serving(Wilful(**{step: how})) as mailer, mailer.connected() as connection:
        error = refused(connection, envelope())
    assert error.permanent is False
    assert (error.stage, error.unknown) == (step, step == "content")
    if how == HANG:
        assert error.reason == "timeout"


MUCH = "ก" * 40_000  # 120,000 octets


@pytest.mark.parametrize(
    ("answer", "connections"),
    [
        (f"250 {MUCH}", 1),
        (f"250-{MUCH}\r\n250-{MUCH}\r\n250 2.0.0 ok", 1),
        ("250-ok\r\n" * 20_000 + "250 ok", 1),
        ("250", 1),
        (f"250 {MUCH * 12}", 2),  # without an end: what it is about is clear all the same
        ("250-ok\r\n" * 200_000 + "250 ok", 2),
    ],
)
def test_a_yes_is_a_yes_in_any_number_of_words(answer: str, connections: int) -> None:
    box = Wilful(keeps_first=True, content=answer)
    with serving(box) as mailer, mailer.connected() as connection:
        hand_in(connection, envelope("one@example.test"))
        box.behaviour.clear()
        hand_in(connection, envelope("two@example.test"))
    assert [mail.to for mail in box.mails] == ["one@example.test", "two@example.test"]
    assert box.connections == connections


@pytest.mark.parametrize(
    ("answer", "is_permanent", "is_unknown"),
    [
        (f"554 5.0.0 {MUCH}", True, False),
        (f"451-{MUCH}\r\n451 4.3.0 later", False, False),
        ("accepted", False, True),
        ("25", False, True),
        (" 250 ok", False, True),
        ("354 go on", False, True),
        (f"{MUCH}", False, True),
    ],
)
def test_after_the_content_only_a_no_is_a_no(
    answer: str, is_permanent: bool, is_unknown: bool
) -> None:
    with serving(Wilful(content=answer)) as mailer, mailer.connected() as connection:
        error = refused(connection, envelope())
    assert (error.permanent, error.unknown) == (is_permanent, is_unknown)
    assert len(str(error)) < 200


def test_a_server_that_is_closing_is_called_again() -> None:
    box = Wilful(mail="421 4.3.2 going down")
    with serving(box) as mailer, mailer.connected() as connection:
        assert refused(connection, envelope()).permanent is False
        box.behaviour.clear()
        hand_in(connection, envelope())
    assert (len(box.mails), box.connections) == (1, 2)


def test_nobody_listens() -> None:
    mailer = Mailer(MailServer("127.0.0.1", free_port(), "plain"), LETTERHEAD, IMPATIENT)
    with mailer.connected() as connection:
        error = refused(connection, envelope())
    assert (error.stage, error.permanent, error.unknown) == ("connect", False, False)


def test_a_mail_that_is_let_go_leaves_the_connection_free() -> None:
    box = Mailbox()
    with serving(box) as mailer, mailer.connected() as connection:
        connection.address(envelope("not@example.test"))
        connection.skip()
        hand_in(connection, envelope("this@example.test"))
    assert [mail.recipients for mail in box.mails] == [("this@example.test",)]
    assert box.connections == 1


def test_starttls_by_an_authority_that_we_trust(tmp_path: Path) -> None:
    made, box = make_certificates(tmp_path), Wilful()
    options = {"tls_context": made.server, "require_starttls": True}
    with (
        serving(box, "starttls", made.client, **options) as mailer,
        mailer.connected() as connection,
    ):
        hand_in(connection, envelope())
    assert box.was_secure == [True]
    assert len(box.mails) == 1


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_an_unknown_authority_gets_no_mail(tmp_path: Path, security: Security) -> None:
    made, box = make_certificates(tmp_path), Wilful()
    option = "tls_from_start" if security == "tls" else "tls_context"
    options = {option: made.server}
    with serving(box, security, None, **options) as mailer, mailer.connected() as connection:
        error = refused(connection, envelope())
    assert (error.stage, error.permanent) == ("connect", False)
    assert "SSL" in error.reason
    assert (box.mails, box.seen) == ([], [])


def test_another_hosts_certificate_gets_no_mail(tmp_path: Path) -> None:
    made, box = make_certificates(tmp_path, "127.0.0.2"), Wilful()
    with (
        serving(box, "starttls", made.client, tls_context=made.server) as mailer,
        mailer.connected() as connection,
    ):
        assert "SSL" in refused(connection, envelope()).reason
    assert box.seen == []


def test_without_starttls_nothing_goes_out_in_the_clear() -> None:
    box = Wilful()
    with serving(box, "starttls") as mailer, mailer.connected() as connection:
        error = refused(connection, envelope())
    assert (error.stage, error.permanent) == ("connect", False)
    assert box.seen == []


@pytest.mark.parametrize(("password", "is_let_in"), [("right", True), ("wrong", False)])
def test_signing_in(tmp_path: Path, password: str, is_let_in: bool) -> None:
    """A wrong password is the operator's to cure, and no mail's fault."""
    made, box = make_certificates(tmp_path), Wilful()
    options = {
        "tls_context": made.server,
        "require_starttls": True,
        "authenticator": DoorKeeper("robot", "right"),
        "auth_required": True,
    }
    with serving(box, "starttls", made.client, **options) as mailer:
        server = replace(mailer.server, user="robot", password=password)
        with replace(mailer, server=server).connected() as connection:
            if is_let_in:
                hand_in(connection, envelope())
            else:
                error = refused(connection, envelope())
                assert (error.stage, error.permanent, error.status) == ("connect", False, 535)
                assert password not in f"{error!r}"
    assert len(box.mails) == int(is_let_in)


def test_a_thai_address_goes_where_it_is_understood() -> None:
    """RFC 6531: SMTPUTF8 where the server offers it."""
    box = Mailbox()
    with serving(box) as mailer, mailer.connected() as connection:
        hand_in(connection, envelope("สมหญิง@อีเมล.ไทย"))
    (mail,) = box.mails
    assert mail.to == "สมหญิง@xn--12cl6bybc8g.xn--o3cw4h" or mail.to.startswith("สมหญิง@xn--")
    assert "สมหญิง" in mail.headers["To"]
    assert mail.subject == "ขอลิงก์รหัสผ่านใหม่"


def test_a_thai_address_fails_for_good_where_it_is_not() -> None:
    box = Mailbox()
    with (
        serving(box, enable_SMTPUTF8=False) as mailer,
        mailer.connected() as connection,
    ):
        error = refused(connection, envelope("สมหญิง@example.test"))
        assert (error.permanent, error.is_dead_address) == (True, False)
        assert "SMTPUTF8" in error.reason
        # A Thai domain alone needs nothing of the server.
        hand_in(connection, envelope("somying@อีเมล.ไทย"))
    assert [mail.to.partition("@xn--")[0] for mail in box.mails] == ["somying"]


def test_lines_that_begin_with_a_dot_arrive() -> None:
    """RFC 5321, 4.5.2."""
    box = Mailbox()
    plain = Envelope("a@school.example", "b@example.test", b"Subject: x\r\n\r\n.\r\n..a\r\nb\r\n")
    with serving(box) as mailer, mailer.connected() as connection:
        hand_in(connection, plain)
    (mail,) = box.mails
    assert mail.raw == plain.content


@pytest.mark.parametrize(
    "to",
    [
        "a@b@c.example", "a b@c.example", "a\r\nRCPT TO:<x@y.example>@c.example", "@c.example",
        "a@", "", "a@-.example", "<a@c.example>", "a,b@c.example", "\u202ea@c.example",
        "a" * 65 + "@c.example",
    ],
)  # fmt: skip
def test_what_is_no_address_fails_for_good(to: str) -> None:
    with pytest.raises(DeliveryError) as found:
        envelope(to)
    assert found.value.permanent
