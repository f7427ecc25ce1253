"""Says which words of a page are in another language than the page, so that the right voice reads.

Source: WCAG 2.2, 3.1.2 (Language of Parts). It is done on the finished HTML, so that no template,
sentence or lesson has to think of it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.texts import ENGLISH, THAI

_TOKEN = re.compile(r"<!--.*?-->|<(?:[^<>\"']|\"[^\"]*\"|'[^']*')*>|[^<]+|<", re.S)
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
_LANG = re.compile(r'\slang="([^"]*)"')
_CODE = re.compile(r'\sclass="[^"]*\bcodes?\b|\stranslate="no"')
_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "wbr"}
# A span cannot stand in these, or nobody reads them out.
_CLOSED = {"title", "textarea", "option", "script", "style", "svg"}
# A sentence with marks inside is one sentence: the element that holds it says its language.
_HOLDERS = {"p", "li", "td", "th", "dt", "dd", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote"}

_LETTER = r"[A-Za-zÀ-ɏ]"
_ENTITY = r"&(?:#\d+|#x[0-9a-fA-F]+|[A-Za-z]+\d*);"
_BETWEEN = rf"(?:{_ENTITY}|[^<&ก-๛A-Za-zÀ-ɏ])"
_LATIN = re.compile(
    rf"{_ENTITY}|({_LETTER}(?:(?:{_LETTER}|{_BETWEEN})*"
    # Digits before a Thai word are counted in Thai: “LINE 2 บัญชี”.
    rf"(?:{_LETTER}[.!?…]*|[.!?…]|\d(?!\d|[\s,.:/-]*[ก-๛])[.!?…]*))?)"
)
_LATIN_LETTER = re.compile(_LETTER)
_THAI = re.compile(r"[ก-๛](?:[ก-๛\s\d.,“”]*[ก-๛])?")


@dataclass
class _Element:
    name: str
    at: int  # its place among the tokens
    language: str
    is_closed: bool
    scripts: set[str] = field(default_factory=set)
    has_marks: bool = False


def marked(html: str, language: str) -> str:
    """The page with `lang` on every passage in English or Thai that is not in its own language.

    language: what the page is in where no element says otherwise.
    """
    tokens = _TOKEN.findall(html)
    whole = _sentences(tokens, language)
    return "".join(_written(tokens, language, whole))


def _sentences(tokens: list[str], language: str) -> dict[int, str]:
    """The elements that hold one foreign sentence with marks in it, by their place."""
    found: dict[int, str] = {}
    for element in _walked(tokens, language):
        if isinstance(element, _Element) and element.name in _HOLDERS and element.has_marks:
            said = next(iter(element.scripts)) if len(element.scripts) == 1 else element.language
            if said != element.language and not _LANG.search(tokens[element.at]):
                found[element.at] = said
    return found


def _walked(tokens: list[str], language: str) -> Iterator[_Element]:
    """Every element once it has ended, with the scripts of the words in it."""
    stack = [_Element("", -1, language, is_closed=False)]
    for at, token in enumerate(tokens):
        tag = _TAG.match(token)
        if tag is None:
            if not token.startswith("<"):
                stack[-1].scripts |= _scripts(token)
            continue
        if tag[1]:
            while len(stack) > 1:
                ended = stack.pop()
                if not ended.is_closed:
                    stack[-1].scripts |= ended.scripts
                yield ended
                if ended.name == tag[2]:
                    break
            continue
        stack[-1].has_marks = True
        if not _is_empty(tag[2], token):
            stack.append(_opened(tag[2], at, token, stack[-1]))


def _written(tokens: list[str], language: str, whole: dict[int, str]) -> Iterator[str]:
    stack = [_Element("", -1, language, is_closed=False)]
    for at, token in enumerate(tokens):
        tag = _TAG.match(token)
        if tag is None:
            is_text = not token.startswith("<") and not stack[-1].is_closed
            yield _passages(token, stack[-1].language) if is_text else token
            continue
        if tag[1]:
            while len(stack) > 1 and stack.pop().name != tag[2]:
                pass
            yield token
            continue
        if not _is_empty(tag[2], token):
            stack.append(_opened(tag[2], at, token, stack[-1]))
        if at in whole:
            stack[-1].language = whole[at]
            token = f'{tag[0]} lang="{whole[at]}"{token[tag.end() :]}'
        yield token


def _opened(name: str, at: int, token: str, parent: _Element) -> _Element:
    said = _LANG.search(token)
    is_closed = parent.is_closed or name in _CLOSED or _CODE.search(token) is not None
    return _Element(name, at, said[1] if said else parent.language, is_closed)


def _is_empty(name: str, token: str) -> bool:
    return name in _VOID or token.endswith("/>")


def _scripts(text: str) -> set[str]:
    found = {THAI} if _THAI.search(text) else set()
    if _LATIN_LETTER.search(re.sub(_ENTITY, "", text)):
        found.add(ENGLISH)
    return found


def _passages(text: str, language: str) -> str:
    if language == THAI:
        return _LATIN.sub(
            lambda found: f'<span lang="en">{found[1]}</span>' if found[1] else found[0], text
        )
    if language == ENGLISH:
        return _THAI.sub(lambda found: f'<span lang="th">{found[0]}</span>', text)
    return text
