"""A mail as it arrived: its fields and its direct parts, read once from front to end.

Anybody can send anything, and the parsers of the standard library take minutes over some of it
(`;;;;` in a Content-Type, a thousand parts within each other) and differ between patch versions
over what an address is. Here each step looks at each byte once, and at no more than the bounds
below; what lies behind a bound is not there. So no letter costs more than its length, and none
raises: what cannot be read has no fields and no parts.
"""

import base64
import binascii
import contextlib
import quopri
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.errors import MessageError
from email.header import decode_header

MAX_BYTES = 256 * 1024  # of a letter; a report stands in front of the mail that it is about
MAX_HEADER, MAX_FIELDS = 96 * 1024, 400  # Exchange writes some 30 KiB in a hundred fields
MAX_VALUE = 4_000  # characters of one field
MAX_PARTS = 8  # a report has two or three
MAX_WORDS = 20  # coded words (RFC 2047) in a field that a person is shown
MAX_BOUNDARY = 70  # RFC 2046, 5.1.1

# Python does not know them all, and the narrower ones lack what is written under their names.
_THAI = {"windows-874", "x-windows-874", "cp874", "tis-620", "tis620", "iso-8859-11"}
_NAME = re.compile(rb"([!-9;-~]{1,80})[ \t]{0,8}:")
_PARAMETER = re.compile(r"([\w-]{1,40})\s{0,4}=\s{0,4}(?:\"([^\"\\]{0,200})\"|([^\s;\"]{1,200}))")
MAX_ID = 250  # characters of a Message-ID
_ID = re.compile(rf"<([^<>\s]{{1,{MAX_ID}}})>")
_BETWEEN = re.compile(r"[\s<>,;:()\"\[\]]+")


@dataclass(frozen=True)
class Part:
    """A mail, or one part of it: fields by lower-case name, in their order, and what follows."""

    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    body: bytes = b""

    def first(self, name: str) -> str:
        """The first field of that name, unfolded; empty where there is none."""
        return next(iter(self.fields.get(name.lower(), ())), "")

    def all(self, name: str) -> tuple[str, ...]:
        return self.fields.get(name.lower(), ())

    def word(self, name: str) -> str:
        """The first word of a field in lower case, without its comment or parameters."""
        found = re.match(r"\s{0,20}([\w-]{1,60})", self.first(name))
        return found[1].lower() if found else ""

    @property
    def type(self) -> str:
        """What it is, as `text/plain` (RFC 2045, 5.2, also where nothing is said)."""
        said = self.first("Content-Type").partition(";")[0].strip().lower()
        return said if said.count("/") == 1 else "text/plain"

    def parameter(self, name: str) -> str:
        """A parameter of its Content-Type as it is written; coded ones (RFC 2231) are not read."""
        after = self.first("Content-Type").partition(";")[2]
        found = (each for each in _PARAMETER.finditer(after) if each[1].lower() == name)
        return next((each[2] if each[2] is not None else each[3] for each in found), "")

    def parts(self) -> list["Part"]:
        """The direct parts of a multipart, the first of them; none of what lies deeper."""
        boundary = self.parameter("boundary")
        if not self.type.startswith("multipart/") or not 0 < len(boundary) <= MAX_BOUNDARY:
            return []
        line = re.compile(
            rb"(?:^|\n)--"
            + re.escape(boundary.encode("utf-8", "replace"))
            + rb"(--)?[ \t\r]*(?=\n|$)"
        )
        cuts = []
        for found in line.finditer(self.body):
            cuts.append(found)
            if found[1] or len(cuts) > MAX_PARTS:
                break
        ends = [*(cut.start() for cut in cuts[1:]), len(self.body)]
        return [
            read(self.body[cut.end() + 1 : end])
            for cut, end in zip(cuts, ends, strict=False)
            if not cut[1]
        ][:MAX_PARTS]

    def text(self) -> str:
        """What follows the fields as characters; bytes that are none in its coding are marked."""
        coding = self.word("Content-Transfer-Encoding")
        body = self.body
        if coding == "base64":
            try:
                body = base64.b64decode(body[: len(body) // 4 * 4])
            except (binascii.Error, ValueError):
                body = b""
        elif coding == "quoted-printable":
            body = quopri.decodestring(body)
        charset = self.parameter("charset").lower()
        return body.decode("cp874" if charset in _THAI else "utf-8", "replace")


def read(raw: bytes) -> Part:
    """A mail or a part: its fields up to the first empty line, and the rest."""
    raw = raw[:MAX_BYTES]
    fields: dict[str, list[str]] = {}
    end = 0
    for count, (start, stop, after) in enumerate(_fields(raw)):
        end = after
        named = _NAME.match(raw, start, stop)
        if named is None or count >= MAX_FIELDS:
            continue
        value = raw[named.end() : min(stop, named.end() + MAX_VALUE)]
        said = value.decode("utf-8", "replace").replace("\r", "").replace("\n", "")
        fields.setdefault(named[1].decode("ascii").lower(), []).append(said.strip())
    return Part({name: tuple(values) for name, values in fields.items()}, raw[end:])


def _fields(raw: bytes) -> Iterator[tuple[int, int, int]]:
    """Where each field begins and ends with its folded lines, and where the body would begin.

    A line that is neither a field nor the rest of one is passed over, as other readers do; one
    that nothing before was a field ends the fields.
    """
    at, start = 0, None
    limit = min(len(raw), MAX_HEADER)
    while at < limit:
        newline = raw.find(b"\n", at)
        stop = newline if newline >= 0 else len(raw)
        after = min(stop + 1, len(raw))
        is_rest = raw[at : at + 1] in {b" ", b"\t"}
        is_empty = raw[at:stop] in {b"", b"\r"}
        if start is not None and not is_rest:
            yield start, at, after if is_empty else at
            start = None
        if is_empty:
            if at == 0:
                yield 0, 0, after
            return
        if not is_rest:
            if _NAME.match(raw, at, stop) is None and at == 0:
                return
            start = at
        at = after
    if start is not None:
        yield start, min(at, len(raw)), at


def addresses(value: str) -> frozenset[str]:
    """Everything in a field that has the form of an address, in lower case."""
    return frozenset(listed(value))


def listed(value: str) -> list[str]:
    """The same in the field's order.

    Neither quotes nor comments are looked at: a broken name must not hide the address beside it.
    """
    words = _BETWEEN.split(value)
    return [word.lower() for word in words if word.count("@") == 1 and len(word) <= 320]


def ids(value: str) -> list[str]:
    """The Message-IDs in a field without their brackets, also such as only nearly are (`<[..]>`).

    One without brackets is taken where the field has nothing else; an empty one is none.
    """
    found: list[str] = _ID.findall(value)
    words = value.split()
    bare = len(words) == 1 and "<" not in value and 0 < len(words[0]) <= MAX_ID
    return found or (words if bare else [])


def shown(value: str, most: int = 200) -> str:
    """A field as a person reads it: coded words decoded, one line, without control characters."""
    coded = value[: 4 * most]
    if 0 < coded.count("=?") <= MAX_WORDS:
        with contextlib.suppress(ValueError, LookupError, MessageError):
            coded = "".join(
                part if isinstance(part, str) else part.decode(charset or "ascii", "replace")
                for part, charset in decode_header(coded)
            )
    return " ".join("".join(c if c.isprintable() else " " for c in coded).split())[:most]
