"""Mails as they come back: bounces, complaints, holiday notes, and what only looks like one."""

OURS = "b-{id}@bounce.school.example"


def bounce(
    *,
    to: str = "office@school.example",
    status: str | None = "5.1.1",
    action: str | None = "failed",
    recipient: str = "somying@example.test",
    message_id: str | None = None,
    part: str = "message/rfc822",
    said: str | None = None,
    extra: str = "",
    more_recipients: str = "",
) -> bytes:
    """A delivery status notification as Postfix writes it (RFC 3464)."""
    about = [f"Final-Recipient: rfc822; {recipient}"]
    if action is not None:
        about.append(f"Action: {action}")
    if status is not None:
        about.append(f"Status: {status}")
    about.append(f"Diagnostic-Code: smtp; {said or f'550 {status} <{recipient}> it says no'}")
    original = "Subject: News\nFrom: news@news.school.example\n"
    if message_id is not None:
        original += f"Message-ID: {message_id}\n"
    if part == "message/rfc822":
        original += "\nThree new lessons.\n"
    return _crlf(
        f"""\
Return-Path: <>
Delivered-To: {to}
From: MAILER-DAEMON@mx.example.test (Mail Delivery System)
To: {to}
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="=_b"
{extra}
--=_b
Content-Type: text/plain; charset=us-ascii

I'm sorry: your message to b-{"0" * 32}@bounce.school.example could not be delivered.
Status: 5.1.1

--=_b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.test
Arrival-Date: Mon, 23 Nov 2026 03:00:00 +0000

{chr(10).join(about)}
{more_recipients}
--=_b
Content-Type: {part}

{original}
--=_b--
"""
    )


def complaint(
    *,
    kind: str = "abuse",
    mail_from: str | None = None,
    message_id: str | None = None,
    recipient: str | None = None,
) -> bytes:
    """An abuse report (ARF, RFC 5965) as a feedback loop sends it."""
    fields = [f"Feedback-Type: {kind}", "User-Agent: Loop/1.0", "Version: 1"]
    if mail_from is not None:
        fields.append(f"Original-Mail-From: <{mail_from}>")
    if recipient is not None:
        fields.append(f"Original-Rcpt-To: <{recipient}>")
    original = f"Message-ID: {message_id}\n" if message_id else ""
    return _crlf(
        f"""\
From: <feedback@loop.test>
To: <abuse@school.example>
Subject: FW: News
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="=_a"

--=_a
Content-Type: text/plain; charset="US-ASCII"

This is an email abuse report.

--=_a
Content-Type: message/feedback-report

{chr(10).join(fields)}

--=_a
Content-Type: message/rfc822
Content-Disposition: inline

From: <news@news.school.example>
{original}Subject: News

Three new lessons.

--=_a--
"""
    )


def holiday(to: str) -> bytes:
    """What a mail program says while somebody is away."""
    return _crlf(
        f"""\
From: somying@example.test
To: {to}
Subject: Out of office: 550 5.1.1 user unknown
Auto-Submitted: auto-replied (vacation)

I am on holiday until Monday. Action: failed Status: 5.1.1
"""
    )


def by_a_person(to: str) -> bytes:
    """Somebody answers a mail of ours."""
    return _crlf(
        f"""\
From: somying@example.test
To: {to}
Subject: Re: News
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

เรียนได้เมื่อไร

> Action: failed
> Status: 5.1.1
"""
    )


def _crlf(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()
