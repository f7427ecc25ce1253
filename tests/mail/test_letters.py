"""The letters: complete in both languages, every gap fillable, nothing that a value could break."""

import re
from html import unescape
from html.parser import HTMLParser
from itertools import product

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.texts import ENGLISH, LANGUAGES, THAI, letters
from tests.samples import every, numbered

PAGE = "https://bot.example.test/x"


class Reading(HTMLParser):
    """What a mail program sees: words, links, elements without a style of their own."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.links: list[str] = []
        self.tags: list[str] = []
        self.language: str | None = None
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        found = dict(attrs)
        if tag == "html":
            self.language = found.get("lang")
        if tag == "a":
            self.links.append(found.get("href") or "")

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def filled(name: str, language: str, value: str = "xyz") -> letters.Letter:
    """A letter with something in each gap: an address where a link begins with it."""
    wanted = letters.gaps(name, language) - set(letters.LATE_GAPS)
    values = dict.fromkeys(wanted, value)
    try:
        return letters.letter(name, language, values)
    except ValueError:
        addresses = {
            gap: PAGE for gap in wanted if re.search(rf"[(<]\{{{gap}\}}", source(name, language))
        }
        return letters.letter(name, language, values | addresses)


def source(name: str, language: str) -> str:
    return (letters.HERE / f"{name}.{language}.md").read_text(encoding="utf-8")


def test_there_are_letters() -> None:
    assert len(letters.names()) > 5


def test_a_letter_stands_in_both_languages_with_the_same_gaps() -> None:
    wrong = [
        f"{name}: {letters.gaps(name, THAI) ^ letters.gaps(name, ENGLISH)}"
        for name in letters.names()
        if letters.gaps(name, THAI) != letters.gaps(name, ENGLISH)
    ]
    assert not wrong, "\n".join(wrong)


def is_readable(letter: tuple[str, str]) -> None:
    name, language = letter
    text = source(name, language)
    assert text.startswith("Subject: ")
    assert text.splitlines()[1] == ""
    made = filled(name, language)
    left = set(letters.GAP.findall(made.title + made.text + made.html)) - set(letters.LATE_GAPS)
    assert left == set()
    assert not letters.GAP.findall(made.title), "a subject has no secret and is shown everywhere"
    assert "zq" not in made.html
    reading = Reading(made.html)
    assert reading.language == language
    assert set(reading.tags) <= {
        "html", "head", "meta", "title", "body", "div", "p", "a", "ul", "ol", "li", "strong",
        "em", "h1", "h2", "h3", "hr", "br", "blockquote",
    }  # fmt: skip
    assert "english planet" in " ".join(reading.words).lower()
    if language == THAI:
        assert re.search("[ก-๛]", text)
    else:
        assert not re.search("[ก-๛]", text)


def test_a_letter_can_be_filled_and_read() -> None:
    every(numbered(product(letters.names(), LANGUAGES)), is_readable)


def test_a_missing_value_is_noticed() -> None:
    def is_noticed(name: str) -> None:
        wanted = letters.gaps(name, THAI) - set(letters.LATE_GAPS)
        if not wanted:
            assert letters.letter(name, THAI, {}).text
            return
        with pytest.raises(KeyError):
            letters.letter(name, THAI, {})

    every(numbered(letters.names()), is_noticed)


def test_what_is_kept_open_survives_in_text_and_links() -> None:
    made = letters.letter("email_confirm", THAI, {"page": PAGE, "link_life": "x"})
    assert f"{PAGE}/{{link}}?lang=th" in made.text
    assert any(f"{PAGE}/{{link}}" in link for link in Reading(made.html).links)
    sent = letters.fill_kept(made.html, {"link": "s3cret"}, is_html=True)
    assert any(f"{PAGE}/s3cret" in link for link in Reading(sent).links)
    assert "{link}" not in sent


def test_an_unknown_language_gets_thai() -> None:
    assert letters.letter("changed_name", "de", {}) == letters.letter("changed_name", THAI, {})


@given(value=st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=80))
@example(value="<script>alert(1)</script>")
@example(value="[x](https://evil.example) **b** <https://evil.example>")
@example(value="{link} {code} {unsubscribe} {masked} {0} {")
@example(value="zq0gap zq1gap https://zq0gap.invalid")
@example(value='"><a href="https://evil.example">')
def test_a_value_is_words_and_never_markup(value: str) -> None:
    plain = letters.letter("email_changed", ENGLISH, {"masked": "someone"})
    made = letters.letter("email_changed", ENGLISH, {"masked": value})
    before, after = Reading(plain.html), Reading(made.html)
    assert [tag for tag in after.tags if tag != "br"] == before.tags
    assert after.links == before.links
    assert not letters.fill_kept(made.text, {"link": "s3cret", "code": "s3cret"}).count("s3cret")
    if not re.search(r"\{(link|code|unsubscribe)\}", value):
        assert value in made.text
        assert value.replace("\n", "") in unescape(made.html).replace("<br>", "").replace("\n", "")


def test_a_link_that_a_value_would_lead_astray_is_noticed() -> None:
    wanted = letters.gaps("invitation", THAI) - set(letters.LATE_GAPS)
    with pytest.raises(ValueError, match="leads nowhere"):
        letters.letter("invitation", THAI, dict.fromkeys(wanted, "javascript:alert(1)"))
