"""Courses, lessons, progress."""

import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bot.runtime import Bot
from bot.services.courses import courses
from bot.services.courses.courses import CoursesError
from handlers.portal import markdown
from models.portal import LessonProgress
from tests.portal.conftest import Browser, Pupil

GREETINGS = "/portal/courses/everyday-english/greetings"
GOOD = """
[[course]]
id = "c"
title.th = "ก"
title.en = "C"
summary.th = "ก"
summary.en = "C"
level = "A1"
[[course.lesson]]
id = "one"
title.th = "หนึ่ง"
title.en = "One"
minutes = 5
video = "https://video.example.test/1"
"""


def write(directory: Path, toml: str = GOOD, article: str = "Hello") -> Path:
    (directory / "c").mkdir(exist_ok=True)
    (directory / "c" / "one.md").write_text(article, encoding="utf-8")
    (directory / "courses.toml").write_text(toml, encoding="utf-8")
    return directory


def test_a_lesson_is_marked_as_done_once(browser: Browser, settled: Pupil, bot: Bot) -> None:
    assert "เรียนจบแล้ว 0 จาก 5 บท" in browser.get("/portal").text
    for _ in range(2):
        assert browser.submit("/portal", f"{GREETINGS}/done").location == f"{GREETINGS}#next"
    assert "คุณเรียนบทนี้จบแล้วค่ะ" in browser.get(GREETINGS).text
    assert "เรียนจบแล้ว 1 จาก 5 บท" in browser.get("/portal").text
    assert "✓" in browser.get("/portal/courses/everyday-english").text
    assert bot.database.read(lambda s: s.scalar(select(func.count(LessonProgress.id)))) == 1


def test_progress_is_ones_own(browser: Browser, settled: Pupil, new_browser, enrol) -> None:
    browser.submit("/portal", f"{GREETINGS}/done")
    other, pupil = new_browser(), enrol()
    other.sign_in(pupil.username, pupil.initial)
    own = "somebody else's sentence"
    other.submit("/portal/password", "/portal/password", chosen=own, again=own)
    assert "เรียนจบแล้ว 0 จาก 5 บท" in other.get("/portal").text


def test_a_lesson_leads_to_the_next_one(browser: Browser, settled: Pupil) -> None:
    assert "/portal/courses/everyday-english/numbers-time-dates" in browser.get(GREETINGS).text
    last = browser.get("/portal/courses/everyday-english/phone-and-messages").text
    assert "กลับไปที่คอร์ส" in last


def test_every_lesson_of_the_school_renders(browser: Browser, settled: Pupil, bot: Bot) -> None:
    for course in courses.load(bot.settings.courses_dir):
        for lesson in course.lessons:
            answer = browser.get(f"/portal/courses/{course.id}/{lesson.id}?lang=en")
            assert answer.status_code == 200
            assert lesson.title["en"] in answer.text.replace("&#39;", "'")


def test_a_lesson_without_english_explanations_says_so(
    browser: Browser, settled: Pupil, bot: Bot, tmp_path: Path
) -> None:
    lesson = courses.read(write(tmp_path, article="สวัสดี"))[0].lessons[0]
    assert (lesson.article("en").text, lesson.article("en").language) == ("สวัสดี", "th")
    lesson.path.with_name("one.en.md").write_text("Hello", encoding="utf-8")
    assert (lesson.article("en").text, lesson.article("en").language) == ("Hello", "en")
    assert lesson.article("th").text == "สวัสดี"
    bot.settings = replace(bot.settings, courses_dir=tmp_path)
    path = "/portal/courses/c/one?lang=en"
    assert "in Thai only so far" not in browser.get(path).text
    lesson.path.with_name("one.en.md").unlink()
    page = browser.get(path).text
    assert "in Thai only so far" in page
    assert '<article class="text" lang="th">' in page


def test_every_lesson_of_the_school_is_explained_in_both_languages(bot: Bot) -> None:
    """The same parts and exercises in both; what one has and the other lacks is named."""
    differ = []
    for course in courses.load(bot.settings.courses_dir):
        for lesson in course.lessons:
            thai, english = (lesson.article(language) for language in ("th", "en"))
            shapes = [
                [re.match(r"#+|\||- |\d+\.|>|", line)[0] for line in article.text.splitlines()]
                for article in (thai, english)
            ]
            if english.language != "en" or shapes[0] != shapes[1]:
                differ.append(f"{course.id}/{lesson.id}")
            if re.search(r"[ก-๛]", english.text):
                differ.append(f"{course.id}/{lesson.id}: Thai words")
    assert differ == []


@pytest.mark.parametrize(
    "path", ["x", "everyday-english/x", "..%2f..%2fapp", "everyday-english/%00"]
)
def test_what_is_no_course_is_not_found(browser: Browser, settled: Pupil, path: str) -> None:
    assert browser.get(f"/portal/courses/{path}").status_code == 404


def test_articles_are_commonmark_with_tables_and_without_html() -> None:
    html = markdown.render(
        "<script>alert(1)</script>\n\n|a|b|\n|-|-|\n|1|<b>2</b>|\n\n"
        "[x](https://x.test) [y](javascript:alert(1)) ![z](https://z.test/z.png) [p](/privacy)",
        "th",
    )
    assert "<script" not in html
    assert "<b>" not in html
    assert "<img" not in html
    assert 'href="javascript' not in html
    assert "<table>" in html
    assert '<a href="https://x.test" target="_blank" rel="noopener noreferrer">' in html
    assert '<a href="/privacy">' in html


def test_a_video_is_a_plain_link_that_tells_nothing(tmp_path: Path) -> None:
    lesson = courses.read(write(tmp_path))[0].lessons[0]
    assert lesson.video == "https://video.example.test/1"
    template = Path("handlers/portal/templates/portal/lesson.html").read_text(encoding="utf-8")
    assert 'href="{{ lesson.video }}" target="_blank" rel="noopener noreferrer"' in template
    assert "<iframe" not in template


def test_a_changed_file_is_read_again_and_a_broken_one_is_not_shown(tmp_path: Path) -> None:
    directory = write(tmp_path)
    assert courses.load(directory)[0].title["en"] == "C"
    write(directory, GOOD.replace('"C"', '"D"'))
    os.utime(directory / "courses.toml", ns=(1, 1))
    assert courses.load(directory)[0].title["en"] == "D"
    write(directory, "[[course")
    os.utime(directory / "courses.toml", ns=(2, 2))
    assert courses.load(directory)[0].title["en"] == "D"


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('id = "c"', 'id = "../c"', "an id has only"),
        ('id = "one"', 'id = "ONE"', "an id has only"),
        ('id = "one"', 'id = "two"', "c/two.md is missing"),
        ("minutes = 5", 'minutes = "5"', "minutes must be"),
        ("https://video", "http://video", "video must be"),
        ("https://video.example.test/1", "javascript:alert(1)", "video must be"),
        ('title.th = "หนึ่ง"', 'title.th = ""', "title.th is missing"),
        ("[[course.lesson]]", "[[course.lessons]]", "needs at least one [[lesson]]"),
        ("[[course]]", "[[courses]]", "needs at least one [[course]]"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, old: str, new: str, problem: str) -> None:
    toml = GOOD.replace(old, new)
    if old == "[[course]]":
        toml = "x = 1\n"
    with pytest.raises(CoursesError) as caught:
        courses.read(write(tmp_path, toml))
    assert problem in str(caught.value)
