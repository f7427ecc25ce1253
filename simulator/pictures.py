"""What a picture really is: its kind and its size, read from the bytes."""

import struct
from dataclasses import dataclass

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
# Start-of-frame markers carry the size; C4, C8 and CC are tables that share the range.
JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
JPEG_BARE = frozenset({0x01, *range(0xD0, 0xD8)})


@dataclass(frozen=True)
class PictureSize:
    """A picture's media type and size in pixels."""

    media_type: str
    width: int
    height: int


def read_picture(data: bytes) -> PictureSize | None:
    """None for anything but a PNG or a JPEG."""
    if data.startswith(PNG_SIGNATURE) and data[12:16] == b"IHDR" and len(data) >= 24:
        width, height = struct.unpack(">II", data[16:24])
        return PictureSize("image/png", width, height)
    if data.startswith(b"\xff\xd8"):
        return _read_jpeg(data)
    return None


def _read_jpeg(data: bytes) -> PictureSize | None:
    position = 2
    while position + 4 <= len(data):
        if data[position] != 0xFF:
            return None
        marker = data[position + 1]
        if marker == 0xFF:
            position += 1
            continue
        if marker in JPEG_BARE:
            position += 2
            continue
        (length,) = struct.unpack(">H", data[position + 2 : position + 4])
        if marker in JPEG_FRAMES:
            frame = data[position + 5 : position + 9]
            if len(frame) < 4:
                return None
            height, width = struct.unpack(">HH", frame)
            return PictureSize("image/jpeg", width, height)
        position += 2 + length
    return None
