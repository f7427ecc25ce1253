"""Just enough HTTP/1.1 for both ends: one complete message off the front of a buffer."""

import re
from typing import NamedTuple

LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d+)")
CLOSING = re.compile(rb"\r\nconnection:[ \t]*close")
KEEPING = re.compile(rb"\r\nconnection:[ \t]*keep-alive")
CHUNKED = re.compile(rb"\r\ntransfer-encoding:[ \t]*chunked")


class Message(NamedTuple):
    first_line: bytes
    body: bytes
    closes: bool
    rest: bytes
    head: bytes = b""  # in lower case


def take_message(data: bytes, *, is_response: bool = False, at_end: bool = False) -> Message | None:
    """The first message in `data`, or None while it is incomplete."""
    head_end = data.find(b"\r\n\r\n")
    if head_end < 0:
        return None
    head = data[:head_end]
    lowered = head.lower()
    first_line = head.partition(b"\r\n")[0]
    closes = CLOSING.search(lowered) is not None
    if b"HTTP/1.0" in first_line and not KEEPING.search(lowered):
        closes = True
    start = head_end + 4
    if length := LENGTH.search(lowered):
        end = start + int(length[1])
        if len(data) < end:
            return None
        return Message(first_line, data[start:end], closes, data[end:], lowered)
    if CHUNKED.search(lowered):
        taken = _take_chunks(data, start)
        return taken and Message(first_line, taken[0], closes, data[taken[1] :])
    if is_response and b" 204" not in first_line and b" 304" not in first_line:
        # No length at all: the body runs until the server closes.
        return Message(first_line, data[start:], True, b"") if at_end else None
    return Message(first_line, b"", closes, data[start:])


def _take_chunks(data: bytes, at: int) -> tuple[bytes, int] | None:
    chunks: list[bytes] = []
    while True:
        line_end = data.find(b"\r\n", at)
        if line_end < 0:
            return None
        size = int(data[at:line_end].partition(b";")[0], 16)
        at = line_end + 2
        if size == 0:
            break
        if len(data) < at + size + 2:
            return None
        chunks.append(data[at : at + size])
        at += size + 2
    while True:  # trailers, then an empty line
        line_end = data.find(b"\r\n", at)
        if line_end < 0:
            return None
        if line_end == at:
            return b"".join(chunks), at + 2
        at = line_end + 2
