"""Sealed values and blind indexes: AES-256-GCM under named keys that live in the environment."""

import base64
import hashlib
import hmac
import os
import secrets
from collections.abc import Mapping, Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bot.errors import SealError
from bot.unicode import nfkc

KEY_BYTES = 32
_NONCE_BYTES = 12


def derive(secret: bytes, purpose: str) -> bytes:
    """A 32-byte key for one purpose out of a master secret (HKDF-SHA256, RFC 5869)."""
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose.encode()).derive(
        secret
    )


def token(nbytes: int = 32) -> str:
    """An unguessable URL-safe text; 32 bytes give 43 characters and 256 bits."""
    return secrets.token_urlsafe(nbytes)


def digest(text: str) -> str:
    """SHA-256 in hex. Only for values that already carry 112 bits or more of chance."""
    return hashlib.sha256(text.encode()).hexdigest()


class Keyring:
    """Named 32-byte master keys; the first one seals, every one opens.

    A sealed value is `len(key id) | key id | nonce | ciphertext and tag`. The place where it
    stands (table, column, row) and the key id are authenticated with it, so that a value moved
    to another row or column does not open.
    """

    def __init__(self, keys: Mapping[str, bytes], audit: Sequence[str] = ()) -> None:
        if not keys:
            raise ValueError("a keyring needs at least one key")
        for name, key in keys.items():
            if len(key) != KEY_BYTES:
                raise ValueError(f"key {name!r} must be {KEY_BYTES} bytes")
        self.current = next(iter(keys))
        self._masters = dict(keys)
        self._ciphers = {name: AESGCM(derive(key, "seal")) for name, key in keys.items()}
        # By the bytes that a sealed value begins with: lists of many people open one each.
        self._openers = {
            name.encode(): (cipher, f"|{name}".encode()) for name, cipher in self._ciphers.items()
        }
        self._blind_keys: dict[tuple[str, str], bytes] = {}
        # Apart from the keys of the data, whose rotation must not make the trail unreadable.
        secrets_of_it = [secret.encode() for secret in audit] or [keys[self.current]]
        self.audit_keys = tuple(derive(secret, "audit trail") for secret in secrets_of_it)

    def seal(self, plaintext: bytes, place: str) -> bytes:
        """Encrypt under the current key; place reads `table|column|row`."""
        name = self.current
        nonce = os.urandom(_NONCE_BYTES)
        body = self._ciphers[name].encrypt(nonce, plaintext, f"{place}|{name}".encode())
        raw = name.encode()
        return bytes([len(raw)]) + raw + nonce + body

    def open(self, sealed: bytes, place: str) -> bytes:
        """Decrypt; raises SealError where the bytes, the place or the key do not match."""
        start = 1 + sealed[0] if sealed else 0
        found = self._openers.get(sealed[1:start])
        if found is None:
            raise SealError(f"no key named {self.key_of(sealed)!r} in DATA_KEYS")
        cipher, key = found
        nonce, body = sealed[start : start + _NONCE_BYTES], sealed[start + _NONCE_BYTES :]
        try:
            return cipher.decrypt(nonce, body, place.encode() + key)
        except (InvalidTag, ValueError) as error:
            raise SealError("sealed value does not open here") from error

    @staticmethod
    def key_of(sealed: bytes) -> str:
        """The id of the key that sealed these bytes."""
        try:
            return sealed[1 : 1 + sealed[0]].decode("ascii")
        except (IndexError, UnicodeDecodeError) as error:
            raise SealError("not a sealed value") from error

    def subkey(self, name: str, purpose: str) -> bytes:
        """A key for one purpose out of a named master key; raises KeyError for an unknown one."""
        return derive(self._masters[name], purpose)

    def blind(self, column: str, value: str) -> str:
        """The keyed index of a value under the current key, for exact look-up only.

        Equal values give equal indexes: that much it tells to somebody who holds the database.
        Each column has a key of its own, so columns cannot be joined on it.
        """
        return self._blind(self.current, column, value)

    def blinds(self, column: str, value: str) -> list[str]:
        """The index under every key, current first: for look-ups while keys are being rotated."""
        return [self._blind(name, column, value) for name in self._masters]

    def _blind(self, name: str, column: str, value: str) -> str:
        key = self._blind_keys.get((name, column))
        if key is None:
            key = derive(self._masters[name], f"blind:{column}")
            self._blind_keys[(name, column)] = key
        text = nfkc(value).casefold()
        return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def parse_keys(text: str) -> dict[str, bytes]:
    """Read `id:base64,id:base64`; raises ValueError naming the entry, never its content."""
    keys: dict[str, bytes] = {}
    for number, entry in enumerate(text.split(","), start=1):
        name, colon, encoded = entry.strip().partition(":")
        if not colon or not name.isalnum() or not name.isascii() or len(name) > 16:
            raise ValueError(f"entry {number} is not of the form id:base64")
        standard = encoded.rstrip("=").replace("-", "+").replace("_", "/")
        try:
            key = base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)
        except ValueError:
            raise ValueError(f"entry {number} ({name}) is not base64") from None
        if len(key) != KEY_BYTES:
            raise ValueError(f"entry {number} ({name}) has {len(key)} bytes, 32 are needed")
        if len(set(key)) < 8:
            raise ValueError(f"entry {number} ({name}) is not random")
        if name in keys:
            raise ValueError(f"the id {name} stands twice")
        if key in keys.values():
            raise ValueError(f"entry {number} ({name}) repeats another one's key")
        keys[name] = key
    return keys
