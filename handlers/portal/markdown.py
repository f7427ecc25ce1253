"""CommonMark to HTML for texts of ours: no raw HTML, tables allowed, links made safe."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markupsafe import Markup, escape

from bot.texts import translator


def _open_link(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any
) -> str:
    if str(tokens[index].attrGet("href") or "").startswith(("http:", "https:")):
        tokens[index].attrSet("target", "_blank")
        tokens[index].attrSet("rel", "noopener noreferrer")
    return renderer.renderToken(tokens, index, options, env)


def _open_table(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any
) -> str:
    """A table may be wider than the phone: who scrolls it by keyboard is told what it is."""
    t = translator(env["language"])
    name = escape(_heading_before(tokens, index) or t("Table"))
    opened = renderer.renderToken(tokens, index, options, env)
    return f'<div class="wide" role="region" aria-label="{name}" tabindex="0">{opened}'


def _heading_before(tokens: Sequence[Token], index: int) -> str:
    for at in range(index, 0, -1):
        if tokens[at].type == "heading_close":
            return "".join(each.content for each in tokens[at - 1].children or ())
    return ""


def _close_table(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any
) -> str:
    return renderer.renderToken(tokens, index, options, env) + "</div>"


def _head(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any
) -> str:
    """A heading, lower by what stands above the text on its page: a page has one h1."""
    token = tokens[index]
    lower = token.copy(tag=f"h{min(6, int(token.tag[1]) + env['below'])}")
    beside = [*tokens[:index], lower, *tokens[index + 1 :]]
    return renderer.renderToken(beside, index, options, env)


_reader = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
_reader.add_render_rule("link_open", _open_link)
_reader.add_render_rule("table_open", _open_table)
_reader.add_render_rule("table_close", _close_table)
_reader.add_render_rule("heading_open", _head)
_reader.add_render_rule("heading_close", _head)


@lru_cache(maxsize=64)
def render(text: str, language: str, *, below: int = 0) -> Markup:
    """HTML of a text; everything that is not CommonMark comes out escaped.

    language: what a table without a heading is called in. below: by how much its headings sink.
    """
    return Markup(_reader.render(text, {"language": language, "below": below}))  # noqa: S704 - html is off in the renderer
