"""Passkeys at the door, answered by an authenticator made of a key and a counter."""

import hashlib
import html
import json
import re
import secrets
from collections.abc import Callable

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from sqlalchemy import select
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

from bot.runtime import Bot
from bot.services.staff import passkeys
from models.staff import Role, StaffPasskey
from tests.clock import FakeClock
from tests.console.conftest import ORIGIN, Desk, Phone
from tests.console.door import PASSWORD, invite, settle

PAGE = "/console/me/passkeys"
CODE = "/console/sign-in/code"
OPTIONS = re.compile(r'data-options="([^"]+)"')


class Device:
    """What makes and shows passkeys; each of its lies can be told."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = secrets.token_bytes(32)
        self.count = 0
        self.origin = ORIGIN
        self.domain = "bot.example.test"
        self.is_verified = True

    def make(self, options: dict) -> str:
        numbers = self.key.public_key().public_numbers()
        public = cbor2.dumps(
            {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)}
        )
        attested = bytes(16) + len(self.id).to_bytes(2) + self.id + public
        data = self._data(0x40) + attested
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return self._answer(
            clientDataJSON=self._client("webauthn.create", options),
            attestationObject=attestation,
        )

    def show(self, options: dict) -> str:
        self.count += 1
        data, client = self._data(0), self._client("webauthn.get", options)
        signed = data + hashlib.sha256(client).digest()
        return self._answer(
            clientDataJSON=client,
            authenticatorData=data,
            signature=self.key.sign(signed, ec.ECDSA(SHA256())),
        )

    def _data(self, flags: int) -> bytes:
        flags |= 0x01 | (0x04 if self.is_verified else 0)
        return (
            hashlib.sha256(self.domain.encode()).digest() + bytes([flags]) + self.count.to_bytes(4)
        )

    def _client(self, kind: str, options: dict) -> bytes:
        return json.dumps(
            {"type": kind, "challenge": options["challenge"], "origin": self.origin}
        ).encode()

    def _answer(self, **parts: bytes) -> str:
        own = bytes_to_base64url(self.id)
        response = {name: bytes_to_base64url(value) for name, value in parts.items()}
        return json.dumps({"id": own, "rawId": own, "type": "public-key", "response": response})


@pytest.fixture
def device() -> Device:
    return Device()


def options_of(desk: Desk, page: str) -> dict:
    found = OPTIONS.search(desk.get(page).text)
    assert found, f"no passkey is asked for on {page}"
    return json.loads(html.unescape(found[1]))


def to_the_code(desk: Desk) -> Desk:
    form = {"username": "kru.jai", "password": PASSWORD}
    assert desk.submit("/console/sign-in", "/console/sign-in", **form).location == CODE
    return desk


@pytest.fixture
def owner(bot: Bot, new_desk: Callable[..., Desk], phone: Phone, device: Device) -> Desk:
    """A member who has added a passkey."""
    _, path = invite(bot)
    desk = new_desk()
    settle(desk, path, phone)
    answer = desk.submit(PAGE, PAGE, credential=device.make(options_of(desk, PAGE)))
    assert answer.location == PAGE, answer.text
    return desk


def test_a_passkey_opens_the_door(owner: Desk, new_desk, device: Device) -> None:
    for _ in range(2):
        desk = to_the_code(new_desk())
        answer = desk.submit(CODE, CODE, credential=device.show(options_of(desk, CODE)))
        assert answer.location == "/console"
        assert desk.get("/console/me").status_code == 200


def test_an_answer_is_good_for_one_session(owner: Desk, new_desk, device: Device) -> None:
    first, second = to_the_code(new_desk()), to_the_code(new_desk())
    asked = options_of(first, CODE)
    assert asked["challenge"] != options_of(second, CODE)["challenge"]
    assert asked["challenge"] == options_of(first, CODE)["challenge"]
    answer = device.show(asked)
    assert second.submit(CODE, CODE, credential=answer).status_code == 403
    assert first.submit(CODE, CODE, credential=answer).status_code == 303
    assert to_the_code(new_desk()).submit(CODE, CODE, credential=answer).status_code == 403


@pytest.mark.parametrize("lie", ["origin", "domain", "verified", "key", "count", "id"])
def test_lies_are_found(owner: Desk, new_desk, device: Device, lie: str) -> None:
    desk = to_the_code(new_desk())
    asked = options_of(desk, CODE)
    if lie == "origin":
        device.origin = "https://evil.example"
    elif lie == "domain":
        device.domain = "evil.example"
    elif lie == "verified":
        device.is_verified = False
    elif lie == "key":
        device.key = ec.generate_private_key(ec.SECP256R1())
    elif lie == "id":
        device.id = secrets.token_bytes(32)
    else:
        device.count = 40
        assert desk.submit(CODE, CODE, credential=device.show(asked)).status_code == 303
        desk = to_the_code(new_desk())
        asked = options_of(desk, CODE)
        device.count = 3  # a copy of the device that fell behind
    assert desk.submit(CODE, CODE, credential=device.show(asked)).status_code == 403


@pytest.mark.parametrize("evil", ["{}", "[]", "null", "x", "{" * 5000, '{"id": 7}', "ก"])
def test_rubbish_is_refused(owner: Desk, new_desk, evil: str) -> None:
    desk = to_the_code(new_desk())
    assert desk.submit(CODE, CODE, credential=evil).status_code == 403
    assert owner.submit(PAGE, PAGE, credential=evil).status_code == 422


def test_making_one_is_checked_too(
    bot: Bot, new_desk, phone: Phone, device: Device, owner: Desk
) -> None:
    again = owner.submit(PAGE, PAGE, credential=device.make(options_of(owner, PAGE)))
    assert again.status_code == 422  # the same device twice
    other = Device()
    other.origin = "https://evil.example"
    answer = owner.submit(PAGE, PAGE, credential=other.make(options_of(owner, PAGE)))
    assert answer.status_code == 422
    other.origin, other.is_verified = ORIGIN, False
    answer = owner.submit(PAGE, PAGE, credential=other.make(options_of(owner, PAGE)))
    assert answer.status_code == 422


def test_a_removed_one_is_dead(owner: Desk, new_desk, device: Device) -> None:
    desk = to_the_code(new_desk())
    answer = device.show(options_of(desk, CODE))
    [path] = re.findall(r"/console/me/passkeys/\w+/remove", owner.get(PAGE).text)
    token = desk.token(CODE)
    assert owner.submit(PAGE, path).location == PAGE
    gone = desk.post(CODE, {"token": token, "credential": answer})
    assert gone.location.startswith("/console/sign-in")  # a changed factor ends other sessions
    desk = to_the_code(new_desk())
    assert "data-passkey" not in desk.get(CODE).text


def test_nobody_removes_anothers(owner: Desk, console, bot: Bot) -> None:
    [path] = re.findall(r"/console/me/passkeys/\w+/remove", owner.get(PAGE).text)
    stranger = console()
    stranger.submit(PAGE, path)
    assert path in owner.get(PAGE).text


def test_it_proves_once_more(owner: Desk, device: Device, clock: FakeClock) -> None:
    clock.advance(minutes=11)
    assert owner.get(PAGE).location.startswith("/console/prove")
    answer = device.show(options_of(owner, "/console/prove"))
    done = owner.submit("/console/prove", "/console/prove", credential=answer, next=PAGE)
    assert done.location == PAGE
    assert owner.get(PAGE).status_code == 200


def test_passkeys_belong_to_names() -> None:
    assert passkeys.party_of("http://127.0.0.1:8000") is None
    assert passkeys.party_of("http://[::1]:8000") is None
    found = passkeys.party_of("https://bot.school.th/")
    assert found == passkeys.Party("bot.school.th", "https://bot.school.th")
    assert base64url_to_bytes(bytes_to_base64url(b"x")) == b"x"


def test_a_passkey_has_a_name_of_its_owner(owner: Desk, bot: Bot, console) -> None:
    [row] = bot.database.read(lambda s: s.scalars(select(StaffPasskey)).all())
    owner.submit(PAGE, f"{PAGE}/{row.id}/name", name="  มือถือ   ของฉัน ")
    assert 'value="มือถือ ของฉัน"' in owner.get(PAGE).text
    other = console(Role.ADMIN)
    other.submit(PAGE, f"{PAGE}/{row.id}/name", name="ของคนอื่น")
    other.submit(PAGE, f"{PAGE}/{'0' * 32}/name", name="x")
    assert 'value="มือถือ ของฉัน"' in owner.get(PAGE).text
    [row] = bot.database.read(lambda s: s.scalars(select(StaffPasskey)).all())
    assert "มือถือ".encode() not in row.name_sealed


def test_a_new_one_is_named_where_it_is_added(owner: Desk) -> None:
    device = Device()
    form = {"credential": device.make(options_of(owner, PAGE)), "name": "x" * 60}
    assert owner.submit(PAGE, PAGE, **form).location == PAGE
    assert f'value="{"x" * 40}"' in owner.get(PAGE).text
