"""What a voice would read wrongly on a page: words whose element says another language."""

import re
from html.parser import HTMLParser

VOID = {"br", "hr", "img", "input", "link", "meta"}
SILENT = {"title", "textarea", "option", "script", "style", "svg"}
CODES = {"code", "codes"}
LETTERS = {"en": re.compile(r"[A-Za-z]"), "th": re.compile(r"[ก-๛]")}


class _Ear(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.stack: list[tuple[str, str, bool]] = [("", "", False)]
        self.misread: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        _, language, is_silent = self.stack[-1]
        is_code = bool(CODES & set((said.get("class") or "").split()))
        if tag not in VOID:
            silent = is_silent or tag in SILENT or is_code
            self.stack.append((tag, said.get("lang") or language, silent))

    def handle_endtag(self, tag: str) -> None:
        while len(self.stack) > 1 and self.stack.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        _, language, is_silent = self.stack[-1]
        wrong = LETTERS["th" if language == "en" else "en"]
        if not is_silent and wrong.search(data):
            self.misread.append(f"{language}: {data.strip()[:80]}")


def misread(html: str) -> list[str]:
    """The texts with letters of the language that their element does not say."""
    ear = _Ear()
    ear.feed(html)
    return ear.misread
