"""The webhook's door: whose bodies come in, and what becomes of the others."""

import base64
import dataclasses
import hashlib
import hmac
import json
import secrets

import pytest

from app import create_app
from bot.line.signature import is_valid, sign
from models.inbox import EventState, WebhookEvent
from tests.samples import every, numbered

pytestmark = pytest.mark.sql

EMPTY = b'{"destination":"U8e742f61d673b39c7fff3cecb7536ef0","events":[]}'
DOOR = "/line/webhook"
MEBIBYTE = 1024 * 1024


@pytest.fixture
def body(platform):
    """A webhook with one real event in it."""
    person = platform.add_person("มะลิ", "th")
    event = platform.text(person.user_id, "สวัสดีค่ะ", deliver_now=False)
    return platform.webhooks.body([event])


@pytest.fixture
def knock(client, platform):
    """Deliver bytes with any headers; the signature is right unless one is given."""

    def deliver(body, headers=None):
        given = {"x-line-signature": platform.sign(body)} if headers is None else headers
        return client.post(DOOR, data=body, headers=given)

    return deliver


def test_lines_own_example():
    """From the documentation, "Verify webhook signature"."""
    secret = "8c570fa6dd201bb328f1c1eac23a96d8"
    assert sign(EMPTY, secret) == "GhRKmvmHys4Pi8DxkF4+EayaH0OqtJtaZxgTD9fMDLs="
    assert is_valid(EMPTY, "GhRKmvmHys4Pi8DxkF4+EayaH0OqtJtaZxgTD9fMDLs=", [secret])


@pytest.mark.parametrize(
    "header", ["x-line-signature", "X-Line-Signature", "X-LINE-SIGNATURE", "x-Line-sIGNATURE"]
)
def test_the_headers_name_is_read_in_any_case(header, knock, platform, body, rows):
    assert knock(body, {header: platform.sign(body)}).status_code == 200
    assert len(rows(WebhookEvent)) == 1


def forgeries(platform, body):
    """Signatures that are not LINE's over these bytes."""
    right = platform.sign(body)
    raw = bytearray(base64.b64decode(right))
    raw[0] ^= 1
    secret = platform.channel_secret.encode()
    return {
        "one bit flipped": base64.b64encode(bytes(raw)).decode(),
        "of another body": platform.sign(body + b" "),
        "of the same JSON written anew": platform.sign(json.dumps(json.loads(body)).encode()),
        "with another secret": sign(body, secrets.token_hex(16)),
        "hexadecimal": hmac.new(secret, body, hashlib.sha256).hexdigest(),
        "SHA-1": base64.b64encode(hmac.new(secret, body, hashlib.sha1).digest()).decode(),
        "cut short": right[:-1],
        "doubled": right + right,
        "empty": "",
        "blank": " ",
        "not base64": "!!!!",
        "not ASCII": "ลายเซ็น".encode().decode("latin-1"),
        "huge": "A" * 60_000,
    }


def test_a_wrong_signature_is_refused_and_leaves_nothing(knock, platform, body, rows, all_words):
    before = all_words()
    for name, signature in forgeries(platform, body).items():
        answer = knock(body, {"x-line-signature": signature})
        assert answer.status_code == 400, name
        assert signature[:40] not in answer.text or not signature.strip(), "nothing is echoed"
    assert knock(body, {}).status_code == 400
    assert rows(WebhookEvent) == []
    assert all_words() == before


def test_two_secrets_count_while_one_is_being_replaced(settings, clock, platform, body):
    fresh, old, older = secrets.token_hex(16), platform.channel_secret, secrets.token_hex(16)
    app = create_app(dataclasses.replace(settings, channel_secrets=(fresh, old)), clock=clock)
    door = app.test_client()
    statuses = [
        door.post(DOOR, data=body, headers={"x-line-signature": sign(body, secret)}).status_code
        for secret in (fresh, old, older)
    ]
    app.extensions["bot"].close()

    assert statuses == [200, 200, 400]


def test_line_verifies_the_address_with_no_events(knock, platform, rows):
    empty = platform.webhooks.body([])
    assert knock(empty).status_code == 200
    assert rows(WebhookEvent) == []


NO_WEBHOOKS = [
    b"",
    b"not json",
    b"{",
    b'{"destination":"U","events":[',
    b"\xff\xfe\x00",
    b'{"destination":"U\xff","events":[]}',
    b"null",
    b"true",
    b"[]",
    b"1",
    b'"events"',
    b"{}",
    b'{"events":null}',
    b'{"events":{}}',
    b'{"events":"[]"}',
    b'{"events":1}',
    b"[" * 100_000,
    b'{"events":' + b"[" * 100_000,
    b'{"events":[' + b'{"a":' * 50_000,
]


def test_what_is_no_webhook_is_refused(knock, rows):
    def is_refused(content):
        assert knock(content).status_code == 400
        assert rows(WebhookEvent) == []

    every(numbered(NO_WEBHOOKS), is_refused)


@pytest.mark.parametrize(
    "destination", ["U" + "0" * 32, "", None, 7, [], {"userId": "x"}, "u" + "b" * 32]
)
def test_a_webhook_for_another_bot_is_refused(destination, knock, rows, platform):
    person = platform.add_person("มะลิ", "th")
    event = platform.text(person.user_id, "สวัสดี", deliver_now=False)
    content = json.dumps({"destination": destination, "events": [event]}).encode()

    assert knock(content).status_code == 400
    assert knock(json.dumps({"events": [event]}).encode()).status_code == 400
    assert rows(WebhookEvent) == []


def padded(platform, size):
    """A webhook of exactly so many bytes, with one event that counts."""
    person = platform.person(platform.people[0].user_id)
    event = platform.text(person.user_id, "สวัสดี", deliver_now=False)
    bare = json.dumps({"destination": platform.bot_user_id, "events": [event], "pad": ""}).encode()
    return bare.replace(b'"pad": ""', b'"pad": "' + b"x" * (size - len(bare)) + b'"')


def test_a_mebibyte_is_taken_and_more_is_not(knock, platform, rows):
    platform.add_person("มะลิ", "th")
    exact = padded(platform, MEBIBYTE)
    assert len(exact) == MEBIBYTE
    assert knock(exact).status_code == 200
    assert len(rows(WebhookEvent)) == 1
    assert knock(padded(platform, MEBIBYTE + 1)).status_code == 413
    assert knock(padded(platform, 2 * MEBIBYTE)).status_code == 413
    assert len(rows(WebhookEvent)) == 1


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch"])
def test_only_posts_are_taken(method, client):
    assert getattr(client, method)(DOOR).status_code == 405


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "", "multipart/x"])
def test_the_content_type_decides_nothing(content_type, client, platform, body, rows):
    """The signature does; a proxy may change this header."""
    headers = {"x-line-signature": platform.sign(body), "Content-Type": content_type}

    assert client.post(DOOR, data=body, headers=headers).status_code == 200
    assert len(rows(WebhookEvent)) == 1


def test_what_cannot_be_stored_is_asked_for_again(client, platform, body, bot):
    """503 makes LINE deliver again; nothing is answered that is not durable."""
    with bot.database.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE webhook_event RENAME TO elsewhere")
    answer = client.post(DOOR, data=body, headers={"x-line-signature": platform.sign(body)})

    assert answer.status_code == 503
    assert platform.calls == []


@pytest.mark.parametrize("depth", [900, 950, 970, 980, 985, 990, 995, 1000, 2000])
def test_an_event_of_any_depth_is_answered_or_refused(depth, knock, platform, engine, rows):
    """Reading gets through to a depth at which writing and reading it again must not fail."""
    person = platform.add_person("มะลิ", "th")
    event = platform.text(person.user_id, "สวัสดี", deliver_now=False)
    nested = json.dumps(event)[:-1] + ', "x": ' + "[" * depth + "]" * depth + "}"
    content = f'{{"destination": "{platform.bot_user_id}", "events": [{nested}]}}'.encode()

    assert knock(content).status_code in {200, 400}
    for stored in rows(WebhookEvent):
        engine.answering.work(stored.person)
    engine.bot.database.write(lambda _: None)  # what nobody waited for is written by now
    assert {stored.state for stored in rows(WebhookEvent)} <= {EventState.DONE}
