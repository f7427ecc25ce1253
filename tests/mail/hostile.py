"""Letters that anybody can send so that whoever reads them is busy for minutes."""

from collections.abc import Iterator

from tests.mail.returned import bounce

REPORT = b"Content-Type: multipart/report; report-type=delivery-status; boundary=b"
MARKS = "a" + "\u0315" * 12_000 + "\u0300" * 12_000 + ".aa"


def letters() -> Iterator[tuple[str, bytes]]:
    """The name and the bytes of each."""
    yield "parameters", b'Content-Type: multipart/report; a="' + b";" * 120_000 + b"\r\n\r\nx"
    yield "open quotes", b"Content-Type: multipart/report; a=" + b'"\\' * 60_000 + b"\r\n\r\nx"
    continued = b"".join(b"\r\n a*%d=x;" % number for number in range(100_000))
    yield "continued parameters", REPORT + b";" + continued + b"\r\n\r\nx"
    yield "a domain of marks", bounce(recipient=f"x@{MARKS}")
    yield "a code of marks", bounce(status="5.1.1 " + MARKS, said="550 " + MARKS)
    yield (
        "a thousand recipients",
        bounce(
            more_recipients="\nFinal-Recipient: rfc822; a@b\nAction: failed\nStatus: 5.0.0\n"
            * 20_000
        ),
    )
    yield (
        "deep",
        b"".join(
            b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (n, n)
            for n in range(30_000)
        ),
    )
    yield "a mail in a mail", b"Content-Type: message/rfc822\r\n\r\n" * 60_000
    yield "many parts", REPORT + b"\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 150_000
    yield "almost the boundary", REPORT + b"\r\n\r\n" + b"--b" + b" \t" * 900_000 + b"x"
    yield "one long line", REPORT + b"\r\n\r\n" + b"-" * 2_000_000
    yield "returns alone", REPORT + b"\r\n\r\n" + b"\r" * 2_000_000
    yield "many fields", b"X-A: b\r\n" * 200_000 + b"\r\nx"
    yield "one long field", b"Subject: " + b"a " * 900_000 + b"\r\n\r\nx"
    yield "a folded field", b"Subject: a" + b"\r\n b" * 400_000 + b"\r\n\r\nx"
    yield "no field", b"a" * 2_000_000
    yield "addresses", b"To: " + b"a@b.test, " * 100_000 + b"\r\n\r\nx"
    yield "broken addresses", b"To: " + b"<" * 500_000 + b'"a@b(' * 100_000 + b"\r\n\r\nx"
    yield "coded words", b"Subject: " + b"=?utf-8?q?=C3?= " * 100_000 + b"\r\n\r\nx"
    yield "open coded words", b"Subject: " + b"=?a?b?" * 300_000 + b"\r\n\r\nx"
    yield (
        "base64",
        (
            REPORT + b"\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n"
            b"Content-Transfer-Encoding: base64\r\n\r\n" + b"QQ\r\n" * 400_000
        ),
    )
    yield (
        "quoted",
        (
            REPORT + b"\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n"
            b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + b"=41=" * 400_000
        ),
    )
    head = b"Return-Path: <>\r\nFrom: mailer-daemon@x\r\n\r\n"
    for name, piece in {
        "words of addresses": b"a@b ",
        "lines of addresses": b"<a@b>:\r\n",
        "words of codes": b"5.1.1 550 ",
        "words of blanks": b" ",
        "words of names": b"user address ",
        "lines of dashes": b"-----\r\n",
        "lines of ids": b"\r\nMessage-ID: <a",
    }.items():
        yield name, head + piece * (1_500_000 // len(piece))
