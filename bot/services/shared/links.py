"""Links as they go over the wire: every letter in ASCII, as RFC 3986 and IDNA 2008 write it.

Browsers show `/คอร์ส` and send `/%E0%B8%84...`; programs that look for links in a text stop at the
first letter that is none of RFC 3986, and LINE refuses a button with one.
"""

import re
from urllib.parse import SplitResult, quote, urlsplit

import idna

from bot.unicode import nfc, trimmed, without_invisible

_WEB = frozenset({"http", "https"})
_SAFE = "/:@!$&'()*+,;=?-._~%"
_STRAY = re.compile(r"%(?![0-9A-Fa-f]{2})")
# Thai goes on without a space: behind a name of ASCII letters it belongs to the sentence.
_IN_TEXT = re.compile(
    r"https?://(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}(?::\d+)?(?=[^\x00-\x7f])"
    r"|https?://[^\s<>\"“”«»]+[^\s<>\"“”«».,;:!?)\]}’]",
    re.IGNORECASE,
)


def encoded(address: str) -> str:
    """A link in ASCII; what is no link of the web, or cannot be written so, stays as it is."""
    bare = without_invisible(nfc(trimmed(address)))
    if any(char.isspace() for char in bare):
        return address
    try:
        parts = urlsplit(bare)
        host = _host(parts) if parts.scheme in _WEB else None
    except ValueError:  # idna.IDNAError is one
        return bare
    if host is None:
        return bare
    written = parts._replace(
        netloc=host,
        path=_quoted(parts.path),
        query=_quoted(parts.query),
        fragment=_quoted(parts.fragment),
    )
    return bare if written == parts else written.geturl()


def encoded_in(text: str) -> str:
    """A text with each of its links in ASCII."""
    if text.isascii():
        return text
    return _IN_TEXT.sub(lambda found: encoded(found[0]), text)


def _host(parts: SplitResult) -> str | None:
    """The host and port; None where they say who signs in, or nothing. Raises ValueError."""
    if not parts.hostname or "@" in parts.netloc:
        return None
    if parts.netloc.isascii():
        return parts.netloc
    name = idna.encode(parts.hostname, uts46=True).decode("ascii")
    return f"{name}:{parts.port}" if parts.port is not None else name


def _quoted(part: str) -> str:
    return quote(_STRAY.sub("%25", part), safe=_SAFE)
