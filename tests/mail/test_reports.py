"""What a mail that came back says is read from its machine-made fields, or not at all."""

import random

import pytest

from bot.mail import reports
from bot.mail.reports import Report, ReportKind
from tests.mail.returned import OURS, bounce, by_a_person, complaint, holiday

DOMAIN = "bounce.school.example"
MAIL = "0123456789abcdef" * 2
VERP = OURS.format(id=MAIL)
NAMED = f"<{MAIL}@news.school.example>"


def read(raw: bytes) -> Report:
    return reports.read(raw)


def test_a_bounce_says_which_mail_whom_and_why() -> None:
    found = read(bounce(to=VERP, message_id=NAMED))
    assert (found.kind, found.code) == (ReportKind.FAILED, "5.1.1")
    assert found.mail_ids(DOMAIN) == {MAIL}
    assert found.message_id == NAMED
    assert found.recipients == {"somying@example.test"}


@pytest.mark.parametrize(
    ("action", "status", "kind", "code"),
    [
        ("failed", "4.4.1", ReportKind.FAILED, "4.4.1"),  # given up after days
        ("Failed", "5.0.0 (permanent failure)", ReportKind.FAILED, "5.0.0"),
        ("delayed", "4.2.2", ReportKind.DELAYED, "4.2.2"),
        ("delivered", "2.1.5", ReportKind.DELIVERED, "2.1.5"),
        ("relayed", "2.0.0", ReportKind.DELIVERED, "2.0.0"),
        ("failed", "2.0.0", ReportKind.OTHER, ""),  # contradicts itself
        ("failed", "550 user unknown", ReportKind.OTHER, ""),
        ("failed", "9.1.1", ReportKind.OTHER, ""),
        ("failed", "5.1.1111", ReportKind.OTHER, ""),
        ("failed", None, ReportKind.OTHER, ""),
        ("exploded", "5.1.1", ReportKind.OTHER, ""),
        (None, "5.1.1", ReportKind.OTHER, ""),
    ],
)
def test_actions_and_codes(
    action: str | None, status: str | None, kind: ReportKind, code: str
) -> None:
    found = read(bounce(action=action, status=status))
    assert (found.kind, found.code) == (kind, code)


@pytest.mark.parametrize(
    "part", ["message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/global"]
)
def test_the_mail_that_it_is_about_comes_in_several_forms(part: str) -> None:
    assert read(bounce(message_id=NAMED, part=part)).message_id == NAMED


def test_of_several_recipients_the_worst_counts() -> None:
    more = "\nFinal-Recipient: rfc822; b@x.test\nAction: delayed\nStatus: 4.2.2\n"
    assert read(bounce(more_recipients=more)).code == "5.1.1"


def test_an_address_that_is_not_ours_names_no_mail() -> None:
    assert read(bounce(to=f"b-{MAIL}@elsewhere.test")).mail_ids(DOMAIN) == frozenset()
    assert read(bounce(to=f"xb-{MAIL}@{DOMAIN}")).mail_ids(DOMAIN) == frozenset()
    assert read(bounce(to=f"b-{MAIL[:-1]}@{DOMAIN}")).mail_ids(DOMAIN) == frozenset()
    assert read(bounce(to=VERP.upper())).mail_ids(DOMAIN) == {MAIL}
    assert read(bounce(to=VERP)).mail_ids(None) == frozenset()


def test_free_text_names_nothing() -> None:
    """The sentence for people names another address of ours, and a Message-ID further down."""
    attached = f"\nMessage-ID: {NAMED}\n"
    found = read(bounce(extra="X-Note: see below", more_recipients=""))
    assert found.mail_ids(DOMAIN) == frozenset()
    assert found.message_id is None
    assert read(by_a_person(VERP) + attached.encode()).message_id is None


@pytest.mark.parametrize("kind", ["abuse", "fraud", "opt-out", "opt-out-list", "Abuse"])
def test_a_complaint(kind: str) -> None:
    found = read(complaint(kind=kind, mail_from=VERP, message_id=NAMED))
    assert (found.kind, found.code) == (ReportKind.COMPLAINT, kind.lower())
    assert found.mail_ids(DOMAIN) == {MAIL}
    assert found.message_id == NAMED


@pytest.mark.parametrize("kind", ["not-spam", "auth-failure", "other", "virus", ""])
def test_a_report_that_is_no_complaint(kind: str) -> None:
    assert read(complaint(kind=kind)).kind is ReportKind.OTHER


def test_whoever_is_on_holiday_has_not_bounced() -> None:
    assert read(holiday(VERP)).kind is ReportKind.AUTOMATIC


def test_a_person_who_answers_is_no_machine() -> None:
    assert read(by_a_person(VERP)).kind is ReportKind.OTHER
    said_no = by_a_person(VERP).replace(b"Subject:", b"Auto-Submitted: no\r\nSubject:")
    assert read(said_no).kind is ReportKind.OTHER


def test_a_receipt_is_no_bounce() -> None:
    raw = bounce(to=VERP).replace(
        b"report-type=delivery-status", b"report-type=disposition-notification"
    )
    assert read(raw).kind is ReportKind.AUTOMATIC


def test_a_report_within_a_mail_is_not_about_us() -> None:
    """Somebody passes a bounce on as an attachment."""
    outer = (
        b"From: x@x.test\r\nTo: office@school.example\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/mixed; boundary="=_o"\r\n\r\n--=_o\r\n'
        b"Content-Type: message/rfc822\r\n\r\n" + bounce(to=VERP) + b"\r\n--=_o--\r\n"
    )
    found = read(outer)
    assert found.kind is ReportKind.OTHER
    assert found.mail_ids(DOMAIN) == frozenset()


GARBAGE = [
    b"",
    b"\r\n",
    b"\x00\xff\xfe" * 1000,
    b"Content-Type: multipart/report; report-type=delivery-status\r\n\r\nno boundary",
    b"Content-Type: multipart/report; report-type=delivery-status; boundary=x\r\n\r\n--x--",
    b'Content-Type: multipart/report; report-type*=%ZZ; boundary="a\r\n\r\n',
    bounce(status="5.1.1\x00"),
    bounce(recipient="\xff@\xfe"),
    bounce(message_id="<" + "x" * 5000 + "@y>"),
    bounce().replace(b"message/delivery-status", b"message/delivery-status; charset=none"),
    bounce().replace(
        b"Content-Type: message/delivery-status",
        b"Content-Type: message/delivery-status\r\nContent-Transfer-Encoding: base64",
    ),
    b"Delivered-To: =?utf-8?q?=FF?= <@>\r\nTo: " + b"<" * 3000 + b"\r\n\r\n",
]


@pytest.mark.parametrize("raw", GARBAGE, ids=range(len(GARBAGE)))
def test_garbage_is_not_understood_and_breaks_nothing(raw: bytes) -> None:
    assert isinstance(read(raw), Report)


def test_nor_does_a_report_that_was_damaged_on_the_way() -> None:
    whole, chance = bounce(to=VERP, message_id=NAMED), random.Random(4)
    for _ in range(500):
        damaged = bytearray(whole)
        for _ in range(chance.randint(1, 30)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        assert isinstance(read(bytes(damaged[: chance.randrange(len(damaged))])), Report)
