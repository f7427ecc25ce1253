"""What stands in a letter besides words: pictures, cards and buttons, as plain text and as HTML."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

# Mail programs throw style sheets away: every element carries its own.
_LINK = "color:#0b5c8a;word-break:break-word"
_BUTTON = (
    "display:inline-block;background:#0b5c8a;color:#ffffff;text-decoration:none;"
    "padding:12px 24px;border-radius:8px;font-weight:bold;margin:0 8px 8px 0"
)
_CARD = "border:1px solid #d9e2e8;border-radius:12px;overflow:hidden;margin:0 0 16px"
_PICTURE = "display:block;width:100%;max-width:100%;height:auto;border:0"
_ADDRESS = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)\]}]")


@dataclass(frozen=True)
class Block:
    """One piece of a letter, written twice."""

    text: str
    html: str


def words(said: str) -> Block:
    """Paragraphs; an address becomes a link, nothing else of it is markup."""
    paragraphs = [part for part in re.split(r"\n{2,}", said.strip()) if part.strip()]
    html = "".join(f'<p style="margin:0 0 16px">{_linked(part)}</p>\n' for part in paragraphs)
    return Block(said.strip(), html)


def picture(url: str, alt: str) -> Block:
    """A picture, as wide as the letter."""
    return Block(url, f'<p style="margin:0 0 16px">{_image(url, alt, "border-radius:8px")}</p>\n')


def card(title: str, said: str, picture_url: str | None, links: Sequence[tuple[str, str]]) -> Block:
    """A framed piece with a picture, a title, a text and buttons (label, address)."""
    text = "\n\n".join(
        (f"* {title}", said.strip(), *(f"{label}: {address}" for label, address in links))
    )
    buttons = "".join(
        f'<a href="{escape(address)}" style="{_BUTTON}">{escape(label)}</a>'
        for label, address in links
    )
    html = (
        f'<div style="{_CARD}">\n'
        + (f"{_image(picture_url, title)}\n" if picture_url else "")
        + '<div style="padding:16px 16px 8px">\n'
        + f'<h2 style="margin:0 0 8px;font-size:17px;line-height:1.4">{escape(title)}</h2>\n'
        + words(said).html
        + (f'<p style="margin:0">{buttons}</p>\n' if buttons else "")
        + "</div>\n</div>\n"
    )
    return Block(text, html)


def joined(blocks: Iterable[Block]) -> Block:
    """One below the other."""
    listed = list(blocks)
    return Block(
        "\n\n".join(block.text for block in listed), "".join(block.html for block in listed)
    )


def _image(url: str, alt: str, more: str = "") -> str:
    style = f"{_PICTURE};{more}" if more else _PICTURE
    return f'<img src="{escape(url)}" alt="{escape(alt)}" width="512" style="{style}">'


def _linked(said: str) -> str:
    found, at = [], 0
    for address in _ADDRESS.finditer(said):
        found.append(escape(said[at : address.start()]))
        url = escape(address[0])
        found.append(f'<a href="{url}" style="{_LINK}">{url}</a>')
        at = address.end()
    found.append(escape(said[at:]))
    return "".join(found).replace("\n", "<br>\n")
