"""The language of parts: a Thai voice does not read the English that is taught."""

import time

from bot.runtime import Bot
from bot.services.courses import courses
from bot.texts.passages import marked
from handlers.portal import markdown
from tests.passages import misread
from tests.portal.conftest import Browser, Pupil

CASES = [
    ("th", "<p>แตะ “Log Out” นะ</p>", '<p>แตะ “<span lang="en">Log Out</span>” นะ</p>'),
    ("th", "<p>LINE 2 บัญชี</p>", '<p><span lang="en">LINE</span> 2 บัญชี</p>'),
    ("th", "<p>ใช้ (since 2023) ค่ะ</p>", '<p>ใช้ (<span lang="en">since 2023</span>) ค่ะ</p>'),
    ("th", "<p>ว่า I don&#39;t.</p>", '<p>ว่า <span lang="en">I don&#39;t.</span></p>'),
    ("th", "<p>ก &amp; ข</p>", "<p>ก &amp; ข</p>"),
    (
        "th",
        "<td>I <b>was</b> in <b>2021</b>.</td>",
        '<td lang="en">I <b>was</b> in <b>2021</b>.</td>',
    ),
    ("th", "<title>Log Out</title>", "<title>Log Out</title>"),
    ("th", '<p class="code">ep1234</p>', '<p class="code">ep1234</p>'),
    ("th", '<a aria-label="Log Out">ก</a>', '<a aria-label="Log Out">ก</a>'),
    ("th", '<p lang="en">Hello</p>', '<p lang="en">Hello</p>'),
    ("en", '<p lang="th">คำ Log</p>', '<p lang="th">คำ <span lang="en">Log</span></p>'),
    ("en", "<p>Type “คำขอ 1 ข้อ”.</p>", '<p>Type “<span lang="th">คำขอ 1 ข้อ</span>”.</p>'),
    ("en", "<p>ก<br>ข</p>", '<p lang="th">ก<br>ข</p>'),
    ("th", "<p>a < b", '<p><span lang="en">a</span> < <span lang="en">b</span>'),
]


def test_passages_say_their_language() -> None:
    wrong = [
        (html, marked(html, language), right)
        for language, html, right in CASES
        if marked(html, language) != right
    ]
    assert wrong == []


def test_marking_twice_changes_nothing_more() -> None:
    for language, html, _ in CASES[:-1]:
        once = marked(html, language)
        assert marked(once, language) == once, html


def test_a_long_page_is_marked_in_no_time() -> None:
    """No pattern that tries every way: twice the page takes about twice the time."""
    pages = ["a" + " 1" * 40_000 + "ก", "<p>ก a</p>" * 20_000, "&#39;" * 40_000, "<" * 40_000]
    begun = time.process_time()
    for each in pages:
        marked(each, "th")
    assert time.process_time() - begun < 10


def test_every_lesson_is_read_by_the_right_voice(
    browser: Browser, settled: Pupil, bot: Bot
) -> None:
    heard = {}
    for course in courses.load(bot.settings.courses_dir):
        for lesson in course.lessons:
            for language in ("th", "en"):
                path = f"/portal/courses/{course.id}/{lesson.id}?lang={language}"
                page = browser.get(path).markup
                assert '<span lang="en">' in page or language == "en"
                heard |= {path: wrong} if (wrong := misread(page)) else {}
    assert heard == {}


def test_a_table_has_the_name_of_its_heading_and_can_be_scrolled_by_key() -> None:
    table = "|a|b|\n|-|-|\n|1|2|\n"
    html = markdown.render(f"## A **bold** & b\n\n{table}", "en")
    assert 'role="region" aria-label="A bold &amp; b" tabindex="0"><table>' in html
    assert 'aria-label="ตาราง"' in markdown.render(table, "th")


def test_headings_sink_below_the_one_of_the_page() -> None:
    assert markdown.render("# A\n\n###### B", "en", below=1) == "<h2>A</h2>\n<h6>B</h6>\n"
