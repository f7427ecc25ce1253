"""Puts what a member had typed back into a page's form, whichever form of the console it is."""

from collections import Counter, defaultdict
from html import escape, unescape
from html.parser import HTMLParser
from urllib.parse import urlsplit

from bot.services.staff.kept_forms import FilledForm

_TICKED = {"checkbox", "radio"}
_NO_VALUE = {"file", "submit", "button", "reset", "password", "image"}
Attributes = dict[str, str | None]


def fill(html: str, kept: FilledForm) -> str:
    """The page with the values in its form; as it was where the form is not on it."""
    reader = _Filler(html, kept)
    reader.feed(html)
    reader.close()
    return reader.result()


class _Filler(HTMLParser):
    """Reads a page of ours and notes what is to stand in the place of some of its tags."""

    def __init__(self, html: str, kept: FilledForm) -> None:
        super().__init__(convert_charrefs=False)
        self._html, self._kept = html, kept
        self._starts = [0]
        for line in html.split("\n"):
            self._starts.append(self._starts[-1] + len(line) + 1)
        self._values: dict[str, list[str]] = defaultdict(list)
        for name, value in kept.fields:
            self._values[name].append(value)
        self._used: Counter[str] = Counter()  # of fields that stand on the page several times
        self._changes: list[tuple[int, int, str]] = []
        self._inside = False
        self._select = ""
        self._text = ""  # the textarea that is open, and where its words begin
        self._text_from = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values: Attributes = dict(attrs)
        if tag == "form":
            is_post = (values.get("method") or "").lower() == "post"
            self._inside = is_post and urlsplit(values.get("action") or "").path == self._kept.path
            if self._inside:
                hidden = f'<input type="hidden" name="kept" value="{escape(self._kept.id)}">'
                self._put(self._end(), self._end(), hidden)
        if not self._inside:
            return
        name = values.get("name") or ""
        if tag == "input":
            self._input(name, values)
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select in self._values:
            shown = self._html[self._end() :].partition("<")[0]
            is_chosen = (values.get("value", unescape(shown)) or "") in self._values[self._select]
            self._tag(tag, values, "selected", is_on=is_chosen)
        elif tag == "textarea" and name in self._values:
            self._text, self._text_from = name, self._end()

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
        elif tag == "select":
            self._select = ""
        elif tag == "textarea" and self._text:
            # A browser leaves out a line break that follows the tag at once.
            self._put(self._text_from, self._at(), "\n" + escape(self._next(self._text)))
            self._text = ""

    def result(self) -> str:
        """The page with every change in it."""
        pieces, done = [], 0
        for begin, end, text in self._changes:
            pieces += [self._html[done:begin], text]
            done = end
        return "".join([*pieces, self._html[done:]])

    def _input(self, name: str, values: Attributes) -> None:
        kind = (values.get("type") or "text").lower()
        if kind in _NO_VALUE or not name:
            return
        if kind in _TICKED:
            is_on = (values.get("value") or "on") in self._values.get(name, [])
            self._tag("input", values, "checked", is_on=is_on)
        elif name in self._values:
            self._tag("input", {**values, "value": self._next(name)}, "", is_on=False)

    def _next(self, name: str) -> str:
        values, place = self._values[name], self._used[name]
        self._used[name] += 1
        return values[min(place, len(values) - 1)]

    def _tag(self, tag: str, values: Attributes, flag: str, *, is_on: bool) -> None:
        """Write a tag anew, with a flag on it or without."""
        kept = {key: value for key, value in values.items() if key != flag}
        said = [key if value is None else f'{key}="{escape(value)}"' for key, value in kept.items()]
        words = " ".join([tag, *said, *([flag] if is_on else [])])
        self._put(self._at(), self._end(), f"<{words}>")

    def _put(self, begin: int, end: int, text: str) -> None:
        self._changes.append((begin, end, text))

    def _at(self) -> int:
        line, column = self.getpos()
        return self._starts[line - 1] + column

    def _end(self) -> int:
        return self._at() + len(self.get_starttag_text() or "")
