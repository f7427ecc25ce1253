"""E-mails as they are written: one file a letter and language, filled in and put into HTML.

A file's first line is `Subject: ...`, then an empty line, then CommonMark with gaps like `{name}`.
`{link}`, `{code}` and `{unsubscribe}` are no gaps to be filled when a mail is written: they stay,
and are filled in when it is sent.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

from bot.texts import LANGUAGES, THAI, tone
from bot.texts.letter_blocks import Block

HERE = Path(__file__).parent / "mails"
SENDER = "English Planet"
LATE_GAPS = ("link", "code", "unsubscribe")
GAP = re.compile(r"\{(\w+)\}")
_ADDRESS = re.compile(r"https?://\S+")
_KEPT_GAP = re.compile(r"\{(" + "|".join(LATE_GAPS) + r")\}")
# Mail programs throw style sheets away: every element carries its own.
_FONT = "font-family:'Sarabun','Noto Sans Thai','Leelawadee UI',Tahoma,Arial,sans-serif"
_STYLES = {
    "p": "margin:0 0 16px",
    "h1": "margin:0 0 16px;font-size:20px;line-height:1.4",
    "h2": "margin:24px 0 12px;font-size:17px;line-height:1.4",
    "h3": "margin:20px 0 8px;font-size:16px;line-height:1.4",
    "a": "color:#0b5c8a;word-break:break-word",
    "ul": "margin:0 0 16px;padding-left:24px",
    "ol": "margin:0 0 16px;padding-left:24px",
    "li": "margin:0 0 4px",
    "hr": "border:0;border-top:1px solid #d9e2e8;margin:24px 0",
    "blockquote": "margin:0 0 16px;padding-left:16px;border-left:3px solid #d9e2e8",
}
_BUTTON = (
    "display:inline-block;background:#0b5c8a;color:#ffffff;text-decoration:none;"
    "padding:12px 24px;border-radius:8px;font-weight:bold"
)


@dataclass(frozen=True)
class Letter:
    """Subject line, plain text and HTML of one mail."""

    title: str
    text: str
    html: str


def letter(
    name: str, language: str, values: Mapping[str, str], blocks: Mapping[str, Block] | None = None
) -> Letter:
    """A letter with its gaps filled; raises KeyError for a gap that nobody filled.

    Values are words, never markup: in the HTML they show as they are. A block fills a gap that is
    a paragraph of its own. What a person typed cannot stand for a gap that is filled later.
    """
    language = language if language in LANGUAGES else THAI
    title, body = _source(name, language)
    if language == THAI:
        title, body = tone.said(title), tone.said(body)
    put = {key: (block.text, block.html) for key, block in (blocks or {}).items()}
    plain = dict(values) | {key: text for key, (text, _) in put.items()}
    words = {key: _KEPT_GAP.sub(r"(\1)", value) for key, value in plain.items()}
    shown_title = " ".join(_filled(title, words).split())
    marked = {key: _KEPT_GAP.sub(r"(\1)", html) for key, (_, html) in put.items()}
    html = _framed(_html(body, words, marked), shown_title, language)
    return Letter(shown_title, _filled(_plain(body), words), html)


def fill_kept(text: str, found: Mapping[str, str], *, is_html: bool = False) -> str:
    """Fill what was kept open, at the moment of sending."""

    def put(gap: re.Match[str]) -> str:
        value = found.get(gap[1])
        if value is None:
            return gap[0]
        return escape(value) if is_html else value

    return _KEPT_GAP.sub(put, text)


def names() -> tuple[str, ...]:
    """Every letter that there is."""
    return tuple(sorted({path.name.split(".")[0] for path in HERE.glob("*.md")}))


def gaps(name: str, language: str) -> frozenset[str]:
    """What a letter wants to be told."""
    return frozenset(GAP.findall("\n".join(_source(name, language))))


@cache
def _source(name: str, language: str) -> tuple[str, str]:
    first, _, body = (HERE / f"{name}.{language}.md").read_text(encoding="utf-8").partition("\n")
    return first.removeprefix("Subject: ").strip(), body.strip() + "\n"


def _filled(text: str, values: Mapping[str, str]) -> str:
    def put(gap: re.Match[str]) -> str:
        return gap[0] if gap[1] in LATE_GAPS and gap[1] not in values else values[gap[1]]

    return GAP.sub(put, text)


def _plain(body: str) -> str:
    """CommonMark as people write it in a plain mail: links with their address, no marks."""
    text = re.sub(r"\[([^\]]+)\]\(<?([^)>]+)>?\)", r"\1: \2", body)
    text = re.sub(r"<((?:https?:|mailto:|\{)[^>\s]*)>", r"\1", text)
    text = re.sub(r"\*\*(.+?)\*\*", r"\1", text)
    return re.sub(r"(?m)^#{1,6} ", "", text)


def _html(body: str, values: Mapping[str, str], blocks: Mapping[str, str]) -> str:
    """The body rendered with marks in its gaps, which cannot be read as CommonMark, then filled."""
    shown: dict[str, str] = {}

    def mark(gap: re.Match[str]) -> str:
        name = gap[1]
        is_kept = name in LATE_GAPS and name not in values
        value = gap[0] if is_kept else values[name]
        stem = f"zq{len(shown)}gap"
        if name in blocks:
            shown[f'<p style="{_STYLES["p"]}">{stem}</p>\n'] = blocks[name]
            return stem
        is_address = name == "unsubscribe" or _ADDRESS.match(value)
        put = f"https://{stem}.invalid" if is_address else stem
        shown[put] = value if is_kept else escape(value).replace("\n", "<br>\n")
        return put

    rendered = str(_reader.render(GAP.sub(mark, body)))
    for address in re.findall(r'href="([^"]*)"', rendered):
        if not address.startswith(("https://", "http://", "mailto:")):
            raise ValueError("a link of a letter leads nowhere")
    if not shown:
        return rendered
    # In one pass, so that a value cannot hold the mark of another one.
    return re.sub("|".join(map(re.escape, shown)), lambda found: shown[found[0]], rendered)


def _framed(body: str, title: str, language: str) -> str:
    return (
        f'<!doctype html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{escape(title)}</title>\n</head>\n"
        f'<body style="margin:0;padding:0;background:#f2f6f8;color:#1c2b33;{_FONT};'
        'font-size:16px;line-height:1.6">\n'
        '<div style="max-width:560px;margin:0 auto;padding:24px 16px">\n'
        f'<p style="margin:0 0 12px;font-weight:bold;color:#0b5c8a">{SENDER}</p>\n'
        '<div style="background:#ffffff;border-radius:12px;padding:24px 24px 8px">\n'
        f"{body}</div>\n</div>\n</body>\n</html>\n"
    )


def _styled(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any
) -> str:
    token = tokens[index]
    if token.tag in _STYLES and not token.attrGet("style"):
        token.attrSet("style", _STYLES[token.tag])
    return renderer.renderToken(tokens, index, options, env)


def _link(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any
) -> str:
    """A link that is a paragraph of its own is what the letter is about: a button."""
    is_alone = len(tokens) == 3 and index == 0 and tokens[index].markup != "autolink"
    tokens[index].attrSet("style", _BUTTON if is_alone else _STYLES["a"])
    return renderer.renderToken(tokens, index, options, env)


def _make_reader() -> MarkdownIt:
    reader = MarkdownIt("commonmark", {"html": False}).disable("image")
    for kind in ("paragraph", "heading", "bullet_list", "ordered_list", "list_item", "blockquote"):
        reader.add_render_rule(f"{kind}_open", _styled)
    reader.add_render_rule("hr", _styled)
    reader.add_render_rule("link_open", _link)
    return reader


_reader = _make_reader()
