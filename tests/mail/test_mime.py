"""Mails as bytes: Thai headers, a signature that verifies, and no way out of a header."""

import base64
import contextlib
import re
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import example, given
from hypothesis import strategies as st

from bot.errors import DeliveryError
from bot.mail.mime import (
    Envelope,
    Letterhead,
    Written,
    bounced_mail,
    compose,
    header_text,
    wire_address,
)
from bot.mail_settings import DkimKey, dkim_pem
from tests.mailbox import LETTERHEAD

ID = "0" * 31 + "1"
STOP = "https://bot.example.test/s/stop/AbC_123-x"
WRITTEN = Written(
    id=ID,
    message_id=f"<{ID}@school.example>",
    to="somying@example.test",
    title="ขอลิงก์รหัสผ่านใหม่",
    text="สวัสดี\n",
    html="<p>สวัสดี</p>\n",
    language="th",
    date=datetime(2026, 11, 23, 3, 0, tzinfo=UTC),
)
NEWS = replace(WRITTEN, is_news=True, unsubscribe=STOP)


def parsed(envelope: Envelope) -> EmailMessage:
    found = message_from_bytes(envelope.content, policy=policy.default)
    assert isinstance(found, EmailMessage)
    return found


def composed(**changes: Any) -> EmailMessage:
    return parsed(compose(replace(WRITTEN, **changes), LETTERHEAD))


def raw_headers(envelope: Envelope) -> dict[str, str]:
    """Headers as they stand on the wire, unfolded; each once."""
    head = envelope.content.partition(b"\r\n\r\n")[0].decode()
    lines = re.sub(r"\r\n[ \t]", " ", head).split("\r\n")
    names = [line.partition(":")[0] for line in lines]
    assert len(names) == len(set(names)), names
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


@pytest.mark.parametrize(
    "title",
    [
        "ยืนยันอีเมลของคุณกับ English Planet",
        "คุณขอลิงก์รหัสผ่านใหม่เมื่อวันที่ 23 พฤศจิกายน 2569 เวลา 10:00 น. ถ้าไม่ใช่คุณ กรุณาแจ้งเจ้าหน้าที่ทันที",
        "English",
        "ก่ำก้ำ ๑๒๓ 😀 = ? _ %",
    ],
)
def test_a_subject_arrives_as_it_was_written(title: str) -> None:
    envelope = compose(replace(WRITTEN, title=title), LETTERHEAD)
    assert parsed(envelope)["Subject"] == title
    assert envelope.content.isascii()  # RFC 2047: nothing depends on what a server lets through


def test_news_say_how_to_stop_as_rfc_8058_wants() -> None:
    headers = raw_headers(compose(NEWS, LETTERHEAD))
    assert headers["List-Unsubscribe"] == f"<{STOP}>"
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "Auto-Submitted" not in headers


@pytest.mark.parametrize("length", [20, 43, 60, 86, 200, 600])
def test_a_way_to_stop_is_one_plain_address_however_long(
    length: int, key: rsa.RSAPrivateKey
) -> None:
    """A coded word there is read by no mail program (RFC 2047, 5; RFC 8058, 3.1)."""
    stop = f"https://bot.example.test/s/stop/{'aB3-_' * (length // 5)}?lang=th"
    content = compose(replace(NEWS, unsubscribe=stop), signing(key)).content
    lines = re.findall(rb"^List-Unsubscribe:(?:\r\n)? (.*)\r\n", content, re.MULTILINE)
    assert lines == [f"<{stop}>".encode()]
    assert verifies(content, key)
    spoiled = content.replace(b"/s/stop/", b"/s/stip/", 1)
    assert not verifies(spoiled, key), "the signature covers it"


def test_what_machines_read_is_never_coded() -> None:
    long_id = f"<{'a1' * 60}@news.school.example>"
    for written in (replace(WRITTEN, message_id=long_id), replace(NEWS, message_id=long_id)):
        raw = raw_headers(compose(written, LETTERHEAD))
        assert raw["Message-ID"] == long_id
        coded = {name for name, value in raw.items() if "=?" in value}
        assert coded <= {"Subject", "From", "Reply-To"}, coded


@given(st.text(st.sampled_from("กขคงุ้ำเแโ0123456789%_=? abcXYZ“”😀–…"), max_size=200))
@example("คอร์ส Everyday English ลด 50% ถึง 31 ธ.ค. 2569 เท่านั้น! สมัครเลย")
@example("a" * 199 + "ก")
@example("ลด 50% 50% 50% English English English ก English 50% ถึง 31/12")
def test_a_subject_comes_back_character_by_character(title: str) -> None:
    shown = header_text(title)
    raw = raw_headers(compose(replace(WRITTEN, title=title), LETTERHEAD))["Subject"]
    words = raw.split(" ") if shown else []
    if shown.isascii():
        assert raw == shown
    else:
        assert all(len(word) <= 75 for word in words)
        coded = [re.fullmatch(r"=\?utf-8\?b\?([A-Za-z0-9+/=]+)\?=", word) for word in words]
        assert "".join(base64.b64decode(each[1]).decode() for each in coded if each) == shown
        assert all(coded)
    assert str(composed(title=title)["Subject"]) == shown


def test_the_streams_have_addresses_of_their_own() -> None:
    notice, news = (compose(each, LETTERHEAD) for each in (WRITTEN, NEWS))
    senders = [parsed(each)["From"].addresses[0].addr_spec for each in (notice, news)]
    assert senders == ["hello@school.example", "news@news.school.example"]
    assert "List-Unsubscribe" not in parsed(notice)


@pytest.mark.parametrize(
    "address", [None, "", "mailto:x@y.example", "https://x/\r\nBcc: z", "http s"]
)
def test_news_without_a_way_to_stop_are_not_written(address: str | None) -> None:
    with pytest.raises(DeliveryError) as found:
        compose(replace(NEWS, unsubscribe=address), LETTERHEAD)
    assert found.value.permanent


def test_a_bounce_says_which_mail_it_was() -> None:
    envelope = compose(WRITTEN, LETTERHEAD)
    assert envelope.sender == f"b-{ID}@bounce.school.example"
    assert bounced_mail(envelope.sender.upper()) == ID
    assert bounced_mail("hello@school.example") is None
    alone = compose(WRITTEN, replace(LETTERHEAD, bounce_domain=None))
    assert alone.sender == "hello@school.example"


def test_the_same_row_makes_the_same_bytes() -> None:
    """A repeat is recognised by servers and mail programs."""
    assert compose(WRITTEN, LETTERHEAD) == compose(WRITTEN, LETTERHEAD)


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def signing(key: rsa.RSAPrivateKey) -> Letterhead:
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return replace(LETTERHEAD, dkim=DkimKey("school.example", "line", dkim_pem(pem).encode()))


def verifies(content: bytes, key: rsa.RSAPrivateKey) -> bool:
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def dns(name: bytes, timeout: int = 5) -> bytes:
        assert name == b"line._domainkey.school.example."
        return b"v=DKIM1; k=rsa; p=" + base64.b64encode(public)

    found: bool = dkim.verify(content, dnsfunc=dns)
    return found


@pytest.mark.parametrize("written", [WRITTEN, NEWS], ids=["notice", "news"])
def test_the_signature_verifies_and_covers_what_it_must(
    written: Written, key: rsa.RSAPrivateKey
) -> None:
    envelope = compose(written, signing(key))
    assert verifies(envelope.content, key)
    signature = raw_headers(envelope)["DKIM-Signature"]
    covered = re.search(r"\bh=([^;]+)", signature)
    assert covered
    names = {name.strip().lower() for name in covered[1].split(":")}
    needed = {"from", "to", "subject", "date", "message-id"}
    if written.is_news:
        needed |= {"list-unsubscribe", "list-unsubscribe-post"}  # RFC 8058, 4
    assert needed <= names
    for old, new in ((b"somying", b"somsri"), (b"Message-ID: <0", b"Message-ID: <1")):
        assert not verifies(envelope.content.replace(old, new), key)


nasty = st.text(
    st.one_of(
        st.characters(codec="utf-8"),
        st.sampled_from('\r\n\x00\x0b\x0c\x1c\x85\u2028\u2029\u202e\u200f\ufeff:;,<>@"\\=?_ ก้'),
    ),
    max_size=400,
)


@given(title=nasty, text=nasty)
@example(title="x\r\nBcc: victim@example.test", text="\r\n.\r\nMAIL FROM:<x@y.example>\r\n")
@example(title="ก" * 2000, text="x" * 5000)
@example(title="x\u2028Bcc: victim@example.test", text="")
@example(title="\u202egnp.exe", text="\u202e")
@example(title="=?utf-8?q?x=0D=0ABcc:_victim@example.test?=", text="")
def test_no_title_and_no_text_breaks_out(title: str, text: str) -> None:
    envelope = compose(replace(WRITTEN, title=title, text=text), LETTERHEAD)
    headers = raw_headers(envelope)
    assert set(headers) == {
        "From", "To", "Reply-To", "Subject", "Date", "Message-ID", "Content-Language",
        "Auto-Submitted", "MIME-Version", "Content-Type",
    }  # fmt: skip
    lines = envelope.content.split(b"\r\n")
    assert max(map(len, lines)) <= 998  # RFC 5322, 2.1.1
    assert b"\n" not in b"".join(lines)
    assert b"\r" not in b"".join(lines)
    assert envelope.content.isascii()
    found = parsed(envelope)
    assert "=?" not in str(found["Subject"])
    assert not set(str(found["Subject"])) & set("\r\n\x00\u2028\u2029\u202e\u200f")
    assert found["To"].addresses[0].addr_spec == WRITTEN.to
    assert found.get_body(("plain",)) is not None


@given(address=st.one_of(nasty, st.emails(), nasty.map(lambda local: f"{local}@example.test")))
@example(address="a@example.test>\r\nRCPT TO:<victim@example.test")
@example(address="a@example.test, victim@example.test")
@example(address='"a b"@example.test')
def test_no_address_becomes_another_one(address: str) -> None:
    """It is refused for good, or exactly one mailbox is written to."""
    envelope = None
    with contextlib.suppress(DeliveryError):
        envelope = compose(replace(WRITTEN, to=address), LETTERHEAD)
    if envelope is None:
        return
    assert not set(envelope.to) & set("\r\n <>,")
    assert envelope.to.count("@") == 1
    assert envelope.to.rpartition("@")[0] == address.rpartition("@")[0]
    assert envelope.to.rpartition("@")[2].isascii()
    found = parsed(envelope)["To"].addresses
    assert len(found) == 1
    assert envelope.needs_utf8 == (not envelope.to.isascii())
    assert set(raw_headers(envelope)) >= {"From", "To", "Subject"}


@pytest.mark.parametrize(
    ("domain", "wire"),
    [
        ("อีเมล.ไทย", "xn--42cl2bj6bybya2b.xn--o3cw4h"),
        ("EXAMPLE.test", "example.test"),
        ("bücher.example", "xn--bcher-kva.example"),
    ],
)
def test_a_domain_travels_in_ascii(domain: str, wire: str) -> None:
    envelope = compose(replace(WRITTEN, to=f"somying@{domain}"), LETTERHEAD)
    assert envelope.to.partition("@")[2].startswith(wire[:4])
    assert envelope.to.isascii()
    assert not envelope.needs_utf8


@pytest.mark.parametrize("char", ["\u0315", "\u0300", "a", "."])
def test_an_address_is_measured_before_it_is_read(char: str) -> None:
    with pytest.raises(DeliveryError):
        wire_address("x@" + char * 1_000_000 + ".test")
