"""Encrypted files in chunks: what was cut off, reordered, exchanged or altered does not open.

Layout: magic, length and JSON of a header that may be read by anybody (key id, file id, time,
revision), then chunks. A chunk is its length, a flag for the last one, and AES-256-GCM over up to
1 MiB under a key of this one file; header, chunk number and flag are authenticated with it.
"""

import hashlib
import json
import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bot.crypto import Keyring
from bot.errors import BotError

MAGIC = b"EPBACKUP1\n"
CHUNK = 1 << 20
_SIZE = struct.Struct(">I")
_FRAME = struct.Struct(">I?")
_MOST_HEADER = 64 * 1024
_TAG = 16


class BackupError(BotError):
    """A backup that cannot be used; the text says what is wrong and what to do."""


class Writer:
    """Takes lines, compresses and encrypts them; `close` writes the last chunk."""

    def __init__(self, file: IO[bytes], keyring: Keyring, header: dict[str, Any]) -> None:
        file_id = os.urandom(16).hex()
        raw = json.dumps({**header, "key": keyring.current, "file": file_id}).encode()
        self._file = file
        self._cipher = _cipher(keyring, keyring.current, file_id)
        self._header = hashlib.sha256(raw).digest()
        self._zip = zlib.compressobj(6, zlib.DEFLATED, 31)
        self._waiting = bytearray()
        self._number = 0
        file.write(MAGIC + _SIZE.pack(len(raw)) + raw)

    def line(self, text: str) -> None:
        """Add one line; memory stays bounded whatever their number."""
        self._waiting += self._zip.compress(text.encode() + b"\n")
        while len(self._waiting) > CHUNK:
            self._chunk(bytes(self._waiting[:CHUNK]), is_last=False)
            del self._waiting[:CHUNK]

    def close(self) -> None:
        """Write what is left, marked as the end."""
        self._waiting += self._zip.flush()
        while len(self._waiting) > CHUNK:
            self._chunk(bytes(self._waiting[:CHUNK]), is_last=False)
            del self._waiting[:CHUNK]
        self._chunk(bytes(self._waiting), is_last=True)

    def _chunk(self, plain: bytes, *, is_last: bool) -> None:
        place = _place(self._header, self._number, is_last)
        body = self._cipher.encrypt(_nonce(self._number), plain, place)
        self._file.write(_FRAME.pack(len(body), is_last) + body)
        self._number += 1


class BackupReader:
    """Opens a file: its header at once, its lines as they are asked for."""

    def __init__(self, path: Path, keyring: Keyring) -> None:
        self.path = path
        try:
            with path.open("rb") as file:
                self.header, raw = _header(file)
                self._start = file.tell()
        except OSError as error:
            raise BackupError(f"{path} cannot be read ({type(error).__name__}).") from error
        try:
            self._cipher = _cipher(keyring, self.header["key"], self.header["file"])
        except KeyError:
            raise BackupError(
                f"The backup was made under key {self.header['key']!r}, which is not in DATA_KEYS: "
                "put the key back, behind the present ones."
            ) from None
        self._digest = hashlib.sha256(raw).digest()

    def lines(self) -> Iterator[str]:
        """Every line, authenticated before it is given out."""
        unzip, rest = zlib.decompressobj(31), b""
        for plain in self._chunks():
            parts = (rest + unzip.decompress(plain)).split(b"\n")
            rest = parts.pop()
            yield from (part.decode() for part in parts)

    def _chunks(self) -> Iterator[bytes]:
        with self.path.open("rb") as file:
            file.seek(self._start)
            number, is_last = 0, False
            while not is_last:
                frame = file.read(_FRAME.size)
                if len(frame) < _FRAME.size:
                    raise BackupError(CUT_OFF)
                size, is_last = _FRAME.unpack(frame)
                if size > CHUNK + _TAG:
                    raise BackupError(DAMAGED)
                body = file.read(size)
                if len(body) < size:
                    raise BackupError(CUT_OFF)
                try:
                    place = _place(self._digest, number, is_last)
                    yield self._cipher.decrypt(_nonce(number), body, place)
                except (InvalidTag, ValueError) as error:
                    raise BackupError(DAMAGED) from error
                number += 1
            if file.read(1):
                raise BackupError(DAMAGED)


CUT_OFF = "The file ends too early: copy it again from where it was made, or take an older one."
DAMAGED = (
    "The file was altered or damaged, or DATA_KEYS has another key under its key's id: "
    "copy it again from where it was made, or take an older one."
)
NO_BACKUP = "The file is not a backup of this system: name one that `flask backup` made."


def _header(file: IO[bytes]) -> tuple[dict[str, Any], bytes]:
    if file.read(len(MAGIC)) != MAGIC:
        raise BackupError(NO_BACKUP)
    length = file.read(_SIZE.size)
    if len(length) < _SIZE.size:
        raise BackupError(CUT_OFF)
    (size,) = _SIZE.unpack(length)
    if size > _MOST_HEADER:
        raise BackupError(DAMAGED)
    raw = file.read(size)
    if len(raw) < size:
        raise BackupError(CUT_OFF)
    try:
        found = json.loads(raw)
        texts = [found["key"], found["file"], found["revision"], found["made_at"]]
    except (ValueError, TypeError, KeyError) as error:
        raise BackupError(DAMAGED) from error
    if not all(isinstance(text, str) for text in texts):
        raise BackupError(DAMAGED)
    return found, raw


def _cipher(keyring: Keyring, key: str, file_id: str) -> AESGCM:
    return AESGCM(keyring.subkey(key, f"backup:{file_id}"))


def _place(header: bytes, number: int, is_last: bool) -> bytes:
    return header + struct.pack(">Q?", number, is_last)


def _nonce(number: int) -> bytes:
    """Each number once under a key that no other file has."""
    return number.to_bytes(12, "big")
