"""CommonMark to HTML for texts of ours: no raw HTML, tables allowed, links made safe."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markupsafe import Markup


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
    return '<div class="wide" tabindex="0">' + renderer.renderToken(tokens, index, options, env)


def _close_table(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any
) -> str:
    return renderer.renderToken(tokens, index, options, env) + "</div>"


_reader = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
_reader.add_render_rule("link_open", _open_link)
_reader.add_render_rule("table_open", _open_table)
_reader.add_render_rule("table_close", _close_table)


@lru_cache(maxsize=64)
def render(text: str) -> Markup:
    """HTML of a text; everything that is not CommonMark comes out escaped."""
    return Markup(_reader.render(text))  # noqa: S704 - html is off in the renderer
